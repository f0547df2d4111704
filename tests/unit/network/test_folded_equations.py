"""Equal layers in the equations of a network, and the names that its tensors have there."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import OptionError
from chainrule.families.folded import folded
from chainrule.network import Network
from chainrule.nn.updates import updates_text
from unit.network.builders import classifier

LISTING = """\
forward pass (L = 5)
  a[0; i] = x[i]
  for l = 1..L-1:
      z[l; j] = Σ_i W[l; j,i]·a[l-1; i] + b[l; j]
      a[l; j] = sigmoid(z[l; j])
  z[L; j] = Σ_i W[L; j,i]·a[L-1; i] + b[L; j]
  a[L; j] = exp(z[L; j])/(Σ_r exp(z[L; r]))
  C = −Σ_j y[j]·log(a[L; j])

backward pass
  δ[L; j] = ∂C/∂z[L; j] = a[L; j] − y[j]
  for l = L-1..1:
      δ[l; j] = ∂C/∂z[l; j] = a[l; j]·(1 − a[l; j])·Σ_k W[l+1; k,j]·δ[l+1; k]
  for l = 1..L:
      ∂C/∂W[l; j,i] = a[l-1; i]·δ[l; j]
      ∂C/∂b[l; j] = δ[l; j]"""

UPDATE = """\
  learning_rate = 0.1
  momentum = 0.9
  for l = 1..L:
      v_W[l], v_b[l] = 0 before the first step
  for l = 1..L:
      new_v_W[l; j,i] = momentum·v_W[l; j,i] + ∂C/∂W[l; j,i]
      new_v_b[l; j] = momentum·v_b[l; j] + ∂C/∂b[l; j]
  for l = 1..L:
      v_W[l; j,i] ← new_v_W[l; j,i]
      W[l; j,i] ← W[l; j,i] − learning_rate·new_v_W[l; j,i]
      v_b[l; j] ← new_v_b[l; j]
      b[l; j] ← b[l; j] − learning_rate·new_v_b[l; j]"""


def deep(depth: int = 4, *more: nn.Layer) -> Network:
    """Return a network of so many sigmoid layers and a softmax."""
    layers = [layer for _ in range(depth) for layer in (nn.Linear(6, 6), nn.Sigmoid(), *more)]
    return Network([*layers, nn.Linear(6, 3), nn.Softmax()], cost=nn.CrossEntropy())


@pytest.mark.parametrize("depth", [3, 4, 12])
def test_equal_layers_stand_once(depth: int) -> None:
    lines = str(deep(depth).equations()).splitlines()
    assert lines[0] == f"forward pass (L = {depth + 1})"
    assert len(lines) == len(LISTING.splitlines())
    inner = {3: "q", 4: "r", 12: "m"}[depth]
    assert lines[1:] == LISTING.replace("Σ_r", f"Σ_{inner}").replace("; r]", f"; {inner}]").splitlines()[1:]


def test_two_equal_layers_are_shown_as_they_are() -> None:
    network = deep(2)
    assert "for l" not in str(network.equations())
    assert str(network.equations()) == str(network.equations(flat=True))


def test_flat_equations_show_each_layer() -> None:
    flat = str(deep().equations(flat=True)).splitlines()
    assert flat[:3] == ["forward pass", "  z1[j] = Σ_i W1[j,i]·x[i] + b1[j]", "  a1[j] = sigmoid(z1[j])"]
    assert len(flat) == 29
    assert not any("[l" in line for line in flat)


def test_the_update_is_that_of_each_layer() -> None:
    network = deep()
    network.updates = updates_text(nn.SGD(0.1, momentum=0.9), network.system)
    assert str(network.equations()).split("mini-batch)\n")[1] == UPDATE


def test_numbers_that_are_no_layers_stay_behind_their_names() -> None:
    network = deep()
    network.updates = updates_text(nn.Adam(0.1), network.system)
    text = str(network.equations())
    assert "\n  correction1 = 1 − beta1^t\n  correction2 = 1 − beta2^t\n  for l = 1..L:\n" in text
    assert (
        "\n  step = 0 before the first step\n  for l = 1..L:\n      m_W[l], v_W[l], m_b[l], v_b[l] = 0 before" in text
    )


def test_constants_of_equal_layers_stand_once() -> None:
    text = str(deep(4, nn.Dropout(0.1)).equations())
    assert "\n  for l = 1..L-1:\n      dropout[l;] = 0.1\n  d[0; i] = x[i]\n" in text
    assert "d[l; j] = mask[l; j]·a[l; j]/(1 − dropout[l;])" in text


def test_terms_of_equal_layers_are_a_sum_over_the_layers() -> None:
    layers = [layer for _ in range(4) for layer in (nn.Linear(6, 6), nn.Sigmoid())]
    network = Network([*layers, nn.Linear(6, 3)], cost=nn.QuadraticCost() + nn.L2(0.1))
    network.updates = updates_text(nn.SGD(0.1, clip_norm=1.0), network.system)
    text = str(network.equations())
    assert "\n  penalty = 1/2·l2_strength·Σ_{l=1..L} Σ_{j,i} W[l; j,i]^2\n" in text
    norm = "sqrt(Σ_{l=1..L} (Σ_{j,i} (∂C/∂W[l; j,i])^2 + Σ_j (∂C/∂b[l; j])^2))"
    assert f"\n  gradient_norm = {norm}\n" in text
    assert r"\mathrm{l2\_strength} \, \sum_{l=1}^{L} \sum_{ji} " in network.equations()._repr_latex_()
    assert "Σ_{j,i} W1[j,i]^2 + Σ_{k,j} W2[k,j]^2 + " in str(network.equations(flat=True))


def test_terms_that_differ_are_in_no_sum_over_layers() -> None:
    lines = [f"z{n}[k] = W{n}[k]*tanh(z{n - 1}[k])" for n in range(1, 5)]
    penalty = "cost C = (sum(k) z4[k]^2) + (sum(k) W1[k]^2) + (sum(k) W2[k]^2) + {} + (sum(k) W4[k]^2)"
    head = ["data z0[k]", "param W1[k], W2[k], W3[k], W4[k]", "batch n"]

    def cost(third: str) -> str:
        text = "\n".join([*head, *lines, penalty.format(third)])
        lines_of = str(Network.from_system(cr.parse(text), output="z4").equations()).splitlines()
        return next(line.strip() for line in lines_of if line.startswith("  C ="))

    assert cost("(sum(k) W3[k]^2)") == "C = Σ_k z[L; k]^2 + Σ_{l=1..L} Σ_k W[l; k]^2"
    assert "l=" not in cost("(sum(k) W3[k]^4)")
    assert "l=" not in cost("(sum(k) z3[k]^2)")
    assert "l=" not in cost("2*(sum(k) W3[k]^2)")


def test_the_family_of_a_network_is_its_forward_pass_alone() -> None:
    network = deep(3, nn.Dropout(0.1))
    network.updates = updates_text(nn.Adam(0.1), network.system)
    families = network.equations().families
    assert families == folded(network.system)
    assert "beta1" not in str(families)
    assert classifier().equations().families is None
    network.freeze(2)
    assert network.equations().families is None


def test_what_is_frozen_has_no_gradient() -> None:
    network = deep()
    network.freeze(1)
    backward = str(network.equations()).partition("backward pass\n")[2]
    assert "  for l = L-1..2:\n      δ[l; j] = " in backward
    assert "  for l = 2..L:\n      ∂C/∂W[l; j,i] = " in backward
    assert "[1;" not in backward


def test_the_backward_pass_is_that_of_the_family() -> None:
    layers = [layer for _ in range(4) for layer in (nn.Linear(6, 6), nn.Tanh())]
    network = Network(layers, cost=nn.QuadraticCost())
    families = network.equations().families
    assert families is not None
    assert families == folded(network.system)
    derived = str(cr.backprop(families).system).partition("cost ")[2].splitlines()[1:]
    shown = str(network.equations(names="plain")).partition("backward pass\n")[2].splitlines()
    assert [line.strip() for line in shown] == [line.strip() for line in derived]


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ("textbook", "δ[l; j] = ∂C/∂z[l; j] = a[l; j]·(1 − a[l; j])·Σ_k W[l+1; k,j]·δ[l+1; k]"),
        ("plain", "∂C/∂z[l; j] = a[l; j]·(1 − a[l; j])·Σ_k W[l+1; k,j]·∂C/∂z[l+1; k]"),
        ("ng", "dz[l; j] = ∂C/∂z[l; j] = a[l; j]·(1 − a[l; j])·Σ_k W[l+1; k,j]·dz[l+1; k]"),
    ],
)
def test_names_of_other_books(names: str, line: str) -> None:
    assert f"      {line}\n" in str(deep().equations(names=names))


def test_names_of_other_books_in_a_network_of_few_layers() -> None:
    network = classifier()
    assert "\n  ∂C/∂z2[k] = a2[k] − y[k]\n" in str(network.equations(names="plain"))
    assert "\n  dW2[k,j] = ∂C/∂W2[k,j] = a1[j]·dz2[k]\n" in str(network.equations(names="ng"))
    assert "\n  e[k] = ∂C/∂z2[k] = a2[k] − y[k]\n" in str(network.equations(names={"∂C/∂z2": "e"}))
    with pytest.raises(OptionError, match="there are no names 'bishop'"):
        str(network.equations(names="bishop"))


def test_a_name_of_your_own_for_one_layer_shows_each_layer() -> None:
    network = deep()
    assert "      e[l; j] = ∂C/∂z[l; j] = " in str(
        network.equations(names=lambda of: of.replace("∂C/∂z", "e") if "z" in of else None)
    )
    assert "  e2[k] = ∂C/∂z2[k] = " in str(network.equations(names={"∂C/∂z2": "e2"}))
    assert "  J = −Σ_j y[j]·log(a[L; j])" in str(network.equations(names={"C": "J"}))


def test_an_update_has_the_names_of_the_book() -> None:
    network = classifier()
    network.updates = updates_text(nn.SGD(0.5), network.system)
    assert "b1[j] ← b1[j] − learning_rate·db1[j]" in str(network.equations(names="ng"))


def test_the_name_of_an_error_is_not_that_of_a_family() -> None:
    head = "data x[k], y[k]\nparam δ1[k], δ2[k], δ3[k], δ4[k]\nbatch n\n"
    lines = [f"z{n}[k] = δ{n}[k]*tanh(z{n - 1}[k])" for n in range(2, 5)]
    text = "\n".join([head, "z1[k] = δ1[k]*tanh(x[k])", *lines, "cost C = sum(k) (z4[k] - y[k])^2"])
    network = Network.from_system(cr.parse(text), output="z4")
    assert "∂C/∂δ[l; k] = ∂C/∂z[l; k]·tanh(z[l-1; k])" in str(network.equations())


def test_latex_tells_how_many_layers_there_are_and_which() -> None:
    latex = deep().equations()._repr_latex_()
    assert latex.startswith("$$\n\\begin{aligned}\nL &= 5 \\\\\na^{0}_{i} &= x_{i} \\\\\nz^{l}_{j} &= \\sum_{i} ")
    assert r"a^{l}_{j} &= \sigma\left(z^{l}_{j}\right) \qquad l = 1, \ldots, L-1 \\" in latex
    assert r"\delta^{l}_{j} &= \frac{\partial C}{\partial z^{l}_{j}} = a^{l}_{j}" in latex
    assert r"\qquad l = L-1, \ldots, 1 \\" in latex
