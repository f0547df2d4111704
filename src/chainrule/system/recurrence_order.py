"""Whether equations that read one another have an order: a recurrence along one index, from one end of it to the other.

In each of them one letter is the step. What they read of one another stands at that step, and is computed above, or at
other steps, all of them before it or all of them after it. What lies outside of the first steps is marked, and is 0, or
a condition rules it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.errors import TypecheckError
from chainrule.expr.binding import Fresh, lookups_in, own_positions, position_indices, rewrite_bottom_up
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Condition,
    Expr,
    Index,
    Indexed,
    Logic,
    MatrixEntry,
    Position,
    Product,
    Select,
    operands,
)
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.render.text import expression_text
from chainrule.system.locations import Location
from chainrule.system.model import Equation, System


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Equations that are computed together, step by step: upwards from step 0, or `down` from the last one.

    `axes` says which axis of each tensor counts the steps.
    """

    equations: tuple[Equation, ...]
    axes: Mapping[Symbol, int]
    down: bool

    def step(self, equation: Equation) -> Index:
        """Return the letter of the step in an equation."""
        index = equation.indices[self.axes[equation.name]]
        assert isinstance(index, Index), "on the left stand plain letters"
        return index


@dataclass(frozen=True)
class Refused:
    """Why equations that read one another have no order."""

    error: TypecheckError


@dataclass(frozen=True)
class _Read:
    """An entry that the equation of a number reads, and how many of its tensor stand before it there.

    A `kept` one is marked, or under a condition.
    """

    number: int
    equation: Equation
    entry: Indexed
    before: int
    kept: bool


def order_of(system: System, numbers: Sequence[int]) -> Recurrence | Refused:
    """Return the recurrence that equations are, given by their numbers, or why they are none."""
    circle = _Circle(system, tuple(numbers))
    first: Refused | None = None
    for name, axis in circle.starts():
        circle.axes = {name: axis}
        refused = circle.refusal()
        if refused is None:
            equations = tuple(system.equations[n] for n in numbers)
            return Recurrence(equations, dict(circle.axes), down=circle.reads_after())
        first = first or refused
    return first or circle.without_step()


