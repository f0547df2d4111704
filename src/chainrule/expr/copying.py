"""Nodes as a flat list of their fields, which is what pickle and copy are given.

Both would else go as deep as an expression is nested, and end Python's stack. Nothing but fields is in the list: what
nodes keep beside them, such as a hash, holds for one process only. A node that stands in several places stands in the
list once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

Listed: TypeAlias = tuple[type[Any], tuple[Any, ...]]
"""The class of a node and its fields."""


class BackReference(int):
    """A field that holds a node: its place in the list."""


def flattened(root: object, kind: type[Any]) -> list[Listed]:
    """Return an object of some kind, a dataclass, and all such objects in its fields, those first that others hold."""
    listed: list[Listed] = []
    places: dict[int, BackReference] = {}
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, entered = stack.pop()
        if id(node) in places:
            continue
        values = field_values(node)
        if entered:
            listed.append((type(node), tuple(_encoded(value, places) for value in values)))
            places[id(node)] = BackReference(len(listed) - 1)
        else:
            stack.append((node, True))
            stack.extend((inner, False) for value in values for inner in _inside(value, kind))
    return listed


def rebuilt(listed: Sequence[Listed]) -> Any:
    """Return the object that was flattened."""
    made: list[Any] = []
    for kind, values in listed:
        made.append(kind(*(_decoded(value, made) for value in values)))
    return made[-1]


def field_values(node: Any) -> tuple[Any, ...]:
    """Return the fields of a dataclass, in the order in which it takes them."""
    return tuple(getattr(node, field.name) for field in fields(node))


def _inside(value: object, kind: type[Any]) -> Iterator[Any]:
    """Yield the objects of a kind in a field: itself, or those in a tuple."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _inside(part, kind)


def _encoded(value: object, places: dict[int, BackReference]) -> object:
    if isinstance(value, tuple):
        return tuple(_encoded(part, places) for part in value)
    return places.get(id(value), value)


def _decoded(value: object, made: Sequence[Any]) -> object:
    if isinstance(value, tuple):
        return tuple(_decoded(part, made) for part in value)
    return made[value] if isinstance(value, BackReference) else value
