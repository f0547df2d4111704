"""Random systems as machine code, forward and backward, with the values of the reference: positions of all kinds."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import VerificationError
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import evaluate
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.verify.sampling import random_inputs
from property.random_affine import affine_systems
from property.random_lookups import lookup_systems
from support import assert_close, examples


def assert_native_agrees(text: str, dtype: str, seed: int) -> None:
    system = backprop(parse(text)).system
    try:
        inputs = random_inputs(system, seed)
    except VerificationError:
        return  # nowhere finite
    compiled = Native().compile(system, dtype=dtype)
    with patch.dict("os.environ", {"CHAINRULE_CHECKED": "1"}):
        found = compiled.evaluate(inputs)
    assert "on the reference" not in compiled.plan, f"{text}\n{compiled.plan}"
    rounded = {n: a.astype(dtype).astype(np.float64) for n, a in inputs.items()}
    for name, value in evaluate(system, rounded).items():
        tolerance = 1e-10 if dtype == "float64" else 1e-3
        assert_close(found[name], value, rtol=tolerance, atol=tolerance * max(1.0, float(np.abs(value).max(initial=0))))


@examples(25)
@given(text=affine_systems(), seed=st.integers(0, 9))
def test_systems_with_affine_positions(text: str, seed: int) -> None:
    assert_native_agrees(text, "float64", seed)


@examples(25)
@given(text=lookup_systems(), dtype=st.sampled_from(["float32", "float64"]), seed=st.integers(0, 9))
def test_systems_with_whole_numbers(text: str, dtype: str, seed: int) -> None:
    assert_native_agrees(text, dtype, seed)
