"""Drawn numbers in a system: what may count them, what they are for all samples, and that they are constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import NotationError, TypecheckError
from chainrule.execute.threefry import normal, uniform
from chainrule.expr.nodes import Call, Indexed
from chainrule.render.latex import expression_latex
from chainrule.rewrite.derivation_text import derivation_text
from chainrule.system.batching import batch
from chainrule.system.model import Equation
from chainrule.system.typecheck import typecheck
from support import assert_close

TEXT = """data x[i], t : int(4)
param w[i]
const seed = 5, p = 0.25, other
batch n
u[i] = normal(seed, step, n, i)
d[i] = [uniform(seed, step, n, i) >= p]*w[i]*x[i]/(1 - p) + 0.1*w[i]*u[i]
z = (sum(i) d[i]) + w[2]*uniform(other, t)
cost C = z^2"""
SYSTEM = cr.parse(TEXT)
DRAW = np.random.default_rng(0)
INPUTS = {"x": DRAW.normal(size=(4, 3)), "t": [0, 1, 2, 3], "w": DRAW.normal(size=3), "other": 9, "step": 6}


def refused(text: str) -> str:
    with pytest.raises(NotationError) as caught:
        cr.parse(text)
    return str(caught.value)


def test_the_number_of_step_and_sample_need_no_declaration_and_are_read_back() -> None:
    assert "step =" not in str(SYSTEM)
    assert cr.parse(str(SYSTEM)) == SYSTEM
    back = cr.backprop(SYSTEM)
    assert cr.parse(str(back)) == back.system


def test_each_sample_has_numbers_of_its_own() -> None:
    values = cr.evaluate(SYSTEM, INPUTS)
    n, i = np.arange(4)[:, None], np.arange(3)
    assert_close(values["u"], normal(5, 6, n, i), rtol=1e-15)
    kept = uniform(5, 6, n, i) >= 0.25
    expected = np.where(kept, INPUTS["w"] * INPUTS["x"] / 0.75, 0) + 0.1 * INPUTS["w"] * values["u"]
    assert_close(values["d"], expected, rtol=1e-14)
    one = {**INPUTS, "x": INPUTS["x"][0], "t": 0}  # type: ignore[index]
    assert_close(cr.evaluate(SYSTEM, one)["d"], values["d"][0], rtol=1e-14)


def test_a_system_for_all_samples_may_write_their_number_as_an_index() -> None:
    text = "data x[n,i]\nd[n,i] = normal(3, step, n, i)*x[n,i]\nm[i] = mean(n) normal(3, n, i)*x[n,i]"
    values = cr.evaluate(cr.parse(text), {"x": np.ones((4, 3))})
    n, i = np.arange(4)[:, None], np.arange(3)
    assert_close(values["d"], normal(3, 0, n, i))
    assert_close(values["m"], normal(3, n, i).mean(axis=0))


def test_under_a_mean_over_samples_their_letter_is_that_of_the_mean() -> None:
    text = "data x\nbatch n\nm = mean(n) normal(3, n)*x\nd = m + normal(3, n)"
    values = cr.evaluate(cr.parse(text), {"x": [1.0, 1.0, 1.0]})
    numbers = normal(3, np.arange(3))
    assert_close(values["d"], numbers.mean() + numbers)


def test_the_batch_pass_puts_the_index_in_the_place_of_the_number() -> None:
    whole = batch(SYSTEM)
    assert str(whole.defined["u"]) == "u[n,i] = normal(seed, step, n, i)"
    assert "n" not in whole.declared
    assert "step" in whole.declared


def test_a_tensor_of_the_name_comes_first() -> None:
    text = "data x[i], id : int(5)\nconst step = 4\nbatch id2\nu[i] = x[i]*normal(step, id, i)"
    values = cr.evaluate(cr.parse(text), {"x": [1.0, 1.0], "id": 3})
    assert_close(values["u"], normal(4, 3, np.arange(2)))


def test_gradients_are_those_of_central_differences() -> None:
    assert cr.gradient_check(SYSTEM, INPUTS)
    assert cr.backprop(SYSTEM).derivation("w").verify()


def test_what_is_drawn_is_a_constant_and_the_derivation_says_so() -> None:
    text = "param w, v\nconst seed\nz = w*normal(seed) + where(uniform(seed) > 1/2, v*w, 2*w)\ncost C = z^2"
    back = cr.backprop(cr.parse(text), ["w", "seed"])
    assert str(back.derivation("seed")) == "∂C/∂seed = 0"
    said = " ".join(derivation_text(back.derivation("w")).split())
    assert "a random draw is a constant: its derivative is 0" in said
    plain = cr.backprop(cr.parse(text.replace("normal(seed)", "seed"))).derivation("w")
    assert "drawn" not in derivation_text(plain)


def test_a_sum_over_a_delta_leaves_the_number_of_its_place() -> None:
    system = cr.parse("param w[i]\ncost C = sum(i) w[i]*uniform(3, i)")
    assert str(cr.backprop(system).derivation("w")) == "∂C/∂w[i] = uniform(3, i)"
    assert cr.check(system, "∂C/∂w[j] = uniform(3, j)")
    assert not cr.check(system, "∂C/∂w[j] = uniform(3, j + 1)")
    assert not cr.check(system, "∂C/∂w[j] = normal(3, j)")


MASKED = """data x[i]
param w[i]
const seed, p
batch n
d[i] = [uniform(seed, step, n, i) >= p]*w[i]*x[i]/(1 - p)
cost C = sum(i) d[i]^2"""


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("2*d[i]*[uniform(seed, step, n, i) >= p]*x[i]/(1 - p)", True),
        ("2*d[i]*x[i]/(1 - p)", True),
        ("2*d[i]*[uniform(seed, n, step, i) >= p]*x[i]/(1 - p)", False),
        ("2*d[i]*[uniform(step, seed, n, i) >= p]*x[i]/(1 - p)", False),
        ("2*d[i]*[normal(seed, step, n, i) >= p]*x[i]/(1 - p)", False),
        ("2*w[i]*x[i]^2/(1 - p)", False),
    ],
)
def test_an_answer_is_graded_with_any_seed_step_and_sample(answer: str, right: bool) -> None:
    """Step and sample are 0 unless they are given: an answer that exchanges them would be right there."""
    assert bool(cr.check(cr.parse(MASKED), answer, wrt="w")) is right


def test_params_and_numbers_that_need_not_be_whole_are_refused() -> None:
    said = refused("param w\ncost C = w*normal(w)")
    assert "normal is given the param w: what is drawn cannot depend on what is learned" in said
    assert "w*normal(…)" in said
    for line in ("data x", "const x = 0.5", "data y\nx = 2*y", "state x = 0.5\nupdate x = x + 1"):
        assert "uniform is given x, which need not be a whole number" in refused(f"{line}\nu = uniform(x)")
    assert "is given step, which need not be" in refused("data x\nu = x*uniform(step)\nupdate step = step/2")
    assert "given i/2, which need not be" in refused("data x[i]\nu[i] = x[i]*uniform(i/2)")


@pytest.mark.parametrize("argument", ["t", "k", "2*step + 1", "s - 3", "c*s", "i*i", "extent(i)", "s + 0"])
def test_whole_numbers_are_known_by_what_they_are_made_of(argument: str) -> None:
    lines = "data x[i], t : int(4)\nconst c = 3, k\nstate s = 0\nupdate s = s + c"
    cr.parse(f"{lines}\nu[i] = x[i]*uniform({argument}, i)")


def test_numbers_alone_would_be_one_number_for_good() -> None:
    said = refused("data x\nu = x*normal(0, 1)")
    assert "normal is given numbers alone" in said
    assert "normal(seed, step, n, j)" in said


def test_the_number_of_a_sample_counts_what_is_drawn_and_nothing_else() -> None:
    said = refused("data x\nbatch n\nu = x*normal(n)^n")
    assert "n is the number of a sample: it can stand in arguments of normal and uniform alone" in said
    assert "nothing is named n" in refused("data x\nbatch n\nu = x*n")


def test_the_number_of_the_step_is_there_where_it_counts_what_is_drawn() -> None:
    """Elsewhere `step` may be a step size that somebody forgot to define."""
    for text in ("update w = w - step*∂C/∂w", "update w = w - w\nupdate step = step + 1", "u = step*w"):
        assert "nothing is named step" in refused(f"param w\ncost C = w^2\n{text}")
    system = cr.parse("param w\nbeta = minimum(1, step/4)\ncost C = beta*w*normal(step)")
    assert cr.evaluate(system, {"w": 1.0, "step": 2})["beta"] == 0.5
    assert cr.parse(str(system)) == system


def test_functions_of_ones_own_do_not_draw() -> None:
    assert "f cannot draw: uniform stands in equations only" in refused("def f(t) = t*uniform(t)\nparam w\nu = f(w)")


def test_a_pass_that_gave_it_a_param_would_be_found_out() -> None:
    wrong = Equation(Indexed("z"), Call("normal", (Indexed("w", ()),)))
    system = cr.parse("param w\nz = w\ncost C = z")
    with pytest.raises(TypecheckError, match="normal is given the param w"):
        typecheck(replace(system, equations=(wrong, *system.equations[1:])))


def test_in_latex_it_is_an_operator() -> None:
    assert expression_latex(Call("normal", (Indexed("seed"),))) == r"\operatorname{normal}\left(\mathrm{seed}\right)"
