"""Reductions: constants come out, independent parts separate, nested sums join, a sum of a constant is counted.

None of these has an inverse in another rule list but `merge` and `split`, which apply only where the measure falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import TypeAlias

from chainrule.expr.binding import free_indices, open_reduce, rename_indices
from chainrule.expr.nodes import Bracket, Expr, ExtentValue, Index, Product, Reduce, Sum, product_factors
from chainrule.rewrite.rules import Rewrite, Rule
from chainrule.simplify.arithmetic import add, close, factors_of, multiply, power, product_of, split_coefficient
from chainrule.simplify.context import Context, measure
from chainrule.simplify.evident import always_defined, guarded
from chainrule.simplify.factoring import common_factor_of
from chainrule.simplify.recognise import recognise


def constant_out(expr: Expr, context: Context) -> Expr | None:
    """sum(i) c*a[i] = c*(sum(i) a[i]); sum(i) c = extent(i)*c. What a bracket guards stays behind it."""
    if not isinstance(expr, Reduce) or expr.op != "sum":
        return None
    bound, body = open_reduce(expr, context.fresh)
    unused = [i for i in bound if i not in free_indices(body)]
    used = [i for i in bound if i not in unused]
    outside = [f for f in product_factors(body) if free_indices(f).isdisjoint(bound)]
    if any(isinstance(f, Bracket) and f not in outside for f in product_factors(body)):
        outside = [f for f in outside if always_defined(f)]
    if not unused and not outside:
        return None
    inside = [f for f in product_factors(body) if f not in outside]
    counts = [context.rebuild(ExtentValue(i.extent, i.preferred)) for i in unused]
    return multiply((*counts, *outside, close("sum", used, multiply(inside))))


def independent_parts(expr: Expr, context: Context) -> Expr | None:
    """sum(i,k) a[i]*b[k] = (sum(i) a[i])*(sum(k) b[k])."""
    if not isinstance(expr, Reduce) or expr.op != "sum" or len(expr.indices) < 2:
        return None
    bound, body = open_reduce(expr, context.fresh)
    groups: list[tuple[set[Index], list[Expr]]] = []
    for factor in product_factors(body):
        touched = {i for i in bound if i in free_indices(factor)}
        members = [factor]
        for group in [g for g in groups if g[0] & touched]:
            groups.remove(group)
            touched |= group[0]
            members = [*group[1], *members]
        groups.append((touched, members))
    guards = any(isinstance(f, Bracket) for f in product_factors(body))
    if len(groups) < 2 or (guards and not all(always_defined(f) for f in product_factors(body))):
        return None
    return multiply(close("sum", [i for i in bound if i in own], multiply(parts)) for own, parts in groups)


def join_nested(expr: Expr, context: Context) -> Expr | None:
    """sum(i) a[i]*(sum(k) b[i,k]) = sum(i,k) a[i]*b[i,k]."""
    if not isinstance(expr, Reduce) or expr.op != "sum":
        return None
    bound, body = open_reduce(expr, context.fresh)
    parts = list(product_factors(body))
    for place, part in enumerate(parts):
        if isinstance(part, Reduce) and part.op == "sum":
            inner, inner_body = open_reduce(part, context.fresh)
            others = parts[:place] + parts[place + 1 :]
            return close("sum", (*bound, *inner), multiply((*others, inner_body)))
    return None


def split(expr: Expr, context: Context) -> Expr | None:
    """sum(i) (a[i] + b[i]) = sum(i) a[i] + sum(i) b[i], where that is shorter."""
    if not isinstance(expr, Reduce) or expr.op != "sum":
        return None
    bound, body = open_reduce(expr, context.fresh)
    parts = product_factors(body)
    for place, part in enumerate(parts):
        if not isinstance(part, Sum) or len(part.terms) > 6:
            continue
        others = parts[:place] + parts[place + 1 :]
        sums = [close("sum", bound, multiply((*others, term))) for term in part.terms]
        known = [known_sum(term, context) for term in sums]
        if known == sums:
            continue
        apart = add(known)
        if measure(apart) < measure(expr):
            return apart
    return None


def known_sum(expr: Expr, context: Context) -> Expr:
    """Return a sum with what is constant outside, and recognised where it has a name."""
    outside = constant_out(expr, context) or expr
    coefficient, found = factors_of(outside)
    parts = []
    for base, exponent in found.items():
        outcome = recognise(base, (*context.names, *context.shares)) if exponent == 1 else None
        parts.append(outcome.expr if outcome else power(base, exponent))
    whole = multiply((product_of(coefficient, {}), *parts))
    outcome = recognise(whole, context.names)
    return outcome.expr if outcome else whole


def merge(expr: Expr, context: Context) -> Expr | None:
    """sum(i) a[i]*b[i] + sum(i) a[i]*c[i] = sum(i) a[i]*(b[i] + c[i])."""
    if not isinstance(expr, Sum):
        return None
    parts = [(place, _outer(term)) for place, term in enumerate(expr.terms)]
    sums = [(place, outer) for place, outer in parts if outer[2] is not None]
    for (first, left), (second, right) in combinations(sums if len(sums) <= _MOST_MERGED else [], 2):
        joined = _merged(left, right, context)
        if joined is None:
            continue
        rest = [t for n, t in enumerate(expr.terms) if n not in (first, second)]
        whole = add((*rest, joined))
        if measure(whole) < measure(expr):
            return whole
    return None


_MOST_MERGED = 16
_Outer: TypeAlias = tuple[Expr, Expr, Reduce | None]


def _merged(left: _Outer, right: _Outer, context: Context) -> Expr | None:
    """Return the two terms as one sum over the same indices, where their bodies share a factor that depends on them."""
    (c_left, outer_left, sum_left), (c_right, outer_right, sum_right) = left, right
    if sum_left is None or sum_right is None or outer_left != outer_right:
        return None
    bound, body = open_reduce(sum_left, context.fresh)
    other_bound, other = open_reduce(sum_right, context.fresh)
    if sorted(str(i.extent) for i in bound) != sorted(str(i.extent) for i in other_bound) or len(bound) > 3:
        return None
    best: Expr | None = None
    for order in permutations(other_bound):
        if any(a.extent != b.extent for a, b in zip(order, bound, strict=True)):
            continue
        renamed = context.rebuild(rename_indices(other, dict(zip(order, bound, strict=True))))
        shared, rests = common_factor_of((_times(c_left, body), _times(c_right, renamed)))
        if not _depends(shared, bound) or (all(map(guarded, rests)) and not always_defined(shared)):
            continue
        joined = multiply((outer_left, close("sum", bound, multiply((shared, add(rests))))))
        if best is None or measure(joined) < measure(best):
            best = joined
    return best


def _times(coefficient: Expr, body: Expr) -> Expr:
    return multiply((coefficient, body))


def _depends(shared: Expr, bound: Sequence[Index]) -> bool:
    return not free_indices(shared).isdisjoint(bound)


def _outer(term: Expr) -> _Outer:
    """Return (coefficient, factors outside, the sum) of a term with exactly one sum as a factor."""
    coefficient, rest = split_coefficient(term)
    sums = [f for f in product_factors(rest) if isinstance(f, Reduce) and f.op == "sum"]
    outside = multiply(f for f in product_factors(rest) if f not in sums)
    return multiply((product_of(coefficient, {}),)), outside, sums[0] if len(sums) == 1 else None


def name_through_the_sum(expr: Expr, context: Context) -> Rewrite | None:
    """c*(sum(i) e[i]*b[i]) = sum(i) a[i]*b[i], where a[i] = c*e[i] is a name and the line gets shorter."""
    parts = product_factors(expr)
    for place, part in enumerate(parts):
        if len(parts) < 2 or not isinstance(part, Reduce) or part.op != "sum" or not context.names:
            continue
        bound, body = open_reduce(part, context.fresh)
        for other, factor in enumerate(parts):
            found = recognise(multiply((factor, body)), context.names) if other != place else None
            if found is None:
                continue
            rest = [f for n, f in enumerate(parts) if n not in (place, other)]
            whole = multiply((*rest, close("sum", bound, found.expr)))
            if measure(whole) < measure(expr):
                return Rewrite(whole, names=found.names)
    return None


SUMS: tuple[Rule[Context], ...] = (
    Rule(
        "constant out of the sum",
        "`Σ_i c·a[i] = c·Σ_i a[i]`, where `c` does not depend on `i`",
        constant_out,
        (Reduce,),
    ),
    Rule(
        "definition",
        "`c·Σ_i e[i]·b[i] = Σ_i a[i]·b[i]`, where `a[i] = c·e[i]` by definition",
        name_through_the_sum,
        (Product,),
        (Reduce,),
    ),
    Rule("independent sums", "`Σ_{i,k} a[i]·b[k] = (Σ_i a[i])·Σ_k b[k]`", independent_parts, (Reduce,)),
    Rule("one sum", "`Σ_i a[i]·Σ_k b[i,k] = Σ_{i,k} a[i]·b[i,k]`", join_nested, (Reduce,)),
    Rule("split the sum", "`Σ_i (a[i] + b[i]) = Σ_i a[i] + Σ_i b[i]`", split, (Reduce,)),
)
MERGE: tuple[Rule[Context], ...] = (
    Rule(
        "sums over the same range", "`Σ_i a[i]·b[i] + Σ_i a[i]·c[i] = Σ_i a[i]·(b[i] + c[i])`", merge, (Sum,), (Reduce,)
    ),
)
