"""A result that ends a cell is shown as mathematics, in a terminal as `print` shows it."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from web import formulas, seen, signs, tree_of

SYSTEM = "data x[i], y\nparam w[i]\np = tanh(sum(i) w[i]*x[i])\ncost C = (p - y)^2"
LAYERS = """data a[0; k], y[j]
param w[l; j,k]
for l = 1..L:
    a[l; j] = tanh(sum(k) w[l; j,k]*a[l-1; k])
cost C = sum(j) (a[L; j] - y[j])^2"""


def results() -> dict[str, object]:
    system = cr.parse(SYSTEM)
    inputs = {"x": [1.0, 2.0], "y": 1.0, "w": [0.1, 0.2]}
    back = cr.backprop(system)
    network = cr.Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    families = cr.parse(LAYERS)
    return {
        "system": system,
        "equation": system.equations[0],
        "backprop": back,
        "derivation": back.derivation("w"),
        "steps": back.steps(),
        "verdict": cr.check(system, "∂C/∂p = p - y"),
        "gradients": cr.gradient_check(system),
        "explanation": cr.explain(system, inputs, of="w", at=0),
        "paths": cr.paths(system, inputs, of="w", at=0),
        "why": cr.why(system, "w", inputs, at=0),
        "jacobian": cr.jacobian(system, of="p", wrt="w"),
        "hessian": cr.hessian(system),
        "jvp": cr.jvp(system),
        "families": families,
        "backprop of families": cr.backprop(families),
        "network": network,
        "equations": network.equations(),
        "summary": network.summary(),
    }


@pytest.mark.parametrize(("name", "result"), results().items(), ids=results())
def test_a_cell_shows_mathematics_and_repr_stays_what_it_was(name: str, result: object) -> None:
    bundle = result._repr_mimebundle_()  # type: ignore[attr-defined]
    assert sorted(bundle) == ["text/html", "text/latex", "text/plain"]
    plain = repr(result) if name in {"jacobian", "hessian"} else str(result)
    assert bundle["text/plain"] == plain
    assert len(list(formulas(tree_of(bundle["text/html"])))) >= (name != "gradients")
    assert bundle["text/latex"].count("{") == bundle["text/latex"].count("}")
    if name not in {"jacobian", "hessian", "network", "equations", "summary", "steps"}:
        assert repr(result).startswith(type(result).__name__)


def test_only_what_is_asked_for_is_made() -> None:
    system = cr.parse(SYSTEM)
    assert list(system._repr_mimebundle_(include={"text/latex"})) == ["text/latex"]
    assert list(system._repr_mimebundle_(exclude={"text/html", "text/latex"})) == ["text/plain"]


def test_numbers_that_have_no_document_are_text() -> None:
    network = cr.Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    history = cr.train(network, np.zeros((2, 1)), np.zeros((2, 1)), epochs=1)
    assert history._repr_mimebundle_() == {"text/plain": str(history)}


@pytest.mark.parametrize("text", [SYSTEM, f"batch n\n{SYSTEM}", f"index i = 3\n{SYSTEM}", LAYERS])
def test_a_document_says_what_the_text_says(text: str) -> None:
    system = cr.parse(text)
    page = seen(tree_of(system._repr_html_()))
    assert page.count("=") >= str(system).count("=")
    for word in ("data ", "param ", "cost\xa0"):
        assert word in page


def test_the_steps_of_a_derivation_are_closed_and_what_they_come_to_is_seen() -> None:
    page = tree_of(cr.backprop(cr.parse(SYSTEM)).derivation("w")._repr_html_())
    steps = list(page.iter("details"))
    assert len(steps) > 2
    assert not any("open" in step.attrib for step in steps)
    shown = [signs(formula) for formula in formulas(page)]
    hidden = [signs(formula) for step in steps for formula in formulas(step)]
    assert shown[-1].startswith("∂C∂wi=")
    assert shown[-1] not in hidden


def test_a_share_of_families_is_shown_with_its_steps() -> None:
    (table,) = formulas(tree_of(cr.backprop(cr.parse(LAYERS))._repr_html_()))
    assert "for\xa0l=1,…,L−1" in signs(table)
