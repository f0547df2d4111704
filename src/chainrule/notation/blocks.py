"""Texts with `for` lines: which statements stand below which line, by their indentation, as families of equations.

Each statement is read as in any system, with the letters of its `for` lines known. What comes of it are templates; what
they mean at each step is the matter of `families`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lark import Token, Tree

from chainrule.expr.nodes import Index, walk
from chainrule.expr.sizes import Declared, Size
from chainrule.expr.symbols import Symbol, Tensor, step_of
from chainrule.families.families import Families
from chainrule.families.templates import Item, Step, StepBlock, StepRange, letter_summed
from chainrule.notation.advice import RESERVED
from chainrule.notation.source import Source, Statement
from chainrule.notation.statements import Span, SystemReader
from chainrule.notation.vocabulary import Vocabulary
from chainrule.system.model import Declaration, Equation, Given, System

_LINE = re.compile(r"(?P<letter>[^\W\d]\w*) ?= ?(?P<first>[^.:=]+)\.\.(?P<last>[^.:=]+):(?P<rest>.*)")
_SHAPE = "Such a line reads, for example: for l = 1..L:"
_OUTSIDE = {
    "index": "sizes are declared outside",
    "batch": "the batch line stands outside",
    "cost": "there is one cost, and its line stands outside; it may add up what each step has: sum(l) c[l;]",
    "def": "functions are defined outside",
}
_OWN = {
    "data": ("x", "data x[{}; i]"),
    "param": ("W", "param W[{}; k,j]"),
    "const": ("eta", "const eta[{};] = 0.1"),
    "state": ("v", "state v[{}; k,j] = 0"),
    "update": ("W", "update W[{0}; k,j] = W[{0}; k,j] - eta*∂C/∂W[{0}; k,j]"),
}
"""What may stand in a block if it is of one step, as it is written then."""


@dataclass
class _Open:
    """A block that is being read: how far its `for` line and the statements below it are indented, and these."""

    line: str
    range: StepRange | None
    place: int = 0
    inside: str | None = None
    items: list[Item] = field(default_factory=list)
    updates: list[Item] = field(default_factory=list)


def letters_of_blocks(statements: Sequence[Statement]) -> tuple[set[str], set[str]]:
    """Return the letters of steps, and those of how many there are, as far as the `for` lines of a text can be read."""
    lines = (_LINE.fullmatch(_plain(s.body)) for s in statements if s.keyword == "for")
    found = [line for line in lines if line]
    ends = (step_of(line[end]) for line in found for end in ("first", "last"))
    return {line["letter"] for line in found}, {end[0] for end in ends if end and end[0]}


class BlockReader:
    """Reads the statements of a text with `for` lines, one after the other."""

    def __init__(self, source: Source, vocabulary: Vocabulary, counts: Collection[str]) -> None:
        self.source = source
        self.counts = sorted(letter for letter in counts if letter not in vocabulary.ranks)
        self.reading = SystemReader(source, vocabulary)
        self.stack: list[_Open] = [_Open("", None)]

    def read(self, statement: Statement, tree: Tree[Token] | None) -> None:
        """Add a statement; a `for` line has no tree. Raises NotationError."""
        start = statement.offset - len(statement.keyword)
        self._enter(self._indentation(start), start)
        if tree is None:
            self._open(statement, start)
            return
        outside = _OUTSIDE.get(statement.keyword) if len(self.stack) > 1 else None
        if outside:
            word = f"{'an' if statement.keyword == 'index' else 'a'} {statement.keyword}"
            raise self.source.error(f"{word} line stands in a block of steps", start, expected=outside)
        reading = self.reading
        around = tuple(block.range.letter for block in self.stack if block.range)
        reading.steps = (*around, *self.counts)
        before = len(reading.equations), len(reading.updates), len(reading.declarations), len(reading.givens)
        reading.read(statement, tree)
        new = reading.equations[before[0] :]
        updates, declared = reading.updates[before[1] :], reading.declarations[before[2] :]
        self._check_sums([*new, *updates], around, start)
        self.stack[-1].items += new
        if around:
            if statement.keyword in _OWN:
                self._check_own(statement, [*(u.name for u in updates), *(d.tensor for d in declared)], around, start)
            self.stack[-1].updates += updates
            self.stack[-1].items += (d for d in declared if d.arguments)
            self.stack[-1].items += reading.givens[before[3] :]

    def _check_own(self, statement: Statement, tensors: Sequence[Symbol], around: Sequence[str], start: int) -> None:
        """Refuse what stands in a block and is not of one step: it would be declared or updated at every step."""
        for tensor in tensors:
            raised = [letter for letter, shift in tensor.superscript if not shift] if isinstance(tensor, Tensor) else []
            missing = next((letter for letter in around if letter not in raised), "")
            if missing:
                word, letters = statement.keyword, ",".join(around)
                done = "updated" if word == "update" else "declared"
                raise self.source.error(
                    f"the {word} line of {tensor} stands in the block of {missing}, whose step {tensor} does not have",
                    start,
                    expected=f"one for each step, as in {_OWN[word][1].format(letters)}",
                    advice=f"What is the same for all steps is {done} outside.",
                )

    def _check_sums(self, equations: Sequence[Equation], around: Sequence[str], start: int) -> None:
        """Refuse a sum over a step that is fixed where it stands, in its block or in another such sum."""
        for equation in equations:
            for part in walk(equation.value):
                letter = letter_summed(part)
                within = any(letter_summed(inner) == letter for inner in list(walk(part))[1:]) if letter else False
                if letter in around or within:
                    raise self.source.error(
                        f"the sum over {letter} stands where {letter} is one step already",
                        start,
                        advice="Give the sum a letter of its own, and a block that defines what it adds up, too.",
                    )

    def families(self) -> tuple[Families, dict[tuple[str, int], Span]]:
        """Return what has been read, and where each piece of it stands. Raises NotationError."""
        while len(self.stack) > 1:
            self._close()
        items = tuple(self.stack[0].items)
        read = self.reading.system()
        updates = tuple(block for block in self.stack[0].updates if isinstance(block, StepBlock))
        made = Families(System(), items, updates)
        within: list[Item] = [item for path, item in (*made.templates(), *made.update_templates()) if path]
        counters = read.declarations[len(self.reading.declarations) :]
        head = replace(
            read,
            declarations=(*(d for d in self.reading.declarations if not _among(d, within)), *counters),
            givens=tuple(g for g in self.reading.givens if not _among(g, within)),
            equations=(),
            updates=tuple(u for u in self.reading.updates if not _among(u, within)),
            indices=tuple(_with_size(index, dict(read.sizes)) for index in read.indices),
        )
        return Families(head, items, updates), self._spans(within)

    def _spans(self, within: Sequence[Item]) -> dict[tuple[str, int], Span]:
        """Return the places of all pieces; declarations and facts of blocks are counted behind those of the head."""
        spans = dict(self.reading.spans)
        read: tuple[tuple[str, Sequence[Declaration | Given | Equation]], ...] = (
            ("declaration", self.reading.declarations),
            ("given", self.reading.givens),
            ("update", self.reading.updates),
        )
        for kind, items in read:
            inner = [n for n, item in enumerate(items) if _among(item, within)]
            order = [n for n in range(len(items)) if n not in inner] + inner
            spans |= {(kind, new): self.reading.spans[kind, old] for new, old in enumerate(order)}
        return spans

    def _indentation(self, start: int) -> str:
        text = self.source.text
        before = text[text.rfind("\n", 0, start) + 1 : start]
        return before if not before.strip() else before[: len(before) - len(before.lstrip())]

    def _enter(self, indentation: str, start: int) -> None:
        """Close the blocks that a statement stands outside of, and check that it belongs to the one that is left."""
        while len(self.stack) > 1 and not _deeper(indentation, self.stack[-1].line):
            self._close()
        block = self.stack[-1]
        if block.inside is None:
            block.inside = indentation
        if block.inside != indentation:
            where = f"the statements of 'for {block.range.letter}'" if block.range else "those outside of all blocks"
            raise self.source.error(
                "this line is indented as no other",
                start,
                expected=f"{where} stand below each other",
                advice="Statements that belong to one 'for' line begin in one column, to its right.",
            )

    def _open(self, statement: Statement, start: int) -> None:
        made = self._range(statement, start)
        self.reading.spans["for", len([key for key in self.reading.spans if key[0] == "for"])] = Span(
            start, statement.offset + len(statement.body), statement.offset + len(statement.body)
        )
        self.stack.append(_Open(self._indentation(start), made, start))

    def _close(self) -> None:
        block = self.stack.pop()
        assert block.range is not None
        if not block.items and not block.updates:
            raise self.source.error(
                f"nothing is repeated for {block.range.letter}",
                block.place,
                advice="The statements that are repeated stand below, indented.",
            )
        if block.items:
            self.stack[-1].items.append(StepBlock(block.range, tuple(block.items)))
        if block.updates:
            self.stack[-1].updates.append(StepBlock(block.range, tuple(block.updates)))

    def _range(self, statement: Statement, start: int) -> StepRange:
        """Return the range of a `for` line. Raises NotationError."""
        found = _LINE.fullmatch(_plain(statement.body))
        if found is None:
            raise self.source.error("this line cannot be read", start, advice=_SHAPE)
        if found["rest"].strip():
            raise self.source.error(
                "a statement stands behind the colon", start, advice="What is repeated stands on lines below, indented."
            )
        letter, first, last = found["letter"], step_of(found["first"]), step_of(found["last"])
        if first is None or last is None:
            raise self.source.error(
                f"{found['last' if first else 'first'].strip()} is no end of a range",
                start,
                expected="expected is a whole number, or a letter plus or minus one: 1..L, L-1..1",
            )
        self._check_letter(letter, (first, last), start)
        down = (bool(first[0]), first[1]) > (bool(last[0]), last[1])
        return StepRange(letter, last, first, down=True) if down else StepRange(letter, first, last)

    def _check_letter(self, letter: str, bounds: tuple[Step, Step], start: int) -> None:
        """Refuse a letter that means something else, and bounds that depend on another step."""
        around = [block.range.letter for block in self.stack if block.range]
        vocabulary = self.reading.vocabulary
        problem = ""
        if letter in RESERVED:
            problem = f"'{letter}' is a word of the notation"
        elif letter in around:
            problem = f"{letter} is a step of a block around this one already"
        elif letter in vocabulary.ranks or letter in vocabulary.functions:
            problem = f"{letter} could be the step or the tensor {letter}"
        if problem:
            raise self.source.error(problem, start, advice="Choose another letter.")
        ends = [end for end, _ in bounds if end]
        strange = next((end for end in ends if end in vocabulary.steps), "")
        if strange or len(set(ends)) > 1:
            raise self.source.error(
                f"the range depends on the step {strange}"
                if strange
                else f"the range goes from {ends[0]} to {ends[1]}",
                start,
                expected="expected are numbers, and one letter for how many steps there are: 1..L, 2..L-1",
            )


def _among(item: Declaration | Given | Equation, items: Sequence[Item]) -> bool:
    return any(item is one for one in items)


def _with_size(index: Index, sizes: Mapping[Size, int]) -> Index:
    """Return an index that is declared with its number of values, as its size says; others as they are."""
    own = Declared(index.name)
    return Index(index.name, own) if own in sizes else index


def _deeper(indentation: str, line: str) -> bool:
    return indentation.startswith(line) and len(indentation) > len(line)


def _plain(body: str) -> str:
    """Return a statement on one line, without a comment."""
    return " ".join(re.sub(r"#[^\n]*", "", body).split())
