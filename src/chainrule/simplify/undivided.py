"""No derivative is infinite on its way to a finite one: a·∂C/∂a is computed as such where ∂C/∂a is divided by a.

    ∂C/∂a[k] = b − y[k]/a[k]                      stays, and beside it is  C_a_times_a[k] = b·a[k] − y[k]
    ∂C/∂z[k] = a[k]·(∂C/∂a[k] − Σ_m a[m]·∂C/∂a[m])  becomes  C_a_times_a[k] − a[k]·Σ_m C_a_times_a[m]

That is done for the outputs of exponential functions only, softmax, sigmoid and tanh among them, and for 1 − a: they
are the ones that become 0 in floating point, and a·∂C/∂a is then 0·∞. What is shown stays as the textbook writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from chainrule.expr.binding import Fresh, can_stand_at, free_indices, substitute_indices, tensors_in
from chainrule.expr.functions import names_with
from chainrule.expr.nodes import (
    Call,
    Expr,
    Index,
    Indexed,
    Number,
    Position,
    Power,
    Product,
    Sum,
    product_factors,
    walk,
)
from chainrule.expr.symbols import named_after, unused
from chainrule.rewrite.rules import Rule, rewrite
from chainrule.simplify.arithmetic import factors_of, multiply, normal, power, product_of
from chainrule.simplify.cancelling import (
    NOTHING,
    Divisors,
    distributed,
    divisors,
    divisors_of_term,
    renamed,
)
from chainrule.simplify.context import Context
from chainrule.simplify.exponents import one_power
from chainrule.simplify.presentation import present
from chainrule.system.model import Equation, System
from chainrule.system.user_functions import inline_functions

_SATURATING = names_with(lambda function: function.saturates)


def undivided(system: System) -> System:
    """Return the system with products of what may become 0 and what is divided by it computed as they are."""
    return _Undividing(system).system() if any(_saturating(system)) else system


def _saturating(system: System) -> Iterator[str]:
    """Yield the tensors that are exponential functions of something, or quotients of them."""
    for equation in system.equations:
        factors = product_factors(inline_functions(equation.value, system.function))
        if any(isinstance(f, Call) and f.function in _SATURATING for f in factors):
            yield equation.name


class _Undividing:
    """One run: what each tensor is divided by, in the indices of its equation, and the products that were named."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._saturating = frozenset(_saturating(system))
        self._taken = set(system.names()) | set(system.function)
        self._equations = dict(system.defined)
        self._divisors: dict[str, Divisors] = {}
        self._named: dict[tuple[str, Expr, Fraction], str] = {}
        self._added: dict[str, list[Equation]] = {}
        self._context = Context(Fresh())
        self._rules: tuple[Rule[Context], ...] = (
            Rule("", "", lambda expr, context: renamed(expr, context, self._read)),
            Rule("", "", lambda expr, context: distributed(expr, context, self._read)),
            Rule("", "", one_power),
            Rule("", "", self._by_its_name),
        )

    def system(self) -> System:
        """Return the system rewritten; the same object if there is nothing to do."""
        equations: list[Equation] = []
        for equation in self._system.equations:
            changed = self._rewritten(equation.value) if self._reads_divided(equation.value) else equation.value
            equations.append(equation if changed == equation.value else Equation(equation.target, changed))
            self._note(equation.target, changed)
        if not self._added:
            return self._system
        return self._system.with_equations(tuple(self._with_added(equations)))

    def _with_added(self, equations: Sequence[Equation]) -> Iterator[Equation]:
        for equation in equations:
            yield equation
            yield from self._with_added(self._added.get(equation.name, ()))

    def _reads_divided(self, expr: Expr) -> bool:
        return not tensors_in(expr).isdisjoint(self._divisors)

    def _note(self, target: Indexed, value: Expr) -> None:
        """Note what the value of an equation is divided by, of what may become 0."""
        if not self._reads_divided(value) and not any(isinstance(part, Power) for part in walk(value)):
            return
        value, own = normal(value, self._context.fresh), set(target.indices)
        found = divisors(value, self._read) if isinstance(value, Sum) else dict(divisors_of_term(value, self._read))
        kept = {base: n for base, n in found.items() if self._may_vanish(base) and free_indices(base) <= own}
        if kept:
            self._divisors[target.tensor] = kept

    def _may_vanish(self, base: Expr) -> bool:
        """Say whether a base is such an output a, or 1 − a, or 1 − a^2."""
        match base:
            case Indexed(tensor):
                return tensor in self._saturating
            case Sum((Number(), Product((Number(), Indexed(tensor) | Power(Indexed(tensor)))))):
                return tensor in self._saturating
            case _:
                return False

    def _read(self, entry: Indexed) -> Divisors:
        """Return what an entry is divided by, in its own indices."""
        found = self._divisors.get(entry.tensor, NOTHING)
        if not found or entry.guarded:
            return NOTHING
        mapping = self._mapping(entry)
        return {substitute_indices(b, mapping): n for b, n in found.items() if can_stand_at(b, mapping)}

    @staticmethod
    def _stands_for(own: Expr, mapping: Mapping[Index, Position], base: Expr) -> bool:
        return can_stand_at(own, mapping) and substitute_indices(own, mapping) == base

    def _mapping(self, entry: Indexed) -> dict[Index, Position]:
        indices = self._equations[entry.tensor].indices
        return dict(zip(indices, entry.indices, strict=True))

    def _rewritten(self, value: Expr) -> Expr:
        """Return the value with such products by their names; as it was where there are none."""
        before = normal(value, self._context.fresh)
        after = rewrite(before, self._rules, self._context)
        return present(after) if tensors_in(after).intersection(self._named.values()) else value

    def _by_its_name(self, expr: Expr, context: Context) -> Expr | None:
        """a*d = its name, where d is divided by a."""
        if not isinstance(expr, Product):
            return None
        coefficient, factors = factors_of(expr)
        for entry in factors:
            if not isinstance(entry, Indexed) or factors[entry] != 1:
                continue
            for base, n in self._read(entry).items():
                exponent = factors.get(base, Fraction(0))
                if exponent <= 0:
                    continue
                taken = min(exponent, n)
                rest = {b: e - taken if b == base else e for b, e in factors.items() if b != entry}
                name = self._name(entry, base, taken)
                return multiply((product_of(coefficient, {b: e for b, e in rest.items() if e}), name))
        return None

    def _name(self, entry: Indexed, base: Expr, exponent: Fraction) -> Indexed:
        """Return entry·base^exponent by its name, with an equation for it."""
        equation = self._equations[entry.tensor]
        mapping = self._mapping(entry)
        own = next(b for b in self._divisors[entry.tensor] if self._stands_for(b, mapping, base))
        key = entry.tensor, own, exponent
        if key not in self._named:
            tensor = next(iter(sorted(tensors_in(own) & self._saturating)))
            word = tensor if isinstance(own, Indexed) else f"rest_of_{tensor}"
            name = self._named[key] = unused(named_after(entry.tensor, f"times_{word}"), self._taken)
            self._taken.add(name)
            product = multiply((normal(equation.value, self._context.fresh), power(own, exponent)))
            value = present(rewrite(product, self._rules, self._context))
            made = self._equations[name] = Equation(Indexed(name, equation.target.indices), value)
            self._added.setdefault(entry.tensor, []).append(made)
            self._note(made.target, value)
        return Indexed(self._named[key], entry.indices)
