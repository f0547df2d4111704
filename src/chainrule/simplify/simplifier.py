"""Simplify: the phases in their order, repeated until nothing changes.

collapse (Kronecker deltas), recognise (names, givens, identities), sums, multiply out, factor; then presentation. A
`Simplifier` belongs to one system, whose equations and givens are the facts it knows; it keeps what it has simplified
by shape. With steps asked for, the very same run is made again and written down.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import TypeAlias

from chainrule.errors import InputError
from chainrule.expr.binding import Fresh, free_in_order, rename_indices, substitute_indices, tensors_in
from chainrule.expr.nodes import Expr, Index, Indexed, Number, Power, Product, Reduce, times
from chainrule.expr.sizes import Size
from chainrule.expr.skeleton import Bare, Names, Shape, bare, joined
from chainrule.expr.symbols import Symbol, tensors_of
from chainrule.render.document import joined as joined_words
from chainrule.render.document import words
from chainrule.render.formula import whole
from chainrule.render.text import expression_text
from chainrule.rewrite.rules import Recorder, Rule, Step, rewrite
from chainrule.simplify.arithmetic import normal
from chainrule.simplify.by_its_name import is_worth_its_name, may_be_worth_it
from chainrule.simplify.cancelling import CANCEL, INTO_SUMS, cancelled_factors, factors_lost
from chainrule.simplify.choices import CHOICES
from chainrule.simplify.collapse import COLLAPSE
from chainrule.simplify.context import Context, Fact, Ranges
from chainrule.simplify.exponents import EXPONENTS
from chainrule.simplify.factoring import EXPAND, FACTOR
from chainrule.simplify.facts import FactBook, Filed, filed
from chainrule.simplify.fitting import FIT
from chainrule.simplify.given import GIVEN, equations_of
from chainrule.simplify.identities import IDENTITIES
from chainrule.simplify.marks import MARKS
from chainrule.simplify.one_hot import ONE_HOT
from chainrule.simplify.presentation import present
from chainrule.simplify.recognise import NAMES, STATED, split_constants
from chainrule.simplify.shapes import Problem, abstract, shape_of
from chainrule.simplify.shares import SHARES, shares_of
from chainrule.simplify.sums import MERGE, SUMS
from chainrule.simplify.written import AS_IT_COMES, Written, written_in
from chainrule.system.derived import solve
from chainrule.system.model import Equation, System
from chainrule.system.sizes.constraints import read_by_number
from chainrule.system.user_functions import bare_equation, inline_functions, whole_equations

Phases: TypeAlias = tuple[tuple[str, tuple[Rule[Context], ...]], ...]
PHASES: Phases = (
    ("collapse", COLLAPSE),
    ("recognise", (*IDENTITIES, *CHOICES, *EXPONENTS, *SHARES, *ONE_HOT, *GIVEN, *NAMES, *STATED)),
    ("sums", SUMS),
    ("multiply out", (*EXPAND, *MARKS, *CANCEL)),
    ("factor", (*FACTOR, *MERGE)),
)
_RESTS_ON: Mapping[Rule[Context], Callable[[Context], tuple[Fact, ...]]] = {
    **dict.fromkeys(SHARES, attrgetter("shares")),
    **dict.fromkeys((*ONE_HOT, *GIVEN, *STATED), attrgetter("givens")),
    **dict.fromkeys(NAMES, attrgetter("names")),
}
"""The facts without which a rule has nothing to say."""
_ROUNDS = 12
_MULTIPLIES_OUT = frozenset(rule.name for rule in (*EXPAND, *INTO_SUMS))


class Simplifier:
    """Simplifies expressions of one system."""

    def __init__(
        self,
        facts: Iterable[Filed] = (),
        names: Iterable[str] = (),
        unnamed: frozenset[Size] = frozenset(),
        ranges: Ranges | None = None,
        axes: Callable[[str], tuple[Size, ...] | None] = lambda _: None,
        written: Written = AS_IT_COMES,
    ) -> None:
        self._written = written
        self._unnamed = unnamed
        self._axes = axes
        self._ranges = ranges or Ranges()
        self._book = FactBook(facts)
        self._bare_axes: dict[str, Bare | None] = {}
        self._places = _Places({name: place for place, name in enumerate(names)})
        self._known: dict[tuple[object, ...], tuple[Expr, Names]] = {}

    def _problem(self, expr: Expr, facts: Sequence[Filed], names: Names) -> Problem:
        """Return the problem without names. Tensors keep the order in which the system lists them."""
        return abstract(expr, [one.fact for one in facts], names, self._unnamed, self._ranges, self._axes)

    def _problem_of(self, expr: Expr, order: Sequence[Index], facts: Sequence[Filed]) -> Problem:
        return self._problem(expr, facts, self._shape((*map(bare, order), bare(expr)), tensors_in(expr), facts).names)

    def _listed(self, tensors: frozenset[Symbol]) -> list[Symbol]:
        return sorted(tensors, key=self._places.__getitem__)

    def simplify(self, expr: Expr, order: Sequence[Index] = ()) -> Expr:
        """Return the simplest form. Where two free indices are equal, the one that comes first in `order` is kept."""
        facts = self._book.relevant(tensors_in(expr))
        shape = self._shape((*map(bare, order), bare(expr)), tensors_in(expr), facts)
        alike = self._known.get(shape.key)
        if alike is not None:
            known, names = alike
            return names.to(shape.names).of(known)
        problem = self._problem(expr, facts, shape.names)
        made = problem.back.of(_run(problem, None))
        self._known[shape.key] = made, shape.names
        return made

    def steps(self, expr: Expr, order: Sequence[Index] = ()) -> tuple[Step, ...]:
        """Return the steps by which `simplify` arrives, as a book would write each line."""
        problem = self._problem_of(expr, order, self._book.relevant(tensors_in(expr)))
        recorder = Recorder()
        _run(problem, recorder)
        shown = [_shown(step, problem, self._written) for step in recorder.steps]
        return tuple(step for step in shown if step.before != step.after)

    def arranged(self, expr: Expr, order: Sequence[Index] = ()) -> Expr:
        """Return what the first of the steps begins with: the expression in arithmetic normal form, for readers."""
        problem = self._problem_of(expr, order, ())
        return self.present(problem.back.of(normal(problem.expr, Fresh())))

    def shape(self, items: Sequence[Bare], compared: Iterable[Size] = ()) -> Shape:
        """Return the shape of some expressions with all that is known of what they read.

        What is made of them by simplifying them and what they hold is, in other names, what is made of others of this
        shape, deltas between indices of the extents `compared` included.
        """
        read = frozenset([leaf for item in items for leaf in item.leaves if isinstance(leaf, str)])
        return self._shape(items, read, self._book.relevant(read), compared)

    def _shape(
        self,
        items: Iterable[Bare],
        tensors: frozenset[Symbol],
        facts: Iterable[Filed],
        compared: Iterable[Size] = (),
    ) -> Shape:
        parts = [*items, *[fact.bare for fact in facts]]
        return shape_of(parts, self._listed(tensors), self._unnamed, self._ranges, self._axes_of, compared)

    def _axes_of(self, tensor: Symbol) -> Bare | None:
        if tensor not in self._bare_axes:
            known = self._axes(tensor)
            self._bare_axes[tensor] = None if known is None else joined((), list(map(bare, known)))
        return self._bare_axes[tensor]

    def relates(self, left: frozenset[Symbol], right: frozenset[Symbol]) -> bool:
        """Say whether a fact has tensors of both in it."""
        return self._book.relates(left, right)

    def cancelled(self, expr: Expr) -> tuple[Expr, ...]:
        """Return the factors that an expression loses in the normal form, since it is divided by them, too."""
        return tuple(map(self.present, cancelled_factors(expr, Fresh())))

    def lost(self, step: Step) -> tuple[Expr, ...]:
        """Return the factors that a step loses because it multiplies sums out that are divided by them."""
        if step.rule not in _MULTIPLIES_OUT:
            return ()
        return tuple(map(self.present, factors_lost(step.before, step.after, Fresh())))

    def present(self, expr: Expr) -> Expr:
        """Return a simplified expression as a book would write it."""
        return present(expr, self._written)

    def presents_alike(self, tensors: Iterable[Symbol]) -> bool:
        """Say whether how an expression with these tensors is written does not depend on what they are called."""
        return not self._written.may_know(tensors)


class _Places(dict[Symbol, tuple[int, str]]):
    """Where each tensor is listed, worked out when it is first asked for: a derivative where what it is by is."""

    def __init__(self, rank: Mapping[str, int]) -> None:
        self._rank = rank

    def __missing__(self, tensor: Symbol) -> tuple[int, str]:
        place = self[tensor] = self._rank.get(tensors_of(tensor)[-1], len(self._rank)), tensor
        return place


def _shown(step: Step, problem: Problem, written: Written) -> Step:
    """Return a step in the names of the system, as a book would write it."""
    back = problem.back
    names = tuple(back.tensors[name] for name in step.names)
    law = words("by the definition of ", joined_words(tuple(map(whole, names)), " and ")) if names else step.law
    before, after = present(back.of(step.before), written), present(back.of(step.after), written)
    return replace(step, before=before, after=after, names=names, law=step.law if step.assumption else law)


def _phases(context: Context) -> Phases:
    """Return the phases without the rules that rest on facts of a kind that there is none of."""
    silent = {rule for rule, facts in _RESTS_ON.items() if not facts(context)}
    return tuple([(phase, tuple([rule for rule in rules if rule not in silent])) for phase, rules in PHASES])


def _run(problem: Problem, recorder: Recorder | None) -> Expr:
    stated = [fact for fact in problem.facts if not fact.assumption]
    context = Context(
        Fresh(),
        names=tuple(fact for fact in stated if not isinstance(fact.replacement, Number)),
        givens=tuple(fact for fact in problem.facts if fact.assumption),
        shares=tuple(fact for fact in stated if isinstance(fact.replacement, Number)),
        ranges=problem.ranges,
    )
    phases = _phases(context)
    settled: dict[str, set[Expr]] = {phase: set() for phase, _ in phases}
    expr = normal(problem.expr, context.fresh)
    for _ in range(_ROUNDS):
        before = expr
        for phase, rules in phases:
            entered, expr = expr, rewrite(expr, rules, context, recorder, settled[phase])
            if phase == "sums" and expr != entered:
                break  # what sums left behind may have a name
        if expr == before:
            break
    return rewrite(expr, FIT, context, recorder) if context.ranges.axes else expr


def simplifier_of(system: System, free: Collection[str] = (), *, cost_named: bool = True) -> Simplifier:
    """Return the simplifier that knows what a system names and what it is given.

    Of tensors that are `free` it does not use that their equations make their sums a number: they may be derived by.
    Unless it is `cost_named`, the cost stands nowhere by its name.
    """
    unnamed = frozenset(one.extent for one in system.derived if not one.given)
    ranges = _ranges(system)
    axes = partial(_extents, system)
    simple = Simplifier(names=system.names(), unnamed=unnamed, ranges=ranges, axes=axes)
    whole = whole_equations(system)
    values = {name: equation.value for name, equation in whole.items()}
    moving = {*system.params, *values}
    called = {e.name for e in system.equations if e.name != system.cost or may_be_worth_it(values[e.name], moving)}
    named = [e for e in system.equations if e.name in called and (cost_named or e.name != system.cost)]
    alike: _Facts = {}
    facts = [f for e in named if (f := _fact_alike(simple, whole[e.name], alike)) is not None]
    facts = [f for f in facts if system.cost not in f.replaced or is_worth_its_name(f.fact.pattern, moving)]
    totals = partial(_with_totals, system=system)
    derived_by = frozenset(free)
    shared = [e for e in system.equations if e.indices and e.name not in derived_by]
    facts += [filed(f) for e in shared for f in shares_of(e.target, values[e.name], simple.simplify, totals)]
    for given in system.givens:
        text = expression_text(given.condition)
        given_facts = [_fact(simple, free_in_order(long), long, short, text) for long, short in equations_of(given)]
        facts += [filed(fact) for fact in given_facts if fact is not None]
    written = written_in(e.value for e in system.equations)
    return Simplifier(facts, system.names(), unnamed, ranges, axes, written)


def _extents(system: System, tensor: str) -> tuple[Size, ...] | None:
    """Return the extents of a tensor's axes; of one that the system does not have nothing is known."""
    try:
        return tuple(index.extent for index in system.axes(tensor))
    except KeyError:
        return None


