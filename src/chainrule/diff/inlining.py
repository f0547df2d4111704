"""What is inlined, written into its users instead of being named there: one decision, made alike in either direction.

A derivative is inlined if it is a single entry or a number, if a Kronecker delta before it makes a sum collapse, or if
something may cancel or it is used once, and the result is no larger than is good to read or has no sum left where there
was one; everything else stays named, and those names are the textbook's δ. No rule knows the name of a layer or a cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.diff.chain_rule import Contribution, chain_rule
from chainrule.diff.simplifying import Simplifying
from chainrule.expr.binding import free_indices, node_count, tensors_in
from chainrule.expr.deltas import kronecker
from chainrule.expr.nodes import (
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Sum,
    operands,
    product_factors,
    walk,
)
from chainrule.expr.symbols import Symbol

_LONGEST_INLINED = 60


@dataclass(frozen=True)
class Inlining:
    """A sum of products in which a derivative stands by its name (`named`) or by its `value` (`inlined`).

    `uses` counts what uses the derivative, if that matters; `simple` says that nothing but numbers was inlined in its
    value before.
    """

    value: Expr
    named: Expr
    inlined: Expr
    uses: Callable[[], int]
    simple: bool

    @cached_property
    def once(self) -> bool:
        """Whether nothing else uses the derivative."""
        return self.uses() == 1

    def is_better(self, simplifier: Simplifying, order: Sequence[Index]) -> bool:
        """Say whether the value is better than the name."""
        value = self.value
        if is_single_entry(value) or not (tensors_in(value) or free_indices(value)):
            return True
        if not (_has_delta_factor(value) or may_cancel(value) or self.once):
            return False
        if not self.once and not _has_delta_factor(value) and self._is_apart(simplifier):
            return False
        with_value = simplifier.simplify(self.inlined, order)

        def with_name() -> Expr:
            return simplifier.simplify(self.named, order)

        if not _has_delta_factor(value) and not self._stays_short(with_value, with_name):
            return False
        widest = _widest(with_value)
        return widest <= max(1, _widest(value)) or widest <= _widest(with_name())

    def _is_apart(self, simplifier: Simplifying) -> bool:
        """Say whether nothing of the value can cancel or merge with what stands beside the name.

        Then the result is longer with the value, which has a quotient in it: nobody needs to try. What is left can
        make up for that only where a sum comes to a number, or numbers vanish together.
        """
        value, tensors = self.value, tensors_in(self.value)
        others = [f for f in _factors(self.named) if tensors_in(f) <= tensors_in(self.inlined)]
        beside = frozenset[Symbol]().union(*map(tensors_in, others))
        if not tensors.isdisjoint(beside) or simplifier.relates(tensors, beside):
            return False
        if any(not _constants(value).isdisjoint(_constants(f)) for f in others):
            return False
        summed = self.named.indices if isinstance(self.named, Reduce) else ()
        if not all(any(_varies(part, index) for part in (value, *others)) for index in summed):
            return False
        if not any(isinstance(f, Number) for f in others):
            return True
        numbers = any(isinstance(f, Number) for f in _factors(value))
        return bool(beside) and not (numbers and simplifier.relates(tensors, tensors))

    def _stays_short(self, with_value: Expr, with_name: Callable[[], Expr]) -> bool:
        """Say whether the result is no larger than is good to read.

        What was put together already goes on only where something cancels: else a chain would never end.
        """
        size = node_count(with_value)
        if self.simple and self.once:
            short = size <= _LONGEST_INLINED
        else:
            short = (self.once and size <= node_count(self.value)) or size <= node_count(with_name())
        return short or (self.once and _closes_a_sum(self.value, with_name(), with_value))


def better_of(
    named: Contribution,
    inlined: Contribution,
    uses: Callable[[], int],
    simplifier: Simplifying,
    order: Sequence[Index],
    *,
    simple: bool,
) -> Contribution:
    """Return a contribution with the derivative beyond by its name, or inlined where that is better; see `Inlining`."""
    assert inlined.inlined is not None
    choice = Inlining(inlined.inlined, chain_rule([named]), chain_rule([inlined]), uses, simple)
    return inlined if choice.is_better(simplifier, order) else named


def is_single_entry(expr: Expr) -> bool:
    """Say whether an expression is one entry or number, up to a factor that is a number."""
    match expr:
        case Indexed() | Partial() | Number():
            return True
        case Product((Number(), Indexed() | Partial())):
            return True
        case _:
            return False


def _closes_a_sum(value: Expr, with_name: Expr, with_value: Expr) -> bool:
    """Say whether a sum over the name is gone with it, so that one line is shorter than the two would be together."""
    shorter = node_count(with_value) < node_count(value) + node_count(with_name)
    return shorter and _widest(with_name) > _widest(with_value) == 0


def _has_delta_factor(expr: Expr) -> bool:
    return any(kronecker(f) is not None for f in product_factors(expr))


def _factors(expr: Expr) -> tuple[Expr, ...]:
    """Return the factors of an expression, or of what it sums up."""
    return product_factors(expr.body if isinstance(expr, Reduce) else expr)


def _constants(expr: Expr) -> frozenset[Expr | Condition]:
    return frozenset(part for part in walk(expr) if isinstance(part, ExtentValue | Constant))


def _varies(expr: Expr, index: Index) -> bool:
    """Say whether every term of an expression has a factor with an index, so that no sum over it is a number."""
    if isinstance(expr, Sum):
        return all(_varies(term, index) for term in expr.terms)
    if isinstance(expr, Product):
        return any(_varies(factor, index) for factor in expr.factors)
    return index in free_indices(expr)


def may_cancel(expr: Expr) -> bool:
    """Say whether something in an expression stands under a bar."""
    return any(isinstance(p, Power) and isinstance(p.exponent, Number) and p.exponent.value < 0 for p in walk(expr))


def _widest(expr: Expr | Condition) -> int:
    """Return the largest number of indices summed over in one place, nested sums counted together."""
    if isinstance(expr, Reduce):
        return len(expr.indices) + _widest(expr.body)
    return max((_widest(part) for part in operands(expr)), default=0)
