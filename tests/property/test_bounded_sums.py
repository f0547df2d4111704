"""Sums that stay inside their tensors, as machine code: the values of the reference, whatever the window."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.native.executor import NativeExecutable
from chainrule.execute.native.machine import host, lowered
from chainrule.execute.reference.evaluation import evaluate
from chainrule.notation import parse
from property.random_bounded import bounded_sums
from support import assert_close, examples


@examples(60)
@given(drawn=bounded_sums(), level=st.sampled_from(["", "avx2", "sse"]), seed=st.integers(0, 9))
def test_sums_of_what_is_inside(drawn: tuple[str, dict[str, int]], level: str, seed: int) -> None:
    text, extents = drawn
    system, draw = parse(text), np.random.default_rng(seed)
    shapes = {d.tensor: tuple(extents[i.preferred] for i in d.indices) for d in system.declarations}
    inputs = {tensor: draw.normal(size=shape) for tensor, shape in shapes.items()}
    with patch.dict("os.environ", {"CHAINRULE_CHECKED": "1"}):
        compiled = NativeExecutable(system, np.dtype("float64"), lowered(host(), level), None)
        found = compiled.evaluate(inputs)["t"]
    assert "on the reference" not in compiled.plan, f"{text}\n{compiled.plan}"
    assert_close(found, evaluate(system, inputs)["t"], rtol=1e-10, atol=1e-10)
