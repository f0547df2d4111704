"""What must be named before a system can be differentiated.

A maximum is compared with what it is taken of, and a float must never be compared with its own recomputation: so every
max or min becomes an equation of its own, and what it is taken of too, unless it is an entry already. A range bounded
by a number becomes a declared index where it would label an axis of such an equation, and is counted from its end where
it stands alone, w[1-t], since w[t] would say that w ends with the bound. Derivatives that a system defines
get plain names: ∂G/∂(∂C/∂x) would be no name of the notation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from chainrule.diff.declared_ranges import DeclaredRanges
from chainrule.expr.binding import (
    Fresh,
    free_in_order,
    free_indices,
    map_condition,
    map_operands,
    open_reduce,
    reduce_over,
    rename_indices,
    unmarked_positions,
)
from chainrule.expr.extrema import taken_of, where_it_holds
from chainrule.expr.functions import names_with
from chainrule.expr.nodes import (
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
    times,
    walk,
)
from chainrule.expr.sizes import Formula, Literal
from chainrule.expr.symbols import Derivative, Symbol, named_after, taken_by, unused
from chainrule.render.letters import next_letter
from chainrule.system.model import Equation, System
from chainrule.system.typecheck import typecheck

EXTREMA = ("max", "min")
_PARTIAL = names_with(lambda function: function.partial)
_POWERS = frozenset({"exp", "log", "sqrt", "log1p", "expm1"})


def name_extrema(system: System) -> System:
    """Return the system with every max and min, and its body, as an equation of its own."""
    if not any(_has_extremum(e.value) for e in system.equations):
        return system
    taken = set(system.names()) | set(system.function)
    declared = DeclaredRanges(system, taken)
    equations = [new for equation in system.equations for new in _ExtremaNamer(taken, declared).named(equation)]
    return typecheck(declared.added_to(system.with_equations(tuple(equations))))


def name_arguments(system: System, derived: Iterable[Expr]) -> System:
    """Return the system with an equation for each argument of a function whose sums are written in what is `derived`.

    a[j] = relu((sum(i) W[j,i]*x[i]) + b[j]) becomes a[j] = relu(a_argument[j]): its derivatives say [a_argument[j] > 0]
    and not the sum again. It stays the same object where nothing is written again.
    """
    if not may_name_arguments(system):
        return system
    again = {_without_indices(part) for value in derived for part in walk(value) if isinstance(part, Reduce)}
    taken = set(system.names()) | set(system.function)
    namer = _ArgumentNamer(taken, DeclaredRanges(system, taken), again) if again else None
    equations = tuple(new for e in system.equations for new in namer.named(e)) if namer else system.equations
    return typecheck(system.with_equations(equations)) if len(equations) > len(system.equations) else system


def may_name_arguments(system: System) -> bool:
    """Say whether a function in the system has an argument with a reduction, which derivatives may write again."""
    calls = (part for e in system.equations for part in walk(e.value) if isinstance(part, Call))
    arguments = (a for call in calls if call.function not in _POWERS for a in call.arguments)
    return any(isinstance(part, Reduce) for argument in arguments for part in walk(argument))


def _without_indices(node: Expr | Condition) -> tuple[str, tuple[str, ...]]:
    """Return what a reduction is of, in no order: its operators and functions, and the names of its tensors."""
    parts = [p for p in walk(node) if not isinstance(p, Sum | Product | Number)]
    kinds = sorted(p.op if isinstance(p, Reduce) else type(p).__name__ for p in parts)
    return ",".join(kinds), tuple(sorted(p.tensor for p in parts if isinstance(p, Indexed)))


def name_derivatives(system: System) -> System:
    """Return the system with ∂C/∂x called C_x, unless C is its cost: then it is a backward pass already."""
    derived = [
        e.name for e in system.equations if isinstance(e.name, Derivative) and taken_by(e.name, system.cost) is None
    ]
    return with_names(system, plain_names(system, derived)) if derived else system


def plain_names(system: System, derivatives: Iterable[Symbol]) -> dict[Symbol, Symbol]:
    """Return a name without ∂ for each of a system's derivatives, one that nothing else has."""
    taken = set(system.names()) | set(system.function)
    names: dict[Symbol, Symbol] = {}
    for tensor in derivatives:
        names[tensor] = unused(tensor, taken)
        taken.add(names[tensor])
    return names


