"""One name for the tensors of several steps: x for x1, x2, x3.

Members of families have such names, and so may those written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TypeAlias

Members: TypeAlias = tuple[tuple[tuple[int, ...], str], ...]
"""The tensors of one name, each with its steps, in the order of these."""
_MEMBER = re.compile(r"(?P<stem>.*?[^\d_])_*(?P<steps>\d+(?:_\d+)*)")


def steps_named(tensors: Iterable[str]) -> Mapping[str, Members]:
    """Return the names that stand for tensors of several steps, with these.

    >>> steps_named(["x1", "x2", "y", "W3"])
    {'x': (((1,), 'x1'), ((2,), 'x2'))}
    """
    known = tuple(tensors)
    found: dict[str, list[tuple[tuple[int, ...], str]]] = {}
    for tensor in known:
        member = _MEMBER.fullmatch(tensor)
        if member and member["stem"] not in known:
            steps = tuple(map(int, member["steps"].split("_")))
            found.setdefault(member["stem"], []).append((steps, tensor))
    return {stem: tuple(sorted(members)) for stem, members in found.items() if _is_grid([s for s, _ in members])}


def _is_grid(steps: Sequence[tuple[int, ...]]) -> bool:
    """Say whether steps are all combinations of numbers that follow each other, two or more of them."""
    if len(steps) < 2 or len({len(one) for one in steps}) > 1:
        return False
    ranges = [sorted({one[axis] for one in steps}) for axis in range(len(steps[0]))]
    follow = all(there == list(range(there[0], there[-1] + 1)) for there in ranges)
    return follow and len(set(steps)) == len(steps) == prod(len(there) for there in ranges)
