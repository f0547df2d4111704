"""Systems whose layers repeat, told as families: which layers are equal, and which are not."""

from __future__ import annotations

from itertools import pairwise

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.families.folded import folded
from chainrule.families.templates import StepBlock
from chainrule.network import Network
from chainrule.network.equations import Equations
from chainrule.system.model import System
from unit.families.family_systems import MLP, RESIDUAL, SIGMOID, SKIP


def layers(*lines: str, depth: int = 4, params: str = "W{n}[k,j]", cost: str = "sum(k) (a{depth}[k] - y[k])^2") -> str:
    """Return the text of so many layers of the same lines, in which {n} is the number and {m} the one before."""
    head = ["data a0[k], y[k]", f"param {', '.join(params.format(n=n) for n in range(1, depth + 1))}"]
    body = [line.replace("{n}", str(n)).replace("{m}", str(n - 1)) for n in range(1, depth + 1) for line in lines]
    return "\n".join([*head, *body, f"cost C = {cost.format(depth=depth)}"])


LINES = "z{n}[k] = sum(j) W{n}[k,j]*a{m}[j]", "a{n}[k] = tanh(z{n}[k])"


def ranges(system: System) -> list[str]:
    """Return the ranges of the blocks of the system as a family, none where it is none."""
    families = folded(system)
    return [] if families is None else [line[4:-1] for line in str(families).splitlines() if line.startswith("for ")]


def test_equal_layers_are_one_block() -> None:
    families = folded(cr.parse(layers(*LINES)))
    assert str(families) == (
        "data a[0; k], y[k]\n"
        "param W[l; k,j]\n"
        "index L = 4\n\n"
        "for l = 1..L:\n"
        "    z[l; k] = Σ_j W[l; k,j]·a[l-1; j]\n"
        "    a[l; k] = tanh(z[l; k])\n"
        "cost C = Σ_k (a[L; k] − y[k])^2"
    )
    assert cr.parse(str(families)) == families


def test_the_family_has_a_backward_pass_for_every_number_of_layers() -> None:
    families = folded(cr.parse(layers(*LINES)))
    assert families is not None
    assert str(cr.backprop(families)).splitlines() == [
        "∂C/∂z[L; k] = 2·(a[L; k] − y[k])·(1 − a[L; k]^2)",
        "∂C/∂z[l; k] = (1 − a[l; k]^2)·Σ_m W[l+1; m,k]·∂C/∂z[l+1; m]   for l = 1..L-1",
        "∂C/∂W[l; k,j] = a[l-1; j]·∂C/∂z[l; k]   for l = 1..L",
    ]


def test_three_equal_layers_are_needed() -> None:
    assert ranges(cr.parse(layers(*LINES, depth=3))) == ["l = 1..L"]
    assert ranges(cr.parse(layers(*LINES, depth=2))) == []


def test_what_goes_in_is_the_layer_before_the_first() -> None:
    families = folded(cr.parse(layers(*LINES).replace("a0", "x")))
    assert str(families).startswith("data a[0; k], y[k]\n")
    assert "a0[k0]" in str(families.at() if families else "")


def test_a_name_that_is_taken_is_given_to_nothing() -> None:
    text = layers(*LINES, depth=4).replace("a0", "x").replace("y[k]", "y[k], a0[k]", 1)
    assert ranges(cr.parse(text)) == ["l = 2..L"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a2[k] = tanh(z2[k])", "a2[k] = sigmoid(z2[k])"),
        ("a2[k] = tanh(z2[k])", "a2[k] = tanh(z2[k]) + a1[k]"),
        ("a2[k] = tanh(z2[k])", "a2[k] = tanh(z2[k]) + a0[k]"),
        ("a2[k] = tanh(z2[k])", "a2[k] = 2*tanh(z2[k])"),
        ("a2[k] = tanh(z2[k])", "a2[k] = tanh(2*z2[k])"),
        ("a2[k] = tanh(z2[k])", "a2[k] = tanh(z1[k])"),
        ("a2[k] = tanh(z2[k])", "h2[k] = z2[k]\na2[k] = tanh(h2[k])"),
        ("W2[k,j]*a1[j]", "W2[j,k]*a1[j]"),
        ("W2[k,j]*a1[j]", "W1[k,j]*a1[j]"),
        ("W2[k,j]*a1[j]", "W2[k,j]*a0[j]"),
        ("sum(j) W2[k,j]*a1[j]", "mean(j) W2[k,j]*a1[j]"),
    ],
)
def test_a_layer_that_is_not_like_the_others_is_in_no_block(before: str, after: str) -> None:
    text = layers(*LINES, depth=4)
    assert before in text
    assert ranges(cr.parse(text)) == ["l = 1..L"]
    assert ranges(cr.parse(text.replace(before, after))) == []


