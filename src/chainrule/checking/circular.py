"""Answers that go round in a circle: ∂C/∂z by ∂C/∂b where b leads to z, or by itself.

∂C/∂b is computed from ∂C/∂z, so such a line may be true and yet says nothing. That ∂C/∂z is a multiple of itself is
another matter: it says something, and that is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.diff.backprop import Cotangents
from chainrule.errors import listed
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import ONE, ZERO, Expr, Index, Indexed, product_factors, times, walk
from chainrule.expr.symbols import Derivative, Symbol


@dataclass(frozen=True)
class Circle:
    """A derivative in an answer that is computed from the one that the answer is for, in the parts of an error."""

    name: str
    what: str
    expected: str
    advice: str = ""


def circle_in(value: Expr, indices: Sequence[Index], tensor: str, cotangents: Cotangents) -> Circle | None:
    """Return what makes an answer for ∂C/∂tensor circular, or None. A multiple of ∂C/∂tensor alone is none."""
    own = Derivative(cotangents.cost, tensor)
    before: dict[Symbol, str] = {Derivative(cotangents.cost, t): t for t in cotangents.graph.leading_to(tensor)}
    entries = (part.tensor for part in walk(value) if isinstance(part, Indexed))
    for name in dict.fromkeys(entries):
        if name == own and not cotangents.is_unknown(tensor):
            if multiple_of_itself(value, indices, tensor, cotangents) is None:
                return named_itself(tensor, cotangents)
        elif name in before and name != own:
            return _named_before(name, before[name], tensor, cotangents)
    return None


def named_itself(tensor: str, cotangents: Cotangents) -> Circle:
    """Return what is wrong with ∂C/∂z = ∂C/∂z."""
    own = Derivative(cotangents.cost, tensor)
    return Circle(own, f"the answer names {own} itself on the right", f"an answer without {own}")


def multiple_of_itself(value: Expr, indices: Sequence[Index], tensor: str, cotangents: Cotangents) -> Expr | None:
    """Return c where a value is c·∂C/∂tensor with the very indices of the left side, c ≠ 1 without entries."""
    own = Indexed(Derivative(cotangents.cost, tensor), tuple(indices))
    if tensors_in(value) != {own.tensor}:
        return None
    simple = cotangents.simplifier.simplify(value, indices)
    if simple == ZERO:
        return ZERO
    factors = list(product_factors(simple))
    if factors.count(own) != 1:
        return None
    factors.remove(own)
    rest = times(*factors)
    return None if rest == ONE or tensors_in(rest) else rest


def _named_before(name: str, before: str, tensor: str, cotangents: Cotangents) -> Circle:
    own, graph = Derivative(cotangents.cost, tensor), cotangents.graph
    between = graph.depending_on([tensor]) & graph.leading_to(cotangents.cost) - {tensor, cotangents.cost}
    names = [Derivative(cotangents.cost, t) for t in graph.order if t in between]
    return Circle(
        name,
        f"the answer for {own} names {name}, which is itself computed from {own}",
        f"an answer that names no derivative of {cotangents.cost}" + (f" but {listed(names)}" if names else ""),
        f"{tensor} depends on {before}: the answer goes round in a circle.",
    )
