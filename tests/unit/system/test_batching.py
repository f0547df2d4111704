"""The batch pass: what gets the sample index, what becomes a mean, what is renamed, what is refused."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import TypecheckError
from chainrule.execute.reference.evaluation import evaluate, evaluate_all
from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import ONE, Index, Partial, minus, number, plus, times
from chainrule.expr.sizes import Declared
from chainrule.expr.symbols import Derivative
from chainrule.pipeline import training_step
from chainrule.render.text import equation_text, expression_text
from chainrule.system.batching import batch, computation_order
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.system.typecheck import typecheck
from chainrule.verify.unknowns import RandomUnknowns
from support import assert_close
from unit.execute.build import CLASSIFIER, call, compare, entry, i, index, j, total, x

SAMPLE = Index("n", Declared("n"), "n")
draw = np.random.default_rng(4)
W = entry("W", j, i)


def lines(system: System) -> list[str]:
    return [equation_text(e.target, e.value) for e in system.equations]


def test_a_system_without_batch_is_returned_as_it_is() -> None:
    system = replace(CLASSIFIER, batch="")
    assert batch(system) is system


def test_the_classifier_reads_as_a_person_would_write_it() -> None:
    batched = batch(CLASSIFIER)
    assert lines(batched) == [
        "z1[n,j] = Σ_i W1[j,i]·x[n,i] + b1[j]",
        "a1[n,j] = sigmoid(z1[n,j])",
        "z2[n,k] = Σ_j W2[k,j]·a1[n,j] + b2[k]",
        "a2[n,k] = exp(z2[n,k])/(Σ_m exp(z2[n,m]))",
        "C[n] = −Σ_k y[n,k]·log(a2[n,k])",
        "∂C[n]/∂z2[n,k] = a2[n,k] − y[n,k]",
        "∂C/∂b2[k] = mean(n) ∂C[n]/∂z2[n,k]",
        "∂C/∂W2[k,j] = mean(n) a1[n,j]·∂C[n]/∂z2[n,k]",
        "∂C[n]/∂z1[n,j] = a1[n,j]·(1 − a1[n,j])·Σ_k W2[k,j]·∂C[n]/∂z2[n,k]",
        "∂C/∂b1[j] = mean(n) ∂C[n]/∂z1[n,j]",
        "∂C/∂W1[j,i] = mean(n) x[n,i]·∂C[n]/∂z1[n,j]",
    ]
    assert [expression_text(g.condition) for g in batched.givens] == ["Σ_k y[n,k] = 1"]
    assert batched.updates == CLASSIFIER.updates
    assert batched.batch == ""
    assert batched.cost == "C"
    assert {d.tensor: d.indices[0] == SAMPLE for d in batched.declarations} == {
        "x": True,
        "y": True,
        "W1": False,
        "b1": False,
        "W2": False,
        "b2": False,
    }
    assert SAMPLE in batched.indices


def test_batching_twice_is_batching_once() -> None:
    assert batch(batch(CLASSIFIER)) == batch(CLASSIFIER)


def penalised() -> System:
    """C = (Σ_i W_i x_i)² + λ Σ W²; the penalty and what it is made of depend on params only."""
    W, q, R, z = entry("W", i), entry("q", i), entry("R"), entry("z")
    return System(
        declarations=(Declaration("data", "x", (i,)), Declaration("param", "W", (i,))),
        batch="n",
        cost="C",
        equations=(
            Equation(q, times(W, W)),
            Equation(R, times(number(3), total(i, q))),
            Equation(z, total(i, times(W, x))),
            Equation(entry("C"), plus(times(z, z), R)),
            Equation(entry(Derivative("C", "C")), ONE),
            Equation(entry(Derivative("C", "R")), entry(Derivative("C", "C"))),
            Equation(entry(Derivative("C", "q"), i), times(number(3), entry(Derivative("C", "R")))),
            Equation(entry(Derivative("C", "z")), times(number(2), z, entry(Derivative("C", "C")))),
            Equation(
                entry(Derivative("C", "W"), i),
                plus(times(entry(Derivative("C", "z")), x), times(number(2), W, entry(Derivative("C", "q"), i))),
            ),
        ),
    )


def test_what_depends_on_params_only_stays_single_and_its_gradient_is_a_mean() -> None:
    assert lines(batch(penalised())) == [
        "q[i] = W[i]·W[i]",
        "R = 3·Σ_i q[i]",
        "z[n] = Σ_i W[i]·x[n,i]",
        "C[n] = z[n]·z[n] + R",
        "∂C[n]/∂C[n] = 1",
        "∂C/∂R = mean(n) ∂C[n]/∂C[n]",
        "∂C/∂q[i] = 3·∂C/∂R",
        "∂C[n]/∂z[n] = 2·z[n]·∂C[n]/∂C[n]",
        "∂C/∂W[i] = mean(n) ∂C[n]/∂z[n]·x[n,i] + 2·W[i]·∂C/∂q[i]",
    ]


def test_the_gradients_are_those_of_the_mean_cost() -> None:
    data, weights = draw.normal(size=(5, 3)), draw.normal(size=3)
    values = evaluate(penalised(), {"x": data, "W": weights})
    for place in range(3):
        step = 1e-6 * np.eye(3)[place]
        above, below = (evaluate(penalised(), {"x": data, "W": weights + s})["C"].mean() for s in (step, -step))
        assert_close(values["∂C/∂W"][place], (above - below) / 2e-6, rtol=1e-7)


def test_a_letter_in_use_for_something_else_makes_room() -> None:
    n, n1 = index("n", "x", 0), index("n1", "u", 0)
    bound = total(n, times(entry("x", n), entry("u", n1)))
    system = System(
        declarations=(
            Declaration("data", "x", (n,)),
            Declaration("param", "u", (n1,)),
            Declaration("param", "w", (n,)),
        ),
        givens=(Given(compare(entry("x", n), ">", number(0))),),
        batch="n",
        equations=(
            Equation(entry("a", n), times(number(2), entry("x", n))),
            Equation(entry("b", n1), bound),
            Equation(entry("c", n), plus(entry("w", n), total(n1, times(entry("x", n), entry("b", n1))))),
            Equation(entry("d", n), entry("w", n)),
        ),
    )
    batched = batch(system)
    assert lines(batched) == [
        "a[n,n1] = 2·x[n,n1]",
        "b[n,n1] = Σ_{n2} x[n,n2]·u[n1]",
        "c[n,n2] = w[n2] + Σ_{n1} x[n,n2]·b[n,n1]",
        "d[n1] = w[n1]",
    ]
    assert [expression_text(g.condition) for g in batched.givens] == ["x[n,n1] > 0"]
    assert [d.indices[1].preferred for d in batched.declarations if d.role == "data"] == ["n2"]
    inputs = {"x": draw.uniform(1, 2, size=(4, 3)), "u": draw.normal(size=2), "w": draw.normal(size=3)}
    values = evaluate(system, inputs)
    for sample in range(4):
        one = evaluate(system, inputs | {"x": inputs["x"][sample]})
        for name in "abc":
            assert_close(values[name][sample], one[name])


def test_an_equation_that_names_the_samples_couples_them() -> None:
    over_samples = lambda body: reduce_over("mean", (SAMPLE,), body)  # noqa: E731
    system = System(
        declarations=(Declaration("data", "x", (i,)), Declaration("param", "m", (i,))),
        batch="n",
        equations=(
            Equation(entry("mu", i), over_samples(x)),
            Equation(entry("h", i), plus(x, minus(entry("mu", i)))),
            Equation(entry("v", i), over_samples(times(entry("h", i), entry("h", i)))),
            Equation(entry("s", SAMPLE, i), plus(x, entry("v", i))),
            Equation(entry("r"), total(i, over_samples(entry("s", SAMPLE, i)))),
        ),
        updates=(Equation(entry("m", i), over_samples(x)),),
    )
    assert lines(batch(system)) == [
        "mu[i] = mean(n) x[n,i]",
        "h[n,i] = x[n,i] − mu[i]",
        "v[i] = mean(n) h[n,i]·h[n,i]",
        "s[n,i] = x[n,i] + v[i]",
        "r = Σ_i mean(n) s[n,i]",
    ]
    data = draw.normal(size=(6, 2))
    evaluation = evaluate_all(system, {"x": data, "m": [0, 0]})
    assert_close(evaluation.values["v"], data.var(0))
    assert_close(evaluation.values["r"], (data + data.var(0)).mean(0).sum())
    assert_close(evaluation.updates()["m"], data.mean(0))


def unknown_network() -> System:
    n, k = index("n", "z", 0), index("k", "a", 0)
    z, a, w = entry("z", n), entry("a", k), entry("w", i)
    return System(
        declarations=(
            Declaration("abstract", "C", (), arguments=(a,)),
            Declaration("abstract", "a", (k,), arguments=(z, w)),
            Declaration("abstract", "b", (k,), arguments=(w,)),
            Declaration("data", "x", (i,)),
            Declaration("param", "w", (i,)),
            Declaration("param", "W", (n, i)),
        ),
        batch="n",
        cost="C",
        equations=(
            Equation(z, total(i, times(entry("W", n, i), x))),
            Equation(entry(Derivative("C", "a"), k), Partial(entry("C"), (a,))),
            Equation(entry(Derivative("C", "w"), i), total(k, times(entry(Derivative("C", "a"), k), Partial(a, (w,))))),
            Equation(entry("p", k), times(entry("b", k), ONE)),
        ),
    )


def test_unknown_functions_carry_the_samples_of_their_arguments() -> None:
    cost, *others = unknown_network().declarations
    system = replace(unknown_network(), declarations=(*others, cost))
    batched = batch(system)
    assert lines(batched) == [
        "z[n,n1] = Σ_i W[n1,i]·x[n,i]",
        "∂C[n]/∂a[n,k] = ∂C[n]/∂a[n,k]",
        "∂C/∂w[i] = mean(n) Σ_k ∂C[n]/∂a[n,k]·∂a[n,k]/∂w[i]",
        "p[k] = b[k]·1",
    ]
    unknown = {
        d.tensor: ([i.name for i in d.indices], [expression_text(a) for a in d.arguments])
        for d in batched.declarations
        if d.role == "abstract"
    }
    assert unknown == {
        "C": (["n"], ["a[n,k]"]),
        "a": (["n", "k"], ["z[n,n1]", "w[i]"]),
        "b": (["k"], ["w[i]"]),
    }
    inputs = {"x": draw.normal(size=(4, 2)), "w": draw.normal(size=2), "W": draw.normal(size=(3, 2))}
    values = evaluate(system, inputs, unknowns=RandomUnknowns(0))
    single = [evaluate(system, inputs | {"x": one}, unknowns=RandomUnknowns(0)) for one in inputs["x"]]
    assert_close(values["∂C/∂w"], np.mean([one["∂C/∂w"] for one in single], 0))
    assert_close(values["C"], [one["C"] for one in single])


def test_statements_come_after_what_they_read() -> None:
    names = [s.tensor if isinstance(s, Declaration) else s.name for s in computation_order(unknown_network())]
    assert names == ["x", "b", "z", "a", "C", "∂C/∂a", "∂C/∂w", "p"]
    nowhere = Declaration("abstract", "f", (), arguments=(entry("q"),))
    alone = Declaration("abstract", "g", (), arguments=())
    assert computation_order(System((nowhere, alone))) == (alone,)


def test_an_update_cannot_read_a_value_for_each_sample() -> None:
    update = Equation(entry("b1", j), plus(entry("b1", j), minus(entry(Derivative("C", "z1"), j))))
    with pytest.raises(TypecheckError) as caught:
        batch(replace(CLASSIFIER, updates=(CLASSIFIER.updates[0], update)))
    assert str(caught.value).startswith("the update of b1 reads ∂C/∂z1, which has a value for each sample n")
    assert "mean(n)" in str(caught.value)
    assert (caught.value.statement, caught.value.number, caught.value.symbol) == ("update", 1, "∂C/∂z1")


def test_a_data_tensor_without_indices_is_one_number_a_sample() -> None:
    system = System(
        (Declaration("data", "t"),), batch="n", equations=(Equation(entry("C"), call("exp", entry("t"))),), cost="C"
    )
    assert lines(batch(system)) == ["C[n] = exp(t[n])"]
    assert_close(evaluate(system, {"t": [0, 1]})["C"], np.exp([0, 1]))
    assert_close(evaluate(system, {"t": 1})["C"], np.exp(1))


def test_no_depth_is_too_deep() -> None:
    entries = [entry(f"a{layer}", j) for layer in range(3001)]
    chain = tuple(
        Equation(new, call("tanh", total(i, times(W, entry(old.tensor, i))))) for old, new in pairwise(entries)
    )
    system = System((Declaration("data", "a0", (j,)), Declaration("param", "W", (j, i))), batch="n", equations=chain)
    assert lines(batch(system))[-1] == "a3000[n,j] = tanh(Σ_i W[j,i]·a2999[n,i])"


CONVOLUTION = """data x[i], y
param w[u], b
z[p] = (sum(u) w[u]*x[p+u]) + b
a[p] = relu(z[p])
h = mean(p) a[p]
batch n
cost C = (h - y)^2
"""
NORMALISED = """data z[j], y[j]
param g[j]
mu = mean(j) z[j]
v = mean(j) (z[j] - mu)^2
h[j] = g[j]*(z[j] - mu)/sqrt(v + 0.1)
batch n
cost C = mean(j) (h[j] - y[j])^2
"""


@pytest.mark.parametrize("text", [CONVOLUTION, NORMALISED])
@pytest.mark.parametrize(
    "make",
    [
        lambda system: cr.backprop(system).system,
        cr.hessian,
        lambda system: cr.hvp(system).system,
        lambda system: cr.jacobian(system, "h", system.params[0]),
        training_step,
    ],
)
def test_what_the_pass_returns_is_what_typecheck_makes_of_it(text: str, make: Callable[[System], System]) -> None:
    system = make(cr.parse(text))
    batched = batch(system)
    assert typecheck(batched) == batched
    bare = replace(batched, samples="")
    with pytest.raises(TypecheckError):
        typecheck(bare)
    for equation in batched.equations:
        carries = SAMPLE in equation.indices
        if isinstance(equation.name, Derivative):
            assert carries == (equation.name.along == ("n",))
        assert [i.extent for i in batched.axes(equation.name)] == [i.extent for i in equation.indices]


def test_axes_of_derivatives_that_no_equation_defines_follow_from_those_of_their_tensors() -> None:
    batched = batch(cr.parse(NORMALISED))
    sizes = {name: [i.name for i in batched.axes(name)] for name in ("h", "g", "C")}
    assert sizes == {"h": ["n", "j"], "g": ["j"], "C": ["n"]}
    assert [i.name for i in batched.axes(Derivative("C", "h", along=("n",)))] == ["n", "j"]
    assert [i.name for i in batched.axes(Derivative("C", "g"))] == ["j"]
    assert [i.name for i in batched.axes(Derivative("h", "z", along=("n",)))] == ["n", "j", "j"]


def test_results_are_called_as_in_the_system_of_one_sample() -> None:
    system = cr.backprop(cr.parse(NORMALISED), ["z", "g"]).system
    values = cr.evaluate(system, {"z": draw.normal(size=(4, 3)), "y": draw.normal(size=(4, 3)), "g": [1.0, 2.0, 3.0]})
    assert values["∂C/∂z"].shape == (4, 3)
    assert values["∂C/∂g"].shape == (3,)
