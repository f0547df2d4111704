"""Frozen dataclasses that are made quickly, since a command makes all of them each time it is called.

`dataclasses` compiles five functions for each class, which takes longer than all else that importing a module of small
classes does. Of these only `__init__` has to be compiled; the others are the same for all.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from functools import cache
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[T]) -> type[T]:
    """Make a dataclass as `dataclass(frozen=True)` does; no field has a default factory.

    >>> @frozen
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1) == Point(1, 0), {Point(1): "one"}[Point(1)]
    (Point(x=1, y=0), True, 'one')
    """
    made: Any = fixed(dataclass(init=False, repr=False, eq=False)(kind))
    listed = fields(made)
    assert all(f.default_factory is MISSING for f in listed), "a default factory is not known here"
    parameters = [f.name if f.default is MISSING else f"{f.name}={f.name}" for f in listed]
    lines = [f"    keep(self, {f.name!r}, {f.name})" for f in listed] or ["    pass"]
    scope: dict[str, Any] = {f.name: f.default for f in listed} | {"keep": object.__setattr__}
    exec("\n".join([f"def __init__(self, {', '.join(parameters)}):", *lines]), scope)  # noqa: S102 -- as dataclasses do
    made.__init__ = scope["__init__"]
    made.__eq__, made.__hash__ = _equal, _hash
    return made  # type: ignore[no-any-return]


def fixed(kind: type[T]) -> type[T]:
    """Let nobody change the fields of a dataclass, and show them as `dataclass` does."""
    made: Any = kind
    made.__setattr__, made.__delattr__, made.__repr__ = _set, _delete, _shown
    return kind


def _set(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _shown(self: Any) -> str:
    shown = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.compare)


def _compared(whole: Any) -> tuple[object, ...]:
    kind: Any = type(whole)
    return tuple([getattr(whole, name) for name in _names(kind)])


def _equal(self: object, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: object) -> int:
    return hash(_compared(self))
