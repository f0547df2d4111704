"""Finding one's way in the trees of the grammar: their tokens, their parts, and where a term ends in the text."""

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
