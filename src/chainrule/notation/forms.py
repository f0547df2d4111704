"""The trees whose meaning depends on nothing around them: sums, signs, roots, conditions.

A table from rules of the grammar to functions of a tree and the nodes of its parts. What needs names, or points at its
place in an error, is in `convert`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from lark import Token, Tree

from chainrule.expr.nodes import Bracket, Call, Comparison, Condition, Constant, ExtentValue, Logic, Power, Select
from chainrule.expr.sizes import UNINFERRED, Axis
from chainrule.notation.operators import compared, negative_of, sum_of, superscript_of

Form: TypeAlias = Callable[[Tree[Token], Sequence[Any]], Any]

RELATIONS = {"≤": "<=", "≥": ">=", "≠": "!="}


def comparison(tree: Tree[Token], parts: Sequence[Any]) -> Condition:
    """Return a comparison, or the conjunction of a chain of them: 0 <= i < 3."""
    sides = [compared(part) for part in parts]
    relations = [RELATIONS.get(str(token), str(token)) for token in tree.children[1::2]]
    links = [Comparison(r, a, b) for r, a, b in zip(relations, sides, sides[1:], strict=False)]
    return links[0] if len(links) == 1 else Logic("and", tuple(links))


def joined(op: str) -> Form:
    """Return the function that joins conditions by `and` or `or`, flat."""

    def join(tree: Tree[Token], parts: Sequence[Any]) -> Condition:
        flat = [p for part in parts for p in (part.operands if isinstance(part, Logic) and part.op == op else (part,))]
        return Logic(op, tuple(flat))

    return join


def only(tree: Tree[Token], parts: Sequence[Any]) -> Any:
    """Return what stands in parentheses, or is the whole of a rule."""
    return parts[0]


def extent_of(tree: Tree[Token], parts: Sequence[Any]) -> ExtentValue:
    """Return extent(i), the size of an index or of a tensor with one axis, or extent(W, 1), that of an axis."""
    name, *axis = [str(token) for token in tree.children[1:]]
    return ExtentValue(Axis(name, int(axis[0]))) if axis else ExtentValue(UNINFERRED, name)


FORMS: Mapping[str, Form] = {
    "sum": sum_of,
    "negative": lambda tree, parts: negative_of(tree, parts[0]),
    "superscript": lambda tree, parts: Power(parts[0], superscript_of(str(tree.children[1]))),
    "root": lambda tree, parts: Call("sqrt", (parts[0],)),
    "constant_name": lambda tree, parts: Constant("pi"),
    "extent": extent_of,
    "bracket": lambda tree, parts: Bracket(parts[0]),
    "choice": lambda tree, parts: Select(parts[0], parts[1], parts[2]),
    "denied": lambda tree, parts: Logic("not", (parts[0],)),
    "conjunction": joined("and"),
    "condition": joined("or"),
    "negation": only,
    "paren": only,
    "body": only,
    "expression": only,
    "given": only,
    "range": lambda tree, parts: None,
}
