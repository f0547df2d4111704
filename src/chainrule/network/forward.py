"""What of a system is needed to compute one of its tensors: the forward pass alone, without cost and target."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.errors import OptionError
from chainrule.expr.binding import tensors_in
from chainrule.system.model import System


@dataclass(frozen=True)
class Ends:
    """The tensors at the ends of a network: the samples, what comes out, and what should."""

    data: str
    output: str
    target: str


def forward_system(system: System, output: str) -> System:
    """Return the equations that lead to a tensor, with the declarations they read."""
    needed = {output}
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
        cost="",
        updates=(),
    )


def ends_of(system: System, output: str) -> Ends:
    """Return the ends of a system that can be trained as a network. Raises OptionError for one that cannot."""
    _check_trainable(system)
    if output not in system.defined:
        known = ", ".join(e.name for e in system.equations)
        raise OptionError(f"no equation defines the output {output}", expected=f"one of {known}")
    forward = forward_system(system, output)
    kept = [tensor for tensor in system.states if tensor in forward.declared]
    if kept:
        raise OptionError(
            f"the output {output} depends on the state {kept[0]}",
            expected="an output that params and data determine: a network that is trained keeps its params only",
        )
    data = system.with_role("data")
    inputs = [tensor for tensor in data if tensor in forward.declared]
    targets = [tensor for tensor in data if tensor not in forward.declared]
    for found, what in ((inputs, f"data that {output} depends on"), (targets, "data that only the cost depends on")):
        if len(found) != 1:
            raise OptionError(
                f"the system has {len(found)} tensors of {what}" + (f": {', '.join(found)}" if found else ""),
                expected="one for the samples, one for what should come out",
                advice="Other systems can be run by chainrule.evaluate and chainrule.value_and_grad.",
            )
    for tensor in (inputs[0], output, targets[0]):
        if len(system.axes(tensor)) != 1:
            raise OptionError(
                f"{tensor} has {len(system.axes(tensor))} indices", expected="one: a vector for each sample"
            )
    return Ends(inputs[0], output, targets[0])


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
