"""What in MathML depends on what is inside: the sizes of brackets and of fractions, where a power or a prime stands.

Brackets grow with what they enclose where that is tall, a fraction or a sum with its limits, and nowhere else: so they
stand close to letters. Within a line the outermost fractions have the size of text, on a line of their own those in
them too, or nobody could read their indices. The power of an entry stands above its indices, not behind them. A prime
is high by itself, so it is a superscript only at what is tall.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r'<mo form="(prefix|postfix)">[(\[|⌊)\]⌋]</mo>|<(/?)(\w+)[^>]*>')
_SUMS = ("munder", "munderover")
_SCRIPTS = ("msub", "msup", "msubsup", *_SUMS)
_TALL = ("mfrac", "mtable")


@dataclass
class _Element:
    """An element: where it begins and ends, its parts, in how many fractions it is, and whether in a script.

    `tall` counts what is tall before it.
    """

    kind: str
    begins: int
    fractions: int = 0
    script: bool = False
    tall: int = 0
    ends: int = 0
    parts: int = 0
    first: _Element | None = None
    last: _Element | None = None

    def part(self, kind: str, place: int, tall: int) -> _Element:
        """Return the next part; all but the first where there are scripts are in one."""
        self.parts += 1
        raised = self.script or (self.kind in _SCRIPTS and self.parts > 1)
        made = _Element(kind, place, self.fractions + (self.kind == "mfrac"), raised, tall)
        self.first = self.first or made
        self.last = made
        return made

    @property
    def small(self) -> bool:
        """Whether sums have their limits beside them."""
        return self.script or self.fractions > 0


def fitted(source: str, *, display: bool) -> str:
    """Return the elements of a formula with these sizes.

    >>> fitted('<mrow><mo form="prefix">(</mo><mi>a</mi><mo form="postfix">)</mo></mrow>', display=True)
    '<mrow><mo stretchy="false" form="prefix">(</mo><mi>a</mi><mo stretchy="false" form="postfix">)</mo></mrow>'
    """
    tokens = list(_TOKEN.finditer(source))
    written = [token[0] for token in tokens]
    elements = [_Element("", 0)]
    fences: list[tuple[int, int]] = []
    tall = 0
    for place, token in enumerate(tokens):
        fence, closing, kind = token.groups()
        if fence:
            elements[-1].part("mo", place, tall)
        if fence == "prefix":
            fences.append((place, tall))
        elif fence:
            begun, before = fences.pop()
            if tall == before:
                for end in (begun, place):
                    written[end] = written[end].replace("form=", 'stretchy="false" form=')
        elif closing:
            element = elements.pop()
            element.ends = place
            for changed, new in (*_stacked(element), *_beside(element, tall)):
                written[changed] = new
        else:
            element = elements[-1].part(kind, place, tall)
            elements.append(element)
            tall += kind in _TALL or (kind in _SUMS and display and not element.small)
            if kind == "mfrac" and not element.script and element.fractions == display:
                written[place] = '<mfrac displaystyle="true">'
    return _joined(source, tokens, written)


def _stacked(power: _Element) -> Iterator[tuple[int, str]]:
    """Yield the tokens of a power that change where its base is an entry: one element with both scripts."""
    row = power.first
    if power.kind != "msup" or row is None or row.kind != "mrow" or row.parts != 1:
        return
    entry = row.first
    if entry is not None and entry.kind == "msub":
        yield from ((place, "") for place in (row.begins, row.ends, entry.begins, entry.ends))
        yield from ((power.begins, "<msubsup>"), (power.ends, "</msubsup>"))


def _beside(primed: _Element, tall: int) -> Iterator[tuple[int, str]]:
    """Yield the tokens that change of what has a prime and is not tall: the prime stands beside it."""
    prime = primed.last
    if primed.kind == "msup" and prime is not None and prime.kind == "mo" and tall == primed.tall:
        yield from ((primed.begins, "<mrow>"), (primed.ends, "</mrow>"))
        yield prime.begins, '<mo lspace="0" rspace="0">'


def _joined(source: str, tokens: list[re.Match[str]], written: list[str]) -> str:
    """Return a text with its tokens written anew."""
    starts, ends = [token.start() for token in tokens], [token.end() for token in tokens]
    between = [source[end:start] for end, start in zip([0, *ends], [*starts, len(source)], strict=True)]
    return "".join(text + token for text, token in zip(between, [*written, ""], strict=True))
