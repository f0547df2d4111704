"""Executors by name, each loaded only when it is asked for.

The table says where an executor lives and which extra installs what it needs; adding one is a line here. Nothing is
imported before somebody asks, so that importing chainrule stays cheap.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from chainrule.errors import OptionError, listed
from chainrule.execute.protocol import Executor


@dataclass(frozen=True)
class Registration:
    """Where an executor lives; `package` is what it needs and `extra` installs it, both "" for none."""

    module: str
    executor: str
    package: str = ""
    extra: str = ""


EXECUTORS: Mapping[str, Registration] = MappingProxyType(
    {
        "reference": Registration("chainrule.execute.reference.evaluation", "Reference"),
        "native": Registration("chainrule.execute.native.executor", "Native", "llvmlite"),
    }
)
"""All executors, by the name they are asked for."""


def executor(name: str, known: Mapping[str, Registration] = EXECUTORS) -> Executor:
    """Return the executor of that name.

    Raises OptionError for an unknown name, and where a package that the executor needs is not installed.

    >>> executor("reference").name
    'reference'
    """
    if name not in known:
        raise OptionError(
            f"there is no executor named {name!r}",
            expected="one of " + listed(known),
            advice="Choose one of these.",
        )
    entry = known[name]
    try:
        module = importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if not entry.package or error.name is None or error.name.partition(".")[0] != entry.package:
            raise
        raise OptionError(
            f"the executor {name!r} needs {entry.package}, which is not installed",
            expected="or one of " + listed(other for other, e in known.items() if not e.package),
            advice=f"Install it: pip install 'chainrule[{entry.extra}]'",
        ) from None
    return cast("Executor", getattr(module, entry.executor)())
