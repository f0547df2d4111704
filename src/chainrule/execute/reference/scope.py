"""What an expression is evaluated in: values by tensor, extents, functions; and reading an entry from a value.

Reading is where indices meet positions. A plain index labels an axis as it is; everything else (`W[0,i]`, `x[2*i+u]`,
the diagonal `X[i,i]`) is looked up entry by entry, with the bounds checked wherever the result is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import InputError, listed
from chainrule.execute.protocol import Unknowns
from chainrule.execute.reference.labelled import Labelled, Mask, check_size, conjunction, union
from chainrule.execute.reference.matrices import determinants, inverses
from chainrule.execute.scalars import Array
from chainrule.expr.binding import position_indices
from chainrule.expr.nodes import Expr, Index, Indexed, Lookup, MatrixEntry, Partial, Position
from chainrule.expr.sizes import Literal, Size, source_of
from chainrule.render.text import expression_text
from chainrule.system.model import Declaration, FunctionDefinition

Read: TypeAlias = Indexed | Partial | MatrixEntry
"""What reads entries of an array."""


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Scope:
    """Values, extents and functions by name; `parameters` are the arguments of the `def` that is being evaluated.

    `kept` holds the values of expressions that are known already, where they are to be kept. `held` is the scope in
    which what stop(…) holds constant is evaluated, where something else moves; None where nothing does.
    """

    values: Mapping[str, Array]
    sizes: Mapping[Size, int]
    functions: Mapping[str, FunctionDefinition] = field(default_factory=_nothing)
    declarations: Mapping[str, Declaration] = field(default_factory=_nothing)
    unknowns: Unknowns | None = None
    dtype: Any = np.float64
    parameters: Mapping[str, Labelled] = field(default_factory=_nothing)
    kept: dict[Expr, Labelled] | None = None
    held: Scope | None = None

    def with_parameters(self, parameters: Mapping[str, Labelled], held: Mapping[str, Labelled]) -> Scope:
        """Return the scope inside a `def`, with what its parameters are where something is held constant."""
        inner = replace(self, parameters=parameters, kept=None)
        return inner if self.held is None else replace(inner, held=self.held.with_parameters(held, held))

    def moved(self, values: Mapping[str, Array]) -> Scope:
        """Return the scope with other values; what stop(…) holds constant keeps the values of this one."""
        return replace(self, values=values, held=self)

    def keeping(self) -> Scope:
        """Return the scope with a memory: what many expressions share is computed once. No value may change then."""
        return replace(self, kept={})

    def size(self, extent: Size, letter: str) -> int:
        """Return the number of values of an index."""
        if isinstance(extent, Literal):
            return extent.count
        if extent not in self.sizes:
            declaration = self.declarations.get(source_of(extent))
            if self.unknowns is None and declaration is not None and declaration.role == "abstract":
                raise unknown_function(source_of(extent))
            raise InputError(
                f"the extent of index {letter} is not known",
                expected="every index labels an axis of an input, or is declared with a number",
                advice=f"Declare it: index {letter} = …",
            )
        return self.sizes[extent]

    def shape(self, indices: tuple[Index, ...]) -> tuple[int, ...]:
        """Return the extents of the indices."""
        return tuple(self.size(i.extent, i.preferred) for i in indices)

    def position(self, position: Position, mask: Mask = ()) -> Labelled:
        """Return the integer values of an index, an affine expression of indices, or an entry of an integer tensor.

        An entry of an integer tensor is read where the mask is true.
        """
        if isinstance(position, Lookup):
            return self._looked_up(position.entry, mask)
        if isinstance(position, Index):
            size = self.size(position.extent, position.preferred)
            check_size((position,), (size,))
            return Labelled(np.arange(size), (position,))
        parts = [self.position(index) for index, _ in position.terms]
        indices = union(parts)
        total = np.asarray(position.constant)
        for part, (_, coefficient) in zip(parts, position.terms, strict=True):
            total = total + coefficient * part.aligned(indices)
        return Labelled(total, indices)

    def entry(self, node: Indexed, mask: Mask) -> Labelled:
        """Return the entries of a tensor, or the argument of a `def`."""
        if not node.indices and node.tensor in self.parameters:
            return self.parameters[node.tensor]
        if node.tensor not in self.values:
            raise self.without_value(node.tensor)
        return self.read(np.asarray(self.values[node.tensor], self.dtype), node, node.indices, mask)

    def without_value(self, tensor: str) -> InputError:
        """Return the error for a tensor that has no value."""
        declaration = self.declarations.get(tensor)
        if declaration is not None and declaration.role == "abstract":
            return unknown_function(tensor)
        return InputError(
            f"there is no value for {tensor}",
            expected="a value for every tensor that is read: " + (listed(self.values) or "none is given"),
            advice="Give it as an input, or define it by an equation that stands before.",
        )

    def partial(self, node: Partial, mask: Mask) -> Labelled:
        """Return the derivatives of an unknown function, as its stand-in gives them."""
        name = node.of.tensor
        declaration = self.declarations.get(name)
        if self.unknowns is None or declaration is None:
            raise unknown_function(name)
        arguments: dict[str, Array] = {}
        for argument in declaration.arguments:
            if argument.tensor not in self.values:
                raise self.without_value(argument.tensor)
            arguments[argument.tensor] = np.asarray(self.values[argument.tensor], self.dtype)
        wrt = tuple(entry.tensor for entry in node.wrt)
        array = self.unknowns.partial(declaration, wrt, arguments, self.shape(declaration.indices))
        positions = tuple(p for entry in (node.of, *node.wrt) for p in entry.indices)
        return self.read(np.asarray(array, self.dtype), node, positions, mask)

    def matrix(self, node: MatrixEntry, mask: Mask) -> Labelled:
        """Return a function of a matrix, or of the matrix of each sample; the inverse of a singular one is refused."""
        if node.tensor not in self.values:
            raise self.without_value(node.tensor)
        matrices = np.asarray(self.values[node.tensor], self.dtype)
        if matrices.ndim != len(node.samples) + 2 or matrices.shape[-1] != matrices.shape[-2]:
            raise InputError(
                f"{node.tensor} is no square matrix: its value has the shape {list(matrices.shape)}",
                where=expression_text(node),
                expected="two axes of one length",
                advice=f"Give {node.tensor} as many rows as columns.",
            )
        if node.function == "det":
            return self.read(determinants(matrices), node, node.samples, mask)
        inverted, singular = inverses(matrices)
        if singular.any():
            self._refuse_singular(node, self.read(singular, node, node.samples, mask), mask)
        return self.read(inverted, node, (*node.samples, *node.indices), mask)

    def _refuse_singular(self, node: MatrixEntry, singular: Labelled, mask: Mask) -> None:
        wanted = conjunction((*mask, singular))
        found = np.argwhere(wanted.array)
        if not len(found):
            return
        pairs = zip(wanted.indices, found[0], strict=True)
        at = ", ".join(f"{i.preferred} = {n}" for i, n in pairs if i in singular.indices)
        raise InputError(
            f"{node.tensor} is singular{f' at {at}' if at else ''}: inv({node.tensor}) does not exist",
            expected="a matrix whose determinant is not 0",
            advice=f"Add something to its diagonal in the equation of {node.tensor}: + 1e-6*[i = j]",
        )

    def read(self, array: Array, node: Read, positions: tuple[Position, ...], mask: Mask) -> Labelled:
        """Return the entries of an array at the positions; outside, 0 where guarded or not wanted, else an error."""
        if len(positions) != array.ndim:
            raise InputError(
                f"{expression_text(node)} has {len(positions)} indices, but its value has {array.ndim} axes",
                expected="one index for every axis",
                advice="Give a value with as many axes.",
            )
        plain = tuple(p for p in positions if isinstance(p, Index))
        if len(dict.fromkeys(plain)) == len(positions) and self.shape(plain) == array.shape:
            return Labelled(array, plain)
        indices = tuple(dict.fromkeys(i for p in positions for i in position_indices(p)))
        marked = isinstance(node, Indexed) and node.guarded
        reach = (*mask, self._in_range(positions, array.shape)) if marked else mask
        places = [self.position(p, reach).aligned(indices) for p in positions]
        inside = np.ones(self.shape(indices), bool)
        for place, length in zip(places, array.shape, strict=True):
            inside &= (place >= 0) & (place < length)
        if inside.all():
            return Labelled(np.asarray(array[tuple(places)]), indices)
        if not marked:
            self._refuse_outside(node, Labelled(inside, indices), mask, places, array.shape)
        if array.size == 0:
            return Labelled(np.zeros(inside.shape, array.dtype), indices)
        clipped = tuple(np.clip(place, 0, length - 1) for place, length in zip(places, array.shape, strict=True))
        return Labelled(np.where(inside, array[clipped], np.zeros((), array.dtype)), indices)

    def _looked_up(self, entry: Indexed, mask: Mask) -> Labelled:
        """Return whole numbers, which `check_inputs` has checked, as they are; 0 outside where none is wanted."""
        if entry.tensor not in self.values:
            raise self.without_value(entry.tensor)
        return self.read(np.asarray(self.values[entry.tensor], np.int64), entry, entry.indices, mask)

    def inside(self, node: Indexed, mask: Mask) -> Labelled:
        """Return where all positions of a marked entry lie inside its tensor, as far as the mask wants to know.

        What is looked up is read only where the other positions are inside: they say where there is anything to read.
        """
        shape = np.shape(self.values[node.tensor]) if node.tensor in self.values else ()
        held = self._in_range(node.indices, shape)
        looked = tuple(
            self._fits(self.position(position, (*mask, held)), length)
            for position, length in zip(node.indices, shape, strict=False)
            if isinstance(position, Lookup)
        )
        return conjunction((held, *looked))

    def _in_range(self, positions: tuple[Position, ...], shape: tuple[int, ...]) -> Labelled:
        """Return where the positions that are no look-ups lie inside."""
        pairs = zip(positions, shape, strict=False)
        return conjunction(tuple(self._fits(self.position(p), n) for p, n in pairs if not isinstance(p, Lookup)))

    @staticmethod
    def _fits(place: Labelled, length: int) -> Labelled:
        return Labelled((place.array >= 0) & (place.array < length), place.indices)

    def _refuse_outside(
        self, node: Read, inside: Labelled, mask: Mask, places: list[Array], shape: tuple[int, ...]
    ) -> None:
        outside = conjunction((*mask, Labelled(~inside.array, inside.indices)))
        found = np.argwhere(outside.array)
        if not len(found):
            return
        values = dict(zip(outside.indices, map(int, found[0]), strict=True))
        at = ", ".join(f"{i.preferred} = {n}" for i, n in values.items())
        here = tuple(values[i] for i in inside.indices)
        read = [int(np.broadcast_to(place, inside.array.shape)[here]) for place in places]
        wrong = [
            f"axis {axis} has {length} entries, read at {place}"
            for axis, (place, length) in enumerate(zip(read, shape, strict=True))
            if isinstance(node, Indexed) and not 0 <= place < length
        ]
        raise InputError(
            f"{expression_text(node)} reads outside its tensor" + (f" at {at}" if at else ""),
            expected=f"positions inside the extents {list(shape)}, counted from 0; " + ", ".join(wrong),
            advice="Mark the access with ? to read 0 outside, or put it under the bracket of its range.",
        )


def unknown_function(name: str) -> InputError:
    """Return the error for an unknown function that is to be run."""
    return InputError(
        f"{name} is an unknown function: it can be shown but not run until it is given",
        expected="an equation or a def for everything that is run",
        advice=f"Write what {name} is in place of its abstract declaration.",
    )
