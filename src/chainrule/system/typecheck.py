"""The check that runs after every pass: a system makes sense, and each Index carries the extent it ranges over.

It is one reading of all statements in order (`naming` says who may be named where, `constraints` which extents must be
equal) and then one settling of them. An index that carries an extent already keeps it, since a derivative can remove
the entry it came from; a settled system comes back as the same object. Nothing here recurses over equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chainrule.expr.nodes import Expr, Extent, Index, Indexed
from chainrule.expr.symbols import Derivative
from chainrule.system.constraints import Constraints
from chainrule.system.derived import DerivedExtent
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.system.naming import Names
from chainrule.system.places import Place, check_target, count_indices
from chainrule.system.profile import profile_of, profile_of_value
from chainrule.system.settling import same, settled_comparison, settled_value, with_extent
from chainrule.system.whole import whole_comparisons


def typecheck(system: System) -> System:
    """Return the system with the extent of every index settled.

    Checked are: each name means one thing, each tensor is assigned once and before its use, ranks, free indices, the
    arities of functions, what unknown functions depend on, that the cost is a scalar, and that updates are of params
    and states.
    Raises TypecheckError.
    """
    system = whole_comparisons(system)
    names = Names(system)
    names.check()
    work = Constraints(system, names)
    equations = [_read_equation(work, e, n) for n, e in enumerate(system.equations)]
    _check_cost(work)
    updates = [_read_update(work, u, n) for n, u in enumerate(system.updates)]
    givens = [work.read(profile_of_value(g.condition), Place("given", n)) for n, g in enumerate(system.givens)]
    arguments = [
        work.read_arguments(d, Place("declaration", n, d.tensor)) if d.arguments else ()
        for n, d in enumerate(system.declarations)
    ]
    work.ranges.unite_equal()
    pairs = zip(system.declarations, arguments, strict=True)
    settled = replace(
        system,
        declarations=same(system.declarations, [_settle_declaration(work, d, axes) for d, axes in pairs]),
        equations=same(system.equations, _settle_all(work, system.equations, equations, "equation")),
        updates=same(system.updates, _settle_all(work, system.updates, updates, "update")),
        givens=same(system.givens, [_settle_given(work, g, n, givens[n]) for n, g in enumerate(system.givens)]),
        indices=same(
            system.indices, [with_extent(i, work.extents.representative(work.letters[i.name])) for i in system.indices]
        ),
        sizes=_settle_sizes(work),
        derived=same(system.derived, _settle_derived(work)),
    )
    parts = ("declarations", "equations", "updates", "givens", "indices", "sizes", "derived")
    return system if all(getattr(settled, part) is getattr(system, part) for part in parts) else settled


def settle_equation(system: System, equation: Equation) -> Equation:
    """Return an equation that speaks of a settled system, with its extents settled.

    It may name any derivative of the system's tensors, and its target need not be in the system. Raises TypecheckError.
    """
    work = _context(system)
    place = Place("equation", 0, equation.name)
    check_target(equation, place)
    known = equation.name in work.axes or isinstance(equation.name, Derivative)
    numbers = work.read(profile_of(equation), place, target=equation.target if known else None)
    return _settle(work, equation, numbers, place)


def settle_expression(system: System, value: Expr) -> Expr:
    """Return an expression that speaks of a settled system, with its extents settled; any index may be free in it.

    It may name any derivative of the system's tensors. Raises TypecheckError.
    """
    work = _context(system)
    place = Place("expression")
    profile = profile_of_value(value)
    numbers = work.read(profile, place)
    extents = [work.extents.representative(n) for n in numbers]
    return settled_value(value, profile, extents, work.sizes(profile, numbers, place))


def _context(system: System) -> Constraints:
    work = Constraints(system, None)
    for equation in system.equations:
        work.axes[equation.name] = tuple([work.extents.add(i.extent) for i in equation.indices])
    return work


def _read_equation(work: Constraints, equation: Equation, number: int) -> list[int]:
    place = Place("equation", number, equation.name)
    check_target(equation, place)
    profile = profile_of(equation)
    numbers = work.read(profile, place, target=equation.target if isinstance(equation.name, Derivative) else None)
    work.axes[equation.name] = tuple(numbers[: profile.targets])
    for axis, element in enumerate(work.axes[equation.name]):
        work.ranges.name(element, Extent(equation.name, axis))
    return numbers


def _read_update(work: Constraints, update: Equation, number: int) -> list[int]:
    place = Place("update", number, update.name)
    work.names.check_update(update, place)
    return work.read(profile_of(update), place, target=update.target)


def _check_cost(work: Constraints) -> None:
    cost = work.system.cost
    if not cost:
        return
    place = Place("cost", name=cost)
    declared = work.system.declared.get(cost)
    if cost not in work.axes or (declared is not None and declared.role != "abstract"):
        raise place.error(
            f"no equation defines the cost {cost}", cost, expected=f"expected is cost {cost} = …, or cost {cost}(a[k])"
        )
    if cost in work.names.after_backprop:
        raise place.error(
            f"the cost {cost} depends on its own derivatives",
            cost,
            "target",
            advice="Derivatives that are still to be derived are for updates, and for equations that only these read.",
        )
    samples = {work.extents.find(work.letters[letter]) for letter in filter(None, [work.system.samples])}
    if not samples.issuperset(map(work.extents.find, work.axes[cost])) or len(work.axes[cost]) > 1:
        raise place.error(
            f"the cost {cost} has {count_indices(len(work.axes[cost]))}",
            cost,
            "target",
            expected="expected is a scalar: one number that says how wrong the whole is",
            advice="Sum over what is left.",
        )


def _settle(work: Constraints, equation: Equation, numbers: Sequence[int], place: Place) -> Equation:
    profile = profile_of(equation)
    extents = [work.extents.representative(n) for n in numbers]
    sizes = work.sizes(profile, numbers, place) if profile.extents or profile.lookups else {}
    value = settled_value(equation.value, profile, extents, sizes)
    indices = same(
        equation.indices, [with_extent(i, e) for i, e in zip(equation.indices, extents[: profile.targets], strict=True)]
    )
    if value is equation.value and all(a is b for a, b in zip(indices, equation.indices, strict=True)):
        return equation
    return Equation(Indexed(equation.name, indices), value)


def _settle_all(
    work: Constraints, equations: Sequence[Equation], numbers: Sequence[Sequence[int]], statement: str
) -> list[Equation]:
    return [
        _settle(work, e, found, Place(statement, n, e.name))
        for n, (e, found) in enumerate(zip(equations, numbers, strict=True))
    ]


def _settle_given(work: Constraints, given: Given, number: int, numbers: Sequence[int]) -> Given:
    profile = profile_of_value(given.condition)
    extents = [work.extents.representative(n) for n in numbers]
    condition = settled_comparison(
        given.condition, profile, extents, work.sizes(profile, numbers, Place("given", number))
    )
    return given if condition is given.condition else Given(condition)


def _settle_declaration(work: Constraints, declaration: Declaration, arguments: Sequence[Sequence[int]]) -> Declaration:
    def labels(indices: Sequence[Index], axes: Sequence[int]) -> list[Index]:
        return [with_extent(i, work.extents.representative(a)) for i, a in zip(indices, axes, strict=True)]

    values = declaration.values
    if values is not None:
        values = with_extent(values, work.extents.representative(work.values[declaration.tensor]))
    new = same(declaration.indices, labels(declaration.indices, work.axes[declaration.tensor]))
    taken = []
    for argument, axes in zip(declaration.arguments, arguments, strict=True):
        plain = [i for i in argument.indices if isinstance(i, Index)]
        positions = labels(plain, axes)
        unchanged = all(a is b for a, b in zip(positions, plain, strict=True))
        taken.append(argument if unchanged else Indexed(argument.tensor, tuple(positions)))
    kept = same(declaration.arguments, taken)
    if new is declaration.indices and kept is declaration.arguments and values is declaration.values:
        return declaration
    return replace(declaration, indices=new, arguments=kept, values=values)


def _settle_derived(work: Constraints) -> list[DerivedExtent]:
    """Return the derived extents, those that the system had as the same objects."""
    known = {one: one for one in work.system.derived}
    return [known.get(one, one) for one in work.ranges.derived()]


def _settle_sizes(work: Constraints) -> tuple[tuple[Extent, int], ...]:
    found: dict[Extent, int] = {}
    for index in work.system.indices:
        element = work.letters[index.name]
        size = work.extents.size(element)
        if size is not None:
            found[work.extents.representative(element)] = size
    return same(work.system.sizes, list(found.items()))
