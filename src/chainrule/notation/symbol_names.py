"""What a short text names: a tensor, z1, or a derivative, ∂C/∂z1; positions behind it are left out.

For names that people give, on the command line or as an argument; what is in a system is read by the converter.
"""

from __future__ import annotations

from lark import Token, Tree

from chainrule.errors import NotationError
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.notation.source import read_source, split
from chainrule.notation.syntax import parse_statement
from chainrule.notation.trees import subtrees, token_of


def named_symbol(text: str) -> Symbol | None:
    """Return the tensor or derivative that a text names, None if it names neither.

    >>> named_symbol("∂C/∂z1[3]"), named_symbol("∂²C/∂z∂w"), named_symbol("W2[k,j]"), named_symbol("a + b")
    ('∂C/∂z1', '∂²C/∂z∂w', 'W2', None)
    """
    try:
        source = read_source(text)
        statements = split(source)
        trees = subtrees(parse_statement(source, statements[0], "expression")) if len(statements) == 1 else []
    except NotationError:
        return None
    match trees[0] if trees else None:
        case Tree(data="entry" | "subscripted") as tree:
            return Tensor(_name(tree))
        case Tree(data="derivative") as tree:
            return Derivative(_name(tree), *(_name(part) for part in subtrees(tree) if part.data == "by"))
        case _:
            return None


def _name(tree: Tree[Token]) -> str:
    return str(token_of(tree, "NAME"))
