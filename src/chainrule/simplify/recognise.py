"""Recognising named quantities and given facts inside an expression.

A fact's pattern is a product of factors (numbers, extents and constants left aside) or a sum of terms; it is found
inside a larger product or sum by unification of index names. That is what turns exp(z[k])/sum(m) exp(z[m]) into a[k].
It applies only where the expression gets shorter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import floor

from chainrule.expr.binding import substitute_indices, tensors_in
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    operands,
)
from chainrule.expr.shared import kept
from chainrule.expr.symbols import Symbol
from chainrule.rewrite.rules import Rewrite, Rule
from chainrule.simplify.arithmetic import Factors, add, factors_of, multiply, power, product_of, split_coefficient
from chainrule.simplify.context import Context, Fact, length
from chainrule.simplify.evident import always_defined
from chainrule.simplify.ordering import shape
from chainrule.simplify.positions import Binding, labels_of, unify_positions


def is_constant(expr: Expr) -> bool:
    """Say whether an expression is a number, a constant or an extent, or made of those alone."""
    if isinstance(expr, Number | Constant | ExtentValue):
        return True
    return isinstance(expr, Product | Power | Sum) and all(
        isinstance(part, Number) or is_constant(part)  # type: ignore[arg-type]
        for part in operands(expr)
    )


def split_constants(expr: Expr) -> tuple[Expr, Factors]:
    """Return (the constant part, base -> exponent of the rest) of a product."""
    coefficient, found = factors_of(expr)
    constant = product_of(coefficient, {b: e for b, e in found.items() if is_constant(b)})
    return constant, {b: e for b, e in found.items() if not is_constant(b)}


def recognise(expr: Expr, facts: Sequence[Fact]) -> Rewrite | None:
    """Return the expression with the first known quantity in it named, where that is shorter."""
    tensors = tensors_in(expr) if facts else frozenset()
    for fact in facts:
        if tensors_in(fact.pattern) <= tensors:
            found = _match_sum(expr, fact) if isinstance(expr, Sum) else _match_product(expr, fact)
        elif tensors_in(fact.replacement) <= tensors and not isinstance(expr, Sum):
            found = _match_solved(expr, fact)
        else:
            continue
        if found is not None and length(found) < length(expr):
            names = (fact.replacement.tensor,) if isinstance(fact.replacement, Indexed) else ()
            return Rewrite(found, fact.assumption, names)
    return None


def may_be_recognised(tensors: frozenset[Symbol], facts: Sequence[Fact]) -> bool:
    """Say whether some fact may be found in a product of these tensors that divides by no entry."""
    return any(tensors_in(fact.pattern) <= tensors for fact in facts)


@kept
def _shapes(expr: Expr) -> frozenset[str]:
    return frozenset(map(shape, factors_of(expr)[1]))


@kept
def _anchor(fact: Fact) -> Expr:
    """Return the longest factor of a fact's pattern, which is looked for first."""
    return max(_parts(fact)[1], key=length)


def _match_product(expr: Expr, fact: Fact) -> Expr | None:
    """Return expr with (pattern)^r in it replaced by (replacement)^r.

    A bracket of the pattern stays where it guards something else.
    """
    anchor = _anchor(fact)
    if shape(anchor) not in _shapes(expr):
        return _match_solved(expr, fact)
    constant, pattern = _parts(fact)
    coefficient, target = factors_of(expr)
    for base in target:
        if shape(base) != shape(anchor):
            continue
        for binding in unify(anchor, base, {}, fact.variables):
            done = _match_rest(pattern, target, {anchor: base}, binding, fact)
            for images, final in done:
                ratio = _ratio(pattern, target, images)
                if ratio and _bound_all(fact, final):
                    return _replaced(coefficient, target, pattern, images, ratio, constant, fact, final)
    return _match_solved(expr, fact)


def _match_solved(expr: Expr, fact: Fact) -> Expr | None:
    """Return expr with the fact solved for a factor of its pattern."""
    if shape(fact.replacement) not in _shapes(expr):
        return None
    coefficient, target = factors_of(expr)
    solved = _solved(target, fact)
    return None if solved is None else multiply((product_of(coefficient, {}), solved))


