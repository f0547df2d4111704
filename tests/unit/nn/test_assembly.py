"""Layers put together: the text of whole networks, and every way in which layers do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from chainrule import nn
from chainrule.errors import NotationError, OptionError
from chainrule.nn.assembly import assemble
from chainrule.nn.layer import Normal, Value
from chainrule.notation import parse

CLASSIFIER = """\
data x[i], y[k]
index i = 64, j = 30, k = 10
batch n
# Linear(64, 30)
param W1[j,i], b1[j]
z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
# Sigmoid()
a1[j] = sigmoid(z1[j])
# Linear(30, 10)
param W2[k,j], b2[k]
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
# Softmax()
a2[k] = exp(z2[k])/(sum(m) exp(z2[m]))
# CrossEntropy()
given sum(k) y[k] = 1
cost C = -sum(k) y[k]*log(a2[k])"""


def lines(layers: Sequence[nn.Layer], cost: nn.Cost | None = None) -> list[str]:
    """Return the lines of a network that are not comments, after parsing them."""
    text = assemble(layers, cost or nn.QuadraticCost()).text
    parse(text)
    return [line for line in text.splitlines() if not line.startswith("#")]


def refusal(layers: Any, cost: Any = None) -> str:
    with pytest.raises(OptionError) as caught:
        assemble(layers, cost or nn.QuadraticCost())
    return str(caught.value)


def test_a_classifier_reads_like_the_textbook() -> None:
    network = assemble([nn.Linear(64, 30), nn.Sigmoid(), nn.Linear(30, 10), nn.Softmax()], nn.CrossEntropy())
    assert network.text == CLASSIFIER
    assert network.output == "a2"
    parse(network.text)


def test_every_width_has_a_letter_of_its_own_in_deep_networks() -> None:
    depth = 40
    system = parse(assemble([nn.Linear(2, 2)] * depth, nn.QuadraticCost()).text)
    letters = [index.name for index in system.indices]
    assert len(letters) == len(set(letters)) == depth + 1
    assert letters[:12] == list("ijkmpqrstuvw")
    assert set(letters).isdisjoint(system.names())


def test_layers_without_activation_and_activations_in_a_row() -> None:
    text = lines([nn.Linear(3, 2), nn.Tanh(), nn.ReLU(), nn.Linear(2, 4), nn.Linear(4, 1)])
    assert text[4:] == [
        "z1[j] = sum(i) W1[j,i]*x[i] + b1[j]",
        "a1[j] = tanh(z1[j])",
        "a2[j] = relu(a1[j])",
        "param W3[k,j], b3[k]",
        "z3[k] = sum(j) W3[k,j]*a2[j] + b3[k]",
        "param W4[m,k], b4[m]",
        "z4[m] = sum(k) W4[m,k]*z3[k] + b4[m]",
        "cost C = 1/2*(sum(m) (z4[m] - y[m])^2)",
    ]


def test_an_activation_may_come_first() -> None:
    assert "a1[i] = tanh(x[i])" in lines([nn.Tanh(), nn.Linear(3, 2)])


def test_own_params_names_and_letters_are_taken_over() -> None:
    own = nn.Activation("s = sum(n) exp(beta*z[n])\na[y] = g[y]*exp(beta*z[y])/s", beta=2.0, g=[1.0, 2.0])
    text = lines([nn.Linear(3, 2), own])
    assert text[5:9] == [
        "s1 = sum(p) exp(beta1*z1[p])",
        "a1[j] = g1[j]*exp(beta1*z1[j])/s1",
        "param beta1",
        "param g1[j]",
    ]


def test_an_activation_that_changes_the_width() -> None:
    own = nn.Activation("a[k] = sum(m) A[k,m]*z[m]", A=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    text = lines([nn.Linear(3, 2), own, nn.Linear(3, 1)])
    assert text[1] == "index i = 3, j = 2, k = 3, m = 1"
    assert text[5:8] == ["a1[k] = sum(j) A1[k,j]*z1[j]", "param A1[k,j]", "param W2[m,k], b2[m]"]


def test_names_that_are_taken_are_avoided() -> None:
    own = nn.Activation("a[k] = W[k]*z[k] + b2*f(z[k])\ndef f(t) = t^2", W=1.0, b2=0.5)
    text = lines([nn.Linear(3, 2), own])
    assert text[5:9] == ["a1[j] = W1_2[j]*z1[j] + b2_1*f1(z1[j])", "def f1(t) = t^2", "param W1_2[j]", "param b2_1"]


def test_initial_values_follow_the_activation() -> None:
    network = assemble([nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 1)], nn.QuadraticCost())
    assert network.initial["W1"] == Normal(2 / 8)
    assert network.initial["W2"] == Normal(1 / 4)
    assert network.initial["W3"] == Normal(1 / 2)
    assert network.initial["b1"] == Value(0.0)


def test_a_cost_in_the_letters_of_somebody_else() -> None:
    class Spread(nn.Cost):
        notation = "cost C = sum(k,j) (a[k] - y[j])^2"

    assert lines([nn.Linear(3, 2)], Spread())[-1] == "cost C = sum(j,k) (z1[j] - y[k])^2"


class Untold(nn.Cost):
    """Somebody forgot the line."""


def test_widths_that_do_not_fit_name_both_layers() -> None:
    said = refusal([nn.Linear(64, 30), nn.Sigmoid(), nn.Linear(20, 10)])
    assert "layer 3, Linear(20, 10), takes 20 numbers, but layer 2, Sigmoid(), gives 30" in said
    said = refusal([nn.Linear(64, 30), nn.Activation("a[k] = g[k]*z[k]", g=[1.0, 2.0])])
    assert "is given 2 values of g, but layer 1, Linear(64, 30), gives 30" in said


def test_a_param_that_contradicts_another() -> None:
    own = nn.Activation("a[k] = sum(m) A[k,m]*z[m] + c[k]", A=[[1.0, 2.0]], c=[1.0, 2.0])
    assert "is given 2 values of c, but it has 1 units" in refusal([nn.Linear(3, 2), own])


@pytest.mark.parametrize(
    ("layers", "cost", "said"),
    [
        ([], None, "a network needs a list of layers"),
        ([nn.Sigmoid], None, "Write Sigmoid(), with parentheses."),
        ([nn.Linear(2, 1), "sigmoid"], None, "layer 2 is no layer: 'sigmoid'"),
        ([nn.Linear(2, 1)], nn.QuadraticCost, "Write QuadraticCost(), with parentheses."),
        ([nn.Linear(2, 1)], "quadratic", "the cost is no cost: 'quadratic'"),
        (
            [nn.Linear(2, 2)],
            nn.CrossEntropy(),
            "CrossEntropy() takes the logarithm of the outputs, and those of Linear(",
        ),
        (
            [nn.Linear(2, 2), nn.ReLU()],
            nn.CrossEntropy() + nn.L2(0.1),
            "outputs between 0 and 1: nn.Softmax() as the last",
        ),
        (
            [nn.Linear(2, 2), nn.Softplus()],
            nn.BinaryCrossEntropy(),
            "those of Softplus() can be negative, 0 or too large",
        ),
        (
            [nn.Linear(2, 2), nn.Softmax()],
            nn.BinaryCrossEntropy() + nn.L2(0.1),
            "and those of Softmax() add up to 1\n  nn.CrossEntropy() for the outputs of Softmax(), or nn.Sigmoid() as",
        ),
        (
            [nn.Linear(3, 1)],
            nn.Hinge() + nn.L2(0.1),
            "compares outputs with each other, and the network has 1\n  2 outputs or more\n  Two classes are",
        ),
        ([nn.Linear(3, 1), nn.Softmax()], nn.CrossEntropy(), "CrossEntropy() compares outputs with each other"),
        ([nn.Linear(2, 2), nn.Softmax(), nn.Dropout(0.5)], nn.CrossEntropy(), "those of Dropout(0.5) can be negative"),
        ([nn.Linear(2, 2), nn.Sigmoid()], Untold(), "Untold has no notation\n  a line such as notation = "),
        ([nn.Sigmoid()], None, "no layer says how many numbers the network takes"),
    ],
)
def test_what_is_no_network(layers: Any, cost: Any, said: str) -> None:
    assert said in refusal(layers, cost)


def test_a_layer_of_somebody_else_must_define_its_output() -> None:
    class Silent(nn.Layer):
        notation = "b[k] = z[k]"

    class Square(nn.Layer):
        notation = "a[j,k] = z[j]*z[k]"

    class Costly(nn.Layer):
        notation = "a[k] = z[k]\nbatch n"

    assert "no equation defines a[k]" in refusal([nn.Linear(2, 2), Silent()])
    assert "a has 2 indices" in refusal([nn.Linear(2, 2), Square()])
    assert "a layer cannot have lines of the kind 'batch'" in refusal([nn.Linear(2, 2), Costly()])


@pytest.mark.parametrize(
    "sizes", [(0, 3), (3, 0), (-1, 2), (2.0, 3), (True, 2)], ids=["no input", "no output", "negative", "float", "bool"]
)
def test_a_linear_layer_has_whole_sizes(sizes: tuple[Any, Any]) -> None:
    with pytest.raises(OptionError, match="of a Linear layer is"):
        nn.Linear(*sizes)


def test_notation_errors_of_an_activation_point_at_its_text() -> None:
    with pytest.raises(NotationError) as caught:
        nn.Activation("a[k] = z[k]*sigmod(z[k])")
    assert "a[k] = z[k]*sigmod(z[k])\n              ^" in str(caught.value)
    assert "Activation('a[k] = beta*z[k]', beta=1.0)" in str(caught.value)


def test_outputs_that_suit_the_cost_are_taken() -> None:
    own = nn.Activation("a[k] = exp(z[k])")
    for last, cost in ((nn.Softplus(), nn.CrossEntropy()), (own, nn.BinaryCrossEntropy()), (nn.Tanh(), nn.Hinge())):
        assert lines([nn.Linear(2, 2), last], cost)
