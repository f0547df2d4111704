"""Products of labelled arrays, with strongly zero brackets, and their sums.

A sum of products is one einsum. The brackets of a product come apart from its other factors: where one is false the
product is 0 even if another factor is inf or nan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.execute.reference.labelled import Labelled, Mask, broadcast, conjunction, union
from chainrule.execute.scalars import Array
from chainrule.expr.nodes import Index

_FEW_STEPS = 4096
"""Loops of no more steps run as they stand: to look for the best order of the factors would take longer."""

LONGEST_CHAIN = 16
"""Integer powers up to this one are multiplied out, so that powers of small integers are exact."""


@dataclass(frozen=True, eq=False)
class EinsumOperand:
    """A factor of a product that is not a bracket; one that divides was written as a power of -1."""

    value: Labelled
    divides: bool = False


def masked_product(brackets: Mask, factors: list[EinsumOperand], dtype: Any) -> Labelled:
    """Return the product of the factors where all brackets hold, else 0."""
    value: Labelled | None = None
    for factor in factors:
        if not factor.divides:
            value = factor.value if value is None else broadcast(np.multiply, value, factor.value)
    value = Labelled(np.ones((), dtype)) if value is None else value
    for factor in factors:
        if factor.divides:
            value = broadcast(np.divide, value, factor.value)
    if not brackets:
        return value
    zero = Labelled(np.zeros((), dtype))
    return broadcast(np.where, conjunction(brackets), value, zero)


def sum_of_products(brackets: Mask, factors: list[EinsumOperand], outer: tuple[Index, ...], dtype: Any) -> Array:
    """Return the sum of the product over all its indices but the outer ones, with axes in their order.

    A false bracket is 0 in the einsum; where it met inf or nan, the product is formed in full with the strong zero.
    """
    indices = union((*brackets, *(factor.value for factor in factors)))
    number = {index: n for n, index in enumerate(indices)}
    scalar = np.ones((), dtype)
    arguments: list[Any] = []
    for part in brackets:
        arguments += [part.array.astype(dtype), [number[i] for i in part.indices]]
    for factor in factors:
        array = 1 / factor.value.array if factor.divides else factor.value.array
        if factor.value.indices:
            arguments += [array, [number[i] for i in factor.value.indices]]
        else:
            scalar = np.asarray(scalar * array)
    total = scalar
    if arguments:
        few = math.prod(_lengths(arguments).values()) <= _FEW_STEPS
        if few:  # in one order of memory, or sums of equal numbers would differ in their last bits
            arguments[::2] = [np.asarray(array, order="C") for array in arguments[::2]]
        total = np.asarray(np.einsum(*arguments, [number[i] for i in outer], optimize=not few) * scalar)
    if not brackets or np.isfinite(total).all():
        return total
    full = masked_product(brackets, factors, dtype).aligned((*outer, *(i for i in indices if i not in outer)))
    return np.asarray(np.sum(full, axis=tuple(range(len(outer), len(indices)))))


def _lengths(arguments: list[Any]) -> dict[int, int]:
    """Return how far each axis number of the arguments of an einsum runs."""
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return {axis: length for array, axes in pairs for axis, length in zip(axes, array.shape, strict=True)}


def integer_power(base: Array, exponent: int) -> Array:
    """Return base^exponent by repeated multiplication; 0^0 is 1."""
    result = np.ones_like(base)
    square = base
    remaining = abs(exponent)
    while remaining:
        if remaining % 2:
            result = np.asarray(result * square)
        remaining //= 2
        if remaining:
            square = np.asarray(square * square)
    return result if exponent >= 0 else np.asarray(1 / result)
