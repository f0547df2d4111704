"""Params picked out by name, pattern and the number of a layer."""

from __future__ import annotations

import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.network import Network
from chainrule.nn.selection import layer_of, selected
from chainrule.notation import parse

WIDE = parse(
    "data x[i]\nparam W1[j,i], b1[j], W11[j], W2[j], scale\n"
    "cost C = scale*(sum(j) (W2[j] + W11[j])*(sum(i) W1[j,i]*x[i] + b1[j]))"
)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["W1"], ("W1",)),
        (["b1", "W1", "b1"], ("W1", "b1")),
        ([1], ("W1", "b1")),
        ([11], ("W11",)),
        (["W*"], ("W1", "W11", "W2")),
        (["W?"], ("W1", "W2")),
        (["[bs]*", 2], ("b1", "W2", "scale")),
        (["*"], ("W1", "b1", "W11", "W2", "scale")),
        ([], ()),
    ],
)
def test_what_is_meant(names: list[object], found: tuple[str, ...]) -> None:
    assert selected(WIDE, names) == found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "W3",
            "there is no param W3\n  one of the params W1, b1, W11, W2, scale, a pattern such as 'W.', or the number",
        ),
        ("x", "there is no param x"),
        ("w*", r"no param has a name like w\*"),
        (3, "no param is one of layer 3"),
        (True, "True names no param"),
        (1.0, "1.0 names no param"),
        (["W1", "b1"], r"\['W1', 'b1'\] names no param(.|\n)*Give the names one by one: 'W1', 'b1'"),
    ],
)
def test_what_no_param_is_called(name: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        selected(WIDE, [name])


def test_a_name_that_another_tensor_of_its_layer_has_keeps_the_number_of_the_layer() -> None:
    own = nn.Activation("a[k] = b*tanh(z[k])", b=0.5)
    network = Network([nn.Linear(2, 3), own, nn.Linear(3, 1)], cost=nn.QuadraticCost())
    assert network.system.params == ("W1", "b1", "b1_2", "W2", "b2")
    assert selected(network.system, [1]) == ("W1", "b1", "b1_2")
    assert selected(network.system, [2]) == ("W2", "b2")


def test_a_name_with_a_digit_of_its_own_has_the_number_behind_it() -> None:
    system = parse("data x\nparam g2_3, h_4, c\ncost C = g2_3*x + h_4 + c")
    assert [layer_of(system, name) for name in system.params] == [3, 4, None]
