"""The value of an expression, straight from its definition: this is the meaning of the notation.

A sum of products is one einsum over its factors, each evaluated to an array with named axes; all else broadcasts over
named axes. The mask that is handed down says where a value is wanted at all: outside it, where a bracket or the branch
of a `where` has ruled it out, entries may hold anything, and whoever narrowed the mask puts in the 0 or the other
branch. Nothing here is rearranged for speed or for stability.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeAlias, assert_never

import numpy as np

from chainrule.errors import InputError, listed
from chainrule.execute.protocol import Unknowns
from chainrule.execute.reference.labelled import Labelled, Mask, broadcast, check_size, conjunction, union
from chainrule.execute.reference.products import (
    LONGEST_CHAIN,
    EinsumOperand,
    integer_power,
    masked_product,
    sum_of_products,
)
from chainrule.execute.reference.scope import Scope, unknown_function
from chainrule.execute.scalars import CONSTANTS, SCALARS, Array, is_one_hot
from chainrule.expr.functions import HOLDING
from chainrule.expr.nodes import (
    MINUS_ONE,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    mark_of,
)
from chainrule.expr.sizes import Size
from chainrule.system.model import Declaration, FunctionDefinition

Guard: TypeAlias = Bracket | Indexed
"""What makes its product 0: a bracket, or an entry with a mark."""
_RELATIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "=": np.equal,
        "!=": np.not_equal,
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
    }
)
_REDUCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "sum": np.sum,
        "mean": np.mean,
        "max": np.max,
        "min": np.min,
        "prod": np.prod,
        "onehot": lambda whole, axis: is_one_hot(whole, axis).astype(whole.dtype),
    }
)


def evaluate_expression(
    expr: Expr,
    values: Mapping[str, Array],
    sizes: Mapping[Size, int],
    free: tuple[Index, ...] = (),
    *,
    functions: Mapping[str, FunctionDefinition] = MappingProxyType({}),
    declarations: Mapping[str, Declaration] = MappingProxyType({}),
    unknowns: Unknowns | None = None,
    dtype: Any = np.float64,
) -> Array:
    """Return the value of an expression, with one axis for each index of `free`, in that order.

    `declarations` are needed for derivatives of unknown functions only. Raises InputError where a value or an extent is
    missing, where an entry outside a tensor is read, for the maximum of nothing, and for unknown functions without
    `unknowns`. Undefined arithmetic (1/0, log(-1)) gives inf or nan without a warning.

    >>> from chainrule.expr.binding import reduce_over
    >>> from chainrule.expr.sizes import Axis
    >>> i = Index("i", Axis("x", 0))
    >>> x = np.asarray([1.0, 2.0, 4.0])
    >>> evaluate_expression(reduce_over("sum", (i,), Indexed("x", (i,))), {"x": x}, {i.extent: 3})
    array(7.)
    """
    return evaluate_in(Scope(values, sizes, functions, declarations, unknowns, dtype), expr, free)


def evaluate_in(scope: Scope, expr: Expr, free: tuple[Index, ...] = ()) -> Array:
    """Return the value of an expression in a scope, with one axis for each index of `free`."""
    with np.errstate(all="ignore"):
        value = _value(expr, scope, ())
    return _expanded(value, free, scope).astype(scope.dtype)


def condition_in(scope: Scope, condition: Condition, free: tuple[Index, ...] = ()) -> Array:
    """Return where a condition holds, with one axis for each index of `free`."""
    with np.errstate(all="ignore"):
        return _expanded(_condition(condition, scope, ()), free, scope).copy()


def _expanded(value: Labelled, indices: tuple[Index, ...], scope: Scope) -> Array:
    stray = [i for i in value.indices if i not in indices]
    if stray:
        raise InputError(
            f"index {stray[0].preferred} is free in the value but is not asked for",
            expected="free indices of the value: " + (listed(i.preferred for i in indices) or "none"),
            advice="Put it on the left, or sum over it.",
        )
    shape = scope.shape(indices)
    check_size(indices, shape)
    return np.broadcast_to(value.aligned(indices), shape)


def _value(node: Expr, scope: Scope, mask: Mask) -> Labelled:
    """Return the value of a node wherever the mask is true, from memory where the scope has one."""
    if scope.kept is None:
        return _computed(node, scope, mask)
    known = scope.kept.get(node)
    if known is None:
        known = _computed(node, scope, mask)
        if not mask:  # else it may lack a value elsewhere, and would not say so
            scope.kept[node] = known
    return known


def _computed(node: Expr, scope: Scope, mask: Mask) -> Labelled:  # noqa: C901 -- one match over the nodes
    """Return the value of a node wherever the mask is true."""
    match node:
        case Number(value):
            return Labelled(np.asarray(_float(value), scope.dtype))
        case Constant(name):
            return Labelled(np.asarray(CONSTANTS[name], scope.dtype))
        case ExtentValue(extent, letter):
            return Labelled(np.asarray(scope.size(extent, letter), scope.dtype))
        case IndexValue(position):
            places = scope.position(position, mask)
            return Labelled(places.array.astype(scope.dtype), places.indices)
        case Indexed():
            return scope.entry(node, mask)
        case MatrixEntry():
            return scope.matrix(node, mask)
        case Partial():
            return scope.partial(node, mask)
        case Sum(terms):
            total = _value(terms[0], scope, mask)
            for term in terms[1:]:
                total = broadcast(np.add, total, _value(term, scope, mask))
            return total
        case Product():
            brackets, factors = _factors(node, scope, mask)
            return masked_product(brackets, factors, scope.dtype)
        case Power(base, exponent):
            return _power(_value(base, scope, mask), exponent, scope, mask)
        case Call():
            return _call(node, scope, mask)
        case Reduce():
            return _reduce(node, scope, mask)
        case Bracket(condition):
            holds = _condition(condition, scope, mask)
            return Labelled(holds.array.astype(scope.dtype), holds.indices)
        case Select(condition, then, otherwise):
            holds = _condition(condition, scope, mask)
            yes = _value(then, scope, (*mask, holds))
            no = _value(otherwise, scope, (*mask, broadcast(np.logical_not, holds)))
            return broadcast(np.where, holds, yes, no)
        case _:
            assert_never(node)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError(
            f"a number of {len(str(abs(value.numerator)))} digits is too large to calculate with",
            expected="numbers below 1.8e308",
            advice="Scale the quantities.",
        ) from None


def _condition(condition: Condition, scope: Scope, mask: Mask) -> Labelled:
    """Return where a condition holds; a later part is read only where the earlier ones leave it open."""
    match condition:
        case Comparison(relation, left, right):
            return broadcast(_RELATIONS[relation], _comparand(left, scope, mask), _comparand(right, scope, mask))
        case Logic("not", parts):
            return broadcast(np.logical_not, _condition(parts[0], scope, mask))
        case Logic("and", parts):
            held = [_condition(parts[0], scope, mask)]
            for part in parts[1:]:
                held.append(_condition(part, scope, (*mask, *held)))
            return conjunction(tuple(held))
        case Logic(_, parts):
            failed: list[Labelled] = []
            for part in parts:
                failed.append(broadcast(np.logical_not, _condition(part, scope, (*mask, *failed))))
            return broadcast(np.logical_not, conjunction(tuple(failed)))
        case _:
            assert_never(condition)


def _comparand(node: Expr, scope: Scope, mask: Mask) -> Labelled:
    return scope.position(node.position, mask) if isinstance(node, IndexValue) else _value(node, scope, mask)


def _factors(product: Product, scope: Scope, mask: Mask) -> tuple[Mask, list[EinsumOperand]]:
    """Return where each bracket of a product holds, and the other factors.

    No bracket may be read where another is false, whichever stands first: those that cannot be read yet wait. A
    guarded entry is short for the bracket of its range times the entry, and so is a power of one.
    """
    flat: list[Expr] = []
    stack: list[Expr] = [product]
    while stack:
        current = stack.pop()
        if isinstance(current, Product):
            stack.extend(reversed(current.factors))
        else:
            flat.append(current)
    held: list[Labelled] = []
    pending: list[Guard] = [entry for entry in map(mark_of, flat) if entry is not None]
    pending += [f for f in flat if isinstance(f, Bracket)]
    while pending:
        waiting = []
        for guard in pending:
            try:
                held.append(_holds(guard, scope, (*mask, *held)))
            except InputError:
                waiting.append(guard)
        if len(waiting) == len(pending):
            held.append(_holds(waiting[0], scope, (*mask, *held)))
        pending = waiting
    inner = (*mask, *held)
    factors = [
        EinsumOperand(_value(factor.base, scope, inner), divides=True)
        if isinstance(factor, Power) and factor.exponent == MINUS_ONE
        else EinsumOperand(_value(factor, scope, inner))
        for factor in flat
        if not isinstance(factor, Bracket)
    ]
    return tuple(held), factors


def _holds(guard: Guard, scope: Scope, mask: Mask) -> Labelled:
    """Return where a bracket is 1, or a marked entry inside its tensor."""
    return scope.inside(guard, mask) if isinstance(guard, Indexed) else _condition(guard.condition, scope, mask)


def _power(base: Labelled, exponent: Expr, scope: Scope, mask: Mask) -> Labelled:
    """Return the power; small integer exponents by multiplication, 1/2 by the root, 0^0 = 1."""
    if not isinstance(exponent, Number):
        return broadcast(np.power, base, _value(exponent, scope, mask))
    value = exponent.value
    if value.denominator == 1 and abs(value.numerator) <= LONGEST_CHAIN:
        return Labelled(np.asarray(integer_power(base.array, value.numerator)), base.indices)
    if value.denominator == 2 and abs(value.numerator) == 1:
        root = np.sqrt(base.array)
        return Labelled(np.asarray(root if value > 0 else 1 / root), base.indices)
    return Labelled(np.asarray(np.power(base.array, np.asarray(_float(value), scope.dtype))), base.indices)


def _call(node: Call, scope: Scope, mask: Mask) -> Labelled:
    """Return the value of a scalar function: of the table, defined in the system, or unknown."""
    definition = scope.functions.get(node.function)
    if scope.held is not None and definition is None and node.function in HOLDING:
        return _value(node.arguments[0], scope.held, mask)
    arguments = [_value(argument, scope, mask) for argument in node.arguments]
    if definition is None and node.function in SCALARS and not node.order:
        return broadcast(SCALARS[node.function], *arguments)
    if definition is None or definition.body is None:
        unknowns = scope.unknowns
        if unknowns is None or definition is None:
            raise unknown_function(node.function + "'" * node.order)
        return broadcast(lambda *arrays: unknowns.call(node.function, node.order, *arrays), *arguments)
    if node.order:
        raise InputError(
            f"{node.function}{chr(39) * node.order} is the derivative of a function that the system defines",
            expected="primes on unknown functions only",
            advice="Write the derivative out, or derive it with backprop.",
        )

    # The caller's indices get names that the body cannot bind: both may have called an index %1.
    def outside(values: Sequence[Labelled]) -> dict[str, Labelled]:
        named = [a.relabelled(lambda i: Index(i.name + "'", i.extent, i.preferred)) for a in values]
        return dict(zip(definition.parameters, named, strict=True))

    hidden = tuple(m.relabelled(lambda i: Index(i.name + "'", i.extent, i.preferred)) for m in mask)
    held = [] if scope.held is None else [_value(argument, scope.held, mask) for argument in node.arguments]
    inner = scope.with_parameters(outside(arguments), outside(held) if held else {})
    return _value(definition.body, inner, hidden).relabelled(lambda i: Index(i.name[:-1], i.extent, i.letter))


def _reduce(node: Reduce, scope: Scope, mask: Mask) -> Labelled:
    """Return the reduction; of nothing, a sum is 0, a product 1, and the others are an error where they are wanted."""
    shape = scope.shape(node.indices)
    if node.op in {"sum", "mean"} and isinstance(node.body, Product):
        brackets, factors = _factors(node.body, scope, mask)
        parts = union((*brackets, *(factor.value for factor in factors)))
        outer = tuple(i for i in parts if i not in node.indices)
        if math.prod(shape):
            count = math.prod(size for size, i in zip(shape, node.indices, strict=True) if i not in parts)
            total = sum_of_products(brackets, factors, outer, scope.dtype) * count
            return Labelled(np.asarray(total if node.op == "sum" else total / math.prod(shape)), outer)
        body = Labelled(np.zeros(scope.shape(parts), scope.dtype), parts)
    else:
        body = _value(node.body, scope, mask)
        outer = tuple(i for i in body.indices if i not in node.indices)
    if not math.prod(shape) and node.op in {"max", "min", "mean"}:
        _refuse_empty(node, shape, mask)
        return Labelled(np.zeros(scope.shape(outer), scope.dtype), outer)
    indices = (*outer, *node.indices)
    whole_shape = scope.shape(indices)
    check_size(indices, whole_shape)
    whole = np.broadcast_to(body.aligned(indices), whole_shape)
    axes = tuple(range(len(outer), len(indices)))
    return Labelled(np.asarray(_REDUCTIONS[node.op](whole, axis=axes)), outer)


def _refuse_empty(node: Reduce, shape: tuple[int, ...], mask: Mask) -> None:
    if mask and not conjunction(mask).array.any():
        return
    letters = ", ".join(i.preferred for i, size in zip(node.indices, shape, strict=True) if size == 0)
    raise InputError(
        f"the {node.op} over {letters} is of nothing: its extent is 0",
        expected=f"at least one value for the {node.op} of",
        advice="Give data in which this axis is not empty.",
    )
