"""Numerical stability as a rewrite: the same values, without overflow and without log(0).

    log(a[k]),     a = sigmoid(z)   becomes  −softplus(−z[k])
    1 − a[k],      a = sigmoid(z)   becomes  sigmoid(−z[k]),           see `tails`, and log(1 − a[k])  −softplus(z[k])
    a[k] = exp(z[k])/Σ_m exp(z[m])  becomes  exp(z[k] − M)/Σ_m exp(z[m] − M),   M = max(m) z[m]
    log(a[k]), a that softmax       becomes  z[k] − M − log(Σ_m exp(z[m] − M))
    log(Σ_m exp(z[m])), anywhere    becomes  M + log(Σ_m exp(z[m] − M)),       and exp(t)/Σ_m exp(z[m]) likewise
    log(1 + exp(t))                 becomes  softplus(t),                      and log(sigmoid(t)) as above
    log(cosh(t))                    becomes  t + softplus(−2·t) − log(2),      and log(1 − tanh(t)^2) with it

Where brackets choose the terms of a sum of exponentials, M is the largest exponent among those that they choose.

It is run before a system is executed, after everything is derived; what is shown stays as the textbook writes it.
Source: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 4.1 and 6.2.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.expr.binding import (
    Fresh,
    can_stand_at,
    free_in_order,
    map_operands,
    open_reduce,
    reduce_over,
    rename_indices,
    substitute_indices,
    unmarked_positions,
)
from chainrule.expr.nodes import (
    MINUS_ONE,
    Affine,
    Bracket,
    Call,
    Condition,
    Expr,
    Index,
    Indexed,
    Logic,
    MatrixEntry,
    Number,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    minus,
    number,
    over,
    plus,
    product_factors,
    times,
    walk,
)
from chainrule.expr.sizes import Literal
from chainrule.expr.symbols import Symbol, named_after, unused
from chainrule.render.letters import next_letter
from chainrule.simplify.tails import negated, with_tails
from chainrule.simplify.undivided import undivided
from chainrule.system.model import Equation, System
from chainrule.system.user_functions import inline_functions


@dataclass(frozen=True)
class _Sigmoid:
    """target = sigmoid(argument)."""

    target: Indexed
    argument: Expr

    def log(self) -> Expr:
        return log_of_sigmoid(self.argument)


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
    """Return the system with exponentials and logarithms written so that no value overflows on the way.

    Equations are added, never renamed: `a2_largest` and `a2_total` for a softmax named a2.
    """
    system = with_tails(undivided(system))
    taken = set(system.names()) | set(system.function)
    known: dict[str, _Sigmoid | _Softmax] = {}
    equations: list[Equation] = []
    for equation in system.equations:
        value = inline_functions(equation.value, system.function)
        found = _sigmoid(equation, value) or _softmax(equation, value, taken)
        if isinstance(found, _Softmax):
            equations += [found.largest, found.total, Equation(equation.target, found.value())]
        else:
            rewriting = _Rewriting(equation.name, known, taken)
            changed = rewriting.of(equation.value)
            same = changed is equation.value
            equations += [*rewriting.added, equation if same else Equation(equation.target, changed)]
        if found is not None:
            known[equation.name] = found
    return system.with_equations(tuple(equations))


def log_of_sigmoid(t: Expr) -> Expr:
    """Return log(sigmoid(t)) = −softplus(−t)."""
    return minus(Call("softplus", (negated(t),)))


def log_of_cosh(t: Expr) -> Expr:
    """Return log(cosh(t)) = t + softplus(−2·t) − log(2)."""
    return plus(t, Call("softplus", (times(number(-2), t),)), minus(Call("log", (number(2),))))


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
    largest = Indexed(unused(named_after(equation.name, "largest"), taken), others)
    total = Indexed(unused(named_after(equation.name, "total"), taken), others)
    taken.update((largest.tensor, total.tensor))
    shifted = Call("exp", (plus(exponent, minus(largest)),))
    return _Softmax(
        equation.target,
        exponent,
        Equation(largest, reduce_over("max", (index,), exponent)),
        Equation(total, reduce_over("sum", (index,), shifted)),
    )


class _Rewriting:
    """The value of one equation rewritten; `added` are the equations that it needs before it."""

    def __init__(self, name: Symbol, known: Mapping[str, _Sigmoid | _Softmax], taken: set[str]) -> None:
        self.added: list[Equation] = []
        self._name = name
        self._known = known
        self._taken = taken
        self._fresh = Fresh()
        self._largest: dict[Expr, Indexed] = {}

    def of(self, expr: Expr, *, guarded: bool = False) -> Expr:
        """Return the expression with what could overflow written otherwise; the same object if there is nothing.

        What is `guarded` by a bracket or a choice may be undefined outside of it.
        """
        if isinstance(expr, Reduce):
            indices, body = open_reduce(expr, self._fresh)
            changed = self.of(body, guarded=guarded)
            return expr if changed == body else reduce_over(expr.op, indices, changed)
        guarded = guarded or isinstance(expr, Select) or any(isinstance(f, Bracket) for f in product_factors(expr))
        inner = map_operands(expr, lambda part: self.of(part, guarded=guarded))
        match inner:
            case Call("log", (argument,), 0):
                return self._log(argument, guarded) or inner
            case Sum(terms):
                return plus(*terms)
            case Product(factors):
                return self._quotient(factors, guarded) or times(*factors)
            case _:
                return inner

    def _log(self, argument: Expr, guarded: bool) -> Expr | None:
        match argument:
            case Indexed(tensor) if tensor in self._known:
                return self._log_at(self._known[tensor], argument)
            case Call("sigmoid", (t,), 0):
                return log_of_sigmoid(t)
            case Call("cosh", (t,), 0):
                return log_of_cosh(t)
            case Power(Call("cosh", (t,), 0), Number() as exponent):
                return times(exponent, log_of_cosh(t))
            case Sum((Number(one), Call("exp", (t,), 0)) | (Call("exp", (t,), 0), Number(one))) if one == 1:
                return Call("softplus", (t,))
            case Reduce("sum"):
                shifted = self._shifted(argument, guarded)
                return None if shifted is None else plus(shifted[0], Call("log", (shifted[1],)))
            case _:
                return None

    def _log_at(self, found: _Sigmoid | _Softmax, entry: Indexed) -> Expr:
        """Return the logarithm at an entry; where it is looked up and the exponent shifted, by a name of its own."""
        value = found.log()
        at_entry = _at(value, found, entry)
        if at_entry is not None:
            return at_entry
        name = unused(named_after(found.target.tensor, "log"), self._taken)
        self._taken.add(name)
        self.added.append(Equation(Indexed(name, found.target.indices), value))
        return Indexed(name, entry.indices)

    def _quotient(self, factors: Sequence[Expr], guarded: bool) -> Expr | None:
        """Return exp(t − M)/Σ_m exp(z[m] − M) times the other factors, of exp(t)/Σ_m exp(z[m]) times them."""
        for place, below in enumerate(factors):
            if not isinstance(below, Power) or below.exponent != MINUS_ONE:
                continue
            powers = (n for n, f in enumerate(factors) if isinstance(f, Call) and f.function == "exp")
            above = next(powers, None)
            shifted = None if above is None else self._shifted(below.base, guarded)
            if above is None or shifted is None:
                continue
            largest, total = shifted
            power = factors[above]
            assert isinstance(power, Call), "chosen so"
            changed = list(factors)
            changed[above] = Call("exp", (plus(power.arguments[0], minus(largest)),))
            changed[place] = Power(total, MINUS_ONE)
            return times(*changed)
        return None

    def _shifted(self, total: Expr, guarded: bool) -> tuple[Indexed, Expr] | None:
        """Return M and Σ_m exp(z[m] − M) of Σ_m exp(z[m]), in which brackets may choose terms; of all else None.

        M has an equation of its own, which no bracket of this one guards: what is guarded must read nothing outside.
        """
        if not isinstance(total, Reduce) or total.op != "sum":
            return None
        indices, body = open_reduce(total, self._fresh)
        factors = product_factors(body)
        powers = [f for f in factors if isinstance(f, Call) and f.function == "exp"]
        brackets = [f for f in factors if isinstance(f, Bracket)]
        free = free_in_order(total)
        if len(powers) != 1 or len(brackets) + 1 < len(factors) or any(isinstance(i.extent, Literal) for i in free):
            return None
        (exponent,) = powers[0].arguments
        if guarded and not all(map(_readable_anywhere, walk(exponent))):
            return None
        largest = self._largest.get(total)
        if largest is None:
            chosen = _chosen(exponent, [bracket.condition for bracket in brackets])
            largest = self._largest[total] = self._named("largest", reduce_over("max", indices, chosen), free)
        return largest, reduce_over("sum", indices, times(*brackets, Call("exp", (plus(exponent, minus(largest)),))))

    def _named(self, word: str, value: Expr, free: tuple[Index, ...]) -> Indexed:
        name = unused(named_after(self._name, word), self._taken)
        self._taken.add(name)
        letters: list[Index] = []
        for index in free:
            letter = next_letter(index.preferred, self._taken, {i.name for i in letters})
            letters.append(Index(letter, index.extent, letter))
        renamed = rename_indices(value, dict(zip(free, letters, strict=True)))
        self.added.append(Equation(Indexed(name, tuple(letters)), renamed))
        return Indexed(name, free)


def _readable_anywhere(part: Expr | Condition) -> bool:
    """Say whether a part of an expression can be read at all values of its indices: no shifted entry, no inverse."""
    if isinstance(part, Indexed):
        return not any(isinstance(position, Affine) for position in unmarked_positions(part))
    return not isinstance(part, MatrixEntry)


def _chosen(exponent: Expr, conditions: Sequence[Condition]) -> Expr:
    """Return an exponent where the conditions hold, and elsewhere a number below all that matter, even in float32."""
    if not conditions:
        return exponent
    condition = conditions[0] if len(conditions) == 1 else Logic("and", tuple(conditions))
    return Select(condition, exponent, number(-(10**30)))


def _at(value: Expr, found: _Sigmoid | _Softmax, entry: Indexed) -> Expr | None:
    """Return a value that is written for the target's indices at those of an entry, None if it cannot be."""
    mapping = {
        index: position
        for index, position in zip(found.target.indices, entry.indices, strict=True)
        if isinstance(index, Index)
    }
    return substitute_indices(value, mapping) if can_stand_at(value, mapping) else None
