"""What of a system is needed to compute one of its tensors: the forward pass alone, without cost and target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chainrule.errors import OptionError, listed
from chainrule.expr.binding import map_operands, tensors_in
from chainrule.expr.nodes import MINUS_ONE, ONE, Expr, Indexed, Number, Power, Product, minus, plus, times
from chainrule.system.model import NO_COST, Equation, System


@dataclass(frozen=True)
class Ends:
    """The tensors at the ends of a network: the samples, what comes out, and what should.

    `masks` are data that the trainer draws, each with the const that is the probability of a 0 in it.
    """

    data: str
    output: str
    target: str
    masks: Mapping[str, str] = field(default_factory=dict)


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


def without_masks(system: System, masks: Mapping[str, str]) -> System:
    """Return the system outside of training: with what its masks are on average, 1 − p, and (1 − p)·z/(1 − p) as z."""

    def kept(node: Expr) -> Expr:
        if isinstance(node, Indexed) and node.tensor in masks:
            return plus(ONE, minus(Indexed(masks[node.tensor])))
        made = map_operands(node, kept)
        return _cancelled(made) if made is not node and isinstance(made, Product) else made

    if not masks:
        return system
    equations = tuple(Equation(e.target, kept(e.value)) for e in system.equations)
    declarations = tuple(d for d in system.declarations if d.tensor not in masks)
    return replace(system, declarations=declarations, equations=equations)


def _cancelled(product: Product) -> Expr:
    """Return a product without factors that stand in it as divisors too."""
    factors = list(product.factors)
    for factor in product.factors:
        if factor in factors and Power(factor, MINUS_ONE) in factors:
            factors.remove(factor)
            factors.remove(Power(factor, MINUS_ONE))
    return times(*factors)


def ends_of(system: System, output: str, masks: Mapping[str, str]) -> Ends:
    """Return the ends of a system that can be trained as a network. Raises OptionError for one that cannot."""
    _check_trainable(system)
    _check_masks(system, masks)
    if output not in system.defined:
        known = listed(e.name for e in system.equations)
        raise OptionError(f"no equation defines the output {output}", expected=f"one of {known}")
    forward = forward_system(system, output)
    kept = [tensor for tensor in system.states if tensor in forward.declared]
    if kept:
        raise OptionError(
            f"the output {output} depends on the state {kept[0]}",
            expected="an output that params and data determine: a network that is trained keeps its params only",
        )
    data = [tensor for tensor in system.with_role("data") if tensor not in masks]
    inputs = [tensor for tensor in data if tensor in forward.declared]
    targets = [tensor for tensor in data if tensor not in forward.declared]
    for found, what in ((inputs, f"data that {output} depends on"), (targets, "data that only the cost depends on")):
        if len(found) != 1:
            raise OptionError(
                f"the system has {len(found)} tensors of {what}" + (f": {listed(found)}" if found else ""),
                expected="one for the samples, one for what should come out",
                advice="Other systems can be run by chainrule.evaluate and chainrule.value_and_grad.",
            )
    for tensor in (inputs[0], output, targets[0]):
        if len(system.axes(tensor)) != 1:
            raise OptionError(
                f"{tensor} has {len(system.axes(tensor))} indices", expected="one: a vector for each sample"
            )
    return Ends(inputs[0], output, targets[0], dict(masks))


def _check_masks(system: System, masks: Mapping[str, str]) -> None:
    for mask, probability in masks.items():
        declared, const = system.declared.get(mask), system.declared.get(probability)
        if declared is None or declared.role != "data" or len(declared.indices) != 1:
            raise OptionError(f"the mask {mask} is no data of the system", expected="data with one index: data mask[j]")
        value = const.value if const is not None and const.role == "const" else None
        if not isinstance(value, Number) or not 0 <= value.value < 1:
            raise OptionError(
                f"{probability} is no probability that the mask {mask} is 0", expected="a const from 0 on, less than 1"
            )


def _check_trainable(system: System) -> None:
    unknown = (*system.with_role("abstract"), *(f.name for f in system.functions if f.body is None))
    if unknown:
        raise OptionError(f"{unknown[0]} is an unknown function, which cannot be run", advice="Give its equation.")
    if not system.cost:
        raise OptionError("the system has no cost", advice="Write, for example: cost C = 1/2*(sum(k) (a[k] - y[k])^2)")
    if not system.batch:
        raise OptionError("the system is for one sample only", advice="Add the line: batch n")
    open_consts = [d.tensor for d in system.declarations if d.role == "const" and d.value is None]
    if open_consts:
        raise OptionError(f"const {open_consts[0]} has no value", advice=f"Write one: const {open_consts[0]} = 0.1")