@dataclass
class _Circle:
    """Equations that read one another, while an order of their steps is looked for."""

    system: System
    numbers: tuple[int, ...]
    axes: dict[Symbol, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        equations = [(n, self.system.equations[n]) for n in self.numbers]
        names = {equation.name for _, equation in equations}
        self.reads: list[_Read] = []
        for n, equation in equations:
            count = Counter[Symbol]()
            for entry, kept in _entries(equation.value):
                if entry.tensor in names:
                    self.reads.append(_Read(n, equation, entry, count[entry.tensor], kept))
                count[entry.tensor] += 1

    def starts(self) -> Iterator[tuple[Symbol, int]]:
        """Yield the axes that may count steps: those along which other steps are read."""
        found: dict[tuple[Symbol, int], None] = {}
        for read in self.reads:
            for axis, position in enumerate(read.entry.indices):
                at = _shifted(position)
                if at is not None and at[1] and at[0] in read.equation.indices:
                    found[read.entry.tensor, axis] = None
        yield from found

    def refusal(self) -> Refused | None:
        """Return why there is no order along an axis, None if there is one; finds the axes of all tensors."""
        strange = self._spread() or next((read for read in self.reads if self._shift(read) is None), None)
        if strange is not None:
            return _apart(strange)
        early = next((read for read in self.reads if not self._shift(read) and self._is_ahead(read)), None)
        if early is not None:
            return _at_its_own_step(early)
        before = next((read for read in self.reads if (self._shift(read) or 0) < 0), None)
        after = next((read for read in self.reads if (self._shift(read) or 0) > 0), None)
        if before is not None and after is not None:
            return _both_sides(*sorted((before, after), key=lambda read: read.number))
        outside = next((read for read in self.reads if self._shift(read) and not read.kept), None)
        return None if outside is None else self._unmarked(outside)

    def reads_after(self) -> bool:
        """Say whether steps are read that come after."""
        return any((self._shift(read) or 0) > 0 for read in self.reads)

    def _spread(self) -> _Read | None:
        """Find the axes of all tensors from the one that is known; return what is read at no step."""
        waiting = list(self.reads)
        while waiting:
            ready = [read for read in waiting if {read.equation.name, read.entry.tensor} & self.axes.keys()]
            for read in ready:
                if not self._follow(read):
                    return read
            waiting = [read for read in waiting if read not in ready]
        return None

    def _follow(self, read: _Read) -> bool:
        """Note the axis of a reader or of what it reads, from that of the other; return whether there is one."""
        tensor, name, indices = read.entry.tensor, read.equation.name, read.equation.indices
        if tensor in self.axes:
            at = _shifted(read.entry.indices[self.axes[tensor]]) if read.entry.indices else None
            if at is None or at[0] not in indices:
                return False
            self.axes.setdefault(name, indices.index(at[0]))
            return True
        step = indices[self.axes[name]]
        found = [axis for axis, p in enumerate(read.entry.indices) if (at := _shifted(p)) is not None and at[0] == step]
        self.axes[tensor] = found[0] if found else -1
        return len(found) == 1

    def _shift(self, read: _Read) -> int | None:
        """Return how many steps on an entry stands, None where it stands at no step."""
        at = _shifted(read.entry.indices[self.axes[read.entry.tensor]]) if read.entry.indices else None
        step = read.equation.indices[self.axes[read.equation.name]]
        return at[1] if at is not None and at[0] == step else None

    def _is_ahead(self, read: _Read) -> bool:
        """Say whether what is read is defined by the equation that reads it, or below."""
        return any(self.system.equations[n].name == read.entry.tensor for n in self.numbers if n >= read.number)

    def _unmarked(self, read: _Read) -> Refused:
        """Return that what is read at the first steps is nowhere defined."""
        tensor, positions = read.entry.tensor, read.entry.indices
        axis, shift = self.axes[tensor], self._shift(read) or 0
        letter = read.equation.indices[self.axes[read.equation.name]].preferred
        last = f"extent({letter}) - {abs(shift)}"
        first = "0" if shift < 0 else last
        outside = f"{letter} {'=' if abs(shift) == 1 else '<' if shift < 0 else '>='} {-shift if shift < -1 else first}"
        marked = expression_text(Indexed(tensor, positions, guarded=True))
        first_one = Tensor(f"{tensor.name}0", tensor.superscript) if isinstance(tensor, Tensor) else f"{tensor}0"
        begin = expression_text(Indexed(first_one, positions[:axis] + positions[axis + 1 :]))
        return _refused(
            read,
            f"{expression_text(read.entry)} is read at {letter} = {first} too, and nothing says how {tensor} begins",
            expected=f"{marked}, which is 0 {'before the first' if shift < 0 else 'after the last'} step",
            advice=f"What it begins with is added: {marked} + [{outside}]*{begin}",
        )

    def without_step(self) -> Refused:
        """Return that equations read one another, and no other step."""
        read = next(read for read in self.reads if self._is_ahead(read))
        if read.entry.tensor != read.equation.name:
            return _at_its_own_step(read)
        if not all(isinstance(position, Index) for position in read.entry.indices):
            return _apart(read)
        return _refused(read, f"{read.equation.name} is defined by itself", advice=_written_out(read.equation))


def _refused(read: _Read, what: str, *, expected: str = "", advice: str = "") -> Refused:
    place, tensor = Location("equation", read.number, read.equation.name), read.entry.tensor
    letter = next((i.preferred for p in read.entry.indices for i in position_indices(p)), "")
    if not read.before or not letter:
        return Refused(place.error(what, tensor, expected=expected, advice=advice))
    behind = tensor, read.before
    return Refused(place.error(what, letter, expected=expected, advice=advice, behind=behind))


def _apart(read: _Read) -> Refused:
    name, tensor = read.equation.name, read.entry.tensor
    written = expression_text(read.entry) if read.entry.indices else tensor
    return _refused(
        read,
        f"{written} is read to compute {name}, and depends on it" if tensor != name else f"{name} is defined by itself",
        expected=f"a recurrence reads single steps: one position of {written} is the step of {name}, plus or minus "
        "a whole number",
    )


def _at_its_own_step(read: _Read) -> Refused:
    name, tensor = read.equation.name, read.entry.tensor
    if tensor != name:
        advice = f"Move the equation of {tensor} up, before that of {name}."
        return _refused(read, f"{tensor} is used before it is defined", advice=advice)
    return _refused(
        read,
        f"{expression_text(read.entry)} is read at the step that computes it",
        expected=f"{name} reads other steps of itself",
    )


def _both_sides(first: _Read, second: _Read) -> Refused:
    one, other = expression_text(first.entry), expression_text(second.entry)
    return _refused(
        second,
        f"{one} and {other} are read in one recurrence: whichever end it begins at, one of them is not there yet",
        expected="a recurrence reads steps before its own, or steps after it",
        advice="One that goes up and one that goes down are two, and have two names.",
    )


def _shifted(position: Position) -> tuple[Index, int] | None:
    """Return a letter and what is added to it, None for another position."""
    match position:
        case Index():
            return position, 0
        case Affine(((Index() as letter, 1),), constant):
            return letter, constant
        case _:
            return None


def _entries(value: Expr) -> Iterator[tuple[Indexed, bool]]:
    """Yield all that is read, each with whether it may be outside; what is read whole has no indices."""
    waiting: list[tuple[Expr | Condition, bool]] = [(value, False)]
    while waiting:
        node, kept = waiting.pop()
        for lookup in lookups_in(own_positions(node)):
            yield lookup.entry, kept
        if isinstance(node, Indexed):
            yield node, kept or node.guarded
        elif isinstance(node, MatrixEntry):
            yield Indexed(node.tensor, ()), kept
        kept = kept or isinstance(node, Select | Logic) or _has_bracket(node)
        waiting += [(part, kept) for part in reversed(operands(node))]


def _has_bracket(node: Expr | Condition) -> bool:
    return isinstance(node, Product) and any(isinstance(factor, Bracket) for factor in node.factors)


def _written_out(equation: Equation) -> str:
    """Return how an equation that reads what it defines is written as one of two names: z1[j] = z0[j] + b[j]."""
    name = equation.name

    def rename(node: Expr) -> Expr:
        return Indexed(f"{name}0", node.indices) if isinstance(node, Indexed) and node.tensor == name else node

    value = expression_text(rewrite_bottom_up(equation.value, rename, Fresh()))
    target = expression_text(Indexed(f"{name}1", equation.indices))
    return (
        f"Each step of a recurrence has an equation of its own: {target} = {value}. "
        "What an optimizer keeps from step to step is a state."
    )
