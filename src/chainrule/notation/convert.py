"""Trees of the grammar as expressions.

One walk with a stack of its own, operands first, so that no text can run into a recursion limit. Indices are named by
their letters and carry no extents; `typecheck` settles those. A name without brackets is an index where one of that
name is in scope, else a scalar tensor; what could be both is an error. Arithmetic is the matter of `arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from lark import Token, Tree

from chainrule.expr.binding import reduce_over, rename_indices
from chainrule.expr.extrema import LEFT_OUT, where_it_holds
from chainrule.expr.functions import ARITY, DRAWN, MATRIX_FUNCTIONS
from chainrule.expr.nodes import (
    Bracket,
    Call,
    Condition,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Power,
    Product,
)
from chainrule.expr.sizes import Literal
from chainrule.expr.symbols import Tensor
from chainrule.families.templates import sum_over
from chainrule.notation import operators
from chainrule.notation.advice import call_advice, row_advice, tensor_call_advice
from chainrule.notation.bodies import check_body, counts_where
from chainrule.notation.derivatives import Slot, derivative_of
from chainrule.notation.entries import COUNTING, Entries
from chainrule.notation.forms import FORMS, comparison
from chainrule.notation.reductions import reduction_advice
from chainrule.notation.source import MAX_DEPTH, too_deep
from chainrule.notation.spelling import SYNONYMS
from chainrule.notation.step_sums import summed_steps
from chainrule.notation.subscripts import split_name, subscripts_of
from chainrule.notation.trees import first_token, name_token, ranges_of, subtrees, token_of
from chainrule.system.locations import first_repeated

Scope: TypeAlias = frozenset[str] | None
"""The letters of the indices that are known at a place; None within brackets, where every name is an index."""


class Converter(Entries):
    """Turns the trees of one statement into nodes; its errors point into the source."""

    def convert(self, tree: Tree[Token], scope: Collection[str] = ()) -> Any:
        """Return the node of a tree, in which the indices of the scope are known.

        What an integer tensor is called is no index: in `[y = k]*x[y]` the position is the number that y holds.
        """
        known: Scope = frozenset(scope).difference(self.vocabulary.integers)
        stack: list[tuple[Tree[Token], Scope, int, int]] = [(tree, known, 0, -1)]
        values: list[Any] = []
        while stack:
            node, known, depth, start = stack.pop()
            kind = str(node.data)  # lark's own strings compare slowly
            if start >= 0:
                parts = values[start:]
                del values[start:]
                values.append(self._value(kind, node, parts, known))
                continue
            below = subtrees(node)
            if not below:
                values.append(self._value(kind, node, (), known))
                continue
            if depth > MAX_DEPTH:
                raise too_deep(self.source, self.position(first_token(node)))
            stack.append((node, known, depth, len(values)))
            inner = self._inner_scope(kind, node, known)
            deeper = depth + (kind not in _TRANSPARENT)
            stack.extend([(child, inner, deeper, -1) for child in reversed(below)])
        return values[0]

    def _value(self, kind: str, node: Tree[Token], parts: Sequence[Any], known: Scope) -> Any:
        if kind == "entry":
            return self.entry(node, parts, known)
        form = FORMS.get(kind)
        return form(node, parts) if form else _READERS[kind](self, node, parts)

    def _inner_scope(self, kind: str, node: Tree[Token], known: Scope) -> Scope:
        if kind in ("brackets", "family"):
            return None
        if kind == "superscripts":
            return known
        if kind == "reduction" and known is not None:
            return known.union(str(child.children[0]) for child in ranges_of(node))
        if kind == "call" and known is not None and str(name_token(node)) in DRAWN:
            return known.union((COUNTING,))
        return known

    # Names

    def entry(self, node: Tree[Token], parts: Sequence[Any], known: Scope) -> Expr:
        """Return an entry, or the index or scalar that a name without brackets stands for."""
        token = name_token(node)
        name = str(token)
        positions = self.positions(node, parts)
        superscript = self.superscript(parts)
        if positions or superscript:
            if name not in self.vocabulary.ranks and not superscript:
                self.check_entry(token)
            return Indexed(Tensor(name, superscript), positions)
        if known is None:
            return Indexed(name) if name in self.vocabulary.integers else IndexValue(Index(name))
        rank = self.vocabulary.ranks.get(name)
        if name in known:
            if rank == 0:
                raise self.error(
                    f"{name} could be the index or the tensor {name}", token, declare="Rename one of the two."
                )
            return IndexValue(Index(name))
        if rank is not None:
            return Indexed(name)
        if name in self.vocabulary.letters:
            return IndexValue(Index(name))
        if name in self.vocabulary.counters:
            return self.count(token, known)
        subscripted = split_name(name, known, self.vocabulary)
        if subscripted is None:
            raise self.unknown(token)
        return Indexed(subscripted[0], self.labelled(subscripted[1]))

    def comparison(self, node: Tree[Token], parts: Sequence[Any]) -> Condition:
        """Return a comparison, or the conjunction of a chain; whole numbers are compared as such."""
        return comparison(node, [IndexValue(looked) if (looked := self.lookup(p)) else p for p in parts])

    def by(self, node: Tree[Token], parts: Sequence[Any]) -> Slot:
        """Return a tensor in a derivative, with its mark: what is differentiated, or what it is taken by."""
        return replace(self.part(node, parts), guarded=token_of(node, "GUARD") is not None)

    def part(self, node: Tree[Token], parts: Sequence[Any]) -> Slot:
        """Return a tensor in a derivative, with the positions behind it or in its subscripts."""
        token = token_of(node, "NAME")
        assert token is not None
        name, letters = subscripts_of(node, self.vocabulary)
        positions = self.labelled(letters) or self.positions(node, parts)
        superscript = self.superscript(parts)
        written = positions or (() if superscript else None)
        return Slot(Token.new_borrow_pos("NAME", name, token), written, superscript=superscript)

    def derivative(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return a derivative: an entry of that name, or a symbol if it is one of an unknown function."""
        every = (self.by(node, parts), *(p for p in parts if isinstance(p, Slot)))
        return derivative_of(node, every, self.vocabulary, self.error)

    # Numbers, functions, reductions

    def number(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return an exact number."""
        token = name_token(node)
        value = operators.number_of(str(token))
        if value is None:
            raise self.error(
                "the number is too large or too small for floating point",
                token,
                expected=f"decimal exponents go up to {operators.MAX_EXPONENT}",
            )
        return Number(value)

    def call(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return a function of its arguments."""
        token = name_token(node)
        name = str(token)
        if name in MATRIX_FUNCTIONS:
            return self.matrix(name, node, parts)
        if name == "σ" and name not in self.vocabulary.functions:
            name = "sigmoid"
        elif name not in self.vocabulary.functions and name not in self.vocabulary.ranks:
            name = SYNONYMS.get(name, name)
        if name in self.vocabulary.ranks:
            raise self.error(
                f"{name} is a tensor, not a function of a number",
                token,
                advice=tensor_call_advice(name, self.spot(token)),
            )
        if name not in self.vocabulary.functions and name not in DRAWN and ARITY.get(name) != len(parts):
            self.check_spelling(token)
        if name in DRAWN and all(isinstance(part, Number) for part in parts):
            raise self.error(
                f"{name} is given numbers alone, so that it is one number for good",
                token,
                expected="expected is what counts the numbers: a seed, step, letters of indices",
                advice=row_advice(self.spot(token)) or call_advice(name, self.spot(token)),
            )
        return Call(name, tuple(parts), order=len(token_of(node, "PRIMES") or ""))

    def matrix(self, function: str, node: Tree[Token], parts: Sequence[Any]) -> MatrixEntry:
        """Return a function of a matrix that is named whole; the entry of an inverse is read where its brackets are."""
        match parts:
            case (Indexed(Tensor() as tensor, ()),) if self.vocabulary.rank_of(tensor):
                return MatrixEntry(function, tensor)
            case _:
                raise self.error(
                    f"{function} is of a matrix, named without brackets: {function}(X)",
                    name_token(node),
                    advice="Anything longer gets an equation of its own: K[i,j] = …",
                )

    def matrix_entry(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return an entry of a function of a matrix."""
        matrix, *rest = parts
        if not isinstance(matrix, MatrixEntry) or not MATRIX_FUNCTIONS[matrix.function]:
            raise self.error("the value of a function is a number, it has no entries", first_token(node))
        return replace(matrix, indices=self.positions(node, rest))

    def reduction(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return a reduction; a loose body after max, min or prod is refused."""
        head = name_token(node)
        op = "sum" if head.type.startswith("SIGMA") else str(head)
        ranges = ranges_of(node)
        letters = [str(name_token(child)) for child in ranges]
        self.check_letters(letters, name_token(ranges[0]))
        both = next((n for n, letter in enumerate(letters) if letter in self.vocabulary.integers), None)
        if both is not None:
            raise self.error(
                f"{letters[both]} could be the index or the tensor {letters[both]}",
                name_token(ranges[both]),
                advice="Rename one of the two.",
            )
        twice = first_repeated(letters)
        if twice is not None:
            place = name_token(ranges[letters.index(twice, letters.index(twice) + 1)])
            raise self.error(f"index {twice} stands twice under the {op}", place, advice="Give each index its letter.")
        counted = op in LEFT_OUT and counts_where(node)
        if op in ("max", "min", "prod") and not counted:
            check_body(self.source, self.offset, node, op)
        bounds = {
            Index(letter): Index(letter, Literal(size))
            for letter, size in zip(letters, parts, strict=False)
            if size is not None
        }
        written = self._counted(op, parts[-1]) if counted else parts[-1]
        over = summed_steps(letters, written, self.vocabulary.steps)
        if over and op != "sum":
            raise self.error(
                f"{op} goes over indices, and {over[0]} is a step", head, expected=f"steps are added up: sum({over[0]})"
            )
        indices = [Index(letter) for letter in letters if letter not in over]
        # The letter is local: it is bounded in the body alone, and what stands outside keeps its meaning.
        body = reduce_over(op, [bounds.get(i, i) for i in indices], rename_indices(written, bounds))
        for letter in reversed(over):
            body = sum_over(letter, body)
        return body

    def _counted(self, op: str, body: Product) -> Expr:
        """Return what a maximum is taken of, of a product of brackets and what counts where they hold."""
        *brackets, entry = body.factors
        conditions = tuple(bracket.condition for bracket in brackets if isinstance(bracket, Bracket))
        return where_it_holds(op, conditions[0] if len(conditions) == 1 else Logic("and", conditions), entry)

    def bounded(self, node: Tree[Token], parts: Sequence[Any]) -> int:
        """Return the number by which a range is bounded."""
        size = self._size(parts[0])
        if size is None:
            spot = self.spot(name_token(node))
            raise self.error(
                f"the range of {name_token(node)} is bounded by what is no number",
                first_token(subtrees(node)[0]),
                expected="expected is a whole number, or a const that has one, const m = 2: max(u<m) x[2*i+u]",
                advice=reduction_advice(spot.text, spot.place, spot.around)
                or "What depends on an index goes into a bracket: sum(k) [k < j]*x[k]",
            )
        return size

    def _size(self, value: Expr) -> int | None:
        """Return a number of values, written out or as the name of a const; None for anything else."""
        match value:
            case Number(exact) if exact.denominator == 1 and exact >= 0:
                return int(exact)
            case Indexed(name, ()):
                return self.vocabulary.whole.get(name)
            case _:
                return None

    def product(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return a product."""
        if node.children[-2] == "/":
            check_body(self.source, self.offset, node.children[-1], "/")
        return operators.product_of(node, parts)

    def power(self, node: Tree[Token], parts: Sequence[Any]) -> Expr:
        """Return x^y."""
        check_body(self.source, self.offset, node.children[2], "^")
        return Power(parts[0], parts[1])


_READERS: Mapping[str, Callable[[Converter, Tree[Token], Sequence[Any]], Any]] = {
    "subscripted": Converter.subscripted,
    "absolute": Converter.absolute,
    "guarded": Converter.guarded,
    "brackets": Converter.brackets,
    "family": Converter.family,
    "superscripts": lambda converter, tree, parts: None,
    "by": Converter.by,
    "derivative": Converter.derivative,
    "number": Converter.number,
    "call": Converter.call,
    "matrix_entry": Converter.matrix_entry,
    "reduction": Converter.reduction,
    "bounded": Converter.bounded,
    "comparison": Converter.comparison,
    "product": Converter.product,
    "power": Converter.power,
}
_TRANSPARENT = frozenset(("paren", "body", "brackets", "family", "superscripts", "expression", "given"))
"""Rules that do not nest expressions any deeper."""
