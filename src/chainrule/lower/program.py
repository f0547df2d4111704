"""What a system is lowered to: buffers, and instructions that are loop nests over them, as frozen data.

An instruction runs over its axes. At each point it has, if it contracts, the sum (or maximum …) of a product of
accesses over further axes; then a straight line of scalar code, which loads, computes, reduces along one axis of the
nest (a row) and stores. Every access is base + Σ stride·axis: convolutions and slices are other strides, nothing else.
Nothing here knows a machine; tiles and registers are chosen by the executor from extents and strides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod
from typing import Literal, TypeAlias

from chainrule.expr.linear import LinearForm
from chainrule.system.model import Equation


class Unsupported(Exception):  # noqa: N818 - a signal between lowering and whoever falls back, never shown as an error
    """Something that has no lowered form yet; `construct` names it."""

    def __init__(self, construct: str) -> None:
        super().__init__(construct)
        self.construct = construct


Role = Literal["data", "param", "const", "state", "output", "temporary"]


@dataclass(frozen=True)
class LoopAxis:
    """A loop: an index and its number of values."""

    name: str
    extent: int


@dataclass(frozen=True)
class Buffer:
    """A tensor in memory: extents and strides in elements, axis by axis, and where it begins in the arena.

    `size` are the elements set aside, padding included; a temporary's place is used again after its last reader.
    `front` more lie before them, where marked entries are read past the beginning. Where every thread has a copy of its
    own, `pitch` is the distance from one to the next. Those of `integers` hold whole numbers of as many bits as others.
    """

    name: str
    role: Role
    extents: tuple[int, ...]
    strides: tuple[int, ...]
    size: int
    offset: int = 0
    pitch: int = 0
    front: int = 0
    integers: bool = False


@dataclass(frozen=True)
class Access:
    """An element of a buffer, at the `place` base + Σ stride·axis, in elements from where the buffer begins.

    A `marked` one may be past the tensor, in the buffer's margins; the code throws away what it reads there. What is
    `looked` up in memory comes on top.
    """

    buffer: str
    place: LinearForm[str, int]
    marked: bool = False
    looked: tuple[Looked, ...] = ()

    def stride(self, axis: str) -> int:
        """Return the stride along an axis, 0 where it does not depend on it."""
        return self.place.coefficient(axis)

    @property
    def strides(self) -> Mapping[str, int]:
        """The strides that are not 0, by axis."""
        return self.place.terms

    @property
    def axes(self) -> frozenset[str]:
        """The axes that the access depends on."""
        return frozenset(self.strides).union(self.scattered)

    @cached_property
    def scattered(self) -> frozenset[str]:
        """The axes along which it is looked up where the access is."""
        return frozenset().union(*(looked.access.axes for looked in self.looked))

    @property
    def places(self) -> tuple[Access, ...]:
        """The accesses that are read to know where this one is, innermost first."""
        return tuple(a for looked in self.looked for a in (*looked.access.places, looked.access))


def over_axes(buffer: str, axes: Sequence[LoopAxis], strides: Sequence[int]) -> Access:
    """Return the access to a buffer that goes along each axis with its stride."""
    return Access(buffer, LinearForm({axis.name: s for axis, s in zip(axes, strides, strict=True)}, 0))


@dataclass(frozen=True)
class Looked:
    """A part of a place that is read from memory: `stride` times the whole number there, which is below `extent`."""

    access: Access
    stride: int
    extent: int


@dataclass(frozen=True)
class Load:
    """The element of an access."""

    access: Access


@dataclass(frozen=True)
class Scalar:
    """A number."""

    value: Fraction | float


@dataclass(frozen=True)
class Contracted:
    """What the instruction's contraction came to at this point."""


@dataclass(frozen=True)
class Apply:
    """A scalar function of earlier values, given by their numbers in the code.

    Beside the functions of the notation: add, subtract, multiply, divide, negate, fma (a·b + c), choose (condition,
    then, otherwise), the relations, and, or, not. What is drawn is made of words of 32 bits: word (of a whole number),
    words (of the two halves of one), word_sum, word_product; of pairs of words: key (of two words) and threefry (a pair
    enciphered under a key).
    """

    function: str
    operands: tuple[int, ...]


@dataclass(frozen=True)
class RowReduce:
    """A value reduced along one axis of the nest."""

    op: str
    operand: int
    axis: str


@dataclass(frozen=True)
class Store:
    """A value written to memory. Along the axes of `parts` lie other entries of the tensor beyond an end."""

    access: Access
    operand: int
    parts: frozenset[str] = frozenset()


Op: TypeAlias = Load | Scalar | LinearForm[str, int] | Contracted | Apply | RowReduce | Store
"""An operation of straight-line code. A linear form of axes is a position, as a number."""


