"""The backward pass of families, derived for every number of steps at once, is that of the system written out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.execute.reference import evaluation
from chainrule.expr.symbols import Derivative
from support import assert_close
from unit.families.family_systems import (
    BOTH_WAYS,
    DESCENT,
    FAMILIES,
    MLP,
    PLAIN_AXIS,
    RESIDUAL,
    RNN,
    SIGMOID,
    SKIP,
    STACKED,
    TWO_FAMILIES,
    UNKNOWN,
)
from unit.families.random_inputs import random_inputs
from unit.families.recurrences import RECURRENCES, WEIGHT_DECAY

EXAMPLES = Path(__file__).parents[3] / "examples"
KNOWN = {name: text for name, text in FAMILIES.items() if "abstract" not in text}
OTHERS = RECURRENCES | {
    name: (EXAMPLES / f"{name}.eq").read_text(encoding="utf-8")
    for name in ("residual_network", "recurrent_network", "lstm", "hidden_markov_model")
}


def lines(text: str, *wrt: str) -> list[str]:
    return str(cr.backprop(cr.parse(text), wrt or None)).splitlines()


def test_layers_of_an_unknown_function_give_the_four_equations() -> None:
    assert lines(MLP) == [
        "∂C/∂z[L; k] = ∂C/∂a[L; k]·sigma'(z[L; k])",
        "∂C/∂z[l; k] = sigma'(z[l; k])·Σ_m W[l+1; m,k]·∂C/∂z[l+1; m]   for l = 1..L-1",
        "∂C/∂W[l; k,j] = a[l-1; j]·∂C/∂z[l; k]   for l = 1..L",
        "∂C/∂b[l; k] = ∂C/∂z[l; k]   for l = 1..L",
    ]


def test_a_known_output_is_a_case_of_its_own() -> None:
    assert lines(SIGMOID)[:2] == [
        "∂C/∂z[L; k] = a[L; k]·(a[L; k] − y[k])·(1 − a[L; k])",
        "∂C/∂z[l; k] = a[l; k]·(1 − a[l; k])·Σ_m W[l+1; m,k]·∂C/∂z[l+1; m]   for l = 1..L-1",
    ]


def test_what_is_added_on_from_layer_to_layer_is_added_on_backwards() -> None:
    found = lines(RESIDUAL)
    assert "∂C/∂a[l; k] = ∂C/∂a[l+1; k] + Σ_m W[l+1; m,k]·∂C/∂z[l+1; m]   for l = 1..L-1" in found
    assert "∂C/∂z[l; m] = [z[l; m] > 0]·Σ_k V[l; k,m]·∂C/∂a[l; k]   for l = 1..L" in found


def test_unknown_layers_leave_the_chain_rule_itself() -> None:
    assert lines(UNKNOWN)[0] == "∂C/∂z[l; k] = Σ_m ∂C/∂z[l+1; m]·∂z[l+1; m]/∂z[l; k]   for l = 0..L-1"


def test_where_steps_begin_a_line_that_says_the_same_is_none_of_its_own() -> None:
    assert [line.rpartition("   ")[2] for line in lines(PLAIN_AXIS) if line.startswith("∂C/∂h[t")] == ["for t = 0..T-1"]
    assert [line.rpartition("   ")[2] for line in lines(RNN) if line.startswith("∂C/∂h[t")] == ["for t = 1..T-1"]


def test_a_skip_of_two_has_two_cases_at_the_end() -> None:
    ranges = [line.partition("   ")[2] for line in lines(SKIP) if line.startswith("∂C/∂z")]
    assert ranges == ["", "", "for l = 2..L-2"]


def test_a_recurrence_is_cut_at_its_last_step_only_where_that_is_another() -> None:
    found = lines(RNN)
    assert "∂C/∂h[T; k] = Σ_m R[m,k]·∂C/∂o[T; m]" in found
    assert "∂C/∂h[t; k] = Σ_m R[m,k]·∂C/∂o[t; m] + Σ_m U[m,k]·∂C/∂z[t+1; m]   for t = 1..T-1" in found
    assert "∂C/∂z[t; k] = ∂C/∂h[t; k]·(1 − h[t; k]^2)   for t = 1..T" in found
    assert "∂C/∂U[k,j] = Σ_t h[t-1; j]·∂C/∂z[t; k]" in found


def test_what_all_steps_read_has_a_sum_over_them() -> None:
    expected = "∂C/∂h[T; k] = ∂C/∂d[0; k] + Σ_s Σ_m Q[m,k]·∂C/∂d[s; m]·(1 − d[s; m]^2)"
    assert expected in lines(TWO_FAMILIES)


def test_two_steps_have_four_borders() -> None:
    found = [line for line in lines(STACKED) if line.startswith("∂C/∂z")]
    assert found[-1].endswith("for t = 1..T-1, l = 1..L-1")
    assert len(found) == 3


def test_a_sum_over_layers_beside_the_cost_adds_to_each_layer() -> None:
    expected = "∂C/∂W[l; k,j] = 2·lam·W[l; k,j] + a[l-1; j]·∂C/∂a[l; k]·(1 − a[l; k]^2)   for l = 1..L"
    assert expected in lines(WEIGHT_DECAY, "W")


def test_steps_as_numbers_stay_in_the_derivative() -> None:
    assert "∂C/∂r[s; n] = −eta/s·Σ_i X[n,i]·∂C/∂w[s; i]   for s = 1..S" in lines(DESCENT)


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_the_cases_are_the_backward_pass_written_out(text: str, number: int) -> None:
    families = cr.parse(text)
    back = cr.backprop(families)
    numbers = dict.fromkeys(families.letters, number)
    if any(number < least for least in back.least.values()):
        with pytest.raises(cr.ChainruleError, match="the cases hold for"):
            back.at(**numbers)
        return
    _check(back, numbers)


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_gates_sums_and_shared_entries_are_derived_as_written_out(text: str) -> None:
    families = cr.parse(text)
    back = cr.backprop(families)
    first = max(2, *back.least.values())
    for number in (first, first + 1):
        _check(back, dict.fromkeys(families.letters, number))


def _check(back: Any, numbers: dict[str, int], seed: int = 0) -> None:
    """Compare every derivative, by params and by what lies between, with backprop of the system written out."""
    forward, whole = back.prepared.at(**numbers), back.at(**numbers)
    inputs = random_inputs(forward, seed)
    found = evaluation.evaluate(whole, inputs)
    names = [e.name for e in whole.equations if isinstance(e.name, Derivative)]
    assert {str(name.wrt[0]) for name in names} >= set(forward.params)
    _, expected = cr.value_and_grad(forward, inputs, [str(name.wrt[0]) for name in names])
    for name in names:
        assert_close(found[name], expected[str(name.wrt[0])], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("text", FAMILIES.values(), ids=FAMILIES)
def test_the_backward_pass_is_a_family_that_reads_back(text: str) -> None:
    derived = cr.backprop(cr.parse(text)).system
    again = cr.parse(str(derived))
    assert str(again) == str(derived)


@pytest.mark.parametrize("text", [RNN, BOTH_WAYS, STACKED, RESIDUAL])
def test_what_was_read_back_gives_the_same_numbers(text: str) -> None:
    back = cr.backprop(cr.parse(text))
    numbers = dict.fromkeys(back.forward.letters, 3)
    inputs = random_inputs(back.prepared.at(**numbers))
    first = evaluation.evaluate(back.at(**numbers), inputs)
    second = evaluation.evaluate(cr.parse(str(back.system)).at(**numbers), inputs)
    for name, value in first.items():
        assert_close(second[name], value)


def test_what_is_asked_for_decides_what_is_shown() -> None:
    assert [line.partition("[")[0] for line in lines(RNN, "h")] == ["∂C/∂o", "∂C/∂h", "∂C/∂h", "∂C/∂h", "∂C/∂z"]
    with pytest.raises(cr.DerivativeError, match="no tensor named 'q'"):
        lines(RNN, "q")


@pytest.mark.parametrize(
    "text",
    [
        PLAIN_AXIS.replace("data x[t,i], y[k]", "data y[k]\nparam x[t,i]"),
        "data x[p]\nparam w\nu[p] = w*x[p]\nh[0;] = 1\nfor t = 1..T:\n    h[t;] = h[t-1;]*u[t-1]\ncost C = h[T;]",
        "param w[p]\nh[0;] = 1\nfor t = 1..T:\n    h[t;] = h[t-1;]^2\ncost C = h[T;]*w[T-1]",
    ],
)
def test_what_is_read_at_a_step_of_an_ordinary_axis_is_not_derived_by(text: str) -> None:
    # It was 0 once, in silence.
    with pytest.raises(cr.DerivativeError, match="reads it at one step"):
        cr.backprop(cr.parse(text))


def test_what_is_read_at_a_step_of_an_ordinary_axis_may_stand_beside_what_is_derived_by() -> None:
    assert lines(PLAIN_AXIS, "U")[-1] == "∂C/∂U[k,j] = Σ_t h[t-1; j]·∂C/∂h[t; k]·(1 − h[t; k]^2)"
