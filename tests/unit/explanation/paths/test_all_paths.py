"""All paths from an entry to the cost: what is counted, what is shown, and that a wrong derivative is caught."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import prod

import numpy as np
import pytest

from chainrule import nn
from chainrule.diff.backprop import Cotangents
from chainrule.diff.chain_rule import Contribution
from chainrule.errors import OptionError, VerificationError
from chainrule.execute.reference.scope import Scope
from chainrule.explanation import explain
from chainrule.explanation.paths import paths, sweep
from chainrule.explanation.paths.edges import Link
from chainrule.expr.nodes import ZERO, Expr, number, times
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.pipeline import value_and_grad
from support import assert_close
from unit.explanation.systems import RESIDUAL, network, network_inputs, residual_inputs
from web import formulas, signs, tree_of

WRONG = number(Fraction(10005, 10000))
DECAY = "data x, y\nparam w\np = w*x\ncost C = (p - y)^2 + 3*w^2"


def deep(widths: list[int], seed: int = 0) -> tuple[Network, dict[str, np.ndarray]]:
    layers = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), nn.Tanh())]
    made = Network([*layers[:-1], nn.Softmax()], cost=nn.CrossEntropy(), seed=seed)
    draw = np.random.default_rng(seed)
    return made, {"x": draw.normal(size=widths[0]), "y": np.full(widths[-1], 1 / widths[-1])}


def test_a_path_is_a_chain_of_entries_with_the_formula_and_the_number_of_every_factor() -> None:
    inputs = network_inputs()
    found = paths(network(), inputs, of="W1", at={"j": 3, "i": 2})
    best = found.top[0]
    assert str(best) == "W1[3,2] → z1[3] → a1[3] → z2[3] → a2[3] → C"
    assert [(f.name, f.formula) for f in best.factors] == [
        ("∂z1[3]/∂W1[3,2]", "x[2]"),
        ("∂a1[3]/∂z1[3]", "a1[3]·(1 − a1[3])"),
        ("∂z2[3]/∂a1[3]", "W2[3,3]"),
        ("∂a2[3]/∂z2[3]", "a2[3]·(1 − a2[3])"),
        ("∂C/∂a2[3]", "−y[3]/a2[3]"),
    ]
    assert best.factors[0].value == inputs["x"][2]
    assert best.factors[2].value == inputs["W2"][3, 3]
    assert best.product == prod(f.value for f in best.factors)
    assert [f.formula for f in found.top[1].factors][3] == "−a2[3]·a2[2]"


@pytest.mark.parametrize(("of", "count"), [("W1", 16), ("z1", 16), ("x", 112), ("W2", 4), ("z2", 4), ("b1", 16)])
def test_softmax_is_dense_and_what_acts_entry_by_entry_is_not(of: str, count: int) -> None:
    assert paths(network(given=False), network_inputs(), of=of, at=(0,) * (2 if of[0] == "W" else 1)).count == count


def test_the_paths_of_a_deep_network_are_counted_exactly_without_listing_them() -> None:
    made, inputs = deep([30] + [40] * 19 + [10])
    found = paths(made, inputs, of="x", at=4, top=3)
    assert found.count == 40**19 * 10 * 10
    assert found.nonzero == found.count
    gradient = value_and_grad(made.system, {**made.params, **inputs}, ["x"])[1]["x"][4]
    assert_close(found.total, gradient, rtol=1e-9)
    sizes = [abs(path.product) for path in found.top]
    assert sizes == sorted(sizes, reverse=True)
    assert "about 2.748e32 paths from x[4] to C" in str(found)
    assert "→ … →" in str(found)


def test_a_textbook_network_has_as_many_paths_as_the_product_of_its_widths() -> None:
    made, inputs = deep([784, 100, 10])
    found = paths(made, inputs, of="W1", at={"j": 3, "i": 5})
    assert (found.name, found.count) == ("∂C/∂W1[3,5]", 10 * 10)
    gradient = value_and_grad(made.system, {**made.params, **inputs}, ["W1"])[1]["W1"][3, 5]
    assert_close(found.value, gradient, rtol=1e-14)
    assert_close(found.total, gradient, rtol=1e-9)


def test_weight_decay_is_a_path_of_one_step() -> None:
    found = paths(parse(DECAY), {"x": 2.0, "y": 1.0, "w": 1.0}, of="w")
    assert [(str(p), p.product) for p in found.top] == [("w → C", 6.0), ("w → p → C", 4.0)]
    assert (found.total, found.share(found.top[0]), found.rest) == (10.0, 0.6, 0.0)


def test_a_weight_that_is_used_twice_has_the_paths_of_both_uses() -> None:
    system = parse(
        "param W[i,j]\ndata x[j]\na[i] = sum(j) W[i,j]*x[j]\nr[j] = sum(i) W[i,j]*a[i]\ncost C = sum(j) r[j]^2"
    )
    found = paths(system, {"W": [[1.0, 2.0], [3.0, 4.0]], "x": [1.0, -1.0]}, of="W", at=(0, 1), top=9)
    assert {str(path) for path in found.top} == {
        "W[0,1] → a[0] → r[0] → C",
        "W[0,1] → a[0] → r[1] → C",
        "W[0,1] → r[1] → C",
    }
    assert found.count == 3


def test_cancellation_and_the_rest_are_told() -> None:
    found = paths(parse(RESIDUAL), residual_inputs(), of="z", at=2, top=4)
    assert_close(found.positive + found.negative, found.total, rtol=1e-12)
    assert_close(found.cancellation, 1 - abs(found.total) / found.magnitude)
    assert_close(sum(p.product for p in found.top) + found.rest, found.total, rtol=1e-14)
    text = str(found)
    assert re.search(r"The 4 largest add up to \S+, the other 117 to −\S+\.", text)
    assert re.search(r"Positive products give \S+, negative ones −\S+: \|sum\| is 12 % of Σ\|products\|", text)
    assert "Total of all paths: 12.537. The backward pass gives the same, ∂C/∂z[2] = 12.537, up to a rounding" in text


def test_paths_with_a_factor_0_are_counted_and_the_reason_is_told() -> None:
    system, inputs = network("relu", given=False), network_inputs()
    off = int((inputs["W1"] @ inputs["x"] + inputs["b1"] <= 0).sum())
    found = paths(system, inputs, of="x", at=2)
    assert (found.count, found.nonzero) == (7 * 4 * 4, (7 - off) * 4 * 1)
    text = str(found)
    assert "92 of 112 paths have a factor 0:" in text
    assert f"{off} of 7 ∂a1[j]/∂z1[j] = [z1[j] > 0]: z1[j] ≤ 0, where the derivative of relu is 0" in text
    assert "3 of 4 ∂C/∂a2[k] = −y[k]/a2[k]: y[k] is 0" in text


def test_where_all_paths_are_dead_none_is_shown_and_the_total_is_0() -> None:
    system, inputs = network("relu", given=False), network_inputs()
    off = int(np.argmin(inputs["W1"] @ inputs["x"] + inputs["b1"]))
    found = paths(system, inputs, of="W1", at=(off, 0))
    assert (found.count, found.nonzero, found.total, found.top) == (16, 0, 0.0, ())
    assert "16 of 16 paths have a factor 0:" in str(found)


def test_where_no_path_leads_to_the_cost_that_is_said() -> None:
    found = paths(parse("param w, v\nu = 2*v\ncost C = w^2"), {"w": 1.0, "v": 1.0}, of="v")
    assert (found.count, found.value) == (0, 0.0)
    assert "No path leads to C: ∂C/∂v is 0 whatever the numbers are." in str(found)


def test_all_paths_of_one_size_are_found_one_by_one() -> None:
    lines = ["param x[i]", *(f"h{n}[i] = sum(j) h{n - 1}[j]*[j >= 0]*[i >= 0]" for n in range(2, 12))]
    text = "\n".join([lines[0], "h1[i] = 2*x[i]", *lines[1:], "cost C = sum(i) h11[i]"])
    found = paths(parse("index i = 20\n" + text), {"x": np.ones(20)}, of="x", at=0, top=200)
    assert found.count == 20**10
    assert len({str(path) for path in found.top}) == 200
    assert {path.product for path in found.top} == {2.0}


def test_products_too_small_for_a_number_are_still_put_in_order() -> None:
    system = parse("param w[i]\na[i] = w[i]*1e-200\nb[i] = a[i]*1e-200\ncost C = sum(i) (1 + i)*b[0] + b[1]")
    found = paths(system, {"w": [1.0, 1.0]}, of="w", at=0)
    assert (found.nonzero, found.top[0].product) == (1, 0.0)
    system = parse(
        "param s\nu[i] = s*(1 + i)\na[i] = u[i]*1e-200\nb[i] = a[i]*1e-200\ncost C = (sum(i) b[i])\nindex i = 3"
    )
    assert [path.entries[1] for path in paths(system, {"s": 1.0}, of="s").top] == ["u[2]", "u[1]", "u[0]"]


def test_edges_are_computed_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [paths(network(given=False), network_inputs(), of=of, at=at) for of, at in (("x", 2), ("W1", (1, 1)))]
    monkeypatch.setattr(sweep, "EDGES_AT_ONCE", 9)
    parts = [paths(network(given=False), network_inputs(), of=of, at=at) for of, at in (("x", 2), ("W1", (1, 1)))]
    for one, other in zip(whole, parts, strict=True):
        assert (one.count, one.nonzero, one.top) == (other.count, other.nonzero, other.top)
        assert [(s.edges, s.zeros, s.reasons) for s in one.links] == [
            (s.edges, s.zeros, s.reasons) for s in other.links
        ]
        assert_close(one.total, other.total, rtol=1e-13)


def test_one_sample_of_a_batch_is_followed() -> None:
    batched = network_inputs(6)
    found = paths(network(batch=True), batched, of="b1", at=0, sample=4)
    one = {**batched, "x": batched["x"][4], "y": batched["y"][4]}
    assert_close(found.total, value_and_grad(network(), one)[1]["b1"][0], rtol=1e-10)


def test_products_that_overflow_are_told_and_do_not_stop_the_rest() -> None:
    system = parse("param z[k]\ndata y[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = -sum(k) y[k]*log(a[k])")
    found = paths(system, {"z": [0.0, 800.0], "y": [1.0, 0.0]}, of="z", at=0)
    assert not np.isfinite(found.total)
    assert "These products overflow at such numbers; the backward pass gives −1." in str(found)


def _change(monkeypatch: pytest.MonkeyPatch, user: str, factor: Expr) -> None:
    """Make the local derivatives of one tensor wrong for whoever follows paths, not for the backward pass."""
    right = sweep.link_of

    def wrong(path: Contribution, source: str, scope: Scope, cotangents: Cotangents) -> Link:
        made = (
            replace(path, local=replace(path.local, value=times(factor, path.local.value)))
            if path.through == user
            else path
        )
        return right(made, source, scope, cotangents)

    monkeypatch.setattr(sweep, "link_of", wrong)


@pytest.mark.parametrize("user", ["z1", "a1", "z2", "a2", "C"])
def test_a_local_derivative_wrong_by_a_twentieth_of_a_percent_is_caught(
    monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    _change(monkeypatch, user, WRONG)
    with pytest.raises(VerificationError, match=r"the terms of all paths of ∂C/∂W1\[3,2\] do not add up to its value"):
        paths(network(given=False), network_inputs(), of="W1", at=(3, 2))


def test_a_wrong_derivative_deep_inside_is_caught_though_most_of_the_products_cancel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, inputs = deep([30] + [40] * 19 + [10])
    _change(monkeypatch, "a10", WRONG)
    with pytest.raises(VerificationError, match="do not add up"):
        paths(made, inputs, of="x", at=4)


def test_a_path_that_is_left_out_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    _change(monkeypatch, "p", ZERO)
    with pytest.raises(VerificationError, match="they add up to 6, the backward pass has 10"):
        paths(parse(DECAY), {"x": 2.0, "y": 1.0, "w": 1.0}, of="w")


def test_explain_shows_them_if_asked_to() -> None:
    inputs = network_inputs()
    found = explain(network(), inputs, of="W1", at=(3, 2), paths=True, top=2)
    assert found.routes is not None
    assert found.routes.count == 16
    assert str(found).endswith(str(found.routes))
    assert len(found.routes.top) == 2
    assert explain(network(), inputs, of="W1", at=(3, 2)).routes is None
    assert found.routes._repr_html_().removeprefix("<div>").removesuffix("</div>") in found._repr_html_()


def test_the_web_page_escapes_all_text() -> None:
    system, inputs = network("relu", given=False), network_inputs()
    page = tree_of(paths(system, inputs, of="x", at=2)._repr_html_())
    assert len(list(page.iter("table"))) == 4
    assert any("[zj1>0]" in signs(formula) for formula in formulas(page))


def test_nothing_is_shown_only_where_something_is_asked_for() -> None:
    with pytest.raises(OptionError, match="top = 0 shows no path"):
        paths(parse(DECAY), {"x": 2.0, "y": 1.0, "w": 1.0}, of="w", top=0)
