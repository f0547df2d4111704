"""What of a system is needed to compute some of its tensors: the forward pass alone, without cost and target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chainrule.errors import OptionError
from chainrule.expr.binding import map_operands, tensors_in
from chainrule.expr.nodes import ONE, Expr, Indexed, Product, minus, plus
from chainrule.expr.sizes import Axis, Size
from chainrule.network.on_average import on_average, without_cancelling
from chainrule.system.model import NO_COST, Equation, System
from chainrule.system.sizes.fixed import indices_in, with_fixed_sizes
from chainrule.system.typecheck import typecheck


def forward_system(system: System, *outputs: str) -> System:
    """Return the equations that lead to the tensors, with the declarations they read."""
    needed: set[str] = set(outputs)
    for equation in reversed(system.equations):
        if equation.name in needed:
            needed |= tensors_in(equation.value)
    for declaration in reversed(system.declarations):
        if declaration.tensor in needed and declaration.value is not None:
            needed |= tensors_in(declaration.value)
    return replace(
        system,
        declarations=tuple(d for d in system.declarations if d.tensor in needed),
        givens=tuple(g for g in system.givens if tensors_in(g.condition) <= needed),
        equations=tuple(e for e in system.equations if e.name in needed),
        cost=NO_COST,
        updates=(),
    )


def leading_to(system: System, masks: Mapping[str, str], sizes: Mapping[Size, int], outputs: Sequence[str]) -> System:
    """Return the equations that lead to some tensors, with nothing dropped, and with extents that only others tell.

    Raises OptionError where such an extent is not among the sizes.
    """
    part = forward_system(without_masks(system, masks), *outputs)
    told = told_by_others(system, part)
    first = next((size for size in told if size not in sizes), None)
    if first is not None:
        letter = system.axes(first.tensor)[first.number].preferred
        raise OptionError(
            f"nothing says how many values {letter} has: only data that are compared with would tell",
            expected="a network that was trained, or the extent",
            advice=f"Declare it, for example: index {letter} = 10",
        )
    return typecheck(with_fixed_sizes(part, {size: sizes[size] for size in told})) if told else part


def told_by_others(system: System, part: System) -> tuple[Axis, ...]:
    """Return the sizes in a part of a system that only data tell which are not in it, as the axes of an image drawn."""
    declared = {i.extent for d in part.declarations for i in d.indices} | part.size.keys()
    limited = {one.extent for one in system.derived}
    found = dict.fromkeys(i.extent for i in indices_in(part))
    return tuple(
        size
        for size in found
        if isinstance(size, Axis) and size.tensor in system.declared and size not in declared | limited
    )


def without_masks(system: System, masks: Mapping[str, str]) -> System:
    """Return the system outside of training: with what its masks are on average, 1 − p, and (1 − p)·z/(1 − p) as z.

    What is drawn by equations is what it is on average, too.
    """
    system = on_average(system)

    def kept(node: Expr) -> Expr:
        if isinstance(node, Indexed) and node.tensor in masks:
            return plus(ONE, minus(Indexed(masks[node.tensor])))
        made = map_operands(node, kept)
        return without_cancelling(made) if made is not node and isinstance(made, Product) else made

    if not masks:
        return system
    equations = tuple(Equation(e.target, kept(e.value)) for e in system.equations)
    declarations = tuple(d for d in system.declarations if d.tensor not in masks)
    return replace(system, declarations=declarations, equations=equations)
