"""What must be named before a system can be differentiated.

A maximum is compared with what it is taken of, and a float must never be compared with its own recomputation: so every
max or min becomes an equation of its own, and what it is taken of too, unless it is an entry already. A range bounded
by a number becomes a declared index where it would label an axis of such an equation, and is counted from its end where
it stands alone, w[1-t], since w[t] would say that w ends with the bound. Derivatives that a system defines
get plain names: ∂G/∂(∂C/∂x) would be no name of the notation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chainrule.expr.binding import (
    Fresh,
    affine,
    free_in_order,
    free_indices,
    lookups_in,
    map_operands,
    open_reduce,
    own_positions,
    reduce_over,
    rename_indices,
    substitute_indices,
)
from chainrule.expr.nodes import Condition, Expr, Extent, Index, Indexed, Reduce, delta, times, walk
from chainrule.render.letters import next_letter
from chainrule.system.model import Equation, System, derivative_parts, is_derivative, unused_name
from chainrule.system.typecheck import typecheck

EXTREMA = ("max", "min")


def name_extrema(system: System) -> System:
    """Return the system with every max and min, and its body, as an equation of its own."""
    if not any(_has_extremum(e.value) for e in system.equations):
        return system
    taken = set(system.names()) | set(system.function)
    declared = _Declared(system, taken)
    equations = [new for equation in system.equations for new in _Namer(taken, declared).named(equation)]
    return declared.added_to(system.with_equations(tuple(equations)))


def name_ranges(system: System) -> System:
    """Return the system with what is reduced over a range that only positions determine as equations of their own.

    Such an equation has the range as an axis: `C = sum(t) x[2*t]^2` becomes `C = sum(t) C_inner[t]`.
    """
    taken = set(system.names()) | set(system.function)
    declared = _Declared(system, taken)
    namer = _RangeNamer(taken, declared, frozenset(one.extent for one in system.derived if not one.given))
    equations = tuple(new for e in system.equations for new in namer.named(e))
    return typecheck(declared.added_to(system.with_equations(equations)))


def plain_name(tensor: str) -> str:
    """Return the name of a tensor without ∂.

    >>> plain_name("∂²C/∂W∂b"), plain_name("z")
    ('C_W_b', 'z')
    """
    return "_".join(derivative_parts(tensor)) if is_derivative(tensor) else tensor


def name_derivatives(system: System) -> System:
    """Return the system with ∂C/∂x called C_x, unless C is its cost: then it is a backward pass already."""
    own = f"∂{system.cost}/"
    derived = [e.name for e in system.equations if is_derivative(e.name) and not e.name.startswith(own)]
    if not derived:
        return system
    taken = set(system.names()) | set(system.function)
    names: dict[str, str] = {}
    for tensor in derived:
        names[tensor] = unused_name(plain_name(tensor), taken)
        taken.add(names[tensor])
    equations = tuple(
        Equation(Indexed(names.get(e.name, e.name), e.target.indices), _renamed(e.value, names))
        for e in system.equations
    )
    return system.with_equations(equations)


def _renamed(expr: Expr, names: Mapping[str, str]) -> Expr:
    if isinstance(expr, Indexed):
        return replace(expr, tensor=names.get(expr.tensor, expr.tensor))
    return map_operands(expr, lambda part: _renamed(part, names))


def _has_extremum(expr: Expr) -> bool:
    return any(isinstance(part, Reduce) and part.op in EXTREMA for part in walk(expr))


class _Declared:
    """The indices declared for ranges bounded by a number: one for each letter and number of values."""

    def __init__(self, system: System, taken: set[str]) -> None:
        values = [e.value for e in (*system.equations, *system.updates)]
        bound = (i for v in values for part in walk(v) if isinstance(part, Reduce) for i in part.indices)
        free = (i for e in (*system.equations, *system.updates) for i in e.indices)
        axes = (i for d in system.declarations for i in d.indices)
        used = (*axes, *system.indices, *free, *(i for i in bound if i.extent.literal is None))
        # A declared letter is one for the whole system, so no index of another range may be called by it.
        self._letters = {i.preferred for i in used} | {system.batch} | taken
        self._system = system
        self.made: dict[tuple[str, int], Index] = {}

    def added_to(self, system: System) -> System:
        """Return the system with these indices declared."""
        indices = (*system.indices, *self.made.values())
        sizes = (*system.sizes, *((index.extent, size) for (_, size), index in self.made.items()))
        return replace(system, indices=indices, sizes=sizes) if self.made else system

    def instead(self, index: Index, body: Expr, fresh: Fresh) -> tuple[Index, Expr]:
        """Return the index to reduce a body over in place of one that is bounded, and the body with it."""
        size = index.extent.literal
        if size is None:
            return index, body
        labelled = self._labelled(index, body)
        if len(labelled) == 1 and self._system.size.get(labelled[0]) == size:
            own = fresh.index(replace(index, extent=labelled[0]))
            return own, substitute_indices(body, {index: own})
        declared = fresh.index(self._like(index, size))
        for position in (declared, affine({declared: -1}, size - 1)):
            moved = substitute_indices(body, {index: position})
            if not self._labelled(declared, moved):
                return declared, moved
        return declared, reduce_over("sum", (index,), times(delta(index, declared), body))

    def _like(self, index: Index, size: int) -> Index:
        """Return the declared index for a bounded one."""
        known = self.made.get((index.preferred, size))
        if known is None:
            letter = next_letter(index.preferred, self._letters)
            self._letters.add(letter)
            known = self.made[index.preferred, size] = Index(letter, Extent(letter), letter)
        return known

    def _labelled(self, index: Index, body: Expr) -> tuple[Extent, ...]:
        """Return the extents of the axes on which an index stands by itself."""
        entries = [part for part in walk(body) if isinstance(part, Indexed)]
        entries += [lookup.entry for part in walk(body) for lookup in lookups_in(own_positions(part))]
        found: dict[Extent, None] = {}
        for entry in entries:
            if not entry.guarded and index in entry.indices:
                pairs = zip(entry.indices, self._system.axes(entry.tensor), strict=True)
                found |= {axis.extent: None for position, axis in pairs if position == index}
        return tuple(found)


class _Namer:
    """Takes the extrema out of one equation."""

    def __init__(self, taken: set[str], declared: _Declared) -> None:
        self._taken = taken
        self._declared = declared
        self._new: list[Equation] = []

    def named(self, equation: Equation) -> Iterator[Equation]:
        """Yield the equations that this one becomes, itself last."""
        value = equation.value
        if _has_extremum(value):
            fresh = Fresh()
            if isinstance(value, Reduce) and value.op in EXTREMA:
                value = self._with_named_body(value, equation.name, fresh)
            else:
                value = self._taken_out(value, equation.name, fresh)
        yield from self._new
        yield replace(equation, value=value)

    def _is_named(self, expr: Expr | Condition) -> bool:
        """Say whether an expression, or its body, gets an equation of its own."""
        return isinstance(expr, Reduce) and expr.op in EXTREMA

    def _taken_out(self, expr: Expr, stem: str, fresh: Fresh) -> Expr:
        if isinstance(expr, Reduce):
            indices, body = self._opened(expr, fresh)
            closed = reduce_over(expr.op, indices, self._taken_out(body, stem, fresh))
            if expr.op not in EXTREMA:
                return closed
            assert isinstance(closed, Reduce)
            return self._equation(f"{stem}_{expr.op}", self._with_named_body(closed, stem, fresh))
        return map_operands(expr, lambda part: self._taken_out(part, stem, fresh))

    def _with_named_body(self, expr: Reduce, stem: str, fresh: Fresh) -> Expr:
        indices, body = self._opened(expr, fresh)
        body = self._taken_out(body, stem, fresh)
        if not isinstance(body, Indexed):
            body = self._equation(f"{stem}_inner", body)
        return reduce_over(expr.op, indices, body)

    def _opened(self, expr: Reduce, fresh: Fresh) -> tuple[tuple[Index, ...], Expr]:
        """Return the indices and the body of a reduction, with declared indices where they will label axes."""
        indices, body = open_reduce(expr, fresh)
        whole = self._is_named(expr) and not isinstance(body, Indexed)
        inner = frozenset().union(*(free_indices(part) for part in walk(body) if self._is_named(part)))
        opened = []
        for index in indices:
            if whole or index in inner:
                index, body = self._declared.instead(index, body, fresh)
            opened.append(index)
        return tuple(opened), body

    def _equation(self, wanted: str, value: Expr) -> Indexed:
        """Add an equation for the value and return the entry that stands for it."""
        name = unused_name(wanted, self._taken)
        self._taken.add(name)
        free = free_in_order(value)
        letters = plain_letters(free, self._taken)
        plain = dict(zip(free, letters, strict=True))
        self._new.append(Equation(Indexed(name, letters), rename_indices(value, plain)))
        return Indexed(name, free)


class _RangeNamer(_Namer):
    """Takes the bodies of reductions over ranges that positions determine out of one equation after the other."""

    def __init__(self, taken: set[str], declared: _Declared, derived: frozenset[Extent]) -> None:
        super().__init__(taken, declared)
        self._derived = derived

    def named(self, equation: Equation) -> Iterator[Equation]:
        """Yield the equations that this one becomes, itself last."""
        value = self._taken_out(equation.value, equation.name, Fresh())
        yield from self._new
        self._new = []
        yield equation if value == equation.value else replace(equation, value=value)

    def _is_named(self, expr: Expr | Condition) -> bool:
        """Say whether the body of an expression gets an equation of its own."""
        return isinstance(expr, Reduce) and any(i.extent in self._derived for i in expr.indices)

    def _taken_out(self, expr: Expr, stem: str, fresh: Fresh) -> Expr:
        if not isinstance(expr, Reduce):
            return map_operands(expr, lambda part: self._taken_out(part, stem, fresh))
        indices, body = self._opened(expr, fresh)
        body = self._taken_out(body, stem, fresh)
        ranges = [i for i in indices if i.extent in self._derived]
        if ranges and not (isinstance(body, Indexed) and set(ranges) <= set(body.indices)):
            body = self._equation(f"{stem}_inner", body)
        return reduce_over(expr.op, indices, body)


def plain_letters(indices: tuple[Index, ...], taken: set[str]) -> tuple[Index, ...]:
    """Return the indices under distinct printable names, their own letters where those are free."""
    chosen: dict[str, Index] = {}
    for index in indices:
        name = next_letter(index.preferred, taken | set(chosen))
        chosen[name] = Index(name, index.extent, name)
    return tuple(chosen.values())
