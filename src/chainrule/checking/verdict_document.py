"""A verdict as a document: its lines, with what is mathematics in them laid out as formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from chainrule.render.document import Group, Inline, Line, Words, joined, words
from chainrule.render.laws import formula_of

_OPENINGS = ("Right is ", "Right: ", "It rests on what is given: ", "right:  ", "answer: ")
"""What lines with formulas begin with; the formulas come next, with commas between them."""
_SIGN = re.compile(r"[=<>≤≥≠·−+*/^-]+")
_MARKED = re.compile(r"[\[∂Σ·^]|\w\(|\d/\w|^\(")
"""What no word of a sentence has in it, but a piece of a formula has."""


def verdict_document(message: str, numbers: Sequence[str]) -> Group:
    """Return the lines of a verdict as words and formulas."""
    lines = [*message.splitlines(), *numbers]
    return Group(tuple(Line(_words(line)) for line in lines), role="verdict")


def _words(line: str) -> Words:
    opening = next((begun for begun in _OPENINGS if line.startswith(begun)), "")
    if opening and not line.startswith("Right: the"):
        return words(f"{opening.strip()} ", joined(tuple(_formulas(line.removeprefix(opening))), ", "))
    return _sentence(line)


def _formulas(text: str) -> Iterator[Inline]:
    """Yield the formulas of a list; a comma within brackets separates none."""
    depth, begun = 0, 0
    for place, mark in enumerate(text):
        depth += (mark in "[({") - (mark in "])}")
        if depth == 0 and text[place : place + 2] == ", ":
            yield formula_of(text[begun:place])
            begun = place + 2
    yield formula_of(text[begun:])


def _sentence(text: str) -> Words:
    """Return a sentence with the formulas in it: runs of words that no sentence has, as far as they are one.

    >>> [str(piece) for piece in _sentence("Wrong: the factor [z1[j] > 0] is missing.")]
    ['Wrong: the factor ', '[z1[j] > 0]', ' is missing.']
    """
    pieces = re.split(r"( )", text)
    found: list[Inline] = []
    place = 0
    while place < len(pieces):
        end = _end_of_run(pieces, place)
        run = "".join(pieces[place:end])
        bare = run.rstrip(".,;:")
        shown = formula_of(bare) if end > place and not bare.isalnum() else bare
        if end == place or isinstance(shown, str):
            end = end if end > place else place + 1
            found.append("".join(pieces[place:end]))
        else:
            found += [shown, run.removeprefix(bare)]
        place = end
    return _merged(found)


def _end_of_run(pieces: Sequence[str], start: int) -> int:
    """Return where a formula that begins at a piece may end: its start if none does."""
    end, depth = start, 0
    for place in range(start, len(pieces), 2):
        piece = pieces[place]
        follows = place == start or _SIGN.fullmatch(pieces[place - 2]) is not None
        before_sign = place + 2 < len(pieces) and _SIGN.fullmatch(pieces[place + 2]) is not None
        if not (depth or _MARKED.search(piece) or _SIGN.fullmatch(piece) or before_sign or (follows and place > start)):
            break
        depth += sum((mark in "[(") - (mark in "])") for mark in piece)
        end = place + 1
        if depth <= 0 and piece[-1:] in ".,;:":
            break
    return end


def _merged(pieces: Sequence[Inline]) -> Words:
    """Return pieces with words in a row as one."""
    merged: list[Inline] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, str) and isinstance(last, str):
            merged[-1] = last + piece
        elif piece != "":
            merged.append(piece)
    return tuple(merged)
