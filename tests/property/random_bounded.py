"""Random sums of entries that are read past the ends of their tensors, as text, for Hypothesis.

Convolutions of one or two axes, with strides, dilations and paddings of either sign, whatever is summed over: what a
layer computes, and the gradients by its inputs and its weights.
"""

from __future__ import annotations

from hypothesis import strategies as st

HEADER = "param x[n,c,p,q], W[o,c,u,v], g[n,o,r,s]\n"
FORMS = (
    "t[n,o,r,s] = sum(c,u,v) W[o,c,u,v]*x?[n,c,{pru},{qsv}]",
    "t[n,o,r] = sum(c,s,u,v) W[o,c,u,v]*x?[n,c,{pru},{qsv}]*g[n,o,r,s]",
    "t[o,c,u,v] = sum(n,r,s) g[n,o,r,s]*x?[n,c,{pru},{qsv}]",
    "t[n,c,p,q] = sum(o,u,v) W[o,c,u,v]*g?[n,o,{rpu},{sqv}]",
    "t[n,o,r] = tanh(sum(c,u) W[o,c,u,0]*x?[n,c,{pru},0]) + g[n,o,r,0]",
    "t[n] = sum(c,o,u,r) W[o,c,u,0]*x?[n,c,{pru},0]*g[n,o,r,0]",
)


@st.composite
def bounded_sums(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    """Return a system and the extents of its letters."""
    number = st.integers

    def position(outer: str, inner: str) -> str:
        dilation, start = draw(st.sampled_from([1, 1, 2, 3, -1, -1, -2])), draw(number(-6, 8))
        return f"{draw(number(1, 3))}*{outer} + {dilation}*{inner} + {start}".replace("+ -", "- ")

    pairs = {name: position(*name[1:]) for name in ("pru", "qsv", "rpu", "sqv")}
    tops = {"n": 33, "c": 4, "o": 10, "p": 9, "q": 7, "r": 6, "s": 5, "u": 4, "v": 3}
    extents = {letter: draw(number(1, top)) for letter, top in tops.items()}
    return HEADER + draw(st.sampled_from(FORMS)).format(**pairs) + "\n", extents
