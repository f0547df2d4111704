"""Two sizes in MathML that depend on what is inside: of brackets, and of fractions within a line.

Brackets grow with what they enclose where that is tall, a fraction or a sum with its limits, and nowhere else: so they
stand close to letters. Within a line the outermost fractions have the size of text, or nobody could read the indices in
them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r'<mo form="(prefix|postfix)">[(\[|⌊)\]⌋]</mo>|<(/?)(\w+)[^>]*>')
_SCRIPTS = ("msub", "msup", "msubsup", "munder")


@dataclass
class _Element:
    """An element that is not closed yet: how many parts of it have begun, and whether it is smaller than the line."""

    kind: str
    small: bool
    parts: int = 0

    def part(self, kind: str) -> _Element:
        """Return the next part: those of a fraction, and all but the first where there are scripts, are smaller."""
        self.parts += 1
        return _Element(kind, self.small or self.kind == "mfrac" or (self.kind in _SCRIPTS and self.parts > 1))


def fitted(source: str, *, display: bool) -> str:
    """Return the elements of a formula with brackets and fractions of these sizes.

    >>> fitted('<mrow><mo form="prefix">(</mo><mi>a</mi><mo form="postfix">)</mo></mrow>', display=True)
    '<mrow><mo stretchy="false" form="prefix">(</mo><mi>a</mi><mo stretchy="false" form="postfix">)</mo></mrow>'
    """
    tokens = list(_TOKEN.finditer(source))
    written = [token[0] for token in tokens]
    elements = [_Element("", small=False)]
    fences: list[tuple[int, int]] = []
    tall = 0
    for place, token in enumerate(tokens):
        fence, closing, kind = token.groups()
        if fence == "prefix":
            fences.append((place, tall))
        elif fence:
            begun, before = fences.pop()
            if tall == before:
                for end in (begun, place):
                    written[end] = written[end].replace("form=", 'stretchy="false" form=')
        elif closing:
            elements.pop()
        else:
            element = elements[-1].part(kind)
            elements.append(element)
            tall += kind in ("mfrac", "mtable") or (kind == "munder" and display and not element.small)
            if kind == "mfrac" and not display and not element.small:
                written[place] = '<mfrac displaystyle="true">'
    starts, ends = [token.start() for token in tokens], [token.end() for token in tokens]
    between = [source[end:start] for end, start in zip([0, *ends], [*starts, len(source)], strict=True)]
    return "".join(text + token for text, token in zip(between, [*written, ""], strict=True))