def _solved(target: Factors, fact: Fact) -> Expr | None:
    """Return the target with a = e*u solved for e: in e/a, where a is known not to be 0, e is a/u."""
    _, pattern = _parts(fact)
    name = fact.replacement
    if len(pattern) < 2 or not any(e < 0 and shape(b) == shape(name) for b, e in target.items()):
        return None
    for anchor, base in product(pattern, target):
        if pattern[anchor] != 1 or target[base] != 1 or shape(anchor) != shape(base):
            continue
        for binding in unify(anchor, base, {}, fact.variables):
            if _bound_all(fact, binding) and target.get(substitute_indices(name, binding), Fraction(0)) < 0:
                return _with_solution(target, anchor, base, binding, fact)
    return None


def _with_solution(target: Factors, anchor: Expr, base: Expr, binding: Binding, fact: Fact) -> Expr:
    constant, pattern = _parts(fact)
    named = substitute_indices(fact.replacement, binding)
    rest = {b: e for b, e in target.items() if b != base}
    others = product_of(Fraction(1), {b: e for b, e in pattern.items() if b != anchor})
    divisor = substitute_indices(multiply((constant, others)), binding)
    return multiply((product_of(Fraction(1), rest), named, power(divisor, Fraction(-1))))


@kept
def _parts(fact: Fact) -> tuple[Expr, Factors]:
    """Return the constant part of a fact's pattern and the rest."""
    return split_constants(fact.pattern)


def _match_rest(
    pattern: Factors, target: Factors, images: dict[Expr, Expr], binding: Binding, fact: Fact
) -> Iterator[tuple[dict[Expr, Expr], Binding]]:
    """Yield every way to find all factors of the pattern among those of the target."""
    missing = next((base for base in pattern if base not in images), None)
    if missing is None:
        yield images, binding
        return
    for base in target:
        if base in images.values() or shape(base) != shape(missing):
            continue
        for wider in unify(missing, base, binding, fact.variables):
            yield from _match_rest(pattern, target, {**images, missing: base}, wider, fact)


def _ratio(pattern: Factors, target: Factors, images: Mapping[Expr, Expr]) -> Fraction | None:
    """Return r so that pattern^r divides the target: whole, or any for a single factor of exponent 1.

    A root is recognised in a root only: (sum W^2)^(1/2) is not to become (C^2)^(1/2).
    """
    quotients = [target[images[base]] / exponent for base, exponent in pattern.items()]
    if len(pattern) == 1 and next(iter(pattern.values())) == 1:
        return quotients[0]
    if len(pattern) == 1:
        whole = quotients[0].denominator == 1 and (
            quotients[0] % 2 == 1 or next(iter(pattern.values())).denominator == 1
        )
        return quotients[0] if whole else None
    if min(quotients) >= 1:
        return Fraction(floor(min(quotients)))
    return Fraction(-floor(-max(quotients))) if max(quotients) <= -1 else None


def _bound_all(fact: Fact, binding: Binding) -> bool:
    """Say whether every variable is bound; to a shifted position only where that is known to be inside the name."""
    return all(
        variable in binding and (not isinstance(binding[variable], Affine) or variable in _anchored(fact))
        for variable in fact.variables
    )


@kept
def _anchored(fact: Fact) -> frozenset[Index]:
    """Return the variables that label an axis wherever the pattern is read."""
    return labels_of(fact.pattern).intersection(fact.variables)


def _replaced(
    coefficient: Fraction,
    target: Factors,
    pattern: Factors,
    images: Mapping[Expr, Expr],
    ratio: Fraction,
    constant: Expr,
    fact: Fact,
    binding: Binding,
) -> Expr | None:
    if ratio.denominator != 1 and constant != multiply(()):
        return None
    rest = dict(target)
    for base, exponent in pattern.items():
        rest[images[base]] -= ratio * exponent
    named = substitute_indices(fact.replacement, binding)
    left = product_of(coefficient, {b: e for b, e in rest.items() if e})
    if not always_defined(left):
        left = multiply((left, *(images[base] for base in pattern if isinstance(base, Bracket))))
    return multiply((left, power(constant, -ratio), power(named, ratio)))


def _match_sum(expr: Sum, fact: Fact) -> Expr | None:
    """Return expr with r·(pattern) among its terms replaced by r·(replacement)."""
    scale, inner = split_coefficient(fact.pattern)
    if not isinstance(inner, Sum) or len(inner.terms) > len(expr.terms):
        return None
    pattern = [split_coefficient(t) for t in inner.terms]
    target = [split_coefficient(t) for t in expr.terms]
    for chosen, ratio, binding in _match_terms(pattern, target, (), None, {}, fact):
        if ratio is None or not _bound_all(fact, binding):
            continue
        rest = [t for n, t in enumerate(expr.terms) if n not in chosen]
        named = substitute_indices(fact.replacement, binding)
        return add((*rest, multiply((Number(ratio / scale), named))))
    return None


