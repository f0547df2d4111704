"""Frozen data that is made once: who makes a node of the same fields, letters included, gets the one that is there.

So what is worked out of a node alone can be `kept` with it, and is known wherever that node stands. The table of nodes
holds those that were made or asked for lately and no others. One that has left it is equal to another of its fields,
only no longer the same object: nothing rests on that but speed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from functools import cache, wraps
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar, dataclass_transform

from chainrule.expr.copying import field_values, flattened, rebuilt
from chainrule.expr.frozen import fixed
from chainrule.expr.symbols import Change, Derivative, Tensor, symbol

N = TypeVar("N", bound="Node")
T = TypeVar("T")
_UNKNOWN = object()
_ITSELF = object()
"""Stands for the node that something is kept with: no node holds itself, so none waits for the garbage collector."""
_keep = object.__setattr__


def kept(make: Callable[[N], T]) -> Callable[[N], T]:
    """Return a function of a node that works its value out once and keeps it with the node, beside the fields.

    It must depend on the fields alone, letters included. Copies and pickles have the fields only.
    """
    name = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def known(node: N) -> T:
        found = getattr(node, name, _UNKNOWN)
        if found is _UNKNOWN:
            found = make(node)
            _keep(node, name, _ITSELF if found is node else found)
        return node if found is _ITSELF else found  # type: ignore[return-value]

    return known


def memory_of(owner: object, purpose: str) -> dict[Any, Any]:
    """Return what is kept with an object for a purpose, by key, beside its fields: for what depends on more than it.

    Nodes that are copied or pickled leave it behind.
    """
    found: dict[Any, Any] = vars(owner).setdefault(f"_memory of {purpose}", {})
    return found


@cache
def _compared(kind: Any) -> Callable[[Any], Any]:
    return attrgetter(*(f.name for f in fields(kind) if f.compare))


class Node:
    """Base of all frozen data here: equality by class and compared fields, with the hash kept once it is known."""

    def compared(self) -> Any:
        """Return what takes part in equality."""
        kind: Any = type(self)
        return _compared(kind)(self)

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            _keep(self, "_hash", hash((type(self).__name__, self.compared())))
            return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other) or hash(self) != hash(other):
            return False
        assert isinstance(other, Node)
        same: bool = self.compared() == other.compared()
        return same

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the fields alone."""
        return rebuilt, (flattened(self, Node),)

    def __copy__(self) -> Any:
        kind: Any = type(self)
        return kind(*field_values(self))

    _hash: int


class _Table:
    """The nodes made or asked for lately, by what they are made of: no more than twice `size`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.recent: dict[Any, Any] = {}
        self.before: dict[Any, Any] = {}

    def add(self, key: Any, node: Any) -> None:
        """Add a node; those that nobody has asked for since the table was last full go."""
        if len(self.recent) >= self.size:
            self.before, self.recent = self.recent, {}
        self.recent[key] = node


TABLE = _Table(1 << 15)
Word: TypeAlias = str
"""Text in a field of a node that is never a symbol: a letter, the name of an operation.

Two symbols of one text may be different, so a field that can hold one is a Symbol and no plain str.
"""
_NODES = ("Size", "Limit", "Index", "Position", "Indexed", "Expr", "Condition", "Skeleton")
_IDENTITY = {
    "Word": "{0}",
    "Word | None": "{0}",
    "Symbol": "{0}, {0}.structure",
    "int": "{0}",
    "bool": "{0}",
    "tuple[object, ...]": "{0}",
    "LinearForm[Size, int]": "{0}",
    "Fraction": "{0}.numerator, {0}.denominator",
    "tuple[tuple[Index, int], ...]": "tuple([(id(i), c) for i, c in {0}])",
    **dict.fromkeys((*_NODES, "Size | None"), "id({0})"),
    **{f"tuple[{part}, ...]": "tuple(map(id, {0}))" for part in _NODES},
}
"""What tells two nodes apart in a field of some type: for nodes, which are made once, that they are two."""


@dataclass_transform(eq_default=False, frozen_default=True, field_specifiers=(field,))
def made_once(kind: type[T]) -> type[T]:
    """Make a class of nodes of a class with annotated fields: a frozen dataclass whose objects are made once.

    A field that is a Symbol may be given as a plain name. Raises TypeError for a field of a type of which it is not
    known what tells two apart, plain str among them.
    """
    made: Any = fixed(dataclass(init=False, repr=False, eq=False)(kind))
    listed = fields(made)
    unknown = [f"{f.name}: {f.type}" for f in listed if f.type not in _IDENTITY]
    if unknown:
        raise TypeError(f"{kind.__name__} has {unknown[0]}; text is a Word or, where it may be one, a Symbol")
    parameters = [f.name if f.default is MISSING else f"{f.name}={f.name}" for f in listed]
    identity = [_IDENTITY[str(f.type)].format(f.name) for f in listed]
    lines = [
        f"def __new__(cls, {', '.join(parameters)}):",
        *(
            f"    if {f.name}.__class__ not in symbols: {f.name} = symbol({f.name})"
            for f in listed
            if f.type == "Symbol"
        ),
        f"    key = (cls, {', '.join(identity)})",
        "    found = table.recent.get(key)",
        "    if found is None:",
        "        found = table.before.get(key)",
        "        if found is None:",
        "            found = new(cls)",
        *(f"            keep(found, {f.name!r}, {f.name})" for f in listed),
        "        table.add(key, found)",
        "    return found",
    ]
    scope: dict[str, Any] = {f.name: f.default for f in listed} | {"table": TABLE, "new": object.__new__, "keep": _keep}
    scope |= {"symbol": symbol, "symbols": frozenset({Tensor, Derivative, Change})}
    exec("\n".join(lines), scope)  # noqa: S102 -- as dataclasses make their __init__
    made.__new__ = staticmethod(scope["__new__"])
    return made  # type: ignore[no-any-return]
