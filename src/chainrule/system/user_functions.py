"""Functions that a system defines in the notation, `def swish(t) = t*sigmoid(t)`: putting in their bodies."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.expr.binding import Fresh, map_operands, open_reduce, reduce_over, rewrite_bottom_up
from chainrule.expr.nodes import Call, Expr, Indexed, Product, Reduce, Sum, plus, times, walk
from chainrule.expr.shared import kept
from chainrule.expr.skeleton import Bare, bare, joined, packed
from chainrule.system.model import Equation, FunctionDefinition, System


def put_arguments(body: Expr, actual: Mapping[str, Expr], fresh: Fresh) -> Expr:
    """Return the body of a scalar function with its parameters replaced by the arguments.

    >>> from chainrule.expr.nodes import number
    >>> t = Indexed("t", ())
    >>> put_arguments(times(number(2), t), {"t": Indexed("z", ())}, Fresh()) == times(number(2), Indexed("z", ()))
    True
    """

    def change(node: Expr) -> Expr:
        if isinstance(node, Indexed) and not node.indices and node.tensor in actual:
            return actual[node.tensor]
        if isinstance(node, Sum):
            return plus(*node.terms)
        return times(*node.factors) if isinstance(node, Product) else node

    return rewrite_bottom_up(body, change, fresh)


def inline_functions(expr: Expr, functions: Mapping[str, FunctionDefinition]) -> Expr:
    """Return the expression with calls of functions that have a body replaced by it."""
    return _inlined(expr, functions, Fresh())


@kept
def whole_equations(system: System) -> Mapping[str, Equation]:
    """Return the equations of a system by the tensor that each defines, calls of the system's functions replaced."""
    if not system.functions:
        return system.defined
    return {e.name: Equation(e.target, inline_functions(e.value, system.function)) for e in system.equations}


@kept
def bare_equation(equation: Equation) -> Bare:
    """Return the skeleton of an equation, and its leaves."""
    parts = (*equation.indices, equation.target, equation.value)
    return packed(joined(("equation", len(equation.indices)), list(map(bare, parts))))


def _inlined(expr: Expr, functions: Mapping[str, FunctionDefinition], fresh: Fresh) -> Expr:
    if not any(isinstance(part, Call) and part.function in functions for part in walk(expr)):
        return expr
    if isinstance(expr, Reduce):
        indices, body = open_reduce(expr, fresh)
        return reduce_over(expr.op, indices, _inlined(body, functions, fresh))
    inner = map_operands(expr, lambda part: _inlined(part, functions, fresh))
    if isinstance(inner, Call) and inner.function in functions and inner.order == 0:
        definition = functions[inner.function]
        if definition.body is not None:
            actual = dict(zip(definition.parameters, inner.arguments, strict=True))
            return _inlined(put_arguments(definition.body, actual, fresh), functions, fresh)
    return inner
