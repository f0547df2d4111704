"""Families run as loops over their steps, beside the systems that they are written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.execute.family_inputs import FamilyInputs
from chainrule.execute.family_values import family_values
from chainrule.execute.reference import evaluation
from chainrule.families.families import Families
from chainrule.simplify.stability import stable
from support import assert_close
from unit.families.random_inputs import random_inputs

TOLERANCE = 1e-12


def given(families: Families, numbers: Mapping[str, int], flat: Mapping[str, Any]) -> FamilyInputs:
    """Return inputs by the names of members as what a family was given."""
    return FamilyInputs(families, numbers, flat, frozenset())


def lists(families: Families, numbers: Mapping[str, int], flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs by the names of members as lists by the names of families."""
    found = given(families, numbers, flat)
    names = dict.fromkeys(d.tensor.partition("[")[0] for d in families.head.declarations)
    parts = {name: [flat[n] for n in found.named(name) if n in flat] for name in names}
    return {name: found.gathered(name, values) for name, values in parts.items() if values}


def check_values(families: Families, numbers: Mapping[str, int], flat: Mapping[str, Any]) -> None:
    """Compare what a loop computes with the values of the system written out."""
    found = family_values(given(families, numbers, flat), stable)
    assert found is not None
    expected = evaluation.evaluate(stable(families.at(**numbers)), flat)
    assert list(found) == [e.name for e in families.at(**numbers).equations]
    for name, value in found.items():
        assert_close(value, expected[name], rtol=TOLERANCE, atol=TOLERANCE)


def check_gradients(
    families: Families, numbers: Mapping[str, int], flat: Mapping[str, Any], tolerance: float = TOLERANCE
) -> None:
    """Compare gradients as anybody asks for them with those of the system written out, which is derived on its own."""
    cost, gradients = cr.value_and_grad(families, lists(families, numbers, flat))
    found = given(families, numbers, flat)
    names = {name: found.named(name) for name in families.params}
    system = families.at(**numbers)
    expected, parts = cr.value_and_grad(system, flat, [n for own in names.values() for n in own])
    assert_close(cost, expected, rtol=tolerance, atol=tolerance)
    for name, own in names.items():
        for one, other in zip(_flat(gradients[name]), (parts[n] for n in own), strict=True):
            assert_close(one, other, rtol=tolerance, atol=tolerance)


def _flat(value: Any) -> list[Any]:
    return [part for one in value for part in _flat(one)] if isinstance(value, list) else [np.asarray(value)]


def inputs_for(families: Families, numbers: Mapping[str, int], seed: int = 0) -> dict[str, Any]:
    """Return random inputs; likelihoods q are positive."""
    flat = random_inputs(families.at(**numbers), seed)
    return {name: abs(value) if name.startswith("q") else value for name, value in flat.items()}
