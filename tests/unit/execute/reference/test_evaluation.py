"""Whole systems: a classifier against NumPy by hand, one sample and many, consts, facts, unknown functions, updates."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from chainrule.errors import GivenError, InputError
from chainrule.execute.reference.evaluation import Reference, evaluate, evaluate_all
from chainrule.expr.nodes import Call, Index, Number, Partial, number, over, plus, times
from chainrule.expr.sizes import Axis
from chainrule.expr.symbols import Derivative
from chainrule.notation import parse
from chainrule.system.model import Declaration, Equation, FunctionDefinition, System
from chainrule.verify.sampling import random_inputs
from chainrule.verify.unknowns import RandomUnknowns
from support import assert_close
from unit.execute.build import CLASSIFIER, call, entry, i, index, j, k, total, x, y, z1

I, J, K, N = 5, 3, 4, 6
draw = np.random.default_rng(1)
PARAMS = {
    "W1": draw.normal(size=(J, I)),
    "b1": draw.normal(size=J),
    "W2": draw.normal(size=(K, J)),
    "b2": draw.normal(size=K),
}
DATA = {"x": draw.normal(size=(N, I)), "y": draw.dirichlet(np.ones(K), size=N)}


TEXT = """
data   x[i], y[k]
param  W1[j,i], b1[j], W2[k,j], b2[k]
given  sum(k) y[k] = 1
batch  n

