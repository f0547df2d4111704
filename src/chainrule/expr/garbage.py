"""Expressions are many small objects that stay: the search for garbage among them finds nothing and takes long.

Python looks through all objects again each time there are a quarter more. Reading and deriving a deep system takes
twice as long for it, and a network of 1,000 layers more than ten times what one of 100 takes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage() -> Iterator[None]:
    """Have no garbage looked for meanwhile, and left as it was before: what is no longer used is freed as ever.

    >>> with no_garbage():
    ...     gc.isenabled()
    False
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