def _ranges(system: System) -> Ranges:
    """Return how far indices run: what is declared and what follows from it."""
    sizes = dict(system.sizes)
    if sizes:
        with suppress(InputError):
            sizes = solve([one for one in system.derived if not one.given], sizes)
    numbered = read_by_number(system)
    return Ranges({e: max(numbered.get(e, 0), sizes.get(e, 0)) for e in {**sizes, **numbered}}, sizes)


def _with_totals(value: Expr, system: System) -> Expr:
    """Return a quotient with the value of what it is divided by in the place of its name."""
    match value:
        case Product(factors):
            return times(*(_with_totals(factor, system) for factor in factors))
        case Power(Indexed(tensor, positions), Number(exponent)) if exponent < 0 and tensor in system.defined:
            equation = system.defined[tensor]
            named = dict(zip(equation.indices, positions, strict=True))
            below = substitute_indices(inline_functions(equation.value, system.function), named)
            return Power(below, Number(exponent)) if isinstance(equation.value, Reduce) else value
        case _:
            return value


def _fact_alike(simple: Simplifier, equation: Equation, alike: _Facts) -> Filed | None:
    """Return the fact value = name, from that of an equation alike in all but names where there is one."""
    shape = simple.shape([bare_equation(equation)])
    found = alike.get(shape.key)
    if found is None:
        fact = _fact(simple, equation.indices, equation.value, equation.target)
        known = None if fact is None else filed(fact)
        alike[shape.key] = known, shape.names
        return known
    known, names = found
    return None if known is None else known.renamed(names.to(shape.names).marked("?"))


_Facts: TypeAlias = dict[object, tuple[Filed | None, Names]]


def _fact(simple: Simplifier, free: Sequence[Index], value: Expr, name: Expr, assumption: str = "") -> Fact | None:
    """Return the fact value = name, with variables apart from any other letters; None where it would match anything."""
    variables = {i: Index(f"?{i.name}", i.extent, i.letter) for i in free}
    pattern = simple.simplify(rename_indices(value, variables), tuple(variables.values()))
    _, found = split_constants(pattern)
    plain = len(found) == 1 and isinstance(next(iter(found)), Indexed) and not assumption
    if plain or not found:
        return None
    return Fact(pattern, rename_indices(name, variables), tuple(variables.values()), assumption)
