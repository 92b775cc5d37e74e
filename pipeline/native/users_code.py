"""Has Numba check all that a user's own cached function depends on, not only its file.

A function with ``@njit(cache=True)`` is kept on disk by Numba, which makes it anew when its own
file has changed. The functions that it calls in other modules, and the constants that it reads
there, are in its machine code too. So the key under which Numba looks for the code gets a hash of
all of them (`code_hash`).
"""

from typing import Any

from numba.core.caching import Cache

from pipeline.dependencies.code import code_hash

#: (cache of a function, signature, code generator) -> Numba's own key.
numbas_key = Cache._index_key


def _key(self: Any, sig: Any, codegen: Any) -> Any:
    return (*numbas_key(self, sig, codegen), code_hash(self._py_func))


Cache._index_key = _key
