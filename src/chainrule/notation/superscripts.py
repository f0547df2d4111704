"""Superscripts as written: the l+1 of z[l+1; k], a part of the name of a tensor.

Each is a letter, a letter plus or minus a whole number, or a whole number. What the letters mean, the step of a `for`
line, how many steps there are, or nothing at all, is no matter of this module.
"""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token, Tree

from chainrule.expr.nodes import Position
from chainrule.expr.symbols import Steps, Tensor, step_of
from chainrule.notation.trees import name_token, subtrees


@dataclass(frozen=True)
class Raised:
    """What stands in the brackets of a name with a superscript: that, and the positions behind the semicolon."""

    superscript: Steps
    positions: tuple[Position, ...]


def family_of(tree: Tree[Token]) -> Tree[Token] | None:
    """Return the brackets of a name if a superscript stands in them, else None."""
    for child in tree.children:
        if isinstance(child, Tree) and child.data == "family":
            return child
    return None


def steps_in(family: Tree[Token]) -> Steps | None:
    """Return the superscripts in brackets, None where one of them is of no such form."""
    written = [step_of("".join(map(str, _tokens(tree)))) for tree in subtrees(subtrees(family)[0])]
    found = tuple(step for step in written if step is not None)
    return found if len(found) == len(written) else None


def tensor_of(tree: Tree[Token]) -> Tensor:
    """Return the tensor that a name with its brackets is one entry of: z[l+1; k] is one of z^(l+1)."""
    family = family_of(tree)
    return Tensor(str(name_token(tree)), (steps_in(family) or ()) if family is not None else ())


def _tokens(tree: Tree[Token]) -> list[Token]:
    return list(tree.scan_values(lambda value: isinstance(value, Token)))
