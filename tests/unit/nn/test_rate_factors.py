"""Learning rates of single params: factors of the common one, shown among the equations, as groups of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.network import Network
from chainrule.nn.optimizers import GradientMethod
from chainrule.nn.updates import updates_text
from chainrule.training import train
from support import assert_close
from unit.network.builders import classifier, clusters


def lines(optimizer: nn.Optimizer) -> list[str]:
    return updates_text(optimizer, classifier().system).splitlines()


def test_a_rate_of_its_own_is_an_equation() -> None:
    assert lines(nn.SGD(0.5, rate_factors={"W1": 0.1})) == [
        "const learning_rate = 0.5",
        "const rate_factor_W1 = 0.1",
        "rate_W1 = rate_factor_W1*learning_rate",
        "update W1[j,i] = W1[j,i] - rate_W1*∂C/∂W1[j,i]",
        "update b1[j] = b1[j] - learning_rate*∂C/∂b1[j]",
        "update W2[k,j] = W2[k,j] - learning_rate*∂C/∂W2[k,j]",
        "update b2[k] = b2[k] - learning_rate*∂C/∂b2[k]",
    ]


def test_of_several_names_that_a_param_has_the_last_counts() -> None:
    found = lines(nn.SGD(0.5, rate_factors={"*": 3.0, 1: 2.0, "b*": 0.5}))
    factors = [line.removeprefix("const rate_factor_") for line in found if line.startswith("const rate_factor")]
    assert sorted(factors) == ["W1 = 2.0", "W2 = 3.0", "b1 = 0.5", "b2 = 0.5"]


def test_a_rate_that_changes_from_step_to_step_is_multiplied_too() -> None:
    found = lines(nn.SGD(nn.StepDecay(0.5, steps=3), rate_factors={"b2": 2}))
    assert found.index("rate_b2 = rate_factor_b2*learning_rate") > found.index(
        "learning_rate = initial_rate*decay_factor^drops"
    )


@pytest.mark.parametrize("make", [nn.SGD, nn.RMSProp, nn.Adam, nn.AdamW])
def test_all_optimizers_have_them_and_compare_by_them(make: type[GradientMethod]) -> None:
    optimizer = make(0.1, rate_factors={"W1": 2})
    assert optimizer == make(0.1, rate_factors={"W1": 2.0})
    assert optimizer != make(0.1)
    assert hash(optimizer) == hash(make(0.1, rate_factors={"W1": 2}))
    assert "rate_W1 = rate_factor_W1*learning_rate" in lines(optimizer)
    assert sum("rate_W1" in line and line.startswith("update") for line in lines(optimizer)) == 1


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ({"W1": 0}, r"the rate factor of W1 is 0\n  a number greater than 0\n  .*network.freeze\('W1'\)"),
        ({"W1": -1}, "the rate factor of W1 is -1\n  a number greater than 0"),
        ({"W1": "much"}, "the rate factor of W1 is 'much'"),
        (0.1, 'rate_factors is 0.1\n  numbers by name, for example rate_factors={"W1": 0.1}'),
    ],
)
def test_factors_that_make_no_sense(factors: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        nn.SGD(0.1, rate_factors=factors)


def test_names_that_no_param_has_are_said_when_training_begins() -> None:
    x, y = clusters()
    with pytest.raises(OptionError, match="there is no param W9"):
        train(classifier(), x, y, epochs=1, optimizer=nn.SGD(0.1, rate_factors={"W9": 2.0}))


def test_a_frozen_param_may_have_a_factor() -> None:
    x, y = clusters()
    network = classifier()
    network.freeze("W1")
    train(network, x, y, epochs=1, optimizer=nn.SGD(0.1, rate_factors={"W*": 2.0}))
    assert "rate_W2" in network.updates
    assert "W1" not in network.updates


class Own(nn.Optimizer):
    constants: Mapping[str, float] = {"eta": 0.1}

    def update(self, rank: int) -> str:
        return "update p = p - eta*∂C/∂p"


def test_an_optimizer_without_a_learning_rate_has_none_to_multiply() -> None:
    own = Own()
    own.rate_factors = {"W1": 0.1}
    with pytest.raises(OptionError, match="Own has rate_factors, and its lines read no learning_rate\n  update p"):
        lines(own)


@pytest.mark.oracle
@pytest.mark.parametrize("executor", ["native", "reference"])
@pytest.mark.parametrize(
    ("make", "name", "options"),
    [
        (nn.SGD, "SGD", {"momentum": 0.9, "weight_decay": 0.01}),
        (nn.RMSProp, "RMSprop", {}),
        (nn.AdamW, "AdamW", {"weight_decay": 0.1}),
    ],
)
def test_steps_are_those_of_groups_of_pytorch(make: Any, name: str, options: dict[str, Any], executor: str) -> None:
    torch = pytest.importorskip("torch")
    x, y = clusters()
    network: Network = classifier()
    params = {n: torch.tensor(array, requires_grad=True) for n, array in network.params.items()}
    groups = [
        {"params": [params[n]], "lr": rate, **(options if n[0] == "W" else {**options, "weight_decay": 0.0})}
        for n, rate in {"W1": 0.005, "b1": 0.02, "W2": 0.01, "b2": 0.02}.items()
    ]
    theirs = getattr(torch.optim, name)(groups, lr=0.01)
    inputs, labels = torch.tensor(x), torch.tensor(y)
    for _ in range(3):
        theirs.zero_grad()
        hidden = torch.sigmoid(inputs @ params["W1"].T + params["b1"])
        torch.nn.functional.cross_entropy(hidden @ params["W2"].T + params["b2"], labels).backward()
        theirs.step()
    ours = make(0.01, **options, rate_factors={"W1": 0.5, "b*": 2})
    train(network, x, y, epochs=3, batch_size=len(x), optimizer=ours, executor=executor)
    for n, array in network.params.items():
        # native computes in float32
        close = 2e-4 if executor == "native" else 1e-9
        assert_close(array, params[n].detach().numpy(), rtol=close, atol=close / 10)
