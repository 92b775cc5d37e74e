"""Compiled code: how kernels are compiled, kept on disk, and reach memory by address."""
