"""Families run as loops over steps: the numbers of the systems written out, in work that is linear in the steps."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import OptionError
from chainrule.execute.family_values import computed, family_values
from chainrule.execute.reference import step_runs
from chainrule.families import expansion
from chainrule.families.families import Families
from chainrule.families.family_backprop import FamilyBackprop
from chainrule.simplify.stability import stable
from support import assert_close
from unit.families.family_systems import FAMILIES, PLAIN_AXIS, RNN, SIGMOID, STACKED
from unit.families.looped import check_gradients, check_values, given, inputs_for
from unit.families.recurrences import RECURRENCES

EXAMPLES = Path(__file__).parents[4] / "examples"
NAMES = ("residual_network", "recurrent_network", "lstm", "hidden_markov_model")
KNOWN = {name: text for name, text in (FAMILIES | RECURRENCES).items() if "abstract" not in text}
KNOWN |= {name: (EXAMPLES / f"{name}.eq").read_text(encoding="utf-8") for name in NAMES}


@cache
def parsed(text: str) -> Families:
    found: Families = cr.parse(text)
    return found


@cache
def derived(text: str) -> FamilyBackprop:
    return cr.backprop(parsed(text))


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
@pytest.mark.parametrize("number", [1, 2, 3, pytest.param(5, marks=pytest.mark.slow)])
def test_a_loop_computes_what_the_system_written_out_does(text: str, number: int) -> None:
    families, back = parsed(text), derived(text)
    numbers = dict.fromkeys(families.letters, number)
    if text == KNOWN["heads"] and number == 1:
        with pytest.raises(OptionError, match=r"a\[2;\] is read"):
            family_values(given(families, numbers, {}), stable)
        return
    flat = inputs_for(families, numbers)
    check_values(families, numbers, flat)
    if number >= max(back.least.values()):
        check_values(back.system, numbers, flat)


@pytest.mark.parametrize("text", [RNN, STACKED, SIGMOID, KNOWN["lstm"], KNOWN["conditional field"]])
@pytest.mark.parametrize("number", [1, 3])
def test_gradients_of_a_loop_are_those_of_the_system_written_out(text: str, number: int) -> None:
    families = parsed(text)
    numbers = dict.fromkeys(families.letters, number)
    check_gradients(families, numbers, inputs_for(families, numbers))


def recurrence(steps: int, seed: int = 0) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    shapes = {"U": (3, 3), "V": (3, 2), "b": (3,), "h0": (3,), "R": (2, 3)}
    found = {name: generator.normal(size=shape) * 0.5 for name, shape in shapes.items()}
    return {"x": generator.normal(size=(steps, 2)), "y": generator.normal(size=(steps, 2)), **found}


def work(text: str, steps: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return how often bodies are compiled and run, and how many equations are evaluated, for cost and gradients."""
    count = {"compiled": 0, "run": 0, "equations": 0}
    compiled, run, evaluate = step_runs.BodyCompiler._compiled, step_runs.CompiledBody.run, step_runs.evaluate_in

    def counting(name: str, function: Any) -> Any:
        def counted(*given: Any, **named: Any) -> Any:
            count[name] += 1
            return function(*given, **named)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(step_runs.BodyCompiler, "_compiled", counting("compiled", compiled))
        patch.setattr(step_runs.CompiledBody, "run", counting("run", run))
        patch.setattr(step_runs, "evaluate_in", counting("equations", evaluate))
        cr.value_and_grad(cr.parse(text), recurrence(steps))
    return count


def test_work_is_linear_in_the_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    ten, twenty, forty = (work(RNN, steps, monkeypatch) for steps in (10, 20, 40))
    assert ten["compiled"] == twenty["compiled"] == forty["compiled"]
    for what in ("run", "equations"):
        assert twenty[what] - ten[what] == (forty[what] - twenty[what]) / 2
    assert (twenty["run"] - ten["run"]) / 10 == 5  # a step: h and its like, its cost, the sum, back, shares
    assert (twenty["equations"] - ten["equations"]) / 10 == 3 + 1 + 1 + 3 + 4


def test_more_steps_are_evaluated_than_a_system_is_written_out_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MOST", 50)
    families = cr.parse("param w, v\nh[0;] = w\nfor t = 1..T:\n    h[t;] = h[t-1;] + v\nindex T = 60\ncost C = h[T;]")
    with pytest.raises(OptionError, match="more than 50 equations"):
        families.at()
    cost, gradients = cr.value_and_grad(families, {"w": 0.5, "v": 0.25})
    assert cost == 15.5
    assert (gradients["w"], gradients["v"]) == (1, 60)


