"""Whether targets may be brought to another mean and deviation, told by the equations."""

from __future__ import annotations

import pytest

from chainrule.network.shifted import may_be_shifted
from chainrule.notation import parse

LINE = "data x[i], y\nparam w[i], v[j], b\nz = sum(i) w[i]*x[i]\n"


@pytest.mark.parametrize(
    ("lines", "may"),
    [
        ("a = z\ncost C = (a - y)^2", True),
        ("a = z + b\ncost C = 1/2*(y - a)^2", True),
        ("a = (sum(j) v[j]*tanh(z)) + b\ncost C = abs(a - y)", True),
        ("a = sum(j) v[j]*relu(z)\nr = a - y\ncost C = log(cosh(r))", True),
        ("a = z\ncost C = (a - y)^2 + 1/10*b^2", True),
        ("a = z\ncost C = exp(a) - y*a", False),
        ("a = exp(z)\ncost C = a - y*log(a)", False),
        ("a = sigmoid(z)\ncost C = (a - y)^2", False),
        ("a = exp(z)\ncost C = (a - y)^2", False),
        ("a = z\ncost C = (a - y)^2*y", False),
        ("a = z\ncost C = (a + y)^2", False),
        ("a = z\ncost C = (a - y)^2/(1 + y^2)", False),
        ("a = z\ngiven y >= 0\ncost C = (a - y)^2", False),
    ],
)
def test_only_a_difference_from_an_output_without_bounds_is_shifted(lines: str, may: bool) -> None:
    text = LINE if "v[j]" in lines else LINE.replace(", v[j]", "")
    assert may_be_shifted(parse(text + lines), "a", "y") is may