def test_layers_that_read_one_layer_are_unlike_those_that_read_the_one_before() -> None:
    text = layers(*LINES, depth=7)
    assert ranges(cr.parse(text.replace("W4[k,j]*a3[j]", "W4[k,j]*a2[j]"))) == ["l = 1..3", "l = 5..L"]


def test_layers_that_read_entries_at_other_numbers_are_unlike() -> None:
    lines = "z{n}[k] = (sum(j) W{n}[k,j]*a{m}[j]) + c[0]", "a{n}[k] = tanh(z{n}[k])"
    text = layers(*lines).replace("y[k]", "y[k], c[k]", 1)
    assert ranges(cr.parse(text)) == ["l = 1..L"]
    assert ranges(cr.parse(text.replace("a1[j]) + c[0]", "a1[j]) + c[1]"))) == []


def test_a_sum_that_only_counts_has_the_size_of_its_letter() -> None:
    lines = "z{n}[k] = (sum(j) W{n}[k,j]*a{m}[j]) + (sum(p) 1)", "a{n}[k] = tanh(z{n}[k])"
    text = "index p = 3, q = 4\n" + layers(*lines)
    assert ranges(cr.parse(text)) == ["l = 1..L"]
    assert ranges(cr.parse(text.replace("a1[j]) + (sum(p) 1)", "a1[j]) + (sum(q) 1)"))) == []
    sizes = text.replace("(sum(p) 1)", "extent(p)")
    assert ranges(cr.parse(sizes)) == ["l = 1..L"]
    assert ranges(cr.parse(sizes.replace("a1[j]) + extent(p)", "a1[j]) + extent(q)"))) == []


def test_the_size_of_a_layer_is_one_of_the_layer() -> None:
    lines = "z{n}[k] = (sum(j) W{n}[k,j]*a{m}[j])/extent(j)", "a{n}[k] = tanh(z{n}[k])"
    text = layers(*lines, params="W{n}[k{n},j{n}]")
    assert ranges(cr.parse(text)) == ["l = 1..L"]
    assert ranges(cr.parse(text.replace("a1[j])/extent(j)", "a1[j])/extent(k)"))) == []


@pytest.mark.parametrize("letter", ["m", "i"])
def test_layers_may_differ_in_letters(letter: str) -> None:
    line = f"z2[{letter}] = sum(j) W2[{letter},j]*a1[j]"
    assert ranges(cr.parse(layers(*LINES).replace("z2[k] = sum(j) W2[k,j]*a1[j]", line))) == ["l = 1..L"]


def test_the_same_letter_twice_is_not_two_letters() -> None:
    lines = "z{n}[k,j] = W{n}[k,j]*a{m}[k,j]", "a{n}[k,j] = tanh(z{n}[k,j])"
    text = layers(*lines, cost="sum(k,j) a{depth}[k,j]").replace("data a0[k], y[k]", "data a0[k,j]")
    assert ranges(cr.parse(text)) == ["l = 1..L"]
    assert ranges(cr.parse(text.replace("W2[k,j]*a1[k,j]", "W2[j,k]*a1[k,j]"))) == []


def test_two_kinds_of_layers_are_two_blocks() -> None:
    text = layers(*LINES, depth=7)
    for n in (5, 6, 7):
        text = text.replace(f"a{n}[k] = tanh", f"a{n}[k] = sigmoid")
    assert ranges(cr.parse(text)) == ["l = 1..4", "l = 5..L"]


def test_layers_that_read_two_before_them_begin_behind_those() -> None:
    lines = "z{n}[k] = (sum(j) W{n}[k,j]*a{m}[j]) + b{n}[k]", "a{n}[k] = tanh(z{n}[k])"
    text = layers(*lines, depth=6, params="W{n}[k,j], b{n}[k]")
    for n in range(3, 7):
        text = text.replace(f"+ b{n}[k]", f"+ b{n}[k]*a{n - 2}[k]")
    assert ranges(cr.parse(text)) == ["l = 3..L"]


def test_layers_of_a_residual_network_are_one_block() -> None:
    lines = "z{n}[k] = sum(j) W{n}[k,j]*a{m}[j]", "a{n}[k] = a{m}[k] + relu(z{n}[k])"
    assert ranges(cr.parse(layers(*lines))) == ["l = 1..L"]


def test_shared_weights_stay_as_they_are() -> None:
    text = layers(*LINES).replace("W1[k,j], W2[k,j], W3[k,j], W4[k,j]", "U[k,j]")
    for n in range(1, 5):
        text = text.replace(f"W{n}[", "U[")
    families = folded(cr.parse(text))
    assert "param U[k,j]\n" in str(families)
    assert "z[l; k] = Σ_j U[k,j]·a[l-1; j]" in str(families)


def test_numbers_behind_a_sign_are_no_layers() -> None:
    text = "param w_1, w_2, w_3, w_4\na_1 = w_1^2\na_2 = w_2^2\na_3 = w_3^2\ncost C = a_1*a_2*a_3*w_4"
    assert folded(cr.parse(text)) is None


