"""Marked entries in machine code: zeros outside whatever lies there in memory, copies with zeros around, margins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainrule.execute.inputs import check_inputs
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import Reference
from chainrule.lower.lowering import lower
from chainrule.lower.verify import InvalidProgram, verify
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.system.model import System
from support import assert_close

X, W = np.array([3.0, -1.0, 2.0, 5.0, -4.0]), np.array([0.5, -2.0, 1.0])
A = np.arange(35.0).reshape(5, 7) + 1
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "a shift": ("param x[p]\ny[p] = x?[p-1] + x?[p+2]", {"x": X}),
    "before, in and behind": ("param x[p]\nindex i = 40\ny[i] = x?[i-20]", {"x": X}),
    "far outside": ("param x[p]\nindex i = 9\ny[i] = x?[i-500] + x?[300*i+2] + x?[3-7*i]", {"x": X}),
    "more values than the tensor": ("param x[p]\nindex i = 40\ny[i] = x?[i]", {"x": X}),
    "fewer values than the tensor": ("param x[p]\nindex i = 3\ny[i] = x?[i]\nz = sum(u<2) y[u]", {"x": X}),
    "a convolution": ("param x[p], w[u]\ny[p] = sum(u) w[u]*x?[p+u-1]", {"x": X, "w": W}),
    "a convolution turned": ("param x[p], w[u]\nindex i = 7\ny[i] = sum(u) w[u]*x?[i-u]", {"x": X, "w": W}),
    "every third": ("param x[p], w[u]\nindex i = 9\ny[i] = sum(p) w?[i-3*p]*x[p]", {"x": X, "w": W}),
    "a bracket of what is multiplied": ("param x[p]\nindex i = 9\ny[i] = [i < 3]*x[2*i] + [2*i < 5]*x[i]", {"x": X}),
    "both axes": (
        "param A[i,j], w[u]\ny[i,j] = sum(u,v<3) w[u]*w[v]*A?[i+u-1,j+v-1]*[v < 2]\nt[j,i] = A?[i-1,j+1]",
        {"A": A, "w": W},
    ),
    "a diagonal": ("param A[i,j]\nindex k = 9\ny[k] = A?[k-1,k]", {"A": A}),
    "the largest of what is there and 0": ("param x[p]\ny[p] = max(u<3) x?[p+u-1]", {"x": X}),
    "what a mark rules out may be undefined": (
        "param x[p], w[u]\nl[p] = x?[p-2]*log(p-1)\ns[p] = sum(u) x?[p-u]/(w[u]*(p+3-3*u))",
        {"x": X, "w": W},
    ),
    "an update that shifts": ("param x[p]\nupdate x[p] = x?[p-1] + x?[p+1]", {"x": X}),
    "a mark that no position needs": ("param x[p]\nindex i = 2\ny[i] = x?[2*i+1]", {"x": X}),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FORMS)
def test_marked_entries_have_the_values_of_the_reference(
    name: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_CHECKED", "1")
    text, inputs = FORMS[name]
    compiled = Native().compile(parse(text), dtype=dtype)
    found, expected = compiled.step(inputs), Reference().compile(parse(text)).step(inputs)
    assert "on the reference" not in compiled.plan
    for mine, its in zip(found, expected, strict=True):
        assert list(mine) == list(its)
        for tensor, value in its.items():
            assert_close(mine[tensor], value, rtol=1e-5 if dtype == "float32" else 1e-12)


def test_what_lies_outside_in_memory_does_not_matter() -> None:
    """Margins and padding full of nan: the bracket throws away what is read, and does not multiply it by 0."""
    text, inputs = FORMS["both axes"]
    compiled = Native().compile(parse(text), dtype=np.float64)
    expected = compiled.evaluate(inputs)
    (made,) = compiled._programs.values()
    before = {name: made.arena.take(name) for name in inputs}
    made.arena._flat[:] = np.nan
    made.arena.put(before)
    made.step()
    for tensor, value in expected.items():
        assert_close(made.arena.take(tensor), value, rtol=0)


def lowered(system: System, inputs: dict[str, Any]) -> Any:
    return lower(system, check_inputs(system, inputs).sizes, tuple(e.name for e in system.equations))


def test_a_convolution_is_a_product_with_a_copy_that_has_zeros_around() -> None:
    text, inputs = FORMS["a convolution"]
    made = lowered(parse(text), inputs)
    copy, product = made.instructions
    assert [a.extent for a in copy.axes] == [len(X) + len(W) - 1]
    assert product.contraction is not None
    assert {f.buffer for f in product.contraction.factors} == {"w", copy.stores[0].buffer}


def test_the_backward_pass_of_a_convolution_pads_what_it_reads_once() -> None:
    system = backprop(
        parse("data x[p]\nparam w[u], v[u]\nz[q] = sum(u) w[u]*x[q+u]\na[r] = sum(u) v[u]*tanh(z[r+u])\n"
              "cost C = sum(r) a[r]^2")
    ).system  # fmt: skip
    made = lowered(system, {"x": np.ones(20), "w": W, "v": W})
    product = made.instructions[-2].contraction
    assert product is not None
    weights, copy = product.factors
    assert weights.buffer == "v"
    assert made.buffers[copy.buffer].extents == (16 + 2 * (len(W) - 1),)


def test_margins_belong_to_a_buffer_alone() -> None:
    text, inputs = FORMS["far outside"]
    made = lowered(parse(text), inputs)
    x = made.buffers["x"]
    assert x.front >= 500
    assert all(b.offset - b.front >= x.offset + x.size or x.offset - x.front >= b.offset + b.size
               for b in made.buffers.values() if b is not x)  # fmt: skip


def test_a_program_that_reads_past_a_margin_is_refused() -> None:
    text, inputs = FORMS["far outside"]
    made = lowered(parse(text), inputs)
    short = {**made.buffers, "x": replace(made.buffers["x"], front=made.buffers["x"].front - 1)}
    with pytest.raises(InvalidProgram, match=r"y touches x from -\d+ to"):
        verify(replace(made, buffers=short))
