"""Whether targets may be brought to another mean and deviation: the cost reads how far the output is from them, alone.

Counts of a Poisson cost, y·log a, may not: they would be negative. Nor may those that a sigmoid is compared with.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import MINUS_ONE, Expr, Indexed, Product, Reduce, Sum, product_factors, walk
from chainrule.system.model import System


def may_be_shifted(system: System, output: str, target: str) -> bool:
    r"""Say whether the target stands in differences from the output only, which takes any value as it shifts.

    >>> from chainrule.notation import parse
    >>> text = "data x, y\nparam w, b\na = w*x + b\n"
    >>> may_be_shifted(parse(text + "cost C = (a - y)^2"), "a", "y")
    True
    >>> may_be_shifted(parse(text + "cost C = exp(a) - y*a"), "a", "y")
    False
    """
    if any(target in tensors_in(given.condition) for given in system.givens):
        return False
    values = [e.value for e in system.equations if target in tensors_in(e.value)]
    if output not in system.defined or not all(_differs(value, output, target) for value in values):
        return False
    return _takes_any_value(system, system.defined[output].value, frozenset({output}))


def _differs(value: Expr, output: str, target: str) -> bool:
    """Say whether every entry of the target stands beside one of the output in a difference."""
    within = [part for part in _sums(value) if _is_difference(part, output, target)]
    entries = sum(isinstance(part, Indexed) and part.tensor == target for part in walk(value))
    inside = sum(isinstance(part, Indexed) and part.tensor == target for one in within for part in walk(one))
    return entries == inside


def _sums(value: Expr) -> Iterator[Sum]:
    return (part for part in walk(value) if isinstance(part, Sum))


def _is_difference(part: Sum, output: str, target: str) -> bool:
    """Say whether a sum is a − y or y − a."""
    if len(part.terms) != 2:
        return False
    signs: dict[str, int] = {}
    for term in part.terms:
        factors = product_factors(term)
        entries = [f for f in factors if f != MINUS_ONE]
        if len(entries) != 1 or not isinstance(entries[0], Indexed):
            return False
        signs[str(entries[0].tensor)] = -1 if MINUS_ONE in factors else 1
    return set(signs) == {output, target} and signs[output] == -signs[target]


def _takes_any_value(system: System, node: Expr, seen: frozenset[str]) -> bool:
    """Say whether a value can be any number, as it is a sum with a term, or a product with a param, that can."""
    match node:
        case Indexed(tensor=tensor) if tensor in system.defined:
            return tensor not in seen and _takes_any_value(system, system.defined[tensor].value, seen | {str(tensor)})
        case Indexed():
            return True
        case Sum(terms=terms):
            return any(_takes_any_value(system, term, seen) for term in terms)
        case Product(factors=factors):
            learned = any(isinstance(factor, Indexed) and factor.tensor in system.params for factor in factors)
            rest = [factor for factor in factors if factor != MINUS_ONE]
            return learned or all(_takes_any_value(system, factor, seen) for factor in rest)
        case Reduce(op="sum" | "mean", body=body):
            return _takes_any_value(system, body, seen)
    return False
