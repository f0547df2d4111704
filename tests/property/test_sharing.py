"""Random systems come out the same whether what is alike in them is shared or not, all inlinings tried or not."""

from __future__ import annotations

from hypothesis import given

from apart import derived, nothing_shared
from chainrule.notation import parse
from property.random_affine import affine_systems
from property.random_lookups import lookup_systems
from property.random_systems import systems
from support import examples


@examples(30)
@given(systems())
def test_random_systems_come_out_as_if_nothing_were_shared(text: str) -> None:
    _compare(text)


@examples(15)
@given(affine_systems())
def test_random_shifted_systems_come_out_as_if_nothing_were_shared(text: str) -> None:
    _compare(text)


@examples(15)
@given(lookup_systems())
def test_random_looked_up_systems_come_out_as_if_nothing_were_shared(text: str) -> None:
    _compare(text)


def _compare(text: str) -> None:
    found = derived(parse(text))
    with nothing_shared():
        assert found == derived(parse(text))
