"""An expression of matrix notation as parts: by precedence, in one walk, shapes checked where parts meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chainrule.errors import NotationError
from chainrule.notation.matrix_texts.matrix_operations import (
    KNOWN,
    MisfitError,
    Texts,
    added,
    applied,
    divided,
    entrywise,
    identity,
    inverted,
    multiplied,
    number,
    opposite,
    raised,
    transposed,
)
from chainrule.notation.matrix_texts.matrix_parts import MatrixPart
from chainrule.notation.matrix_texts.matrix_tokens import MatrixToken
from chainrule.notation.source import MAX_DEPTH, WIDTH, Source, too_deep

ADDITION, PRODUCT, SIGN = 1, 2, 3
_BINDS = {"+": ADDITION, "-": ADDITION, "*": PRODUCT, ".*": PRODUCT, "/": PRODUCT, "./": PRODUCT}
_POWERS = ("^", ".^")
_LONGEST = 24
"""A longer piece of text is not repeated in a message."""
MAX_OPERANDS = 2000
"""So many terms and factors may stand in a row."""

_BINARY: Mapping[str, Callable[[MatrixPart, MatrixPart, Texts], MatrixPart]] = {
    "+": lambda one, other, texts: added(one, other, "+", texts),
    "-": lambda one, other, texts: added(one, other, "-", texts),
    "*": multiplied,
    "/": divided,
    ".*": lambda one, other, texts: entrywise(one, other, "times", texts),
    "./": lambda one, other, texts: entrywise(one, other, "over", texts),
    ".^": lambda one, other, texts: entrywise(one, other, "power", texts),
    "^": raised,
}


@dataclass
class ExpressionReader:
    """Reads the words and signs of one statement; `known` are the tensors by their names."""

    source: Source
    tokens: Sequence[MatrixToken]
    known: Mapping[str, MatrixPart]
    place: int = 0
    depth: int = 0

    @property
    def next(self) -> MatrixToken:
        """The word or sign that comes next."""
        return self.tokens[self.place]

    def take(self) -> MatrixToken:
        """Return what comes next, and go on."""
        token = self.next
        self.place += token.kind != "end"
        return token

    def whole(self) -> MatrixPart:
        """Return the expression that is all the rest. Raises NotationError."""
        try:
            found = self.expression(ADDITION)
        except RecursionError:
            raise too_deep(self.source, self.next.start) from None
        if self.next.kind != "end":
            raise self.misplaced(self.next)
        return found

    def expression(self, least: int) -> MatrixPart:
        """Return the longest expression of operators that bind at least so much."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise too_deep(self.source, self.next.start)
        begin = self.place
        left = self.operand()
        count = 0
        while (sign := self.operator()) and _BINDS[sign.text] >= least:
            count += 1
            if count > MAX_OPERANDS:
                raise self.source.error(f"more than {MAX_OPERANDS} terms and factors stand in a row", sign.start)
            before = self.place
            self.place += sign.kind == "sign"
            middle = self.place
            right = self.expression(_BINDS[sign.text] + 1)
            texts = self.text(begin, before), self.text(middle, self.place)
            left = self.made(sign.start, _BINARY[sign.text], left, right, texts)
        self.depth -= 1
        return left

    def operator(self) -> MatrixToken | None:
        """Return the operator that comes next; between factors side by side it is a product."""
        token = self.next
        if token.kind == "sign" and token.text in _BINDS:
            return token
        if token.kind in ("name", "number") or (token.kind, token.text) == ("sign", "("):
            return MatrixToken("beside", "*", token.start)
        if (token.kind, token.text) == ("sign", "**"):
            raise self.source.error(
                "'**' cannot stand here", token.start, advice="Powers are x^2, those of each entry x.^2."
            )
        return None

    def operand(self) -> MatrixPart:
        """Return what stands between operators, with its signs and transposes."""
        begin = self.place
        token = self.take()
        if token.kind == "sign" and token.text in "+-":
            found = self.expression(SIGN)
            return opposite(found) if token.text == "-" else found
        found = self.atom(token)
        while True:
            mark, text = self.next, self.text(begin, self.place)
            if mark.kind == "raised":
                self.place += 1
                found = self.marked(found, mark, text)
            elif mark.kind == "sign" and mark.text in _POWERS:
                self.place += 1
                middle = self.place
                exponent = self.exponent()
                found = self.made(
                    mark.start, _BINARY[mark.text], found, exponent, (text, self.text(middle, self.place))
                )
            else:
                return found

    def marked(self, found: MatrixPart, mark: MatrixToken, text: str) -> MatrixPart:
        """Return a part with a mark behind it: a transpose, an inverse or a raised number."""
        if mark.text in ("T", "-T") and "T" in self.known and self.source.text[mark.start] == "^":
            exponent = self.known["T"]
            return self.made(
                mark.start, raised, found, opposite(exponent) if mark.text == "-T" else exponent, (text, "T")
            )
        if mark.text in ("T", "-T"):
            found = transposed(found)
            return found if mark.text == "T" else self.made(mark.start, inverted, found)
        exact = number(mark.text.lstrip("-"))
        exponent = opposite(exact) if mark.text[0] == "-" else exact
        return self.made(mark.start, raised, found, exponent, (text, mark.text))

    def exponent(self) -> MatrixPart:
        """Return what stands behind ^, without the marks behind it, which are those of the power."""
        token = self.take()
        negative = False
        while token.kind == "sign" and token.text in "+-":
            negative ^= token.text == "-"
            token = self.take()
        found = self.atom(token)
        if self.next.kind == "sign" and self.next.text in _POWERS:
            raise self.source.error(
                "a power of a power can be read in two ways", self.next.start, advice="Write parentheses: (x^2)^3"
            )
        return opposite(found) if negative else found

    def atom(self, token: MatrixToken) -> MatrixPart:
        """Return a number, a tensor, a function of something or what stands in parentheses."""
        if token.kind == "number":
            return number(token.text)
        if (token.kind, token.text) == ("sign", "("):
            found = self.expression(ADDITION)
            self.close(token)
            return found
        if token.kind != "name":
            raise self.misplaced(token)
        if token.text in self.known:
            return self.tensor(token)
        if token.text in KNOWN:
            return self.function(token)
        if token.text in ("eye", "I"):
            return identity()
        if token.text == "pi":
            return number("pi")
        raise self.unknown(token)

    def tensor(self, token: MatrixToken) -> MatrixPart:
        """Return a tensor; brackets right behind its name would be those of a function, or of an entry."""
        after = self.next
        if after.text == "(" and after.start == token.start + len(token.text):
            raise self.source.error(
                f"{token.text} is {self.known[token.text].shape.kind}, no function",
                after.start,
                advice=f"A product is {token.text}*(…), and entries have no notation here.",
            )
        return self.known[token.text]

    def function(self, token: MatrixToken) -> MatrixPart:
        """Return a function with its arguments."""
        opened = self.take()
        if opened.text != "(":
            raise self.source.error(
                f"{token.text} is a function", token.start, expected=f"its argument: {token.text}(x)"
            )
        arguments = [self.expression(ADDITION)]
        while self.next.text == ",":
            self.place += 1
            arguments.append(self.expression(ADDITION))
        self.close(opened)
        return self.made(token.start, lambda *parts: applied(token.text, parts), *arguments)

    def close(self, opened: MatrixToken) -> None:
        """Go on behind the parenthesis that closes."""
        if self.next.text != ")":
            raise self.misplaced(self.next, f"')' for the '(' in column {self.column(opened)}")
        self.place += 1

    def column(self, token: MatrixToken) -> int:
        """Return the column of a word or sign."""
        return token.start - self.source.text.rfind("\n", 0, token.start)

    def made(self, start: int, operation: Callable[..., MatrixPart], *parts: MatrixPart | Texts) -> MatrixPart:
        """Return what an operation makes, its refusal with the place. Raises NotationError."""
        try:
            return operation(*parts)
        except MisfitError as error:
            raise self.source.error(error.what, start, expected=error.expected, advice=error.advice) from None

    def text(self, begin: int, end: int) -> str:
        """Return what stands from one word to before another, or "…" where it is long."""
        first, last = self.tokens[begin].start, self.tokens[end].start
        if last - first > WIDTH:
            return "…"
        found = " ".join(self.source.text[first:last].split())
        return found if len(found) <= _LONGEST else "…"

    def misplaced(self, token: MatrixToken, expected: str = "") -> NotationError:
        """Return the error for a word or sign that cannot stand where it does."""
        if token.kind == "end":
            return self.source.error("the statement ends too early", token.start, expected=expected or "an expression")
        shown = {"T": "'", "-T": "⁻ᵀ"}.get(token.text, token.text) if token.kind == "raised" else token.text
        return self.source.error(f"'{shown}' cannot stand here", token.start, expected=expected)

    def unknown(self, token: MatrixToken) -> NotationError:
        """Return the error for a name that nothing declares."""
        called = self.next.text == "("
        if token.text == "e" and self.next.text in ("^", ".^"):
            return self.source.error("no tensor named 'e'", token.start, advice="The exponential function is exp(x).")
        return self.source.error(
            f"no {'function' if called else 'tensor'} named '{token.text}'",
            token.start,
            expected=f"functions are {', '.join(sorted(KNOWN))}" if called else "",
            advice=f"Declare it: vector {token.text}, or matrix {token.text}, or scalar {token.text}",
        )
