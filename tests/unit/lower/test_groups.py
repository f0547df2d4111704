"""Factors of summed products: what a bracket or a mark rules out may be undefined there, in every factor."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import evaluate
from chainrule.notation import parse
from support import assert_close

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("rows", [2, 9])
@pytest.mark.parametrize(
    "text",
    [
        "t[m] = sum(j) [j > 0]*log(h[m,j])",
        "t[m] = sum(j) [j > 0]*k[j]*log(h[m,j])",
        "t[n,m] = sum(j) [j > 0]*g[n,j]*log(h[m,j])",
        "t[n,m] = sum(j) [j > 0]*g[n,j]/h[m,j]",
        "t[n,m] = sum(j) [j > 0]*log(g[n,j]^2)/h[m,j]",
        "t[m] = sum(j) k?[j-1]*log(h[m,j])",
        "t[n,m] = sum(j) k?[j-1]*g[n,j]*log(h[m,j])",
        "l[m,j] = log(h[m,j])\nt[m] = sum(j) [j > 0]*k[j]*log(h[m,j])*(log(h[m,j]) + 1)",
        "l[m,j] = log(h[m,j])\nt[n,m] = sum(j) [j > 0]*g[n,j]*l[m,j]",
        "l[m,j] = log(h[m,j])\nd[m,j] = 2*l[m,j]\nt[n,m] = sum(j) [j > 0]*g[n,j]*d[m,j]",
    ],
)
def test_what_a_bracket_rules_out_may_be_undefined_in_every_factor(text: str, rows: int) -> None:
    system = parse("param g[n,j], h[m,j], k[j]\n" + text)
    inputs = {"g": DRAW.random((4, 5)), "h": DRAW.random((rows, 5)), "k": DRAW.random(5)}
    inputs["h"][:, 0] = inputs["g"][:, 0] = 0
    compiled = Native().compile(system, dtype="float64")
    assert_close(compiled.evaluate(inputs)["t"], evaluate(system, inputs)["t"])
    assert "on the reference" not in compiled.plan
