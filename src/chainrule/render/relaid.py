"""Layouts and documents with some of their parts changed: what names and ranges in print are made with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeAlias, get_args

from chainrule.render.document import Bar, Group, Heading, Inline, Line, Node, Note, Table
from chainrule.render.formula import ShownFormula
from chainrule.render.layout import Layout, Matrix

_LAYOUTS = get_args(Layout)
Change: TypeAlias = Callable[[Layout], Layout | None]
"""What a part becomes; None where its own parts are looked at."""


def relaid(layout: Layout, change: Change) -> Layout:
    """Return a layout with every part changed that is to be, outermost first."""
    done: dict[int, Layout] = {}
    stack: list[tuple[Layout, bool]] = [(layout, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        changed = change(node)
        if changed is not None or ready:
            done[id(node)] = _with_parts(node, done) if changed is None else changed
            continue
        stack.append((node, True))
        stack += [(part, False) for part in _parts(node)]
    return done[id(layout)]


def relaid_below(layout: Layout, change: Change) -> Layout:
    """Return a layout that is kept, with its parts changed."""
    return _with_parts(layout, {id(part): relaid(part, change) for part in _parts(layout)})


def with_parts_changed(formula: ShownFormula, change: Change) -> ShownFormula:
    """Return a formula with parts of its layout changed."""
    return replace(formula, sides=tuple(relaid(side, change) for side in formula.sides))


def with_formulas(node: Node, change: Callable[[ShownFormula], ShownFormula]) -> Node:
    """Return a document with every formula in it changed."""
    match node:
        case ShownFormula():
            return change(node)
        case Heading(words) | Line(words) | Note(words):
            return replace(node, words=tuple(_inline(part, change) for part in words))
        case Table(headings, rows, rest):
            cells = [tuple(_cell(cell, change) for cell in line) for line in (headings, *rows, rest)]
            return replace(node, headings=cells[0], rows=tuple(cells[1:-1]), rest=cells[-1])
        case Group(nodes):
            return replace(node, nodes=tuple(with_formulas(part, change) for part in nodes))
        case Bar():
            return node


def _cell(cell: Any, change: Callable[[ShownFormula], ShownFormula]) -> Any:
    return tuple(_inline(part, change) for part in cell) if isinstance(cell, tuple) else _inline(cell, change)


def _inline(part: Inline, change: Callable[[ShownFormula], ShownFormula]) -> Inline:
    return change(part) if isinstance(part, ShownFormula) else part


def _parts(node: Layout) -> list[Layout]:
    found: list[Layout] = []
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, _LAYOUTS):
            found.append(value)
        elif isinstance(value, tuple):
            found += [part for part in value if isinstance(part, _LAYOUTS)]
    return found


def _with_parts(node: Layout, done: Mapping[int, Layout]) -> Layout:
    """Return a node with what its parts have become."""
    if isinstance(node, Matrix):
        entry = done[id(node.matrix)]
        return replace(node, matrix=entry)  # type: ignore[arg-type]  # an entry stays one
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, _LAYOUTS):
            changed[field.name] = done[id(value)]
        elif isinstance(value, tuple) and any(isinstance(part, _LAYOUTS) for part in value):
            changed[field.name] = tuple(done[id(p)] if isinstance(p, _LAYOUTS) else p for p in value)
    return replace(node, **changed) if changed else node
