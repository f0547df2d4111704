"""Layouts: strides that keep every element apart, and along which axis each nest of a dense network has its vectors."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.lower.flatten import flatten, sample_extents
from chainrule.lower.fuse import fuse
from chainrule.lower.layout import innermost, strides
from chainrule.system.batching import batch
from dense import Dense


@given(st.lists(st.integers(1, 40), max_size=3), st.data(), st.sampled_from([4, 8, 16]), st.sampled_from([4, 8]))
def test_strides_keep_every_element_apart(extents: list[int], data: st.DataObject, lanes: int, element: int) -> None:
    inner = data.draw(st.integers(0, max(len(extents) - 1, 0)))
    steps, size = strides(extents, inner, lanes, element)
    places = np.tensordot(steps, np.indices(extents), 1) if extents else np.zeros(1)
    assert len(np.unique(places)) == prod(extents)
    assert places.max() < size
    if extents:
        rows = np.unique(np.take(places, [0], axis=inner))
        assert steps[inner] == 1
        assert all(np.diff(rows) >= -(-extents[inner] // lanes) * lanes), "a vector at the end of a row is in padding"


@given(st.lists(st.sampled_from([16, 32, 64, 512, 1024, 2048]), min_size=2, max_size=3), st.sampled_from([4, 8]))
def test_no_stride_is_a_multiple_of_four_kibibytes(extents: list[int], element: int) -> None:
    steps, _ = strides(extents, len(extents) - 1, 16, element)
    assert all(step * element % 4096 for step in steps)


def chosen(network: Dense, samples: int, lanes: int = 16) -> tuple[dict[str, str], dict[str, int]]:
    """Return along which index the vectors of each named product lie, and the innermost axis of each tensor."""
    system = batch(network.system())
    letters = {"n": samples, "i": network.widths[0], "k": network.widths[-1]}
    letters |= {f"j{l}": width for l, width in enumerate(network.widths) if 0 < l < len(network.widths) - 1}
    sizes = {i.extent: letters[i.preferred] for d in system.declarations for i in d.indices}
    statements = flatten(system, sizes, ("C",), {})
    fused = fuse(statements, sizes, ("C",), lanes, sample_extents(system))
    ranks = {s.target: len(s.indices) for s in statements if s.target in fused.stored}
    ranks |= {d.tensor: len(d.indices) for d in system.declarations}
    inner, choices = innermost(fused, ranks, frozenset(system.with_role("data")), lanes)
    pairs = zip(fused.nests, choices, strict=True)
    return {n.contraction.statement.equation.name: c.vector for n, c in pairs if n.contraction}, inner


@pytest.mark.parametrize(
    ("widths", "samples", "along"),
    [
        ((784, 30, 10), 10, True),
        ((784, 100, 10), 10, True),
        ((784, 30, 10), 1, True),
        ((64, 32, 10), 32, False),
        ((784, 256, 10), 64, False),
        ((784, 1024, 10), 256, False),
    ],
)
def test_a_long_sum_of_few_outputs_has_its_vectors_along_the_sum(
    widths: tuple[int, ...], samples: int, along: bool
) -> None:
    """Of W1[j1,i] the inputs i are innermost then, as they are in x."""
    vectors, inner = chosen(Dense(widths), samples)
    assert (vectors["z1"] == "i") == along
    assert inner["W1"] == 1 or not along


@pytest.mark.parametrize(("classes", "samples", "vector"), [(10, 32, "n"), (10, 64, "n"), (16, 32, "k"), (10, 3, "k")])
def test_few_classes_have_their_vectors_along_the_samples(classes: int, samples: int, vector: str) -> None:
    """Where the samples fill vectors that the classes do not; softmax and its cost are in the same nest."""
    network = Dense((64, 32, classes), "relu", "softmax", "cross-entropy", given=True)
    vectors, inner = chosen(network, samples)
    assert vectors["z2"] == vector
    assert inner["∂C[n]/∂z2"] == (0 if vector == "n" else 1)


def test_data_keep_the_axes_they_come_with() -> None:
    for network, samples in ((Dense((64, 32, 10)), 32), (Dense((784, 30, 10)), 10), (Dense((1, 16, 3)), 64)):
        _, inner = chosen(network, samples)
        assert (inner["x"], inner["y"]) == (1, 1)
