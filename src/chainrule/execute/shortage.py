"""What does not fit into memory, said as an error of what was given.

How much memory is free cannot be known beforehand: systems promise more than they have, and others take their share. So
only what no machine should try is refused early, see `labelled`. What the system itself refuses is told here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.errors import ShortageError

_SMALLER = "Give an index a smaller extent, sum over it in an equation of its own, or give fewer samples at a time."


@contextmanager
def enough_memory(what: str, *, advice: str = _SMALLER) -> Iterator[None]:
    """Turn the end of memory into a ShortageError that says what it was for.

    >>> with enough_memory("a[k]"):
    ...     raise MemoryError("Unable to allocate 7 GiB")
    Traceback (most recent call last):
        ...
    chainrule.errors.ShortageError: there is not enough memory for a[k]: unable to allocate 7 GiB
      arrays that fit into what memory is free
      Give an index a smaller extent, sum over it in an equation of its own, or give fewer samples at a time.
    """
    try:
        yield
    except MemoryError as error:
        said = str(error)
        reason = f": {said[0].lower()}{said[1:]}" if said else ""
        raise ShortageError(
            f"there is not enough memory for {what}{reason}",
            expected="arrays that fit into what memory is free",
            advice=advice,
        ) from None
