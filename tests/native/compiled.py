"""A user's function as compiled code that Python can call."""

from numba import njit

from pipeline.native.users import users_part


def compiled(function):
    """Compile a function as a part of one that Python can call."""
    body = users_part(function)
    return njit(lambda *given: body(*given))
