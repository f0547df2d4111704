"""Params that are frozen: consts while others are trained, with all that only they needed gone."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ModelFileError, OptionError
from chainrule.execute.reference.evaluation import Reference
from chainrule.expr.symbols import Derivative
from chainrule.network import Network, load
from chainrule.network.files import read_model, write_model
from chainrule.network.frozen import without_frozen
from chainrule.notation import parse
from chainrule.pipeline import training_step
from chainrule.system.model import System
from chainrule.training import train
from support import assert_close
from unit.network.builders import classifier, clusters

MOMENTUM = parse(
    "data x[i], y\nparam v[i], w[i]\nstate m[i] = 0, r[i] = 0, t = 0\nbatch n\n"
    "a = sum(i) (v[i] + w[i]^2)*x[i]\ncost C = (a - y)^2\n"
    "new_m[i] = 0.9*m[i] + ∂C/∂w[i]\nnew_r[i] = 0.9*r[i] + m[i]\n"
    "update m[i] = new_m[i]\nupdate r[i] = new_r[i]\nupdate t = t + 1\n"
    "update w[i] = w[i] - 0.1*r[i]\nupdate v[i] = v[i] - ∂C/∂v[i]/(t + 1)"
)


def names(system: System) -> tuple[list[str], list[str], list[str]]:
    return [e.name for e in system.equations], [u.name for u in system.updates], list(system.states)


def test_what_only_served_the_update_of_a_frozen_param_is_gone() -> None:
    assert names(without_frozen(MOMENTUM, ["w"])) == (["a", "C"], ["t", "v"], ["t"])
    found = (["a", "C", "new_m", "new_r"], ["m", "r", "w"], ["m", "r"])
    assert names(without_frozen(MOMENTUM, ["v"])) == found
    assert without_frozen(MOMENTUM, ["w"]).with_role("const") == ("w",)
    assert without_frozen(MOMENTUM, []) is MOMENTUM


def test_what_others_read_too_stays() -> None:
    text = "param v, w\ncost C = (v*w - 1)^2\nnorm = sqrt(∂C/∂v^2 + ∂C/∂w^2)\n"
    text += "update v = v - ∂C/∂v/norm\nupdate w = w - ∂C/∂w/norm"
    found = without_frozen(parse(text), ["w"])
    assert names(found) == (["C", "norm"], ["v"], [])
    assert found.params == ("v", "w")
    step = training_step(found)
    _, updated = Reference().compile(step).step({"v": 1.0, "w": 3.0})
    assert {*updated} == {"v"}
    assert_close(updated["v"], 1.0 - 12.0 / np.hypot(12.0, 4.0))
    shown = without_frozen(parse("param v, w\ncost C = (v*w - 1)^2\nsize = abs(∂C/∂v)\nupdate v = v - ∂C/∂v"), ["w"])
    assert names(shown) == (["C", "size"], ["v"], [])


@pytest.mark.parametrize("executor", ["native", "reference"])
@pytest.mark.parametrize("optimizer", [nn.SGD(0.5, momentum=0.9, weight_decay=0.01), nn.Adam(0.05, clip_norm=0.1)])
def test_training_leaves_them_and_moves_the_others(executor: str, optimizer: nn.Optimizer) -> None:
    x, y = clusters()
    network = classifier()
    network.freeze("W1", "b2")
    before = network.state_dict()
    train(network, x, y, epochs=2, optimizer=optimizer, executor=executor, batch_size=16)
    for name, array in network.params.items():
        assert np.array_equal(array, before[name]) == (name in ("W1", "b2"))
    assert "W1" not in network.updates


def test_what_is_trained_is_what_a_network_without_these_params_trains() -> None:
    x, y = clusters()
    frozen, free = classifier(), classifier()
    frozen.freeze(1)
    fixed = parse(str(free.system).replace("param W1[j,i], b1[j], W2", "const W1[j,i], b1[j]\nparam W2"))
    step = training_step(frozen.learning(frozen.system))
    derived = [e.name for e in step.equations if isinstance(e.name, Derivative)]
    assert derived == ["∂C/∂z2", "∂C/∂W2", "∂C/∂b2"]
    assert step.params == fixed.params == ("W2", "b2")
    targets = frozen.inputs(x, y)
    values = Reference().compile(step).evaluate(targets)
    whole = Reference().compile(training_step(free.system)).evaluate(targets)
    assert_close(values["∂C/∂W2"], whole["∂C/∂W2"])


def test_all_let_go_again_train_as_if_nothing_had_been() -> None:
    x, y = clusters()
    network, other = classifier(), classifier()
    network.freeze()
    assert network.frozen == ("W1", "b1", "W2", "b2")
    with pytest.raises(OptionError, match=r"all params are frozen: there is nothing to learn\n  .*unfreeze"):
        train(network, x, y, epochs=1)
    network.unfreeze("W*")
    assert network.frozen == ("b1", "b2")
    network.unfreeze()
    for one in (network, other):
        train(one, x, y, epochs=1)
    assert all(np.array_equal(network.params[name], array) for name, array in other.params.items())


def test_freezing_twice_and_letting_go_what_is_not_frozen_changes_nothing() -> None:
    network = classifier()
    network.freeze("b1")
    network.freeze("b*", "b1")
    network.unfreeze("W1")
    assert network.frozen == ("b1", "b2")
    with pytest.raises(OptionError, match="there is no param b3"):
        network.unfreeze("b3")


def test_a_network_is_saved_and_copied_with_what_is_frozen(tmp_path: Path) -> None:
    network = classifier()
    network.save(tmp_path / "free")
    assert "frozen" not in (tmp_path / "free").read_bytes()[:2000].decode("latin-1")
    network.freeze("b2", 1)
    network.save(tmp_path / "some")
    for found in (load(tmp_path / "some"), copy.deepcopy(network)):
        assert found.frozen == ("W1", "b1", "b2")
        assert str(found.equations()) == str(network.equations())
    write_model(tmp_path / "wrong", replace(read_model(tmp_path / "some"), frozen=("W9",)))
    with pytest.raises(ModelFileError, match="the network in the file makes no sense: there is no param W9"):
        load(tmp_path / "wrong")


def test_lines_of_an_optimizer_that_trained_before_are_shown_without_what_is_frozen_now() -> None:
    x, y = clusters()
    network = classifier()
    train(network, x, y, epochs=1, optimizer=nn.SGD(0.1, momentum=0.9))
    network.freeze("*1")
    said = str(network.equations())
    assert "v_W1" not in said
    assert "∂C/∂W1" not in said
    assert "W2[k,j] ← W2[k,j] − learning_rate·new_v_W2[k,j]" in said


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_a_training_goes_on_with_the_same_frozen_params_only(tmp_path: Path, executor: str) -> None:
    x, y = clusters()
    whole, part = classifier(), classifier()
    for network in (whole, part):
        network.freeze(1)
    train(whole, x, y, epochs=4, executor=executor)
    file = tmp_path / "run"
    train(part, x, y, epochs=2, executor=executor, checkpoint=file)
    again = classifier()
    again.freeze(1)
    train(again, x, y, epochs=4, executor=executor, checkpoint=file, resume=True)
    assert all(np.array_equal(again.params[name], array) for name, array in whole.params.items())
    other = classifier()
    with pytest.raises(OptionError, match="the checkpoint is of another training: the optimizer's updates differ"):
        train(other, x, y, epochs=5, executor=executor, checkpoint=file, resume=True)
    other = classifier(seed=1)
    other.freeze(1)
    with pytest.raises(OptionError, match="the checkpoint is of another training: the frozen params differ"):
        train(other, x, y, epochs=5, executor=executor, checkpoint=file, resume=True)


def test_updates_of_a_system_of_its_own_are_left_out_too() -> None:
    text = "data x[i], y[k]\nparam W[k,i], b[k]\nbatch n\nz[k] = sum(i) W[k,i]*x[i] + b[k]\n"
    text += (
        "cost C = sum(k) (z[k] - y[k])^2\nupdate W[k,i] = W[k,i] - 0.1*∂C/∂W[k,i]\nupdate b[k] = b[k] - 0.1*∂C/∂b[k]"
    )
    network = Network.from_system(parse(text), {"W": np.zeros((1, 2)), "b": [0.0]}, output="z")
    network.freeze("b")
    train(network, [[0.0, 1.0], [1.0, 0.0]], [[1.0], [3.0]], epochs=200)
    assert network.params["b"].tolist() == [0.0]
    assert_close(network.params["W"], [[3.0, 1.0]], rtol=1e-4)
