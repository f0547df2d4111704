"""The same results come out from a system with other names, another order, a scaled cost, an equation split."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cases import CASES, SOFTMAX
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.expr.binding import map_operands, rename_indices, tensors_in
from chainrule.expr.nodes import Expr, Index, Indexed
from chainrule.expr.symbols import Derivative
from chainrule.notation import parse
from chainrule.pipeline import Backprop, backprop, value_and_grad
from chainrule.simplify.simplifier import simplifier_of
from chainrule.system.model import Equation, System
from chainrule.system.printing import system_text
from chainrule.verify.sampling import random_inputs
from chainrule.verify.unknowns import RandomUnknowns
from property.random_systems import PARAMS, systems
from property.transformed import NAME, Back, parts_worth_a_name, renamed_text, reordered, split, with_scaled_cost
from same_form import assert_same_form, same_form
from support import assert_close, examples

BY_NAME = {case.name: case for case in CASES}
LINES = [(case.name, tensor) for case in CASES for tensor in case.results]
LETTERS = {"i": "z", "j": "v", "k": "q", "m": "c", "n": "a", "p": "f", "q": "d", "u": "b"}
"""Other letters, in another order of the alphabet."""


@cache
def derived(name: str) -> Backprop:
    case = BY_NAME[name]
    return backprop(parse(case.text), tuple(case.results))


def new_names(system: System) -> dict[str, str]:
    """Return other names for all tensors and letters, such that their alphabetical order is reversed."""
    tensors = sorted({*system.names(), *system.function})
    return LETTERS | {tensor: f"t{len(tensors) - n:02}" for n, tensor in enumerate(tensors)}


@pytest.mark.parametrize("name", BY_NAME)
def test_names_do_not_matter(name: str) -> None:
    back = derived(name)
    names = new_names(back.forward)
    renamed = parse(renamed_text(BY_NAME[name].text, names))
    way = Back.between(renamed, back.forward, names)
    found = backprop(renamed, [names[tensor] for tensor in back.wrt]).result()
    for tensor, equation in back.result().items():
        assert_same_form(way.expr(found[names[tensor]].value), equation.value)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", BY_NAME)
def test_the_order_of_terms_and_factors_does_not_matter(name: str, seed: int) -> None:
    back = derived(name)
    found = backprop(reordered(back.forward, seed), back.wrt).result()
    for tensor, equation in back.result().items():
        assert_same_form(found[tensor].value, equation.value)


@pytest.mark.parametrize("name", [name for name in BY_NAME if derived(name).forward.defined.get("C")])
def test_a_scaled_cost_scales_the_result(name: str) -> None:
    back = derived(name)
    scaled = backprop(with_scaled_cost(back.forward, 3), back.wrt)
    values, threefold = (values_of(each, seed=1) for each in (back, scaled))
    for tensor in back.wrt:
        assert_close(threefold[tensor], 3 * values[tensor])


def test_a_scaled_cost_scales_the_line_itself() -> None:
    system = with_scaled_cost(parse(SOFTMAX.text), 3)
    simplifier = simplifier_of(system)
    result = derived(SOFTMAX.name).result()["z"]
    threefold = backprop(system).result()["z"]
    three = with_scaled_cost(system.with_equations((Equation(Indexed("C"), result.value),)), 3).equations[0].value
    assert_same_form(simplifier.simplify(threefold.value, result.indices), simplifier.simplify(three, result.indices))


def values_of(back: Backprop, seed: int) -> Mapping[str, np.ndarray]:
    """Return the value of every derivative asked for, at a random point with random unknown functions."""
    unknowns = RandomUnknowns(seed)
    inputs = random_inputs(back.forward, seed, unknowns=unknowns)
    evaluation = evaluate_all(back.system, inputs, unknowns=unknowns)
    return {tensor: evaluation.values[Derivative(back.forward.cost, tensor)] for tensor in back.wrt}


ANOTHER_FORM = {("layer-norm", 0), ("layer-norm", 1), *(("chosen-entry", n) for n in (0, 1, 3))}
"""Where x[i] − m is named apart: that the sum of its entries is 0 cannot be seen from the name. Of one entry by number,
a[3]·([j = 3] − a[j]) and a[j]·([j = 3] − a[3]) are equally short."""
SPLIT = [(name, n) for name in BY_NAME for n, _ in enumerate(parts_worth_a_name(derived(name).forward))]


@pytest.mark.parametrize(("name", "number"), SPLIT)
def test_an_equation_split_in_two_gives_the_same(name: str, number: int) -> None:
    """The values are the same; so is the form, mostly, once the new name is replaced by what it stands for."""
    back = derived(name)
    divided = backprop(split(back.forward, *parts_worth_a_name(back.forward)[number]), back.wrt)
    values, others = values_of(back, 2), values_of(divided, 2)
    for tensor, equation in back.result().items():
        assert_close(others[tensor], values[tensor], rtol=1e-9, atol=1e-12)
        if (name, number) in ANOTHER_FORM:
            continue
        names = {Derivative(back.forward.cost, other) for other in back.forward.names()}
        kept = names & tensors_in(equation.value)
        whole = put_back(divided, divided.result([tensor])[tensor].value, kept)
        simplifier = simplifier_of(back.forward)
        found = simplifier.simplify(whole, equation.indices)
        assert_same_form(found, simplifier.simplify(equation.value, equation.indices))


def put_back(back: Backprop, expr: Expr, kept: set[str]) -> Expr:
    """Return the expression with the new name, and derivatives other than those kept, replaced by their values."""
    while True:
        equations = {NAME: back.forward.defined[NAME], **back.system.defined}
        waiting = {t for t in tensors_in(expr) - kept if t == NAME or t.startswith("∂")}
        if not waiting:
            return expr
        expr = replaced(expr, {tensor: equations.get(tensor) or equation_of(back, tensor) for tensor in waiting})


def equation_of(back: Backprop, tensor: str) -> Equation:
    return back.derivation(tensor.rpartition("∂")[2]).as_equation()


def replaced(expr: Expr, equations: Mapping[str, Equation]) -> Expr:
    if isinstance(expr, Indexed) and expr.tensor in equations:
        equation = equations[expr.tensor]
        plain = [index for index in expr.indices if isinstance(index, Index)]
        return rename_indices(equation.value, dict(zip(equation.indices, plain, strict=True)))
    return map_operands(expr, lambda part: replaced(part, equations))


@pytest.mark.parametrize("name", [case.name for case in CASES if len(case.results) > 1])
def test_what_else_is_asked_for_does_not_matter(name: str) -> None:
    system = parse(BY_NAME[name].text)
    everything = backprop(system, wrt=None)
    for param in system.params:
        alone = backprop(system, wrt=[param])
        assert alone.result() == everything.result(wrt=[param])
        assert alone.result(wrt=[param])[param] == everything.result()[param]
        assert {e.name: e for e in alone.system.equations}.items() <= {
            e.name: e for e in everything.system.equations
        }.items()


@pytest.mark.parametrize("name", BY_NAME)
def test_deriving_twice_gives_the_same_system(name: str) -> None:
    again = backprop(parse(BY_NAME[name].text), derived(name).wrt)
    assert again.system == derived(name).system
    assert str(again) == str(derived(name))
    for tensor in again.wrt:
        assert again.derivation(tensor) == derived(name).derivation(tensor)


SCRIPT = """
import sys
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.rewrite.derivation_text import derivation_text
for text in sys.stdin.read().split("#next\\n"):
    back = backprop(parse(text))
    print(back)
    for param in back.wrt:
        print(derivation_text(back.derivation(param)))
