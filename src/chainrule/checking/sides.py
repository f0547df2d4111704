"""Both sides of every bracket, choice, relu and maximum: an answer may be right on one and wrong on the other.

Each is a margin, the difference of what is compared. Points that were drawn anyway reach most sides; for one that none
has reached points are drawn further apart, then led there as if it were a fact of the system. What cannot be reached is
said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from chainrule.checking.points import Point, drawn_points
from chainrule.errors import ChainruleError, InputError, VerificationError
from chainrule.execute.reference.evaluation import Evaluation
from chainrule.expr.binding import free_in_order, lookups_in, own_positions, substitute_indices, tensors_in
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import (
    MINUS_ONE,
    ZERO,
    Affine,
    Call,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Number,
    Position,
    Power,
    plus,
    times,
    walk,
)
from chainrule.expr.signs import UNKNOWN, Sign, is_not_negative, is_not_positive, sign_of
from chainrule.expr.sizes import Literal
from chainrule.render.text import expression_text
from chainrule.system.model import Given, System
from chainrule.system.user_functions import inline_functions
from chainrule.verify.sampling import random_evaluation
from chainrule.verify.unequal import LEAST, unequal_extents

SPREAD_TRIES = 24
DOMAIN_TRIES = 8
LED = 4
LED_TRIES = 2
LED_STEPS = 4
"""How many sides are led to, how often, and in how many steps; more would take seconds where there is no such point."""
FURTHER = (0, 8, 24, 56)
"""Points for one comparison, for two, for three and more: so many that all combinations of their sides are met."""
ENTRIES = 3
"""Where all comparisons are of tensors, each point has at least so many entries, and fewer points will do."""
FURTHER_SEED = 500
FIRST_SEED = 1000
"""Seeds of points that are drawn for a side; those of other points are smaller."""

Extend = Callable[[Sequence[Evaluation]], Sequence[Point]]
"""Gives evaluations of a forward system the values of derivatives."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison: where left > right, or where left < right.

    That of a `domain` is where a function of the answer may have no value; often nothing has one there.
    """

    left: Expr
    right: Expr
    above: bool
    domain: bool = False

    @property
    def text(self) -> str:
        """The side as a condition."""
        return expression_text(Comparison(">" if self.above else "<", self.left, self.right))

    @property
    def margin(self) -> Expr:
        """What is positive on this side."""
        parts = (self.left, self.right) if self.above else (self.right, self.left)
        return plus(parts[0], times(MINUS_ONE, parts[1]))

    def reached(self, evaluations: Iterable[Evaluation]) -> bool:
        """Say whether an entry lies on this side; where that cannot be told, nothing is missing."""
        margin = self.margin
        indices = free_in_order(margin)
        try:
            return any((evaluation.value_of(margin, indices) > 0).any() for evaluation in evaluations)
        except InputError:
            return True


def missing_sides(truth: Expr, answer: Expr, system: System, evaluations: Sequence[Evaluation]) -> tuple[Side, ...]:
    """Return the sides that no point has reached, of all that truth and answer and what they read compare."""
    found: dict[Side, None] = {}
    compared = [(pair, False) for pair in _all_compared(truth, answer, system)]
    own = inline_functions(answer, system.function)
    known = frozenset(_domains(inline_functions(truth, system.function)))
    compared += [(pair, True) for pair in _domains(own) if pair not in known]
    for (left, right), domain in compared:
        for above in (True, False):
            if not _never(left, right, system, above=above):
                found.setdefault(Side(left, right, above, domain))
    return tuple(side for side in found if not side.reached(evaluations))


def further_points(truth: Expr, answer: Expr, system: System, forward: System) -> tuple[Evaluation, ...]:
    """Return points at which the sides of several comparisons are met together, none for what compares nothing.

    An answer may be wrong only where a > 0 and b < 0: four points that meet each side may miss that.
    """
    compared = {frozenset(pair): pair for pair in _all_compared(truth, answer, system)}.values()
    count = FURTHER[min(len(compared), len(FURTHER) - 1)]
    if all(free_in_order(part) for pair in compared for part in pair if tensors_in(part)):
        count = -(-count // ENTRIES)
    found: list[Evaluation] = []
    for seed in range(FURTHER_SEED, FURTHER_SEED + count):
        with suppress(VerificationError):
            found.extend(drawn_points(forward, (seed,)))
    return tuple(found)


def points_on(missing: Sequence[Side], forward: System, extend: Extend) -> tuple[tuple[Point, ...], tuple[Side, ...]]:
    """Return further points that reach missing sides, and the sides that none was found for."""
    kept: list[Point] = []
    left = list(missing)
    for evaluation in _drawn(left, forward):
        (whole,) = extend((evaluation,))
        others = [side for side in left if not side.reached((whole.evaluation,))]
        if len(others) < len(left):
            kept.append(whole)
            left[:] = others
    return tuple(kept), tuple(side for side in left if not side.domain)


def _drawn(missing: Sequence[Side], forward: System) -> Iterator[Evaluation]:
    """Yield points far from each other, then some that are led to each side that is still missing."""
    for number in range(SPREAD_TRIES):
        if any(number < DOMAIN_TRIES or not side.domain for side in missing):
            yield from _point(forward, FIRST_SEED + number, spread=True)
    for side in [side for side in missing if not side.domain][:LED]:
        for seed in range(FIRST_SEED, FIRST_SEED + LED_TRIES):
            if side in missing:
                fact = Given(Comparison(">", _entry(side.margin, forward, seed), ZERO))
                yield from _point(replace(forward, givens=(*forward.givens, fact)), seed)


def _point(forward: System, seed: int, *, spread: bool = False) -> Iterator[Evaluation]:
    try:
        yield random_evaluation(forward, seed, unequal_extents(forward, seed), tries=1, steps=LED_STEPS, spread=spread)
    except ChainruleError:
        return


def _entry(margin: Expr, system: System, seed: int) -> Expr:
    """Return one entry of a margin."""
    draw = np.random.default_rng(seed)
    places: dict[Index, Position] = {}
    for index in free_in_order(margin):
        declared = index.extent.count if isinstance(index.extent, Literal) else system.size.get(index.extent, LEAST)
        places[index] = Affine((), int(draw.integers(min(declared, LEAST))))
    return substitute_indices(margin, places)


def _read(exprs: Iterable[Expr], system: System) -> Iterator[Expr]:
    """Yield expressions and all that they are computed from, with the bodies of functions put in."""
    seen = set[str]()
    waiting = list(exprs)
    while waiting:
        value = inline_functions(waiting.pop(), system.function)
        yield value
        for tensor in sorted(tensors_in(value) - seen):
            seen.add(tensor)
            if tensor in system.defined:
                waiting.append(system.defined[tensor].value)


def _all_compared(truth: Expr, answer: Expr, system: System) -> Iterator[tuple[Expr, Expr]]:
    """Yield what truth and answer and what they read compare."""
    for value in _read((truth, answer), system):
        yield from _compared(value)


def _compared(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Yield what an expression compares, but indices with each other; that two numbers are equal is no side."""
    for part in walk(expr):
        match part:
            case Comparison(relation, left, right) if relation not in ("=", "!="):
                if not (_is_position(left) and _is_position(right)):
                    yield left, right
            case Call(function, arguments, 0) if function in FUNCTIONS:
                yield from FUNCTIONS[function].compared(arguments)
            case _:
                pass


def _domains(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Yield what functions are taken of that have no value below a number, and the number."""
    for part in walk(expr):
        match part:
            case Call(function, (argument,), 0) if function in FUNCTIONS:
                least = FUNCTIONS[function].least
                if least is not None:
                    yield argument, Number(Fraction(least))
            case Power(base, exponent) if not (isinstance(exponent, Number) and exponent.value.denominator == 1):
                yield base, ZERO
            case _:
                pass


def _is_position(expr: Expr) -> bool:
    return isinstance(expr, Number | ExtentValue) or (
        isinstance(expr, IndexValue) and not lookups_in(own_positions(expr))
    )


def _never(left: Expr, right: Expr, system: System, *, above: bool) -> bool:
    """Say whether left > right, or left < right, is plain to hold nowhere: a square is never below 0."""
    found: dict[str, Sign] = {}

    def computed(part: Expr) -> Sign:
        if not isinstance(part, Indexed) or part.tensor not in system.defined:
            return UNKNOWN
        if part.tensor not in found:
            found[part.tensor] = sign_of(system.defined[part.tensor].value, computed)
        return found[part.tensor]

    low, high = (left, right) if above else (right, left)
    return is_not_positive(low, computed) and is_not_negative(high, computed)
