"""How wide what is printed may be."""

from __future__ import annotations

import shutil
import sys

WIDEST = 100
"""Longer lines are hard to read; what goes to a file or another program has this width, whatever the terminal."""


def columns() -> int:
    """Return the number of characters that a line may have."""
    return min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns) if sys.stdout.isatty() else WIDEST
