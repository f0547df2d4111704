"""Sums over layers: Σ_{l=1..L} for terms that are equal but for the number of their layer. For printing only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.expr.nodes import Index, Indexed, Reduce, Sum, operands, plus, with_operands
from chainrule.expr.symbols import tensors_of
from chainrule.families.families_text import range_text
from chainrule.families.repeated_layers import EqualLayers, Members, named_in, repeated
from chainrule.families.templates import StepBlock
from chainrule.system.model import Equation


def with_layer_sums(
    equation: Equation, members: Members, least: int, block: Callable[[EqualLayers], StepBlock]
) -> Equation:
    """Return an equation in which terms of equal layers are a sum over these; `block` tells layers as one."""

    def summed(node: Any) -> Any:
        parts = operands(node)
        if isinstance(node, Sum):
            found = repeated([_of_its_layer(term, members) for term in node.terms], members, least)
            parts = tuple([_sum(block(one)) if isinstance(one, EqualLayers) else one.value for one in found])
            if len(parts) < len(node.terms):
                return plus(*map(summed, parts)) if len(parts) > 1 else parts[0]
        return with_operands(node, [summed(part) for part in parts]) if parts else node

    value = summed(equation.value)
    return equation if value is equation.value else Equation(equation.target, value)


def _of_its_layer(term: Any, members: Members) -> Equation:
    """Return a term as the value of an equation of the layer that it is of."""
    alone = Indexed("_")
    named = (part for one in named_in(Equation(alone, term)) for part in tensors_of(one))
    return Equation(next((Indexed(part) for part in named if part in members), alone), term)


def _sum(block: StepBlock) -> Reduce:
    terms: Sequence[Any] = [item.value for item in block.items if isinstance(item, Equation)]
    return Reduce("sum", (Index(range_text(block.range).replace(" ", "")),), plus(*terms))
