"""Simplify: the phases in their order, repeated until nothing changes.

collapse (Kronecker deltas), recognise (names, givens, identities), sums, multiply out, factor; then presentation. A
`Simplifier` belongs to one system, whose equations and givens are the facts it knows; it keeps what it has simplified
by shape. With steps asked for, the very same run is made again and written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from chainrule.expr.binding import Fresh, free_in_order, rename_indices, tensors_in
from chainrule.expr.nodes import Affine, Expr, Extent, Index, Indexed
from chainrule.render.text import expression_text
from chainrule.simplify.arithmetic import normal
from chainrule.simplify.collapse import COLLAPSE
from chainrule.simplify.context import Context, Fact
from chainrule.simplify.factoring import EXPAND, FACTOR
from chainrule.simplify.facts import FactBook
from chainrule.simplify.fitting import FIT
from chainrule.simplify.given import GIVEN, equations_of
from chainrule.simplify.identities import IDENTITIES
from chainrule.simplify.presentation import present
from chainrule.simplify.recognise import RECOGNISE, split_constants
from chainrule.simplify.shapes import Problem, abstract
from chainrule.simplify.sums import MERGE, SUMS
from chainrule.system.functions import put_in_functions
from chainrule.system.model import System, derivative_parts, is_derivative
from chainrule.system.profile import profile_of
from chainrule.system.rewriting import Recorder, Rule, Step, rewrite

PHASES: tuple[tuple[str, tuple[Rule[Context], ...]], ...] = (
    ("collapse", COLLAPSE),
    ("recognise", (*IDENTITIES, *GIVEN, *RECOGNISE)),
    ("sums", SUMS),
    ("multiply out", EXPAND),
    ("factor", (*FACTOR, *MERGE)),
)
_ROUNDS = 12


class Simplifier:
    """Simplifies expressions of one system."""

    def __init__(
        self,
        facts: Iterable[Fact] = (),
        names: Iterable[str] = (),
        unnamed: frozenset[Extent] = frozenset(),
        least: Mapping[Extent, int] | None = None,
        axes: Callable[[str], tuple[Extent, ...]] | None = None,
    ) -> None:
        self._unnamed = unnamed
        self._axes = axes
        self._least = least or {}
        self._book = FactBook(facts)
        self._rank = {name: place for place, name in enumerate(names)}
        self._known: dict[tuple[object, ...], Expr] = {}

    def _problem(self, expr: Expr, order: Sequence[Index], facts: Sequence[Fact]) -> Problem:
        """Return the problem without names. Tensors keep the order in which the system lists them."""
        tensors = sorted(tensors_in(expr), key=self._place)
        return abstract(expr, order, facts, tensors, self._unnamed, self._least, self._axes)

    def _place(self, tensor: str) -> tuple[int, str]:
        last = derivative_parts(tensor)[-1] if is_derivative(tensor) else tensor
        return self._rank.get(last, len(self._rank)), tensor

    def simplify(self, expr: Expr, order: Sequence[Index] = ()) -> Expr:
        """Return the simplest form. Where two free indices are equal, the one that comes first in `order` is kept."""
        problem = self._problem(expr, order, self._book.relevant(expr))
        result = self._known.get(problem.key)
        if result is None:
            result = self._known[problem.key] = _run(problem, None)
        return problem.back.expr(result)

    def steps(self, expr: Expr, order: Sequence[Index] = ()) -> tuple[Step, ...]:
        """Return the steps by which `simplify` arrives, as a book would write each line."""
        problem = self._problem(expr, order, self._book.relevant(expr))
        recorder = Recorder()
        _run(problem, recorder)
        shown = [_shown(step, problem) for step in recorder.steps]
        return tuple(step for step in shown if step.before != step.after)

    def arranged(self, expr: Expr, order: Sequence[Index] = ()) -> Expr:
        """Return what the first of the steps begins with: the expression in arithmetic normal form, for readers."""
        problem = self._problem(expr, order, ())
        return problem.back.expr(present(normal(problem.expr, Fresh())))

    def present(self, expr: Expr) -> Expr:
        """Return a simplified expression as a book would write it."""
        return present(expr)


def _shown(step: Step, problem: Problem) -> Step:
    """Return a step in the names of the system, as a book would write it."""
    back = problem.back
    names = tuple(back.tensors[name] for name in step.names)
    defined = f"by the equation that defines {' and '.join(names)}" if names and not step.assumption else step.statement
    before, after = back.expr(present(step.before)), back.expr(present(step.after))
    return replace(step, before=before, after=after, names=names, statement=defined)


def _run(problem: Problem, recorder: Recorder | None) -> Expr:
    names = tuple(fact for fact in problem.facts if not fact.assumption)
    givens = tuple(fact for fact in problem.facts if fact.assumption)
    context = Context(Fresh(), names, givens, dict(problem.least), dict(problem.axes))
    expr = normal(problem.expr, context.fresh)
    for _ in range(_ROUNDS):
        before = expr
        for phase, rules in PHASES:
            entered, expr = expr, rewrite(expr, rules, context, recorder)
            if phase == "sums" and expr != entered:
                break  # what sums left behind may have a name
        if expr == before:
            break
    return rewrite(expr, FIT, context, recorder) if context.axes else expr


def simplifier_of(system: System) -> Simplifier:
    """Return the simplifier that knows what a system names and what it is given.

    The cost is no name to be used: no book writes C in a derivative of C.
    """
    unnamed = frozenset(one.extent for one in system.derived if not one.given)
    bare = Simplifier(names=system.names(), unnamed=unnamed)
    named = [e for e in system.equations if e.name != system.cost]
    facts = [_fact(bare, e.indices, put_in_functions(e.value, system.function), e.target) for e in named]
    for given in system.givens:
        text = expression_text(given.condition)
        facts += [_fact(bare, free_in_order(long), long, short, text) for long, short in equations_of(given)]
    known = (fact for fact in facts if fact is not None)
    return Simplifier(known, system.names(), unnamed, _least(system), partial(_extents, system))


def _extents(system: System, tensor: str) -> tuple[Extent, ...]:
    """Return the extents of a tensor's axes; of one that the system does not have nothing is known."""
    try:
        return tuple(index.extent for index in system.axes(tensor))
    except KeyError:
        return ()


def _least(system: System) -> dict[Extent, int]:
    """Return how many entries axes have at least: those that an equation reads by number, whatever the values are."""
    found = dict(system.sizes)
    for equation in system.equations:
        profile = profile_of(equation)
        for place, (entry, _) in enumerate(profile.entries):
            if place in profile.protected or entry.guarded:
                continue
            for position, axis in zip(entry.indices, system.axes(entry.tensor), strict=True):
                if isinstance(position, Affine) and not position.terms:
                    found[axis.extent] = max(found.get(axis.extent, 0), position.constant + 1)
    return found


def _fact(bare: Simplifier, free: Sequence[Index], value: Expr, name: Expr, assumption: str = "") -> Fact | None:
    """Return the fact value = name, with variables apart from any other letters; None where it would match anything."""
    variables = {i: Index(f"?{i.name}", i.extent, i.letter) for i in free}
    pattern = bare.simplify(rename_indices(value, variables), tuple(variables.values()))
    _, found = split_constants(pattern)
    plain = len(found) == 1 and isinstance(next(iter(found)), Indexed) and not assumption
    if plain or not found:
        return None
    return Fact(pattern, rename_indices(name, variables), tuple(variables.values()), assumption)
