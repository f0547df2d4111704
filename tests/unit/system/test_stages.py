"""Which equations are computed after the backward pass, and which belong to the update."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import InputError
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import Reference
from chainrule.notation import parse
from chainrule.pipeline import training_step
from chainrule.system.stages import after_backprop, before_backprop, for_updates
from support import assert_close

TEXT = """
data x[i], y
param w[i]
const eta = 0.5, strength = 0.25
state seen = 0, v[i] = 1
z = sum(i) w[i]*x[i]
rate = eta/(1 + seen)
doubled = 2*z
penalty = strength*(sum(i) w[i]^2)
cost C = (z - y)^2 + penalty
norm = sqrt(sum(i) ∂C/∂w[i]^2)
g[i] = ∂C/∂w[i]/norm
update seen = seen + 1
update v[i] = v[i] + g[i]
update w[i] = w[i] - rate*v[i]
"""
INPUTS = {"x": np.array([1.0, 2.0]), "y": np.array(1.0), "w": np.array([0.5, 0.25])}
GRADIENT = np.array([0.25, 0.125])


def test_equations_that_read_gradients_come_after_these() -> None:
    system = parse(TEXT)
    assert parse(str(system)) == system
    assert [e.name for e in after_backprop(system)] == ["norm", "g"]
    assert [e.name for e in before_backprop(system).equations] == ["z", "rate", "doubled", "penalty", "C"]
    derived = cr.backprop(system).system
    assert [e.name for e in derived.equations] == ["z", "rate", "doubled", "penalty", "C", "∂C/∂w", "norm", "g"]
    assert after_backprop(derived) == ()
    assert before_backprop(derived) is derived
    assert parse(str(derived)) == derived


def test_what_only_updates_read_belongs_to_the_update() -> None:
    for system in (parse(TEXT), cr.backprop(parse(TEXT)).system):
        assert [e.name for e in for_updates(system)] == ["rate", "norm", "g"]


def test_updates_read_the_old_values() -> None:
    g = GRADIENT / np.sqrt((GRADIENT**2).sum())
    for engine in (Reference(), Native()):
        values, updated = engine.compile(training_step(parse(TEXT)), dtype=np.float64).step(INPUTS)
        assert_close(values["g"], g)
        assert_close(updated["seen"], 1.0)
        assert_close(updated["v"], 1 + g)
        assert_close(updated["w"], INPUTS["w"] - 0.5)


def test_evaluate_derives_what_equations_read() -> None:
    values = cr.evaluate(parse(TEXT), INPUTS)
    assert_close(values["norm"], np.sqrt((GRADIENT**2).sum()))
    assert_close(cr.value_and_grad(parse(TEXT), INPUTS)[1]["w"], GRADIENT)


def test_gradients_are_derived_for_equations_though_others_are_asked_for() -> None:
    back = cr.backprop(parse(TEXT), wrt=["z"])
    assert {"∂C/∂z", "∂C/∂w"} <= set(back.system.defined)


@pytest.mark.parametrize("engine", [Reference(), Native()], ids=["reference", "native"])
def test_an_executor_does_not_derive(engine: Native | Reference) -> None:
    with pytest.raises(InputError, match="there is no value for ∂C/∂w"):
        engine.compile(parse(TEXT)).step(INPUTS)


def test_a_state_whose_extents_nothing_gives() -> None:
    system = parse("state v[j] = 0\nupdate v[j] = v[j] + 1")
    with pytest.raises(InputError, match="the extent of index j is not known"):
        Reference().compile(system).step({})


def test_derivations_checks_and_explanations_leave_the_update_alone() -> None:
    system = parse(TEXT)
    assert cr.gradient_check(system)
    assert cr.gradient_check(system, INPUTS)
    assert cr.check(system, "∂C/∂w[i] = 2*(z - y)*x[i] + 0.5*w[i]")
    assert not cr.check(system, "∂C/∂w[i] = 2*(z - y)*x[i]")
    cr.backprop(system).derivation("w").verify()
    assert "w[1]" in str(cr.explain(system, INPUTS, of="w", at={"i": 1}))