def with_names(system: System, names: Mapping[Symbol, Symbol]) -> System:
    """Return the system with other names for what some of its equations define."""
    equations = tuple(
        Equation(Indexed(names.get(e.name, e.name), e.target.indices), _renamed(e.value, names))
        for e in system.equations
    )
    return system.with_equations(equations)


def _renamed(expr: Expr, names: Mapping[Symbol, Symbol]) -> Expr:
    if isinstance(expr, Indexed):
        return replace(expr, tensor=names.get(expr.tensor, expr.tensor))
    return map_operands(expr, lambda part: _renamed(part, names))


def _has_extremum(expr: Expr) -> bool:
    return any(isinstance(part, Reduce) and part.op in EXTREMA for part in walk(expr))


class _Namer:
    """Gives names to parts of equations; these are the extrema, or what a kind of its own says."""

    def __init__(self, taken: set[str], declared: DeclaredRanges) -> None:
        self._taken = taken
        self._declared = declared
        self._new: list[Equation] = []

    def named(self, equation: Equation) -> Iterator[Equation]:
        """Yield the equations that this one becomes, itself last."""
        value = self._whole(equation.value, equation.name, Fresh())
        yield from self._new
        self._new = []
        yield equation if value == equation.value else replace(equation, value=value)

    def _whole(self, value: Expr, stem: Symbol, fresh: Fresh) -> Expr:
        """Return the value of an equation with names in it."""
        return self._taken_out(value, stem, fresh)

    def _is_named(self, expr: Expr | Condition) -> bool:
        """Say whether an expression, or its body, gets an equation of its own."""
        return isinstance(expr, Reduce) and expr.op in EXTREMA

    def _taken_out(self, expr: Expr, stem: Symbol, fresh: Fresh, guards: tuple[Expr, ...] = ()) -> Expr:
        """Return an expression with names in the place of its extrema; `guards` say where it is wanted."""
        if not isinstance(expr, Reduce):
            return self._parts_taken_out(expr, stem, fresh, guards)
        indices, body = self._opened(expr, fresh, guards)
        closed = reduce_over(expr.op, indices, self._taken_out(body, stem, fresh, guards))
        if expr.op not in EXTREMA:
            return closed
        assert isinstance(closed, Reduce)
        return self._equation(named_after(stem, expr.op), self._with_named_body(closed, stem, fresh))

    def _parts_taken_out(self, expr: Expr, stem: Symbol, fresh: Fresh, guards: tuple[Expr, ...]) -> Expr:
        """Return an expression with its operands taken out, each under the brackets that rule it out."""

        def below(part: Expr, *more: Expr) -> Expr:
            return self._taken_out(part, stem, fresh, (*guards, *more))

        match expr:
            case Product(factors):
                brackets = tuple(f for f in factors if isinstance(f, Bracket))
                return map_operands(expr, lambda part: below(part, *(b for b in brackets if b is not part)))
            case Select(condition, then, otherwise):
                negated = Bracket(Logic("not", (condition,)))
                tested = map_condition(condition, below)
                return Select(tested, below(then, Bracket(condition)), below(otherwise, negated))
            case _:
                return map_operands(expr, below)

    def _with_named_body(self, expr: Reduce, stem: Symbol, fresh: Fresh) -> Expr:
        indices, body = self._opened(expr, fresh)
        condition, body = taken_of(expr.op, self._taken_out(body, stem, fresh))
        if not isinstance(body, Indexed):
            guards = () if condition is None or not _may_be_undefined(body) else (Bracket(condition),)
            body = self._equation(named_after(stem, "inner"), times(*guards, body))
        return reduce_over(expr.op, indices, body if condition is None else where_it_holds(expr.op, condition, body))

    def _opened(self, expr: Reduce, fresh: Fresh, guards: tuple[Expr, ...] = ()) -> tuple[tuple[Index, ...], Expr]:
        """Return the indices and the body of a reduction, with declared indices where they will label axes.

        What is named leaves its guards, so it takes them along where it may be undefined without them.
        """
        indices, body = open_reduce(expr, fresh)
        if guards and self._is_named(expr) and _may_be_undefined(body):
            body = times(*guards, body)
        whole = self._is_named(expr) and not isinstance(taken_of(expr.op, body)[1], Indexed)
        inner = frozenset().union(*(free_indices(part) for part in walk(body) if self._is_named(part)))
        opened = []
        for index in indices:
            if whole or index in inner:
                index, body = self._declared.instead(index, body, fresh)
            opened.append(index)
        return tuple(opened), body

    def _equation(self, wanted: Symbol, value: Expr) -> Indexed:
        """Add an equation for the value and return the entry that stands for it."""
        name = unused(wanted, self._taken)
        self._taken.add(name)
        free = free_in_order(value)
        letters = plain_letters(tuple(self._declared.lettered(i, value) for i in free), self._taken)
        plain = dict(zip(free, letters, strict=True))
        self._new.append(Equation(Indexed(name, letters), rename_indices(value, plain)))
        self._declared.axes[name] = letters
        return Indexed(name, free)


