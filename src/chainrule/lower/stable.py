"""Forms that overflow replaced by equal ones that do not, before anything is lowered.

In float32 exp overflows beyond 88 and a sigmoid is 1 beyond 17: a softmax as it stands then gives inf/inf, and the
logarithm of an output gives 0·inf in a cost. Each rule is an identity of real numbers; only where the form as written
would round or overflow are the numbers others than the reference's.
"""

from __future__ import annotations

from dataclasses import replace

from chainrule.expr.binding import Fresh, map_operands, open_reduce, reduce_over, substitute_indices
from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    Call,
    Expr,
    Index,
    Indexed,
    Number,
    Position,
    Power,
    Product,
    Reduce,
    Sum,
    minus,
    plus,
)
from chainrule.system.model import System


def stable(system: System) -> System:
    """Return the system with its equations in forms that do not overflow."""
    work = _Stable(system)
    return replace(system, equations=tuple(replace(e, value=work.form(e.value)) for e in system.equations))


class _Stable:
    """One run: the system whose definitions the rules look up."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.fresh = Fresh()

    def form(self, expr: Expr) -> Expr:
        """Return the expression with every rule applied, operands first."""
        expr = map_operands(expr, self.form)
        match expr:
            case Product(factors):
                return self.quotient(factors) or expr
            case Call("log", (argument,), 0):
                return self.logarithm(argument) or expr
            case _:
                return expr

    def quotient(self, factors: tuple[Expr, ...]) -> Expr | None:
        """exp(g)/Σ_m exp(f[m]) = exp(g − M)/Σ_m exp(f[m] − M), with M = max(m) f[m]."""
        sums = [f for f in factors if isinstance(f, Power) and f.exponent == MINUS_ONE and self.shifted(f.base)]
        powers = [f for f in factors if isinstance(f, Call) and f.function == "exp"]
        found = self.shifted(sums[0].base) if len(sums) == 1 and isinstance(sums[0], Power) else None
        if found is None or len(powers) != 1:
            return None
        largest, total = found
        argument = powers[0].arguments[0]
        new: dict[Expr, Expr] = {sums[0]: Power(total, MINUS_ONE), powers[0]: _exp(plus(argument, minus(largest)))}
        return Product(tuple(new.get(f, f) for f in factors))

    def shifted(self, expr: Expr) -> tuple[Expr, Expr] | None:
        """Return M and Σ_m exp(f[m] − M) of Σ_m exp(f[m]); None of what is none, or shifted already."""
        if not (isinstance(expr, Reduce) and expr.op == "sum" and isinstance(expr.body, Call)):
            return None
        indices, body = open_reduce(expr, self.fresh)
        if not isinstance(body, Call) or body.function != "exp" or _is_shifted(body.arguments[0]):
            return None
        largest = reduce_over("max", indices, body.arguments[0])
        return largest, reduce_over("sum", indices, _exp(plus(body.arguments[0], minus(largest))))

    def logarithm(self, argument: Expr) -> Expr | None:
        """Take the logarithm of a sigmoid, of 1 − a sigmoid, of a softmax, of a sum of exponentials."""
        found = self.shifted(argument)
        if found is not None:
            return plus(found[0], Call("log", (found[1],)))
        match self.definition(argument):
            case Call("sigmoid", (z,), 0):
                return minus(Call("softplus", (minus(z),)))
            case Product((Call("exp", (g,), 0), Power(Reduce() as total, exponent))) if exponent == MINUS_ONE:
                parts = self.shifted(total)
                return None if parts is None else plus(g, minus(parts[0]), minus(Call("log", (parts[1],))))
            case _:
                return self.complement(argument)

    def complement(self, argument: Expr) -> Expr | None:
        """log(1 − sigmoid(z)) = −softplus(z)."""
        match argument:
            case Sum((one, Product((Number() as sign, entry)))) if one == ONE and sign == MINUS_ONE:
                match self.definition(entry):
                    case Call("sigmoid", (z,), 0):
                        return minus(Call("softplus", (z,)))
        return None

    def definition(self, expr: Expr) -> Expr:
        """Return what the system defines an entry as, in the entry's indices; of all else, itself."""
        if not isinstance(expr, Indexed) or expr.tensor not in self.system.defined or expr.guarded:
            return expr
        equation = self.system.defined[expr.tensor]
        positions: dict[Index, Position] = dict(zip(equation.indices, expr.indices, strict=True))
        return substitute_indices(equation.value, positions)


def _exp(argument: Expr) -> Expr:
    return Call("exp", (argument,))


def _is_shifted(argument: Expr) -> bool:
    """Say whether a maximum is taken off already."""
    terms = argument.terms if isinstance(argument, Sum) else ()
    return any(
        isinstance(t, Product) and any(isinstance(f, Reduce) and f.op == "max" for f in t.factors) for t in terms
    )
