"""Statements that differ in nothing but the names with digits in them are parsed once: the layers of a deep network.

A name with a digit is no word of the notation, so one may stand for another without changing what is read: the tree is
that of the first, with the tokens of the other text and their places.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from lark import Token, Tree

from chainrule.notation.source import Source, Statement

Parse = Callable[[Source, Statement], Tree[Token]]
_NAME = re.compile(r"(?<![\w.])((?=[A-Za-z_]*[0-9])[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)(?!\w)")
"""A name with a digit, all of it: what touches a letter that may belong to it, or a number, is left alone."""


@dataclass(frozen=True)
class _Piece:
    """A token: its type, where it begins and ends, and how many of the names begin before each of the two."""

    kind: str
    start: int
    end: int
    before: int
    within: int


@dataclass(frozen=True)
class _Pattern:
    """The tree of a statement: pieces and nodes, each with its number of children, in the order they are done."""

    lengths: Sequence[int]
    steps: Sequence[_Piece | tuple[str, int]]

    def tree(self, body: str, names: Sequence[str]) -> Tree[Token]:
        """Return the tree of a statement of this pattern with other names."""
        longer = (len(name) - length for name, length in zip(names, self.lengths, strict=True))
        moved = [0, *accumulate(longer)]
        done: list[Tree[Token] | Token] = []
        for step in self.steps:
            if isinstance(step, _Piece):
                start = step.start + moved[step.before]
                done.append(Token(step.kind, body[start : step.end + moved[step.within]], start))
            else:
                data, count = step
                children = done[len(done) - count :]
                del done[len(done) - count :]
                done.append(Tree(data, children))
        whole = done.pop()
        assert isinstance(whole, Tree)
        return whole


@dataclass(frozen=True)
class Repeated:
    """Reads the statements of one text, with a function that parses one."""

    source: Source
    parse: Parse
    known: dict[tuple[str, ...], _Pattern] = field(default_factory=dict)

    def tree(self, statement: Statement) -> Tree[Token]:
        """Return the tree of a statement. Raises NotationError."""
        parts = _NAME.split(statement.body)
        names = parts[1::2]
        if not names:
            return self.parse(self.source, statement)
        key = (statement.keyword, *parts[::2])
        pattern = self.known.get(key)
        if pattern is not None:
            return pattern.tree(statement.body, names)
        tree = self.parse(self.source, statement)
        self.known[key] = _pattern(tree, statement.body, names)
        return tree


def _pattern(tree: Tree[Token], body: str, names: Sequence[str]) -> _Pattern:
    starts = [match.start() for match in _NAME.finditer(body)]
    steps: list[_Piece | tuple[str, int]] = []
    waiting: list[Tree[Token] | Token] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Tree):
            steps.append((node.data, len(node.children)))
            waiting.extend(node.children)
        else:
            start = node.start_pos or 0
            end = start + len(node)
            assert body[start:end] == node
            before, within = bisect_left(starts, start), bisect_left(starts, end)
            steps.append(_Piece(node.type, start, end, before, within))
    return _Pattern([len(name) for name in names], steps[::-1])
