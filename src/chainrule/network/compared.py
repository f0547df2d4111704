"""What a cost compares: which tensors that params determine meet which data, and along which axis classes lie.

Nobody says what comes out of a network and what should. It can be read off: somewhere in the equations that lead to the
cost a tensor that params determine stands beside data, a[k] − y[k], y[k]·log(a[k]), f[y], and nothing behind it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chainrule.expr.binding import lookups_in, tensors_in
from chainrule.expr.nodes import (
    MINUS_ONE,
    Call,
    Condition,
    Expr,
    Index,
    Indexed,
    Number,
    Power,
    Product,
    Reduce,
    Sum,
    operands,
    product_factors,
    walk,
)
from chainrule.expr.sizes import Size
from chainrule.system.model import Equation, System


@dataclass(frozen=True)
class Compared:
    """What comes out, and what should: `target` has the axes of `output`, or whole numbers in the place of one of them.

    `axis` is that axis of the output, of the classes that a label names: where there are `labels` it is looked up,
    f[t,y[t]]; else both have it, and a target may be one-hot along it. None where the output is a single number.
    `direct`: the cost reads their difference, or the output as a probability. Of tanh(u[k]) − y[k] u is the output, but
    how far it is from y says nothing.
    """

    output: str
    target: str
    axis: int | None
    labels: bool = False
    direct: bool = True


def reads(system: System) -> dict[str, frozenset[str]]:
    """Return, for each tensor that an equation defines, all tensors that it depends on."""
    found: dict[str, frozenset[str]] = {}
    for equation in system.equations:
        read = tensors_in(equation.value)
        found[equation.name] = frozenset[str](read).union(*(found[t] for t in read if t in found))
    return found


def met(system: System, skipped: Mapping[str, str]) -> Mapping[tuple[str, str], bool]:
    """Return what params and data determine with the data that it is compared with, of the last such on the way.

    Each pair says whether it is compared directly, see `Compared`. The system is what leads to a cost; data that are
    `skipped` count for nothing. Data that are computed of data alone stand for these. A product with data, m[t]·l[t],
    is a comparison only where there is no other; one with what depends on the same data, r[i] − x[i], only for data
    that are compared with nothing else.
    """
    known = reads(system)
    params: set[str] = set(system.params)
    data: list[str] = [d for d in system.with_role("data") if d not in skipped]
    learned = {name for name, read in known.items() if read & params and not read.isdisjoint(data)}
    given: dict[str, list[str]] = {name: [name] for name in data}
    given |= {n: [d for d in data if d in read] for n, read in known.items() if not read & params}
    strong: dict[tuple[str, str], bool] = {}
    weak: dict[tuple[str, str], bool] = {}
    for equation in system.equations:
        for node in _meetings(equation.value, given, learned):
            pairs = weak if _weighs(node, learned) else strong
            for output in sorted(tensors_in(node) & learned):
                for tensor in sorted(tensors_in(node) & given.keys()):
                    direct = tensor in data and _is_direct(node, output)
                    for target in given[tensor]:
                        pairs[output, target] = pairs.get((output, target), False) or direct
    clean = {target for output, target in (*strong, *weak) if target not in known[output]}
    strong, weak = (
        {pair: direct for pair, direct in pairs.items() if pair[1] not in clean or pair[1] not in known[pair[0]]}
        for pairs in (strong, weak)
    )
    found = strong or weak
    before = frozenset[str]().union(*(known[output] for output, _ in found))
    return {pair: direct for pair, direct in found.items() if pair[0] not in before}


def _is_direct(node: Expr | Condition, output: str) -> bool:
    """Say whether a part is a difference from the output, or reads its logarithm."""
    if isinstance(node, Sum):
        return any(_bare(term, output) for term in node.terms)
    logarithms = [p for p in walk(node) if isinstance(p, Call) and p.function == "log"]
    return any(output in tensors_in(part) for part in logarithms)


def _bare(term: Expr, output: str) -> bool:
    """Say whether a term is an entry of the output, or its negative."""
    factors = [f for f in product_factors(term) if f != MINUS_ONE]
    return len(factors) == 1 and isinstance(factors[0], Indexed) and factors[0].tensor == output


def _meetings(value: Expr, given: Mapping[str, object], learned: set[str]) -> Iterator[Expr | Condition]:
    """Yield the smallest parts of an expression that read both."""
    stack: list[Expr | Condition] = [value]
    while stack:
        node = stack.pop()
        if not _both(node, given, learned):
            continue
        inside = [part for part in operands(node) if _both(part, given, learned)]
        if not inside:
            yield node
        stack += inside[::-1]


def _both(node: Expr | Condition, given: Mapping[str, object], learned: set[str]) -> bool:
    read = tensors_in(node)
    return not (read.isdisjoint(given.keys()) or read.isdisjoint(learned))


def _weighs(node: Expr | Condition, learned: set[str]) -> bool:
    """Say whether a part is a product with an entry as it stands, which data weigh or drop."""
    return isinstance(node, Product) and any(isinstance(f, Indexed) and f.tensor in learned for f in node.factors)


def pair_of(
    system: System, output: str, target: str, samples: Size | None = None, *, direct: bool = True
) -> Compared | None:
    """Return the pair, None where neither are the axes the same nor is the output looked up at the target.

    `samples` is the extent of an axis that counts samples, and so no classes.
    """
    looked = _looked_up(system, output, target)
    if looked is not None:
        return Compared(output, target, looked, labels=True)
    axes = [i.extent for i in system.axes(output)]
    if system.declared[target].values is not None or axes != [i.extent for i in system.axes(target)]:
        return None
    return Compared(output, target, _class_axis(system, output, target, samples), direct=direct)


def _looked_up(system: System, output: str, target: str) -> int | None:
    """Return the axis of an output at which it is looked up by the target, f[t,y[t]]: the others are the target's."""
    for equation in system.equations:
        for part in walk(equation.value):
            if not isinstance(part, Indexed) or part.tensor != output:
                continue
            for axis, position in enumerate(part.indices):
                others = part.indices[:axis] + part.indices[axis + 1 :]
                for lookup in lookups_in((position,))[:1]:
                    if lookup.entry == Indexed(target, others) and all(isinstance(p, Index) for p in others):
                        return axis
    return None


def _class_axis(system: System, output: str, target: str, samples: Size | None) -> int | None:
    """Return the axis of the classes: that of a fact on the target, else that of a sum that divides, else the last."""
    axes = [i.extent for i in system.axes(target)]
    possible = [number for number, extent in enumerate(axes) if extent != samples]
    facts = (g.condition.left for g in system.givens)
    told = [i.extent for f in facts if isinstance(f, Reduce) and target in tensors_in(f) for i in f.indices]
    equation = system.defined[output]
    for extent in (*told, *_divided_by(system, equation)):
        if axes.count(extent) == 1 and extent != samples:
            return axes.index(extent)
    return possible[-1] if possible else None


def _divided_by(system: System, equation: Equation) -> Iterator[Size]:
    """Yield the extents of the sums that the value of an equation is divided by, those behind a name too."""
    for factor in walk(equation.value):
        if isinstance(factor, Power) and isinstance(factor.exponent, Number) and factor.exponent.value < 0:
            named = [system.defined[t].value for t in sorted(tensors_in(factor.base)) if t in system.defined]
            for part in (p for expr in (factor.base, *named) for p in walk(expr)):
                if isinstance(part, Reduce) and part.op == "sum":
                    yield from (i.extent for i in part.indices)
