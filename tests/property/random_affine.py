"""Random systems with affine indices as text, for Hypothesis: strides, dilations, shifts, guards, bounded ranges, ties.

One or two equations h and g and a cost; the ranges of their indices come from positions, from a bound, or from what
they label. Everything is smooth but the maxima, which random points keep away from ties.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

HEADER = "param x[p], w[u], c[p]\n"
SHAPES = ("{0}", "({0})^2", "tanh({0})", "sin({0})", "1/(1 + ({0})^2)")


@dataclass
class Builder:
    """Draws one system."""

    draw: st.DrawFn

    def pick(self, choices: tuple[str, ...]) -> str:
        return self.draw(st.sampled_from(choices))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def position(self, letter: str, inner: str = "", *, low: int = 0) -> str:
        """Return s*letter + d*inner + k with random whole numbers; unmarked, it is never the letter alone."""
        coefficient = self.number(1, 3)
        parts = [self.scaled(coefficient, letter)]
        if inner:
            parts.append(self.scaled(self.number(1, 2), inner))
        constant = self.number(low, 2) or int(low == 0 and coefficient == 1 and not inner)
        return "+".join(parts) + (f"{constant:+d}" if constant else "")

    @staticmethod
    def scaled(coefficient: int, letter: str) -> str:
        return letter if coefficient == 1 else f"{coefficient}*{letter}"

    def read(self, tensor: str, letter: str, inner: str = "") -> str:
        """Return an entry at an affine position, marked or not."""
        if self.number(0, 2) == 0:
            return f"{tensor}?[{self.position(letter, inner, low=-2)}]"
        return f"{tensor}[{self.position(letter, inner)}]"

    def shaped(self, text: str) -> str:
        return self.pick(SHAPES).format(text)

    def inner(self, letter: str) -> str:
        """Return a reduction over a kernel: over the axis of w, or bounded."""
        if self.number(0, 1):
            factor = self.pick(("", f"*{self.read('x', letter)}", "*w[u]"))
            return f"(sum(u) w[u]*x[{self.position(letter, 'u')}]{factor})"
        op = self.pick(("sum", "mean", "max", "min", "prod"))
        return f"({op}(v<{self.number(1, 3)}) ({self.shaped('x[' + self.position(letter, 'v') + ']')}))"

    def summand(self, letter: str) -> str:
        term = self.pick(("inner", "inner", "entry", "both"))
        if term == "inner":
            return self.inner(letter)
        if term == "entry":
            return f"{self.read('x', letter)}*c[{self.position(letter)}]"
        return f"({self.inner(letter)} + x[{self.position(letter)}])"

    def system(self) -> str:
        lines = [HEADER + f"h[i] = {self.shaped(self.summand('i'))} + {self.inner('i')}"]
        last, letter = "h", "i"
        if self.number(0, 1):
            lines.append(f"g[j] = {self.pick(('sum', 'max', 'mean'))}(v<2) h[{self.position('j', 'v')}]")
            last, letter = "g", "j"
        cost = f"sum({letter}) {self.shaped(f'{last}[{letter}]')}"
        if self.number(0, 2) == 0:
            cost += f" + (sum(t) {self.summand('t')}*x[{self.position('t')}])"
        return "\n".join((*lines, f"cost C = {cost}")) + "\n"


@st.composite
def affine_systems(draw: st.DrawFn) -> str:
    """Return the text of a system."""
    return Builder(draw).system()
