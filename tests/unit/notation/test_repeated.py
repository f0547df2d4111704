"""Statements that are parsed once: the tree of another with other names is what parsing would have made of it."""

from __future__ import annotations

from typing import Any

import pytest
from lark import Token, Tree

from chainrule.errors import NotationError
from chainrule.notation import parse
from chainrule.notation.repeated import Repeated
from chainrule.notation.source import read_source, split
from chainrule.notation.syntax import parse_statement

PAIRS = [
    ("z1[j] = sum(i) W1[j,i]*x[i] + b1[j]", "z12[j] = sum(i) W12[j,i]*x[i] + b12[j]"),
    ("∂C/∂z2[k] = a2[k]", "∂C/∂z10[k] = a10[k]"),
    ("a_1b2[i] = g1_3[ i1 , i2 ]", "a_1b22[i] = g11_33[ i10 , i2 ]"),
    ("u1[i] = log1p(x1[i])^2e1", "u1[i] = sigma20(x10[i])^2e1"),
    ("y = x1e5 + 1e5 + 1.e5", "y = x1e55 + 1e5 + 1.e5"),
    ("y = x1 # of x1, not x2", "y = x21 # of x9, not x2"),
    ("y1[i] = x_{i} + max(u1<3) w1[u1]", "y10[i] = x_{i} + max(u<3) w1[u]"),
    ("param W1[j,i], b1[j]", "param W100[j,i], b[j]"),
    ("cost C1 = x1?[i-1]", "cost C20 = x1?[i-1]"),
    ("update W1[j] = W1[j] - eta*∂C/∂W1[j]", "update W3[j] = W3[j] - eta*∂C/∂W3[j]"),
    ("y1 = 2x1", "y1 = 2x2"),
    ("y1 = Σ_k1 x1[k1]", "y1 = Σ_k2 x1[k2]"),
]


def shown(node: Tree[Token] | Token) -> Any:
    return (
        (node.type, str(node), node.start_pos) if isinstance(node, Token) else (node.data, *map(shown, node.children))
    )


def outcome(read: Any) -> Any:
    try:
        return shown(read())
    except NotationError as error:
        return str(error)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_repeated_statement_is_read_as_if_it_stood_alone(first: str, second: str) -> None:
    source = read_source(f"{first}\n{second}\n{first}")
    repeated = Repeated(source, parse_statement)
    for statement in split(source):
        alone = outcome(lambda statement=statement: parse_statement(source, statement))
        assert outcome(lambda statement=statement: repeated.tree(statement)) == alone


def test_what_differs_in_names_with_digits_only_is_parsed_once() -> None:
    source = read_source("\n".join(f"a{n} = sigmoid(z{n}) + {n} - z{n}" for n in (8, 8, 9, 10, 100)))
    parsed = []
    repeated = Repeated(
        source, lambda source, statement: parsed.append(statement) or parse_statement(source, statement)
    )
    for statement in split(source):
        repeated.tree(statement)
    assert [statement.body[:2] for statement in parsed] == ["a8", "a9", "a1", "a1"], "numbers are no names"


def test_an_error_in_a_repeated_statement_points_into_its_own_line() -> None:
    with pytest.raises(NotationError) as caught:
        parse("param w1[i]\na1 = sum(i) w1[i]\na22 = sum(i) w22[i]\ncost C = a1")
    assert (caught.value.line, caught.value.column) == (3, 14)
