"""Sizes that text has to say: those of indices for which reading it would find another size, or none.

A derivative can lose the entry that told how far an index runs. Such a size gets a letter and a line of its own,
`index t = floor((extent(x) - 1)/2) + 1`. Here is found what has to be said; letters are the matter of `size_letters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.errors import TypecheckError
from chainrule.expr.nodes import Index
from chainrule.expr.sizes import Axis, Formula, Size, Uninferred
from chainrule.expr.symbols import Derivative
from chainrule.system.locations import Location
from chainrule.system.model import System
from chainrule.system.naming import NameTable
from chainrule.system.sizes.constraints import Constraints
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.sizes.infer import against, infer_sizes
from chainrule.system.sizes.limits import Position, same_size
from chainrule.system.sizes.reading import Reading
from chainrule.system.sizes.size_letters import Variables, statements, under_declared_letters, with_letters_said
from chainrule.system.sizes.solve import Solver

ROUNDS = 4
"""How often what is said is read again; each round finds what the one before could not see."""


def say_sizes(system: System) -> System:
    """Return an inferred system with the letters and sizes that its text has to say; the same object if it has them."""
    lonely = [*_named_only(system), *_unused(system)]
    kept: Variables = {}
    if not all(found.plain for found in _all_constraints(system)):
        system = under_declared_letters(system)
        kept = unsaid(system)
    if not kept and not lonely:
        return system if not system.said else replace(system, said=())
    shared = _with_namesakes(system, kept)
    return with_letters_said(system, shared if _read(system, shared) == system else kept, lonely)


def _unused(system: System) -> list[Index]:
    """Return the letters of formulas that nothing has: what an index line says stays, whether it is used or not."""
    used: set[Size] = set()
    for constraints in _all_constraints(system):
        used.update(index.extent for index in constraints.variables)
        used.update(node.extent for node in constraints.extents)
    for one in reversed(system.derived):
        if not isinstance(one.extent, Formula) or one.extent in used:
            used.update(term for limit in one.limits for term in limit.linear.terms)
    return [Index(d.letter, d.extent) for d in system.derived if isinstance(d.extent, Formula) and d.extent not in used]


def _named_only(system: System) -> list[Index]:
    """Return letters for the formulas that an `extent(…)` names where no index has them."""
    found: list[Index] = []
    for _, _, constraints in statements(system):
        sizes = {index.extent for index in constraints.variables}
        own = (node.extent for node in constraints.extents)
        found += [Index("t", size) for size in own if isinstance(size, Formula) and size not in sizes]
    return found


def unsaid(system: System) -> Variables:
    """Return the variables of an inferred system whose sizes its text would not be read with."""
    kept: Variables = {}
    for _ in range(ROUNDS):
        read = _read(system, kept)
        if read == system:
            return kept
        new = _misread(system, kept) or ({} if read is None else _different(system, read))
        more = {place: found - kept.get(place, set()) for place, found in new.items()}
        if not any(more.values()):
            break
        for place, found in more.items():
            kept.setdefault(place, set()).update(found)
    return kept


def _read(system: System, kept: Variables) -> System | None:
    """Return what reading the text of a system would make of it, in which the sizes of some variables are said."""
    erased = erase_sizes(system, kept)
    try:
        return infer_sizes(erased, NameTable(erased))
    except TypecheckError:
        return None


def _with_namesakes(system: System, kept: Variables) -> Variables:
    """Return the variables with all others of their letters and sizes: these can share the letters that are said."""
    names = {(i.preferred, i.extent) for k, n, found in statements(system) for i in _kept_indices(found, kept, k, n)}
    labels = {i.name for d in system.declarations for i in d.indices}
    limited = {one.extent for one in system.derived if not one.given and len(one.limits) > 1}
    names = {(letter, size) for letter, size in names if letter not in labels}
    shared: Variables = {}
    for kind, number, found in statements(system):
        # A letter that is said limits no axis, so one that labels an axis and is shifted beside it is not shared.
        both = {slot for read in found.reads for slot in read.slots} & {*found.shifted}
        same = {
            v
            for v, i in enumerate(found.variables)
            if (i.preferred, i.extent) in names and not (i.extent in limited and v in both)
        }
        same |= kept.get((kind, number), set())
        if same:
            shared[kind, number] = same
    return shared


def _kept_indices(found: Constraints, kept: Variables, kind: str, number: int) -> list[Index]:
    return [found.variables[variable] for variable in sorted(kept.get((kind, number), ()))]


def _all_constraints(system: System) -> Iterator[Constraints]:
    return (found for _, _, found in statements(system))


class _Rereading(Reading):
    """The reading of a statement whose sizes are known: it notes what would be read as another size, and goes on."""

    def __init__(self, solver: Solver, erased: Constraints, true: Constraints, place: Location, own: bool) -> None:
        super().__init__(solver.known, erased, place)
        self.true = [self.known.element(i.extent, place) for i in true.variables]
        self.own = own
        self.misread: set[int] = set()

    def join(self, variable: int, element: int | None, side: str) -> None:
        """Note where a variable would get another size."""
        if element is not None:
            self._compare(variable, element)

    def fill(self) -> None:
        """Compare what letters and partners say."""
        before = list(self.numbers)
        super().fill()
        for variable, element in enumerate(self.numbers):
            if element is not None and before[variable] is None:
                self._compare(variable, element)

    def determine(self, variable: int, positions: list[Position]) -> int | None:
        """Compare what positions say; those of an axis that is defined here may be some of its limits."""
        limits = self.known.limits
        bounds = {limits.bound(variable, position, self.numbers) for position in positions}
        element = self.true[variable]
        assert element is not None
        same = same_size(bounds)
        if same is not None and self.known.classes.find(same) == self.known.classes.find(element):
            return element
        known = limits.limits_of(element)
        defined = self.own and variable < self.constraints.targets
        if not (bounds <= known if defined else limits.is_derived(element) and bounds == known):
            self.misread.add(variable)
        return element

    def note_rest(self) -> None:
        """Note the variables that nothing tells, and those on which a position would put another limit."""
        while None in self.numbers:
            variable = self.numbers.index(None)
            self.misread.add(variable)
            self.numbers[variable] = self.true[variable]
            self.derive_in_turn()
        for variable, element, position in self.further():
            bound = self.known.limits.bound(variable, position, self.numbers)
            if self.known.classes.size(element) is None and bound not in self.known.limits.limits_of(element):
                self.misread.add(variable)

    def _compare(self, variable: int, element: int) -> None:
        true = self.true[variable]
        assert true is not None
        find = self.known.classes.find
        if find(element) != find(true):
            self.misread.add(variable)
        self.numbers[variable] = true


def _misread(system: System, kept: Variables) -> Variables:
    """Return the variables that a statement by itself would be read with other sizes for, all others being right."""
    solver = against(system)
    erased = erase_sizes(system, kept)
    found: Variables = {}
    for (kind, number, true), (_, _, bare) in zip(statements(system), statements(erased), strict=True):
        place = Location(kind, number, solver.name_of(kind, number))
        target = (
            {"equation": system.equations, "update": system.updates}[kind][number].target if kind != "given" else None
        )
        own = kind == "equation" and not isinstance(place.name, Derivative)
        reading = _Rereading(solver, bare, true, place, own)
        solver.note(reading, None if own else target)
        reading.note_rest()
        if reading.misread:
            found[kind, number] = reading.misread
    return found


def _different(system: System, read: System) -> Variables:
    """Return the variables that were read with other sizes, and those that define an axis otherwise."""
    found: Variables = {}
    definitions = {one.extent: one for one in read.derived if not one.given}
    changed = {one.extent for one in system.derived if not one.given and definitions.get(one.extent) != one}
    for (kind, number, true), (_, _, other) in zip(statements(system), statements(read), strict=True):
        pairs = enumerate(zip(true.variables, other.variables, strict=True))
        variables = {v for v, (i, j) in pairs if i.extent != j.extent}
        if kind == "equation":
            name = system.equations[number].name
            variables |= {v for v in range(true.targets) if Axis(name, v) in changed}
        if variables:
            found[kind, number] = variables
    return found


def is_read_from_text(system: System) -> bool:
    """Say whether a system is as a parser makes it: no size inferred, none said."""
    declared = (i.extent for d in system.declarations for i in d.indices)
    free = (i.extent for e in system.equations for i in e.indices)
    formulas = any(isinstance(i.extent, Formula) for i in system.indices)
    return not formulas and all(isinstance(size, Uninferred) for size in (*declared, *free))


def keeps_its_letters(system: System) -> bool:
    """Say whether each index prints by its own letter, as far as sizes may depend on it."""
    names = {*system.names(), *(f.name for f in system.functions)}
    for found in _all_constraints(system):
        letters = [index.preferred for index in found.variables]
        if not found.plain and (len({*letters}) < len(letters) or not names.isdisjoint(letters)):
            return False
    return True
