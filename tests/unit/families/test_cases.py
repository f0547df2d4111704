"""The backward pass of families, derived for every number of steps at once, is that of the system written out."""

from __future__ import annotations

from pathlib import Path

import pytest

import chainrule as cr
from chainrule.execute.reference import evaluation
from chainrule.expr.nodes import ZERO
from chainrule.expr.symbols import Derivative
from support import assert_close
from unit.families.compared import compare
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
from unit.families.further_families import FURTHER, ROWS
from unit.families.random_inputs import random_inputs
from unit.families.recurrences import CONDITIONAL_FIELD, GRU, HEADS, RECURRENCES, WEIGHT_DECAY

EXAMPLES = Path(__file__).parents[3] / "examples"
LISTED = {name: text for name, text in FAMILIES.items() if "abstract" not in text} | RECURRENCES | FURTHER
LISTED |= {
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
    assert "∂C/∂U[k,j] = Σ_{t=1..T} h[t-1; j]·∂C/∂z[t; k]" in found


def test_what_all_steps_read_has_a_sum_over_them() -> None:
    expected = "∂C/∂h[T; k] = ∂C/∂d[0; k] + Σ_{s=1..S} Σ_m Q[m,k]·∂C/∂d[s; m]·(1 − d[s; m]^2)"
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


@pytest.mark.parametrize("number", [1, 2, 3, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("text", LISTED.values(), ids=LISTED)
def test_the_cases_are_the_backward_pass_written_out(text: str, number: int) -> None:
    families = cr.parse(text)
    numbers = dict.fromkeys(families.letters, number)
    if text == HEADS and number == 1:
        with pytest.raises(cr.ChainruleError, match=r"with L = 1: a\[2;\] is read"):
            cr.backprop(families).at(**numbers)
        return
    compare(cr.backprop(families), numbers)


@pytest.mark.parametrize("text", [SKIP, HEADS, RNN, STACKED])
def test_each_step_by_itself_has_the_same_derivatives(text: str) -> None:
    back = cr.backprop(cr.parse(text))
    compare(back.for_steps(**dict.fromkeys(back.forward.letters, 3)), {})


def test_cases_hold_from_as_many_steps_on_as_they_tell_apart() -> None:
    assert cr.backprop(cr.parse(SKIP)).least == {"L": 3}
    assert cr.backprop(cr.parse(HEADS)).least == {"L": 4}
    assert {least for text in (RNN, GRU, BOTH_WAYS) for least in cr.backprop(cr.parse(text)).least.values()} == {1}
    assert lines(SKIP)[-2:] == ["", "for L ≥ 3"]
    assert not any(line.startswith("for") for line in lines(RNN))


@pytest.mark.parametrize(("text", "number"), [(SKIP, 2), (HEADS, 3)])
def test_below_that_the_cases_would_be_wrong(text: str, number: int) -> None:
    back = cr.backprop(cr.parse(text))
    with pytest.raises(cr.ChainruleError):
        back.system.at(L=number)


def test_without_any_step_nothing_depends_on_what_steps_read() -> None:
    whole = cr.backprop(cr.parse(RNN)).at(T=0)
    assert {e.value for e in whole.equations if isinstance(e.name, Derivative)} == {ZERO}


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


def test_positions_at_steps_are_of_the_step_that_is_summed_over() -> None:
    assert "∂C/∂V[k,i] = Σ_{t=1..T} x[t-1,i]·∂C/∂h[t; k]·(1 − h[t; k]^2)" in lines(PLAIN_AXIS)


def test_a_param_with_a_row_for_each_step_has_the_derivative_of_each_row() -> None:
    expected = "∂C/∂E[u,k] = Σ_{t=1..T} [u = t-1]·h[t-1; k]·∂C/∂h[t; k]·(1 − h[t; k]^2)"
    assert lines(ROWS, "E")[-1] == expected


def test_a_derivative_that_is_one_entry_at_all_steps_is_written_into_those_who_read_it() -> None:
    assert lines(CONDITIONAL_FIELD, "E") == [
        "∂C/∂f[T; k] = exp(f[T; k])/(Σ_m exp(f[T; m]))",
        "∂C/∂f[t; k] = Σ_m ∂C/∂f[t+1; m]·exp(f[t; k] + A[k,m])/(Σ_j exp(f[t; j] + A[j,m]))   for t = 0..T-1",
        "∂C/∂E[k,i] = Σ_{t=1..T} x[t; i]·∂C/∂f[t; k]",
    ]


def test_what_is_asked_for_decides_what_is_shown() -> None:
    assert [line.partition("[")[0] for line in lines(RNN, "h")] == ["∂C/∂o", "∂C/∂h", "∂C/∂h", "∂C/∂h", "∂C/∂z"]
    with pytest.raises(cr.DerivativeError, match="no tensor named 'q'"):
        lines(RNN, "q")


@pytest.mark.parametrize("number", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "text",
    [
        PLAIN_AXIS.replace("data x[t,i], y[k]", "data y[k]\nparam x[t,i]"),
        "data x[t]\nparam w\nu[t] = w*x[t]\nh[0;] = 1\nfor t = 1..T:\n    h[t;] = h[t-1;]*u[t-1]\ncost C = h[T;]",
        "param w[t], v\nh[0;] = v\nfor t = 1..T:\n    h[t;] = h[t-1;]^2\ncost C = h[T;]*w[T-1]",
    ],
)
def test_what_is_read_at_a_step_of_an_ordinary_axis_is_derived_by(text: str, number: int) -> None:
    # It was 0 once, in silence.
    compare(cr.backprop(cr.parse(text)), {"T": number})
