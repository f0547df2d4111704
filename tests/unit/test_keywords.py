"""Keyword arguments by the names that they have elsewhere are answered with the name here."""

from __future__ import annotations

import copy
import inspect
from dataclasses import replace
from typing import Any

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import OptionError
from chainrule.keywords import _NAMES, answers
from chainrule.training import TensorBoard


def said(make: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(OptionError) as caught:
        make(*given, **named)
    return str(caught.value)


@pytest.mark.parametrize(
    ("make", "elsewhere", "here"),
    [
        (nn.SGD, "lr", "learning_rate"),
        (nn.SGD, "mu", "momentum"),
        (nn.Adam, "eps", "epsilon"),
        (nn.Adam, "betas", "beta1 and beta2"),
        (nn.AdamW, "wd", "weight_decay"),
        (nn.RMSProp, "rho", "alpha"),
        (nn.RMSProp, "max_norm", "clip_norm"),
        (nn.SGD, "learningrate", "learning_rate"),
        (nn.SGD, "nestrov", "nesterov"),
        (nn.Cosine, "T_max", "steps"),
        (nn.Cosine, "eta_min", "minimum"),
        (nn.StepDecay, "gamma", "factor"),
        (nn.OneCycle, "max_lr", "peak"),
        (nn.Dropout, "p", "probability"),
        (nn.Dropout, "rate", "probability"),
        (nn.Linear, "units", "out_features"),
        (nn.Linear, "kernel_initializer", "weights"),
        (nn.LeakyReLU, "negative_slope", "slope"),
        (nn.Huber, "detla", "delta"),
        (nn.L2, "lam", "strength"),
        (cr.EarlyStopping, "patiense", "patience"),
        (cr.Network, "loss", "cost"),
        (cr.Network, "random_state", "seed"),
        (cr.train, "validation_data", "x_validation and y_validation"),
        (cr.train, "val_x", "x_validation"),
        (cr.train, "validation_split", "validation_fraction"),
        (cr.train, "num_epochs", "epochs"),
        (cr.train, "batchsize", "batch_size"),
        (cr.train, "optim", "optimizer"),
        (cr.train, "device", "executor"),
        (cr.train, "n_jobs", "threads"),
        (cr.train, "verbose", "progress"),
        (cr.train, "checkpiont", "checkpoint"),
        (cr.Network, "hidden", "layers"),
        (cr.Network.from_system, "weights", "values"),
        (cr.Network.from_system, "random_state", "seed"),
        (cr.Network.from_system, "outputs", "output"),
        (cr.Network.predict, "X", "x"),
        (cr.Network.freeze, "names", "*names"),
        (cr.Network.save, "filename", "path"),
        (cr.Network.load_state_dict, "weights", "state"),
        (cr.load, "file", "path"),
        (cr.measure, "metric", "metrics"),
        (cr.parse, "source", "text"),
        (cr.backprop, "with_respect_to", "wrt"),
        (cr.value_and_grad, "argnums", "wrt"),
        (cr.evaluate, "params", "inputs"),
        (cr.compile, "backend", "executor"),
        (cr.compile, "precision", "dtype"),
        (cr.jacobian, "by", "wrt"),
        (cr.check, "derivative", "answer"),
        (cr.gradient_check, "rng", "seed"),
        (cr.explain, "tensor", "of"),
        (cr.paths, "n", "top"),
        (TensorBoard, "log_dir", "directory"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_the_name_that_is_meant_is_said(make: Any, elsewhere: str, here: str) -> None:
    message = said(make, **{elsewhere: 1})
    assert message.startswith(f"{make.__name__} has no argument {elsewhere}\n")
    assert message.endswith(f"Did you mean {here}?")


def test_what_belongs_elsewhere_has_a_sentence() -> None:
    assert "optimizer=nn.SGD(learning_rate=0.5)" in said(cr.train, lr=0.1)
    assert "It is the optimizer's" in said(cr.train, momentum=0.9)
    assert "cr.Network(layers, cost=nn.CrossEntropy())" in said(cr.train, loss="mse")
    assert "a new order in each epoch" in said(cr.train, shuffle=True)
    assert "the mean over the samples" in said(nn.CrossEntropy, reduction="mean")
    assert said(nn.Softmax, dim=1).startswith("Softmax has no argument dim\n  no arguments\n")


def test_what_is_of_training_is_said_to_be_where_a_network_is_made_or_asked() -> None:
    assert said(cr.Network.from_system, optimizer="adam").endswith(
        "cr.train takes one: cr.train(network, x, y, optimizer=nn.SGD(0.5))"
    )
    assert "cr.train takes an optimizer" in said(cr.Network.from_system, lr=0.1)
    assert "It is a line of the system" in said(cr.Network.from_system, loss="mse")
    assert "cr.train(network, x, y, epochs=10)" in said(cr.Network, n_epochs=3)
    assert "Samples are run in parts" in said(cr.Network.predict, batch_size=32)


def callables() -> dict[str, Any]:
    """Return what is public and called with arguments by name, but for exceptions, layers and what is data."""
    functions = {name: value for name in cr.__all__ if inspect.isfunction(value := getattr(cr, name))}
    kinds = {
        cr.Network: "from_system load predict classify accuracy save state_dict load_state_dict freeze unfreeze",
        cr.Backprop: "result derivation verify",
        cr.Jacobian: "derivation verify",
    }
    methods = {f"{kind.__name__}.{name}": getattr(kind, name) for kind in kinds for name in kinds[kind].split()}
    bases = ("Layer", "Cost", "Penalty", "Activation")
    layers = {f"nn.{name}": getattr(nn, name) for name in nn.__all__ if name not in bases}
    layers = {name: kind for name, kind in layers.items() if not inspect.isabstract(kind)}
    return {**functions, **methods, **layers, "Network": cr.Network, "EarlyStopping": cr.EarlyStopping}


@pytest.mark.parametrize("called", callables().values(), ids=callables())
def test_whatever_is_public_answers_an_unknown_name(called: Any) -> None:
    assert f"{called.__name__} has no argument zzz\n" in said(called, zzz=1)


def test_estimators_answer_too() -> None:
    estimators = pytest.importorskip("chainrule.sklearn")
    made = estimators.NetworkClassifier
    for elsewhere, here in {
        "hidden": "hidden_layer_sizes",
        "alpha": "weight_decay",
        "lr": "learning_rate",
        "max_iter": "epochs",
        "solver": "optimizer",
        "seed": "random_state",
    }.items():
        message = said(made, **{elsewhere: 1})
        assert message.startswith(f"NetworkClassifier has no argument {elsewhere}\n")
        assert message.endswith(f"Did you mean {here}?")
    assert "It is the estimator's: NetworkClassifier(epochs=100)" in said(made().fit, [[1]], [1], epochs=3)
    assert "It is the estimator's" in said(made().fit, [[1]], [1], validation_data=())
    assert said(made().fit, x=[[1]]).endswith("Did you mean X?")
    assert made(hidden_layer_sizes=(5,)).get_params()["hidden_layer_sizes"] == (5,)
    assert "hidden_layer_sizes" in inspect.signature(made).parameters


def test_a_name_like_none_has_the_list_alone() -> None:
    assert said(nn.Dropout, zzz=1) == "Dropout has no argument zzz\n  probability, seed"


def test_names_that_are_known_are_not_accused() -> None:
    assert nn.SGD(learning_rate=0.1, momentum=0.9, weight_decay=0.1, clip_norm=1.0) == nn.SGD(
        0.1, 0.1, 0.9, clip_norm=1.0
    )
    assert replace(nn.SGD(0.1), momentum=0.5).momentum == 0.5
    assert copy.copy(nn.Adam()) == nn.Adam()
    network = cr.Network(layers=[nn.Linear(in_features=1, out_features=1)], cost=nn.QuadraticCost(), seed=1)
    assert cr.train(network=network, x=[[0.0]], y=[[1.0]], epochs=1).epochs


def test_signatures_and_docstrings_are_those_of_what_is_called() -> None:
    assert list(inspect.signature(nn.SGD).parameters)[:2] == ["learning_rate", "weight_decay"]
    assert "x_validation" in inspect.signature(cr.train).parameters
    assert cr.train.__doc__ is not None
    assert cr.train.__name__ == "train"


def test_a_missing_argument_and_one_too_many_stay_errors_of_python() -> None:
    with pytest.raises(TypeError, match="learning_rate"):
        nn.SGD()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        nn.Tanh(1)  # type: ignore[call-arg]


def test_every_name_of_the_table_is_one_that_something_here_has() -> None:
    public = [getattr(nn, name) for name in nn.__all__ if inspect.isclass(getattr(nn, name))]
    known = {"clip_value", *inspect.signature(cr.train).parameters, *inspect.signature(cr.Network).parameters}
    kinds = (*public, cr.EarlyStopping, TensorBoard, *callables().values())
    known |= {name for kind in kinds for name in inspect.signature(kind).parameters}
    known |= {"hidden_layer_sizes", "scale", "random_state", "X"}
    assert [name for _, names in _NAMES for name in names if name not in known] == []


def test_a_function_of_ones_own_can_answer_too() -> None:
    @answers
    def halved(value: float, *, by: float = 2) -> float:
        return value / by

    assert halved(3.0) == halved(value=3.0, by=2) == 1.5
    assert said(halved, 3.0, bye=2).endswith("Did you mean by?")