@dataclass(frozen=True)
class Range:
    """Where 0 ≤ place < extent: the values that an axis of a contraction has, given those of axes of the nest."""

    axis: str
    place: LinearForm[str, int]
    extent: int

    @property
    def outer(self) -> tuple[str, ...]:
        """The axes of the nest that the values depend on."""
        return tuple(name for name in self.place.terms if name != self.axis)

    @property
    def ends(self) -> tuple[LinearForm[str, int], LinearForm[str, int], int]:
        """Two forms of the outer axes and a number m > 0: the values are from ⌈first/m⌉ to ⌊last/m⌋."""
        step = self.place.coefficient(self.axis)
        rest = LinearForm({name: c for name, c in self.place.terms.items() if name != self.axis}, self.place.constant)
        past = rest.plus(1 - self.extent)
        return (-rest, -past, step) if step > 0 else (past, rest, -step)

    def values(self, at: Mapping[str, int], count: int) -> range:
        """Return the values below `count` where the outer axes are at these places."""
        first, last, step = self.ends
        low, high = (form.constant + sum(c * at[name] for name, c in form.terms.items()) for form in (first, last))
        return range(max(-(-low // step), 0), min(high // step + 1, count))

    def counts(self, extent: Callable[[str], int]) -> tuple[int, ...]:
        """Return how many values there are, for all places of the outer axes."""
        places = product(*(range(extent(name)) for name in self.outer))
        return tuple(len(self.values(dict(zip(self.outer, place, strict=True)), extent(self.axis))) for place in places)


@dataclass(frozen=True)
class Contraction:
    """op over the axes of the product of the factors, begun with the initial value where there is one.

    Axes that have a range keep to it: outside it factors may lie beyond their buffers.
    """

    op: str
    axes: tuple[LoopAxis, ...]
    factors: tuple[Access, ...]
    initial: Access | None = None
    ranges: tuple[Range, ...] = ()

    @property
    def bounded(self) -> frozenset[str]:
        """The axes with ranges, and those of the nest that these depend on."""
        return frozenset(name for one in self.ranges for name in one.place.terms)

    @property
    def reads(self) -> tuple[Access, ...]:
        """What the contraction reads."""
        return self.factors if self.initial is None else (*self.factors, self.initial)


@dataclass(frozen=True)
class Instruction:
    """A loop nest over `axes`; `equations` are those it computes, in order."""

    name: str
    axes: tuple[LoopAxis, ...]
    contraction: Contraction | None
    code: tuple[Op, ...]
    equations: tuple[Equation, ...] = ()

    @cached_property
    def depends(self) -> tuple[frozenset[str], ...]:
        """For each value of the code, the axes of the nest it depends on."""
        result: list[frozenset[str]] = []
        for op in self.code:
            result.append(_depends(op, result, frozenset(axis.name for axis in self.axes)))
        return tuple(result)

    @property
    def row(self) -> str:
        """The axis that the code reduces along, or ""."""
        return next((op.axis for op in self.code if isinstance(op, RowReduce)), "")

    @property
    def loads(self) -> tuple[Access, ...]:
        """The accesses that the code and the contraction read."""
        reads = self.contraction.reads if self.contraction else ()
        loads = (*reads, *(op.access for op in self.code if isinstance(op, Load)))
        places = tuple(place for access in (*loads, *self.stores) for place in access.places)
        return (*loads, *places)

    @property
    def stores(self) -> tuple[Access, ...]:
        """The accesses that the code writes."""
        return tuple(op.access for op in self.code if isinstance(op, Store))

    @property
    def parts(self) -> frozenset[str]:
        """The axes along which other entries lie beyond an end of what a store goes through."""
        return frozenset().union(*(op.parts for op in self.code if isinstance(op, Store)))

    @cached_property
    def share(self) -> float:
        """The part of all terms of the contraction that its ranges leave."""
        ranges = self.contraction.ranges if self.contraction else ()
        counts = [(one.counts(self.extent), self.extent(one.axis)) for one in ranges]
        return prod(sum(found) / (len(found) * extent) for found, extent in counts)

    @cached_property
    def adding(self) -> tuple[str, ...]:
        """The axes along which values are added up in memory, at places that are looked up: in this order."""
        axes = frozenset().union(*(store.scattered for store in self.stores))
        return tuple(axis.name for axis in self.axes if axis.name in axes)

    def extent(self, name: str) -> int:
        """Return the number of values of an axis."""
        inner = self.contraction.axes if self.contraction else ()
        return next(axis.extent for axis in (*self.axes, *inner) if axis.name == name)


def _depends(op: Op, known: list[frozenset[str]], axes: frozenset[str]) -> frozenset[str]:
    match op:
        case Load(access):
            return access.axes
        case LinearForm(terms):
            return frozenset(terms)
        case Contracted():
            return axes
        case Apply(_, operands):
            return frozenset().union(*(known[n] for n in operands))
        case RowReduce(_, operand, axis):
            return known[operand] - {axis}
        case Store(access, operand):
            return access.axes | known[operand]
        case _:
            return frozenset()


@dataclass(frozen=True)
class Program:
    """Instructions in order, the buffers by name, and the elements of memory they need together.

    `lanes` is the vector that unit-stride axes are padded to; every buffer can be read that far past its end.
    """

    buffers: Mapping[str, Buffer]
    instructions: tuple[Instruction, ...]
    size: int
    lanes: int

    def with_role(self, *roles: Role) -> tuple[Buffer, ...]:
        """Return the buffers of these roles."""
        return tuple(buffer for buffer in self.buffers.values() if buffer.role in roles)
