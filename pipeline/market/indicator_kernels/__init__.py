"""Indicators computed row by row: state layouts, compiled kernels and the runner that owns state.

Importing this package alone, `own_function` or `layout` does not import the compiler.
"""
