"""A step that multiplies out names the factor that cancels, and no other."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.rewrite.rules import Step

CANCELS = {
    "a sum with one": ("data a\nparam s\ncost C = s*a*(1 + 1/a)", "a cancels"),
    "two": ("data a, b\nparam s\ncost C = s*a*b*(1/b + 1/a)", "a and b cancel"),
    "three": ("data a, b, c\nparam s\ncost C = s*a*b*c*(1/b + 1/a + 1/c)", "a, b and c cancel"),
    "a sum itself": ("data a, b\nparam s\ncost C = s*(a + b)*(a - 1/(a + b))", "a + b cancels"),
    "entries": ("data x[i], u[i]\nparam s\ncost C = s*(sum(i) x[i]*(u[i]/x[i] + x[i]))", "x[i] cancels"),
    "before a sum": ("data x, u[i]\nparam s\ncost C = s*x*(sum(i) (u[i]/x + u[i]^2))", "x cancels"),
    "sigmoid with cross-entropy": (
        "data y[k]\nparam z[k]\na[k] = sigmoid(z[k])\ncost C = -(sum(k) (y[k]*log(a[k]) + (1 - y[k])*log(1 - a[k])))",
        "a[k] and 1 − a[k] cancel",
    ),
}


def multiplied_out(text: str) -> list[Step]:
    system = cr.parse(text)
    derivation = cr.backprop(system).derivation(system.params[0])
    derivation.verify()
    return [step for step in derivation.steps if step.rule in {"multiply out", "multiply into the sum"}]


@pytest.mark.parametrize("name", CANCELS)
def test_what_cancels_is_named(name: str) -> None:
    text, said = CANCELS[name]
    assert said in [step.remark for step in multiplied_out(text)]


OTHERS = {
    "a higher power is left": "data a, b\nparam s\ncost C = s*a*(b + 1/a^2)",
    "another entry": "data x[i], u[i]\nparam s\ncost C = s*(sum(i) x[i]*(1 - x[i])*(u[i]/x[0] + 1/(1 - x[0])))",
    "nothing divides": "data a, b\nparam s\ncost C = s*(a*(b - a) + a^2 + b*a)",
    "a number": "data a\nparam s\ncost C = s*2*(a/2 + a^2)",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_does_not_cancel_is_not(name: str) -> None:
    assert not any(step.remark for step in multiplied_out(OTHERS[name]))
