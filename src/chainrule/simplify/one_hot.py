"""A one-hot vector picks an entry: where y[k] is 1, Σ_m y[m]·c[m] is c[k], so y[k]·c[k] is y[k] times that sum.

That closes sums which a label opens: y[k]·a[k]/(Σ_m y[m]·a[m]) is y[k], and y[k]·a[k] is y[k]·p where p names the sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from chainrule.expr.binding import open_reduce, substitute_indices
from chainrule.expr.nodes import Bracket, Expr, Index, Indexed, Product, Reduce, product_factors, times
from chainrule.expr.symbols import Symbol
from chainrule.rewrite.rules import Rewrite, Rule
from chainrule.simplify.arithmetic import Factors, factors_of, multiply, normal, product_of
from chainrule.simplify.context import Context
from chainrule.simplify.recognise import unify


def pick_of_sum(expr: Expr, context: Context) -> Rewrite | None:
    """y[k]*c[k]/(sum(m) y[m]*c[m]) = y[k], and y[k]*c[k] = y[k]*p where p = sum(m) y[m]*c[m], y being one-hot."""
    hot = _hot_axes(context) if isinstance(expr, Product) and context.givens else {}
    if not hot:
        return None
    coefficient, found = factors_of(expr)
    for entry, exponent in found.items():
        if not isinstance(entry, Indexed) or entry.tensor not in hot or exponent <= 0:
            continue
        axis, assumption = hot[entry.tensor]
        for whole, picked, names in _sums(entry, axis, found, context):
            number, factors = factors_of(picked)
            if factors and all(e > 0 and found.get(base, Fraction(0)) >= e for base, e in factors.items()):
                rest = {base: e - factors.get(base, Fraction(0)) for base, e in found.items()}
                left = product_of(coefficient / number, {base: e for base, e in rest.items() if e})
                return Rewrite(multiply((left, whole)), assumption, names)
    return None


def _hot_axes(context: Context) -> Mapping[str, tuple[int, str]]:
    """Return the axis along which tensors are one-hot, with the fact that says so."""
    found: dict[str, tuple[int, str]] = {}
    for fact in context.givens:
        match fact.pattern, fact.replacement:
            case Product((Indexed(tensor, left), Indexed(_, right))), Product((Bracket(), Indexed())):
                (axis,) = (n for n, (a, b) in enumerate(zip(left, right, strict=True)) if a != b)
                found[tensor] = axis, fact.assumption
            case _:
                pass
    return found


def _sums(
    entry: Indexed, axis: int, found: Factors, context: Context
) -> Iterator[tuple[Expr, Expr, tuple[Symbol, ...]]]:
    """Yield each sum that the one-hot entry picks from, or its name, with what it picks and the names that are used.

    A sum without a name must be there already, to divide by.
    """
    for base, exponent in found.items():
        if isinstance(base, Reduce) and exponent < 0:
            for picked, _ in _picked(entry, axis, base, (), context):
                yield base, picked, ()
    for fact in context.names:
        if isinstance(fact.pattern, Reduce) and isinstance(fact.replacement, Indexed):
            for picked, binding in _picked(entry, axis, fact.pattern, fact.variables, context):
                if all(variable in binding for variable in fact.variables):
                    yield substitute_indices(fact.replacement, binding), picked, (fact.replacement.tensor,)


def _picked(
    entry: Indexed, axis: int, whole: Reduce, variables: Sequence[Index], context: Context
) -> Iterator[tuple[Expr, Mapping[Index, Index]]]:
    """Yield what an entry y[k] picks of Σ_m y[m]·c[m], c[k], and what the variables stand for."""
    if whole.op != "sum" or len(whole.indices) != 1:
        return
    (bound,), body = open_reduce(whole, context.fresh)
    factors = product_factors(body)
    for place, factor in enumerate(factors):
        if not isinstance(factor, Indexed) or factor.tensor != entry.tensor or factor.indices[axis] != bound:
            continue
        for binding in unify(factor, entry, {}, (*variables, bound)):
            plain = {mine: other for mine, other in binding.items() if isinstance(other, Index)}
            if len(plain) == len(binding):
                others = times(*factors[:place], *factors[place + 1 :])
                yield normal(substitute_indices(others, plain), context.fresh), plain


ONE_HOT: tuple[Rule[Context], ...] = (
    Rule("given", "a one-hot vector: `y[k]·c[k] = y[k]·Σ_m y[m]·c[m]`", pick_of_sum, (Product,)),
)
