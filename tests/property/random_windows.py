"""Random sums over windows as text, for Hypothesis: what pools, strided reads and their gradients come to.

One equation t over p, or over p and q, whose terms are kept in a window of a summed index by brackets or by the mark of
an entry; windows lie apart or overlap, tile the axis or leave some of it out, or reach past its ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hypothesis import strategies as st

HEADER = "param x[n,p,q], g[n,r,s], W[n,m], h[m,r,s], w[u]\n"


@dataclass
class Builder:
    """Draws one system."""

    draw: st.DrawFn

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def window(self, place: str, other: str) -> str:
        """Return a condition that keeps place - step·other in a window."""
        step, start, width = self.number(1, 4), self.number(-2, 2), self.number(1, 7)
        shift = f"{place} - {step}*{other}"
        if self.number(0, 1):
            return f"[{start} <= {shift} and {shift} < {start + width}]"
        return f"[{shift} < {start + width}]*[{shift} >= {start}]"

    def reaching(self, place: str, other: str) -> str:
        """Return a mark, or an equation, that keeps place - step·other in a window of 3, the extent of w."""
        if self.number(0, 2) == 0:
            return f"[{self.number(1, 4)}*{other} + u - {self.number(0, 2)} = {place}]*w[u]"
        return f"w?[{place} - {self.number(1, 4)}*{other} + {self.number(0, 2)}]"

    def kept(self, place: str, other: str) -> str:
        return self.window(place, other) if self.number(0, 2) else self.reaching(place, other)

    def term(self, place: str) -> str:
        """Return what is summed beside the windows."""
        forms = ["g[n,r,s]", "x[n,{p},q]*g[n,r,s]", "[x[n,{p},q] > g[n,r,s]]*g[n,r,s]", "exp(x[n,{p},q])*g[n,r,s]"]
        forms += ["h[m,r,s]", "W[n,m]*h[m,r,s]", "W[n,m]*h[m,r,s]*x[n,{p},q]", "g[n,r,s]/(1 + (sum(m) h[m,r,s]^2))"]
        return self.pick(*forms).format(p=place)

    def system(self) -> str:
        windows, summed = self.kept("p", "r"), ["r"]
        if self.number(0, 1):
            windows += "*" + self.kept("q", "s")
            summed.append("s")
        term = self.term("p")
        summed += ["u"] if "w[u]" in windows else []
        summed += ["m"] if "h[m" in term and "sum(m)" not in term else []
        read = windows + term
        free = [letter for letter in "pqsn" if re.search(rf"\b{letter}\b", read) and letter not in summed]
        if self.number(0, 3) == 0:
            free.remove("p")
            summed.append("p")
        fronts = ["", "", "1/3*", *(["[x[n,0,0] > 0]*"] if "n" in free else []), *(["[p > 1]*"] if "p" in free else [])]
        front, op = self.pick(*fronts), self.pick("sum", "sum", "mean")
        target = f"t[{','.join(sorted(free))}]" if free else "t"
        return HEADER + f"{target} = {front}({op}({','.join(summed)}) {windows}*{term})\n"


@st.composite
def window_systems(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    """Return a system and the extents of its letters."""
    extents = {letter: draw(st.integers(1, top)) for letter, top in zip("pqrsnm", (19, 9, 8, 5, 17, 3), strict=True)}
    return Builder(draw).system(), {**extents, "u": 3}
