"""Frozen dataclasses that are made quickly behave as those of the standard library do."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from chainrule.expr.frozen import frozen


@frozen
class Quick:
    """Made here."""

    name: str
    size: int = 2
    note: str = field(default="", compare=False, repr=False)

    @property
    def twice(self) -> int:
        """Twice the size."""
        return 2 * self.size


@dataclass(frozen=True)
class Slow:
    """Made by the standard library."""

    name: str
    size: int = 2
    note: str = field(default="", compare=False, repr=False)


def test_fields_are_shown_and_compared_alike() -> None:
    quick, slow = Quick("a", note="b"), Slow("a", note="b")
    assert repr(quick).removeprefix("Quick") == repr(slow).removeprefix("Slow")
    assert hash(quick) == hash(slow)
    assert quick == Quick("a", 2, "c")
    assert quick != Quick("a", 3)
    assert quick != slow
    assert [f.name for f in fields(quick)] == [f.name for f in fields(slow)]  # type: ignore[arg-type]


def test_copies_and_matches_are_alike() -> None:
    quick = Quick("a", note="b")
    assert pickle.loads(pickle.dumps(quick)).note == copy.copy(quick).note == "b"  # noqa: S301 -- our own bytes
    assert replace(quick, size=5).twice == 10  # type: ignore[type-var]
    match quick:
        case Quick(name, size):
            assert (name, size) == ("a", 2)


def test_nothing_can_be_changed() -> None:
    quick = Quick("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'size'"):
        quick.size = 3  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'size'"):
        del quick.size
