"""The version of chainrule: what `--version` says, and part of the key under which machine code is kept."""

from __future__ import annotations

__version__ = "0.1.0"