def test_members_of_one_shape_lie_side_by_side() -> None:
    families = parsed(RNN)
    flat = inputs_for(families, {"T": 4})
    found = family_values(given(families, {"T": 4}, flat), stable)
    assert found is not None
    block = found["h_1"].base
    assert block is not None
    assert block.shape == (4, *found["h_1"].shape)
    assert all(found[f"h_{t}"].base is block for t in (2, 3, 4))


def test_layers_of_different_widths_are_kept_one_by_one() -> None:
    generator = np.random.default_rng(3)
    widths = [4, 3, 5, 2, 6, 2, 3]
    pairs = list(zip(widths[1:], widths, strict=False))
    layers = {
        "x": generator.normal(size=4),
        "y": generator.normal(size=3),
        "W": [generator.normal(size=pair) for pair in pairs],
        "b": [generator.normal(size=width) for width in widths[1:]],
    }
    cost, gradients = cr.value_and_grad(parsed(SIGMOID), layers)
    flat = {"x": layers["x"], "y": layers["y"]}
    flat |= {f"{name}{n + 1}": value for name in "Wb" for n, value in enumerate(layers[name])}
    expected, parts = cr.value_and_grad(parsed(SIGMOID).at(L=6), flat)
    assert_close(cost, expected)
    for n in range(6):
        assert_close(gradients["W"][n], parts[f"W{n + 1}"], rtol=1e-12)


def test_shares_of_a_shared_weight_are_added_up_and_not_kept() -> None:
    families, back = parsed(RNN), derived(RNN)
    members = computed(back.system, given(families, {"T": 6}, inputs_for(families, {"T": 6})), stable)
    assert members is not None
    kept = {name: len(dict(members.of(name))) for name in members.families}
    assert kept["∂C/∂U"] == kept["∂C/∂R"] == 1
    assert [count for name, count in kept.items() if name.startswith("total ")] == [1] * 5


def test_gradients_by_steps_of_an_ordinary_axis_are_those_of_the_system_written_out() -> None:
    families = cr.parse(f"index T = 3\n{PLAIN_AXIS}")
    shapes = {"x": (3, 2), "y": (3,), "U": (3, 3), "V": (3, 2), "h0": (3,)}
    inputs = {name: np.random.default_rng(1).normal(size=shape) for name, shape in shapes.items()}
    _, gradients = cr.value_and_grad(families, inputs, ["x"])
    _, expected = cr.value_and_grad(families.at(), inputs, ["x"])
    assert_close(gradients["x"], expected["x"])
    assert np.abs(gradients["x"]).min() > 0


BATCHES = {name: KNOWN[name] for name in ("stacked", "attention over steps", "smoothness")}


@pytest.mark.parametrize("text", BATCHES.values(), ids=BATCHES)
def test_a_batch_goes_through_a_loop_as_through_the_system_written_out(text: str) -> None:
    # What a step reads may have a value for each sample, or at the first step one for all of them.
    families: Families = cr.parse(text.replace("param ", "batch n\nparam ", 1))
    numbers = dict.fromkeys(families.letters, 3)
    system = families.at(**numbers)
    generator = np.random.default_rng(2)
    flat = inputs_for(families, numbers)
    flat |= {n: np.stack([flat[n] * generator.normal() for _ in range(3)]) for n in system.with_role("data")}
    expected = cr.evaluate(system, flat)
    found = family_values(given(families, numbers, flat), stable)
    assert found is not None
    for name, value in expected.items():
        assert_close(found[name], value, rtol=1e-12, atol=1e-12)
    check_gradients(families, numbers, flat, 1e-11)


def test_what_backprop_returned_is_run_as_it_was_derived() -> None:
    given_inputs = recurrence(7)
    cost, gradients = cr.value_and_grad(derived(RNN), given_inputs)
    expected, others = cr.value_and_grad(parsed(RNN), given_inputs)
    assert cost == expected
    assert gradients.keys() == others.keys()
    _, only = cr.value_and_grad(cr.backprop(parsed(RNN), ["x"]), given_inputs)
    assert list(only) == ["x"]
    assert only["x"].shape == (7, 2)
    _, plain = cr.value_and_grad(parsed(RNN), given_inputs, ["x3"])  # a member by its plain name
    assert_close(plain["x3"], only["x"][2])
