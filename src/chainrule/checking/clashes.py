"""Letters that label axes of different extents in an answer, as a transposed entry makes them.

Letters are told apart by what binds them, not by their names: two sums side by side have an index each, though both are
called %1. An index with a bound of its own fits into an axis without having its extent, and a marked entry reads 0
outside: neither says anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chainrule.checking.answer import Answer
from chainrule.errors import InputError
from chainrule.expr.binding import lookups_in, own_positions
from chainrule.expr.nodes import Condition, Expr, Index, Indexed, MatrixEntry, Position, Reduce, operands
from chainrule.expr.sizes import Formula, Literal, Size
from chainrule.expr.symbols import Derivative
from chainrule.system.derived import solve
from chainrule.system.model import System


@dataclass(frozen=True)
class Clash:
    """A letter that labels axes of different extents in an answer; `sizes` are theirs as far as they are declared."""

    letter: str
    axes: tuple[str, ...]
    sizes: tuple[int | None, ...]

    @property
    def words(self) -> str:
        """The clash as a clause."""
        axes = f"index {self.letter} would run over {' and '.join(self.axes)}"
        if None in self.sizes:
            return f"{axes}, which may differ in extent"
        return f"{axes}, which have {' and '.join(map(str, self.sizes))} entries"


@dataclass
class _Letter:
    """An index of an answer, and the first axis of each extent that it labels."""

    index: Index
    axes: dict[Size | int, str] = field(default_factory=dict)


def clashes(answer: Answer, system: System) -> tuple[Clash, ...]:
    """Return the letters that label axes of different extents."""
    known = _known_extents(system)
    free = {i.name: _Letter(i) for i in (*answer.indices, *answer.loose)}
    letters = list(free.values())
    target = Indexed(Derivative(system.cost, answer.tensor), answer.indices)
    waiting: list[tuple[Expr | Condition, Mapping[str, _Letter]]] = [(answer.value, free), (target, free)]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, Reduce):
            bound = {i.name: _Letter(i) for i in node.indices}
            letters += bound.values()
            scope = {**scope, **bound}
        for tensor, axis, position in _labels(node, system):
            letter = scope.get(position.name) if isinstance(position, Index) else None
            if letter is not None and not _fits_in(letter.index.extent):
                text = f"axis {axis.preferred} of {tensor}"
                letter.axes.setdefault(known.get(axis.extent, axis.extent), text)
        waiting.extend((part, scope) for part in reversed(operands(node)))
    return tuple(
        Clash(one.index.preferred, tuple(one.axes.values()), tuple(e if isinstance(e, int) else None for e in one.axes))
        for one in letters
        if len(one.axes) > 1
    )


def _labels(node: Expr | Condition, system: System) -> Iterator[tuple[str, Index, Position]]:
    """Yield the tensor, the axis and the position of all that stands in a node itself."""
    match node:
        case Indexed(guarded=False):
            yield from _pairs(node, system)
        case MatrixEntry(tensor=tensor, indices=indices, samples=samples):
            axes = system.axes(tensor)
            yield from ((tensor, axis, p) for axis, p in zip(axes, (*samples, *indices), strict=False))
        case _:
            pass
    for lookup in lookups_in(own_positions(node)):
        if not lookup.entry.guarded:
            yield from _pairs(lookup.entry, system)


def _pairs(entry: Indexed, system: System) -> Iterator[tuple[str, Index, Position]]:
    axes = system.axes(entry.tensor)
    return ((entry.tensor, axis, position) for axis, position in zip(axes, entry.indices, strict=True))


def _fits_in(extent: Size) -> bool:
    return isinstance(extent, Literal | Formula)


def _known_extents(system: System) -> Mapping[Size, int]:
    """Return the extents that are declared, or follow from those that are."""
    try:
        return solve(system.derived, system.size)
    except InputError:
        return system.size
