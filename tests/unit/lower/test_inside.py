"""Native code reads only what lies inside; what may not is named, and run on the reference with the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import evaluate
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.verify.sampling import random_inputs
from support import assert_close

CONVOLUTION = """
param x[c,p,r], w[o,c,u,v]
z[o,i,j] = sum(c,u,v) w[o,c,u,v]*x[c,i+u,2*j+v]
m[o,a] = max(u<2, v<2) z[o,2*a+u,v]
cost C = sum(o,a) tanh(m[o,a])
"""
NATIVE = {
    "convolution and pooling": CONVOLUTION,
    "gradient of pooling": str(backprop(parse("param x[p]\na[i] = max(u<2) x[2*i+u]\ncost C = sum(i) a[i]^2")).system),
    "shift": "param x[i]\ny[i] = x?[i-1]\ncost C = sum(i) y[i]^2",
    "brackets that rule it out": "param x[i]\ncost C = sum(i) [i < extent(i) - 1]*x[i]*x[i+1]*[x[i+1] > 0]",
    "a choice that rules it out": "param x[i]\ncost C = sum(i) where(i > 1 and i < 5, x[i-2], x[i])*x[i]",
    "under a function of its bracket": "param x[i]\ncost C = sum(i) [i = 2]*tanh(x[i-2])",
    "mirror": "index i = 4\nparam x[p]\ncost C = sum(i) x[3-i]^2 + (sum(t) x[2*t]^3) + (sum(k<2) x[k+1])",
}
REFERENCE = {
    "a marked entry as a position, t?[i-1]": "data t[i] : int(v)\nparam E[v]\ncost C = sum(i) E[t?[i-1]]^2",
    "a position that may be outside its tensor, E[t[i]]": "data t[i] : int(3)\nindex v = 2\nparam E[v]\n"
    "cost C = sum(i) where(t[i] < 2, E[t[i]], 1)",
}


@pytest.mark.parametrize("name", NATIVE)
def test_affine_positions_have_machine_code(name: str) -> None:
    system = parse(NATIVE[name])
    inputs = random_inputs(system, 2)
    compiled = Native().compile(system, dtype=np.float64)
    found = compiled.evaluate(inputs)
    assert "on the reference" not in compiled.plan
    for tensor, value in evaluate(system, inputs).items():
        assert_close(found[tensor], value, rtol=1e-12)


@pytest.mark.parametrize("construct", REFERENCE)
def test_what_may_be_outside_is_named(construct: str) -> None:
    system = parse(REFERENCE[construct])
    inputs = random_inputs(system, 2)
    compiled = Native().compile(system, dtype=np.float64)
    found = compiled.evaluate(inputs)
    assert compiled.plan == f"on the reference: there is no machine code yet for {construct}"
    for tensor, value in evaluate(system, inputs).items():
        assert_close(found[tensor], value, rtol=1e-12)


@pytest.mark.parametrize(("most", "native"), [(3, True), (4, False)])
def test_a_bracket_keeps_a_multiple_of_its_index_inside_as_far_as_it_goes(most: int, native: bool) -> None:
    system = parse(f"param x[p]\nindex i = 9\ny[i] = [i < {most}]*[i != 3]*x[2*i]")
    compiled, x = Native().compile(system, dtype=np.float64), np.arange(5.0) + 1
    assert_close(compiled.evaluate({"x": x})["y"], np.array([1.0, 3, 5, 0, 0, 0, 0, 0, 0]))
    assert ("on the reference" not in compiled.plan) == native


def test_what_is_outside_is_an_error_and_never_read() -> None:
    system = parse("data x[p], y[i]\ncost C = sum(i) y[i]*x[i+1]")
    compiled = Native().compile(system, dtype=np.float64)
    with pytest.raises(InputError, match=r"x\[i\+1\] reads outside its tensor at i = 2"):
        compiled.evaluate({"x": np.ones(3), "y": np.ones(3)})


def test_whole_numbers_are_never_looked_up_outside() -> None:
    system = parse("data t[i] : int(v), y[i]\nparam E[v]\ncost C = sum(i) y[i]*E[t[i+1]]")
    compiled = Native().compile(system, dtype=np.float64)
    with pytest.raises(InputError, match=r"t\[i\+1\] reads outside its tensor at i = 2"):
        compiled.evaluate({"t": np.zeros(3), "y": np.ones(3), "E": np.ones(2)})
