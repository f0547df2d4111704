"""What a factor cancels goes with it: x·(a/x + b) = a + b·x, and [y = k]·x[k]/x[y] = [y = k].

Left side by side, x and 1/x are 0·∞ where x has become 0 in floating point, as the smallest outputs of a softmax do,
though what they stand for is finite. So these laws apply wherever they can, even where the line gets longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import TypeAlias

from chainrule.expr.binding import (
    Fresh,
    expressions_in,
    free_indices,
    map_operands,
    open_reduce,
    stands_alone,
    substitute_indices,
    tensors_in,
)
from chainrule.expr.deltas import kronecker
from chainrule.expr.nodes import (
    Bracket,
    Expr,
    Index,
    Indexed,
    Lookup,
    Position,
    Power,
    Product,
    Reduce,
    Sum,
    product_factors,
    walk,
)
from chainrule.expr.shared import kept
from chainrule.rewrite.rules import Rule
from chainrule.simplify.arithmetic import (
    Factors,
    add,
    close,
    factors_of,
    multiply,
    normal,
    power,
    product_of,
)
from chainrule.simplify.context import Context
from chainrule.simplify.exponents import CANCELLED_POWER, number_in, one_power
from chainrule.simplify.recognise import is_constant

Divisors: TypeAlias = Mapping[Expr, Fraction]
"""base -> n, of what is divided by base^n."""
Read: TypeAlias = Callable[[Indexed], Divisors]
"""Returns what the value of an entry is divided by."""

_MOST_BRACKETS = 4
NOTHING: Divisors = MappingProxyType({})


def divisors(expr: Expr, read: Read | None = None) -> Divisors:
    """Return what terms of a sum, or of a reduction to a sum, are divided by.

    Sums within its terms count too. Where a bracket [y = k] says that two bases are one, both are there.
    """
    if read is not None:
        return _divisors(expr, read)
    return _own_divisors(expr)


@kept
def _own_divisors(expr: Expr) -> Divisors:
    return _divisors(expr, None)


def _divisors(expr: Expr, read: Read | None) -> Divisors:
    match expr:
        case Sum(terms):
            return _largest(pair for term in terms for pair in divisors_of_term(term, read))
        case Reduce("sum", indices, body):
            inside = divisors(body, read) if isinstance(body, Sum) else _largest(divisors_of_term(body, read))
            return {base: n for base, n in inside.items() if free_indices(base).isdisjoint(indices)} or NOTHING
        case Indexed() if read is not None:
            return read(expr)
        case _:
            return NOTHING


def _largest(pairs: Iterable[tuple[Expr, Fraction]]) -> Divisors:
    found: Factors = {}
    for base, n in pairs:
        found[base] = max(n, found.get(base, n))
    return found or NOTHING


def divisors_of_term(term: Expr, read: Read | None = None) -> Iterator[tuple[Expr, Fraction]]:
    """Yield the bases that a product is divided by, with the powers, those of sums among its factors included."""
    _, factors = factors_of(term)
    equal = [pair for base in factors if (pair := kronecker(base)) is not None]
    for factor, exponent in factors.items():
        for base, n in _below(factor, exponent, read).items():
            yield base, n
            yield from ((image, n) for image in _images(base, equal))


def _below(factor: Expr, exponent: Fraction, read: Read | None) -> Divisors:
    """Return what factor^exponent is divided by: x^(q−1) counts as a quotient by x."""
    if exponent < 0:
        return NOTHING if is_constant(factor) else {factor: -exponent}
    if exponent != 1:
        return NOTHING
    if isinstance(factor, Power):
        least = number_in(factor.exponent)
        return {factor.base: -least} if least < 0 and not is_constant(factor.base) else NOTHING
    return divisors(factor, read)


def _images(base: Expr, equal: Sequence[tuple[Position, Position]]) -> Iterator[Expr]:
    """Yield what else a base is, where the two positions of each bracket are equal."""
    found: dict[Expr, None] = {base: None}
    for pair in equal if len(equal) <= _MOST_BRACKETS else ():
        for old, new in (pair, pair[::-1]):
            found |= dict.fromkeys(image for one in list(found) for image in _replaced(one, old, new))
    yield from list(found)[1:]


def _replaced(expr: Expr, old: Position, new: Position) -> Iterator[Expr]:
    """Yield the expression with one position in the place of another that is equal to it.

    A looked-up or plain number is replaced on one axis at a time: on another it may be the position of something else.
    """
    if isinstance(old, Index):
        if old in free_indices(expr) and (stands_alone(old, expr) or not isinstance(new, Lookup)):
            yield substitute_indices(expr, {old: new})
        return
    entries = [part for part in walk(expr) if isinstance(part, Indexed)]
    spots = dict.fromkeys((e.tensor, axis) for e in entries for axis, at in enumerate(e.indices) if at == old)
    yield from (_on_axis(expr, tensor, axis, old, new) for tensor, axis in spots)


def _on_axis(expr: Expr, tensor: str, axis: int, old: Position, new: Position) -> Expr:
    if isinstance(expr, Indexed):
        if expr.tensor != tensor or expr.indices[axis] != old:
            return expr
        return Indexed(tensor, (*expr.indices[:axis], new, *expr.indices[axis + 1 :]), expr.guarded)
    return map_operands(expr, lambda part: _on_axis(part, tensor, axis, old, new))


def into_the_sum(expr: Expr, context: Context) -> Expr | None:
    """x*(a/x + b) = a + b*x."""
    return distributed(expr, context, None)


def distributed(expr: Expr, context: Context, read: Read | None) -> Expr | None:
    """Return a product with a factor multiplied into the first sum among the others that is divided by it, if any."""
    if not isinstance(expr, Product) or not any(isinstance(f, Sum | Reduce) for f in expr.factors):
        return None
    coefficient, factors = factors_of(expr)
    for inner, outer in factors.items():
        if outer != 1 or not isinstance(inner, Sum | Reduce):
            continue
        for base, n in divisors(inner, read).items():
            exponent = factors.get(base, Fraction(0))
            if exponent <= 0 or base == inner:
                continue
            taken = min(exponent, n)
            rest = {b: e - taken if b == base else e for b, e in factors.items() if b != inner}
            outside = product_of(coefficient, {b: e for b, e in rest.items() if e})
            return multiply((outside, _times(inner, base, taken, context, read)))
    return None


def _times(expr: Expr, base: Expr, exponent: Fraction, context: Context, read: Read | None) -> Expr:
    """Return a sum, or the reduction to one, times a power; terms that are not divided by its base stay together."""
    factor = power(base, exponent)
    if isinstance(expr, Reduce):
        indices, body = open_reduce(expr, context.fresh)
        return close("sum", indices, _times(body, base, exponent, context, read))
    if not isinstance(expr, Sum):
        return multiply((expr, factor))
    met = [term for term in expr.terms if any(b == base for b, _ in divisors_of_term(term, read))]
    others = [term for term in expr.terms if term not in met]
    met = [settled(multiply((term, factor)), context, read) for term in met]
    return add((*met, *([multiply((add(others), factor))] if others else ())))


def settled(expr: Expr, context: Context, read: Read | None = None) -> Expr:
    """Return a product with all factors renamed that cancel then, and x*x^(q-1) as one power.

    Side by side, x could be taken out of all terms, and be put into them again.
    """
    changed: Expr | None = expr
    while changed is not None:
        expr, changed = changed, renamed(changed, context, read) or one_power(changed, context)
    return expr


def equal_in_the_product(expr: Expr, context: Context) -> Expr | None:
    """[y = k]*x[k]/x[y] = [y = k]."""
    return renamed(expr, context, None)


def renamed(expr: Expr, context: Context, read: Read | None) -> Expr | None:
    """Return a product with a factor renamed to what others are divided by, where a bracket says they are equal."""
    if not isinstance(expr, Product):
        return None
    equal = [pair for part in expr.factors if (pair := kronecker(part)) is not None]
    if not equal:
        return None
    coefficient, factors = factors_of(expr)
    below = {base for factor, exponent in factors.items() for base in _below(factor, exponent, read)}
    if not below:
        return None
    for base, exponent in factors.items():
        for image in _images(base, equal):
            # To and fro would never end: where a factor cancels as it is, it is renamed to what has fewer indices only.
            better = base not in below or len(free_indices(image)) < len(free_indices(base))
            if exponent > 0 and image in below and better and kronecker(base) is None:
                rest = product_of(coefficient, {b: e for b, e in factors.items() if b != base})
                return multiply((rest, power(normal(image, context.fresh), exponent)))
    return None


def cancelled_factors(expr: Expr, fresh: Fresh) -> Iterator[Expr]:
    """Yield what stands in a product above a bar and below one, each once: a[k] in y[k]/a[k]·(a[k]·b)."""
    seen: dict[Expr, None] = {}
    waiting = [expr]
    while waiting:
        whole = waiting.pop()
        if isinstance(whole, Reduce):
            whole = open_reduce(whole, fresh)[1]
        parts = [factors_of(normal(part, fresh))[1] for part in product_factors(whole)]
        above = {base for part in parts for base, exponent in part.items() if exponent > 0}
        below = [base for part in parts for base, exponent in part.items() if exponent < 0 and base in above]
        seen |= dict.fromkeys(base for base in below if tensors_in(base))
        waiting += [part for part in expressions_in(whole) if isinstance(part, Sum | Product | Reduce)][::-1]
    yield from seen


def factors_lost(before: Expr, after: Expr, fresh: Fresh) -> Iterator[Expr]:
    """Yield what a line loses where sums are multiplied out: a factor beside a sum with terms that it divides.

    What is still divided by afterwards, or by something of the same tensors, is not lost: a[k] of a[k]·(b + c/a[k]),
    and not that of a[k]·(b + c/a[k]^2).
    """
    left = [tensors_in(base) for part in _opened(after, fresh) for base in _below_any(part)]
    seen: dict[Expr, None] = {}
    for part in _opened(before, fresh):
        if isinstance(part, Product):
            _, factors = factors_of(normal(part, fresh))
            inner = [divisors(factor) for factor, exponent in factors.items() if exponent == 1]
            above = (base for base, exponent in factors.items() if exponent > 0)
            seen |= dict.fromkeys(base for base in above if any(base in below for below in inner))
    yield from (base for base in seen if tensors_in(base) and tensors_in(base) not in left)


def _opened(expr: Expr, fresh: Fresh) -> Iterator[Expr]:
    """Yield an expression and all in it, with names of their own for the indices of reductions."""
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        yield part
        inside = open_reduce(part, fresh)[1:] if isinstance(part, Reduce) else expressions_in(part)
        waiting += [*inside][::-1]


def _below_any(part: Expr) -> Iterator[Expr]:
    _, factors = factors_of(part)
    yield from (base for factor, exponent in factors.items() for base in _below(factor, exponent, None))


INTO_SUMS: tuple[Rule[Context], ...] = (
    Rule("multiply into the sum", "`x·(a/x + b) = a + b·x`", into_the_sum, (Product,), (Power,)),
)
CANCEL: tuple[Rule[Context], ...] = (
    Rule(
        "equal indices",
        "`[i = j]·a[j]/a[i] = [i = j]`, since `a[j]` is `a[i]` where `i = j`",
        equal_in_the_product,
        (Product,),
        (Bracket,),
    ),
    CANCELLED_POWER,
    *INTO_SUMS,
)
