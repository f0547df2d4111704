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
from chainrule.expr.nodes import ONE, ZERO, Affine, Expr, Index, Indexed, product_factors, times, walk
from chainrule.expr.symbols import Derivative, Symbol, taken_by
from chainrule.system.recurrences import recurrence_of


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
    for name in _named(value, indices, tensor, cotangents):
        if name == own and not cotangents.is_unknown(tensor):
            if multiple_of_itself(value, indices, tensor, cotangents) is None:
                return named_itself(tensor, cotangents)
        elif name in before and name != own:
            return _named_before(name, before[name], tensor, cotangents)
    return None


def names_itself(value: Expr, indices: Sequence[Index], tensor: str, cotangents: Cotangents) -> bool:
    """Say whether an answer names ∂C/∂tensor, but for that of steps on which it depends."""
    return Derivative(cotangents.cost, tensor) in _named(value, indices, tensor, cotangents)


def _named(value: Expr, indices: Sequence[Index], tensor: str, cotangents: Cotangents) -> dict[Symbol, None]:
    """Return what an answer names, without derivatives of steps that are computed before the one asked for."""
    steps = _Steps(tensor, tuple(indices), cotangents)
    entries = (part for part in walk(value) if isinstance(part, Indexed))
    return dict.fromkeys(part.tensor for part in entries if not steps.are_done_before(part))


@dataclass(frozen=True)
class _Steps:
    """What an answer for ∂C/∂h may name where h belongs to a recurrence: derivatives of the steps that come after."""

    tensor: str
    indices: tuple[Index, ...]
    cotangents: Cotangents

    def are_done_before(self, entry: Indexed) -> bool:
        """Say whether an entry is a derivative at a step on which the one asked for depends, and not the other way."""
        system = self.cotangents.system
        together, by = recurrence_of(system, self.tensor), taken_by(entry.tensor, self.cotangents.cost)
        if together is None or by is None or by not in together.axes:
            return False
        own = system.symbol(self.tensor)
        step = self.indices[together.axes[own]]
        match entry.indices[together.axes[by]]:
            case Affine(((letter, 1),), shift) if letter == step:
                return shift < 0 if together.down else shift > 0
            case position:
                names = [equation.name for equation in together.equations]
                return position == step and names.index(by) > names.index(own)


def named_itself(tensor: str, cotangents: Cotangents) -> Circle:
    """Return what is wrong with ∂C/∂z = ∂C/∂z."""
    own = Derivative(cotangents.cost, tensor)
    together = recurrence_of(cotangents.system, tensor)
    if together is None:
        return Circle(own, f"the answer names {own} itself on the right", f"an answer without {own}")
    which = "before" if together.down else "after"
    what = f"the answer names {own} itself on the right, of steps that are computed from the one on the left"
    return Circle(own, what, f"{own} at steps {which} its own")


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
