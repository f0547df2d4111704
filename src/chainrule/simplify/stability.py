"""Numerical stability as a rewrite: the same values, without overflow and without log(0).

    log(a[k]),     a = sigmoid(z)   becomes  −softplus(−z[k])
    log(1 − a[k]), a = sigmoid(z)   becomes  −softplus(z[k])
    a[k] = exp(z[k])/Σ_m exp(z[m])  becomes  exp(z[k] − M)/Σ_m exp(z[m] − M),   M = max(m) z[m]
    log(a[k]), a that softmax       becomes  z[k] − M − log(Σ_m exp(z[m] − M))

It is run before a system is executed, after everything is derived; what is shown stays as the textbook writes it.
Source: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 4.1 and 6.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.expr.binding import (
    Fresh,
    map_operands,
    open_reduce,
    reduce_over,
    rename_indices,
    substitute_indices,
)
from chainrule.expr.nodes import (
    Call,
    Expr,
    Index,
    Indexed,
    Number,
    Power,
    Product,
    Reduce,
    Sum,
    minus,
    over,
    plus,
    times,
)
from chainrule.system.functions import put_in_functions
from chainrule.system.model import Equation, System, unused_name


@dataclass(frozen=True)
class _Sigmoid:
    """target = sigmoid(argument)."""

    target: Indexed
    argument: Expr

    def log(self) -> Expr:
        return minus(Call("softplus", (minus(self.argument),)))

    def log_of_rest(self) -> Expr:
        return minus(Call("softplus", (self.argument,)))


@dataclass(frozen=True)
class _Softmax:
    """target = softmax of exponent over index `over`; `largest` and `total` are the equations added for it."""

    target: Indexed
    exponent: Expr
    largest: Equation
    total: Equation

    @property
    def shifted(self) -> Expr:
        return plus(self.exponent, minus(self.largest.target))

    def value(self) -> Expr:
        return over(Call("exp", (self.shifted,)), self.total.target)

    def log(self) -> Expr:
        return plus(self.shifted, minus(Call("log", (self.total.target,))))


def stable(system: System) -> System:
    """Return the system with sigmoid, softmax and their logarithms written so that no value overflows.

    Equations are added, never renamed: `a2_largest` and `a2_total` for a softmax named a2.
    """
    taken = set(system.names()) | set(system.function)
    known: dict[str, _Sigmoid | _Softmax] = {}
    equations: list[Equation] = []
    for equation in system.equations:
        value = put_in_functions(equation.value, system.function)
        found = _sigmoid(equation, value) or _softmax(equation, value, taken)
        if isinstance(found, _Softmax):
            equations += [found.largest, found.total, Equation(equation.target, found.value())]
        else:
            changed = _rewritten(equation.value, known, Fresh())
            equations.append(equation if changed is equation.value else Equation(equation.target, changed))
        if found is not None:
            known[equation.name] = found
    return system.with_equations(tuple(equations))


def _sigmoid(equation: Equation, value: Expr) -> _Sigmoid | None:
    match value:
        case Call("sigmoid", (argument,), 0):
            return _Sigmoid(equation.target, argument)
        case _:
            return None


def _softmax(equation: Equation, value: Expr, taken: set[str]) -> _Softmax | None:
    match value:
        case Product((Call("exp", (exponent,), 0), Power(Reduce("sum", (_,)) as total, Number(power)))) if power == -1:
            (bound,), body = open_reduce(total, Fresh())
        case _:
            return None
    for index in equation.indices:
        if index.extent == bound.extent and rename_indices(body, {bound: index}) == Call("exp", (exponent,)):
            return _parts(equation, exponent, index, taken)
    return None


def _parts(equation: Equation, exponent: Expr, index: Index, taken: set[str]) -> _Softmax:
    others = tuple(i for i in equation.indices if i != index)
    largest = Indexed(unused_name(f"{equation.name}_largest", taken), others)
    total = Indexed(unused_name(f"{equation.name}_total", taken), others)
    taken.update((largest.tensor, total.tensor))
    shifted = Call("exp", (plus(exponent, minus(largest)),))
    return _Softmax(
        equation.target,
        exponent,
        Equation(largest, reduce_over("max", (index,), exponent)),
        Equation(total, reduce_over("sum", (index,), shifted)),
    )


def _rewritten(expr: Expr, known: dict[str, _Sigmoid | _Softmax], fresh: Fresh) -> Expr:
    """Return the expression with every logarithm of a known quantity replaced."""
    if isinstance(expr, Reduce):
        indices, body = open_reduce(expr, fresh)
        changed = _rewritten(body, known, fresh)
        return expr if changed == body else reduce_over(expr.op, indices, changed)
    inner = map_operands(expr, lambda part: _rewritten(part, known, fresh))
    match inner:
        case Call("log", (Indexed() as entry,), 0) if entry.tensor in known:
            return _at(known[entry.tensor].log(), known[entry.tensor], entry)
        case Call("log", (Sum((Number(value), Product((Number(sign), Indexed() as entry)))),), 0):
            found = known.get(entry.tensor)
            if value == 1 and sign == -1 and isinstance(found, _Sigmoid):
                return _at(found.log_of_rest(), found, entry)
            return inner
        case Sum(terms):
            return plus(*terms)
        case Product(factors):
            return times(*factors)
        case _:
            return inner


def _at(value: Expr, found: _Sigmoid | _Softmax, entry: Indexed) -> Expr:
    """Return a value that is written for the target's indices at those of an entry."""
    mapping = {
        index: position
        for index, position in zip(found.target.indices, entry.indices, strict=True)
        if isinstance(index, Index)
    }
    return substitute_indices(value, mapping)
