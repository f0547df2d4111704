"""Equality of two expressions up to the order of terms and factors and the letters of bound indices; nothing else.

No law of algebra is used: 2·x + 2·y and 2·(x + y) differ, and so do (a − y)·x and −(y − a)·x. Only how numbers are
written is looked through: ½, 1/2 and 2/4 are one number, −x is −1·x, and a quotient is a product with powers −1.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

from chainrule.expr.binding import rename_indices
from chainrule.expr.nodes import (
    Call,
    Comparison,
    Condition,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Number,
    Partial,
    Position,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    operands,
)
from chainrule.render.text import expression_text

_TURNED = {">": "<", ">=": "<="}


def same_form(left: Expr, right: Expr) -> bool:
    """Say whether two expressions are the same but for order and bound letters.

    >>> from chainrule.notation.parser import parse, parse_expression
    >>> system = parse("data x[i], y[i]")
    >>> def read(text):
    ...     return parse_expression(text, system)
    >>> same_form(read("2*(sum(i) x[i]*y[i]) + 1/2"), read("½ + 2*(sum(k) y[k]*x[k])"))
    True
    >>> same_form(read("2*x[j] + 2*y[j]"), read("2*(x[j] + y[j])"))
    False
    >>> same_form(read("sum(i,k) x[i]/y[k]"), read("sum(i,k) x[k]/y[i]")), same_form(read("x[i]"), read("x[k]"))
    (True, False)
    """
    return canonical(left) == canonical(right)


def assert_same_form(actual: Expr, expected: Expr) -> None:
    """Raise AssertionError, showing both, unless they have the same form."""
    if not same_form(actual, expected):
        raise AssertionError(f"came out: {expression_text(actual)}\nexpected: {expression_text(expected)}")


def canonical(node: Expr | Condition) -> str:  # noqa: C901 -- one match over the nodes
    """Return a text that two expressions share exactly if they have the same form."""
    match node:
        case Number(value):
            return f"{value}"
        case ExtentValue(extent):
            return f"extent({extent})"
        case IndexValue(position):
            return f"at({_position(position)})"
        case Indexed(tensor, positions, guarded):
            return f"{tensor}{'?' if guarded else ''}[{','.join(map(_position, positions))}]"
        case Partial(of, wrt):
            return f"d({canonical(of)}|{','.join(sorted(map(canonical, wrt)))})"
        case Sum(terms):
            return f"sum({'; '.join(sorted(canonical(t) for t in _flat(Sum, terms)))})"
        case Product() | Power(_, Number()):
            return _product(node)
        case Power(base, exponent):
            return f"power({canonical(base)}; {canonical(exponent)})"
        case Call(function, arguments, order):
            return f"{function}{order * chr(39)}({'; '.join(map(canonical, arguments))})"
        case Reduce(op, indices, body):
            return min(_reduction(op, indices, order, body) for order in permutations(indices))
        case Comparison(relation, left, right):
            sides = [canonical(left), canonical(right)]
            if relation in ("=", "!="):
                sides.sort()
            if relation in _TURNED:
                relation, sides = _TURNED[relation], sides[::-1]
            return f"({sides[0]} {relation} {sides[1]})"
        case Logic(op, parts):
            inner = [canonical(part) for part in parts]
            return f"{op}({'; '.join(inner if op == 'not' else sorted(inner))})"
        case Select(condition, then, otherwise):
            return f"where({canonical(condition)}; {canonical(then)}; {canonical(otherwise)})"
        case _:
            return f"{type(node).__name__}({getattr(node, 'name', '')}{'; '.join(map(canonical, operands(node)))})"


def _reduction(op: str, own: tuple[Index, ...], order: tuple[Index, ...], body: Expr) -> str:
    """Return the text of a reduction with its canonical names given out in another order.

    A canonical name tells how deep an index is bound, so inner and outer ones never mix, whatever the order is.
    """
    mapping = {old: Index(f"{place.name}'", old.extent) for old, place in zip(order, own, strict=True)}
    return f"{op}<{len(own)}>({canonical(rename_indices(body, mapping))})"


def _product(node: Expr) -> str:
    coefficient = Fraction(1)
    factors = []
    for factor in _flat(Product, (node,)):
        match factor:
            case Number(value):
                coefficient *= value
            case Power(Number(value), Number(exponent)) if exponent.denominator == 1 and value:
                coefficient *= value**exponent.numerator
            case Power(base, Number(exponent)):
                factors.append(f"{canonical(base)}^{exponent}")
            case _:
                factors.append(canonical(factor))
    number = [f"{coefficient}"] if coefficient != 1 or not factors else []
    return " * ".join(number + sorted(factors))


def _flat(kind: type[Expr], parts: tuple[Expr, ...]) -> list[Expr]:
    flat: list[Expr] = []
    for part in parts:
        match part:
            case Sum(inner) | Product(inner) if isinstance(part, kind):
                flat.extend(_flat(kind, inner))
            case Power(Product(inner), Number(value)) if kind is Product and value.denominator == 1:
                flat.extend(_flat(kind, tuple(Power(factor, Number(value)) for factor in inner)))
            case Power(Power(base, Number(inner)), Number(outer)) if kind is Product and outer.denominator == 1:
                flat.extend(_flat(kind, (Power(base, Number(inner * outer)),)))
            case _:
                flat.append(part)
    return flat


def _position(position: Position) -> str:
    if isinstance(position, Index):
        return position.name
    return "+".join([f"{c}*{i.name}" for i, c in sorted(position.terms, key=str)] + [str(position.constant)])
