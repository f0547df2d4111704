"""Activations, costs, penalties and initialisations against PyTorch's, values and gradients, in float64."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.execute.reference.evaluation import Reference
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from support import assert_close

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch: Any = pytest.importorskip("torch")

pytestmark = pytest.mark.oracle
F = torch.nn.functional
POINTS = np.concatenate([np.linspace(-9.0, 9.0, 37), [-50.0, 50.0]])
ACTIVATIONS: list[tuple[nn.Layer, Any]] = [
    (nn.LeakyReLU(), F.leaky_relu),
    (nn.LeakyReLU(0.3), lambda z: F.leaky_relu(z, 0.3)),
    (nn.ELU(), F.elu),
    (nn.ELU(2.5), lambda z: F.elu(z, 2.5)),
    (nn.GELU(), F.gelu),
    (nn.GELU("tanh"), lambda z: F.gelu(z, approximate="tanh")),
    (nn.Softplus(), lambda z: F.softplus(z, threshold=100)),
    (nn.Swish(), F.silu),
    (nn.Mish(), F.mish),
]


def leaf(values: Any) -> Any:
    return torch.tensor(np.asarray(values), dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize(("layer", "theirs"), ACTIVATIONS, ids=[repr(layer) for layer, _ in ACTIVATIONS])
def test_activations(layer: nn.Layer, theirs: Any) -> None:
    system = backprop(parse(f"param z[k]\n{layer.notation}\ncost C = sum(k) a[k]")).system
    found = Reference().compile(system).evaluate({"z": POINTS})
    z = leaf(POINTS)
    expected = theirs(z)
    expected.sum().backward()
    assert_close(found["a"], expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    assert_close(found["∂C/∂z"], z.grad.numpy(), rtol=1e-9, atol=1e-12)


GENERATOR = np.random.default_rng(0)
OUTPUTS, NUMBERS, LOGS = GENERATOR.normal(0, 2, (4, 3)), GENERATOR.normal(size=(4, 3)), GENERATOR.normal(size=3)
LABELS = np.array([0, 2, 1, 2])


def one_hot() -> Any:
    return np.eye(3)[LABELS]


COSTS: list[tuple[nn.Cost, Any, Any]] = [
    (nn.Huber(), NUMBERS, lambda a: F.huber_loss(a, torch.tensor(NUMBERS), reduction="sum") / 4),
    (nn.Huber(0.5), NUMBERS, lambda a: F.huber_loss(a, torch.tensor(NUMBERS), reduction="sum", delta=0.5) / 4),
    (nn.Hinge(), one_hot(), lambda a: 3 * F.multi_margin_loss(a, torch.tensor(LABELS))),
    (nn.Hinge(0.3), one_hot(), lambda a: 3 * F.multi_margin_loss(a, torch.tensor(LABELS), margin=0.3)),
]


@pytest.mark.parametrize(("cost", "y", "theirs"), COSTS, ids=[repr(cost) for cost, *_ in COSTS])
def test_costs(cost: nn.Cost, y: Any, theirs: Any) -> None:
    system = parse(f"param w\ndata x[k], y[k]\nbatch n\na[k] = w*x[k]\n{cost.notation}")
    found, gradients = value_and_grad(system, {"w": 1.5, "x": OUTPUTS, "y": y})
    w = leaf(1.5)
    expected = theirs(w * torch.tensor(OUTPUTS))
    expected.backward()
    assert_close(found, float(expected.detach()))
    assert_close(gradients["w"], float(w.grad))


def test_the_gaussian_likelihood() -> None:
    network = Network([nn.Linear(3, 3)], cost=nn.GaussianNLL())
    network.params["log_variance"][:] = LOGS
    found, gradients = value_and_grad(network.system, network.inputs(OUTPUTS, NUMBERS))
    w, b, s = leaf(network.params["W1"]), leaf(network.params["b1"]), leaf(LOGS)
    means = torch.tensor(OUTPUTS) @ w.T + b
    variances = torch.exp(s).expand(4, 3)
    expected = F.gaussian_nll_loss(means, torch.tensor(NUMBERS), variances, reduction="sum", eps=1e-12) / 4
    expected.backward()
    assert_close(found, float(expected.detach()))
    for name, theirs in (("W1", w), ("b1", b), ("log_variance", s)):
        assert_close(gradients[name], theirs.grad.numpy())


def test_penalties() -> None:
    network = Network(
        [nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3), nn.Softmax()],
        cost=nn.CrossEntropy() + nn.L1(0.03) + nn.L2(0.2, biases=True),
    )
    network.params["b1"][:] = [0.1, -0.2, 0.3, 0.0]
    found, gradients = value_and_grad(network.system, network.inputs(OUTPUTS, LABELS))
    theirs = {name: leaf(array) for name, array in network.params.items()}
    hidden = torch.tanh(torch.tensor(OUTPUTS) @ theirs["W1"].T + theirs["b1"])
    expected = F.cross_entropy(hidden @ theirs["W2"].T + theirs["b2"], torch.tensor(LABELS))
    expected = expected + 0.03 * (theirs["W1"].abs().sum() + theirs["W2"].abs().sum())
    expected = expected + 0.1 * sum((p**2).sum() for p in theirs.values())
    expected.backward()
    assert_close(found, float(expected.detach()))
    for name, param in theirs.items():
        assert_close(gradients[name], param.grad.numpy())


def test_initialisations_spread_as_theirs() -> None:
    init = torch.nn.init
    pairs: list[tuple[nn.Initialisation, Any]] = [
        (nn.Xavier(), init.xavier_normal_),
        (nn.Xavier(uniform=True), init.xavier_uniform_),
        (nn.He(), lambda w: init.kaiming_normal_(w, nonlinearity="relu")),
        (nn.He(slope=0.5, uniform=True), lambda w: init.kaiming_uniform_(w, a=0.5)),
        (nn.LeCun(), lambda w: init.kaiming_normal_(w, nonlinearity="linear")),
        (nn.Orthogonal(gain=1.5), lambda w: init.orthogonal_(w, gain=1.5)),
    ]
    torch.manual_seed(0)
    for ours, theirs in pairs:
        found = Network([nn.Linear(200, 100, weights=ours)], cost=nn.QuadraticCost()).params["W1"]
        expected = theirs(torch.empty(100, 200, dtype=torch.float64)).numpy()
        assert found.std() == pytest.approx(expected.std(), rel=0.04), repr(ours)
        if getattr(ours, "uniform", False):
            assert np.abs(found).max() == pytest.approx(np.abs(expected).max(), rel=0.01)