"""
MORE = """\
param x[i,j], w[i], c
q = prod(i) (1 + w[i]^2)
m[j] = max(i) (x[i,j]*w[i] + c*x[i,j] + w[i]*c)
cost C = (sum(i,j) x[i,j]*x[i,j]*w[i]*m[j]*c) + q*(mean(i) (x[i,0]*w[i] + c*w[i] + x[i,0]*c))
"""


def test_a_fresh_process_with_other_hashes_derives_the_same() -> None:
    text = "#next\n".join([*(case.text for case in CASES), MORE])
    printed = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=text,
            capture_output=True,
            encoding="utf-8",
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for seed in ("1", "4242")
    ]
    assert "∂C/∂W2[k,j]" in printed[0]
    assert printed[0] == printed[1]


@examples(6)
@given(text=systems(most=2))
def test_names_do_not_matter_in_random_systems(text: str) -> None:
    assume("max(" not in text and "min(" not in text)  # their values get names, which are derived from others
    system = parse(text)
    names = new_names(system)
    renamed = parse(renamed_text(text, names))
    way = Back.between(renamed, system, names)
    found = backprop(renamed, [names[p] for p in PARAMS]).result()
    for tensor, equation in backprop(system).result().items():
        assert_same_form(way.expr(found[names[tensor]].value), equation.value)


@examples(6)
@given(text=systems(most=2), seed=st.integers(0, 100))
def test_the_order_of_terms_and_factors_does_not_matter_in_random_systems(text: str, seed: int) -> None:
    assume("max(" not in text and "min(" not in text)  # the axes of what they are taken of follow the order
    system = parse(text)
    found = backprop(reordered(system, seed)).result()
    for tensor, equation in backprop(system).result().items():
        assert_same_form(found[tensor].value, equation.value)


@examples(6)
@given(text=systems(most=2), seed=st.integers(0, 100), data=st.data())
def test_no_way_of_writing_changes_a_value(text: str, seed: int, data: st.DataObject) -> None:
    system = parse(text)
    inputs = random_inputs(system, seed)
    cost, gradients = value_and_grad(system, inputs)
    scale = {tensor: max(1.0, float(np.abs(value).max())) for tensor, value in gradients.items()}
    ways = [(reordered(system, seed), 1), (with_scaled_cost(system, 3), 3)]
    parts = parts_worth_a_name(system)
    ways += [(split(system, *parts[data.draw(st.integers(0, len(parts) - 1))]), 1)] if parts else []
    for other, factor in ways:
        value, others = value_and_grad(other, inputs)
        assert_close(value, factor * cost, rtol=1e-9, atol=1e-9)
        for tensor, gradient in gradients.items():
            assert_close(others[tensor] / scale[tensor], factor * gradient / scale[tensor], rtol=1e-8, atol=1e-8)


def test_a_system_written_differently_is_another_system() -> None:
    """What the tests above compare is not the same text twice."""
    case = BY_NAME["network-quadratic"]
    system = parse(case.text)
    assert system_text(reordered(system, 0)) != system_text(system)
    assert len(parts_worth_a_name(system)) > 5
    expected = derived(case.name).result()["z1"].value
    renamed = parse(renamed_text(case.text, new_names(system)))
    assert not same_form(backprop(renamed, [new_names(system)["z1"]]).result()[new_names(system)["z1"]].value, expected)
    assert_close(values_of(backprop(with_scaled_cost(system, 3)), 1)["b2"], 3 * values_of(backprop(system), 1)["b2"])