def test_letters_are_free_for_layers() -> None:
    text = layers(*LINES).replace("[k", "[l").replace("sum(k)", "sum(l)")
    assert ranges(cr.parse(text)) == ["r = 1..R"]


def test_a_family_is_called_by_no_name_that_there_is() -> None:
    text = layers("k{n}[k] = tanh(W{n}[k]*k{m}[k])", params="W{n}[k]", cost="sum(k) k{depth}[k]")
    system = cr.parse(text.replace("a0", "k0"))
    assert folded(system) is None


def test_widths_need_not_be_the_same() -> None:
    widths = [5, 4, 3, 2, 6]
    network = Network([x for a, b in pairwise(widths) for x in (nn.Linear(a, b), nn.Tanh())], cost=nn.QuadraticCost())
    families = folded(network.system)
    assert ranges(network.system) == ["l = 1..L"]
    assert families is not None
    inputs = {**network.params, "a0": [1.0] * 5, "y": [0.0] * 6}
    names = {str(n) for n in families.at().declared}
    expected = cr.evaluate(network.system, {**network.params, "x": [1.0] * 5, "y": [0.0] * 6})["C"]
    assert cr.evaluate(families.at(), {n: v for n, v in inputs.items() if n in names})["C"] == pytest.approx(expected)


def test_layers_whose_constants_differ_are_no_family() -> None:
    def family(*rates: float) -> str:
        parts = [x for rate in rates for x in (nn.Linear(3, 3), nn.Tanh(), nn.Dropout(rate))]
        return str(folded(Network(parts, cost=nn.QuadraticCost()).system))

    assert "\nconst dropout[l;] = 1/2\n" in family(0.5, 0.5, 0.5)
    assert family(0.5, 0.5, 0.25) == "None"


def test_layers_whose_letters_tie_other_axes_are_no_family() -> None:
    lines = "z{n}[k] = (sum(j) W{n}[k,j]*a{m}[j]) + b{n}[k]", "a{n}[k] = tanh(z{n}[k])"
    text = layers(*lines, params="W{n}[k{n},j{n}], b{n}[k{n}]")
    assert folded(cr.parse(text)) is not None
    assert folded(cr.parse(text.replace("b2[k2]", "b2[j2]"))) is None


def test_blocks_hold_equations_of_the_lowest_layer_in_its_letters() -> None:
    families = folded(cr.parse(layers(*LINES)))
    assert families is not None
    (block,) = [item for item in families.items if isinstance(item, StepBlock)]
    assert [str(e) for e in block.items] == ["z[l; k] = Σ_j W[l; k,j]·a[l-1; j]", "a[l; k] = tanh(z[l; k])"]


@pytest.mark.parametrize("text", [MLP, SIGMOID, RESIDUAL, SKIP])
def test_a_family_that_is_written_out_is_found_again(text: str) -> None:
    families = cr.parse(text)
    found = folded(families.at(L=5))
    assert found is not None
    assert found.items == families.items
    assert cr.parse(str(found)) == found
    assert str(found.at()) == str(families.at(L=5))


def test_blocks_of_attention_are_one_block_in_letters_that_are_free() -> None:
    lines = (
        "l{n}[t,d] = x{m}[t,d]/sqrt((mean(d) x{m}[t,d]^2) + eps)",
        "w{n}[t,d] = sum(c) V{n}[d,c]*l{n}[t,c]",
        "r{n}[t,u] = (sum(d) l{n}[t,d]*l{n}[u,d])/sqrt(extent(d))",
        "s{n}[t,u] = [u <= t]*exp(r{n}[t,u])/(sum(m) [m <= t]*exp(r{n}[t,m]))",
        "x{n}[t,d] = x{m}[t,d] + (sum(u) s{n}[t,u]*w{n}[u,d])",
    )
    cost = "sum(t,d) (x{depth}[t,d] - y[t,d])^2"
    text = layers(*lines, params="V{n}[d,c]", cost=cost).replace("a0[k], y[k]", "x0[t,d], y[t,d]\nconst eps = 1e-5")
    system = cr.parse(text)
    families = folded(system)
    assert ranges(system) == ["b = 1..B"]
    assert "    r[b; t,u] = (Σ_d l[b; t,d]·l[b; u,d])/sqrt(extent(d))\n" in str(families)
    assert cr.parse(str(families)) == families
    listing = str(Equations(cr.backprop(system).system))
    assert "\n  for b = B-1..2:\n      ∂C/∂x[b; t,d] = " in listing
    assert "\n  for b = 1..B:\n      ∂C/∂V[b; d,c] = Σ_t l[b; t,c]·∂C/∂w[b; t,d]" in listing


def test_a_size_by_the_name_of_a_tensor_makes_no_family() -> None:
    lines = "z{n}[k] = (sum(j) W{n}[k,j]*a{m}[j])/extent(W{n}, 1)", "a{n}[k] = tanh(z{n}[k])"
    assert folded(cr.parse(layers(*lines))) is None
