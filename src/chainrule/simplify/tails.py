"""What is left of 1 when σ(t) or tanh(t)^2 is taken away, to the last digit: 1 − σ(37) is 8.5e−17, and not 0.

    1 − a[k],    a = sigmoid(z)     becomes  sigmoid(−z[k]),      and 1 − sigmoid(t) anywhere likewise
    1 − a[k]^2,  a = tanh(z)        becomes  1/cosh(z[k])^2,      and 1 − tanh(t)^2 anywhere likewise

A sum that z stands for, where an equation has sigmoid or tanh of one, gets a name, so that it is computed once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.expr.binding import Fresh, can_stand_at, map_operands, open_reduce, reduce_over, substitute_indices
from chainrule.expr.nodes import Call, Expr, Indexed, Number, Power, Reduce, Sum, number, times, walk
from chainrule.expr.symbols import named_after, unused
from chainrule.simplify.arithmetic import split_coefficient
from chainrule.system.model import Equation, System
from chainrule.system.user_functions import inline_functions


def with_tails(system: System) -> System:
    """Return the system with what sigmoids and squares of tanh leave of 1 written without a difference.

    Equations are added, never renamed: `a_argument` for the sum in a = sigmoid(sum(i) w[i]*x[i] + b).
    """
    work = _Tails(system)
    equations = [Equation(e.target, value) if (value := work.of(e.value)) is not e.value else e for e in work.known()]
    return system.with_equations(tuple(work.with_arguments(equations))) if work.changed else system


@dataclass(frozen=True)
class _Curve:
    """target = function(argument), function being sigmoid or tanh."""

    target: Indexed
    function: str
    argument: Expr


class _Tails:
    """One run over the equations; what is known of a tensor are the equations before."""

    def __init__(self, system: System) -> None:
        self.changed = False
        self._system = system
        self._taken = set(system.names()) | set(system.function)
        self._curves: dict[str, _Curve] = {}
        self._arguments: dict[str, Indexed] = {}
        self._fresh = Fresh()

    def known(self) -> Iterator[Equation]:
        """Yield the equations in their order; what each one is, is known after it."""
        for equation in self._system.equations:
            yield equation
            match inline_functions(equation.value, self._system.function):
                case Call("sigmoid" | "tanh" as function, (argument,), 0):
                    self._curves[equation.name] = _Curve(equation.target, function, argument)
                case _:
                    pass

    def with_arguments(self, equations: list[Equation]) -> Iterator[Equation]:
        """Yield the equations with the sums that were named before those that hold them."""
        for equation in equations:
            name = self._arguments.get(equation.name)
            if name is None:
                yield equation
            else:
                curve = self._curves[equation.name]
                yield Equation(name, curve.argument)
                yield Equation(equation.target, Call(curve.function, (name,)))

    def of(self, expr: Expr) -> Expr:
        """Return an expression so rewritten; the same object if there is nothing."""
        if isinstance(expr, Reduce):
            indices, body = open_reduce(expr, self._fresh)
            changed = self.of(body)
            return expr if changed is body else reduce_over(expr.op, indices, changed)
        inner = map_operands(expr, self.of)
        tail = self._tail(inner) if isinstance(inner, Sum) and len(inner.terms) == 2 else None
        if tail is None:
            return inner
        self.changed = True
        return tail

    def _tail(self, expr: Sum) -> Expr | None:
        """Return c·(1 − σ(t)) of c − c·σ(t), as c·σ(−t), and the like for tanh(t)^2."""
        for one, other in (expr.terms, expr.terms[::-1]):
            coefficient, curve = split_coefficient(other)
            if isinstance(one, Number) and one.value == -coefficient:
                left = self._left_of_one(curve)
                if left is not None:
                    return left if one.value == 1 else times(number(one.value), left)
        return None

    def _left_of_one(self, taken: Expr) -> Expr | None:
        match taken:
            case Call("sigmoid", (argument,), 0):
                return Call("sigmoid", (negated(argument),))
            case Power(Call("tanh", (argument,), 0), Number(value)) if value == 2:
                return Power(Call("cosh", (argument,)), number(-2))
            case Indexed(tensor) if self._is(tensor, "sigmoid", taken):
                return Call("sigmoid", (negated(self._argument(taken)),))
            case Power(Indexed(tensor) as entry, Number(value)) if value == 2 and self._is(tensor, "tanh", entry):
                return Power(Call("cosh", (self._argument(entry),)), number(-2))
            case _:
                return None

    def _is(self, tensor: str, function: str, entry: Indexed) -> bool:
        return not entry.guarded and tensor in self._curves and self._curves[tensor].function == function

    def _argument(self, entry: Indexed) -> Expr:
        """Return what the function is taken of for an entry, a sum by its name."""
        curve = self._curves[entry.tensor]
        argument = curve.argument
        at = dict(zip(self._system.defined[entry.tensor].indices, entry.indices, strict=True))
        if any(isinstance(part, Reduce) for part in walk(argument)) or not can_stand_at(argument, at):
            if entry.tensor not in self._arguments:
                name = unused(named_after(entry.tensor, "argument"), self._taken)
                self._taken.add(name)
                self._arguments[entry.tensor] = Indexed(name, curve.target.indices)
            argument = self._arguments[entry.tensor]
        return substitute_indices(argument, at)


def negated(expr: Expr) -> Expr:
    """Return −t, and t of −t."""
    coefficient, rest = split_coefficient(expr)
    return rest if coefficient == -1 else times(number(-1), expr)
