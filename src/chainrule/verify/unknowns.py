"""Concrete random functions in place of unknown ones, with every partial derivative in closed form.

An unknown tensor a[k](z[j], w[i]) becomes 0.5 + 0.4 sin(u[k]) with u[k] = Σ_j R[k,j]·z[j] + Σ_i S[k,i]·w[i] + c[k]: no
term vanishes, no two are alike, a derivative of order m is the m-th derivative of sin times m factors R, and what comes
out lies between 0 and 1, where roots and logarithms are defined. What is drawn depends on the seed and on names alone,
so that two runs, and two parts of one check, see the same function.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chainrule.errors import InputError, listed
from chainrule.execute.scalars import Array
from chainrule.expr.nodes import Index, Indexed
from chainrule.expr.sizes import Axis, Size, source_of
from chainrule.system.model import Declaration

_RATE = 1.3


@dataclass(frozen=True)
class RandomUnknowns:
    """One function for each unknown name, drawn from the seed; see `protocol.Unknowns`.

    Extents that only unknown functions have are 2 to 5, but no less than `least`.
    """

    seed: int
    least: int = 2

    def size(self, extent: Size) -> int:
        """Return 2, 3, 4 or 5, but no less than `least`, the same each time for the same extent."""
        axis = extent.number if isinstance(extent, Axis) else -1
        return max(self.least, 2 + int(self._draw("extent", source_of(extent), str(axis)).integers(4)))

    def partial(
        self, declaration: Declaration, wrt: tuple[str, ...], arguments: Mapping[str, Array], shape: tuple[int, ...]
    ) -> Array:
        """Return the derivatives of the declared tensor by the tensors `wrt`, its value where `wrt` is empty.

        Raises InputError for a tensor that the declared one is not a function of.
        """
        weights: dict[str, Array] = {
            a.tensor: self._weights(declaration, a, arguments[a.tensor], shape) for a in declaration.arguments
        }
        for tensor in wrt:
            if tensor not in weights:
                raise InputError(
                    f"{declaration.tensor} is not a function of {tensor}",
                    expected="a derivative by one of its arguments: " + listed(weights),
                    advice="Write the derivative out, through the equations between them.",
                )
        own = list(range(len(shape)))
        shared = self._shared(declaration)
        offsets = self._draw(declaration.tensor).normal(size=[1 if n in shared else s for n, s in enumerate(shape)])
        phase = np.broadcast_to(offsets, shape).copy()
        for tensor, weight in weights.items():
            phase += np.tensordot(weight, arguments[tensor], arguments[tensor].ndim)
        operands: list[object] = [_wave(phase, len(wrt)), own]
        axes = list(own)
        for tensor in wrt:
            new = list(range(len(axes), len(axes) + arguments[tensor].ndim))
            operands += [weights[tensor], own + new]
            axes += new
        return np.asarray(np.einsum(*operands, axes))  # type: ignore[call-overload]

    def call(self, name: str, order: int, *arguments: Array) -> Array:
        """Return the derivative of that order of 0.5 + 0.4 sin(1.3 t + c); several arguments are added with weights."""
        draw = self._draw(name)
        total = sum((_RATE * t if n == 0 else draw.uniform(0.5, 1.5) * t for n, t in enumerate(arguments)), start=0.0)
        return np.asarray(_RATE**order * _wave(np.asarray(total + self._draw(name, "offset").normal()), order))

    def _weights(self, declaration: Declaration, argument: Indexed, value: Array, shape: tuple[int, ...]) -> Array:
        """Return ∂u/∂z for one argument z: axes of the declared tensor, then of z."""
        draw = self._draw(declaration.tensor, argument.tensor)
        joint = [(declaration.indices.index(i), n) for n, i in enumerate(argument.indices) if i in declaration.indices]
        shared = self._shared(declaration)
        own = [1 if n in shared else size for n, size in enumerate(shape)]
        theirs = [1 if any(n == b for _, b in joint) else size for n, size in enumerate(value.shape)]
        signs = draw.choice([-1.0, 1.0], size=[*own, *theirs])
        sizes = draw.uniform(0.4, 1.2, size=[*own, *theirs]) / math.sqrt(max(1, math.prod(theirs)))
        weight = np.broadcast_to(signs * sizes, (*shape, *value.shape)).copy()
        for mine, other in joint:
            places = np.ix_(*(range(s) for s in weight.shape))
            weight *= places[mine] == places[len(shape) + other]
        return weight

    def _shared(self, declaration: Declaration) -> frozenset[int]:
        inside = [i for a in declaration.arguments for i in a.indices if isinstance(i, Index)]
        return frozenset(n for n, i in enumerate(declaration.indices) if i in inside)

    def _draw(self, *names: str) -> np.random.Generator:
        key = "\0".join((str(self.seed), *names)).encode()
        return np.random.default_rng(int.from_bytes(hashlib.blake2s(key).digest()[:8], "big"))


def _wave(phase: Array, order: int) -> Array:
    """Return the derivative of that order of 0.5 + 0.4 sin."""
    return np.asarray((0.0 if order else 0.5) + 0.4 * np.sin(phase + order * math.pi / 2))
