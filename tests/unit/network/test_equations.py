"""The textbook's listing, as text and as LaTeX."""

from __future__ import annotations

from chainrule import nn
from chainrule.network import Network
from chainrule.nn.updates import updates_text
from chainrule.notation import parse
from chainrule.training import train
from unit.network.builders import classifier, clusters

LISTING = """\
forward pass
  z1[j] = Σ_i W1[j,i]·x[i] + b1[j]
  a1[j] = sigmoid(z1[j])
  z2[k] = Σ_j W2[k,j]·a1[j] + b2[k]
  a2[k] = exp(z2[k])/(Σ_m exp(z2[m]))
  C = −Σ_k y[k]·log(a2[k])

backward pass
  δ2[k] = ∂C/∂z2[k] = a2[k] − y[k]
  ∂C/∂W2[k,j] = a1[j]·δ2[k]
  ∂C/∂b2[k] = δ2[k]
  δ1[j] = ∂C/∂z1[j] = a1[j]·(1 − a1[j])·Σ_k W2[k,j]·δ2[k]
  ∂C/∂W1[j,i] = x[i]·δ1[j]
  ∂C/∂b1[j] = δ1[j]"""

UPDATE = """

update (∂C is the mean over the samples n of a mini-batch)
  learning_rate = 0.5
  weight_decay = 0.001
  W1[j,i] ← W1[j,i] − learning_rate·(∂C/∂W1[j,i] + weight_decay·W1[j,i])
  b1[j] ← b1[j] − learning_rate·∂C/∂b1[j]
  W2[k,j] ← W2[k,j] − learning_rate·(∂C/∂W2[k,j] + weight_decay·W2[k,j])
  b2[k] ← b2[k] − learning_rate·∂C/∂b2[k]"""


def test_the_listing_of_a_classifier() -> None:
    equations = classifier().equations()
    assert str(equations) == repr(equations) == LISTING


def test_a_trained_network_shows_its_update() -> None:
    network = classifier()
    x, labels = clusters(6)
    train(network, x, labels, epochs=1, optimizer=nn.SGD(0.5, weight_decay=1e-3))
    assert str(network.equations()) == LISTING + UPDATE


def test_constants_stand_where_they_are_read() -> None:
    network = Network([nn.Linear(2, 1), nn.LeakyReLU(0.1)], cost=nn.QuadraticCost() + nn.L2(0.25))
    train(network, [[1.0, 2.0]], [[1.0]], epochs=1, optimizer=nn.SGD(0.5), executor="reference")
    forward, backward, update = str(network.equations()).split("\n\n")
    assert forward.splitlines()[1:4] == ["  slope1 = 0.1", "  l2_strength = 0.25", "  z1[j] = Σ_i W1[j,i]·x[i] + b1[j]"]
    assert "\n  slope1 = " not in backward
    assert update.splitlines()[1] == "  learning_rate = 0.5"
    assert "slope1" not in update


def test_latex_for_notebooks() -> None:
    equations = classifier().equations()
    bundle = equations._repr_mimebundle_()
    assert bundle["text/plain"] == LISTING
    latex = bundle["text/latex"]
    assert latex.startswith("$$\n\\begin{aligned}\n")
    assert latex.endswith("\n\\end{aligned}\n$$")
    assert r"\delta^{2}_{k} &= \frac{\partial C}{\partial z^{2}_{k}} = a^{2}_{k} - y_{k} \\" in latex
    assert r"\frac{\partial C}{\partial b^{1}_{j}} &= \delta^{1}_{j}" in latex


def test_latex_shows_the_update() -> None:
    network = classifier()
    network.updates = "const eta = 1/2\nupdate b2[k] = b2[k] - eta*∂C/∂b2[k]"
    assert r"b^{2}_{k} &\leftarrow b^{2}_{k} - " in network.equations()._repr_latex_()


def test_a_name_that_is_taken_stays_as_it_is() -> None:
    text = "data x[i], y[i]\nparam δ[i], v[i]\nbatch n\nz[i] = δ[i]*x[i] + v[i]\ncost C = sum(i) (tanh(z[i]) - y[i])^2"
    network = Network.from_system(parse(text), {"δ": [1.0], "v": [0.0]}, output="z")
    assert "∂C/∂δ[i] = x[i]·∂C/∂z[i]" in str(network.equations())
    renamed = Network.from_system(parse(text.replace("δ", "w")), {"w": [1.0], "v": [0.0]}, output="z")
    assert "∂C/∂w[i] = x[i]·δ[i]" in str(renamed.equations())


def test_what_an_optimizer_keeps_and_computes_stands_with_the_update() -> None:
    network = Network([nn.Linear(2, 1)], cost=nn.QuadraticCost())
    network.updates = updates_text(nn.RMSProp(nn.StepDecay(0.1, 0.5, steps=3), clip_norm=2.0), network.system)
    forward, backward, update = str(network.equations()).split("\n\n")
    assert forward.splitlines()[1:] == ["  z1[j] = Σ_i W1[j,i]·x[i] + b1[j]", "  C = 1/2·Σ_j (z1[j] − y[j])^2"]
    assert "clip" not in backward
    assert update.splitlines()[1:] == [
        "  alpha = 0.99",
        "  epsilon = 1e-08",
        "  initial_rate = 0.1",
        "  decay_factor = 0.5",
        "  decay_steps = 3",
        "  clip_norm = 2",
        "  step, drops, v_W1, v_b1 = 0 before the first step",
        "  learning_rate = initial_rate·decay_factor^drops",
        "  gradient_norm = sqrt(Σ_{j,i} (∂C/∂W1[j,i])^2 + Σ_j (∂C/∂b1[j])^2)",
        "  gradient_scale = minimum(1, clip_norm/(gradient_norm + 1e-6))",
        "  clipped_W1[j,i] = gradient_scale·∂C/∂W1[j,i]",
        "  new_v_W1[j,i] = alpha·v_W1[j,i] + (1 − alpha)·clipped_W1[j,i]^2",
        "  clipped_b1[j] = gradient_scale·∂C/∂b1[j]",
        "  new_v_b1[j] = alpha·v_b1[j] + (1 − alpha)·clipped_b1[j]^2",
        "  drops ← drops + [step + 1 ≥ decay_steps·(drops + 1)]",
        "  step ← step + 1",
        "  v_W1[j,i] ← new_v_W1[j,i]",
        "  W1[j,i] ← W1[j,i] − learning_rate·clipped_W1[j,i]/(sqrt(new_v_W1[j,i]) + epsilon)",
        "  v_b1[j] ← new_v_b1[j]",
        "  b1[j] ← b1[j] − learning_rate·clipped_b1[j]/(sqrt(new_v_b1[j]) + epsilon)",
    ]
    latex = network.equations()._repr_latex_()
    assert r"\mathrm{gradient\_norm} &=" in latex
