"""Parts of matrix notation as entries in index notation: which entry of which tensors, and the sums over both."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from chainrule.notation.matrix_texts.matrix_letters import Letters
from chainrule.notation.matrix_texts.matrix_parts import MatrixPart
from chainrule.notation.matrix_texts.matrix_shapes import ONE

Place: TypeAlias = tuple[str, str]
"""The letters of a row and of a column, "" where there is none."""
Asked: TypeAlias = "tuple[MatrixPart, Place]"
Reading: TypeAlias = "Generator[Asked, WrittenEntry, WrittenEntry]"


@dataclass(frozen=True)
class WrittenEntry:
    """An entry: a product, summed over letters, or any other `text`. Each factor has its sign before it, * or /."""

    text: str = ""
    sums: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """The text where nothing stands beside it."""
        if not self.factors:
            return self.text
        product = "".join(self.factors)[1:]
        return f"sum({','.join(sorted(self.sums))}) {product}" if self.sums else product

    @property
    def atom(self) -> str:
        """The text as an operand of anything."""
        if len(self.factors) == 1 and not self.sums:
            return self.factors[0][1:]
        return f"({self.whole})"

    @property
    def term(self) -> str:
        """The text behind a plus or minus."""
        return self.whole if self.factors and not self.sums else f"({self.whole})"

    @property
    def product(self) -> WrittenEntry:
        """The same as a product."""
        return self if self.factors else factor(self.atom)


def factor(text: str) -> WrittenEntry:
    """Return what can stand beside a * as it is."""
    return WrittenEntry(factors=("*" + text,))


@dataclass
class EntryWriter:
    """Writes parts as entries; `lines` are equations for what has to have a name, above the one that reads it."""

    letters: Letters
    lines: list[str] = field(default_factory=list)
    named: dict[MatrixPart, str] = field(default_factory=dict)

    def entry(self, part: MatrixPart, place: Place) -> WrittenEntry:
        """Return an entry of a part. What it is made of waits on a list, so that no depth is too much."""
        waiting: list[Reading] = [self._read(part, place)]
        answer: WrittenEntry | None = None
        while waiting:
            try:
                asked = next(waiting[-1]) if answer is None else waiting[-1].send(answer)
                waiting.append(self._read(*asked))
                answer = None
            except StopIteration as done:
                answer = done.value
                waiting.pop()
        assert answer is not None
        return answer

    def _read(self, part: MatrixPart, place: Place) -> Reading:
        reading: Reading = getattr(self, "_named_entry" if part.op == "named" else "_" + part.op)(part, place)
        return reading

    def _number(self, part: MatrixPart, place: Place) -> Reading:
        yield from ()
        return factor(part.name)

    def _tensor(self, part: MatrixPart, place: Place) -> Reading:
        yield from ()
        return factor(self._indexed(part.name, place))

    def _indexed(self, name: str, place: Place) -> str:
        letters = [letter for letter in place if letter]
        self.letters.anchored.update(letters)
        return f"{name}[{','.join(letters)}]" if letters else name

    def _fill(self, part: MatrixPart, place: Place) -> Reading:
        found = yield part.parts[0], ("", "")
        return found

    def _eye(self, part: MatrixPart, place: Place) -> Reading:
        yield from ()
        return factor(f"[{place[0]} = {place[1]}]")

    def _transpose(self, part: MatrixPart, place: Place) -> Reading:
        found = yield part.parts[0], (place[1], place[0])
        return found

    def _opposite(self, part: MatrixPart, place: Place) -> Reading:
        found = yield part.parts[0], place
        return WrittenEntry(f"-{found.term}")

    def _sum(self, part: MatrixPart, place: Place) -> Reading:
        text = ""
        for sign, term in zip(part.name, part.parts, strict=True):
            found = yield term, (("", "") if term.shape.is_number else place)
            text += f" {sign} {found.term}" if text else found.term
        return WrittenEntry(text)

    def _matmul(self, part: MatrixPart, place: Place) -> Reading:
        left, right = part.parts
        letter = self.letters.of(left.shape.columns)
        one = (yield left, (place[0], letter)).product
        other = (yield right, (letter, place[1])).product
        return WrittenEntry("", one.sums + other.sums + ((letter,) if letter else ()), one.factors + other.factors)

    def _times(self, part: MatrixPart, place: Place) -> Reading:
        factors: tuple[str, ...] = ()
        for operand in part.parts:
            alone = operand.shape.is_number
            found = yield operand, (("", "") if alone else place)
            factors += factor(found.atom).factors if found.sums else found.product.factors
        return WrittenEntry("", (), factors)

    def _over(self, part: MatrixPart, place: Place) -> Reading:
        above, below = part.parts
        one = yield above, (("", "") if above.shape.is_number else place)
        other = yield below, (("", "") if below.shape.is_number else place)
        one = factor(one.atom) if one.sums else one.product
        return WrittenEntry("", (), (*one.factors, f"/{other.atom}"))

    def _power(self, part: MatrixPart, place: Place) -> Reading:
        base, exponent = part.parts
        one = yield base, (("", "") if base.shape.is_number else place)
        other = yield exponent, (("", "") if exponent.shape.is_number else place)
        return factor(f"{_operand(one)}^{_operand(other)}")

    def _call(self, part: MatrixPart, place: Place) -> Reading:
        arguments = []
        for argument in part.parts:
            found = yield argument, (("", "") if argument.shape.is_number else place)
            arguments.append(found.whole)
        return factor(f"{part.name}({', '.join(arguments)})")

    def _all(self, part: MatrixPart, place: Place) -> Reading:
        inner = part.parts[0]
        own = self.letters.of(inner.shape.rows), self.letters.of(inner.shape.columns)
        found = yield inner, own
        letters = tuple(letter for letter in own if letter)
        if not letters:
            return found
        if part.name == "sum":
            found = found.product
            return WrittenEntry("", found.sums + letters, found.factors)
        return factor(f"({part.name}({','.join(letters)}) {found.atom})")

    def _trace(self, part: MatrixPart, place: Place) -> Reading:
        inner = part.parts[0]
        letter = self.letters.of(inner.shape.rows)
        found = (yield inner, (letter, letter)).product
        return WrittenEntry("", (*found.sums, letter), found.factors)

    def _diagonal(self, part: MatrixPart, place: Place) -> Reading:
        letter = place[0] or place[1]
        found = yield part.parts[0], (letter, letter)
        return found

    def _diag(self, part: MatrixPart, place: Place) -> Reading:
        inner = part.parts[0]
        own = (place[0], "") if inner.shape.columns is ONE else ("", place[0])
        found = yield inner, own
        found = factor(found.atom) if found.sums else found.product
        return WrittenEntry("", (), (*found.factors, f"*[{place[0]} = {place[1]}]"))

    def _named_entry(self, part: MatrixPart, place: Place) -> Reading:
        name = yield from self._named(part)
        return factor(self._indexed(name, place))

    def _det(self, part: MatrixPart, place: Place) -> Reading:
        name = yield from self._named(part.parts[0])
        return factor(f"det({name})")

    def _inv(self, part: MatrixPart, place: Place) -> Reading:
        name = yield from self._named(part.parts[0])
        return factor(self._indexed(f"inv({name})", place))

    def _softmax(self, part: MatrixPart, place: Place) -> Reading:
        inner = part.parts[0]
        name = yield from self._named(inner)
        side = inner.shape.rows if place[0] else inner.shape.columns
        over = self.letters.of(side)
        own, other = self._indexed(name, place), self._indexed(name, (over, ""))
        return WrittenEntry("", (), (f"*exp({own})", f"/(sum({over}) exp({other}))"))

    def _named(self, part: MatrixPart) -> Generator[Asked, WrittenEntry, str]:
        """Return the name of a part; what has none gets an equation of its own."""
        if part.op == "named":
            part = part.parts[0]
        if part.op == "tensor" or part in self.named:
            return self.named.get(part, part.name)
        own = self.letters.of(part.shape.rows), self.letters.of(part.shape.columns)
        found = yield part, own
        name = self.letters.name("M" if part.shape.is_matrix else "z")
        self.named[part] = name
        letters = ",".join(letter for letter in own if letter)
        self.lines.append(f"{name}[{letters}] = {found.whole}")
        return name


def _operand(entry: WrittenEntry) -> str:
    """Return a base or an exponent."""
    return entry.atom if entry.factors and "^" not in entry.atom else f"({entry.whole})"
