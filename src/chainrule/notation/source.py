"""The text of a system: its statements, its limits, and errors that point into it.

The text is cut into statements at the ends of lines that stand outside all brackets, before anything is parsed. So an
error stays within its statement, the time is linear, and what is too long or nested too deeply is refused by a scan
that cannot itself run deep. No grammar here: that is the matter of `syntax`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chainrule.errors import NotationError, escaped
from chainrule.notation.wording import Surroundings

MAX_BYTES = 2_000_000
MAX_EQUATIONS = 20_000
MAX_SIGNS = 60_000
MAX_DEPTH = 200
WIDTH = 100
"""Longest piece of a line that an error shows."""

KEYWORDS: tuple[str, ...] = (
    "data",
    "param",
    "const",
    "index",
    "given",
    "batch",
    "abstract",
    "cost",
    "def",
    "update",
    "state",
    "for",
)
"""The words that open a statement; an equation has none."""
_COST_WORDS = ("cost", "loss", "minimize")

MAX_WORD = 200
"""Longest name or number."""

_BLANK = r"[^\S\n]*+"
_CHAINS = (
    rf"(?:[-−]{_BLANK})++",
    rf"(?:\bnot\b{_BLANK})++",
    rf"(?:\^{_BLANK}(?:\w{{1,{MAX_WORD}}}+(?!\w)|\.)++{_BLANK})++",
)
"""Signs, `not` and powers in a row nest without brackets. What is matched is never tried again: time is linear."""
_MARKS = re.compile(rf"#[^\n]*|[()\[\]{{}}\n]|(?P<chain>{'|'.join(_CHAINS)})|(?P<word>(?<!\w)\w{{{MAX_WORD + 1}}})")
_FIRST_WORD = re.compile(r"[^\W\d_][a-z]*(?![\w])")
_COST = re.compile(r"(?:minimize(?=[^\S\n]+[^\W\d_]))?[^\S\n]*(?:cost(?!\w)|loss(?=[^\S\n]+[^\W\d_]))?")
"""What opens the line of a cost. No equation has two words in a row, so tensors can be named loss and minimize."""
_CLOSES = {")": "(", "]": "[", "}": "{"}
_RAISED = "²³¹\u2070-\u209f"
_SIGNS = re.compile(rf"#[^\n]*|([^\WΣ∑{_RAISED}]+|[{_RAISED}]+|\S)")
_MICRO = "\N{MICRO SIGN}"
"""What keyboards have in place of the Greek letter."""
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Statement:
    """One statement of a text: its keyword ("" for an equation), what follows it, and where that begins."""

    keyword: str
    body: str
    offset: int


@dataclass(frozen=True)
class Source:
    """A text that errors can point into."""

    text: str
    around: Surroundings | None = None
    """What an answer speaks of; None where the text itself declares what there is."""

    def error(self, what: str, position: int, *, expected: str = "", advice: str = "") -> NotationError:
        r"""Return the error with the line of the position and a caret under it.

        >>> print(Source("a = 1\nb = $").error("what is '$'?", 10))
        what is '$'?
          b = $
              ^
        """
        before = self.text.rfind("\n", 0, position)
        end = self.text.find("\n", position)
        line = self.text[before + 1 : end if end >= 0 else len(self.text)].rstrip()
        column = min(position - before, len(line) + 1)
        number = self.text.count("\n", 0, position) + 1
        where = _excerpt(line, column - 1)
        return NotationError(what, where=where, expected=expected, advice=advice, line=number, column=column)


def _excerpt(line: str, place: int) -> str:
    start = 0 if place < WIDTH - 20 else place - WIDTH // 2
    head, tail = ("… " if start else ""), (" …" if start + WIDTH < len(line) else "")
    before, after = (escaped(re.sub(r"\s", " ", part)) for part in (line[start:place], line[place : start + WIDTH]))
    return f"{head}{before}{after}{tail}\n{' ' * len(head + before)}^"


def read_source(text: str, around: Surroundings | None = None) -> Source:
    """Return the text with line ends made uniform; what no statement can be read from is refused."""
    bad = _UNREADABLE.search(text)
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace(_MICRO, "μ")
    source = Source(plain, around)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        what = "the text holds a NUL byte" if bad[0] == "\0" else "the text holds half a character (a lone surrogate)"
        raise NotationError(
            what, where=f"line {line}, column {column}", expected="expected is text in UTF-8", line=line, column=column
        )
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        raise NotationError(
            f"the text is longer than {MAX_BYTES // 1_000_000} MB",
            expected=f"the limit is {MAX_BYTES} bytes",
            advice="Split the system into several.",
        )
    return source


def _count_signs(source: Source) -> None:
    """Refuse more words and signs than are read within seconds; the count alone takes a tenth of one."""
    if len(source.text) <= MAX_SIGNS:
        return
    count = 0
    for sign in _SIGNS.finditer(source.text):
        count += sign[1] is not None
        if count > MAX_SIGNS:
            raise source.error(
                f"the text has more than {MAX_SIGNS} words and signs",
                sign.start(),
                expected="every name, number, operator, comma and bracket is one; comments are not counted",
                advice="Split the system into several.",
            )


def split(source: Source) -> tuple[Statement, ...]:
    """Return the statements of a text; brackets that do not match, or too many of them, are refused."""
    statements: list[Statement] = []
    open_marks: list[tuple[str, int]] = []
    start = 0
    for mark in _MARKS.finditer(source.text):
        symbol = mark[0]
        if symbol == "\n":
            if not open_marks:
                _add(statements, source, start, mark.start())
                start = mark.end()
        elif symbol in _CLOSES:
            _close(source, open_marks, symbol, mark.start())
        elif mark.lastgroup:
            _check_run(source, mark)
        elif symbol[0] != "#":
            open_marks.append((symbol, mark.start()))
            if len(open_marks) > MAX_DEPTH:
                raise too_deep(source, mark.start())
    if open_marks:
        symbol, position = open_marks[-1]
        raise source.error(
            f"'{symbol}' is never closed", position, advice="A statement ends with its line once all are."
        )
    _add(statements, source, start, len(source.text))
    _count_equations(source, statements)
    _count_signs(source)
    return tuple(statements)


def too_deep(source: Source, position: int) -> NotationError:
    """Return the error for nesting beyond the limit."""
    return source.error(
        f"nested deeper than {MAX_DEPTH}",
        position,
        expected=f"the limit is {MAX_DEPTH} levels of parentheses, brackets, functions and sums within each other",
        advice="Name a part of it in an equation of its own.",
    )


def _check_run(source: Source, mark: re.Match[str]) -> None:
    """Refuse a long word, and signs, `not` or powers that are too many in a row."""
    if mark.lastgroup == "word":
        raise source.error("a word is too long", mark.start(), expected=f"the limit is {MAX_WORD} letters or digits")
    links = ("^",) if mark[0][0] == "^" else ("not",) if mark[0][0] == "n" else ("-", "−")
    if sum(map(mark[0].count, links)) > MAX_DEPTH:
        raise too_deep(source, mark.start())


def _close(source: Source, open_marks: list[tuple[str, int]], symbol: str, position: int) -> None:
    if not open_marks:
        raise source.error(f"'{symbol}' closes nothing", position, advice="Take it away, or open it before.")
    opened, _ = open_marks.pop()
    if opened != _CLOSES[symbol]:
        raise source.error(f"'{symbol}' closes '{opened}'", position, advice=f"Close '{opened}' first.")


def _add(statements: list[Statement], source: Source, start: int, end: int) -> None:
    body = source.text[start:end]
    stripped = body.lstrip()
    if not stripped or stripped[0] == "#":
        return
    offset = start + len(body) - len(stripped)
    word = _FIRST_WORD.match(stripped)
    keyword = word[0] if word and word[0] in KEYWORDS else ""
    skipped = len(keyword)
    cost = _COST.match(stripped) if word and word[0] in _COST_WORDS else None
    if cost and cost[0]:
        keyword, skipped = "cost", cost.end()
    statements.append(Statement(keyword, stripped[skipped:], offset + skipped))


def _count_equations(source: Source, statements: list[Statement]) -> None:
    equations = [s for s in statements if s.keyword in ("", "cost", "update")]
    if len(equations) > MAX_EQUATIONS:
        raise source.error(
            f"there are {len(equations)} equations",
            equations[MAX_EQUATIONS].offset,
            expected=f"the limit is {MAX_EQUATIONS}",
            advice="Split the system into several.",
        )
