"""Local derivatives ∂u[k]/∂v[m] between two tensors of a system: one equation differentiated, all else held fixed.

Each is simplified on its own, before anything is summed over: that is what puts a[k]·([k = j] − a[j]) beside
[k = j]·a[k]·(1 − a[k]). Walks in either direction are made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from chainrule.diff.derivative import Differentiator
from chainrule.diff.powers import values_of_consts
from chainrule.diff.simplifying import Simplifying
from chainrule.errors import DerivativeError
from chainrule.expr.binding import reduce_over, rename_indices
from chainrule.expr.nodes import Expr, Index, Indexed, Partial, times
from chainrule.expr.skeleton import Bare, Names, bare
from chainrule.expr.symbols import Symbol
from chainrule.render.document import Words
from chainrule.render.letters import in_other_letters
from chainrule.system.model import System
from chainrule.system.recurrences import recurrences
from chainrule.system.user_functions import bare_equation, whole_equations

if TYPE_CHECKING:
    from chainrule.diff.one_law import Worked


@dataclass(frozen=True)
class Local:
    """∂u[k]/∂v[m]: by its name, and simplified (`value`). What calculus makes of it is there for who asks.

    `expression` is what is differentiated.
    """

    partial: Partial
    value: Expr
    differentiate: Callable[[], tuple[Expr, Differentiator | None]]
    expression: Expr | None = None

    @cached_property
    def _differentiated(self) -> tuple[Expr, Differentiator | None]:
        return self.differentiate()

    def worked_out(self, taken: Collection[str] = ()) -> tuple[Worked, ...]:
        """Return how calculus makes it, law by law; nothing for the derivative of an unknown function.

        No sum in it has one of the letters that are `taken`.
        """
        from chainrule.diff.one_law import law_by_law

        calculus = self._differentiated[1]
        return (
            ()
            if calculus is None or self.expression is None
            else law_by_law(in_other_letters(self.expression, taken), calculus)
        )

    @property
    def raw(self) -> Expr:
        """The derivative as calculus makes it."""
        return self._differentiated[0]

    @property
    def laws(self) -> tuple[tuple[str, Words], ...]:
        """The laws of calculus that were used, each with its name."""
        calculus = self._differentiated[1]
        if calculus is None:
            return (("unknown function", ("its derivative is a symbol",)),)
        from chainrule.render.laws import stated

        noted = (*calculus.notes, *filter(None, [calculus.delta_law]))
        return tuple((rule, stated(law) if isinstance(law, str) else law) for rule, law in noted)


@contextmanager
def bounded_depth() -> Iterator[None]:
    """Turn the end of Python's stack into a DerivativeError: derivatives are nested far deeper than equations."""
    try:
        yield
    except RecursionError:
        raise DerivativeError(
            "an equation is nested too deeply to be derived",
            advice="Give parts of it names, in equations of their own.",
        ) from None


class Locals:
    """The local derivatives of a system, whose extrema have equations of their own."""

    def __init__(self, system: System, simplifier: Simplifying) -> None:
        self._system = system
        self._simplifier = simplifier
        self._equations = dict(whole_equations(system))  # what system keeps cannot be copied
        self._unknown = {d.tensor: tuple(a.tensor for a in d.arguments) for d in system.declarations if d.arguments}
        self._consts = values_of_consts(system.declarations)
        self._told = {d.tensor: (d.values is None, self._consts.get(d.tensor)) for d in system.declarations}
        self._alike: dict[object, tuple[Expr, Names]] = {}

    @property
    def has_unknown(self) -> bool:
        """Whether the system has unknown functions of tensors."""
        return bool(self._unknown)

    def bare(self, tensor: Symbol) -> Bare:
        """Return the skeleton of a tensor's equation, functions put in, and its leaves."""
        return bare_equation(self._equations[tensor])

    def told(self, tensors: Iterable[Symbol]) -> tuple[object, ...]:
        """Return what is declared of tensors that matters for their derivatives."""
        return tuple(map(self._told.get, tensors))

    def between(self, of: Indexed, by: Indexed) -> Local:
        """Return the derivative of one entry by another, both with plain indices. Raises DerivativeError."""
        partial = Partial(of, (by,))
        if of.tensor not in self._equations:
            return Local(partial, partial, lambda: (partial, None))
        if self.has_unknown:
            differentiated = self._differentiated(of, by)
            return Local(partial, self._simplified(differentiated[0], of, by), lambda: differentiated, self._value(of))
        compared = [i.extent for i in by.indices if isinstance(i, Index)]
        shape = self._simplifier.shape([self.bare(of.tensor), *map(bare, (*of.indices, by))], compared)
        key = shape.key, self.told(shape.names.tensors)
        if key in self._alike:
            known, names = self._alike[key]
            return Local(
                partial, names.to(shape.names).of(known), lambda: self._differentiated(of, by), self._value(of)
            )
        differentiated = self._differentiated(of, by)
        value = self._simplified(differentiated[0], of, by)
        self._alike[key] = value, shape.names
        return Local(partial, value, lambda: differentiated, self._value(of))

    def _simplified(self, raw: Expr, of: Indexed, by: Indexed) -> Expr:
        return self._simplifier.simplify(raw, [i for i in (*of.indices, *by.indices) if isinstance(i, Index)])

    def _differentiated(self, of: Indexed, by: Indexed) -> tuple[Expr, Differentiator]:
        calculus = self._calculus(of, by)
        return calculus.of(self._value(of)), calculus

    def along(self, of: Indexed, by: Indexed, change: Symbol) -> Expr:
        """Return Σ_m ∂of/∂by[m]·change[m], as calculus makes it: its entries are those of `by` in `of`."""
        if of.tensor not in self._equations:
            indices = tuple(i for i in by.indices if isinstance(i, Index))
            return reduce_over("sum", indices, times(Partial(of, (by,)), Indexed(change, indices)))
        calculus = self._calculus(of, by, change)
        return calculus.of(self._value(of))

    def _calculus(self, of: Indexed, by: Indexed, change: Symbol | None = None) -> Differentiator:
        known = self._system.function
        return Differentiator(by, change, own=of, functions=known, unknown=self._unknown, consts=self._consts)

    def _value(self, of: Indexed) -> Expr:
        indices = [i for i in of.indices if isinstance(i, Index)]
        known = self._system.defined[of.tensor].indices
        return rename_indices(self._equations[of.tensor].value, dict(zip(known, indices, strict=True)))


def refuse_steps(system: System, wrt: Iterable[Symbol]) -> None:
    """Raise DerivativeError for changes of what a recurrence computes: its other steps would change it again."""
    for tensor in wrt:
        if any(tensor in one.axes for one in recurrences(system)):
            raise DerivativeError(
                f"no rule for changes of {tensor}, which a recurrence computes",
                expected="derivatives by what it reads: params and data",
                advice=f"∂C/∂{tensor} of a cost is what backprop derives.",
            )
