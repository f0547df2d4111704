"""The backward pass of families, derived: a case for each kind of step, whatever number of steps there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from chainrule.errors import DerivativeError, listed
from chainrule.expr.nodes import Expr, Indexed
from chainrule.expr.symbols import NO_TENSOR, Symbol, Tensor
from chainrule.families.derived_blocks import case_equation, case_range, derived_items, needed
from chainrule.families.expansion import blocks_at
from chainrule.families.families import Families
from chainrule.families.families_document import ranges_words
from chainrule.families.families_text import as_reductions, index_letters_taken, range_text, ranges_latex
from chainrule.families.named_sums import with_named_sums, with_plain_sums
from chainrule.families.rewriting import Environment, everywhere, moved, renamed_system, with_own_letter
from chainrule.families.shown_cases import shown_cases
from chainrule.families.step_cases import CaseFinder
from chainrule.families.step_ranges import with_ranges
from chainrule.families.subjects import Derive, StepCase
from chainrule.families.templates import StepRange
from chainrule.families.uses import Flow
from chainrule.matrix.matrix_lines import MatrixForms, matrix_line
from chainrule.matrix.of_systems import book_names
from chainrule.render.document import Group, Line, Node, words
from chainrule.render.formula import PrintedNames, ShownFormula, equation_formula
from chainrule.render.in_notebooks import ShownAsPage, displayed
from chainrule.render.latex import aligned
from chainrule.render.printed_names import Names, Naming
from chainrule.system.locations import Location
from chainrule.system.model import Equation, System


@dataclass(frozen=True)
class StepWindowOf:
    """A case with a system that it is derived in: the ranges that it holds for, as text, and the tensor derived by.

    See `CaseWindow` for `over`, `readers` and `beyond`.
    """

    case: StepCase
    ranges: str
    system: System
    tensor: Symbol
    over: tuple[StepRange, ...] = ()
    readers: tuple[Symbol, ...] = ()
    beyond: Symbol = NO_TENSOR

    @property
    def position(self) -> Symbol:
        """The tensor that the case is of, z[l;] or z[L;]."""
        return moved(self.case.subject.tensor, self.case.points)


@dataclass(frozen=True)
class FamilyBackprop(ShownAsPage):
    """The derivatives of a family's cost by `wrt`, and by all that these name, case by case.

    `derive` derives a single system; see `cases`.
    """

    forward: Families
    wrt: tuple[str, ...]
    derive: Derive

    @cached_property
    def prepared(self) -> Families:
        """The forward pass with a name for every sum over steps, and for what it adds up."""
        blocks = with_named_sums(self.forward)
        return Families(blocks.head, blocks.items, blocks.updates)

    @cached_property
    def _found(self) -> CaseFinder:
        before = {t.name for t in self.forward.tensors()}
        new = frozenset(t.name for t in self.prepared.tensors() if t.name not in before)
        finder = CaseFinder(Flow(self.prepared), self.derive, new)
        finder.find(self.wrt)
        return finder

    @cached_property
    def cases(self) -> dict[str, list[StepCase]]:
        """The cases of each derivative, by the name of what it is by, as far as they are needed."""
        return needed(self._found.flow, self._found.cases, self.wrt)

    @property
    def least(self) -> dict[str, int]:
        """From how many steps on the cases hold; `at` derives for fewer by themselves."""
        assert self.cases is not None, "they are found first"
        return {letter: max(0, self._found.flow.order.least.get(letter, 0)) for letter in self.forward.letters}

    @property
    def holds_for(self) -> str:
        """From how many steps on the cases hold, as text: "for L ≥ 3", "" where they do for every number."""
        least = ", ".join(f"{letter} ≥ {number}" for letter, number in self.least.items() if number > 1)
        return f"for {least}" if least else ""

    @cached_property
    def system(self) -> Families:
        """The forward and the backward pass as a family, in an order in which they can be computed."""
        items = with_plain_sums(self.prepared, derived_items(self._found.flow, self.cases))
        return Families(self.prepared.head, (*self.prepared.items, *items), self.prepared.updates)

    def at(self, **numbers: int) -> System:
        """Return both passes for these numbers of steps, those of the cases or, for fewer steps, derived for them."""
        known = self.forward.numbers(numbers)
        if any(known[letter] < least for letter, least in self.least.items()):
            return self.for_steps(**numbers).system.at()
        return self.system.at(**numbers)

    def for_steps(self, **numbers: int) -> FamilyBackprop:
        """Return the derivatives for these numbers of steps alone: each step has a case of its own."""
        self.prepared.members(**numbers)
        blocks = blocks_at(self.prepared, self.forward.numbers(numbers))
        return FamilyBackprop(Families(blocks.head, blocks.items), self.wrt, self.derive)

    def windows(self, name: str) -> Iterator[StepWindowOf]:
        """Yield the systems that the derivatives by a tensor are derived in, those of the last steps first.

        The first of a case is that of the step itself; others are of equations that read it at all of their steps.
        """
        for case in reversed(self.cases.get(name, ())):
            own = {one.letter: (with_own_letter(one).letter, 0) for window in case.windows for one in window.over}
            change = everywhere(partial(_at, {**own, **case.points}))
            for window in case.windows:
                over = tuple(with_own_letter(steps) for steps in window.over)
                system, tensor = renamed_system(window.system, change), change(window.tensor)
                readers = tuple(map(change, window.readers))
                yield StepWindowOf(case, range_of(case), system, tensor, over, readers, window.beyond)

    def told(self, names: PrintedNames | None = None) -> Iterator[tuple[ShownFormula, str]]:
        """Yield each case as an equation with the steps that it holds for, "" for a single one."""
        yield from ((shown, range_of(case)) for shown, case in self._formulas(names))

    def lines(self, names: PrintedNames | None = None) -> Iterator[str]:
        """Yield each case as a line: ∂C/∂z[l; k] = … for l = 1..L-1."""
        for shown, ranges in self.told(names):
            yield str(shown) + (f"   for {ranges}" if ranges else "")

    def latex(self, names: PrintedNames | None = None) -> str:
        """Return all cases as an `aligned` environment, each with the steps that it holds for."""
        return aligned(shown.latex("&=") + ranges_latex(case_range(case)) for shown, case in self._formulas(names))

    def matrix(self, *, layout: str = "mixed", names: Names | Naming = "textbook") -> MatrixForms:
        """Return all cases in matrix form, each with the steps that it holds for; see `matrix_forms`."""
        taken = {t.name for t in self.forward.tensors()} | {d.tensor for d in self.forward.head.declarations}
        taken |= {*self.forward.letters}
        steps = frozenset(steps.letter for steps in self.prepared.ranges)
        called = book_names(names, taken, {}, self.forward.head.cost, layout)
        called = replace(called, last=self._read_by_the_cost(), steps=steps)
        lines = []
        for case in self._shown():
            ranges = ", ".join(range_text(steps) for steps in case_range(case))
            holds = f"   for {ranges}" if ranges else "", ranges_latex(case_range(case))
            equation = case_equation(case)
            letters = index_letters_taken(self.prepared, equation.value)
            line = matrix_line(*self._sides(equation), replace(called, taken=called.taken | letters))
            lines.append(replace(line, steps=holds))
        return MatrixForms(tuple(lines), called)

    def _read_by_the_cost(self) -> frozenset[Symbol]:
        """Return the members of families that an unknown cost reads, where it reads no other of the family."""
        read = [
            a.tensor
            for d in self.forward.head.declarations
            if d.tensor == self.forward.head.cost
            for a in d.arguments
            if isinstance(a.tensor, Tensor)
        ]
        count = Counter(tensor.name for tensor in read)
        return frozenset(tensor for tensor in read if count[tensor.name] == 1)

    def _formulas(self, names: PrintedNames | None) -> Iterator[tuple[ShownFormula, StepCase]]:
        """Yield each case as an equation, in the order in which they are told."""
        for case in self._shown():
            yield replace(self.formula(case), naming=names), case

    def _shown(self) -> Iterator[StepCase]:
        """Yield the cases that are shown, in the order in which they are told."""
        for name in self.order:
            yield from shown_cases(self.cases.get(name, ()))

    def formula(self, case: StepCase) -> ShownFormula:
        """Return a case as an equation."""
        return self._equation(case_equation(case))

    def named_sum(self, name: str) -> list[ShownFormula]:
        """Return the equations of a name that was made for a sum over steps, or for what it adds up."""
        made = (one.template for one in self._found.flow.by_name.get(name, ()))
        return [self._equation(template) for template in made if isinstance(template, Equation)]

    def _equation(self, equation: Equation) -> ShownFormula:
        """Return an equation laid out."""
        taken = index_letters_taken(self.prepared, equation.value)
        return equation_formula(*self._sides(equation), taken=taken)

    def _sides(self, equation: Equation) -> tuple[Indexed, Expr]:
        """Return the sides of an equation as they are printed, sums over steps with their ranges: Σ_{t=1..T}."""
        value = as_reductions(with_ranges(self.prepared, equation.value, Location("equation")))
        return equation.target, value

    @property
    def order(self) -> Sequence[str]:
        """What is derived by, in the order in which it is told: last to first, then what is declared."""
        defined = [one.target.name for one in reversed(self._found.flow.definitions)]
        known = dict.fromkeys([*defined, *self.cases])
        return [name for name in known if self.cases.get(name)]

    def document(self) -> Group:
        """Return all cases, each with the steps that it holds for, as a document."""
        shown = Group(tuple(_case(shown, case) for shown, case in self._formulas(None)), role="equations")
        return Group((shown, Group((Line((self.holds_for,)),), apart=True))) if self.holds_for else shown

    def _repr_latex_(self) -> str:
        return displayed(self.latex())

    def __str__(self) -> str:
        lines = [*self.lines(), *(["", self.holds_for] if self.holds_for else [])]
        return "\n".join(lines)


def _case(shown: ShownFormula, case: StepCase) -> Node:
    ranges = tuple(case_range(case))
    return Line(words(shown, "   for ", ranges_words(ranges)), whole=True) if ranges else shown


def range_of(case: StepCase) -> str:
    """Return the steps that a case holds for, as text: l = 1..L-1."""
    return ", ".join(range_text(steps) for steps in case_range(case))


def _at(points: Environment, tensor: Tensor) -> Tensor:
    return moved(tensor, points)


def checked_names(families: Families, wrt: Sequence[str]) -> tuple[str, ...]:
    """Return what is derived by, each by its name without superscripts. Raises DerivativeError for other names."""
    known = {t.name for t in families.tensors()} | {d.tensor.partition("[")[0] for d in families.head.declarations}
    names = [name.partition("[")[0] for name in wrt]
    for name in names:
        if name not in known:
            raise DerivativeError(f"no tensor named '{name}'", expected=f"known are {listed(sorted(known))}")
    if not families.head.cost:
        raise DerivativeError(
            "the system has no cost, so there is nothing to take derivatives of",
            expected="one equation marked as the cost",
        )
    return tuple(names)
