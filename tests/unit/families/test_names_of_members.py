"""The names of members are found without writing families out, and are those of the systems written out."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.families.families import Families
from chainrule.families.names_of_members import member_names
from chainrule.families.plain_names import plain_names
from unit.families.family_systems import FAMILIES
from unit.families.recurrences import RECURRENCES


@pytest.mark.parametrize("text", (FAMILIES | RECURRENCES).values(), ids=FAMILIES | RECURRENCES)
@pytest.mark.parametrize("number", [2, 4])
def test_members_are_named_as_in_the_system_written_out(text: str, number: int) -> None:
    families: Families = cr.parse(text)
    numbers = dict.fromkeys(families.letters, number)
    written_out = families.members(**numbers)
    expected = plain_names(written_out.names(), written_out.function)
    assert list(member_names(families, numbers).items()) == list(expected.items())
    assert [str(name) for name in families.at(**numbers).names()] == [
        str(expected.get(name, name)) for name in written_out.names()
    ]


def test_what_a_sum_alone_reads_has_members_for_its_steps() -> None:
    text = "data x[t;], y[t;]\nparam w\nfor t = 2..T:\n    h[t;] = w*x[t-1;]\ns = sum(t) h[t;]*y[t;]\ncost C = s^2"
    names = member_names(cr.parse(text), {"T": 4})
    assert [*names.values()] == ["x1", "x2", "x3", "y2", "y3", "y4", "h2", "h3", "h4"]
