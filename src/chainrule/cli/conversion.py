"""Values that need no conversion are passed on as they stand.

typer converts every value of every command, defaults too, and may load pydantic for it, which takes longer than to
derive the backward pass of a network. A text stays a text without that, and a default is of its type already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from typer.core import TyperCommand, TyperGroup

Convert = Callable[[Any, Any], Any]
"""How typer makes the value of a parameter of what was given: context and value to value."""


class PlainCommand(TyperCommand):
    """A command whose values are converted where they must be."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters."""
        return _converting(self.callback, super().get_params(ctx))


class PlainGroup(TyperGroup):
    """Commands, with options of their own that are converted where they must be."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of all commands."""
        return _converting(self.callback, super().get_params(ctx))


def _converting(callback: Callable[..., Any] | None, params: list[Any]) -> list[Any]:
    wanted: dict[str, Any] | None = None
    for param in params:
        if "process_value" not in vars(param):
            wanted = get_type_hints(callback) if wanted is None and callback else wanted or {}
            param.process_value = partial(_value, param, param.process_value, wanted.get(param.name))
    return params


def _value(param: Any, convert: Convert, wanted: Any, ctx: Any, value: Any) -> Any:
    """Return a value as the command gets it, converted only where it is not of its type."""
    if value is None:
        if param.required:
            return convert(ctx, value)
        given = () if param.nargs != 1 or getattr(param, "multiple", False) else None
    elif fits(value, wanted):
        given = value
    else:
        return convert(ctx, value)
    return given if param.callback is None else param.callback(ctx, param, given)


def fits(value: Any, wanted: Any) -> bool:
    """Say whether a value is of a type, a union or a list.

    >>> fits("3", str), fits("3", int | None), fits(["a", "b"], list[str] | None), fits(["a", 1], list[str])
    (True, False, True, False)
    """
    if get_origin(wanted) in (Union, UnionType):
        return any(fits(value, part) for part in get_args(wanted))
    if get_origin(wanted) is list:
        return isinstance(value, list | tuple) and bool(value) and all(fits(v, get_args(wanted)[0]) for v in value)
    return type(value) is wanted