z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = sigmoid(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
a2[k] = exp(z2[k]) / (sum(m) exp(z2[m]))
cost C = -sum(k) y[k]*log(a2[k])

∂C/∂z2[k] = a2[k] - y[k]
∂C/∂b2[k] = ∂C/∂z2[k]
∂C/∂W2[k,j] = a1[j]*∂C/∂z2[k]
∂C/∂z1[j] = a1[j]*(1 - a1[j])*sum(k) W2[k,j]*∂C/∂z2[k]
∂C/∂b1[j] = ∂C/∂z1[j]
∂C/∂W1[j,i] = x[i]*∂C/∂z1[j]

update W1[j,i] = W1[j,i] - 1/2*∂C/∂W1[j,i]
update b1[j] = b1[j] - ∂C/∂b1[j]
"""


def test_the_classifier_built_by_hand_is_the_one_in_the_notation() -> None:
    parsed = parse(TEXT)
    assert parsed.equations == CLASSIFIER.equations
    assert parsed.declarations == CLASSIFIER.declarations
    assert parsed.givens == CLASSIFIER.givens


def by_hand(data_x: np.ndarray, data_y: np.ndarray) -> dict[str, np.ndarray]:
    """One sample of the classifier, forward and backward, as a book has it."""
    z1 = PARAMS["W1"] @ data_x + PARAMS["b1"]
    a1 = 1 / (1 + np.exp(-z1))
    z2 = PARAMS["W2"] @ a1 + PARAMS["b2"]
    a2 = np.exp(z2) / np.exp(z2).sum()
    delta2 = a2 - data_y
    delta1 = a1 * (1 - a1) * (PARAMS["W2"].T @ delta2)
    return {
        "z1": z1,
        "a1": a1,
        "z2": z2,
        "a2": a2,
        "C": -(data_y * np.log(a2)).sum(),
        "∂C/∂z2": delta2,
        "∂C/∂b2": delta2,
        "∂C/∂W2": np.outer(delta2, a1),
        "∂C/∂z1": delta1,
        "∂C/∂b1": delta1,
        "∂C/∂W1": np.outer(delta1, data_x),
    }


def test_one_sample_has_the_values_of_the_equations() -> None:
    values = evaluate(CLASSIFIER, {"x": DATA["x"][2], "y": DATA["y"][2], **PARAMS})
    expected = by_hand(DATA["x"][2], DATA["y"][2])
    assert list(values) == list(expected)
    for name, array in expected.items():
        assert_close(values[name], array)


def test_a_batch_has_each_sample_and_the_means_of_the_gradients() -> None:
    values = evaluate(CLASSIFIER, {**DATA, **PARAMS})
    samples = [by_hand(*sample) for sample in zip(DATA["x"], DATA["y"], strict=True)]
    for name in values:
        each = np.stack([sample[name] for sample in samples])
        averaged = name.startswith(("∂C/∂W", "∂C/∂b"))
        assert_close(values[name], each.mean(0) if averaged else each)


def test_batches_of_one_and_of_none() -> None:
    values = evaluate(CLASSIFIER, {"x": DATA["x"][:1], "y": DATA["y"][:1], **PARAMS})
    assert_close(values["∂C/∂W1"], by_hand(DATA["x"][0], DATA["y"][0])["∂C/∂W1"])
    with pytest.raises(InputError, match=r"the mean over n is of nothing.*\n.*∂C/∂b2\[k\] = mean\(n\)"):
        evaluate(CLASSIFIER, {"x": np.zeros((0, I)), "y": np.zeros((0, K)), **PARAMS})


def test_single_precision_is_calculated_throughout() -> None:
    values = evaluate(CLASSIFIER, {**DATA, **PARAMS}, dtype=np.float32)
    assert {array.dtype for array in values.values()} == {np.dtype(np.float32)}
    assert_close(values["C"], evaluate(CLASSIFIER, {**DATA, **PARAMS})["C"], rtol=1e-5)


def test_the_executor_compiles_once_and_makes_the_updates_of_the_system() -> None:
    executable = Reference().compile(CLASSIFIER)
    values, new = executable.step({**DATA, **PARAMS})
    assert executable.system is CLASSIFIER
    assert list(new) == ["W1", "b1"]
    assert_close(new["W1"], PARAMS["W1"] - values["∂C/∂W1"] / 2)
    assert_close(new["b1"], PARAMS["b1"] - values["∂C/∂b1"])
    again = executable.evaluate({**DATA, **PARAMS})
    assert all(np.array_equal(again[name], values[name]) for name in values)


def test_inputs_are_not_changed() -> None:
    before = {name: array.copy() for name, array in {**DATA, **PARAMS}.items()}
    Reference().compile(CLASSIFIER).step({**DATA, **PARAMS})
    assert all(np.array_equal(before[name], array) for name, array in {**DATA, **PARAMS}.items())


def test_an_evaluation_gives_values_of_further_expressions() -> None:
    evaluation = evaluate_all(CLASSIFIER, {"x": DATA["x"][0], "y": DATA["y"][0], **PARAMS})
    assert_close(evaluation.value_of(times(x, z1), (j, i)), np.outer(evaluation.values["z1"], DATA["x"][0]))
    assert evaluation.sizes[i.extent] == I
    assert_close(evaluation.values["b2"], PARAMS["b2"])


EPS = Declaration("const", "eps", (), Number(Fraction(1, 4)))
WITH_CONSTS = System(
    declarations=(
        Declaration("data", "x", (i,)),
        EPS,
        Declaration("const", "twice", (i,), times(number(2), entry("eps"))),
        Declaration("const", "free"),
    ),
    equations=(Equation(entry("z", i), plus(x, entry("eps"), entry("twice", i), entry("free"))),),
)


def test_consts_have_their_values_or_those_that_are_given() -> None:
    assert_close(evaluate(WITH_CONSTS, {"x": [1, 2], "free": 10})["z"], [11.75, 12.75])
    assert_close(evaluate(WITH_CONSTS, {"x": [1, 2], "free": 10, "eps": 1})["z"], [14, 15])
    assert_close(evaluate(WITH_CONSTS, {"x": [1, 2], "free": 10, "twice": [0, 1]})["z"], [11.25, 13.25])


def test_a_fact_about_a_computed_tensor_is_checked_after_it() -> None:
    given = replace(
        CLASSIFIER.givens[0], condition=replace(CLASSIFIER.givens[0].condition, left=total(i, entry("z", i)))
    )
    system = System(
        declarations=(Declaration("data", "x", (i,)),),
        givens=(given,),
        equations=(Equation(entry("z", i), times(number(2), x)),),
    )
    assert_close(evaluate(system, {"x": [0.25, 0.25]})["z"], [0.5, 0.5])
    with pytest.raises(GivenError, match=r"the values break the fact given Σ_i z\[i\] = 1\n.*left side is 4"):
        evaluate(system, {"x": [1, 1]})


def test_positions_settle_an_extent_that_no_axis_gives() -> None:
    system = parse("data x[i]\nparam w[u]\ny[p] = sum(u) w[u]*x[2*p+u]\nC = sum(p) y[p]")
    values = evaluate(system, {"x": np.arange(8.0), "w": [1, 0, 2]})
    assert_close(values["y"], [0 + 4, 2 + 8, 4 + 12])
    assert_close(values["C"], 30)
    with pytest.raises(InputError, match=r"index p can take no value: x\[2\*p\+u\] would be outside.*\n.*y\[p\] ="):
        evaluate(system, {"x": [1], "w": [1, 0, 2]})


def test_an_extent_may_be_given_by_the_caller() -> None:
    p = index("p")
    system = System(declarations=(Declaration("data", "x"),), equations=(Equation(entry("y", p), entry("x")),))
    assert_close(evaluate(system, {"x": 2}, sizes={p.extent: 3})["y"], [2, 2, 2])
    with pytest.raises(InputError, match=r"the extent of index p is not known\n  y\[p\] = x\n"):
        evaluate(system, {"x": 2})


def seed_of_it_all() -> System:
    j, k = Index("j", Axis("z", 0)), Index("k", Axis("a", 0))
    z, a = entry("z", j), entry("a", k)
    return System(
        declarations=(
            Declaration("param", "z", (j,)),
            Declaration("abstract", "C", (), arguments=(a,)),
            Declaration("abstract", "a", (k,), arguments=(z,)),
        ),
        cost="C",
        equations=(
            Equation(entry(Derivative("C", "z"), j), total(k, times(Partial(entry("C"), (a,)), Partial(a, (z,))))),
        ),
    )


def central_difference(system: System, of: str, wrt: str, inputs: dict[str, np.ndarray], seed: int) -> np.ndarray:
    columns = []
    for place in np.ndindex(inputs[wrt].shape):
        sides = []
        for sign in (1, -1):
            moved = inputs[wrt].copy()
            moved[place] += sign * 1e-6
            sides.append(evaluate(system, {**inputs, wrt: moved}, unknowns=RandomUnknowns(seed))[of])
        columns.append((sides[0] - sides[1]) / 2e-6)
    return np.stack(columns, -1).reshape(*sides[0].shape, *inputs[wrt].shape)


@pytest.mark.parametrize("seed", range(5))
def test_the_chain_rule_holds_for_unknown_functions(seed: int) -> None:
    system, z = seed_of_it_all(), {"z": np.asarray([0.3, -1.2, 0.8])}
    values = evaluate(system, z, unknowns=RandomUnknowns(seed))
    assert list(values) == ["C", "a", "∂C/∂z"]
    assert_close(values["∂C/∂z"], central_difference(system, "C", "z", z, seed), rtol=1e-7, atol=1e-9)


def test_unknown_functions_do_not_run_until_they_are_given() -> None:
    with pytest.raises(InputError, match="a is an unknown function: it can be shown but not run until it is given"):
        evaluate(seed_of_it_all(), {"z": [1, 2]})
    sigma = FunctionDefinition("sigma", ("t",), None)
    system = System((Declaration("data", "x", (i,)),), (sigma,), equations=(Equation(entry("z", i), call("sigma", x)),))
    with pytest.raises(InputError, match=r"sigma is an unknown function.*\n  z\[i\] = sigma\(x\[i\]\)"):
        evaluate(system, {"x": [1, 2]})


def test_an_unknown_cost_does_not_stop_the_forward_pass() -> None:
    cost = Declaration("abstract", "C", (), arguments=(entry("z", i),))
    system = System((Declaration("data", "x", (i,)), cost), equations=(Equation(entry("z", i), x),), cost="C")
    assert list(evaluate(system, {"x": [1, 2]})) == ["z"]
    assert list(evaluate(system, {"x": [1, 2]}, unknowns=RandomUnknowns(0))) == ["C", "z"]


def test_an_unknown_scalar_function_has_derivatives() -> None:
    sigma = FunctionDefinition("sigma", ("t",), None)
    system = System(
        (Declaration("param", "x", (i,)),),
        (sigma,),
        equations=(
            Equation(entry("z", i), call("sigma", x)),
            Equation(entry("C"), total(i, entry("z", i))),
            Equation(entry(Derivative("C", "x"), i), Call("sigma", (x,), 1)),
        ),
    )
    inputs = {"x": np.asarray([0.3, -1.0])}
    values = evaluate(system, inputs, unknowns=RandomUnknowns(3))
    assert_close(values["∂C/∂x"], central_difference(system, "C", "x", inputs, 3), rtol=1e-7, atol=1e-9)


def test_unknown_functions_in_a_batch_are_the_same_for_each_sample() -> None:
    j, k = Index("j", Axis("z", 0)), Index("k", Axis("a", 0))
    z, w, a = entry("z", j), entry("w", i), entry("a", k)
    system = System(
        declarations=(
            Declaration("data", "z", (j,)),
            Declaration("param", "w", (i,)),
            Declaration("abstract", "a", (k,), arguments=(z, w)),
            Declaration("abstract", "C", (), arguments=(a,)),
        ),
        batch="n",
        cost="C",
        equations=(
            Equation(entry(Derivative("C", "a"), k), Partial(entry("C"), (a,))),
            Equation(entry(Derivative("C", "z"), j), total(k, times(entry(Derivative("C", "a"), k), Partial(a, (z,))))),
            Equation(entry(Derivative("C", "w"), i), total(k, times(entry(Derivative("C", "a"), k), Partial(a, (w,))))),
        ),
    )
    unknowns = RandomUnknowns(7)
    samples, weights = draw.normal(size=(4, 3)), draw.normal(size=2)
    values = evaluate(system, {"z": samples, "w": weights}, unknowns=unknowns)
    single = [evaluate(system, {"z": sample, "w": weights}, unknowns=unknowns) for sample in samples]
    for name in ("a", "C", "∂C/∂a", "∂C/∂z"):
        assert_close(values[name], np.stack([one[name] for one in single]))
    assert_close(values["∂C/∂w"], np.mean([one["∂C/∂w"] for one in single], 0))


def test_division_is_division() -> None:
    system = System((Declaration("data", "x", (i,)),), equations=(Equation(entry("z", i), over(x, number(3))),))
    numbers = np.arange(1.0, 50.0)
    assert np.array_equal(evaluate(system, {"x": numbers})["z"], numbers / 3)


def test_labels_of_the_extents_are_those_of_the_tensors() -> None:
    values = evaluate(CLASSIFIER, {**DATA, **PARAMS})
    assert values["∂C/∂W2"].shape == (K, J)
    assert values["a2"].shape == (N, K)
    assert y.indices == (k,)


TEXTS = [
    (
        "data x[n,i], y[n]; param W[i]; p[n] = sum(i) W[i]*x[n,i]; C = mean(n) (p[n] - y[n])^2 + 0.1*sum(i) W[i]^2",
        lambda x, y, W: ((x @ W - y) ** 2).mean() + 0.1 * (W**2).sum(),
    ),
    (
        "data x[i]; def gelu(t) = t*(1 + erf(t/sqrt(2)))/2; C = sum(i) gelu(x[i])",
        lambda x: sum(t * (1 + math.erf(t / math.sqrt(2))) / 2 for t in x),
    ),
    ("param A[i,j], x[i]; C = sum(i,j) x[i]*A[i,j]*x[j]", lambda A, x: x @ A @ x),
    ("data x[i]; C = max(i) x[i] - min(i) x[i] + prod(i) x[i]", lambda x: x.max() - x.min() + x.prod()),
    ("data x[i]; C = sum(i) [i > 0]*x[i]/i", lambda x: sum(x[i] / i for i in range(1, len(x)))),
    (
        "data A[i,j]; C[i] = sum(j) [j <= i]*A[i,j]*A[j,j] - A[i,i]^2",
        lambda A: np.tril(A) @ np.diag(A) - np.diag(A) ** 2,
    ),
    ("data x[i]; C = sum(i) abs(x[i])/extent(i) + pi", lambda x: np.abs(x).mean() + math.pi),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
@pytest.mark.parametrize("seed", range(3))
def test_systems_in_the_notation_have_the_values_they_say(text, expected, seed: int) -> None:
    system = parse(text.replace("; ", "\n"))
    inputs = random_inputs(system, seed)
    assert_close(evaluate(system, inputs)["C"], expected(**inputs))
