"""Verdicts on answers with a ∂u/∂v that may mean two things: right in one reading is right, and says in which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chainrule.checking.between import AS_TOTAL, Between
from chainrule.checking.verdicts import Verdict, with_line
from chainrule.render.document import Words, joined, words
from chainrule.render.formula import whole


def in_two_ways(direct: Verdict, total: Verdict, between: Sequence[Between]) -> Verdict:
    """Return the verdict on an answer in which each ∂u/∂v was read with all else held fixed, and as the total one.

    What is wrong in both readings says what it is in either.
    """
    if direct and total:
        return direct
    held, along = read_as((one, one.held) for one in between), read_as((one, AS_TOTAL) for one in between)
    if direct or total:
        return with_line(direct, held) if direct else with_line(total, along)
    first, other, said, elsewhere = direct, total, held, AS_TOTAL
    if total.change and not direct.change:
        first, other, said, elsewhere = total, direct, along, between[0].held
    return with_line(first, words(said, wrong_too(elsewhere, other.change)))


def read_as(readings: Iterable[tuple[Between, str]]) -> Words:
    """Say how derivatives are read: ∂s2/∂W is read as the total derivative."""
    return joined(tuple(words(whole(one.name), f" is read {how}") for one, how in readings), "; ")


def wrong_too(reading: str, change: str = "") -> str:
    """Say that an answer is wrong in another reading too."""
    return f"; {reading}, the answer is wrong too" + (f": {change}" if change else "")
