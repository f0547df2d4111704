"""A system outside of training: what is drawn, as what it is on average.

Of a condition on one drawn number its probability: [uniform(…) ≥ p] is 1 − p. Elsewhere its mean: uniform(…) is 1/2,
normal(…) is 0. Where equations are linear in what is drawn, as those of dropout are and the noise of a variational
autoencoder, every value is then its own mean; elsewhere it is that of the mean draw.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from chainrule.expr.binding import map_condition, map_operands, tensors_in
from chainrule.expr.functions import DRAWN, FUNCTIONS, Distribution
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
    Number,
    Power,
    Product,
    Select,
    Sum,
    minus,
    number,
    plus,
    times,
)
from chainrule.expr.shared import kept
from chainrule.expr.signs import MIRRORED
from chainrule.notation.parser import parse_scalar
from chainrule.system.drawn import drawn_in
from chainrule.system.model import Equation, System
from chainrule.system.typecheck import typecheck


@kept
def on_average(system: System) -> System:
    r"""Return the system with what is drawn as what it is on average; itself where nothing is.

    >>> from chainrule.notation import parse
    >>> text = "param a[j]\nconst p = 0.2\nd[j] = [uniform(7, step, j) >= p]*a[j]/(1 - p) + p*normal(7, step, j)"
    >>> print(on_average(parse(text)).equations[0])
    d[j] = a[j]
    """
    if not any(drawn_in(e.value) for e in system.equations):
        return system
    consts: dict[str, Fraction] = {
        d.tensor: d.value.value for d in system.declarations if d.role == "const" and isinstance(d.value, Number)
    }
    mean = _Mean(consts)
    equations = tuple(Equation(e.target, mean.of(e.value)) for e in system.equations)
    read = frozenset().union(*(tensors_in(e.value) for e in (*equations, *system.updates)))
    declarations = tuple(d for d in system.declarations if d.tensor in read or not d.implied)
    return typecheck(replace(system, declarations=declarations, equations=equations))


class _Mean:
    """What expressions are with drawn numbers as they are on average; `consts` have these values."""

    def __init__(self, consts: dict[str, Fraction]) -> None:
        self.consts = consts

    def of(self, expr: Expr) -> Expr:
        """Return an expression without anything drawn."""
        if not drawn_in(expr):
            return expr
        match expr:
            case Call(function) if function in DRAWN:
                return Number(_distribution(function).mean)
            case Bracket(condition):
                chance = self.chance(condition)
                return Bracket(map_condition(condition, self.of)) if chance is None else chance
            case Select(condition, then, otherwise) if drawn_in(condition):
                chance, yes, no = self.chance(condition), self.of(then), self.of(otherwise)
                if chance is None:
                    return Select(map_condition(condition, self.of), yes, no)
                return plus(times(chance, yes), times(_less(ONE, chance), no))
            case Product(factors):
                product = times(*map(self.of, factors))
                return ZERO if isinstance(product, Product) and ZERO in product.factors else without_cancelling(product)
            case Sum(terms):
                return plus(*(term for term in map(self.of, terms) if term != ZERO))
            case _:
                return map_operands(expr, self.of)

    def chance(self, condition: Condition) -> Expr | None:
        """Return the probability of a comparison of one drawn number with something that is not drawn, else None."""
        if not isinstance(condition, Comparison):
            return None
        relation, left, right = condition.relation, condition.left, condition.right
        if isinstance(right, Call) and right.function in DRAWN:
            relation, left, right = MIRRORED[relation], right, left
        if not isinstance(left, Call) or left.function not in DRAWN or drawn_in(right):
            return None
        if relation in {"=", "!="}:
            return ONE if relation == "!=" else ZERO
        above = self.with_bound(parse_scalar(_distribution(left.function).above, ("t",)), right)
        return above if relation in {">", ">="} else _less(ONE, above)

    def with_bound(self, expr: Expr, bound: Expr) -> Expr:
        """Return a probability for a bound; a number within limits is that number."""
        match expr:
            case Indexed("t"):
                return bound
            case Call("clip", (value, Number(low), Number(high))):
                inner = self.with_bound(value, bound)
                known = self.value(inner)
                if known is not None and low <= known <= high:
                    return inner
                return Call("clip", (inner, number(low), number(high)))
            case Sum((first, Product((Number(factor), rest)))) if factor == -1:
                return _less(first, self.with_bound(rest, bound))
            case _:
                return map_operands(expr, lambda part: self.with_bound(part, bound))

    def value(self, expr: Expr) -> Fraction | None:
        """Return the number that an expression is, if it is a number or a const with a value."""
        match expr:
            case Number(value):
                return value
            case Indexed(tensor, ()):
                return self.consts.get(tensor)
            case _:
                return None


def _distribution(function: str) -> Distribution:
    kind = FUNCTIONS[function].drawn
    assert kind is not None, function
    return kind


def _less(whole: Expr, part: Expr) -> Expr:
    """Return whole − part; 1 − (1 − p) is p."""
    match whole, part:
        case Number(one), Number(other):
            return Number(one - other)
        case _, Sum((first, Product((Number(factor), rest)))) if first == whole and factor == -1:
            return rest
        case _:
            return plus(whole, minus(part))


def without_cancelling(expr: Expr) -> Expr:
    """Return a product without factors that stand in it as divisors too."""
    factors: list[Expr] = list(expr.factors) if isinstance(expr, Product) else [expr]
    for factor in tuple(factors):
        if factor in factors and Power(factor, MINUS_ONE) in factors:
            factors.remove(factor)
            factors.remove(Power(factor, MINUS_ONE))
    return times(*factors)
