"""Letters for the sizes that text has to say, and for bound indices whose declared letters tell theirs.

An index has a size that is said under its letter whatever it stands in. So a letter that is said stands for one size in
the whole text, and a free index that would share its letter gets another one. What has to be said is the matter of
`said`.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import is_

from chainrule.expr.binding import rename_indices
from chainrule.expr.nodes import Condition, Expr, Index, Indexed, Reduce, operands
from chainrule.expr.sizes import Formula, Size
from chainrule.render.letters import next_letter
from chainrule.system.model import Equation, Given, System
from chainrule.system.sizes.annotate import relettered_comparison, relettered_value, same
from chainrule.system.sizes.constraints import Constraints, constraints_of, constraints_of_value

Variables = dict[tuple[str, int], set[int]]
"""Variables by the statement that they stand in, its kind and its number."""


def statements(system: System) -> Iterator[tuple[str, int, Constraints]]:
    """Yield the constraints of each equation, update and fact, with its kind and its number."""
    for kind, equations in (("equation", system.equations), ("update", system.updates)):
        for number, equation in enumerate(equations):
            yield kind, number, constraints_of(equation)
    for number, given in enumerate(system.givens):
        yield "given", number, constraints_of_value(given.condition)


class _Letters:
    """The letters that are said, each with its size; no index whose size need not be said has one of them."""

    def __init__(self, system: System, kept: Variables) -> None:
        self.said: dict[str, Size] = {}
        declared = (i.name for i in (*(i for d in system.declarations for i in d.indices), *system.indices))
        self._taken = {*declared, *system.names(), *(f.name for f in system.functions), system.batch}
        for kind, number, found in statements(system):
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

    def add(self, index: Index) -> None:
        """Say a size that no index has, but another formula, an extent(…) or a line; its letter is free to choose."""
        if index.extent not in self.said.values():
            self.give(index)


def with_letters_said(system: System, kept: Variables, lonely: Sequence[Index]) -> System:
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
    wanted = {index.extent: index for index in lonely}
    for size in _with_terms(system, (*letters.said.values(), *wanted)):
        if isinstance(size, Formula):
            letters.add(wanted.get(size, Index("t", size)))
    said = tuple([Index(letter, size) for letter, size in letters.said.items()])
    parts = same(system.equations, equations), same(system.updates, updates), same(system.givens, givens)
    if said == system.said and all(map(is_, parts, (system.equations, system.updates, system.givens))):
        return system
    return replace(system, equations=parts[0], updates=parts[1], givens=parts[2], said=said)


NO_LETTER = "?"
"""What stands for the letter of a bound index that takes whatever letter is free."""


def under_declared_letters(system: System) -> System:
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
