"""Sums over windows, and sums inside sums, as machine code: the values of the reference, whatever the windows."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import evaluate
from chainrule.notation import parse
from property.random_windows import window_systems
from support import assert_close, examples


@examples(60)
@given(drawn=window_systems(), dtype=st.sampled_from(["float32", "float64"]), seed=st.integers(0, 9))
def test_sums_over_windows(drawn: tuple[str, dict[str, int]], dtype: str, seed: int) -> None:
    text, extents = drawn
    system, draw = parse(text), np.random.default_rng(seed)
    shapes = {d.tensor: tuple(extents[i.preferred] for i in d.indices) for d in system.declarations}
    inputs = {tensor: draw.normal(size=shape).astype(dtype).astype(float) for tensor, shape in shapes.items()}
    expected = evaluate(system, inputs)["t"]
    with patch.dict("os.environ", {"CHAINRULE_CHECKED": "1"}):
        compiled = Native().compile(system, dtype=dtype)
        found = compiled.evaluate(inputs)["t"]
    assert "on the reference" not in compiled.plan, f"{text}\n{compiled.plan}"
    tolerance = 1e-10 if dtype == "float64" else 1e-4
    assert_close(found, expected, rtol=tolerance, atol=tolerance * max(1.0, float(np.abs(expected).max(initial=0))))
