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
from chainrule.nn.keywords import _NAMES, answers


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
    known |= {name for kind in (*public, cr.EarlyStopping) for name in inspect.signature(kind).parameters}
    assert [name for _, names in _NAMES for name in names if name not in known] == []


def test_a_function_of_ones_own_can_answer_too() -> None:
    @answers
    def halved(value: float, *, by: float = 2) -> float:
        return value / by

    assert halved(3.0) == halved(value=3.0, by=2) == 1.5
    assert said(halved, 3.0, bye=2).endswith("Did you mean by?")
