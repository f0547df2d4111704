"""How params begin that nobody gave: by what the equations do with them, after the rules of `nn`.

What is added begins at 0, as biases do; but where that would make all entries along an axis alike for good, as of the
centres c[j,i] in x[i] − c[j,i], it is drawn from N(0, 1). What multiplies entry by entry, γ[j]·h[j], begins at 1. What
is summed over, Σ_i W[j,i]·x[i], is a weight and begins as N(0, 1/inputs), times 2/(1 + slope²) where what comes of it
goes through a function that is about z above 0 and slope·z below (He et al. 2015, eq. 10 and 15). Who looks up a row
sums over one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from chainrule.errors import ChainruleError
from chainrule.execute.reference.evaluation import evaluate
from chainrule.expr.binding import free_indices, map_operands, position_indices, tensors_in
from chainrule.expr.nodes import (
    Bracket,
    Call,
    Condition,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    Lookup,
    Number,
    Power,
    Product,
    Reduce,
    Sum,
    operands,
)
from chainrule.expr.symbols import Tensor
from chainrule.network.compared import reads
from chainrule.network.forward import forward_system
from chainrule.nn.layer import Initial, Normal, Value
from chainrule.system.model import Declaration, Equation, System
from chainrule.system.stages import before_backprop

_FAR = 20.0
"""Where a function is told from its slopes: that far from 0 what bends near it no longer counts."""
_NEAR, _FLAT = 1e-3, 0.5
"""How near to 1 the slope above 0 must be, and how much flatter than that the other."""
_PLAIN, _RESULT = Tensor("z"), Tensor("result of it")


@dataclass(frozen=True)
class Use:
    """What one place does with a param: which axes it sums over, None where it does not weigh what it reads.

    `scales`: it multiplies entry by entry. `function` is what reads the sum there at once, relu(Σ_i W[j,i]·x[i]).
    `brings` are the axes that no other term of a sum has which it is added in.
    """

    equation: str
    summed: tuple[int, ...] | None
    scales: bool
    function: Call | None
    brings: tuple[int, ...] = ()


def beginnings(system: System, params: Mapping[str, Sequence[int]]) -> dict[str, Initial]:
    """Return how each of the params begins, by name, with its shape."""
    costing = forward_system(before_backprop(system), system.cost)
    learned = {name for name, read in reads(costing).items() if read & set(system.params)} | set(system.params)
    varying = learned | set(system.with_role("data")) | {e.name for e in costing.equations}
    found: dict[str, list[Use]] = {name: [] for name in params}
    for equation in costing.equations:
        for entry, above in _entries(equation.value):
            if entry.tensor in found:
                found[entry.tensor].append(_use(equation, entry, above, varying))
    begun = {name: _initial(costing, uses, params[name]) for name, uses in found.items()}
    told_apart = {
        index.extent
        for name in (*system.with_role("data"), *(name for name, first in begun.items() if isinstance(first, Normal)))
        for index in system.axes(name)
    }
    for name, uses in found.items():
        axes = [index.extent for index in system.axes(name)]
        alike = any(use.brings and {axes[n] for n in use.brings}.isdisjoint(told_apart) for use in uses)
        if alike and begun[name] == Value(0.0):
            begun[name] = Normal(1.0)
            told_apart |= set(axes)
    return begun


def _initial(system: System, uses: Sequence[Use], shape: Sequence[int]) -> Initial:
    weights = [use for use in uses if use.summed is not None]
    if not weights:
        return Value(1.0 if any(use.scales for use in uses) else 0.0)
    inputs = max(prod(shape[axis] for axis in use.summed or ()) for use in weights)
    return Normal(max(_gain(system, use) for use in weights) / max(1, inputs))


def _entries(value: Expr) -> Iterator[tuple[Indexed, tuple[Expr | Condition, ...]]]:
    """Yield each entry in an expression with the nodes that it stands in, outermost first."""
    stack: list[tuple[Expr | Condition, tuple[Expr | Condition, ...]]] = [(value, ())]
    while stack:
        node, above = stack.pop()
        if isinstance(node, Indexed):
            yield node, above
        stack += [(part, (*above, node)) for part in operands(node)]


def _use(equation: Equation, entry: Indexed, above: Sequence[Expr | Condition], varying: set[str]) -> Use:
    """Return what is done with an entry in the product that it stands in, up to the next sum of terms or function."""
    bound: set[Index] = set()
    beside: list[Expr] = []
    raised, inner = False, entry
    ended: Expr | Condition | None = None
    for node in reversed(above):
        if isinstance(node, Reduce) and node.op in ("sum", "mean"):
            bound |= set(node.indices)
        elif isinstance(node, Product):
            beside += [f for f in node.factors if f is not inner and not isinstance(f, Number | ExtentValue)]
        elif isinstance(node, Power) and node.base is inner and isinstance(node.exponent, Number):
            raised = True
        else:
            ended = node
            break
        inner = node  # type: ignore[assignment]
    looked_up = any(isinstance(position, Lookup) for position in entry.indices)
    others = [f for f in beside if not tensors_in(f).isdisjoint(varying - {entry.tensor})]
    shared = frozenset[Index]().union(*map(free_indices, [*others, *(f for f in beside if isinstance(f, Bracket))]))
    axes = [frozenset(position_indices(p)) for p in entry.indices]
    summed = tuple(n for n, own in enumerate(axes) if own & bound & shared)
    apart = any(not own & shared for own in axes)
    weighs = looked_up or bool(others and (summed or apart) and not raised)
    outside = next((n for n in reversed(above) if not isinstance(n, Sum | Product | Reduce | Power)), None)
    function = outside if isinstance(outside, Call) and len(outside.arguments) == 1 else None
    brings: tuple[int, ...] = ()
    if isinstance(ended, Sum) and not others:
        terms = [t for t in ended.terms if t is not inner and not tensors_in(t).isdisjoint(varying - {entry.tensor})]
        theirs = frozenset[Index]().union(*map(free_indices, terms))
        brings = tuple(n for n, own in enumerate(axes) if terms and own and not own & theirs)
    return Use(equation.name, summed if weighs else None, bool(others), function, brings)


def _gain(system: System, use: Use) -> float:
    """Return what the variance of weights is multiplied by, for the function that reads what they are summed up to."""
    if use.function is not None:
        return _gain_of(system, replace(use.function, arguments=(Indexed(_PLAIN),)), _PLAIN)
    readers = [e for e in system.equations if use.equation in tensors_in(e.value) and _entry_by_entry(e, use.equation)]
    values = [_without_indices(e.value, use.equation) for e in readers]
    functions = [f for e in readers for f in _functions_of(e.value, use.equation)]
    gains = [*(_gain_of(system, v, use.equation) for v in values), *(_gain_of(system, f, _PLAIN) for f in functions)]
    return max(gains, default=1.0)


def _functions_of(value: Expr, name: str) -> Iterator[Expr]:
    """Yield f(z) for each function f of one argument that a tensor z stands in, added to others or multiplied."""
    for entry, above in _entries(value):
        outside = next((node for node in reversed(above) if not isinstance(node, Sum | Product)), None)
        if entry.tensor == name and isinstance(outside, Call) and len(outside.arguments) == 1:
            yield replace(outside, arguments=(Indexed(_PLAIN),))


def _gain_of(system: System, value: Expr, name: str) -> float:
    """Return 2/(1 + slope²) for a value that is about z above 0 and slope·z below, 1 for another; z is the tensor."""
    read = tensors_in(value)
    consts = [d for d in system.declarations if d.tensor in read and d.role == "const" and d.value is not None]
    if read != {name, *(d.tensor for d in consts)}:
        return 1.0
    equation = Equation(Indexed(_RESULT), value)
    alone = System((*consts, Declaration("data", name)), functions=system.functions, equations=(equation,))
    try:
        above, below = (float(evaluate(alone, {name: z})[_RESULT]) / z for z in (_FAR, -_FAR))
    except ChainruleError:
        return 1.0
    return 2 / (1 + below**2) if abs(above - 1) < _NEAR and abs(below) < _FLAT else 1.0


def _entry_by_entry(equation: Equation, name: str) -> bool:
    entries = [entry for entry, _ in _entries(equation.value) if entry.tensor == name]
    return all(entry.indices == equation.target.indices for entry in entries)


def _without_indices(value: Expr, name: str) -> Expr:
    if isinstance(value, Indexed) and value.tensor == name:
        return Indexed(name)
    return map_operands(value, lambda part: _without_indices(part, name))
