r"""How wide a formula of LaTeX will be, in points at ten points: an estimate, from the widths of Computer Modern.

It decides where long equations are broken, so it errs to the wide side. Only what the style `LATEX` writes is read.
"""

from __future__ import annotations

import re
from functools import cache

_TOKEN = re.compile(
    r"\\begin\{cases\}|\\end\{cases\}|\\\\|\\operatorname\*|\\[A-Za-z]+|\\.|[\^_]|\{|\}|\d|[^\W\d_]|\S", re.DOTALL
)
_WIDE = {"m": 9.0, "w": 7.5, "M": 10.0, "W": 10.0, **dict.fromkeys("ABCDEFGHKNOQRUVXYZ", 8.2)}
_OWN = {
    r"\partial": 6.0,
    r"\sum": 14.5,
    r"\prod": 13.0,
    r"\,": 1.7,
    r"\quad": 10.0,
    r"\cdot": 7.3,
    r"\times": 12.3,
    r"\left": 3.0,
    r"\right": 3.0,
    r"\Bigl": 3.5,
    r"\Bigr": 3.5,
    r"\frac": 0.0,
    r"\nabla": 8.4,
    **dict.fromkeys("+-", 12.3),
    **dict.fromkeys("=<>", 13.4),
    **dict.fromkeys(("\\le", "\\ge", "\\ne"), 13.4),
    **dict.fromkeys(("\\land", "\\lor"), 11.2),
    **dict.fromkeys("()[]", 4.0),
    **dict.fromkeys("|/'", 3.5),
    ",": 4.6,
    ".": 2.8,
    "&": 10.0,
}
_WORDS = {r"\mathrm", r"\operatorname", r"\operatorname*", r"\text"}


@cache
def latex_width(source: str) -> float:
    r"""Return the width of a formula in points.

    >>> round(latex_width(r"\frac{a}{b + c}")), latex_width("x_{i}") > latex_width("x")
    (28, True)
    """
    return 1.04 * _Measure(source).run("")


class _Measure:
    """Reads a formula from left to right."""

    def __init__(self, source: str) -> None:
        self._tokens = _TOKEN.findall(source)
        self._place = 0

    def run(self, end: str, scale: float = 1.0) -> float:
        """Return the width of all up to a closing token, which is passed."""
        total = 0.0
        while (token := self._next()) not in ("", end):
            total += self._one(token, scale)
        return total

    def _next(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1] if self._place <= len(self._tokens) else ""

    def _one(self, token: str, scale: float) -> float:
        if token == "{":
            return self.run("}", scale)
        if token in "^_" and token:
            return self._raised(token, scale)
        if token == r"\frac":
            return max(self._argument(scale), self._argument(scale)) + 2.4
        if token == r"\sqrt":
            return self._argument(scale) + 9.0
        if token in _WORDS:
            return self._letters() * scale
        if token == r"\begin{cases}":
            return self._cases(scale)
        if token in _OWN:
            return _OWN[token] * scale
        if token.startswith("\\"):
            name = token[1:]
            return scale * (5.3 * len(name) + 2 if len(name) > 2 and name in _UPRIGHT else 6.5)
        return scale * _WIDE.get(token, 5.9)

    def _raised(self, token: str, scale: float) -> float:
        """Return the width of a superscript or subscript, and of one of the other kind right behind it."""
        width = self._argument(0.72 * scale)
        following = self._tokens[self._place : self._place + 1]
        if following and following[0] in "^_" and following[0] != token:
            self._place += 1
            width = max(width, self._argument(0.72 * scale))
        return width

    def _argument(self, scale: float) -> float:
        token = self._next()
        return self.run("}", scale) if token == "{" else self._one(token, scale)

    def _letters(self) -> float:
        count = 0
        assert self._next() == "{", "words stand in braces"
        while self._next() not in ("}", ""):
            count += 1
        return 5.6 * count

    def _cases(self, scale: float) -> float:
        rows = [0.0]
        while (token := self._next()) not in ("", r"\end{cases}"):
            if token == r"\\":
                rows.append(0.0)
            else:
                rows[-1] += self._one(token, scale)
        return max(rows) + 12.0


_UPRIGHT = frozenset(["exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "max", "min", "det"])
