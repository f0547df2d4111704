"""The text of a matrix form, read in NumPy, is worth what the reference executor finds; a wrong one is not.

The systems are random, and those of the golden derivations; each is written for one sample, in each layout, and for
all samples.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import case_systems
from cases import CASES, Case
from chainrule import parse
from chainrule.execute.reference.evaluation import Evaluation, evaluate_all
from chainrule.matrix.of_systems import matrix_forms
from chainrule.pipeline import backprop
from chainrule.system.model import System
from chainrule.verify.sampling import random_evaluation, random_inputs
from chainrule.verify.unknowns import RandomUnknowns
from matrix_values import NEAR, Values
from matrix_values import assert_lines_are_worth_what_the_equations_are as assert_worth
from property.random_systems import systems
from support import examples

LAYOUTS = ("mixed", "numerator", "denominator")
SAMPLES = 3


def with_backward_pass(text: str, *wrt: str) -> System:
    system = parse(text)
    return backprop(system, tuple(dict.fromkeys((*system.params, *wrt)))).system


def evaluated(system: System, seed: int = 0) -> Evaluation:
    unknowns = RandomUnknowns(seed)
    drawn = random_evaluation(system, seed, {}, unknowns=unknowns)
    inputs = {d.tensor: drawn.values[d.tensor] for d in system.declarations if d.role != "abstract" and d.value is None}
    return evaluate_all(system, inputs, unknowns=unknowns, sizes=drawn.sizes)


def of_all_samples(system: System, one: Evaluation) -> Evaluation | None:
    """Return the evaluation for some samples; None where no data differ between them."""
    data = set(system.with_role("data"))
    if not data:
        return None
    draws = [random_inputs(system, seed, one.sizes, unknowns=RandomUnknowns(0)) for seed in range(SAMPLES)]
    inputs = {t: np.stack([draw[t] for draw in draws]) if t in data else draws[0][t] for t in draws[0]}
    return evaluate_all(system, inputs, unknowns=RandomUnknowns(0))


def assert_all_forms_are_worth_it(system: System, seed: int = 0) -> int:
    """Compare the lines of a system, both passes, in every way of writing them; return how many have a matrix form."""
    one = evaluated(system, seed)
    counts = []
    for layout in LAYOUTS:
        names = "textbook" if layout == "mixed" else "plain"
        forms = matrix_forms(system, system.equations, layout=layout, names=names)
        counts.append(assert_worth(forms, system.equations, one))
    many = of_all_samples(replace(system, batch=system.batch or "sample"), one)
    if many is not None:
        batched = matrix_forms(replace(system, batch=system.batch or "sample"), system.equations, batched=True)
        assert_worth(batched, many.system.equations, many)
    return counts[0]


@examples(20)
@given(text=systems(most=2), seed=st.integers(0, 100))
def test_the_lines_of_a_random_system_are_worth_what_its_equations_are(text: str, seed: int) -> None:
    assert_all_forms_are_worth_it(with_backward_pass(text), seed)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_lines_of_a_golden_derivation_are_worth_what_its_equations_are(case: Case) -> None:
    assert_all_forms_are_worth_it(with_backward_pass(case.text, *case.results))


@pytest.mark.slow
@pytest.mark.parametrize("name", case_systems.names())
def test_the_lines_of_a_system_from_outside_are_worth_what_its_equations_are(name: str) -> None:
    assert_all_forms_are_worth_it(with_backward_pass(case_systems.text_of(name)))


COUPLED = """data x[i], y[j]
param W[j,i], gamma[j]
batch n
z[j] = sum(i) W[j,i]*x[i]
mu[j] = mean(n) z[j]
v[j] = mean(n) (z[j] - mu[j])^2
h[j] = (z[j] - mu[j])/sqrt(v[j] + 1)
cost C = sum(j) (gamma[j]*h[j] - y[j])^2
"""
CHOSEN = """data y[i], A[i,j]
param x[i]
m = max(i) [y[i] > 0]*x[i]
k[i] = [y[i] > 1/2 or x[i] < 0]*x[0]
cost C = m^2 + (sum(i) stop(x[i])*x[i]*k[i]) + sum(j) A[1,j]^2*x[1]
"""


def test_coupled_samples_are_rows() -> None:
    system = with_backward_pass(COUPLED)
    forms = matrix_forms(system, system.equations, batched="n")
    assert assert_worth(forms, system.equations, evaluated(system)) == len(system.equations)
    assert "∇W = Δᵀ X" in map(str, forms)


def test_chosen_entries_and_conditions_are_worth_what_they_are() -> None:
    system = with_backward_pass(CHOSEN)
    assert assert_all_forms_are_worth_it(system) == len(system.equations)
    assert str(matrix_forms(system, system.equations[:1])) == "m = max(where(y > 0, x, −∞))"


NETWORK = """data x[i], y[k]
param W[k,i], b[k]
z[k] = sum(i) W[k,i]*x[i] + b[k]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = sum(k) (a[k] - y[k])^2
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("δ xᵀ", "x δᵀ"),
        ("δ xᵀ", "δ xᵀ / 2"),
        ("(aᵀ (a − y)) 1", "(1ᵀ (a − y)) 1"),
        ("2 a ⊙ (", "2 ("),
        ("− y −", "+ y −"),
        ("W x", "Wᵀ x"),
        ("W x + b", "b"),
        ("W x + b", "W x + 2 b"),
    ],
)
def test_a_wrong_line_is_caught(right: str, wrong: str) -> None:
    system = with_backward_pass(NETWORK)
    values = Values(matrix_forms(system, system.equations), evaluated(system))
    pairs = [(line, e) for line, e in zip(values.forms, system.equations, strict=True) if right in str(line)]
    ((line, equation),) = pairs
    assert values.off(line, equation) < NEAR
    try:
        off = values.off(line, equation, str(line).replace(right, wrong))
    except (AssertionError, ValueError):
        return
    assert off > 1e-3
