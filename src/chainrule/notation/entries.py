"""Entries of tensors as written: a name, a superscript, positions.

Which name is a tensor, and which letter an index, is decided in `convert`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lark import Token, Tree

from chainrule.expr.nodes import (
    Call,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    Lookup,
    Position,
    walk,
)
from chainrule.expr.symbols import Steps, Tensor
from chainrule.notation import operators
from chainrule.notation.advice import entry_advice, row_advice
from chainrule.notation.pointing import Pointing
from chainrule.notation.subscripts import subscripts_of
from chainrule.notation.superscripts import Raised, steps_in
from chainrule.notation.trees import first_token, letters_of, name_token, subtrees, token_of
from chainrule.system.locations import count_indices

COUNTING = "(counting)"
"""Stands among the letters within the arguments of what is drawn."""


class Entries(Pointing):
    """Reads the entries of one statement."""

    def count(self, token: Token, known: frozenset[str]) -> Indexed:
        """Return the number of the step or the sample, and note whether it counts what is drawn."""
        name = str(token)
        if COUNTING in known:
            self.vocabulary.counted.add(name)
        else:
            self.vocabulary.uncounted.setdefault(name, self.unknown(token))
        return Indexed(name)

    def letters(self, node: Tree[Token]) -> tuple[str, ...] | None:
        """Return the letters in the brackets of a name if there is nothing else in them, else None."""
        letters = letters_of(node)
        if letters is not None:
            self.check_letters(letters, token_of(node, "INDICES") or name_token(node))
        return letters

    def subscripted(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return an entry with subscripts in braces, x_{i}."""
        name, letters = subscripts_of(node, self.vocabulary)
        token = name_token(node)
        if not self.vocabulary.ranks.get(name):
            raise self.unknown(token)
        single = f"{name}_{''.join(letters)}"
        if single in self.vocabulary.ranks:
            what = (
                f"{name}_{{{','.join(letters)}}} could be the entry {name}[{','.join(letters)}] or the tensor {single}"
            )
            raise self.error(what, token, advice="Write the one that is meant.")
        self.check_letters(letters, token)
        return Indexed(name, self.labelled(letters))

    def absolute(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return the absolute value |t|; ||t|| is a norm, and what is in bars is a number."""
        inner, token = subtrees(node)[0], name_token(node)
        twice = inner.data == "absolute"
        whole = inner.data == "entry" and isinstance(parts[0], Indexed) and not parts[0].indices
        rank = self.vocabulary.ranks.get(parts[0].tensor, 0) if whole else 0
        if twice or rank:
            what = "|| stands for no norm" if twice else f"{parts[0].tensor} has {count_indices(rank)}: it is no number"
            raise self.error(what, token, advice=row_advice(self.spot(token)))
        return Call("abs", (parts[0],))

    def guarded(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return an entry that reads 0 outside its tensor."""
        tensor = Tensor(name_token(node), self.superscript(parts))
        return Indexed(tensor, self.positions(node, parts), guarded=True)

    def positions(self, node: Tree[Token], parts: Sequence[Any]) -> tuple[Position, ...]:
        """Return the positions in the brackets of a name, which are plain letters or the first of the parts."""
        letters = self.letters(node)
        if letters is not None:
            return self.labelled(letters)
        written = parts[0] if parts else ()
        return written.positions if isinstance(written, Raised) else written if isinstance(written, tuple) else ()

    def superscript(self, parts: Sequence[Any]) -> Steps:
        """Return the superscript in the brackets of a name, () without one."""
        return parts[0].superscript if parts and isinstance(parts[0], Raised) else ()

    def labelled(self, letters: Sequence[str]) -> tuple[Position, ...]:
        """Return letters as positions: indices, or numbers of whole number tensors."""
        integers = self.vocabulary.integers
        return tuple([Lookup(Indexed(n)) if n in integers else Index(n) for n in letters])

    def brackets(self, node: Tree[Token], parts: Sequence[Any]) -> tuple[Position, ...]:
        """Return the positions between brackets."""
        positions: list[Position] = []
        for tree, value in zip(subtrees(node)[-len(parts) :] if parts else (), parts, strict=True):
            position = self.lookup(value) or operators.position_of(value)
            if position is None:
                raise self.error(
                    "this is no position of an entry",
                    first_token(tree),
                    expected="expected is an index, a whole number, or a sum of multiples of them",
                    advice=self._other_position(value) or entry_advice(self.spot(first_token(tree))),
                )
            positions.append(position)
        return tuple(positions)

    def _other_position(self, value: Any) -> str:
        """Return what can be said of an expression that is no position."""
        parts = list(walk(value))
        if isinstance(value, Indexed):
            return f"An entry of whole numbers can stand here: data {value.tensor}[…] : int(V)"
        whole = next((p.tensor for p in parts if isinstance(p, Indexed) and self.vocabulary.is_whole(p.tensor)), "")
        if whole:
            return f"An entry of whole numbers stands alone as a position: E[{whole}[…]]"
        if any(isinstance(part, ExtentValue) for part in parts):
            return "The extent is not known here: declare it, index i = 10, and write the number."
        return ""

    def lookup(self, value: Any) -> Lookup | None:
        """Return an entry of an integer tensor as a position, None for anything else."""
        whole = isinstance(value, Indexed) and self.vocabulary.is_whole(value.tensor)
        return Lookup(value) if whole else None

    def family(self, node: Tree[Token], parts: Sequence[Any]) -> Raised:
        """Return what stands between the brackets of z[l+1; k]: a superscript, then positions."""
        superscript = steps_in(node)
        if superscript is None:
            raise self.error(
                "this is no superscript",
                first_token(node),
                expected="expected is a letter, a whole number, or a letter plus or minus one: z[l+1; k]",
            )
        return Raised(superscript, self.brackets(node, parts[1:]))
