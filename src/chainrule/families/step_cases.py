"""The derivatives of a family's cost, case by case: at the last layer, at those before it.

For each equation that defines v, the steps at which it stands are cut where the equations that read v begin and end. In
each piece one set of equations reads v; its window is derived as any system is, and what ∂C/∂u it leaves named is
derived next. Pieces whose lines say the same are one case. What all steps of a block read has the sum over these steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from chainrule.errors import DerivativeError
from chainrule.expr.nodes import ZERO, Expr, Indexed, plus, walk
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.families.reads import reach_of
from chainrule.families.rewriting import APART, with_own_extents
from chainrule.families.single_entries import continued, single_entries
from chainrule.families.step_order import Interval, holds_in, shifted
from chainrule.families.step_positions import at_positions
from chainrule.families.subjects import Box, CaseWindow, Derive, StepCase, Subject
from chainrule.families.templates import Step, StepRange, declared_family, sum_over
from chainrule.families.uses import Definition, Flow, StepUse
from chainrule.families.windows import StepWindow
from chainrule.system.model import Equation, System
from chainrule.system.sizes.erase import erased_equation


@dataclass
class CaseFinder:
    """Finds the cases of all derivatives that are asked for, and of those that these name."""

    flow: Flow
    derive: Derive
    sums: frozenset[str]
    cases: dict[str, list[StepCase]] = field(default_factory=dict)
    single: Mapping[int, StepCase] = field(default_factory=dict)

    def find(self, names: Sequence[str]) -> None:
        """Derive by tensors, and by all that their derivatives name, if these are more than single entries."""
        self._find(names)
        self.single = single_entries(self.cases, self.flow.cost)
        if self.single:
            self.cases = {}
            self._find(names)

    def _find(self, names: Sequence[str]) -> None:
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
        shares = list(_shares(subject, [use for use in shared if _is_live(use, box)]))
        windows: list[CaseWindow] = []
        values: list[Expr] = []
        target: Indexed | None = None
        named: frozenset[str] = frozenset()
        for within, ends, over in [(inner, frontier, ())] * bool(live) + [([], own, over) for own, over in shares]:
            _check_letters(subject, points, over)
            window = StepWindow(self.flow, points)
            own = subject.own if subject.own is not None and not over else None
            system, moving = self._window(window, subject, own, within, ends)
            readers = tuple(dict.fromkeys(use.target for use in (*within, *ends)))
            members = window.members(subject.tensor)
            for by, positions in ((moving, ()), *members):
                derived = self.derive(system, by)
                if not members or (derived is not None and derived.value != ZERO):
                    windows.append(CaseWindow(system, by, tuple(over), readers, self.flow.beyond))
                if derived is None:
                    continue
                restored = Equation(window.restored(derived.target), window.restored(derived.value))
                whole = erased_equation(with_own_extents(restored, system))
                target = whole.target if target is None else target
                if whole.value != ZERO:
                    values.append(_over(over, at_positions(whole, target, positions)))
                same = {use.user.target.name for use in inner}
                named |= {t.name for t in _derived_by(self.flow.cost, whole.value)} & same - {subject.tensor.name}
        if target is None and windows:
            return None, named
        if target is None:
            target = Indexed(
                Derivative(self.flow.cost, StepWindow(self.flow, points).name(subject.tensor)), subject.indices
            )
        equation = Equation(target, plus(*values))
        return StepCase(subject, box, equation, tuple(windows), tuple(inner), tuple(frontier), bool(shares)), named

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
        inner: Sequence[StepUse],
        frontier: Sequence[StepUse],
    ) -> tuple[System, Symbol]:
        """Return the system in which a case is derived."""
        through, ends = continued(frontier, self.single)
        held = list(dict.fromkeys(window.name(use.target) for use in ends))
        if own is not None and own.target != self.flow.cost:
            window.add(own, {letter: (letter, 0) for letter in own.letters}, held)
        moving = window.name(subject.tensor)
        alike: dict[object, list[StepUse]] = {}
        for use in (*inner, *through, *ends):
            alike.setdefault((use.user.number, use.steps), []).append(use)
        for use in (*inner, *through, *ends):
            # What reads the same entry here by another slot, at other steps too, has its share by itself.
            same = alike[use.user.number, use.steps]
            slots = {one.slot for one in same}
            apart = [t for t in use.user.reads if t not in slots and window.is_at(t, use.environment, moving)]
            terms = dict.fromkeys(one.read for one in same if one.summed)
            target = window.add(use.user, use.environment, [t for t in held if t != moving], apart, tuple(terms))
            if use in ends and target not in window.arguments and target != self.flow.cost:
                window.arguments.append(target)
        return window.system(subject.tensor)

    def _merged(self, cases: Sequence[StepCase]) -> list[StepCase]:
        """Return cases with neighbours of one formula as one."""
        found: list[StepCase] = []
        for case in cases:
            before = next((n for n, other in enumerate(found) if _joined(other, case) is not None), None)
            if before is None:
                found.append(case)
            else:
                joined = _joined(found[before], case)
                assert joined is not None
                general = found[before] if _points_in(found[before].box) <= _points_in(case.box) else case
                found[before] = replace(general, box=joined)
        return found


def _joined(one: StepCase, other: StepCase) -> Box | None:
    """Return the box of two cases that are neighbours and say the same, else None."""
    if one.equation != other.equation:
        return None
    different = [letter for letter in one.box if one.box[letter] != other.box[letter]]
    if len(different) != 1:
        return None
    (letter,) = different
    (low, end), (start, high) = one.box[letter], other.box[letter]
    return {**one.box, letter: (low, high)} if shifted(end, 1) == start else None


def _is_live(use: StepUse, box: Box) -> bool:
    return all(holds_in(box[letter], where) for letter, where in use.where)


def _points_in(box: Box) -> int:
    return sum(low == high for low, high in box.values())


def _intervals(uses: Sequence[tuple[StepUse, bool]], letter: str) -> list[Interval]:
    return [ends for use, _ in uses for own, ends in use.where if own == letter]


def _shares(subject: Subject, shared: Sequence[StepUse]) -> Iterator[tuple[Sequence[StepUse], tuple[StepRange, ...]]]:
    """Yield the uses of each user that reads a subject at all of its steps, with these steps.

    Their letters are told apart from those of the subject's own steps.
    """
    groups: dict[object, list[StepUse]] = {}
    for use in shared:
        groups.setdefault((use.user.number, use.steps, use.open), []).append(use)
    for uses in groups.values():
        first = uses[0]
        letters = {letter: letter + APART if letter in subject.box else letter for letter in first.open}
        steps = (*first.steps, *((letter, (new, 0)) for letter, new in letters.items()))
        ranges = (one for one in first.user.path if one.letter in letters)
        over = tuple(replace(one, letter=letters[one.letter]) for one in ranges)
        yield [replace(use, steps=steps, open=()) for use in uses], over


def _check_letters(subject: Subject, points: Mapping[str, Step], over: Sequence[StepRange]) -> None:
    """Raise DerivativeError for a sum over steps of a letter that the formula around it has for steps of its own."""
    for steps in over:
        letter = steps.letter.removesuffix(APART)
        if letter != steps.letter and letter not in points:
            raise DerivativeError(
                f"the derivative by {subject.tensor} has a sum over {letter}, where {letter} is a step already",
                expected="blocks within each other, and what they read, have letters of their own",
                advice=f"Give one of the steps {letter} another letter.",
            )


def _over(ranges: Sequence[StepRange], value: Expr) -> Expr:
    for steps in reversed(ranges):
        value = sum_over(steps.letter, value, steps)
    return value


def _derived_by(cost: Symbol, value: Expr) -> Iterator[Tensor]:
    """Yield the u of every ∂C/∂u in a value."""
    for part in walk(value):
        if isinstance(part, Indexed) and isinstance(part.tensor, Derivative) and part.tensor.of == cost:
            yield from (t for t in part.tensor.wrt if isinstance(t, Tensor))


def _named(cost: Symbol, cases: Sequence[StepCase]) -> list[str]:
    return list(dict.fromkeys(t.name for case in cases for t in _derived_by(cost, case.equation.value)))
