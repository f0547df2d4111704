"""An equation that reads what it defines, written out: each step of a recurrence is an equation of its own."""

from __future__ import annotations

from chainrule.expr.binding import Fresh, free_indices, rewrite_bottom_up, substitute_indices
from chainrule.expr.nodes import Affine, Expr, Index, Indexed, number, walk
from chainrule.render.text import expression_text
from chainrule.system.model import Equation


def steps(equation: Equation) -> tuple[str, ...]:
    """Return the first two steps of a recurrence along one index, or its one step where it has none.

    The tensor h[t] becomes h1, h2 … without the index t; h0 is what stands before the first step, 0 for a marked entry.
    """
    axis = _axis(equation)
    if axis is None:
        return (_step(equation, None, 1),)
    return tuple(_step(equation, axis, count) for count in (1, 2))


def _axis(equation: Equation) -> int | None:
    """Return the axis along which an equation reads the entry before: h[t-1], or None."""
    own = (part for part in walk(equation.value) if isinstance(part, Indexed) and part.tensor == equation.name)
    for entry in own:
        for axis, (position, label) in enumerate(zip(entry.indices, equation.indices, strict=False)):
            before = isinstance(position, Affine) and position.constant == -1
            if before and isinstance(position, Affine) and position.terms == ((label, 1),):
                return axis
    return None


def _step(equation: Equation, axis: int | None, count: int) -> str:
    """Return a step as text, with the numbered names of this step and of the one before."""
    name = equation.name
    label = equation.indices[axis] if axis is not None else None

    def rename(node: Expr) -> Expr:
        if not isinstance(node, Indexed) or node.tensor != name:
            return node
        if axis is None:
            return Indexed(f"{name}{count - 1}", node.indices)
        if node.guarded and count == 1:
            return number(0)
        return Indexed(f"{name}{count - 1}", node.indices[:axis] + node.indices[axis + 1 :])

    value = rewrite_bottom_up(equation.value, rename, Fresh())
    if isinstance(label, Index) and label in free_indices(value):
        value = substitute_indices(value, {label: Affine((), count - 1)})
    kept = [i for n, i in enumerate(equation.indices) if n != axis]
    target = Indexed(f"{name}{count}", tuple(kept))
    return f"{expression_text(target)} = {expression_text(value)}"
