"""A system outside of training: what is drawn, as what it is on average.

Of a condition on drawn numbers its probability: [uniform(…) ≥ p] is 1 − p. Elsewhere the mean of what is drawn:
uniform(…) is 1/2, normal(…) is 0. Where equations are linear in these, as those of dropout are and the noise of a
variational autoencoder, every value is then its own mean; elsewhere it is that of the mean draw. An equation that does
nothing but draw is written out where it is read, so that it makes no difference which draws have names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from chainrule.expr.binding import can_stand_at, map_condition, map_operands, substitute_indices, tensors_in
from chainrule.expr.functions import DRAWN
from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Bracket,
    Call,
    Condition,
    Expr,
    Indexed,
    Number,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    plus,
    times,
    walk,
)
from chainrule.expr.shared import kept
from chainrule.network.chances import Chances, distribution, draws_in, joined, less
from chainrule.system.drawn import counting, drawn_in
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
    return _averaged(system)[0]


def not_averaged(system: System) -> tuple[str, ...]:
    r"""Return the tensors of which the mean is not known: they are those of mean draws.

    >>> from chainrule.notation import parse
    >>> not_averaged(parse("data a[j]\nd[j] = [normal(7, j)^2 < 1]*a[j]"))
    ('d',)
    """
    return _averaged(system)[1]


@kept
def _averaged(system: System) -> tuple[System, tuple[str, ...]]:
    if not any(drawn_in(e.value) for e in system.equations):
        return system, ()
    consts: dict[str, Fraction] = {
        d.tensor: d.value.value for d in system.declarations if d.role == "const" and isinstance(d.value, Number)
    }
    chances = Chances(consts)
    draws: dict[str, Equation] = {}
    equations: list[Equation] = []
    unknown: list[str] = []
    for equation in system.equations:
        mean = _Mean(chances)
        value = _written_out(equation.value, draws)
        if _only_draws(system, value):
            draws[equation.name] = Equation(equation.target, value)
        equations.append(Equation(equation.target, mean.of(value)))
        marked = any(isinstance(part, Indexed) and part.guarded and part.tensor in draws for part in walk(value))
        if (marked or mean.unknown) and tensors_in(equation.value).isdisjoint(unknown):
            unknown.append(equation.name)
    read = frozenset().union(*(tensors_in(e.value) for e in (*equations, *system.updates)))
    declarations = tuple(d for d in system.declarations if d.tensor in read or not d.implied)
    averaged = typecheck(replace(system, declarations=declarations, equations=tuple(equations)))
    return averaged, tuple(unknown)


def _only_draws(system: System, value: Expr) -> bool:
    """Say whether an expression is made of drawn numbers and of what is given, entry by entry."""
    given = counting(system) | {d.tensor for d in system.declarations if d.role in ("data", "const")}
    return bool(drawn_in(value)) and not any(isinstance(p, Reduce) for p in walk(value)) and tensors_in(value) <= given


def _written_out(expr: Expr, draws: Mapping[str, Equation]) -> Expr:
    """Return an expression with the draws written out that it reads."""
    if tensors_in(expr).isdisjoint(draws):
        return expr
    if isinstance(expr, Indexed) and not expr.guarded:
        equation = draws[expr.tensor]
        places = dict(zip(equation.indices, expr.indices, strict=True))
        return substitute_indices(equation.value, places) if can_stand_at(equation.value, places) else expr
    return map_operands(expr, lambda part: _written_out(part, draws))


class _Mean:
    """What expressions are with drawn numbers as they are on average; `unknown` says of which that is not known."""

    def __init__(self, chances: Chances) -> None:
        self.chances = chances
        self.unknown = False

    def of(self, expr: Expr) -> Expr:
        """Return an expression without anything drawn."""
        if not drawn_in(expr):
            return expr
        match expr:
            case Call(function) if function in DRAWN:
                return Number(distribution(function).mean)
            case Bracket(condition):
                chance = self.chance(condition)
                return Bracket(map_condition(condition, self.of)) if chance is None else chance
            case Select(condition, then, otherwise) if drawn_in(condition):
                shared = {*draws_in(condition)} & {*draws_in(then), *draws_in(otherwise)}
                chance = None if shared else self.chance(condition)
                yes, no = self.of(then), self.of(otherwise)
                self.unknown |= chance is None
                if chance is None:
                    return Select(map_condition(condition, self.of), yes, no)
                return plus(times(chance, yes), times(less(ONE, chance), no))
            case Product(factors):
                product = times(*map(self.of, self.together(factors)))
                return ZERO if isinstance(product, Product) and ZERO in product.factors else without_cancelling(product)
            case Sum(terms):
                return plus(*(term for term in map(self.of, terms) if term != ZERO))
            case _:
                self.unknown |= not isinstance(expr, Reduce) and not any(isinstance(p, Indexed) for p in walk(expr))
                return map_operands(expr, self.of)

    def chance(self, condition: Condition) -> Expr | None:
        """Return the probability of a condition, None where it is not known, which is noted."""
        chance = self.chances.of(condition)
        self.unknown |= chance is None
        return chance

    def together(self, factors: tuple[Expr, ...]) -> list[Expr]:
        """Return factors with brackets on one drawn number as one; note where another factor draws it too."""
        found: list[Expr] = []
        for factor in factors:
            draws = {*draws_in(factor)}
            shared = [n for n, other in enumerate(found) if draws & {*draws_in(other)}]
            if not shared:
                found.append(factor)
            elif len(shared) == 1 and isinstance(factor, Bracket) and isinstance(other := found[shared[0]], Bracket):
                found[shared[0]] = Bracket(joined((other.condition, factor.condition)))
            else:
                self.unknown = True
                found.append(factor)
        return found


def without_cancelling(expr: Expr) -> Expr:
    """Return a product without factors that stand in it as divisors too."""
    factors: list[Expr] = list(expr.factors) if isinstance(expr, Product) else [expr]
    for factor in tuple(factors):
        if factor in factors and Power(factor, MINUS_ONE) in factors:
            factors.remove(factor)
            factors.remove(Power(factor, MINUS_ONE))
    return times(*factors)
