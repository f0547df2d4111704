"""A document as JSON, for programs. docs/explaining.md has the schema; a change that breaks it raises VERSION.

Numbers have all digits that are needed to read the very same float back. JSON has none that are not finite: they are
the strings "nan", "inf" and "-inf".
"""

from __future__ import annotations

import json
import math
from typing import Any, assert_never

from chainrule.render.document import Added, Among, Bar, Cell, Group, Heading, Inline, Line, Node, Note, Share, Table
from chainrule.render.formula import ShownFormula

VERSION = 1


def document_json(node: Node) -> str:
    """Return a document as one line of JSON, in which whatever a terminal would obey or hide is written as an escape.

    >>> print(document_json(Line(("Sum: ", 0.1))))
    {"version": 1, "document": {"kind": "line", "words": ["Sum: ", {"number": 0.1}]}}
    """
    text = json.dumps({"version": VERSION, "document": _node(node)}, ensure_ascii=False, allow_nan=False)
    unseen = {c for c in set(text) if not c.isprintable()}
    return text.translate({ord(c): json.dumps(c)[1:-1] for c in unseen})


def _node(node: Node) -> dict[str, Any]:
    match node:
        case Heading(words):
            return {"kind": "heading", "words": [*map(_inline, words)]}
        case Line(words):
            return {"kind": "line", "words": [*map(_inline, words)]}
        case Note(words):
            return {"kind": "note", "words": [*map(_inline, words)]}
        case ShownFormula():
            return {"kind": "formula", **_formula(node)}
        case Table(headings, rows, rest):
            below = {"rows": [[*map(_cell, row)] for row in rows], "rest": [*map(_cell, rest)]}
            return {"kind": "table", "headings": [*map(_cell, headings)], **below}
        case Bar(share):
            return {"kind": "bar", "share": _number(share)}
        case Group(nodes, role, label):
            return {"kind": "group", "role": role, "label": label, "nodes": [*map(_node, nodes)]}
        case _:
            assert_never(node)


def _cell(cell: Cell) -> Any:
    match cell:
        case tuple():
            return [*map(_inline, cell)]
        case Bar(share):
            return {"bar": _number(share)}
        case _:
            return _inline(cell)


def _inline(part: Inline) -> Any:
    match part:
        case str() | int():
            return part
        case float():
            return {"number": _number(part)}
        case Added(value):
            return {"number": _number(value), "added": True}
        case Among():
            return {"number": _number(part.value)}
        case Share(value):
            return {"share": _number(value)}
        case ShownFormula():
            return _formula(part)
        case _:
            assert_never(part)


def _formula(formula: ShownFormula) -> dict[str, str]:
    return {"text": str(formula), "latex": formula.latex()}


def _number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))
