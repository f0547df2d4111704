"""What a `given` lets one write: the laws of signs and of one-hot vectors, beside those of `symmetry`.

A fact reaches the rules as an equation, pattern = replacement, whatever its kind: A[i,j] = A[j,i], [x[i] > 0] = 1,
y[k]*y[m] = [k = m]*y[k]. The rules here know it by that form, use it only where the line gets shorter, and name the
assumption. Other equalities are put in by `recognise`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product

from chainrule.expr import signs
from chainrule.expr.binding import (
    Fresh,
    free_in_order,
    open_reduce,
    reduce_over,
    substitute_indices,
    tensors_in,
)
from chainrule.expr.functions import OPPOSITE
from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Bracket,
    Call,
    Comparison,
    Expr,
    Index,
    Indexed,
    Number,
    Power,
    Product,
    Reduce,
    delta,
    minus,
    number,
    plus,
    product_factors,
    times,
)
from chainrule.expr.signs import MIRRORED, UNKNOWN, Sign
from chainrule.rewrite.rules import Rewrite, Rule
from chainrule.simplify.arithmetic import (
    Factors,
    add,
    close,
    factors_of,
    multiply,
    normal,
    product_of,
    split_coefficient,
)
from chainrule.simplify.context import Context, Fact, length
from chainrule.simplify.evident import always_defined
from chainrule.simplify.recognise import unify
from chainrule.simplify.symmetry import SYMMETRY
from chainrule.system.model import Given

_IMPLIED = {
    ">": (">", ">=", "!="),
    "<": ("<", "<=", "!="),
    ">=": (">=",),
    "<=": ("<=",),
    "!=": ("!=",),
    "=": ("=", ">=", "<="),
    "": (),
}
"""What a relation to 0 implies."""


def equations_of(given: Given) -> Iterator[tuple[Expr, Expr]]:
    """Yield the equations (pattern, replacement) that a fact comes to, free indices being for all values."""
    condition = given.condition
    left, right = condition.left, condition.right
    hot = given.hot
    if hot is not None:
        (index,), entry = open_reduce(hot, Fresh())
        yield reduce_over("sum", (index,), entry), ONE
        other = Index(f"{index.name}'", index.extent, index.letter)
        assert isinstance(entry, Indexed)
        second = Indexed(entry.tensor, tuple(other if p == index else p for p in entry.indices))
        yield Product((entry, second)), times(delta(index, other), entry)
    elif condition.relation == "=":
        long, short = (left, right) if length(left) >= length(right) else (right, left)
        yield long, short
    elif tensors_in(condition):
        yield from ((_positive(relation, value), ONE) for relation, value in _signs(condition))


def _positive(relation: str, value: Expr) -> Expr:
    return Bracket(Comparison(relation, value, ZERO))


def _signs(condition: Comparison) -> Iterator[tuple[str, Expr]]:
    """Yield (relation, value), the value standing in the relation to 0, of an inequality."""
    relation, left, right = condition.relation, condition.left, condition.right
    if isinstance(left, Number):
        relation, left, right = MIRRORED[relation], right, left
    if not isinstance(right, Number):
        yield relation, plus(left, minus(right))
        return
    bound = right.value
    if bound:
        yield relation, plus(left, number(-bound))
    if relation in (">", ">=") and bound > 0:
        yield ">", left
    elif relation in ("<", "<=") and bound < 0:
        yield "<", left
    elif (relation in (">", ">=") and bound == 0) or (relation in ("<", "<=", "!=") and bound == 0):
        yield relation, left


def sign_of(expr: Expr, context: Context) -> Sign:
    """Return how an expression stands to 0 wherever it is defined, as far as that is given or plain."""
    return signs.sign_of(expr, lambda part: _given_sign(part, context))


def _given_sign(expr: Expr, context: Context) -> Sign:
    known = UNKNOWN
    for fact in context.givens:
        match fact.pattern:
            case Bracket(Comparison(relation, value, Number(zero))) if zero == 0 and fact.replacement == ONE:
                coefficient, pattern = split_coefficient(value)
            case _:
                continue
        if any(all(v in binding for v in fact.variables) for binding in unify(pattern, expr, {}, fact.variables)):
            relation = relation if coefficient > 0 else MIRRORED[relation]
            if len(_IMPLIED[relation]) > len(_IMPLIED[known.relation]):
                known = Sign(relation, (fact.assumption,))
    return known


def known_sign(expr: Expr, context: Context) -> Rewrite | None:
    """[x > 0] = 1, abs(x) = x, sign(x) = 1, relu(x) = x, maximum(x, 0) = x where x > 0 is given, and so for x < 0."""
    made: Expr | None
    match expr:
        case Bracket(Comparison(relation, left, right)):
            found = sign_of(add((left, multiply((MINUS_ONE, right)))), context)
            made = _truth(relation, found.relation)
        case Call("abs" | "relu" | "sign" as function, (argument,), 0):
            found = sign_of(argument, context)
            made = _of_known_sign(function, argument, found.relation)
        case Call("maximum" | "minimum" as function, (argument, other), 0):
            found = sign_of(add((argument, multiply((MINUS_ONE, other)))), context)
            first = (found.relation[:1] == ">") == (function == "maximum")
            made = None if found.relation in {"", "!="} else argument if first else other
        case _:
            return None
    return Rewrite(made, " and ".join(sorted(found.assumptions))) if made is not None and found.assumptions else None


def needless_guard(expr: Expr, context: Context) -> Rewrite | None:
    """[n ≠ 0]·n·x^(n − 1) = n·x^(n − 1) where x > 0 is given: the bracket guards nothing there."""
    if not isinstance(expr, Product):
        return None
    for guard in expr.factors:
        match guard:
            case Bracket(Comparison("!=", left, right)):
                zero = split_coefficient(add((left, multiply((MINUS_ONE, right)))))[1]
            case _:
                continue
        others = [f for f in expr.factors if f != guard]
        if zero not in others:
            continue
        assumed = [_finite_by(f, context) for f in others]
        used = tuple(dict.fromkeys(a for found in assumed if found for a in found))
        if used and None not in assumed:
            return Rewrite(multiply(others), " and ".join(sorted(used)))
    return None


def _finite_by(expr: Expr, context: Context) -> tuple[str, ...] | None:
    """Return the facts by which an expression is defined everywhere, none needed: (); None where that is not known."""
    parts: tuple[Expr, ...]
    match expr:
        case Power(base, exponent):
            parts = (base, exponent)
        case Call("log", (base,), 0):
            parts = (base,)
        case _:
            return () if always_defined(expr) else None
    found = sign_of(base, context)
    inside = [_finite_by(part, context) for part in parts]
    if found.relation != ">" or None in inside:
        return None
    return (*found.assumptions, *(a for assumed in inside if assumed for a in assumed))


def _truth(asked: str, known: str) -> Expr | None:
    """Return the bracket of (value asked 0) where (value known 0) holds."""
    if asked in _IMPLIED[known]:
        return ONE
    return ZERO if OPPOSITE[asked] in _IMPLIED[known] else None


def _of_known_sign(function: str, argument: Expr, known: str) -> Expr | None:
    if known in {"", "!="}:
        return None
    positive, strict = known[0] == ">", len(known) == 1
    match function:
        case "abs":
            return argument if positive else multiply((MINUS_ONE, argument))
        case "relu":
            return argument if positive else ZERO
        case _:
            return (ONE if positive else MINUS_ONE) if strict else None


def one_hot_product(expr: Expr, context: Context) -> Rewrite | None:
    """y[k]^2 = y[k], and y[k]*y[m] = [k = m]*y[k] under a sum over k or m, where y is one-hot."""
    coefficient, found = factors_of(expr) if isinstance(expr, Product | Power) else (Fraction(1), {})
    for fact in context.givens:
        match fact.pattern, fact.replacement:
            case Product((Indexed(tensor) as pattern, Indexed())), Product((Bracket(), Indexed())):
                entries = [b for b, e in found.items() if isinstance(b, Indexed) and b.tensor == tensor and e > 0]
            case _:
                continue
        powers = {b: Fraction(1) if b in entries and e.denominator == 1 else e for b, e in found.items()}
        if powers != found and any(True for b in entries for _ in unify(pattern, b, {}, fact.variables)):
            return Rewrite(product_of(coefficient, powers), fact.assumption)
        for left, right in combinations(entries, 2):
            pair = _apart(left, right, fact)
            if pair is not None and any(i.name.startswith("~") for i in pair):
                rest = {b: e for b, e in found.items() if b != right}
                return Rewrite(multiply((product_of(coefficient, rest), delta(*pair))), fact.assumption)
        picked = _picked_from_sum(coefficient, found, entries, fact, context)
        if picked is not None:
            return Rewrite(picked, fact.assumption)
    return None


def _picked_from_sum(
    coefficient: Fraction, found: Factors, entries: Sequence[Indexed], fact: Fact, context: Context
) -> Expr | None:
    """Return y[k]*b[k] of y[k]*(sum(m) y[m]*b[m])."""
    sums = [b for b, e in found.items() if isinstance(b, Reduce) and b.op == "sum" and e == 1]
    for outer, whole in product(entries, sums):
        bound, body = open_reduce(whole, context.fresh)
        for inner in product_factors(body):
            pair = _apart(outer, inner, fact) if isinstance(inner, Indexed) else None
            if pair is None or pair[1] not in bound:
                continue
            left = [f for f in product_factors(body) if f != inner]
            taken = normal(substitute_indices(times(*left), {pair[1]: pair[0]}), context.fresh)
            rest = {b: e for b, e in found.items() if b != whole}
            closed = close("sum", [i for i in bound if i != pair[1]], taken)
            return multiply((product_of(coefficient, rest), closed))
    return None


def _apart(left: Indexed, right: Indexed, fact: Fact) -> tuple[Index, Index] | None:
    """Return the two indices in which entries of one vector differ, along which it is one-hot."""
    assert isinstance(fact.replacement, Product)
    for binding in unify(fact.pattern, Product((left, right)), {}, fact.variables):
        along = [v for v in fact.variables if v in free_in_order(fact.replacement.factors[0])]
        pair = [binding[v] for v in along]
        if len(pair) == 2 and isinstance(pair[0], Index) and isinstance(pair[1], Index):
            return pair[0], pair[1]
    return None


GIVEN: tuple[Rule[Context], ...] = (
    Rule(
        "given", "a sign that the system states: `[x > 0] = 1`, `abs(x) = x`, `sign(x) = 1`, `relu(x) = x`", known_sign
    ),
    Rule(
        "given",
        "`[n ≠ 0]·n·x^(n − 1) = n·x^(n − 1)`, where `x > 0`",
        needless_guard,
        (Product,),
    ),
    *SYMMETRY,
    Rule("given", "a one-hot vector: `y[k]·y[m] = [k = m]·y[k]` and `y[k]^2 = y[k]`", one_hot_product),
)
