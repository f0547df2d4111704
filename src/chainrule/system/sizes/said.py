"""Sizes that text has to say: those of indices for which reading it would find another size, or none.

A derivative can lose the entry that told how far an index runs. Such a size gets a letter and a line of its own,
`index t = floor((extent(x) - 1)/2) + 1`, and an index has it under that letter whatever it stands in. So a letter that
is said stands for one size in the whole text, and a free index that would share its letter gets another one.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from dataclasses import replace
from operator import is_

from chainrule.errors import TypecheckError
from chainrule.expr.binding import rename_indices
from chainrule.expr.nodes import Condition, Expr, Index, Indexed, Reduce, operands
from chainrule.expr.sizes import Axis, Formula, Size, Uninferred
from chainrule.expr.symbols import Derivative
from chainrule.render.letters import next_letter
from chainrule.system.locations import Location
from chainrule.system.model import Equation, Given, System
from chainrule.system.naming import NameTable
from chainrule.system.sizes.annotate import relettered_comparison, relettered_value, same
from chainrule.system.sizes.constraints import Constraints, constraints_of, constraints_of_value
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.sizes.infer import against, infer_sizes
from chainrule.system.sizes.limits import Position, same_size
from chainrule.system.sizes.reading import Reading
from chainrule.system.sizes.solve import Solver

Misread = dict[tuple[str, int], set[int]]
"""Variables by the statement that they stand in, its kind and its number."""

ROUNDS = 4
"""How often what is said is read again; each round finds what the one before could not see."""


def say_sizes(system: System) -> System:
    """Return an inferred system with the letters and sizes that its text has to say; the same object if it has them."""
    lonely = _named_only(system)
    kept: Misread = {}
    if not all(found.plain for found in _all_constraints(system)):
        system = _under_declared_letters(system)
        kept = unsaid(system)
    if not kept and not lonely:
        return system if not system.said else replace(system, said=())
    shared = _with_namesakes(system, kept)
    return _with_letters(system, shared if _read(system, shared) == system else kept, lonely)


def _named_only(system: System) -> list[Size]:
    """Return the formulas that an `extent(…)` names where no index has them."""
    found: list[Size] = []
    for _, _, constraints in _statements(system):
        sizes = {index.extent for index in constraints.variables}
        own = (node.extent for node in constraints.extents)
        found += [size for size in own if isinstance(size, Formula) and size not in sizes]
    return found


def unsaid(system: System) -> Misread:
    """Return the variables of an inferred system whose sizes its text would not be read with."""
    kept: Misread = {}
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


def _read(system: System, kept: Misread) -> System | None:
    """Return what reading the text of a system would make of it, in which the sizes of some variables are said."""
    erased = erase_sizes(system, kept)
    try:
        return infer_sizes(erased, NameTable(erased))
    except TypecheckError:
        return None


def _with_namesakes(system: System, kept: Misread) -> Misread:
    """Return the variables with all others of their letters and sizes: these can share the letters that are said."""
    names = {(i.preferred, i.extent) for k, n, found in _statements(system) for i in _kept_indices(found, kept, k, n)}
    labels = {i.name for d in system.declarations for i in d.indices}
    limited = {one.extent for one in system.derived if not one.given and len(one.limits) > 1}
    names = {(letter, size) for letter, size in names if letter not in labels}
    shared: Misread = {}
    for kind, number, found in _statements(system):
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


def _kept_indices(found: Constraints, kept: Misread, kind: str, number: int) -> list[Index]:
    return [found.variables[variable] for variable in sorted(kept.get((kind, number), ()))]


def _statements(system: System) -> Iterator[tuple[str, int, Constraints]]:
    for kind, equations in (("equation", system.equations), ("update", system.updates)):
        for number, equation in enumerate(equations):
            yield kind, number, constraints_of(equation)
    for number, given in enumerate(system.givens):
        yield "given", number, constraints_of_value(given.condition)


def _all_constraints(system: System) -> Iterator[Constraints]:
    return (found for _, _, found in _statements(system))


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


def _misread(system: System, kept: Misread) -> Misread:
    """Return the variables that a statement by itself would be read with other sizes for, all others being right."""
    solver = against(system)
    erased = erase_sizes(system, kept)
    found: Misread = {}
    for (kind, number, true), (_, _, bare) in zip(_statements(system), _statements(erased), strict=True):
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


def _different(system: System, read: System) -> Misread:
    """Return the variables that were read with other sizes, and those that define an axis otherwise."""
    found: Misread = {}
    definitions = {one.extent: one for one in read.derived if not one.given}
    changed = {one.extent for one in system.derived if not one.given and definitions.get(one.extent) != one}
    for (kind, number, true), (_, _, other) in zip(_statements(system), _statements(read), strict=True):
        pairs = enumerate(zip(true.variables, other.variables, strict=True))
        variables = {v for v, (i, j) in pairs if i.extent != j.extent}
        if kind == "equation":
            name = system.equations[number].name
            variables |= {v for v in range(true.targets) if Axis(name, v) in changed}
        if variables:
            found[kind, number] = variables
    return found


class _Letters:
    """The letters that are said, each with its size; no index whose size need not be said has one of them."""

    def __init__(self, system: System, kept: Misread) -> None:
        self.said: dict[str, Size] = {}
        declared = (i.name for i in (*(i for d in system.declarations for i in d.indices), *system.indices))
        self._taken = {*declared, *system.names(), *(f.name for f in system.functions), system.batch}
        for kind, number, found in _statements(system):
            variables = kept.get((kind, number), ())
            self._taken |= {i.preferred for v, i in enumerate(found.variables) if v not in variables}

    def give(self, index: Index, within: Container[str] = ()) -> str:
        """Return a letter for an index: its own if that fits, one that says its size already, or a new one."""
        size = index.extent
        same = [letter for letter, known in self.said.items() if known == size and letter not in within]
        wanted = index.preferred
        fits = wanted.isidentifier() and wanted not in self._taken and wanted not in within
        free = fits and self.said.get(wanted, size) == size
        letter = wanted if free else same[0] if same else next_letter(wanted, self._taken, self.said, within)
        self.said[letter] = size
        return letter

    def add(self, size: Size) -> None:
        """Say a size that no index has but another formula or an extent(…) names."""
        if size not in self.said.values():
            self.give(Index("t", size))


def _with_letters(system: System, kept: Misread, lonely: Iterable[Size]) -> System:
    """Return the system with a letter for each size that is said, which the indices that need it have."""
    letters = _Letters(system, kept)
    equations, updates, givens = list(system.equations), list(system.updates), list(system.givens)
    for (kind, number), variables in kept.items():
        if kind == "given":
            found = constraints_of_value(givens[number].condition)
            chosen = _chosen(letters, found, givens[number].condition, variables)
            givens[number] = Given(relettered_comparison(givens[number].condition, found, chosen))
        else:
            into = equations if kind == "equation" else updates
            into[number] = _relettered(letters, into[number], variables)
    for size in _with_terms(system, (*letters.said.values(), *lonely)):
        if isinstance(size, Formula):
            letters.add(size)
    said = tuple([Index(letter, size) for letter, size in letters.said.items()])
    parts = same(system.equations, equations), same(system.updates, updates), same(system.givens, givens)
    if said == system.said and all(map(is_, parts, (system.equations, system.updates, system.givens))):
        return system
    return replace(system, equations=parts[0], updates=parts[1], givens=parts[2], said=said)


NO_LETTER = "?"
"""What stands for the letter of a bound index that takes whatever letter is free."""


def _under_declared_letters(system: System) -> System:
    """Return the system with bound indices that label nothing under a declared letter of their size, as they print.

    Where each of these letters is that of a free index, or of one that it stands within, it has none that tells it.
    """
    declared: dict[Size, list[str]] = {}
    labels_too: dict[Size, list[str]] = {}
    for index in system.indices:
        declared.setdefault(index.extent, []).append(index.name)
    for index in (*(i for d in system.declarations for i in d.indices), *system.indices):
        labels_too.setdefault(index.extent, []).append(index.name)

    def lettered(equation: Equation) -> Equation:
        found = constraints_of(equation)
        labels = {slot for read in found.reads for slot in read.slots}
        shifted = found.shifted
        chosen: dict[int, str] = {}
        for variable, index, within in _binders(found, equation.value):
            known = (declared if variable in shifted else labels_too).get(index.extent, [])
            if variable in labels or not known:
                continue
            taken = {*found.free, *(chosen.get(v, found.variables[v].preferred) for v in within)}
            open_ones = [letter for letter in known if letter not in taken]
            letter = NO_LETTER if not open_ones else open_ones[0]
            if index.preferred not in (*open_ones, letter):
                chosen[variable] = letter
        return Equation(equation.target, relettered_value(equation.value, found, chosen)) if chosen else equation

    new = tuple([e if constraints_of(e).plain else lettered(e) for e in system.equations])
    return system if all(map(is_, new, system.equations)) else replace(system, equations=new)


def _binders(found: Constraints, root: Expr | Condition) -> Iterator[tuple[int, Index, tuple[int, ...]]]:
    """Yield each bound variable with its index and the bound variables that it stands within."""
    binders = iter(found.binders)
    waiting: list[tuple[Expr | Condition, tuple[int, ...]]] = [(root, ())]
    while waiting:
        node, within = waiting.pop()
        for index in node.indices if isinstance(node, Reduce) else ():
            variable = next(binders)
            yield variable, index, within
            within = (*within, variable)
        waiting.extend((part, within) for part in reversed(operands(node)))


def _relettered(letters: _Letters, equation: Equation, variables: Collection[int]) -> Equation:
    found = constraints_of(equation)
    free = {name: v for name, v in found.free.items() if v in variables}
    renamed: dict[Index, Index] = {}
    for variable in free.values():
        index = found.variables[variable]
        renamed[index] = Index(letters.give(index, {i.name for i in renamed.values()}), index.extent)
    chosen = _chosen(letters, found, equation.value, variables, {i.name for i in renamed.values()})
    own = all(old == new for old, new in renamed.items())
    if own and all(found.variables[v].preferred == letter for v, letter in chosen.items()):
        return equation
    value = relettered_value(equation.value, found, chosen)
    if own:
        return Equation(equation.target, value)
    indices = tuple(renamed.get(index, index) for index in equation.indices)
    return Equation(Indexed(equation.name, indices), rename_indices(value, renamed))


def _chosen(
    letters: _Letters,
    found: Constraints,
    root: Expr | Condition,
    variables: Collection[int],
    outside: Collection[str] = (),
) -> dict[int, str]:
    """Return a letter for each bound variable that is said, another one than those it stands within."""
    chosen: dict[int, str] = {}
    for variable, index, within in _binders(found, root):
        if variable in variables:
            others = {*outside, *(chosen[v] for v in within if v in chosen)}
            chosen[variable] = letters.give(index, others)
    return chosen


def _with_terms(system: System, sizes: Iterable[Size]) -> list[Size]:
    """Return the sizes and those that they are told by, each once."""
    found: dict[Size, None] = {}
    waiting = list(sizes)
    limits = {one.extent: one.limits for one in system.derived if not one.given}
    while waiting:
        size = waiting.pop(0)
        if size not in found:
            found[size] = None
            own = size.limits if isinstance(size, Formula) else limits.get(size, ())
            waiting += [term for limit in own for term in limit.linear.terms if isinstance(term, Formula)]
    return list(found)


def is_read_from_text(system: System) -> bool:
    """Say whether a system is as a parser makes it: no size inferred, none said."""
    declared = (i.extent for d in system.declarations for i in d.indices)
    free = (i.extent for e in system.equations for i in e.indices)
    formulas = any(isinstance(i.extent, Formula) for i in system.indices)
    return not formulas and all(isinstance(size, Uninferred) for size in (*declared, *free))
