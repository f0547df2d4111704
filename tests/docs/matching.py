"""Whether an output is the one that a page shows.

A page may leave things out at marked places: `…` within a line stands for any text, and a line that is only `…` for any
number of lines. All else must be equal, but for spaces at the ends of lines and blank lines at the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ELLIPSIS = "…"


def matches(shown: str, output: str) -> bool:
    """Say whether an output is what a page shows.

    >>> matches("seconds …", "seconds 1.24"), matches("a\\n…\\nd", "a\\nb\\nc\\nd"), matches("a …", "b c")
    (True, True, False)
    """
    pattern = "".join(_line_pattern(line) for line in shown.rstrip().splitlines())
    text = "".join(f"{line.rstrip()}\n" for line in output.rstrip().splitlines())
    return re.fullmatch(pattern, text) is not None


def _line_pattern(line: str) -> str:
    if line.strip() == ELLIPSIS:
        return r"(?:.*\n)*?"
    return r"[^\n]*?".join(re.escape(part) for part in line.rstrip().split(ELLIPSIS)) + r"\n"


def shortened(shown: str, output: str) -> str:
    """Return an output with what the page leaves out left out again, as far as the rest is still to be found.

    >>> shortened("a\\n…\\nd 5\\nold", "a\\nb\\nc\\nd 6\\ne").splitlines()
    ['a', '…', 'd 6', 'e']
    """
    old, new = shown.splitlines(), [line.rstrip() for line in output.splitlines()]
    kept: list[str] = []
    place = 0
    for number, line in enumerate(old):
        if line.strip() != ELLIPSIS:
            if place < len(new):
                kept.append(line if matches(line, new[place]) else new[place])
                place += 1
            continue
        end = _next_like(old[number + 1 : number + 2], new, place)
        if end is not None:
            kept.append(line)
            place = end
    return "\n".join([*kept, *new[place:]])


def _next_like(after: Sequence[str], lines: Sequence[str], start: int) -> int | None:
    """Return where the line after a gap is, by its text or else by its first word; the end if there is no such line."""
    if not after:
        return len(lines)
    for same in (matches, _begins_alike):
        found = next((n for n in range(start, len(lines)) if same(after[0], lines[n])), None)
        if found is not None:
            return found
    return None


def _begins_alike(shown: str, line: str) -> bool:
    return shown.split()[:1] == line.split()[:1] and bool(shown.split())