class _ExtremaNamer(_Namer):
    """Takes the extrema out of one equation; one that is the whole value has the name of its equation."""

    def _whole(self, value: Expr, stem: Symbol, fresh: Fresh) -> Expr:
        if self._is_named(value) and isinstance(value, Reduce):
            return self._with_named_body(value, stem, fresh)
        return super()._whole(value, stem, fresh)


class _ArgumentNamer(_Namer):
    """Takes arguments of functions out of one equation after the other: those with a reduction that is written again.

    Equal arguments have one name. Powers and exponentials are none of these functions: laws put them together anew.
    """

    def __init__(self, taken: set[str], declared: DeclaredRanges, again: set[tuple[str, tuple[str, ...]]]) -> None:
        super().__init__(taken, declared)
        self._again = again
        self._names: dict[Expr, str] = {}

    def _taken_out(self, expr: Expr, stem: Symbol, fresh: Fresh, guards: tuple[Expr, ...] = ()) -> Expr:
        match expr:
            case Reduce(op):
                indices, body = open_reduce(expr, fresh)
                return reduce_over(op, indices, self._taken_out(body, stem, fresh))
            case Select() | Bracket():
                return expr
            case Product(factors) if any(isinstance(factor, Bracket) for factor in factors):
                return expr  # what a bracket guards may be undefined elsewhere, and an equation guards nothing
            case Call(function, arguments, order) if function not in _POWERS:
                return Call(function, tuple(self._argument(a, stem, fresh) for a in arguments), order)
            case _:
                return map_operands(expr, lambda part: self._taken_out(part, stem, fresh))

    def _argument(self, argument: Expr, stem: Symbol, fresh: Fresh) -> Expr:
        again = any(_without_indices(part) in self._again for part in walk(argument) if isinstance(part, Reduce))
        expr, free = self._taken_out(argument, stem, fresh), free_in_order(argument)
        if not again or any(isinstance(i.extent, Literal | Formula) for i in free):
            return expr
        key = rename_indices(expr, {i: Index(f"~{n}", i.extent) for n, i in enumerate(free)})
        if key in self._names:
            return Indexed(self._names[key], free)
        entry = self._equation(named_after(stem, "argument"), expr)
        self._names[key] = entry.tensor
        return entry


def _may_be_undefined(expr: Expr) -> bool:
    """Say whether something in an expression may be read outside its tensor, or have no finite value."""
    return any(_is_partial(part) for part in walk(expr)) or any(
        isinstance(position, Affine) and position.terms for position in unmarked_positions(expr)
    )


def _is_partial(part: Expr | Condition) -> bool:
    match part:
        case Power(_, Number(exponent)):
            return exponent < 0 or exponent.denominator != 1
        case Call(function):
            return function in _PARTIAL
        case _:
            return isinstance(part, Power | MatrixEntry)


def plain_letters(indices: tuple[Index, ...], taken: set[str]) -> tuple[Index, ...]:
    """Return the indices under distinct printable names, their own letters where those are free."""
    chosen: dict[str, Index] = {}
    for index in indices:
        name = next_letter(index.preferred, taken | set(chosen))
        chosen[name] = Index(name, index.extent, name)
    return tuple(chosen.values())