def _match_terms(
    pattern: list[tuple[Fraction, Expr]],
    target: list[tuple[Fraction, Expr]],
    chosen: tuple[int, ...],
    ratio: Fraction | None,
    binding: Binding,
    fact: Fact,
) -> Iterator[tuple[tuple[int, ...], Fraction | None, Binding]]:
    if len(chosen) == len(pattern):
        yield chosen, ratio, binding
        return
    wanted, body = pattern[len(chosen)]
    for place, (coefficient, other) in enumerate(target):
        if place in chosen or shape(body) != shape(other):
            continue
        if ratio is not None and coefficient != ratio * wanted:
            continue
        for wider in unify(body, other, binding, fact.variables):
            yield from _match_terms(pattern, target, (*chosen, place), coefficient / wanted, wider, fact)


def unify(
    pattern: Expr | Condition, expr: Expr | Condition, binding: Binding, variables: tuple[Index, ...]
) -> Iterator[Binding]:
    """Yield every binding of the variables under which the pattern equals the expression."""
    if type(pattern) is not type(expr):
        return
    match pattern, expr:
        case Indexed(tensor, left, guarded), Indexed(other, right, other_guarded):
            if tensor == other and guarded == other_guarded and len(left) == len(right):
                yield from unify_positions(left, right, binding, variables)
        case MatrixEntry(function, tensor, left, inner), MatrixEntry(another, other, right, beside):
            if (function, tensor, len(left), len(inner)) != (another, other, len(right), len(beside)):
                return
            yield from unify_positions((*inner, *left), (*beside, *right), binding, variables)
        case IndexValue(left_position), IndexValue(right_position):
            yield from unify_positions((left_position,), (right_position,), binding, variables)
        case (Sum(left_parts), Sum(right_parts)) | (Product(left_parts), Product(right_parts)):
            if len(left_parts) == len(right_parts):
                yield from _unify_in_any_order(left_parts, right_parts, binding, variables)
        case _:
            if _same_head(pattern, expr):
                yield from _unify_in_order(operands(pattern), operands(expr), binding, variables)


def _same_head(pattern: Expr | Condition, expr: Expr | Condition) -> bool:
    """Compare everything of two nodes of one class but their operands and index names."""
    match pattern, expr:
        case Call(f, left, n), Call(g, right, m):
            return f == g and n == m and len(left) == len(right)
        case Reduce(op, left_bound, _), Reduce(other, right_bound, _):
            return op == other and left_bound == right_bound
        case (Comparison(op), Comparison(other)) | (Logic(op), Logic(other)):
            return op == other and len(operands(pattern)) == len(operands(expr))
        case ((Power() | Bracket() | Select()), _):
            return True
        case _:
            return pattern == expr


def _unify_in_order(
    left: tuple[Expr | Condition, ...],
    right: tuple[Expr | Condition, ...],
    binding: Binding,
    variables: tuple[Index, ...],
) -> Iterator[Binding]:
    if not left:
        yield binding
        return
    for wider in unify(left[0], right[0], binding, variables):
        yield from _unify_in_order(left[1:], right[1:], wider, variables)


def _unify_in_any_order(
    left: tuple[Expr, ...], right: tuple[Expr, ...], binding: Binding, variables: tuple[Index, ...]
) -> Iterator[Binding]:
    if not left:
        yield binding
        return
    for place, candidate in enumerate(right):
        if shape(candidate) == shape(left[0]):
            for wider in unify(left[0], candidate, binding, variables):
                yield from _unify_in_any_order(left[1:], right[:place] + right[place + 1 :], wider, variables)


def use_given(expr: Expr, context: Context) -> Rewrite | None:
    """What a `given` states may be put in."""
    return recognise(expr, context.givens)


def use_name(expr: Expr, context: Context) -> Rewrite | None:
    """What an equation of the system names is called by its name."""
    return recognise(expr, context.names)


NAMES: tuple[Rule[Context], ...] = (
    Rule("definition", "what an equation of the system defines is written by its name", use_name),
)
STATED: tuple[Rule[Context], ...] = (Rule("given", "a fact that the system states", use_given),)
