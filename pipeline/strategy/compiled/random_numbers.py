"""A lane's random numbers: a combined multiple recursive generator, the same in both modes.

It is MRG32k3a of P. L'Ecuyer, "Good Parameters and Implementations for Combined Multiple Recursive
Random Number Generators", Operations Research 47 (1999): period 2**191, and whole numbers below
2**53 only, so that every machine computes the same.
"""

import hashlib
from collections.abc import Sequence

from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, store_i8
from pipeline.strategy.compiled.records import context_at

#: Cells of the generator's state, i8[6]: the last three numbers of either recursion.
CELLS = 6
_FIRST, _SECOND = 4_294_967_087, 4_294_944_443
_STEP = 1.0 / (_FIRST + 1)


def first_state(seed: int, identity: Sequence[str]) -> tuple[int, ...]:
    """Return the state from which a lane's generator begins.

    ``identity``: all that tells the lane from others. The state is a hash of it and of the seed, so
    the states of two lanes are as good as independent.
    """
    text = "\0".join((str(seed), *identity)).encode()
    words = hashlib.sha256(text).digest()
    numbers = [int.from_bytes(words[at : at + 5], "little") for at in range(0, 5 * CELLS, 5)]
    moduli = (_FIRST,) * 3 + (_SECOND,) * 3
    # No cell is 0, so no recursion stands still.
    return tuple(
        1 + number % (modulus - 1) for number, modulus in zip(numbers, moduli, strict=True)
    )


@kernel()
def uniform(state: int) -> float:
    """Return the next number above 0 and below 1; ``state``: address of i8[`CELLS`]."""
    first = (1_403_580 * load_i8(state, 1) - 810_728 * load_i8(state, 0)) % _FIRST
    second = (527_612 * load_i8(state, 5) - 1_370_589 * load_i8(state, 3)) % _SECOND
    for cell in (0, 1, 3, 4):
        store_i8(state, cell, load_i8(state, cell + 1))
    store_i8(state, 2, first)
    store_i8(state, 5, second)
    number = (first - second) % _FIRST
    return (number if number > 0 else _FIRST) * _STEP


@kernel()
def random(context: int) -> float:
    """Return the next random number of the lane of a CONTEXT, above 0 and below 1."""
    return uniform(context_at(context).random)
