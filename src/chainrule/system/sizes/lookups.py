"""What a whole number is below because an equation looks it up: of a[c] c is a position of the axis that it stands on.

`data c : int(10)` says nothing about a. An equation that reads a[c] for all entries of c, whatever other values are,
does: where c is outside, that equation has no value. So c ranges over the axis of a, in derivatives too.
Entries behind a bracket, a choice or a mark say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.expr.nodes import Lookup
from chainrule.expr.sizes import Literal, Uninferred
from chainrule.expr.symbols import Derivative
from chainrule.system.locations import Location
from chainrule.system.sizes.constraints import Constraints, Reads, constraints_of
from chainrule.system.sizes.known import Known
from chainrule.system.sizes.lines import IndexLines


def looked_up_axes(known: Known, lines: IndexLines) -> dict[str, int]:
    """Return, by tensor of whole numbers, the element of the axis that all of its entries are positions of.

    Of several axes it is the one whose letter is declared, `int(v)`, failing that the first.
    """
    found: dict[str, int] = {}
    for tensor, axis in _looked_up(known, lines) if known.values else ():
        declared = known.values[tensor]
        if tensor not in found or known.classes.find(axis) == known.classes.find(declared):
            found[tensor] = axis
    return found


def _looked_up(known: Known, lines: IndexLines) -> Iterator[tuple[str, int]]:
    for number, equation in enumerate(known.system.equations):
        constraints = constraints_of(equation)
        if not constraints.lookups or isinstance(equation.name, Derivative):
            continue  # no size of the forward pass follows from what a derivative reads
        reader = _Reader(known, lines, constraints, Location("equation", number, equation.name))
        yield from reader.looked_up()


class _Reader:
    """The look-ups of one equation."""

    def __init__(self, known: Known, lines: IndexLines, constraints: Constraints, place: Location) -> None:
        self._known = known
        self._lines = lines
        self._constraints = constraints
        self._place = place

    def looked_up(self) -> Iterator[tuple[str, int]]:
        """Yield the tensors that are looked up with all of their entries, and the axes that these are positions of."""
        inner: dict[object, Reads] = {}  # what is looked up is read just before the entry in which it stands
        for read in self._constraints.reads:
            axes = self._known.axes.get(read.entry.tensor, ())
            for position, axis in zip(read.entry.indices, axes, strict=False):
                if isinstance(position, Lookup) and self._is_whole(inner[position.entry]):
                    yield position.entry.tensor, axis
            inner[read.entry] = read

    def _is_whole(self, read: Reads) -> bool:
        """Say whether all entries of a tensor are read, and under no condition."""
        axes = self._known.axes.get(read.entry.tensor, ())
        if read.protected or read.entry.guarded or len(set(read.slots)) < len(read.slots):
            return False
        return all(isinstance(s, int) and self._labels(s, axis) for s, axis in zip(read.slots, axes, strict=True))

    def _labels(self, variable: int, axis: int) -> bool:
        index = self._constraints.variables[variable]
        match index.extent:
            case Literal():
                return False
            case Uninferred() if index.preferred in self._lines:
                element: int | None = self._lines.element(index.preferred, self._place)
            case Uninferred():
                return True
            case _:
                element = self._known.element(index.extent, self._place)
        return element is not None and self._known.classes.find(element) == self._known.classes.find(axis)
