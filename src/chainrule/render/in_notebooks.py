"""What a notebook or an IPython terminal shows of a result that ends a cell: what `print` shows of it.

Without this it is the repr of a dataclass, thousands of characters for a small derivation. `repr` stays exact.
"""

from __future__ import annotations


class ShownAsText:
    """A result that a cell shows as its text, beside what else it has, such as HTML."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self)}
