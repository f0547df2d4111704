"""Two sides of a step that are rounding around 0 are not compared with each other, but with what was added up."""

from __future__ import annotations

import chainrule as cr
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.verify.verification import Trial

NORMED = """
    param z[k]
    given sum(k) a[k] = 1
    a[k] = exp(z[k])/(sum(m) exp(z[m]))
    cost C = (sum(k) a[k])^2
"""


def test_steps_whose_sides_are_rounding_are_no_wrong_ones() -> None:
    assert not cr.hvp(cr.parse(NORMED)).derivation("z").verify().unverified


def test_differences_that_step_out_of_the_domain_tell_nothing() -> None:
    system = cr.backprop(cr.parse("param p\ncost C = -log(p)")).system
    derived = system.defined["∂C/∂p"]
    for left, right in ((derived.target, derived.value), (derived.value, derived.target)):
        assert Trial(evaluate_all(system, {"p": 6e-4})).difference(left, right) is None
        assert Trial(evaluate_all(system, {"p": 0.5})).difference(left, right) is not None
