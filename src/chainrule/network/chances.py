"""The probability of a condition on drawn numbers, as an expression of what is not drawn.

A comparison that is linear in one drawn number bounds it on one side; conditions joined by `and` bound it on both, and
the probability of an interval is the difference of two values of the distribution function. What is joined by `or` or
denied comes down to that. Numbers drawn for different arguments are independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import prod
from types import MappingProxyType

from chainrule.expr.binding import map_operands
from chainrule.expr.functions import DRAWN, FUNCTIONS, OPPOSITE, Distribution
from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Bracket,
    Call,
    Comparison,
    Condition,
    Expr,
    Indexed,
    Logic,
    Number,
    Power,
    Product,
    Select,
    Sum,
    minus,
    number,
    plus,
    times,
    walk,
)
from chainrule.expr.shared import kept
from chainrule.expr.signs import MIRRORED
from chainrule.notation.parser import parse_scalar

_MOST_ALTERNATIVES = 6
"""So many conditions joined by `or` are told apart at most: of 6 there are 2^6 − 1 that may hold together."""


@dataclass(frozen=True)
class Chances:
    """Probabilities where consts have these values."""

    consts: Mapping[str, Fraction]

    def of(self, condition: Condition) -> Expr | None:
        """Return the probability of a condition, None where it is not known."""
        alternatives = _alternatives(condition)
        if len(alternatives) > _MOST_ALTERNATIVES:
            return None
        terms: list[Expr] = []
        for count in range(1, len(alternatives) + 1):
            for chosen in combinations(alternatives, count):
                chance = self._all_of(tuple(dict.fromkeys(part for one in chosen for part in one)))
                if chance is None:
                    return None
                terms.append(chance if count % 2 else minus(chance))
        return self._sum(terms)

    def _all_of(self, parts: Sequence[Comparison]) -> Expr | None:
        """Return the probability that all comparisons hold."""
        drawn: dict[Call, list[Comparison]] = {}
        factors: list[Expr] = []
        for part in parts:
            calls = draws_in(part)
            if not calls:
                factors.append(Bracket(part))
            elif len(calls) == 1:
                drawn.setdefault(calls[0], []).append(part)
            else:
                return self._of_two(parts)
        for call, comparisons in drawn.items():
            chance = self._within(call, [], comparisons)
            if chance is None:
                return None
            factors.append(chance)
        return ZERO if ZERO in factors else times(*(f for f in factors if f != ONE))

    def _of_two(self, parts: Sequence[Comparison]) -> Expr | None:
        """Return 1/2 for a comparison of two numbers drawn alike, None for another one with several."""
        if len(parts) > 1:
            return None
        first, second, *others = draws_in(parts[0])
        sides = {parts[0].left, parts[0].right}
        if others or sides != {first, second} or first.function != second.function:
            return None
        return {"=": ZERO, "!=": ONE}.get(parts[0].relation, Number(Fraction(1, 2)))

    def _within(self, call: Call, bounds: list[tuple[str, Expr]], left: Sequence[Comparison]) -> Expr | None:
        """Return the probability that a drawn number is within bounds and the comparisons left hold."""
        if not left:
            return self._between(call, bounds)
        relation = left[0].relation
        sides = (side for side in (left[0].left, _negative(left[0].right)) if side != ZERO)
        form = linear_in(plus(*sides), call)
        if form is None:
            return None
        slope, offset = form
        size = self.value(slope)
        if size == 0:
            return None
        bound = self._quotient(_negative(offset), slope)
        if size is not None:
            return self._within(call, [*bounds, (relation if size > 0 else MIRRORED[relation], bound)], left[1:])
        rising, falling = (self._within(call, [*bounds, (r, bound)], left[1:]) for r in (relation, MIRRORED[relation]))
        rest = self._within(call, bounds, left[1:])
        if rising is None or falling is None or rest is None:
            return None
        level = times(Bracket(Comparison(relation, offset, ZERO)), rest)
        above, below = (Comparison(sign, slope, ZERO) for sign in (">", "<"))
        return Select(above, rising, Select(below, falling, level))

    def _between(self, call: Call, bounds: Sequence[tuple[str, Expr]]) -> Expr:
        """Return the probability that a drawn number is within all bounds: above some, below others."""
        if any(relation == "=" for relation, _ in bounds):
            return ZERO
        lows = [bound for relation, bound in bounds if relation in {">", ">="}]
        highs = [bound for relation, bound in bounds if relation in {"<", "<="}]
        low, high = self._extreme("maximum", lows), self._extreme("minimum", highs)
        above = ONE if low is None else self._above(call, low)
        beyond = ZERO if high is None else self._above(call, high)
        if low is None or high is None:
            return less(above, beyond) if beyond != ZERO else above
        chance = self._sum([above, minus(beyond)])
        return chance if isinstance(chance, Number) and chance.value >= 0 else self._at_least_zero(chance)

    def _at_least_zero(self, chance: Expr) -> Expr:
        return ZERO if isinstance(chance, Number) else Call("relu", (chance,))

    def _extreme(self, function: str, bounds: Sequence[Expr]) -> Expr | None:
        """Return the largest or the smallest of some bounds, None if there are none."""
        best: Expr | None = None
        for bound in dict.fromkeys(bounds):
            one, other = (None, None) if best is None else (self.value(best), self.value(bound))
            if best is None:
                best = bound
            elif one is None or other is None:
                best = Call(function, (best, bound))
            elif (other > one) == (function == "maximum"):
                best = bound
        return best

    def _above(self, call: Call, bound: Expr) -> Expr:
        """Return the probability that a drawn number is above a bound."""
        return self._with_bound(parse_scalar(distribution(call.function).above, ("t",)), bound)

    def _with_bound(self, expr: Expr, bound: Expr) -> Expr:
        """Return a probability for a bound; a number within limits is that number."""
        match expr:
            case Indexed("t"):
                return bound
            case Call("clip", (value, Number(low), Number(high))):
                inner = self._with_bound(value, bound)
                known = self.value(inner)
                if known is None:
                    return Call("clip", (inner, number(low), number(high)))
                return inner if low <= known <= high else Number(min(max(known, low), high))
            case Sum((first, Product((Number(factor), rest)))) if factor == -1:
                return less(first, self._with_bound(rest, bound))
            case _:
                return map_operands(expr, lambda part: self._with_bound(part, bound))

    def value(self, expr: Expr) -> Fraction | None:
        """Return the number that an expression is, made of numbers and consts with a value; None for another."""
        return _number_of(expr, self.consts)

    def _quotient(self, above: Expr, below: Expr) -> Expr:
        if below == ONE:
            return above
        return _negative(above) if below == MINUS_ONE else _folded(times(above, Power(below, MINUS_ONE)))

    def _sum(self, terms: Sequence[Expr]) -> Expr:
        """Return a sum, the numbers in it added up."""
        known = [_number_of(term) for term in terms]
        total = sum((value for value in known if value is not None), Fraction(0))
        others = [term for term, value in zip(terms, known, strict=True) if value is None]
        return plus(*([Number(total)] if total or not others else []), *others)


def distribution(function: str) -> Distribution:
    """Return how a function draws."""
    kind = FUNCTIONS[function].drawn
    assert kind is not None, function
    return kind


@kept
def draws_in(node: Expr | Condition) -> tuple[Call, ...]:
    """Return the drawn numbers in a node, each once."""
    return tuple(dict.fromkeys(part for part in walk(node) if isinstance(part, Call) and part.function in DRAWN))


def linear_in(expr: Expr, call: Call) -> tuple[Expr, Expr] | None:
    """Return a and b of a·call + b, which do not draw; None for another expression.

    >>> from chainrule.expr.nodes import number
    >>> u, x = Call("uniform", (number(7),)), Indexed("x")
    >>> linear_in(plus(times(number(2), u), x), u) == (number(2), x)
    True
    """
    match expr:
        case Call() if expr == call:
            return ONE, ZERO
        case _ if not draws_in(expr):
            return ZERO, expr
        case Sum(terms):
            forms = [linear_in(term, call) for term in terms]
            if any(form is None for form in forms):
                return None
            slopes, offsets = zip(*(form for form in forms if form is not None), strict=True)
            return _total(slopes), _total(offsets)
        case Product(factors):
            drawing = [n for n, factor in enumerate(factors) if draws_in(factor)]
            form = linear_in(factors[drawing[0]], call) if len(drawing) == 1 else None
            if form is None:
                return None
            others = [factor for n, factor in enumerate(factors) if n != drawing[0]]
            return _scaled(form[0], others), _scaled(form[1], others)
        case _:
            return None


def _alternatives(condition: Condition, *, denied: bool = False) -> list[tuple[Comparison, ...]]:
    """Return comparisons of which all of some alternative must hold; too many for a condition with too many."""
    if isinstance(condition, Comparison):
        relation = OPPOSITE[condition.relation] if denied else condition.relation
        return [(Comparison(relation, condition.left, condition.right),)]
    if condition.op == "not":
        return _alternatives(condition.operands[0], denied=not denied)
    parts = [_alternatives(part, denied=denied) for part in condition.operands]
    if (condition.op == "or") != denied:
        return list(dict.fromkeys(one for part in parts for one in part))
    found: list[tuple[Comparison, ...]] = [()]
    for part in parts:
        found = [(*one, *other) for one in found for other in part][: _MOST_ALTERNATIVES + 1]
    return found


def joined(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that all of some hold."""
    parts = tuple(conditions)
    return parts[0] if len(parts) == 1 else Logic("and", parts)


