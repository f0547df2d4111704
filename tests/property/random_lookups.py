"""Random systems with whole numbers as text, for Hypothesis: entries looked up, sums over brackets that choose entries.

One equation S over the entries of a table and a cost. Brackets stand in products, in sums within products, and in sums
of their own; beside them stand entries at the same place, at looked-up and at marked ones.
"""

from __future__ import annotations

from hypothesis import strategies as st

HEADER = """data a[t] : int(v), b[t] : int(v), c[t,k] : int(v)
param E[v,d], g[t,d], w[v]
"""
ANYWHERE = ("E[v,d]", "E[a[t],d]", "E[b[t],d]", "g[t,d]", "w[v]", "w[b[t]]", "g?[t-1,d]", "(t + 1)/4", "[t > 1]", "1/2")
CHOOSING = (
    "[a[t] = v]",
    "[v = b[t]]",
    "(sum(k) [c[t,k] = v])",
    "(sum(k) E[c[t,k],d]*[c[t,k] = v])",
    "(mean(k) [v = c[t,k]])",
)
ONCE = ("w[a[0]]", "tanh(E[a[t],d])", "[a[t] != v]", "[a[t] = b[t]]", "w?[v-1]", "sin(w[v])")


@st.composite
def lookup_systems(draw: st.DrawFn) -> str:
    """Return the text of a system."""

    def product(depth: int) -> str:
        factors = [draw(st.sampled_from(CHOOSING if draw(st.integers(0, 2)) else ANYWHERE))]
        factors += draw(st.lists(st.sampled_from(ANYWHERE + ONCE), max_size=2))
        if depth and draw(st.integers(0, 1)):
            factors.append(f"({product(depth - 1)} {draw(st.sampled_from('+-'))} {product(depth - 1)})")
        return "*".join(draw(st.permutations(factors)))

    op = draw(st.sampled_from(("sum", "mean")))
    extra = draw(st.sampled_from(("", " + w[v]", f" - (sum(t) {product(0)})")))
    shape = draw(st.sampled_from(("S[v,d]^2", "tanh(S[v,d])", "S[v,d]*E[v,d]")))
    return HEADER + f"S[v,d] = ({op}(t) {product(2)}){extra}\ncost C = sum(v,d) {shape}\n"
