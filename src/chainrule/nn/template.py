"""Renaming in a piece of notation: the z, W, k of a layer become the z2, W2, j of a network.

Text in, text out, name by name; what a name means is the matter of whoever renames.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_APART = "Σπ²³¹¼-¾⁰-₟⅐-↏"
"""Characters that Python counts among the letters, and the notation does not."""

_TOKENS = re.compile(
    rf"#[^\n]*|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    rf"|(?P<name>(?![{_APART}])[^\W\d_](?:[0-9_]|(?![{_APART}])[^\W\d_])*)"
)


def names_in(text: str) -> tuple[str, ...]:
    """Return all names in a text, each once, in order: tensors, indices, functions and words of the notation.

    >>> names_in("z[j] = Σ_i W[j,i]*x[i]^2e3  # dense")
    ('z', 'j', 'i', 'W', 'x')
    """
    return tuple(dict.fromkeys(m["name"] for m in _TOKENS.finditer(text) if m["name"]))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return the text with names replaced, all at once.

    >>> renamed("update p = p - eta*∂C/∂p", {"p": "W1[j,i]", "C": "E"})
    'update W1[j,i] = W1[j,i] - eta*∂E/∂W1[j,i]'
    """
    return _TOKENS.sub(lambda m: names.get(m["name"], m[0]) if m["name"] else m[0], text)


def const_line(name: str, value: float) -> str:
    """Return the declaration of a number.

    >>> const_line("slope", 1)
    'const slope = 1.0'
    """
    return f"const {name} = {float(value)!r}"


def apart_from(taken: set[str], name: str) -> str:
    """Return the name, or the first of name_2, name_3 … that is not taken, and take it.

    >>> taken = {"b1"}
    >>> apart_from(taken, "b1"), apart_from(taken, "b1")
    ('b1_2', 'b1_3')
    """
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    taken.add(found)
    return found
