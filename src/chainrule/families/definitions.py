"""The first check of families: at each step, all that is read is there.

The blocks are gone through as they are computed, for as many steps as it takes to meet every case, or for as many as
are declared. What is found wrong is said of the statement, with the step at which it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.errors import TypecheckError
from chainrule.expr.binding import position_indices, shift_position, tensors_in
from chainrule.expr.nodes import Affine, Index, Indexed, walk
from chainrule.expr.symbols import Derivative, Tensor, symbol
from chainrule.families.expansion import Expansion, Placed, expansion_of
from chainrule.families.families_text import range_text
from chainrule.families.templates import Blocks, entries_in
from chainrule.system.locations import Location, did_you_mean
from chainrule.system.model import Equation, System
from chainrule.system.recurrences import recurrence_of
from chainrule.system.typecheck import typecheck

FEWEST = 3


def check_cases(families: Blocks) -> None:
    """Check families for so many steps that every case is met, or as many as there are. Raises TypecheckError."""
    most = enough(families)
    check(families, {letter: min(most, families.sizes.get(letter, most)) for letter in families.letters})


def check(families: Blocks, numbers: Mapping[str, int]) -> Expansion:
    """Return families written out for these numbers of steps, checked. Raises TypecheckError."""
    found = expansion_of(families, numbers)
    _check_definitions(found)
    _check_positions(found)
    try:
        typecheck(found.system())
    except TypecheckError as error:
        raise found.relocated(error) from None
    return found


def enough(families: Blocks) -> int:
    """Return a number of steps at which every case of the families is met."""
    declared = (d.tensor for d in families.head.declarations if isinstance(d.tensor, Tensor))
    raised = [step for tensor in (*families.tensors(), *declared) for step in tensor.superscript]
    ends = [end for steps in families.ranges for end in (steps.low, steps.high)]
    shifts = [abs(shift) for letter, shift in (*raised, *ends) if letter]
    constants = [abs(shift) for letter, shift in (*raised, *ends) if not letter]
    return max(FEWEST, 2 * max(shifts, default=0) + max(constants, default=0) + 2)


def _check_definitions(found: Expansion) -> None:
    places: dict[str, int] = {}
    declared = {one.made.tensor for one in found.declarations}
    for number, placed in enumerate(found.equations):
        name = placed.made.name
        if name in places and isinstance(name, Tensor) and name.superscript:
            raise _twice(found.equations, placed, name)
        places.setdefault(name, number)
    cost, system = found.families.head.cost, found.system()
    for number, placed in enumerate(found.equations):
        _check_derivatives(placed, places, cost)
        for tensor in entries_in(placed.made.value):
            if not tensor.superscript or tensor in declared:
                continue
            if tensor not in places:
                raise _missing(found, placed, tensor, places)
            if places[tensor] >= number and not _is_of_other_steps(found, system, placed, tensor):
                raise _too_early(placed, tensor, found.equations[places[tensor]])


def _is_of_other_steps(found: Expansion, system: System, placed: Placed[Equation], tensor: Tensor) -> bool:
    """Say whether an equation belongs to a recurrence along an index, with what it reads. Raises TypecheckError."""
    try:
        together = recurrence_of(system, placed.made.name)
    except TypecheckError as error:
        entries = (e for e in walk(placed.made.value) if isinstance(e, Indexed) and e.tensor == tensor)
        if any(isinstance(position, Affine) and position.terms for e in entries for position in e.indices):
            raise found.relocated(error) from None
        return False
    return together is not None and tensor in together.axes


def _check_derivatives(placed: Placed[Equation], places: Mapping[str, int], cost: str) -> None:
    read = (t for t in tensors_in(placed.made.value) if isinstance(t, Derivative) and t not in places)
    named = next((t for t in read if t.of in places and t.of != cost), None)
    if named is not None:
        raise placed.place.error(
            f"{named} is not defined{_at(placed)}",
            named.of.name if isinstance(named.of, Tensor) else named,
            expected="derivatives by name are derived in systems without for lines",
            advice="Write the steps out, or give the derivative an equation.",
        )


def _twice(equations: Sequence[Placed[Equation]], placed: Placed[Equation], name: Tensor) -> TypecheckError:
    first = next(one for one in equations if one.made.name == name)
    same = first.place == placed.place
    return placed.place.error(
        f"{name} is defined twice{_at(placed)}",
        name.name,
        "target",
        expected="each member is defined once" + ("" if same else ": the ranges of its equations do not overlap"),
        advice="What is the same at every step stands outside of the block." if same else "",
    )


def _missing(found: Expansion, placed: Placed[Equation], tensor: Tensor, places: Mapping[str, int]) -> TypecheckError:
    """Return the error for a member that no equation defines: a base that is missing, a hole, or no such name."""
    known = [t for t in map(symbol, places) if isinstance(t, Tensor) and t.name == tensor.name]
    if not known:
        names = {t.name for t in map(symbol, places) if isinstance(t, Tensor)} | {
            d.tensor.partition("[")[0] for d in found.families.head.declarations
        }
        meant = did_you_mean(tensor.name, names)
        return placed.place.error(
            f"no tensor is named {tensor.name}",
            tensor.name,
            advice=meant,
            declare=f"Declare it: data {tensor.name}[l; k], or param {tensor.name}[l; k].",
        )
    return placed.place.error(
        f"{tensor} is read{_at(placed)}, and no equation defines it",
        tensor.name,
        expected=f"defined are {_defined(found, tensor.name)}",
        advice="Give it an equation outside of the block, or let the block begin or end elsewhere.",
    )


def _defined(found: Expansion, name: str) -> str:
    """Return what equations define of a family, as they are written."""
    written: list[str] = []
    for path, template in found.families.templates():
        target = template.target.tensor if isinstance(template, Equation) else None
        if isinstance(target, Tensor) and target.name == name:
            ranges = "".join(f" for {range_text(steps)}" for steps in path)
            written.append(f"{target}{ranges}")
    return ", ".join(dict.fromkeys(written))


def _too_early(placed: Placed[Equation], tensor: Tensor, defining: Placed[Equation]) -> TypecheckError:
    if placed.made.name == tensor:
        return placed.place.error(
            f"{tensor} is defined by itself{_at(placed)}",
            tensor.name,
            expected="an equation reads other steps of what it defines, and defines this one",
            advice="A step reads the one before: z[l-1; …]",
        )
    same_block = placed.steps and defining.steps and placed.steps.keys() == defining.steps.keys()
    if same_block and placed.steps == defining.steps:
        advice = f"Move the equation of {tensor.name} up, before that of {placed.made.target.tensor.partition('[')[0]}."
    elif same_block:
        advice = "A block that goes up reads steps below, one that goes down, for l = L-1..1:, steps above."
    else:
        advice = f"Move the equation of {tensor.name} up."
    return placed.place.error(f"{tensor} is used before it is computed{_at(placed)}", tensor.name, advice=advice)


def _at(placed: Placed[Equation]) -> str:
    """Return at which step something is: " at t = 1"."""
    steps = ", ".join(f"{letter} = {number}" for letter, number in placed.steps.items())
    return f" at {steps}" if steps else ""


def _check_positions(found: Expansion) -> None:
    """Check that steps that stand as positions begin at 0, as positions do."""
    templates = [t for _, t in found.families.templates() if isinstance(t, Equation)]
    least: dict[tuple[str, int], tuple[int, Location, str]] = {}
    for placed in found.equations:
        for entry in walk(templates[placed.place.number].value):
            if not isinstance(entry, Indexed) or entry.tensor not in found.families.head.declared or entry.guarded:
                continue
            for axis, position in enumerate(entry.indices):
                at = shift_position(position, {Index(n): Affine((), step) for n, step in placed.steps.items()})
                if not isinstance(at, Affine) or at.terms:
                    continue
                letter = next((i.name for i in position_indices(position)), "")
                known = least.get((entry.tensor, axis))
                if known is None or at.constant < known[0]:
                    least[entry.tensor, axis] = at.constant, placed.place, letter
    for (tensor, _), (first, place, letter) in least.items():
        if letter and first > 0:
            raise _outside(place, tensor, letter, first)


def _outside(place: Location, tensor: str, letter: str, least: int) -> TypecheckError:
    return place.error(
        f"the position {letter} in {tensor} goes from {least} on, and positions count from 0",
        tensor,
        expected=f"the first of {tensor} is read at the first step",
        advice=f"Write {letter}-{least} for {letter}, or make the step a superscript: {tensor}[{letter}; …]",
    )
