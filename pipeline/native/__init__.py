"""Compiled code: how kernels are compiled and kept on disk, and how they read memory."""
