"""Common factors, and multiplying out where the result is shorter.

Both change a form into an equal one, so each has its guard: a factor common to all terms always comes out; one common
to some terms only where the expression gets shorter; and a product is multiplied out only where, after cancelling and
factoring again, it is shorter than before.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import (
    Bracket,
    Call,
    Condition,
    Expr,
    Indexed,
    Number,
    Power,
    Product,
    Reduce,
    Sum,
    product_factors,
    walk,
)
from chainrule.expr.shared import kept
from chainrule.rewrite.rules import Rewrite, Rule
from chainrule.simplify.arithmetic import (
    Factors,
    add,
    factors_of,
    multiply,
    product_of,
    scaled,
    split_coefficient,
    terms_of,
)
from chainrule.simplify.cancelling import divisors, settled
from chainrule.simplify.context import Context, length
from chainrule.simplify.evident import always_defined, guarded
from chainrule.simplify.recognise import may_be_recognised, recognise

_MOST_TERMS = 24
_MOST_FACTORS = 60
_LONGEST = 400


def common_factor_of(terms: Sequence[Expr]) -> tuple[Expr, tuple[Expr, ...]]:
    """Return (what all terms have as a factor, numbers aside, and what remains of each)."""
    views = [factors_of(term) for term in terms]
    shared: Factors = dict(views[0][1])
    for _, found in views[1:]:
        shared = {base: _shared(e, found[base]) for base, e in shared.items() if base in found}
    shared = {base: e for base, e in shared.items() if e}
    if not shared:
        return multiply(()), tuple(terms)
    rests = tuple(_divided(coefficient, found, shared) for coefficient, found in views)
    return product_of(Fraction(1), shared), rests


def _shared(left: Fraction, right: Fraction) -> Fraction:
    if (left > 0) != (right > 0):
        return Fraction(0)
    return min(left, right, key=abs)


def _divided(coefficient: Fraction, found: Factors, shared: Factors) -> Expr:
    rest = {}
    for base, exponent in found.items():
        left = exponent - shared.get(base, Fraction(0))
        rest[base] = Fraction(0) if isinstance(base, Bracket) and base in shared else left
    return product_of(coefficient, {base: e for base, e in rest.items() if e})


def common_factor(expr: Expr, context: Context) -> Expr | None:
    """a*b + a*c = a*(b + c)."""
    return _common_factor(expr) if isinstance(expr, Sum) else None


@kept
def _common_factor(expr: Sum) -> Expr | None:
    shared, rests = common_factor_of(expr.terms)
    return None if isinstance(shared, Number) or _unguards(shared, rests) else multiply((shared, add(rests)))


def _unguards(shared: Expr, rests: Sequence[Expr]) -> bool:
    """Say whether a factor that may be undefined would lose the brackets that guard it in every term."""
    return all(map(guarded, rests)) and not always_defined(shared)


def factor_some(expr: Expr, context: Context) -> Expr | None:
    """a*b + a*c + d = a*(b + c) + d, where that is shorter."""
    return _factor_some(expr) if isinstance(expr, Sum) else None


@kept
def _factor_some(expr: Sum) -> Expr | None:
    if not 3 <= len(expr.terms) <= _MOST_TERMS:
        return None
    views = [factors_of(term)[1] for term in expr.terms]
    bases = dict.fromkeys(base for view in views for base in view)
    if sum(map(len, views)) > _MOST_FACTORS:
        return None
    best: Expr | None = None
    for base in bases:
        having = [n for n, view in enumerate(views) if base in view]
        if not 2 <= len(having) < len(views):
            continue
        shared, rests = common_factor_of([expr.terms[n] for n in having])
        if isinstance(shared, Number) or _unguards(shared, rests):
            continue
        others = [t for n, t in enumerate(expr.terms) if n not in having]
        whole = add((*others, multiply((shared, add(rests)))))
        if length(whole) < length(best or expr):
            best = whole
    return best


def multiply_out(expr: Expr, context: Context) -> Expr | Rewrite | None:
    """(a + b)*c = a*c + b*c, where something cancels and the result is shorter.

    Where nothing cancels, it must be shorter than with common factors out too.
    """
    if not _has_sum_inside(expr) or length(expr) > _LONGEST or _stays(expr, context):
        return None
    terms = _expanded(expr, context)
    if terms is None:
        return None
    apart = add(_recognised(term, context) for term in terms)
    refactored = _refactored(apart)
    if length(refactored) >= length(expr):
        return None
    factored = _refactored(expr)
    cancels = len(terms_of(apart)) < len(terms) or _has_quotient_inside(expr)
    worse = length(refactored) >= length(factored) or len(terms_of(refactored)) > len(terms_of(expr))
    if refactored == factored or (not cancels and (worse or _splits_in_vain(expr, refactored))):
        return None
    return refactored


def _stays(expr: Expr, context: Context) -> bool:
    """Say whether a product plainly is itself again when it is multiplied out and common factors are taken out.

    No fact may be recognised in its terms then, of which nobody needs to make one.
    """
    return isinstance(expr, Product) and _is_coprime(expr) and not may_be_recognised(tensors_in(expr), context.names)


@kept
def _is_coprime(expr: Product) -> bool:
    """Say whether a product has one sum, whose terms have nothing in common and cancel nothing of what is beside it.

    Multiplied out, its terms have in common what was beside the sum. A bracket there changes nothing where nothing is
    divided by, which could be called otherwise, and where it guards no term alone.
    """
    found = factors_of(expr)[1]
    sums = [factor for factor in expr.factors if isinstance(factor, Sum)]
    if len(sums) != 1 or found.pop(sums[0], None) != 1 or _taken_out(sums[0]) is not None:
        return False
    inside = [factors_of(term)[1] for term in sums[0].terms]
    if any(isinstance(base, Sum) for view in inside for base in view):
        return False
    divides = any(e < 0 or divisors(base) for view in (found, *inside) for base, e in view.items())
    outside = {base: e for base, e in found.items() if divides or not isinstance(base, Bracket)}
    if not all(_is_plain(base, e) for view in (outside, *inside) for base, e in view.items()):
        return False
    return all((e > 0) == (found[base] > 0) for view in inside for base, e in view.items() if base in found)


def _is_plain(base: Expr, exponent: Fraction) -> bool:
    """Say whether a factor is merged by its exponent alone, and no entry that may be divided by something known."""
    return not isinstance(base, Number | Bracket | Power) and (exponent > 0 or not isinstance(base, Indexed))


def _splits_in_vain(expr: Expr, apart: Expr) -> bool:
    """Say whether a product of plain sums was split for a name that replaces nothing: h = o·tanh(c) is no reason.

    o·(1 − tanh(c)^2) stays, for o and tanh(c) are in o − h·tanh(c) as well. With a = z·sigmoid(z), a·(z − a) is better
    than z·a·(1 − sigmoid(z)).
    """
    nested = any(_has_sum_inside(part) for part in product_factors(expr) if isinstance(part, Sum))
    return not nested and _atoms(expr) <= _atoms(apart)


def _atoms(expr: Expr) -> frozenset[Expr | Condition]:
    return frozenset(part for part in walk(expr) if isinstance(part, Indexed | Call | Reduce))


def _has_quotient_inside(expr: Expr) -> bool:
    return _has_quotient(expr) or any(_has_quotient(f) for f in product_factors(expr))


def _has_sum_inside(expr: Expr) -> bool:
    if isinstance(expr, Product):
        return any(isinstance(f, Sum) for f in expr.factors)
    return isinstance(expr, Sum) and any(_has_sum_inside(t) for t in expr.terms)


def _expanded(expr: Expr, context: Context) -> list[Expr] | None:
    """Return the terms of the expression multiplied out, or None where they are too many.

    One sum at a time, sums of quotients first, so that a denominator still meets the factor that cancels it.
    """
    finished: list[Expr] = []
    waiting = [expr]
    while waiting:
        if len(finished) + len(waiting) > _MOST_TERMS:
            return None
        term = waiting.pop()
        if isinstance(term, Sum):
            waiting.extend(reversed(term.terms))
        elif _has_sum_inside(term):
            parts = list(product_factors(term))
            place = min(
                (n for n, f in enumerate(parts) if isinstance(f, Sum)), key=lambda n: not _has_quotient(parts[n])
            )
            others = (*parts[:place], *parts[place + 1 :])
            chosen = parts[place]
            assert isinstance(chosen, Sum)
            waiting.extend(multiply((*others, t)) for t in reversed(chosen.terms))
        else:
            finished.append(settled(term, context))
    return finished


def _has_quotient(expr: Expr) -> bool:
    return isinstance(expr, Sum) and any(e < 0 for term in expr.terms for e in factors_of(term)[1].values())


def _recognised(term: Expr, context: Context) -> Expr:
    coefficient, rest = split_coefficient(term)
    outcome = recognise(rest, context.names)
    return scaled(coefficient, rest) if outcome is None else multiply((Number(coefficient), outcome.expr))


@kept
def _refactored(expr: Expr) -> Expr:
    """Return the expression with common factors out again, so that lengths compare fairly."""
    coefficient, rest = split_coefficient(expr)
    for _ in range(_MOST_TERMS):
        changed = _taken_out(rest)
        if changed is None:
            if not isinstance(rest, Product):
                break
            changed = multiply((_taken_out(f) or f) for f in product_factors(rest))
            if changed == rest:
                break
        inner, rest = split_coefficient(changed)
        coefficient *= inner
    return multiply((Number(coefficient), rest))


def _taken_out(expr: Expr) -> Expr | None:
    """Return a sum with a factor of all terms, or of some, before it; None where there is none."""
    if not isinstance(expr, Sum):
        return None
    return _common_factor(expr) or _factor_some(expr)


EXPAND: tuple[Rule[Context], ...] = (
    Rule("multiply out", "`(a + b)·c = a·c + b·c`, and equal terms cancel", multiply_out, (Product, Sum), (Sum,)),
)
FACTOR: tuple[Rule[Context], ...] = (
    Rule("common factor", "`a·b + a·c = a·(b + c)`", common_factor, (Sum,)),
    Rule("common factor", "`a·b + a·c = a·(b + c)`", factor_some, (Sum,)),
)
