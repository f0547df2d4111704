"""A derivative worked out law by law, the outermost first: what a derivation shows of calculus.

The rules are those of `Differentiator`, which says what the derivative of an expression is in terms of its parts; here
a part is not differentiated at once but stands there as ∂(part)/∂z[j], until its own law has its turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from chainrule.diff.derivative import Differentiator
from chainrule.expr.binding import map_operands, open_reduce, reduce_over
from chainrule.expr.nodes import MINUS_ONE, RATE, ZERO, Call, Expr, Power, Reduce, rate, walk
from chainrule.render.document import Words
from chainrule.render.laws import stated

_TOGETHER = ("sum rule",)
"""Laws that are used as often as they can be in one step: a sum of sums is taken term by term at once."""
_TURNS = MappingProxyType({"sum rule": 0, "Kronecker delta": 2})
"""Whose turn it is where parts differ: sums are taken apart first, so that the others meet all terms at once."""


@dataclass(frozen=True)
class Worked:
    """What the derivative is after a law, with the law and its name."""

    rule: str
    law: Words
    after: Expr


class _OneLaw(Differentiator):
    """Takes one step: derivatives of parts are left as they are."""

    def operand(self, expr: Expr) -> Expr:
        """Return the derivative of a part, not worked out."""
        return rate(expr, self.wrt) if self.depends(expr) else ZERO

    def factor(self, expr: Expr, *, quotient: bool) -> Expr:
        """Return the derivative of a factor; the law of quotients says at once what that of 1/v is."""
        inverse = isinstance(expr, Power) and expr.exponent == MINUS_ONE
        return self.of(expr) if quotient and inverse else self.operand(expr)


def law_by_law(expr: Expr, calculus: Differentiator) -> tuple[Worked, ...]:
    """Return the steps in which an expression is differentiated as `calculus` did, the last without ∂(…)."""
    return tuple(_Worker(calculus).steps(expr))


@dataclass
class _Worker:
    """Works the derivatives in an expression out."""

    calculus: Differentiator

    def steps(self, expr: Expr) -> Iterator[Worked]:
        """Yield what the derivative of an expression becomes, law by law."""
        state = self._silently(rate(expr, self.calculus.wrt))
        while found := [self._law(one) for one in _rates(state)]:
            rule, law = min(found, key=lambda said: _TURNS.get(said[0], 1))
            state = self._silently(self._applied(state, rule))
            while rule in _TOGETHER and any(self._law(one)[0] == rule for one in _rates(state)):
                state = self._silently(self._applied(state, rule))
            yield Worked(rule, stated(law) if isinstance(law, str) else law, state)

    def _law(self, one: Call) -> tuple[str, str | Words]:
        """Return the law that the derivative of an expression begins with, ("", "") for none worth a word."""
        taken = self._taken(one)[1]
        return taken[0] if taken else ("", "")

    def _taken(self, one: Call) -> tuple[Expr, list[tuple[str, str | Words]]]:
        calculus = self.calculus
        own = _OneLaw(
            calculus.wrt, None, calculus.own, calculus.functions, calculus.unknown, calculus.consts, calculus.fresh
        )
        found = own.of(one.arguments[0])
        delta = own.delta_law
        return found, [*own.notes, *([delta] if delta else [])]

    def _silently(self, state: Expr) -> Expr:
        """Return a state in which no derivative is left that needs no law: constants stand before theirs."""
        while any(not self._law(one)[0] for one in _rates(state)):
            state = self._applied(state, "")
        return state

    def _applied(self, expr: Expr, rule: str) -> Expr:
        """Return an expression with all derivatives that begin with a law as the law makes them."""
        if next(_rates(expr), None) is None:
            return expr
        if isinstance(expr, Call) and expr.function == RATE:
            found, laws = self._taken(expr)
            return found if (laws[0][0] if laws else "") == rule else expr
        if isinstance(expr, Reduce):
            fresh = self.calculus.fresh
            level = fresh.level
            indices, body = open_reduce(expr, fresh)
            closed = reduce_over(expr.op, indices, self._applied(body, rule))
            fresh.level = level
            return closed
        return map_operands(expr, lambda part: self._applied(part, rule))


def _rates(expr: Expr) -> Iterator[Call]:
    return (part for part in walk(expr) if isinstance(part, Call) and part.function == RATE)
