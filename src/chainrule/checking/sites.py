"""The sites in an expression at which it can be changed, each with the way back to the whole, and the changes.

All reductions are opened once, with names that are used nowhere else. So whatever is changed, all that is not above it
is the same data still, and whoever evaluates many changes computes it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from chainrule.expr.binding import Fresh, expressions_in, map_operands, open_reduce, reduce_over, with_expressions
from chainrule.expr.nodes import Expr, Index, Product, Reduce, Sum
from chainrule.render.text import expression_text


@dataclass(frozen=True)
class Site:
    """A part of an expression, the indices that may stand there, and what the whole is with something else there.

    The whole is `linear` in it where there are only sums and products around it.
    """

    node: Expr
    scope: tuple[Index, ...]
    put: Callable[[Expr], Expr]
    linear: bool = True


def opened(expr: Expr, fresh: Fresh) -> Expr:
    """Return the expression with every reduction under fresh names: to be evaluated and changed, not to be compared."""
    if isinstance(expr, Reduce):
        indices, body = open_reduce(expr, fresh)
        return Reduce(expr.op, indices, opened(body, fresh))
    return map_operands(expr, lambda part: opened(part, fresh))


def closed(expr: Expr) -> Expr:
    """Return an opened expression with canonical names again."""
    if isinstance(expr, Reduce):
        return reduce_over(expr.op, expr.indices, closed(expr.body))
    return map_operands(expr, closed)


def sites_of(expr: Expr, scope: tuple[Index, ...]) -> tuple[Site, ...]:
    """Return all sites of an opened expression, outermost first."""
    found: list[Site] = []
    _collect(Site(expr, scope, lambda new: new), found)
    return tuple(found)


@dataclass(frozen=True)
class Edit:
    """An expression with one place changed, and what that says about the one it was made of.

    `say` makes the words, which most edits are never asked for; `factor` is what was left out of a product, where
    something was.
    """

    say: Callable[[], str]
    expr: Expr
    factor: Expr | None = None

    @property
    def words(self) -> str:
        """What the edit says."""
        return self.say()


Local = Callable[[Expr, tuple[Index, ...]], Iterator[Edit]]


def everywhere(expr: Expr, local: Local, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the expression with one local change, at every site in turn, outermost first.

    `scope` are the indices that may stand at the site.
    """
    for edit in edits_at(sites_of(opened(expr, Fresh()), scope), local):
        yield replace(edit, expr=closed(edit.expr))


def edits_at(sites: Sequence[Site], local: Local) -> Iterator[Edit]:
    """Yield the expression with one local change at each of its sites in turn; its reductions stay open."""
    for site in sites:
        for edit in local(site.node, site.scope):
            yield replace(edit, expr=site.put(edit.expr))


def says(template: str, *parts: Expr) -> Callable[[], str]:
    """Return what makes the words, with the text of the parts in their places, when somebody asks."""
    return lambda: template.format(*map(text_of, parts))


def text_of(expr: Expr) -> str:
    """Return an opened expression as text."""
    return expression_text(closed(expr))


def _collect(site: Site, found: list[Site]) -> None:
    found.append(site)
    node = site.node
    scope = (*site.scope, *node.indices) if isinstance(node, Reduce) else site.scope
    linear = site.linear and (
        node.op in {"sum", "mean"} if isinstance(node, Reduce) else isinstance(node, Sum | Product)
    )
    for number, part in enumerate(expressions_in(node)):
        _collect(Site(part, scope, _put_at(site, number), linear), found)


def _put_at(site: Site, number: int) -> Callable[[Expr], Expr]:
    return lambda new: site.put(_replaced(site.node, number, new))


def _replaced(expr: Expr, place: int, new: Expr) -> Expr:
    parts = expressions_in(expr)
    return with_expressions(expr, (*parts[:place], new, *parts[place + 1 :]))
