"""The derivatives of a family's cost, case by case: at the last layer, at those before it.

For each equation that defines v, the steps at which it stands are cut where the equations that read v begin and end. In
each piece one set of equations reads v; its window is derived as any system is, and what ∂C/∂u it leaves named is
derived next. Pieces whose lines say the same are one case. What all steps of a block read has the sum over these steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TypeAlias

from chainrule.errors import DerivativeError
from chainrule.expr.binding import substitute_indices
from chainrule.expr.nodes import ZERO, Expr, Index, Indexed, plus, walk
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.families.reads import reach_of
from chainrule.families.step_order import Interval, holds_in
from chainrule.families.templates import StepRange, declared_family, sum_over
from chainrule.families.uses import Definition, Flow, StepUse
from chainrule.families.windows import StepWindow
from chainrule.system.model import Equation, System
from chainrule.system.sizes.erase import erased_equation

Derive: TypeAlias = Callable[[System, Symbol], Equation | None]
"""Derives the cost of a system by one of its tensors; None where that is an unknown function's own derivative."""
Box: TypeAlias = Mapping[str, Interval]


@dataclass(frozen=True)
class Subject:
    """What is derived by: a tensor at a position, the steps it stands for, and the equation that defines it, if any."""

    tensor: Tensor
    box: Box
    own: Definition | None
    indices: tuple[Index, ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of its steps."""
        return tuple(self.box)

    @property
    def blocks(self) -> tuple[int, ...]:
        """The blocks that it is defined in."""
        return self.own.blocks if self.own is not None else ()


@dataclass(frozen=True)
class CaseWindow:
    """A system that a case is derived in, with the tensor derived by, as it is read by some equations.

    Where these read it at all of their steps, `over` are these steps: it is the share of one of them that is derived.
    `readers` are what these equations define, `beyond` is what the rest of the cost is called.
    """

    system: System
    tensor: Symbol
    over: tuple[StepRange, ...]
    readers: tuple[Tensor, ...]
    beyond: Tensor


@dataclass(frozen=True)
class StepCase:
    """∂C/∂v at some steps, with the systems that it was derived in: it is the sum of what these give."""

    subject: Subject
    box: Box
    equation: Equation
    windows: tuple[CaseWindow, ...]

    @property
    def points(self) -> dict[str, tuple[str, int]]:
        """The letters that stand for one step only, with that."""
        return {letter: low for letter, (low, high) in self.box.items() if low == high}


@dataclass
class CaseFinder:
    """Finds the cases of all derivatives that are asked for, and of those that these name."""

    flow: Flow
    derive: Derive
    sums: frozenset[str]
    cases: dict[str, list[StepCase]] = field(default_factory=dict)

    def find(self, names: Sequence[str]) -> None:
        """Derive by tensors, and by all that their derivatives name."""
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in self.cases:
                continue
            self.cases[name] = [case for subject in self.subjects(name) for case in self._merged(self._of(subject))]
            named = _named(self.flow.cost, self.cases[name])
            strange = next((other for other in named if other not in self.flow.by_name), "")
            if strange:
                raise DerivativeError(
                    f"∂{self.flow.cost}/∂{name} goes through {strange}, which the family does not define",
                    advice="Give each max, min and prod an equation of its own.",
                )
            waiting += named

    def subjects(self, name: str) -> Iterator[Subject]:
        """Yield what a name stands for: each equation that defines it, or what is declared."""
        if name in self.flow.by_name:
            for own in self.flow.by_name[name]:
                yield Subject(own.target, own.box, own, own.template.indices)
            return
        head = self.flow.blocks.head
        declaration = head.declared.get(name) or declared_family(self.flow.blocks, name)
        if declaration is None or not isinstance(declaration.tensor, Tensor):
            return
        box: dict[str, Interval] = {}
        raised = []
        reach = reach_of(self.flow.blocks, name)
        if declaration.tensor.superscript and not reach:
            return
        for at, step in enumerate(declaration.tensor.superscript):
            letter = self._letter(name, at) or step[0]
            if step[0] in self.flow.blocks.letters or not step[0] or at >= len(reach):
                raised.append(step)
                continue
            low, high = reach[at]
            box[letter] = (low.letter, low.offset), (high.letter, high.offset)
            raised.append((letter, 0))
        yield Subject(Tensor(name, tuple(raised)), box, None, declaration.indices)

    def _letter(self, name: str, at: int) -> str:
        """Return the letter by which equations read a family."""
        for one in self.flow.definitions:
            for slot in one.reads:
                if slot.name == name and slot.superscript[at][0] in one.letters:
                    return slot.superscript[at][0]
        return ""

    # One subject

    def _of(self, subject: Subject) -> list[StepCase]:
        """Return the cases of one subject, in the order of its steps."""
        uses = self._reached(subject)
        shared = [use for use, _ in uses if use.open and use.slot.name == subject.tensor.name]
        pieces = [self.flow.order.pieces(subject.box[g], _intervals(uses, g)) for g in subject.letters]
        boxes = [dict(zip(subject.letters, piece, strict=True)) for piece in product(*pieces)]
        found: dict[int, StepCase] = {}
        cut: frozenset[str] = frozenset()
        for number in sorted(range(len(boxes)), key=lambda n: _points_in(boxes[n])):
            case, named = self._case(subject, boxes[number], [use for use, _ in uses], shared, cut)
            if case is not None:
                found[number] = case
            cut |= named
        return [found[number] for number in sorted(found)]

    def _reached(self, subject: Subject) -> list[tuple[StepUse, bool]]:
        """Return all uses of a subject, at once or through inner equations, each with whether its user is inner."""
        found: list[tuple[StepUse, bool]] = []
        seen: set[tuple[int, object]] = set()
        waiting = [subject.tensor]
        while waiting:
            tensor = waiting.pop(0)
            for use in self.flow.uses(tensor, subject.letters, subject.box):
                inner = self._is_inner(subject, use)
                found.append((use, inner))
                key = use.user.number, use.steps
                if inner and use.target != self.flow.cost and key not in seen:
                    seen.add(key)
                    waiting.append(use.target)
        return found

    def _is_inner(self, subject: Subject, use: StepUse) -> bool:
        """Say whether an equation belongs to the step of the subject, so that it is written into its window."""
        user = use.user
        if user.target == self.flow.cost:
            return True
        if use.open or self._is_read_by_all(user):
            return False
        if user.target.name in self.sums:
            return use.is_same_step(subject.letters) or bool(use.summed)
        if subject.own is None:
            return False
        if user.path:
            return use.is_same_step(subject.letters) and (
                user.blocks == subject.blocks or user.number not in self.flow.carried
            )
        return not user.target.superscript and not self.flow.is_read_by_families(user.target)

    def _is_read_by_all(self, user: Definition) -> bool:
        """Say whether all steps of a block read what an equation defines."""
        return any(use.open for use in self.flow.uses(user.target, user.letters, user.box))

    def _case(
        self, subject: Subject, box: Box, uses: Sequence[StepUse], shared: Sequence[StepUse], cut: frozenset[str]
    ) -> tuple[StepCase | None, frozenset[str]]:
        """Return one case, None where it is an unknown function's derivative, and what it names of the step."""
        live = [use for use in uses if not use.open and _is_live(use, box)]
        points = {g: low for g, (low, high) in box.items() if low == high}
        inner, frontier = self._closure(subject, live, cut)
        windows: list[CaseWindow] = []
        values: list[Expr] = []
        target: Indexed | None = None
        named: frozenset[str] = frozenset()
        for part, over in self._parts(inner, frontier, [u for u in shared if _is_live(u, box)]):
            window = StepWindow(self.flow, points)
            own = subject.own if subject.own is not None and not over else None
            system, moving = self._window(window, subject, own, part, inner if not over else ())
            derived = self.derive(system, moving)
            readers = tuple(dict.fromkeys(use.target for use in (*part, *(() if over else inner))))
            steps = tuple(steps for steps in part[0].user.path if steps.letter in over) if over else ()
            windows.append(CaseWindow(system, moving, steps, readers, self.flow.beyond))
            if derived is None:
                continue
            whole = erased_equation(Equation(window.restored(derived.target), window.restored(derived.value)))
            target = whole.target if target is None else target
            if whole.value != ZERO:
                values.append(_over(over, _in_letters(whole, target)))
            same = {use.user.target.name for use in inner}
            named |= {t.name for t in _derived_by(self.flow.cost, whole.value)} & same
        if target is None and windows:
            return None, named
        if target is None:
            target = Indexed(
                Derivative(self.flow.cost, StepWindow(self.flow, points).name(subject.tensor)), subject.indices
            )
        return StepCase(subject, box, Equation(target, plus(*values)), tuple(windows)), frozenset(named)

    def _parts(
        self, inner: Sequence[StepUse], frontier: Sequence[StepUse], shared: Sequence[StepUse]
    ) -> Iterator[tuple[Sequence[StepUse], tuple[str, ...]]]:
        """Yield the uses that a window is made for: those at one step, then those of each user at all of its steps."""
        if inner or frontier:
            yield frontier, ()
        for number in dict.fromkeys(use.user.number for use in shared):
            own = [use for use in shared if use.user.number == number]
            yield own, own[0].open

    def _closure(
        self, subject: Subject, live: Sequence[StepUse], cut: frozenset[str]
    ) -> tuple[list[StepUse], list[StepUse]]:
        """Return which of the live uses are inner and which are the frontier, as far as they are reached."""
        reached = {subject.tensor}
        inner: dict[StepUse, None] = {}
        frontier: dict[StepUse, None] = {}
        changed = True
        while changed:
            changed = False
            for use in live:
                if use.read not in reached or use in inner or use in frontier:
                    continue
                changed = True
                if self._is_inner(subject, use) and use.user.target.name not in cut:
                    inner[use] = None
                    reached.add(use.target)
                else:
                    frontier[use] = None
        return list(inner), list(frontier)

    def _window(
        self,
        window: StepWindow,
        subject: Subject,
        own: Definition | None,
        part: Sequence[StepUse],
        inner: Sequence[StepUse],
    ) -> tuple[System, Symbol]:
        """Return the system in which a case is derived."""
        held = list(dict.fromkeys(window.name(use.target) for use in part))
        if own is not None and own.target != self.flow.cost:
            window.add(own, {letter: (letter, 0) for letter in own.letters}, held)
        moving = window.name(subject.tensor)
        for use in inner:
            window.add(use.user, use.environment, held, summed=use.summed)
        for use in part:
            steps = {**use.environment, **{letter: (letter, 0) for letter in use.open}}
            mine = {u.slot for u in part if u.user is use.user and u.steps == use.steps}
            others = [slot for slot in use.user.reads if slot not in mine and window.is_at(slot, steps, moving)]
            target = window.add(use.user, steps, [t for t in held if t != moving], others, use.summed)
            if target not in window.arguments and target != self.flow.cost:
                window.arguments.append(target)
        return window.system(subject.tensor)

    def _merged(self, cases: Sequence[StepCase]) -> list[StepCase]:
        """Return cases with neighbours of one formula as one."""
        found: list[StepCase] = []
        for case in cases:
            before = next((n for n, other in enumerate(found) if _joined(self.flow, other, case) is not None), None)
            if before is None:
                found.append(case)
            else:
                joined = _joined(self.flow, found[before], case)
                assert joined is not None
                general = found[before] if _points_in(found[before].box) <= _points_in(case.box) else case
                found[before] = replace(general, box=joined)
        return found


def _joined(flow: Flow, one: StepCase, other: StepCase) -> Box | None:
    """Return the box of two cases that are neighbours and say the same, else None."""
    if one.equation != other.equation:
        return None
    different = [letter for letter in one.box if one.box[letter] != other.box[letter]]
    if len(different) != 1:
        return None
    (letter,) = different
    (low, end), (start, high) = one.box[letter], other.box[letter]
    return {**one.box, letter: (low, high)} if flow.order.same((end[0], end[1] + 1), start) else None


def _is_live(use: StepUse, box: Box) -> bool:
    return all(holds_in(box[letter], where) for letter, where in use.where)


def _points_in(box: Box) -> int:
    return sum(low == high for low, high in box.values())


def _intervals(uses: Sequence[tuple[StepUse, bool]], letter: str) -> list[Interval]:
    return [ends for use, _ in uses for own, ends in use.where if own == letter]


def _over(letters: Sequence[str], value: Expr) -> Expr:
    for letter in reversed(letters):
        value = sum_over(letter, value)
    return value


def _in_letters(equation: Equation, target: Indexed) -> Expr:
    """Return a value in the index letters of another target."""
    pairs = zip(equation.indices, target.indices, strict=True)
    return substitute_indices(equation.value, {a: b for a, b in pairs if isinstance(b, Index) and a != b})


def _derived_by(cost: Symbol, value: Expr) -> Iterator[Tensor]:
    """Yield the u of every ∂C/∂u in a value."""
    for part in walk(value):
        if isinstance(part, Indexed) and isinstance(part.tensor, Derivative) and part.tensor.of == cost:
            yield from (t for t in part.tensor.wrt if isinstance(t, Tensor))


def _named(cost: Symbol, cases: Sequence[StepCase]) -> list[str]:
    return list(dict.fromkeys(t.name for case in cases for t in _derived_by(cost, case.equation.value)))
