"""Bodies of reductions: where a reader could take one for longer or shorter than it is, parentheses must stand."""

from __future__ import annotations

import re

from lark import Token, Tree

from chainrule.notation.source import Source
from chainrule.notation.trees import closed, first_token, last_token, name_token, ranges_of, second_factor, unsigned


def check_body(source: Source, offset: int, tree: Tree[Token] | Token, before: str) -> None:
    """Refuse a reduction whose body could end after its first factor or go on.

    `before` is the operator in front of it, or its own name.
    """
    operator = second_factor(tree)
    if operator is None or not isinstance(tree, Tree):
        return
    reduction = unsigned(tree)
    text = source.text
    start, end = offset + (first_token(reduction).start_pos or 0), offset + (operator.start_pos or 0)
    last = name_token(ranges_of(reduction)[-1])
    head = re.compile(r"\s*(?:<[^)}]*)?[)}]").match(text, offset + (last.start_pos or 0) + len(last))
    body = head.end() if head else offset + (last.start_pos or 0) + len(last)
    end_token = last_token(reduction)
    stop = closed(text, start, offset + (end_token.start_pos or 0) + len(end_token))
    whole, first, rest = (" ".join(part.split()) for part in (text[start:stop], text[start:end], text[end:stop]))
    if before in "/^":
        what, readings = f"after {before}", (f"{before}({whole})", f"{before}({first}){rest}")
    else:
        opening, inner = (" ".join(part.split()) for part in (text[start:body], text[body:stop]))
        what, readings = f"of the {before}", (f"{opening} ({inner})", f"({first}){rest}")
    raise source.error(
        f"the body {what} has more than one factor and no parentheses",
        start,
        expected=f"it could mean {readings[0]} or {readings[1]}",
    )


def counts_where(reduction: Tree[Token]) -> bool:
    """Say whether the body of a maximum or minimum is brackets and one entry: `[c]*x`, x where c holds."""
    body = reduction.children[-1]
    product = body.children[0] if isinstance(body, Tree) else body
    if not isinstance(product, Tree) or product.data != "product":
        return False
    kinds = [part.data if isinstance(part, Tree) else str(part) for part in product.children]
    *front, last = kinds
    conditions = front[::2] == ["bracket"] * len(front[::2])
    return conditions and "/" not in front[1::2] and last not in ("bracket", "number")
