"""Two sides of a step that are rounding around 0 are not compared with each other, but with what was added up."""

from __future__ import annotations

import chainrule as cr

NORMED = """
    param z[k]
    given sum(k) a[k] = 1
    a[k] = exp(z[k])/(sum(m) exp(z[m]))
    cost C = (sum(k) a[k])^2
"""


def test_steps_whose_sides_are_rounding_are_no_wrong_ones() -> None:
    assert not cr.hvp(cr.parse(NORMED)).derivation("z").verify().unverified
