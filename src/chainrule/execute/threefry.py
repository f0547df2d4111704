"""Random numbers that are a function of whole numbers: Threefry, and what `uniform` and `normal` make of its bits.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011: Threefry2x32 with 20 rounds,
which passes BigCrush. It enciphers two words of 32 bits under a key of two more by additions, rotations and exclusive
ors alone, so it is vector code as it stands. Nothing is stored and no number depends on another: the same arguments
give the same bits in any executor, any thread and any order.

Arguments are taken in pairs: a pair enciphered under the key so far is the next key, the last one the two random words.
The first key says which function asks and of how many arguments. A word w gives the number (2·⌊w/2⁹⌋ + 1)/2²⁴, which
float32 and float64 both hold exactly, and which is never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError
from chainrule.expr.functions import FUNCTIONS

Array: TypeAlias = npt.NDArray[np.float64]
Words: TypeAlias = npt.NDArray[np.uint32]
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
"""By how many bits the four rounds of each kind rotate; the two kinds take turns."""
GROUPS = 5
"""Groups of four rounds, after each of which the key is added."""
PARITY = 0x1BD11BDA
"""The third word of the key is the exclusive or of the other two and this."""
KEPT_BITS = 23
SCALE = 2.0**-24
LARGEST = 2**53
"""Whole numbers below it are exact in float64."""


def threefry(key: tuple[Words, Words], counter: tuple[Words, Words]) -> tuple[Words, Words]:
    """Return two words enciphered under a key of two.

    >>> zero = np.zeros((), np.uint32)
    >>> [hex(word) for word in threefry((zero, zero), (zero, zero))]
    ['0x6b200159', '0x99ba4efe']
    """
    keys = (*key, key[0] ^ key[1] ^ np.uint32(PARITY))
    with np.errstate(over="ignore"):
        first, second = counter[0] + keys[0], counter[1] + keys[1]
        for group in range(GROUPS):
            for bits in ROTATIONS[group % 2]:
                first = first + second
                second = ((second << np.uint32(bits)) | (second >> np.uint32(32 - bits))) ^ first
            first = first + keys[(group + 1) % 3]
            second = second + keys[(group + 2) % 3] + np.uint32(group + 1)
    return first, second


def words(function: str, arguments: Sequence[npt.ArrayLike]) -> tuple[Words, Words]:
    """Return the two random words for the arguments, arrays of whole numbers that broadcast; each is taken modulo 2^32.

    Raises InputError for an argument that is no whole number.
    """
    kind = FUNCTIONS[function].drawn
    assert kind is not None, function
    key = np.asarray(len(arguments), np.uint32), np.asarray(kind.tag, np.uint32)
    given = [_word(function, argument) for argument in arguments]
    given += [np.zeros((), np.uint32)] * (len(given) % 2)
    for first, second in zip(given[::2], given[1::2], strict=True):
        key = threefry(key, (first, second))
    return key


def _word(function: str, argument: npt.ArrayLike) -> Words:
    array = np.asarray(argument, np.float64)
    whole = (array == np.floor(array)) & (np.abs(array) < LARGEST)
    if not whole.all():
        wrong = float(array[~whole].flat[0])
        raise InputError(
            f"{function} is given {wrong:g}, which is no whole number",
            expected="whole numbers: a seed, the number of a step, of a sample, of an entry",
        )
    return (array.astype(np.int64) & 0xFFFFFFFF).astype(np.uint32)


def fraction(word: Words) -> Array:
    """Return the number between 0 and 1 of a word: that of its upper bits, in the middle of what they leave open."""
    return np.asarray((2.0 * (word >> np.uint32(32 - KEPT_BITS)) + 1.0) * SCALE, np.float64)


def uniform(*arguments: Any) -> Array:
    """Return numbers drawn evenly between 0 and 1, 0 and 1 excluded."""
    return fraction(words("uniform", arguments)[0])


def normal(*arguments: Any) -> Array:
    """Return numbers drawn from N(0, 1): √(−2·log u)·cos(2π·v) of two numbers drawn evenly.

    Box and Muller 1958. It takes both words that come at once, and functions alone that every executor has with known
    error bounds; none is larger than √(−2·log 2⁻²⁴) = 5.8.
    """
    first, second = words("normal", arguments)
    return np.asarray(np.sqrt(-2.0 * np.log(fraction(first))) * np.cos(2.0 * np.pi * fraction(second)))
