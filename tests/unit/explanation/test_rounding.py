"""What rounding can do to a total is judged by sizes before cancellation; else saturation would raise false alarms."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import VerificationError
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.explanation.paths import paths
from chainrule.explanation.paths.edges import Link
from chainrule.explanation.rounding import cancels, size
from chainrule.notation import parse

SOFTMAX = parse("data g[k]\nparam z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = sum(k) g[k]*a[k]")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("u - v", 5.0),
        ("(u - v)^2", 25.0),
        ("-3*u*v", 18.0),
        ("1/(u - v)", 1.0),
        ("sum(i) w[i]", 6.0),
        ("mean(i) (w[i] - 1)", 3.0),
        ("max(i) w[i]", 2.0),
        ("where(u > v, u - v, 0)", 0.0),
        ("[u < v]*(u - v)", 5.0),
        ("sin(-u)", float(np.sin(2.0))),
    ],
)
def test_the_size_of_a_value_is_what_it_would_be_if_nothing_cancelled(value: str, expected: float) -> None:
    system = parse(f"data u, v, w[i]\nparam s\nq = {value}\ncost C = q*s + u*v*w[0]")
    evaluation = evaluate_all(system, {"u": 2.0, "v": 3.0, "w": [1.0, -3.0, 2.0], "s": 1.0})
    assert float(evaluation.value_of(size(system.defined["q"].value))) == pytest.approx(expected, rel=1e-15)


def test_only_what_adds_can_cancel() -> None:
    system = parse("data u, v[i]\np = u*exp(u)\nq = u*(1 - u)\nr = sum(i) v[i]\ncost C = p*q*r")
    assert [cancels(e.value) for e in system.equations] == [False, True, True, False]


def test_a_saturated_softmax_raises_no_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(0)
    cases = [{"z": [draw.uniform(20, 38), *draw.normal(size=3)], "g": draw.normal(size=4)} for _ in range(10)]
    for inputs in cases:
        paths(SOFTMAX, inputs, of="z", at=0)
    monkeypatch.setattr(Link, "sizes", lambda self, scope, box, own, values: np.abs(values))
    alarms = 0
    for inputs in cases:
        try:
            paths(SOFTMAX, inputs, of="z", at=0)
        except VerificationError:
            alarms += 1
    assert alarms > 5
