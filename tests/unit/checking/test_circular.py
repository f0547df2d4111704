"""Answers that go round in a circle: they may be true, and say nothing."""

from __future__ import annotations

import pytest

from chainrule.checking import check
from chainrule.errors import NotationError
from chainrule.notation import parse
from chainrule.system.model import System
from unit.checking.systems import GIVEN_SYSTEM, NETWORK, RESIDUAL, UNKNOWN_SYSTEM

NO_WAY = parse("param w, u\ncost C = w^2")
SHIFT = parse("data x[n]\nparam w[n], b\na[n] = w[n]*x[n] + b\ncost C = sum(n) a[n]")


@pytest.mark.parametrize(
    ("system", "answer", "name", "because"),
    [
        (NETWORK, "∂C/∂z2[k] = ∂C/∂b2[k]", "∂C/∂b2", "z2 depends on b2"),
        (NETWORK, "∂C/∂z1[j] = ∂C/∂b1[j]", "∂C/∂b1", "z1 depends on b1"),
        (NETWORK, "∂C/∂a1[j] = ∂C/∂z1[j]/(a1[j]*(1-a1[j]))", "∂C/∂z1", "a1 depends on z1"),
        (NETWORK, "∂C/∂z2[k] = 0*∂C/∂x[0] + a2[k] - y[k]", "∂C/∂x", "z2 depends on x"),
        (NETWORK, "∂C/∂z2[k] = 2*∂C/∂b2[k]", "∂C/∂b2", "z2 depends on b2"),
        (RESIDUAL, "∂C/∂h[i] = ∂C/∂z[i] - (sum(j) W[j,i]*∂C/∂u[j])", "∂C/∂z", "h depends on z"),
        (UNKNOWN_SYSTEM, "∂C/∂a[k] = ∂C/∂z[0]", "∂C/∂z", "a depends on z"),
    ],
)
def test_an_answer_by_what_leads_to_it_is_refused(system: System, answer: str, name: str, because: str) -> None:
    with pytest.raises(NotationError) as caught:
        check(system, answer)
    target = answer.partition("[")[0]
    assert caught.value.what == f"the answer for {target} names {name}, which is itself computed from {target}"
    assert caught.value.advice == f"{because}: the answer goes round in a circle."
    line, caret = caught.value.where.splitlines()[:2]
    assert line[caret.index("^") :].startswith(name)


def test_what_may_be_named_instead_is_said() -> None:
    with pytest.raises(NotationError) as caught:
        check(NETWORK, "∂C/∂z1[j] = ∂C/∂b1[j]")
    assert caught.value.expected == "an answer that names no derivative of C but ∂C/∂a1, ∂C/∂z2, ∂C/∂a2"


@pytest.mark.parametrize(
    ("system", "answer"),
    [
        (GIVEN_SYSTEM, "∂C/∂z[j] = ∂C/∂z[j]"),
        (GIVEN_SYSTEM, "∂C/∂z[j] = 2/2*∂C/∂z[j]"),
        (GIVEN_SYSTEM, "∂C/∂z[j] = 3*∂C/∂z[j] - 2*∂C/∂z[j]"),
        (GIVEN_SYSTEM, "∂C/∂z[j] = 2*∂C/∂z[j] - a[j] + y[j]"),
        (GIVEN_SYSTEM, "∂C/∂z[j] = a[j]/a[j]*∂C/∂z[j]"),
        (NETWORK, "∂C/∂W2[k,j] = ∂C/∂W2[k,j]"),
        (NO_WAY, "∂C/∂u = 2*∂C/∂u"),
        (parse("index k = 1\nparam z[k]\ncost C = sum(k) z[k]^2"), "∂C/∂z[k] = extent(k)*∂C/∂z[k]"),
    ],
)
def test_an_answer_by_itself_is_refused(system: System, answer: str) -> None:
    with pytest.raises(NotationError, match="itself on the right"):
        check(system, answer)


@pytest.mark.parametrize(
    ("system", "answer"),
    [
        (NETWORK, "∂C/∂W2[k,j] = a1[j]*∂C/∂b2[k]"),
        (NETWORK, "∂C/∂b2[k] = ∂C/∂z2[k]"),
        (NETWORK, "∂C/∂x[i] = sum(j) W1[j,i]*∂C/∂b1[j]"),
        (NETWORK, "∂C/∂W1[j,i] = x[i]*∂C/∂b1[j]"),
        (UNKNOWN_SYSTEM, "∂C/∂a[k] = ∂C/∂a[k]"),
        (SHIFT, "∂C/∂b = sum(n) ∂C/∂w[n]/x[n]"),
    ],
)
def test_siblings_and_what_comes_after_are_read(system: System, answer: str) -> None:
    verdict = check(system, answer)
    assert verdict, str(verdict)


@pytest.mark.parametrize("factor", ["2", "-1", "extent(j)", "1/2", "j", "0"])
def test_a_multiple_of_itself_is_wrong(factor: str) -> None:
    verdict = check(GIVEN_SYSTEM, f"∂C/∂z[j] = {factor}*∂C/∂z[j]")
    assert not verdict
    if factor == "0":
        assert verdict.change == "it is 0 everywhere, and the derivative is not"
    else:
        assert verdict.change.startswith("it says that ∂C/∂z[j] is ")
        assert "times itself" in verdict.change
