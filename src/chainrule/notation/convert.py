"""Trees of the grammar as expressions.

One walk with a stack of its own, operands first, so that no text can run into a recursion limit. Indices are named by
their letters and carry no extents; `typecheck` settles those. A name without brackets is an index where one of that name
is in scope, else a scalar tensor; what could be both is an error. Arithmetic is the matter of `arithmetic`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lark import Token, Tree

from chainrule.errors import NotationError
from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import Call, Expr, Index, Indexed, IndexValue, Number, Position, Power
from chainrule.notation import arithmetic
from chainrule.notation.advice import RESERVED, not_yet
from chainrule.notation.derivatives import Part, derivative_of
from chainrule.notation.forms import FORMS
from chainrule.notation.source import MAX_DEPTH, Source, too_deep
from chainrule.system.naming import did_you_mean

Scope: TypeAlias = frozenset[str] | None
"""The letters of the indices that are known at a place; None within brackets, where every name is an index."""


@dataclass
class Vocabulary:
    """What the names around an expression mean: ranks of tensors, functions, arguments of unknown tensors, letters.

    `written` are the derivatives that an equation above defines: these are read as tensors, not as unknowns.
    """

    ranks: dict[str, int] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    arguments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)


class Converter:
    """Turns the trees of one statement into nodes; its errors point into the source."""

    def __init__(self, source: Source, offset: int, vocabulary: Vocabulary) -> None:
        self.source = source
        self.offset = offset
        self.vocabulary = vocabulary

    def error(self, what: str, token: Token, *, expected: str = "", advice: str = "") -> NotationError:
        """Return an error that points at a token."""
        return self.source.error(what, self.position(token), expected=expected, advice=advice)

    def position(self, token: Token) -> int:
        """Return where a token stands in the source."""
        return self.offset + (token.start_pos or 0)

    def convert(self, tree: Tree[Token], scope: Collection[str] = ()) -> Any:
        """Return the node of a tree, in which the indices of the scope are known."""
        stack: list[tuple[Tree[Token], Scope, int, int]] = [(tree, frozenset(scope), 0, -1)]
        values: list[Any] = []
        while stack:
            node, known, depth, start = stack.pop()
            if start >= 0:
                parts = values[start:]
                del values[start:]
                values.append(self._value(node, parts, known))
                continue
            below = [child for child in node.children if isinstance(child, Tree)]
            if not below:
                values.append(self._value(node, (), known))
                continue
            if depth > MAX_DEPTH:
                raise too_deep(self.source, self.position(first_token(node)))
            stack.append((node, known, depth, len(values)))
            inner = self._inner_scope(node, known)
            deeper = depth + (node.data not in _TRANSPARENT)
            stack.extend([(child, inner, deeper, -1) for child in reversed(below)])
        return values[0]

    def _value(self, node: Tree[Token], parts: Sequence[Any], known: Scope) -> Any:
        if node.data == "entry":
            return self.entry(node, parts, known)
        form = FORMS.get(node.data)
        return form(node, parts) if form else _READERS[node.data](self, node, parts)

    def _inner_scope(self, node: Tree[Token], known: Scope) -> Scope:
        if node.data == "brackets":
            return None
        if node.data == "reduction" and known is not None:
            return known.union(str(child.children[0]) for child in _ranges(node))
        return known

    # Names

    def entry(self, node: Tree[Token], parts: Sequence[Any], known: Scope) -> Expr:
        """Return an entry, or the index or scalar that a name without brackets stands for."""
        token = _token(node)
        name = str(token)
        if parts:
            if known is None:
                raise not_yet(self.source, f"integer tensors as indices, such as {name}[…],", self.position(token))
            return Indexed(name, parts[0])
        if known is None:
            return IndexValue(Index(name))
        rank = self.vocabulary.ranks.get(name)
        if name in known:
            if rank == 0:
                raise self.error(
                    f"{name} could be the index or the tensor {name}", token, advice="Rename one of the two."
                )
            return IndexValue(Index(name))
        if rank is not None:
            return Indexed(name)
        if name in self.vocabulary.letters:
            return IndexValue(Index(name))
        raise self.unknown(token)

    def unknown(self, token: Token) -> NotationError:
        """Return the error for a name that stands for nothing."""
        name = str(token)
        if name in RESERVED:
            return self.error(f"'{name}' is a word of the notation", token)
        advice = did_you_mean(name, self.vocabulary.ranks)
        if name[0] == "d" and name[1:] in self.vocabulary.ranks:
            advice = f"A derivative is written with ∂: ∂{name[1:]}/∂…"
        return self.error(f"nothing is named {name}", token, advice=advice or f"Declare it: data {name}, or const {name}.")

    def guarded(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return an entry that reads 0 outside its tensor."""
        return Indexed(str(_token(node)), parts[0], guarded=True)

    def brackets(self, node: Tree[Token], parts: Sequence[Any]) -> tuple[Position, ...]:
        """Return the positions between brackets."""
        positions: list[Position] = []
        trees = [child for child in node.children if isinstance(child, Tree)]
        for tree, value in zip(trees, parts, strict=True):
            position = arithmetic.position_of(value)
            if position is None:
                raise self.error(
                    "this is no position of an entry",
                    first_token(tree),
                    expected="an index, a whole number, or a sum of multiples of them",
                )
            positions.append(position)
        return tuple(positions)

    def family(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Refuse an entry of a family, z[l; k]."""
        raise not_yet(self.source, "families of equations, z[l; k],", self.position(first_token(node)))

    def by(self, node: Tree[Token], parts: Sequence[Any]) -> Part:
        """Return what a derivative is taken by."""
        return Part(node.children[1], parts[0] if parts else None)  # type: ignore[arg-type]

    def derivative(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return a derivative: an entry of that name, or a symbol if it is one of an unknown function."""
        names = [child for child in node.children if isinstance(child, Token) and child.type == "NAME"]
        own = parts[0] if isinstance(parts[0], tuple) else None
        return derivative_of(self, node, (Part(names[0], own), *(p for p in parts if isinstance(p, Part))))

    # Numbers, functions, reductions

    def number(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return an exact number."""
        token = _token(node)
        value = arithmetic.number_of(str(token))
        if value is None:
            raise self.error(
                "the number is too long, or too large or small for floating point",
                token,
                expected=f"at most {arithmetic.MAX_DIGITS} digits, and exponents up to {arithmetic.MAX_DIGITS}",
            )
        return Number(value)

    def call(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return a function of its arguments."""
        token = _token(node)
        name = str(token)
        if name in ("det", "inv"):
            raise not_yet(self.source, f"'{name}'", self.position(token))
        if name == "σ" and name not in self.vocabulary.functions:
            name = "sigmoid"
        if name in self.vocabulary.ranks:
            raise self.error(
                f"{name} is a tensor, not a function of a number",
                token,
                advice=f"Its entries stand in square brackets, {name}[…]; a product has a *.",
            )
        primes = [c for c in node.children if isinstance(c, Token) and c.type == "PRIMES"]
        return Call(name, tuple(parts), order=len(primes[0]) if primes else 0)

    def matrix_entry(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Refuse an entry of a matrix function; `call` has refused inv(X)[i,j] by its name."""
        raise self.error("the value of a function is a number, it has no entries", first_token(node))

    def reduction(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return a reduction; a loose body after max, min or prod is refused."""
        head = _token(node)
        op = "sum" if head.type.startswith("SIGMA") else str(head)
        ranges = _ranges(node)
        letters = [str(child.children[0]) for child in ranges]
        repeated = next((n for n, letter in enumerate(letters) if letter in letters[:n]), None)
        if repeated is not None:
            raise self.error(f"index {letters[repeated]} stands twice under the {op}", first_token(ranges[repeated]))
        if op in ("max", "min", "prod"):
            self.check_body(node, op)
        return reduce_over(op, [Index(letter) for letter in letters], parts[-1])

    def bounded(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Refuse a bounded range."""
        raise not_yet(self.source, "bounded ranges, max(u<2) …,", self.position(first_token(node)))

    def product(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return a product."""
        if node.children[-2] == "/":
            self.check_body(node.children[-1], "/")
        return arithmetic.product_of(node, parts)

    def power(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return x^y."""
        self.check_body(node.children[2], "^")
        return Power(parts[0], parts[1])

    def check_body(self, tree: Tree[Token] | Token, before: str) -> None:
        """Refuse a reduction whose body could end after its first factor or go on.

        `before` is the operator in front of it, or its own name.
        """
        operator = second_factor(tree)
        if operator is None:
            return
        reduction = tree
        while reduction.data == "negative":
            reduction = reduction.children[1]
        text = self.source.text
        start, end = self.position(first_token(reduction)), self.position(operator)
        last = _ranges(reduction)[-1].children[0]
        head = re.compile(r"\s*[)}]").match(text, self.position(last) + len(last))
        body = head.end() if head else self.position(last) + len(last)
        stop = term_end(text, start)
        whole, first, rest = (" ".join(part.split()) for part in (text[start:stop], text[start:end], text[end:stop]))
        if before in "/^":
            what, readings = f"after {before}", (f"{before}({whole})", f"{before}({first}){rest}")
        else:
            opening, inner = (" ".join(part.split()) for part in (text[start:body], text[body:stop]))
            what, readings = f"of the {before}", (f"{opening} ({inner})", f"({first}){rest}")
        raise self.source.error(
            f"the body {what} has more than one factor and no parentheses",
            start,
            expected=f"either {readings[0]} or {readings[1]}",
        )


_READERS: Mapping[str, Callable[[Converter, Tree[Token], Sequence[Any]], Any]] = {
    "guarded": Converter.guarded,
    "brackets": Converter.brackets,
    "family": Converter.family,
    "by": Converter.by,
    "derivative": Converter.derivative,
    "number": Converter.number,
    "call": Converter.call,
    "matrix_entry": Converter.matrix_entry,
    "reduction": Converter.reduction,
    "bounded": Converter.bounded,
    "product": Converter.product,
    "power": Converter.power,
}
_TRANSPARENT = frozenset(("paren", "body", "brackets", "expression", "given"))
"""Rules that do not nest expressions any deeper."""


def first_token(tree: Tree[Token]) -> Token:
    """Return the first token of a tree."""
    node: Tree[Token] | Token = tree
    while isinstance(node, Tree):
        node = node.children[0]
    return node


def _token(node: Tree[Token]) -> Token:
    token = node.children[0]
    assert isinstance(token, Token)
    return token


def _ranges(node: Tree[Token]) -> list[Tree[Token]]:
    return [c for c in node.children if isinstance(c, Tree) and c.data in ("range", "bounded")]


def second_factor(tree: Tree[Token] | Token) -> Token | None:
    """Return the operator behind the first factor of a reduction's body, through signs and reductions; else None."""
    reduced = False
    while isinstance(tree, Tree) and tree.data in ("negative", "reduction", "body"):
        reduced = reduced or tree.data == "reduction"
        tree = tree.children[-1]
    if reduced and isinstance(tree, Tree) and tree.data == "product":
        operator = tree.children[1]
        return operator if isinstance(operator, Token) else None
    return None


def term_end(text: str, start: int) -> int:
    """Return where the term that starts at a place ends: before a + or - or what closes it from outside."""
    depth, operand = 0, False
    for place in range(start, len(text)):
        mark = text[place]
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        if depth < 0 or (depth == 0 and (mark in "+,=<>≤≥≠\n#" or (mark in "-−" and operand))):
            return place
        if not mark.isspace():
            operand = mark not in "*/^·×⋅-−" and not (mark in ")}" and depth == 0 and not operand)
    return len(text)