def less(whole: Expr, part: Expr) -> Expr:
    """Return whole − part; 1 − (1 − p) is p."""
    match whole, part:
        case Number(one), Number(other):
            return Number(one - other)
        case _, Sum((first, Product((Number(factor), rest)))) if first == whole and factor == -1:
            return rest
        case _:
            return plus(whole, minus(part))


def _number_of(expr: Expr, consts: Mapping[str, Fraction] = MappingProxyType({})) -> Fraction | None:
    """Return the number that an expression is, if it is made of numbers, and of consts that have these values."""
    match expr:
        case Number(value):
            return value
        case Indexed(tensor, ()):
            return consts.get(tensor)
        case Sum(parts) | Product(parts):
            values = [v for v in (_number_of(part, consts) for part in parts) if v is not None]
            whole = sum if isinstance(expr, Sum) else prod
            return whole(values, start=Fraction(isinstance(expr, Product))) if len(values) == len(parts) else None
        case Power(base, Number(exponent)) if exponent.denominator == 1:
            known = _number_of(base, consts)
            return None if known is None or (known == 0 and exponent <= 0) else known ** int(exponent)
        case _:
            return None


def _folded(expr: Expr) -> Expr:
    """Return an expression that is made of numbers alone as a number."""
    value = _number_of(expr)
    return expr if value is None else Number(value)


def _negative(expr: Expr) -> Expr:
    match expr:
        case Product((Number(factor), rest)) if factor == -1:
            return rest
        case _:
            return _folded(minus(expr))


def _total(terms: Sequence[Expr]) -> Expr:
    return _folded(plus(*(term for term in terms if term != ZERO)))


def _scaled(expr: Expr, others: Sequence[Expr]) -> Expr:
    if expr == ZERO:
        return ZERO
    return _folded(times(*(() if expr == ONE else (expr,)), *others))
