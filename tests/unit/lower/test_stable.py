"""Stable forms: equal numbers where the form as written has any, finite ones where it overflows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.execute.native.executor import Native
from chainrule.execute.native.training import Session
from chainrule.execute.reference import Reference
from chainrule.lower.stable import stable
from chainrule.notation import parse
from chainrule.system.printing import system_text
from dense import Dense

SOFTMAX = "param z[j]\na[j] = exp(z[j])/(sum(m) exp(z[m]))\n"
FORMS = {
    "softmax": SOFTMAX,
    "log of a softmax": SOFTMAX + "c[k] = log(a[k])",
    "log of a sum": "param z[j]\nc = log(sum(m) exp(z[m]))",
    "log of a sigmoid": "param z[j]\na[j] = sigmoid(z[j])\nc[j] = log(a[j])",
    "log of the rest": "param z[j]\na[j] = sigmoid(z[j])\nc[j] = log(1 - a[j])",
    "scaled": "param z[j]\nconst t = 0.5\na[j] = 3*exp(t*z[j])/(sum(m) exp(t*z[m]))",
}
MODERATE = np.array([0.5, -3.0, 2.0, 7.0])


@pytest.mark.parametrize("name", FORMS)
def test_where_nothing_overflows_nothing_changes(name: str) -> None:
    system = parse(FORMS[name])
    assert stable(system) != system
    expected = Reference().compile(system).evaluate({"z": MODERATE})
    for form in (Reference().compile(stable(system)), Native().compile(system, dtype=np.float64)):
        for key, value in form.evaluate({"z": MODERATE}).items():
            np.testing.assert_allclose(value, expected[key], rtol=1e-13, err_msg=key)


@pytest.mark.parametrize("name", FORMS)
def test_where_the_form_as_written_overflows_numbers_stay_finite(name: str) -> None:
    z = np.array([200.0, -300.0, 50.0, 199.0])
    for value in Native().compile(parse(FORMS[name])).evaluate({"z": z}).values():
        assert np.isfinite(value).all()


def test_a_form_is_stable_after_one_pass() -> None:
    for text in FORMS.values():
        once = stable(parse(text))
        assert system_text(stable(once)) == system_text(once)


def test_what_has_no_such_form_stays_as_it_is() -> None:
    for text in ("c[j] = exp(z[j])/(1 + (sum(m) exp(z[m])))", "c[j] = log(z[j])", "c[j] = exp(z[j])*(sum(m) z[m])"):
        system = parse("param z[j]\n" + text)
        assert stable(system) == system


@pytest.mark.parametrize(("output", "cost"), [("softmax", "cross-entropy"), ("sigmoid", "binary-cross-entropy")])
def test_training_goes_on_where_outputs_are_certain(output: str, cost: str) -> None:
    network = Dense((5, 4, 3), "relu", output, cost)
    values: dict[str, Any] = network.values(0)
    values["W2"] = values["W2"] * 200
    session = Session(network.system(), values, network.data(40, 0), batch_size=8)
    assert np.isfinite(session.run_epoch(np.arange(40)))
    assert all(np.isfinite(p).all() for p in session.params().values())
