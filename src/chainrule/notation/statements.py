"""From the trees of all statements to a System that is not checked yet.

What a name means in one line may depend on any other line, so the names have been collected before (`vocabulary`). Each
piece of the system keeps the span of text that it was read from, so that an error which `typecheck` finds in the system
can be shown in the text.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from lark import Token, Tree

from chainrule.expr.nodes import Affine, Comparison, Index, Indexed, Logic, Partial, Position
from chainrule.expr.sizes import Declared, Formula, Literal, Size
from chainrule.expr.symbols import Derivative, Symbol
from chainrule.notation.convert import Converter
from chainrule.notation.index_formulas import ROUNDINGS, NoSizeError, formula_of
from chainrule.notation.operators import number_of
from chainrule.notation.source import Source, Statement
from chainrule.notation.subscripts import subscripts_of
from chainrule.notation.superscripts import Raised, tensor_of
from chainrule.notation.trees import first_token, letters_of, name_token, subtrees, token_of
from chainrule.notation.vocabulary import Vocabulary
from chainrule.system.model import (
    NO_COST,
    Declaration,
    Equation,
    FunctionDefinition,
    Given,
    Role,
    System,
    counter,
    one_hot,
)


@dataclass(frozen=True)
class Span:
    """Where a piece of the system stands in the text; `equal` is the place of its = or its end."""

    start: int
    equal: int
    end: int


class SystemReader:
    """The system as read so far, and where each piece of it stands."""

    def __init__(self, source: Source, vocabulary: Vocabulary) -> None:
        self.source = source
        self.vocabulary = vocabulary
        self.declarations: list[Declaration] = []
        self.functions: list[FunctionDefinition] = []
        self.givens: list[Given] = []
        self.equations: list[Equation] = []
        self.updates: list[Equation] = []
        self.indices: list[Index] = []
        self.sizes: list[tuple[Size, int]] = []
        self.batch = ""
        self.cost: Symbol = NO_COST
        self.spans: dict[tuple[str, int], Span] = {}
        self.steps: tuple[str, ...] = ()

    def system(self) -> System:
        """Return what has been read, not yet checked. Raises NotationError for a count of what nobody draws."""
        for name, error in self.vocabulary.uncounted.items():
            if name not in self.vocabulary.counted:
                raise error
        counters = tuple(counter(name) for name in sorted(self.vocabulary.counted))
        return System(
            declarations=(*self.declarations, *counters),
            functions=tuple(self.functions),
            givens=tuple(self.givens),
            batch=self.batch,
            equations=tuple(self.equations),
            cost=self.cost,
            updates=tuple(self.updates),
            indices=tuple(self.indices),
            sizes=tuple(dict(self.sizes).items()),
        )

    def read(self, statement: Statement, tree: Tree[Token]) -> None:
        """Add a statement to the system. Raises NotationError."""
        _READERS[tree.data](self, statement, tree)

    def _converter(self, statement: Statement) -> Converter:
        return Converter(self.source, statement.offset, self.vocabulary)

    def _place(self, kind: str, number: int, statement: Statement, tree: Tree[Token]) -> None:
        """Remember where a piece of the system stands."""
        start = statement.offset + (first_token(tree).start_pos or 0)
        end = statement.offset + len(statement.body)
        equal = token_of(tree, "EQUAL")
        self.spans[kind, number] = Span(start, end if equal is None else statement.offset + (equal.start_pos or 0), end)

    # One method for each rule that opens a statement

    def read_declarations(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read data and params."""
        role: Role = "data" if statement.keyword == "data" else "param"
        for piece in subtrees(tree):
            kind = next((c for c in subtrees(piece) if c.data == "type"), None)
            values = None if kind is None else self._values(statement, role, kind)
            labels = self._labels(statement, piece)
            self._declare(Declaration(role, tensor_of(piece), labels, values=values), statement, piece)

    def _values(self, statement: Statement, role: Role, kind: Tree[Token]) -> Index:
        """Return the index whose values the whole numbers of a tensor are: `int(V)`."""
        name, *size = [c for c in kind.children if isinstance(c, Token)]
        error = self._converter(statement).error
        if str(name) != "int" or not size:
            raise error("this is no type of a tensor", name, expected="expected is int(V): 0, 1 … V - 1")
        if role != "data":
            raise error("whole numbers cannot be learned", name, expected="expected is data: data tok[t] : int(V)")
        text, count = str(size[0]), self._number(size[0])
        if count is None:
            return Index(text)
        if Fraction(count).denominator != 1 or count < 1:
            raise error(f"{text} is no number of values", size[0], expected="expected is a whole number, 1 or more")
        return Index(text, Literal(int(count)))

    def _number(self, token: Token) -> Fraction | int | None:
        """Return the number that a token is, or that it names as a const with a whole number."""
        return number_of(str(token)) if token.type == "NUMBER" else self.vocabulary.whole.get(str(token))

    def read_constants(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read constants, with or without a value, and states, which have one to begin with."""
        role: Role = "state" if statement.keyword == "state" else "const"
        for piece in subtrees(tree):
            values = [child for child in subtrees(piece) if child.data not in ("brackets", "family")]
            letters = {letter for letter, _ in tensor_of(piece).superscript} & self.vocabulary.steps
            value = self._converter(statement).convert(values[0], letters) if values else None
            if value is None and role == "state":
                name = name_token(piece)
                raise self._converter(statement).error(
                    f"nothing says how the state {name} begins", name, advice=f"Give it a value: state {name} = 0"
                )
            declaration = Declaration(role, tensor_of(piece), self._labels(statement, piece), value=value)
            self._declare(declaration, statement, piece)

    def _declare(self, declaration: Declaration, statement: Statement, piece: Tree[Token]) -> None:
        self._place("declaration", len(self.declarations), statement, piece)
        self.declarations.append(declaration)

    def _labels(self, statement: Statement, piece: Tree[Token]) -> tuple[Index, ...]:
        """Return the letters in the brackets of a name, none without brackets."""
        converter = self._converter(statement)
        letters = converter.letters(piece)
        if letters is not None:
            return tuple([Index(letter) for letter in letters])
        brackets = next((child for child in subtrees(piece) if child.data in ("brackets", "family")), None)
        if brackets is None:
            return ()
        written = converter.convert(brackets)
        positions: tuple[Position, ...] = written.positions if isinstance(written, Raised) else written
        labels = []
        for position, tree in zip(positions, subtrees(brackets)[-len(positions) :], strict=False):
            if not isinstance(position, Index):
                raise converter.error(
                    "an axis is labelled by a letter",
                    first_token(tree),
                    expected="expected are plain index letters, as in W[j,i]",
                    advice=_labelled(statement.keyword, str(name_token(piece)), positions),
                )
            labels.append(position)
        return tuple(labels)

    def read_indices(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read declared indices: with a number of values, or with a formula for it."""
        for piece in subtrees(tree):
            name, _, size = piece.children
            assert isinstance(size, Tree)
            converter = self._converter(statement)
            converter.check_letters([str(name)], name_token(piece))
            self._place("index", len(self.indices), statement, piece)
            if size.data == "number" or self._is_whole(size):
                self.indices.append(Index(str(name)))
                self.sizes.append((Declared(str(name)), self._count(converter, first_token(size))))
            else:
                self.indices.append(Index(str(name), self._formula(converter, name_token(piece), size)))

    def _is_whole(self, size: Tree[Token]) -> bool:
        """Say whether a const that is a whole number stands there, and nothing else."""
        return size.data == "entry" and len(size.children) == 1 and str(size.children[0]) in self.vocabulary.whole

    def _count(self, converter: Converter, token: Token) -> int:
        value = self._number(token)
        if value is None or value.denominator != 1:
            raise converter.error(
                f"{token} is no number of values", token, expected="expected is a whole number, 0 or more"
            )
        return int(value)

    def _formula(self, converter: Converter, name: Token, size: Any) -> Formula:
        rounding = replace(self.vocabulary, functions={*self.vocabulary.functions, "floor", "minimum", *ROUNDINGS})
        value = Converter(self.source, converter.offset, rounding).convert(size)
        try:
            return formula_of(value)
        except NoSizeError as reason:
            raise converter.error(
                f"this cannot be the size of {name}: {reason}",
                first_token(size),
                expected="expected are extents and whole numbers, added up, floor(…) of a quotient of these, "
                "or minimum(…) of several",
                advice=reason.advice.format(name=name),
            ) from None

    def read_given(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read a fact; a chain of comparisons is several."""
        condition = self._converter(statement).convert(tree, letters_in(tree, self.vocabulary).union(self.steps))
        for link in condition.operands if isinstance(condition, Logic) else (condition,):
            assert isinstance(link, Comparison)
            self._place("given", len(self.givens), statement, tree)
            self.givens.append(Given(link))

    def read_one_hot(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read that a tensor is one-hot along an index: onehot(k) y[k] = 1, of which the = 1 is not written."""
        converter = self._converter(statement)
        where, entry = subtrees(tree)
        letter = str(name_token(where))
        converter.check_letters([letter], name_token(where))
        body = converter.convert(entry, letters_in(tree, self.vocabulary))
        along = body.indices.count(Index(letter)) if isinstance(body, Indexed) else 0
        if along != 1:
            raise converter.error(
                f"what is one-hot over {letter} are the entries of a tensor along {letter}",
                name_token(entry),
                expected=f"as in given onehot({letter}) y[{letter}]",
            )
        self._place("given", len(self.givens), statement, tree)
        self.givens.append(Given(one_hot(Index(letter), body)))

    def read_batch(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read the letter of the sample index."""
        token = name_token(tree)
        if self.batch:
            raise self._converter(statement).error(
                f"the sample index is {self.batch} already", token, advice="One batch line is enough."
            )
        self._converter(statement).check_letters([str(token)], token)
        self._place("batch", 0, statement, tree)
        self.batch = str(token)

    def read_abstract(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read an unknown function: a tensor, or a function of numbers."""
        name = str(name_token(tree))
        pieces = [child for child in subtrees(tree) if child.data == "argument"]
        if name in self.vocabulary.functions and name not in self.vocabulary.arguments:
            self._place("function", len(self.functions), statement, tree)
            parameters = tuple(str(name_token(piece)) for piece in pieces)
            self.functions.append(FunctionDefinition(name, parameters, None))
            return
        arguments = tuple(Indexed(tensor_of(p), self._labels(statement, p)) for p in pieces)
        self._declare(
            Declaration("abstract", tensor_of(tree), self._labels(statement, tree), arguments=arguments),
            statement,
            tree,
        )

    def read_unknown_cost(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read a cost that is an unknown function."""
        self._set_cost(statement, subtrees(tree)[0])
        self.read_abstract(statement, subtrees(tree)[0])

    def read_cost(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read the equation of the cost."""
        self._set_cost(statement, tree)
        self._define(statement, tree, Indexed(self.cost, self._labels(statement, tree)))

    def _set_cost(self, statement: Statement, tree: Tree[Token]) -> None:
        token = name_token(tree)
        if self.cost:
            raise self._converter(statement).error(
                f"the cost is {self.cost} already", token, advice="Add the two up in one cost."
            )
        self._place("cost", -1, statement, tree)
        self.cost = tensor_of(tree)

    def read_definition(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read a function of numbers made by the user."""
        name, *parameters = [str(c) for c in tree.children if isinstance(c, Token) and c.type == "NAME"]
        ranks = ChainMap(dict.fromkeys(parameters, 0), self.vocabulary.ranks)
        local = Vocabulary(ranks=ranks, functions=self.vocabulary.functions)
        body = Converter(self.source, statement.offset, local).convert(subtrees(tree)[-1])
        self._place("function", len(self.functions), statement, tree)
        self.functions.append(FunctionDefinition(name, tuple(parameters), body))

    def read_equation(self, statement: Statement, tree: Tree[Token]) -> None:
        """Read an equation or an update."""
        self._define(statement, tree, self.target(statement, subtrees(tree)[0]))

    def target(self, statement: Statement, tree: Tree[Token]) -> Indexed:
        """Return what stands on the left of an equation."""
        if tree.data != "derivative":
            return Indexed(tensor_of(tree), self._labels(statement, tree))
        entry = self._converter(statement).convert(tree, ())
        positions = entry.indices if isinstance(entry, Indexed) else _positions(entry)
        if not all(isinstance(position, Index) for position in positions):
            raise self._converter(statement).error(
                "on the left stand plain index letters", first_token(tree), expected="as in ∂C/∂z[j] = …"
            )
        return Indexed(_name_of(entry), positions)

    def _define(self, statement: Statement, tree: Tree[Token], target: Indexed) -> None:
        letters = [i.name for i in target.indices if isinstance(i, Index)]
        value = self._converter(statement).convert(subtrees(tree)[-1], [*letters, *self.steps])
        update = statement.keyword == "update"
        into = self.updates if update else self.equations
        self._place("update" if update else "equation", len(into), statement, tree)
        into.append(Equation(target, value))
        if not update and isinstance(target.tensor, Derivative):
            self.vocabulary.written.add(target.tensor)


def letters_in(tree: Tree[Token], vocabulary: Vocabulary) -> set[str]:
    """Return the letters that stand as indices somewhere in a statement."""
    found: set[str] = set()
    for node in tree.iter_subtrees():
        found.update(letters_of(node) or ())
        if node.data in ("entry", "by", "subscripted"):
            found.update(subscripts_of(node, vocabulary)[1])
        if node.data in ("brackets", "family"):
            positions = subtrees(node)[node.data == "family" :]
            found.update(str(first_token(position)) for position in positions)
    return found


def _labelled(keyword: str, name: str, positions: Sequence[Position]) -> str:
    """Return how axes are labelled that stand there with lengths, or how single entries are defined."""
    if not keyword:
        return f"An entry with an equation of its own has a name of its own: {name}0 = …, {name}1 = …"
    letters = "ijklmnop"[: len(positions)]
    if len(letters) < len(positions) or not all(isinstance(p, Affine) and not p.terms for p in positions):
        return ""
    sizes = ", ".join(f"{n} = {p.constant}" for n, p in zip(letters, positions, strict=True) if isinstance(p, Affine))
    return f"Write {keyword} {name}[{','.join(letters)}], and index {sizes} on a line of its own."


def _positions(partial: Partial) -> tuple[Position, ...]:
    return tuple(position for entry in (partial.of, *partial.wrt) for position in entry.indices)


def _name_of(entry: Indexed | Partial) -> str:
    if isinstance(entry, Indexed):
        return entry.tensor
    return Derivative(entry.of.tensor, *(lower.tensor for lower in entry.wrt))


_READERS: Mapping[str, Callable[[SystemReader, Statement, Tree[Token]], None]] = {
    "declarations": SystemReader.read_declarations,
    "constants": SystemReader.read_constants,
    "indices": SystemReader.read_indices,
    "given": SystemReader.read_given,
    "one_hot": SystemReader.read_one_hot,
    "batch": SystemReader.read_batch,
    "abstract": SystemReader.read_abstract,
    "unknown_cost": SystemReader.read_unknown_cost,
    "cost": SystemReader.read_cost,
    "definition": SystemReader.read_definition,
    "equation": SystemReader.read_equation,
}
