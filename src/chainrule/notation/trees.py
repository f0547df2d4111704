"""Finding one's way in the trees of the grammar: their tokens, their parts, and where they end in the text."""

from __future__ import annotations

from lark import Token, Tree


def first_token(tree: Tree[Token]) -> Token:
    """Return the first token of a tree."""
    node: Tree[Token] | Token = tree
    while isinstance(node, Tree):
        node = node.children[0]
    return node


def name_token(tree: Tree[Token]) -> Token:
    """Return the token that a tree starts with, its name."""
    token = tree.children[0]
    assert isinstance(token, Token)
    return token


def subtrees(tree: Tree[Token]) -> list[Tree[Token]]:
    """Return the trees directly in a tree, without its tokens."""
    return [child for child in tree.children if isinstance(child, Tree)]


def token_of(tree: Tree[Token], kind: str) -> Token | None:
    """Return the first token of a kind directly in a tree, or None."""
    return next((c for c in tree.children if isinstance(c, Token) and c.type == kind), None)


def letters_of(tree: Tree[Token]) -> tuple[str, ...] | None:
    """Return the letters in the brackets of a name if there is nothing else in them, else None."""
    token = token_of(tree, "INDICES")
    return None if token is None else tuple([letter.strip() for letter in token[1:-1].split(",")])


def ranges_of(reduction: Tree[Token]) -> list[Tree[Token]]:
    """Return the ranges of a reduction."""
    return [child for child in subtrees(reduction) if child.data in ("range", "bounded")]


def unsigned(tree: Tree[Token]) -> Tree[Token]:
    """Return a tree without the minus signs in front of it."""
    while tree.data == "negative":
        inner = tree.children[1]
        assert isinstance(inner, Tree)
        tree = inner
    return tree


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


def last_token(tree: Tree[Token]) -> Token:
    """Return the last token of a tree; brackets that close it are not among its tokens."""
    node: Tree[Token] | Token = tree
    while isinstance(node, Tree):
        node = node.children[-1]
    return node


def closed(text: str, start: int, end: int) -> int:
    """Return where a piece of text ends once the brackets that it opens are closed.

    >>> text = "2*exp(x[i]) + 1"
    >>> text[2 : closed(text, 2, 9)]
    'exp(x[i])'
    """
    depth = 0
    for place in range(start, len(text)):
        if place >= end and depth == 0:
            return place
        depth += (text[place] in "([{") - (text[place] in ")]}")
    return len(text)
