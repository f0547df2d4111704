"""A network that is asked of memory-mapped samples reads some at a time, and says the same as of an array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data.block_sources import MappedRows, mapped_file
from chainrule.errors import InputError
from chainrule.network import mapped_parts
from unit.network.builders import classifier, clusters
from unit.training.streams import mapped


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many samples were read at a time, at most ten."""
    lengths: list[int] = []
    made = MappedRows.blocks

    def blocks(self: MappedRows, rows: int, generator: Any = None) -> Any:
        for block in made(self, rows, generator):
            lengths.append(len(block))
            yield block

    monkeypatch.setattr(mapped_parts, "ROWS", 10)
    monkeypatch.setattr(MappedRows, "blocks", blocks)
    return lengths


def test_outputs_and_accuracy_of_mapped_samples_are_those_of_arrays(tmp_path: Path, read: list[int]) -> None:
    x, y = clusters(25)
    network, there = classifier(), mapped(tmp_path, x=x, y=y)
    assert np.array_equal(network.predict(there["x"]), network.predict(x))
    assert read == [10, 10, 5]
    assert np.array_equal(network.predict({"x": there["x"][5:]}), network.predict(x[5:]))
    assert network.accuracy(there["x"], there["y"]) == pytest.approx(network.accuracy(x, y))
    assert network.predict(there["x"][0]).shape == (3,)


def test_a_number_that_is_not_finite_is_named_with_its_samples(tmp_path: Path, read: list[int]) -> None:
    x, _ = clusters(25)
    x[17, 2] = np.inf
    with pytest.raises(InputError, match=r"x\[7,2\] is inf") as raised:
        classifier().predict(mapped(tmp_path, x=x)["x"])
    assert "in samples 10 to 19" in str(raised.value)
    assert read == [10, 10]


def test_views_of_mapped_arrays_are_known_to_lie_in_a_file(tmp_path: Path) -> None:
    there = mapped(tmp_path, x=np.ones((4, 2)))["x"]
    assert mapped_file(np.asarray(there)[1:].reshape(-1)) is not None
    assert mapped_file(np.array(there)) is None
