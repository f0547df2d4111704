"""The worked examples: each is shown by a page as it is in its file, and its derivatives are right."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chainrule.checking import gradient_check
from chainrule.execute.registry import executor
from chainrule.families.families import Families
from chainrule.notation import parse
from chainrule.pipeline import backprop, training_step
from chainrule.system.model import System
from chainrule.verify.sampling import random_inputs
from docs.pages import ROOT, blocks
from support import assert_close

FILES = sorted((ROOT / "examples").glob("*.eq"))
PAGES = sorted((ROOT / "docs/examples").glob("*.md"))
UNKNOWN = ("output_error", "modified_neuron", "output_layer", "layer_to_layer", "four_equations", "layers")
"""Examples with unknown functions: derived and verified, but not run."""
STEPS = 3
"""Families are tried written out for so many."""

by_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
by_known_file = pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem not in UNKNOWN], ids=lambda path: path.stem
)


def system_in(path: object) -> System:
    parsed = parse((ROOT / "examples" / str(path)).read_text(encoding="utf-8"))
    return parsed.at(**dict.fromkeys(parsed.letters, STEPS)) if isinstance(parsed, Families) else parsed


def test_every_example_is_shown_once_as_it_is_in_its_file() -> None:
    shown = [
        block for page in PAGES for block in blocks(page.read_text(encoding="utf-8")) if block.role.endswith(".eq")
    ]
    assert sorted(block.role for block in shown) == [path.name for path in FILES]
    for block in shown:
        assert block.text == (ROOT / "examples" / block.role).read_text(encoding="utf-8"), block.role


def test_the_index_leads_to_every_section_of_an_example() -> None:
    index = (ROOT / "docs/examples/README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([a-z]+)\.md(?:#[\w-]+)?\)", index)
    assert len(linked) == len(FILES)
    assert set(linked) == {page.stem for page in PAGES} - {"README"}


@by_file
@pytest.mark.parametrize("seed", range(2))
def test_every_step_of_an_example_is_verified(path: object, seed: int) -> None:
    back = backprop(system_in(path))
    tensors = [*back.system.params, *(e.name for e in back.cotangents.system.equations if e.name != back.system.cost)]
    for tensor in tensors[seed::2]:
        report = back.derivation(tensor).verify()
        assert report.unverified == ()  # type: ignore[attr-defined]


@by_known_file
@pytest.mark.parametrize("seed", range(2))
def test_the_gradient_is_that_of_central_differences(path: object, seed: int) -> None:
    report = gradient_check(system_in(path), seed=seed)
    assert report, str(report)


@by_known_file
def test_native_agrees_with_the_reference(path: object) -> None:
    system = training_step(system_in(path))
    inputs = random_inputs(system_in(path), 3)
    expected = executor("reference").compile(system, dtype=np.float64).evaluate(inputs)
    found = executor("native").compile(system, dtype=np.float64).evaluate(inputs)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert_close(np.asarray(found[name]), value, rtol=1e-9, atol=1e-12)
