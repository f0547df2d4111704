"""Penalties: the equations they add to a network, their gradients, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.network import Network, load
from chainrule.nn.assembly import assemble
from chainrule.nn.penalties import penalised
from chainrule.pipeline import backprop, evaluate, value_and_grad
from chainrule.system.printing import system_text
from chainrule.training import train
from chainrule.verify.differences import central_differences
from support import assert_close

LAYERS = [nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2), nn.Softmax()]
X = np.random.default_rng(0).normal(size=(5, 4))
Y = np.array([0, 1, 1, 0, 1])


def network_with(cost: nn.Cost) -> Network:
    """Return a network whose params, biases included, are no zeros."""
    network = Network(LAYERS, cost=cost)
    generator = np.random.default_rng(1)
    for name, array in network.params.items():
        network.params[name] = array + generator.normal(0, 0.5, array.shape)
    return network


def sizes(network: Network, power: int, rank: int = 2) -> float:
    return float(sum(np.sum(np.abs(p) ** power) for p in network.params.values() if p.ndim >= rank))


def test_they_are_equations_of_the_system() -> None:
    text = assemble(LAYERS, nn.CrossEntropy() + nn.L2(0.01) + nn.L1(0.1)).text
    squares, moduli = "sum(j,i) W1[j,i]^2 + sum(k,j) W2[k,j]^2", "sum(j,i) abs(W1[j,i]) + sum(k,j) abs(W2[k,j])"
    assert text.splitlines()[-6:] == [
        "# CrossEntropy() + L2(strength=0.01, biases=False) + L1(strength=0.1, biases=False)",
        "const l2_strength = 0.01",
        "const l1_strength = 0.1",
        f"penalty = 1/2*l2_strength*({squares}) + l1_strength*({moduli})",
        "given sum(k) y[k] = 1",
        "cost C = (-sum(k) y[k]*log(a2[k])) + penalty",
    ]


def test_the_derivation_shows_them_and_leaves_the_rest_as_it_was() -> None:
    text = system_text(backprop(network_with(nn.CrossEntropy() + nn.L2(0.01) + nn.L1(0.1)).system).system)
    assert "∂C/∂z2[k] = a2[k] − y[k]" in text
    assert "∂C/∂W2[k,j] = l2_strength·W2[k,j] + l1_strength·sign(W2[k,j]) + a1[j]·∂C/∂z2[k]" in text
    assert "∂C/∂b2[k] = ∂C/∂z2[k]" in text


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        (nn.L1(0.3), lambda n: 0.3 * sizes(n, 1)),
        (nn.L2(0.3), lambda n: 0.15 * sizes(n, 2)),
        (nn.L1(0.3, biases=True), lambda n: 0.3 * sizes(n, 1, rank=0)),
        (nn.L2(0.3, biases=True), lambda n: 0.15 * sizes(n, 2, rank=0)),
        (nn.L2(0), lambda n: 0.0),
    ],
    ids=["L1", "L2", "L1 of biases", "L2 of biases", "nothing"],
)
def test_values_and_gradients(penalty: nn.Penalty, expected: Any) -> None:
    plain, network = network_with(nn.CrossEntropy()), network_with(nn.CrossEntropy() + penalty)
    inputs = network.inputs(X, Y)
    cost, gradients = value_and_grad(network.system, inputs)
    assert_close(cost - value_and_grad(plain.system, inputs)[0], expected(network), atol=1e-12)
    for name, gradient in gradients.items():
        moved = central_differences(
            lambda other, name=name: np.mean(evaluate(network.system, {**inputs, name: other})["C"]), inputs[name]
        )
        assert_close(gradient, moved.values, rtol=1e-6, atol=1e-8)


def test_the_kink_of_l1_has_the_derivative_0() -> None:
    network = Network([nn.Linear(2, 1)], cost=nn.QuadraticCost() + nn.L1(0.5))
    network.params["W1"][:] = [[0.0, 2.0]]
    _, gradients = value_and_grad(network.system, network.inputs([[0.0, 0.0]], [[0.0]]))
    assert_close(gradients["W1"], [[0.0, 0.5]])


def test_l2_is_the_weight_decay_of_sgd() -> None:
    decayed, penalised_ = network_with(nn.CrossEntropy()), network_with(nn.CrossEntropy() + nn.L2(0.1))
    train(decayed, X, Y, epochs=2, optimizer=nn.SGD(0.5, weight_decay=0.1), executor="reference")
    train(penalised_, X, Y, epochs=2, optimizer=nn.SGD(0.5), executor="reference")
    for name, array in decayed.params.items():
        assert_close(penalised_.params[name], array, rtol=1e-9)


def test_machine_code_trains_alike() -> None:
    cost = nn.CrossEntropy() + nn.L2(0.1) + nn.L1(0.01)
    native, reference = network_with(cost), network_with(cost)
    train(native, X, Y, epochs=3, optimizer=nn.SGD(0.5), executor="native")
    train(reference, X, Y, epochs=3, optimizer=nn.SGD(0.5), executor="reference")
    for name, array in reference.params.items():
        assert_close(native.params[name], array, rtol=1e-4, atol=1e-5)


def test_saved_and_loaded(tmp_path: Any) -> None:
    network = network_with(nn.GaussianNLL() + nn.L2(0.1))
    network.save(tmp_path / "net.safetensors")
    again = load(tmp_path / "net.safetensors")
    assert again.system == network.system
    assert again.cost == "GaussianNLL(variance=1.0) + L2(strength=0.1, biases=False)"


def test_a_cost_of_somebody_else_with_a_comment_and_names_of_its_own() -> None:
    class Own(nn.Cost):
        notation = "penalty = sum(k) a[k]^2\ncost C = penalty  # twice\nl2_strength = 1"

    lines = penalised((Own() + nn.L2(0.5)).notation, [nn.L2(0.5)], {"W1": ("j", "i"), "b1": ("j",)}).splitlines()
    assert lines[:2] == ["const l2_strength_2 = 0.5", "penalty_2 = 1/2*l2_strength_2*(sum(j,i) W1[j,i]^2)"]
    network = Network([nn.Linear(2, 2)], cost=Own() + nn.L2(0.5))
    values = evaluate(network.system, network.inputs([[1.0, 2.0]], [[0.0, 0.0]]))
    assert_close(values["C"], values["penalty"] + values["penalty_2"])


def test_the_same_penalty_twice_and_a_param_without_index() -> None:
    text = penalised("cost C = a", [nn.L1(0.1, biases=True), nn.L1(0.2, biases=True)], {"beta": ()})
    assert "penalty = l1_strength*(abs(beta)) + l1_strength_2*(abs(beta))" in text
    assert "const l1_strength_2 = 0.2" in text


def test_no_weights_to_penalise() -> None:
    with pytest.raises(OptionError) as caught:
        penalised("cost C = a", [nn.L2(0.1)], {"b1": ("j",)})
    assert "L2(strength=0.1, biases=False) finds no weights: no param has two indices" in str(caught.value)
    assert "biases=True counts all params." in str(caught.value)


@pytest.mark.parametrize("notation", ["C = sum(k) a[k]", "cost C(a[k])"])
def test_a_cost_without_an_equation(notation: str) -> None:
    with pytest.raises(OptionError) as caught:
        penalised(notation, [nn.L2(0.1)], {"W1": ("j", "i")})
    assert f"a penalty is added to a cost without an equation\n  {notation}\n  a line such as: cost C = " in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nn.L1(-1), "strength of L1 is -1\n  a number, 0 or more"),
        (lambda: nn.L2(math.inf), "strength of L2 is inf\n  a number, 0 or more"),
        (lambda: nn.L2(0.1, biases=1), "biases of L2 is 1\n  True or False"),  # type: ignore[arg-type]
        (lambda: nn.CrossEntropy() + 0.1, "0.1 is added to the cost CrossEntropy(), and is no penalty"),
        (lambda: nn.CrossEntropy() + nn.L2, "Write L2(…), with parentheses."),
        (lambda: nn.CrossEntropy() + nn.Huber(), "for example nn.CrossEntropy() + nn.L2(0.01)"),
    ],
)
def test_what_is_no_penalty(make: Any, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        make()
    assert said in str(caught.value)
