"""Sizes inferred: each index of a system carries the size it ranges over.

Three steps: `collect` what the statements say as typed constraints, `solve` them by union-find over axes, `annotate`
the indices with the sizes found. An index that carries a size already keeps it, since a derivative can remove the entry
it came from; a system in which all do comes back as the same object. Nothing here recurses over equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.expr.nodes import Expr, Index, Indexed
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import Derivative
from chainrule.system.derived import DerivedExtent
from chainrule.system.locations import Location, check_target
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.system.naming import NameTable
from chainrule.system.sizes.annotate import Sizes, annotated_comparison, annotated_value, same, with_size
from chainrule.system.sizes.constraints import Constraints, constraints_of, constraints_of_value
from chainrule.system.sizes.solve import Solver


@dataclass(frozen=True)
class Collected:
    """The constraints of the equations, updates and facts of a system, in order."""

    equations: tuple[Constraints, ...]
    updates: tuple[Constraints, ...]
    givens: tuple[Constraints, ...]


@dataclass(frozen=True)
class Inferred:
    """The sizes of the variables of one statement, and those of its `extent(i)` and look-ups."""

    sizes: tuple[Size, ...]
    own: Sizes


@dataclass(frozen=True)
class Solution:
    """What is inferred for each statement.

    `declared` are the axes of tensors, those of the arguments of unknown ones, and what whole numbers are values of.
    """

    equations: tuple[Inferred, ...]
    updates: tuple[Inferred, ...]
    givens: tuple[Inferred, ...]
    declared: tuple[tuple[tuple[Size, ...], tuple[tuple[Size, ...], ...], Size | None], ...]
    indices: tuple[Index, ...]
    known: tuple[tuple[Size, int], ...]
    derived: tuple[DerivedExtent, ...]


def infer_sizes(system: System, names: NameTable) -> System:
    """Return the system with the size of every index; the same object if all are there. Raises TypecheckError."""
    return annotate(system, solve(system, names, collect(system)))


def collect(system: System) -> Collected:
    """Return what statements say about sizes. Raises TypecheckError for a left side that is no plain entry."""
    for number, equation in enumerate(system.equations):
        check_target(equation, Location("equation", number, equation.name))
    for number, update in enumerate(system.updates):
        check_target(update, Location("update", number, update.name))
    return Collected(
        tuple(map(constraints_of, system.equations)),
        tuple(map(constraints_of, system.updates)),
        tuple([constraints_of_value(given.condition) for given in system.givens]),
    )


def solve(system: System, names: NameTable, collected: Collected) -> Solution:
    """Return the sizes that the constraints determine. Raises TypecheckError where they do not suffice, or clash."""
    solver = Solver(system, names)
    equations = [solver.read_equation(e, n) for n, e in enumerate(system.equations)]
    solver.check_cost()
    updates = [solver.read_update(u, n) for n, u in enumerate(system.updates)]
    givens = [solver.read(found, Location("given", n)) for n, found in enumerate(collected.givens)]
    arguments = [
        solver.read_arguments(d, Location("declaration", n, d.tensor)) if d.arguments else ()
        for n, d in enumerate(system.declarations)
    ]
    solver.lines.check()
    limits, known = solver.known.limits, solver.known
    limits.unite_equal()
    known.check_claims()
    derived = limits.derived()

    def sizes(numbers: Sequence[int]) -> tuple[Size, ...]:
        return tuple([limits.size(number) for number in numbers])

    def inferred(kind: str, found: Sequence[Constraints], numbers: Sequence[Sequence[int]]) -> tuple[Inferred, ...]:
        return tuple([_inferred(solver, kind, *pair) for pair in enumerate(zip(found, numbers, strict=True))])

    return Solution(
        inferred("equation", collected.equations, equations),
        inferred("update", collected.updates, updates),
        inferred("given", collected.givens, givens),
        tuple(
            (
                sizes(known.axes[d.tensor]),
                tuple(map(sizes, axes)),
                limits.size(known.values[d.tensor]) if d.tensor in known.values else None,
            )
            for d, axes in zip(system.declarations, arguments, strict=True)
        ),
        tuple([with_size(i, limits.size(known.letters[i.name])) for i in solver.declared_indices()]),
        tuple(solver.known_sizes().items()),
        derived,
    )


def _inferred(solver: Solver, kind: str, number: int, pair: tuple[Constraints, Sequence[int]]) -> Inferred:
    found, numbers = pair
    size = solver.known.limits.size
    sizes = tuple([size(n) for n in numbers])
    if not found.extents and not found.lookups:
        return Inferred(sizes, {})
    own = solver.own_sizes(found, numbers, Location(kind, number, solver.name_of(kind, number)))
    return Inferred(sizes, {key: size(element) for key, element in own.items()})


def annotate(system: System, solution: Solution) -> System:
    """Return the system with sizes on its indices; whatever has them already stays the same object."""
    in_declarations = zip(system.declarations, solution.declared, strict=True)
    known = {one: one for one in system.derived}
    parts = {
        "declarations": same(system.declarations, [_declaration(d, *sizes) for d, sizes in in_declarations]),
        "equations": _annotated(system.equations, solution.equations),
        "updates": _annotated(system.updates, solution.updates),
        "givens": same(
            system.givens, [_given(g, sizes) for g, sizes in zip(system.givens, solution.givens, strict=True)]
        ),
        "indices": same(system.indices, solution.indices),
        "sizes": system.sizes if system.sizes == solution.known else solution.known,
        "derived": same(system.derived, [known.get(one, one) for one in solution.derived]),
    }
    if all(part is getattr(system, name) for name, part in parts.items()):
        return system
    return replace(system, **parts)  # type: ignore[arg-type]  # the fields of a System by name


def _annotated(equations: tuple[Equation, ...], inferred: Sequence[Inferred]) -> tuple[Equation, ...]:
    return same(equations, [_equation(e, sizes) for e, sizes in zip(equations, inferred, strict=True)])


def _equation(equation: Equation, inferred: Inferred) -> Equation:
    found = constraints_of(equation)
    value = annotated_value(equation.value, found, inferred.sizes, inferred.own)
    sizes = inferred.sizes[: found.targets]
    indices = same(equation.indices, [with_size(i, size) for i, size in zip(equation.indices, sizes, strict=True)])
    if value is equation.value and all(a is b for a, b in zip(indices, equation.indices, strict=True)):
        return equation
    return Equation(Indexed(equation.name, indices), value)


def _given(given: Given, inferred: Inferred) -> Given:
    found = constraints_of_value(given.condition)
    condition = annotated_comparison(given.condition, found, inferred.sizes, inferred.own)
    return given if condition is given.condition else Given(condition)


def _declaration(
    declaration: Declaration, axes: Sequence[Size], arguments: Sequence[Sequence[Size]], whole: Size | None
) -> Declaration:
    values = declaration.values
    if values is not None and whole is not None:
        values = with_size(values, whole)
    indices = same(declaration.indices, [with_size(i, size) for i, size in zip(declaration.indices, axes, strict=True)])
    taken = []
    for argument, sizes in zip(declaration.arguments, arguments, strict=True):
        plain = [i for i in argument.indices if isinstance(i, Index)]
        positions = [with_size(i, size) for i, size in zip(plain, sizes, strict=True)]
        unchanged = all(a is b for a, b in zip(positions, plain, strict=True))
        taken.append(argument if unchanged else Indexed(argument.tensor, tuple(positions)))
    kept = same(declaration.arguments, taken)
    if indices is declaration.indices and kept is declaration.arguments and values is declaration.values:
        return declaration
    return replace(declaration, indices=indices, arguments=kept, values=values)


def infer_equation(system: System, equation: Equation) -> Equation:
    """Return an equation that speaks of an inferred system, with its sizes.

    It may name any derivative of the system's tensors, and its target need not be in the system. Raises TypecheckError.
    """
    solver = _as_meant(system)
    place = Location("equation", 0, equation.name)
    check_target(equation, place)
    known = equation.name in solver.axes or isinstance(equation.name, Derivative)
    found = constraints_of(equation)
    numbers = solver.read(found, place, target=equation.target if known else None)
    return _equation(equation, _single(solver, found, numbers, place))


def infer_expression(system: System, value: Expr) -> Expr:
    """Return an expression that speaks of an inferred system, with its sizes; any index may be free in it.

    It may name any derivative of the system's tensors. Raises TypecheckError.
    """
    solver = _as_meant(system)
    place = Location("expression")
    found = constraints_of_value(value)
    inferred = _single(solver, found, solver.read(found, place), place)
    return annotated_value(value, found, inferred.sizes, inferred.own)


def _single(solver: Solver, found: Constraints, numbers: Sequence[int], place: Location) -> Inferred:
    limits = solver.known.limits
    limits.derived()
    own = solver.own_sizes(found, numbers, place)
    return Inferred(tuple(map(limits.size, numbers)), {key: limits.size(element) for key, element in own.items()})


def _as_meant(system: System) -> Solver:
    """Return a solver for what somebody writes about a system: a letter means what it means on the left of equations.

    So q in Σ_q w?[p-q] has the size that it has in z[q] = …, if it has one size wherever it stands on the left.
    """
    solver = against(system)
    sizes: dict[str, set[Size]] = {}
    for index in (i for equation in system.equations for i in equation.indices):
        sizes.setdefault(index.preferred, set()).add(index.extent)
    location = Location("system")
    for letter, known in sizes.items():
        element = solver.known.element(next(iter(known)), location) if len(known) == 1 else None
        if element is not None:
            solver.known.meant[letter] = element
    return solver


def against(system: System) -> Solver:
    """Return a solver that knows a system which is inferred already."""
    solver = Solver(system, None)
    for equation in system.equations:
        solver.axes[equation.name] = tuple([solver.classes.add(i.extent) for i in equation.indices])
    return solver
