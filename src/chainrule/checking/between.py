"""∂u/∂v in an answer, where u is no cost: as it is derived, and in which of two readings.

Where the equation of u reads v, ∂u/∂v is its derivative with all else held fixed, as in the steps of a derivation.
Where u also depends on v through another tensor, it may as well mean the total derivative, in which that moves along:
such an answer is read in both ways. Where u reads v through others alone, only the total derivative can be meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from chainrule.diff.backprop import Cotangents
from chainrule.errors import ChainruleError, listed
from chainrule.expr.binding import Fresh, rewrite_bottom_up, substitute_indices, tensors_in
from chainrule.expr.nodes import ZERO, Expr, Index, Indexed, Position, minus, plus
from chainrule.expr.shared import memory_of
from chainrule.expr.symbols import Derivative, Symbol, taken_by
from chainrule.jacobians import Jacobian, jacobian
from chainrule.render.text import whole_text
from chainrule.system.model import System

AS_TOTAL = "as the total derivative"
"""What the other reading is, as the end of a clause."""


@dataclass(frozen=True)
class Between:
    """∂u/∂v in the letters of `indices`, those of u, then those of v.

    `direct` is the derivative of u's equation, None where that does not read v; `total` that along all ways. `others`
    are the tensors that v reaches u through, beside directly.
    """

    name: Derivative
    indices: tuple[Index, ...]
    direct: Expr | None
    total: Expr
    others: tuple[Symbol, ...]

    @property
    def two_ways(self) -> bool:
        """Whether the two readings differ."""
        return self.direct is not None and self.direct != self.total

    @property
    def held(self) -> str:
        """What the direct reading is, as the end of a clause."""
        return f"with {listed(map(whole_text, self.others))} held fixed"


def derivatives_between(value: Expr, cotangents: Cotangents) -> Iterator[Derivative]:
    """Yield the derivatives in a value that are not of the cost, once each."""
    for tensor in sorted(tensors_in(value)):
        if isinstance(tensor, Derivative) and taken_by(tensor, cotangents.cost) is None:
            yield tensor


def between(name: Derivative, cotangents: Cotangents) -> Between | None:
    """Return ∂u/∂v as it is derived; None where u does not depend on v, or no rule is known."""
    kept: dict[Derivative, Between | None] = memory_of(cotangents.system, "derivatives between tensors")
    if name not in kept:
        kept[name] = None
        if len(name.wrt) == 1:
            with suppress(ChainruleError):
                kept[name] = _between(name, cotangents)
    return kept[name]


def with_values(value: Expr, cotangents: Cotangents, *, total: bool) -> Expr:
    """Return a value with what each ∂u/∂v was derived to be in the place of its name, in one of the readings."""
    known = {name: between(name, cotangents) for name in derivatives_between(value, cotangents)}
    if not known:
        return value

    def change(node: Expr) -> Expr:
        one = known.get(node.tensor) if isinstance(node, Indexed) and isinstance(node.tensor, Derivative) else None
        if one is None or not isinstance(node, Indexed):
            return node
        places: dict[Index, Position] = dict(zip(one.indices, node.indices, strict=True))
        return substitute_indices(one.total if total or one.direct is None else one.direct, places)

    return rewrite_bottom_up(value, change, Fresh())


def _between(name: Derivative, cotangents: Cotangents) -> Between | None:
    (wrt,), of, graph = name.wrt, name.of, cotangents.graph
    found = jacobian(cotangents.system, of, wrt)
    indices = tuple(i for i in found.result.target.indices if isinstance(i, Index))
    written_out = _written_out(found.result.value, found, cotangents.system)
    total = cotangents.simplifier.present(cotangents.simplifier.simplify(written_out, indices))
    if total == ZERO and wrt not in graph.reads.get(of, ()):
        return None
    part = next((one for one in cotangents.contributions(wrt) if one.through == of), None)
    if part is None:
        return Between(name, indices, None, total, ())
    by = tuple(i for i in part.local.partial.wrt[0].indices if isinstance(i, Index))
    letters = dict(zip((*part.indices, *by), indices, strict=True))
    direct = substitute_indices(part.local.value, letters)
    others = tuple(t for t in graph.reads[of] if t != wrt and t in graph.depending_on([wrt]))
    both = not others or _same(direct, total, cotangents, indices)
    return Between(name, indices, direct, direct if both else total, others)


def _written_out(value: Expr, found: Jacobian, before: System) -> Expr:
    """Return a value in which the derivatives that have equations of their own are written out."""

    def change(node: Expr) -> Expr:
        if not isinstance(node, Indexed) or node.tensor not in found.defined or node.tensor in before.defined:
            return node
        known = found.defined[node.tensor]
        places: dict[Index, Position] = dict(zip(known.indices, node.indices, strict=True))
        return substitute_indices(_written_out(known.value, found, before), places)

    return rewrite_bottom_up(value, change, Fresh())


def _same(left: Expr, right: Expr, cotangents: Cotangents, indices: tuple[Index, ...]) -> bool:
    difference = cotangents.simplifier.simplify(plus(left, minus(right)), indices)
    return difference == ZERO
