"""What is no system, or no network, is refused in one way by all public functions, with advice to follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import InputError, OptionError


def estimator(name: str) -> Any:
    """Return an estimator of scikit-learn's, or skip the test where that is not installed."""
    pytest.importorskip("sklearn")
    return getattr(import_module("chainrule.sklearn"), name)


TEXT = "data x[i], y\nparam w[i]\nindex i = 2\np = sum(i) w[i]*x[i]\ncost C = (p - y)^2\n"
SYSTEM = cr.parse(TEXT)
VALUES = {"x": [1.0, 2.0], "y": 1.0, "w": [0.5, 1.0]}
NETWORK = cr.Network.from_system(SYSTEM, {"w": [0.5, 1.0]})

TAKES_A_SYSTEM: dict[str, Callable[[Any], object]] = {
    "backprop": cr.backprop,
    "evaluate": lambda system: cr.evaluate(system, VALUES),
    "value_and_grad": lambda system: cr.value_and_grad(system, VALUES),
    "compile": cr.compile,
    "jacobian": lambda system: cr.jacobian(system, "p", "w"),
    "hessian": cr.hessian,
    "jvp": cr.jvp,
    "hvp": cr.hvp,
    "check": lambda system: cr.check(system, "p - y", wrt="p"),
    "gradient_check": cr.gradient_check,
    "explain": lambda system: cr.explain(system, VALUES, "w", (0,)),
    "paths": lambda system: cr.paths(system, VALUES, "w", (0,)),
    "why": lambda system: cr.why(system, "w", VALUES, (0,)),
    "from_system": cr.Network.from_system,
    "classifier": lambda system: estimator("NetworkClassifier")(model=system).fit(np.eye(2), [0, 1]),
    "regressor": lambda system: estimator("NetworkRegressor")(model=system).fit(np.eye(2), [0.5, 1.5]),
}


@pytest.mark.parametrize("name", TAKES_A_SYSTEM)
def test_text_a_path_and_nothing_are_no_systems(name: str) -> None:
    with pytest.raises(OptionError, match=r"a str is given for a system\n.*\n  Text becomes a system by cr.parse\("):
        TAKES_A_SYSTEM[name](TEXT)
    with pytest.raises(OptionError, match=r"is given for a system\n.*\n  Read the file: cr.parse\(Path\('net.eq'\)"):
        TAKES_A_SYSTEM[name](Path("net.eq"))
    with pytest.raises(OptionError, match="a dict is given for a system"):
        TAKES_A_SYSTEM[name]({})


@pytest.mark.parametrize("name", TAKES_A_SYSTEM)
def test_a_network_is_a_system_to_those_only_that_ask_it(name: str) -> None:
    if name in ("explain", "paths", "why"):
        TAKES_A_SYSTEM[name](NETWORK)
        return
    with pytest.raises(OptionError, match=r"a Network is given for a system\n.*\n  Give its system: network.system"):
        TAKES_A_SYSTEM[name](NETWORK)


def test_a_backward_pass_is_told_from_its_system() -> None:
    with pytest.raises(OptionError, match=r"Give the system that it is derived from: its \.forward"):
        cr.jacobian(cr.backprop(SYSTEM), "p", "w")  # type: ignore[arg-type]
    assert cr.value_and_grad(cr.backprop(SYSTEM), VALUES)[0] == cr.value_and_grad(SYSTEM, VALUES)[0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda: cr.explain(NETWORK, [1.0, 2.0], 1.0), "of is a float"),  # type: ignore[arg-type]
        (lambda: cr.explain(NETWORK, np.ones(2), np.ones(1)), "of is a ndarray"),  # type: ignore[arg-type]
        (lambda: cr.explain(NETWORK, [1.0, 2.0], "w"), "the inputs are a list"),  # type: ignore[arg-type]
        (lambda: cr.paths(NETWORK, np.ones(2), "w"), "the inputs are a ndarray"),  # type: ignore[arg-type]
        (lambda: cr.why(NETWORK, "w", np.ones(2)), "the inputs are a ndarray"),  # type: ignore[arg-type]
    ],
)
def test_an_explanation_wants_its_data_by_name(asked: Callable[[], object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        asked()
    assert said in str(caught.value)
    assert str(caught.value).endswith('Give all data by name: cr.explain(network, {"x": …, "y": …}, of="w")')


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: cr.Network(SYSTEM), "Make a network of it: cr.Network.from_system(system)"),  # type: ignore[arg-type]
        (lambda: cr.Network(TEXT), "cr.Network.from_system(cr.parse(text))"),  # type: ignore[arg-type]
        (lambda: cr.Network(nn.Linear(2, 1)), "Linear(2, 1) is no list of layers"),  # type: ignore[arg-type]
        (lambda: cr.Network([nn.Linear(2, 1)]), "the network has no cost"),
        (lambda: cr.train(TEXT, [1], [1]), "a str is to be trained\n  a network\n  Make one of text"),  # type: ignore[arg-type]
        (lambda: cr.measure(SYSTEM, [1], [1]), "a System is to be measured\n  a network\n  Make one of the system"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_is_no_network_is_told_how_it_becomes_one(made: Callable[[], object], said: str) -> None:
    with pytest.raises(OptionError, match=re.escape(said)):
        made()
