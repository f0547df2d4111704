"""Equations taken apart: statements that are either scalar code at a point or one reduction of a product of entries.

Reductions inside an expression, and calls that cost more than a few cycles, get names of their own; equal ones, up to
the names of indices, are computed once. Factors of a summed product are grouped by the indices they have, so that a sum
of products of two groups is a matrix product in whatever orientation. Numbers stay as the equations give them, up to
the order of additions and multiplications.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod

from chainrule.expr.binding import (
    Fresh,
    free_in_order,
    free_indices,
    map_operands,
    open_reduce,
    position_indices,
    substitute_indices,
)
from chainrule.expr.functions import DRAWN, names_with
from chainrule.expr.nodes import (
    ZERO,
    Call,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    MatrixEntry,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Sum,
    delta,
    mark_of,
    number,
    plus,
    product_factors,
    times,
    walk,
)
from chainrule.expr.sizes import Literal, Size, source_of
from chainrule.expr.symbols import Derivative
from chainrule.lower.factors import all_factors
from chainrule.lower.groups import defined, grouped
from chainrule.lower.guards import marked, padded, written_out
from chainrule.lower.implied import with_marks
from chainrule.lower.inside import check_inside
from chainrule.lower.known_powers import with_number
from chainrule.lower.lookups import Term, chooses, terms_of
from chainrule.lower.nested import as_one_sum
from chainrule.lower.program import Unsupported
from chainrule.lower.short_sums import is_short, written_out_sum
from chainrule.lower.statements import Assignment, looked_up_whole
from chainrule.lower.windows import turned
from chainrule.lower.words import counted
from chainrule.system.model import Equation, System

_CHEAP = names_with(lambda function: function.cheap)
"""Functions that are computed again rather than kept."""


def flatten(
    system: System, sizes: Mapping[Size, int], outputs: Iterable[str], consts: Mapping[str, Fraction]
) -> tuple[Assignment, ...]:
    """Return the statements that compute the outputs and the updates, in an order in which they can run.

    An update's target has a name of its own (W′), so that every name is assigned once. `consts` are values that go
    before those of the system, for exponents. Raises Unsupported.
    """
    work = _Flattening(system, sizes, consts, samples=sample_extents(system))
    for equation in system.equations:
        work.equation(equation, equation.name)
    for update in system.updates:
        work.equation(update, update.name + "′")
    wanted = {*outputs, *(update.name + "′" for update in system.updates)}
    kept: list[Assignment] = []
    for statement in reversed(work.statements):
        if statement.target in wanted:
            kept.append(statement)
            wanted |= statement.reads
    return tuple(reversed(kept))


def sample_extents(system: System) -> frozenset[Size]:
    """Return the extents of the first axes of data that have more than one: those that run over samples."""
    return frozenset(d.indices[0].extent for d in system.declarations if d.role == "data" and len(d.indices) > 1)


@dataclass
class _Flattening:
    """One run: the statements so far, and what is known by name."""

    system: System
    sizes: Mapping[Size, int]
    consts: Mapping[str, Fraction]
    statements: list[Assignment] = field(default_factory=list)
    names: dict[object, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    fresh: Fresh = field(default_factory=Fresh)
    samples: frozenset[Size] = frozenset()
    current: Equation | None = None
    root: str = ""
    count: int = 0
    undefined: set[str] = field(default_factory=set)
    """The names of values that may be undefined where nobody wants them."""

    def equation(self, equation: Equation, name: str) -> None:
        """Add the statements of an equation; its own comes last."""
        self.current, self.root, self.count = equation, name, 0
        value = with_marks(self.system, equation.value, self.sizes)
        check_inside(self.system, value, self.sizes)
        place = equation.name if name != equation.name else ""
        value = self._inlined(value)
        if not defined(value, self.undefined):
            self.undefined.add(name)
        known = len(self.statements)
        flat = self._flat(value)
        last = self.statements[-1] if len(self.statements) > known else None
        if last is not None and isinstance(flat, Indexed) and not place and self._is_all(last, flat, equation):
            self._adopt(last, flat, name, equation)
            return
        self.statements.append(Assignment(name, equation.indices, flat, equation, place=place))
        if not isinstance(flat, Indexed | Number) and not place and len(free_indices(flat)) == len(equation.indices):
            order = free_in_order(flat)
            self.names.setdefault(_key(flat, order), (name, tuple(order.index(i) for i in equation.indices)))

    def _is_all(self, last: Assignment, flat: Indexed, equation: Equation) -> bool:
        """Say whether an equation's value is the target of the last statement, with the equation's axes."""
        if flat.tensor != last.target or set(flat.indices) != set(equation.indices):
            return False
        return all(isinstance(p, Index) and self._size(p.extent) == self._size(i.extent)
                   for p, i in zip(flat.indices, last.indices, strict=True))  # fmt: skip

    def _adopt(self, last: Assignment, flat: Indexed, name: str, equation: Equation) -> None:
        """Give the target just made the name of the equation that it is all of, with the equation's axes."""
        order = tuple(flat.indices.index(i) for i in equation.indices)
        indices = tuple(last.indices[n] for n in order)
        for number_, statement in enumerate(self.statements):
            if statement.target == last.target:
                at = tuple(statement.at[n] for n in order) if statement.at else ()
                changed = replace(statement, target=name, indices=indices, equation=equation, at=at)
                self.statements[number_] = changed
        for key, (tensor, axes) in self.names.items():
            if tensor == last.target:
                self.names[key] = (name, tuple(axes[n] for n in order))

    def _inlined(self, expr: Expr) -> Expr:
        """Return the expression with the functions that the system defines put in, and powers as e^(y·log x)."""
        expr = map_operands(expr, self._inlined)
        if isinstance(expr, Power):
            expr = with_number(expr, self.system, self.consts, self.sizes, self.fresh)
        if isinstance(expr, Power) and not isinstance(expr.exponent, Number) and self._positive(expr.base):
            return Call("exp", (times(expr.exponent, Call("log", (expr.base,))),))
        if isinstance(expr, Call) and expr.function in DRAWN:
            return counted(expr, self.system, self.consts, self.sizes, self.fresh)
        if isinstance(expr, Call) and expr.function in self.system.function:
            definition = self.system.function[expr.function]
            if definition.body is None or expr.order:
                raise Unsupported(f"the unknown function {expr.function}")
            return self._inlined(
                _applied(definition.body, dict(zip(definition.parameters, expr.arguments, strict=True)))
            )
        return expr

    def _positive(self, base: Expr) -> bool:
        """Say whether an expression is a number, or a constant that stands for one, above 0."""
        declaration = self.system.declared.get(base.tensor) if isinstance(base, Indexed) else None
        value = declaration.value if declaration is not None and declaration.role == "const" else base
        return isinstance(value, Number) and value.value > 0

    def _flat(self, expr: Expr) -> Expr:
        match expr:
            case Reduce():
                return self._reduction(expr)
            case ExtentValue(extent):
                return number(self._size(extent))
            case MatrixEntry(function, tensor):
                raise Unsupported(f"{function}({tensor}), a function of a whole matrix")
            case Partial():
                raise Unsupported("derivatives of unknown functions")
            case Power(_, exponent) if (entry := mark_of(expr)) is not None:
                *brackets, inside = product_factors(self._flat(entry))
                return times(*brackets, Power(inside, exponent))
            case Product() if (whole := self._beside(all_factors(expr))) is not None:
                return whole
            case Indexed(tensor):
                if tensor in self.system.declared and self.system.declared[tensor].role == "abstract":
                    raise Unsupported(f"the unknown function {tensor}")
                flat = written_out(expr, self.system.axes, self.sizes)
                return self._named(flat) if looked_up_whole(flat) else flat
            case Call(function, arguments, order):
                flat = Call(function, tuple(self._flat(a) for a in arguments), order)
                return flat if function in _CHEAP or not free_indices(flat) else self._named(flat)
            case _:
                return map_operands(expr, self._flat)

    def _size(self, extent: Size) -> int:
        if isinstance(extent, Literal):
            return extent.count
        if extent not in self.sizes:
            raise Unsupported(f"an extent that the inputs do not give, that of {source_of(extent)}")
        return self.sizes[extent]

    def _reduction(self, node: Reduce) -> Expr:
        indices, body = open_reduce(node, self.fresh)
        if node.op in {"sum", "mean"}:
            return self._sum_or_mean(node.op, indices, body)
        body = self._flat(body)
        if any(self._size(i.extent) == 0 for i in indices):
            raise Unsupported(f"the {node.op} of nothing")
        missing = [i for i in indices if i not in free_indices(body)]
        if missing and node.op == "prod":
            raise Unsupported("a product over an index that its body does not have")
        over = tuple(i for i in indices if i not in missing)
        return self._reduced(node.op, over, (self._entry(body),)) if over else body

    def _sum_or_mean(self, op: str, indices: tuple[Index, ...], body: Expr) -> Expr:
        count = prod(self._size(i.extent) for i in indices) if op == "mean" else 1
        if count == 0:
            raise Unsupported("a mean of nothing")
        terms = terms_of(indices, body, self._size, self.fresh)
        if terms:
            total = plus(*map(self._term, terms))
        else:
            sums = as_one_sum(indices, body, self._size, self.fresh)
            total = plus(*(self._turned(over, one) or self._sum(over, self._flat(one)) for over, one in sums))
        return total if op == "sum" else times(number(Fraction(1, count)), total)

    def _turned(self, indices: tuple[Index, ...], body: Expr) -> Expr | None:
        """Return a sum turned inside out, None where that is not possible."""
        found = turned(indices, body, self.system, self.sizes, self.fresh)
        if found is None:
            return None
        if any(isinstance(part, Reduce) for part in walk(body)):
            body = self._with_names(body)
            found = turned(indices, body, self.system, self.sizes, self.fresh) or found
        self.sizes = found.sizes
        values = [self._sum(part.indices, self._flat(part.body)) for part in found.parts]
        if not found.parts[0].places:
            return values[0]
        free = (i for i in free_in_order(body) if i not in indices)
        order = tuple(sorted(free, key=lambda i: i.extent not in self.samples))
        target, name = tuple(found.longer[i][0] if i in found.longer else i for i in order), self._name()
        for part, value in zip(found.parts, values, strict=True):
            at = tuple(part.places.get(i, i) for i in order)
            self.statements.append(
                Assignment(name, target, value, self._equation(), over=part.over, at=at, tiled=found.tiled)
            )
        return Indexed(name, tuple(found.longer[i][1] if i in found.longer else i for i in order))

    def _with_names(self, expr: Expr) -> Expr:
        """Return an expression with names for the reductions in it, which are then read at other places."""
        if not isinstance(expr, Reduce) or not free_indices(expr):
            return map_operands(expr, self._with_names)
        flat = self._flat(expr)
        entry = flat if isinstance(flat, Indexed) else self._named(flat)
        made = next((s for s in self.statements if s.target == entry.tensor), None)
        if made is not None and entry.tensor not in self.system.defined:
            known = (*self.system.equations, Equation(Indexed(entry.tensor, made.indices), ZERO))
            self.system = self.system.with_equations(known)
        return entry

    def _beside(self, factors: tuple[Expr, ...]) -> Expr | None:
        """Return a product with a sum that is turned inside out, the other factors taken into it; else None."""
        sums = [f for f in factors if isinstance(f, Reduce) and f.op == "sum"]
        others = [f for f in factors if f not in sums]
        if (
            len(sums) != 1
            or not others
            or chooses(sums[0])
            or any(isinstance(part, Reduce) for f in others for part in walk(f))
        ):
            return None
        indices, body = open_reduce(sums[0], self.fresh)
        return self._turned(indices, times(*others, body))

    def _term(self, term: Term) -> Expr:
        """Return a sum whose values go to places that are looked up."""
        factors = times(*(self._flat(f) for f in term.factors))
        over = tuple(i for i in term.indices if any(i in position_indices(at) for at in term.places.values()))
        value = self._sum(tuple(i for i in term.indices if i not in over), factors)
        if not term.places:
            return value
        if not over:
            chosen = (delta(at, v) for v, at in term.places.items())
            return times(*chosen, value)
        parts = product_factors(value)
        outside = tuple(f for f in parts if isinstance(f, Number))
        value = times(*(f for f in parts if f not in outside))
        places = term.places
        brackets = times(*(IndexValue(places[v]) for v in places))
        free = (*places, *(i for i in free_in_order(times(brackets, value)) if i not in over))
        order = tuple(sorted(dict.fromkeys(free), key=lambda i: i.extent not in self.samples))
        name = self._name()
        at = tuple(places.get(i, i) for i in order)
        self.statements.append(Assignment(name, order, value, self._equation(), over=over, at=at))
        return times(*outside, Indexed(name, order))

    def _sum(self, indices: tuple[Index, ...], body: Expr) -> Expr:
        """Return Σ body, each sum named."""
        if isinstance(body, Sum) and any(len(self._groups(indices, t)[1]) > 1 for t in body.terms):
            return plus(*(self._sum(indices, t) for t in body.terms))
        outside, groups = self._groups(indices, body)
        inside = frozenset().union(*(free_indices(g) for g in groups))
        count = prod(self._size(i.extent) for i in indices if i not in inside)
        if count != 1:
            outside = (number(count), *outside)
        over = tuple(i for i in indices if i in inside)
        if not over:
            return times(*outside, *groups)
        if len(groups) == 1 and is_short(over) and not (isinstance(groups[0], Indexed) or marked(groups[0])):
            return times(*outside, self._named(written_out_sum(over, groups[0])))
        return times(*outside, self._reduced("sum", over, tuple(self._entry(g) for g in groups)))

    def _groups(self, indices: tuple[Index, ...], body: Expr) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
        return grouped(indices, body, self._size, self.undefined)

    def _entry(self, group: Expr) -> Indexed:
        """Return a group of factors as one entry."""
        entry = marked(group)
        if entry is None:
            read = isinstance(group, Indexed) and not any(isinstance(p, Lookup) for p in group.indices)
            return group if isinstance(group, Indexed) and read else self._named(group)
        axes, most = self.system.axes(entry.tensor), prod(self._size(i.extent) for i in free_indices(entry))
        copy = padded(entry, axes, self.sizes, most)
        if copy is None:
            return self._named(group)
        if copy.key not in self.names:
            name = self._name()
            self.names[copy.key] = (name, ())
            self.statements.append(Assignment(name, copy.indices, copy.value, self._equation()))
        return Indexed(self.names[copy.key][0], copy.positions)

    def _named(self, flat: Expr) -> Indexed:
        order = self._order(flat)
        key = _key(flat, free_in_order(flat))
        if key not in self.names:
            name = self._name()
            self.names[key] = (name, tuple(free_in_order(flat).index(i) for i in order))
            self.statements.append(Assignment(name, order, flat, self._equation()))
            if not defined(flat, self.undefined):
                self.undefined.add(name)
        return self._known(key, free_in_order(flat))

    def _reduced(self, op: str, over: tuple[Index, ...], factors: tuple[Indexed, ...]) -> Indexed:
        body = times(*factors)
        appearing = tuple(i for i in free_in_order(body) if i not in over)
        order = tuple(i for i in self._order(body) if i not in over)
        key = (op, len(over), _key(body, (*appearing, *over)))
        if key not in self.names:
            name = self._name()
            self.names[key] = (name, tuple(appearing.index(i) for i in order))
            self.statements.append(Assignment(name, order, body, self._equation(), op, over, factors))
        return self._known(key, appearing)

    def _order(self, expr: Expr) -> tuple[Index, ...]:
        """Return the free indices, those of samples first."""
        free = free_in_order(expr)
        return tuple(sorted(free, key=lambda i: i.extent not in self.samples))

    def _known(self, key: object, order: tuple[Index, ...]) -> Indexed:
        name, axes = self.names[key]
        return Indexed(name, tuple(order[n] for n in axes))

    def _name(self) -> str:
        self.count += 1
        root = f"({self.root})" if isinstance(self.root, Derivative) else self.root
        return f"{root}·{self.count}"

    def _equation(self) -> Equation:
        assert self.current is not None
        return self.current


def _key(flat: Expr, order: tuple[Index, ...]) -> Expr:
    """Return the expression with its free indices named by their order: equal for what is equal up to letters."""
    return substitute_indices(flat, {index: Index(f"#{n}", index.extent) for n, index in enumerate(order)})


def _applied(body: Expr, arguments: Mapping[str, Expr]) -> Expr:
    if isinstance(body, Indexed) and not body.indices and body.tensor in arguments:
        return arguments[body.tensor]
    return map_operands(body, lambda part: _applied(part, arguments))
