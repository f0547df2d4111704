"""Entries as books set them: w_i, W_ij, x_{i}, W_{i,j} for w[i], W[i,j], x[i], W[i,j].

Only what can mean nothing else is read: `w_i` is an entry where no tensor has that name, w has one index, and i is one.
Numbers are not among these subscripts, since books count from 1 and positions from 0.
"""

from __future__ import annotations

from collections.abc import Collection

from lark import Token, Tree

from chainrule.notation.trees import subtrees, token_of
from chainrule.notation.vocabulary import Vocabulary


def split_name(name: str, known: Collection[str] | None, vocabulary: Vocabulary) -> tuple[str, tuple[str, ...]] | None:
    """Return the tensor and the letters of a name that is no tensor itself, or None if it has no such reading.

    Letters are those that are known, those of axes, and whole numbers; with None for those known, any single one.

    >>> split_name("W_ij", {"i", "j"}, Vocabulary(ranks={"W": 2}))
    ('W', ('i', 'j'))
    """
    if "_" not in name or name in vocabulary.ranks:
        return None
    base, _, subscript = name.rpartition("_")
    letters = _letters(subscript, vocabulary.ranks.get(base, 0))
    return (base, letters) if letters and all(_is_index(n, known, vocabulary) for n in letters) else None


def split_subscript(base: str, subscript: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the letters of a subscript in braces, `_{i,j}` or `_{ij}`, behind the name of a tensor."""
    letters = tuple(letter.strip() for letter in subscript[2:-1].split(","))
    return _letters(letters[0], vocabulary.ranks.get(base, 0)) or letters if len(letters) == 1 else letters


def subscripts_of(
    tree: Tree[Token], vocabulary: Vocabulary, known: Collection[str] | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return the tensor and the letters of a name with subscripts; the name as it stands and () without any."""
    token, braces = token_of(tree, "NAME"), token_of(tree, "SUBSCRIPT")
    name = str(token)
    if braces is not None:
        return name, split_subscript(name, braces, vocabulary)
    plain = token_of(tree, "INDICES") is None and all(
        child.data not in ("brackets", "family") for child in subtrees(tree)
    )
    return (split_name(name, known, vocabulary) if plain else None) or (name, ())


def _letters(subscript: str, rank: int) -> tuple[str, ...]:
    """Return a subscript as so many letters: one word for one index, else one character for each."""
    if rank == 1 and subscript:
        return (subscript,)
    return tuple(subscript) if rank and len(subscript) == rank else ()


def _is_index(letter: str, known: Collection[str] | None, vocabulary: Vocabulary) -> bool:
    if known is None:
        return len(letter) == 1 and letter.isalpha()
    whole = letter in vocabulary.integers and vocabulary.ranks.get(letter) == 0
    return letter in known or letter in vocabulary.letters or whole
