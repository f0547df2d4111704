"""What a factor cancels goes with it: x·(a/x + b) = a + b·x, and [y = k]·x[k]/x[y] = [y = k].

Left side by side, x and 1/x are 0·∞ where x has become 0 in floating point, as the smallest outputs of a softmax do,
though what they stand for is finite. So these laws apply wherever they can, even where the line gets longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType

from chainrule.expr.binding import free_indices, map_operands, open_reduce, substitute_indices
from chainrule.expr.deltas import kronecker
from chainrule.expr.nodes import (
    Expr,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    Position,
    Product,
    Reduce,
    Sum,
)
from chainrule.simplify.arithmetic import Factors, add, close, factors_of, multiply, normal, power, product_of
from chainrule.simplify.context import Context
from chainrule.simplify.recognise import is_constant
from chainrule.system.rewriting import Rule

_NONE: Mapping[Expr, Fraction] = MappingProxyType({})


def divisors(expr: Expr) -> Mapping[Expr, Fraction]:
    """Return what terms of a sum, or of a reduction to a sum, are divided by, with the power: base -> n of base^(−n).

    Sums within its terms count too. Where a bracket [y = k] says that two bases are one, both are there.
    """
    known: Mapping[Expr, Fraction] | None = expr.__dict__.get("_divisors")
    if known is None:
        known = expr.__dict__["_divisors"] = _divisors(expr)
    return known


def _divisors(expr: Expr) -> Mapping[Expr, Fraction]:
    match expr:
        case Sum(terms):
            return _largest(pair for term in terms for pair in _of_term(term))
        case Reduce("sum", indices, body):
            inside = divisors(body) if isinstance(body, Sum) else dict(_of_term(body))
            return {base: n for base, n in inside.items() if free_indices(base).isdisjoint(indices)} or _NONE
        case _:
            return _NONE


def _largest(pairs: Iterable[tuple[Expr, Fraction]]) -> Mapping[Expr, Fraction]:
    found: Factors = {}
    for base, n in pairs:
        found[base] = max(n, found.get(base, n))
    return found or _NONE


def _of_term(term: Expr) -> Iterator[tuple[Expr, Fraction]]:
    _, factors = factors_of(term)
    equal = [pair for base in factors if (pair := kronecker(base)) is not None]
    for base, exponent in factors.items():
        if exponent < 0 and not is_constant(base):
            yield base, -exponent
            for pair in equal:
                for image in _images(base, pair):
                    yield image, -exponent
        elif exponent == 1:
            yield from divisors(base).items()


def _images(base: Expr, pair: tuple[Position, Position]) -> Iterator[Expr]:
    """Yield what a base is, where the two positions of a bracket are equal."""
    for old, new in (pair, pair[::-1]):
        if isinstance(old, Index) and old in free_indices(base):
            yield substitute_indices(base, {old: new})
        elif isinstance(old, Lookup):
            changed = _replaced(base, old, new)
            if changed != base:
                yield changed


def _replaced(expr: Expr, old: Position, new: Position) -> Expr:
    """Return the expression with one position in the place of another that is equal to it."""
    match expr:
        case Indexed(tensor, positions, guarded):
            return Indexed(tensor, tuple(new if p == old else p for p in positions), guarded)
        case IndexValue(position):
            return IndexValue(new) if position == old else expr
        case _:
            return map_operands(expr, lambda part: _replaced(part, old, new))


def into_the_sum(expr: Expr, context: Context) -> Expr | None:
    """x*(a/x + b) = a + b*x."""
    if not isinstance(expr, Product) or not any(isinstance(f, Sum | Reduce) for f in expr.factors):
        return None
    coefficient, factors = factors_of(expr)
    for inner, outer in factors.items():
        found = divisors(inner) if outer == 1 else _NONE
        for base, n in found.items():
            exponent = factors.get(base, Fraction(0))
            if exponent <= 0 or base == inner:
                continue
            taken = min(exponent, n)
            rest = {b: e - taken if b == base else e for b, e in factors.items() if b != inner}
            inside = _times(inner, power(base, taken), context)
            return multiply((product_of(coefficient, {b: e for b, e in rest.items() if e}), inside))
    return None


def _times(expr: Expr, factor: Expr, context: Context) -> Expr:
    """Return a sum, or the reduction to one, times a factor; terms that are not divided by it stay together."""
    if isinstance(expr, Reduce):
        indices, body = open_reduce(expr, context.fresh)
        return close("sum", indices, _times(body, factor, context))
    if not isinstance(expr, Sum):
        return multiply((expr, factor))
    (base,) = factors_of(factor)[1]
    met = [term for term in expr.terms if any(b == base for b, _ in _of_term(term))]
    others = [term for term in expr.terms if term not in met]
    return add((*(multiply((term, factor)) for term in met), *([multiply((add(others), factor))] if others else ())))


def equal_in_the_product(expr: Expr, context: Context) -> Expr | None:
    """[y = k]*x[k]/x[y] = [y = k]."""
    if not isinstance(expr, Product):
        return None
    equal = [pair for part in expr.factors if (pair := kronecker(part)) is not None]
    if not equal:
        return None
    coefficient, factors = factors_of(expr)
    below = {base: -e for base, e in factors.items() if e < 0}
    for base, exponent in factors.items():
        below |= divisors(base) if exponent == 1 else _NONE
    for base, exponent in factors.items():
        for image in (image for pair in equal for image in _images(base, pair)):
            if exponent > 0 and image in below and kronecker(base) is None:
                rest = product_of(coefficient, {b: e for b, e in factors.items() if b != base})
                return multiply((rest, power(normal(image, context.fresh), exponent)))
    return None


CANCEL: tuple[Rule[Context], ...] = (
    Rule("the delta renames", "where i = j, a[j] is a[i]: [i = j]·a[j]/a[i] = [i = j]", equal_in_the_product),
    Rule("into the sum", "x·(a/x + b) = a + b·x", into_the_sum),
)
