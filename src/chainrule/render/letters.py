"""Letters for the indices of an equation, chosen once before it is laid out.

Canonical and fresh names (`%1`, `~1`) are for equality; a reader wants i, j, k. `with_letters` returns the expressions
with every index renamed to the letter it is printed by, binders included, so that layout and printers need no scopes of
their own. What it returns is for printing only: its reductions are not named canonically any more.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from typing import Any

from chainrule.expr.binding import (
    free_in_order,
    map_operands,
    map_positions,
    rename_indices,
    shift_position,
    tensors_in,
)
from chainrule.expr.nodes import (
    Condition,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    MatrixEntry,
    Reduce,
    operands,
    walk,
    with_operands,
)
from chainrule.expr.sizes import UNINFERRED, Axis, Declared, Literal, Size
from chainrule.expr.symbols import Symbol, tensors_of

ROTATION = "ijkmpqrstuvw"
"""The letters that stand in for one that is taken, in the order they are tried."""


def in_other_letters(expr: Expr, taken: Collection[str]) -> Expr:
    """Return an expression whose sums and other reductions prefer none of the letters that are taken."""
    preferred = {i.preferred for part in walk(expr) if isinstance(part, Reduce) for i in part.indices}
    if preferred.isdisjoint(taken):
        return expr
    used = {*taken, *preferred, *(i.preferred for i in free_in_order(expr)), *tensors_in(expr)}
    letters = {letter: next_letter(letter, used) for letter in sorted(preferred.intersection(taken))}

    def change(node: Expr) -> Expr:
        inner = map_operands(node, change)
        if not isinstance(inner, Reduce):
            return inner
        new = {i: Index(i.name, i.extent, letters.get(i.preferred, i.letter)) for i in inner.indices}
        return Reduce(inner.op, tuple(new.values()), rename_indices(inner.body, new))

    return change(expr)


def next_letter(preferred: str, *taken: Container[str]) -> str:
    """Return the preferred letter, or the first after it in the rotation that is not taken, then k2, k3 and so on.

    >>> next_letter("k", {"k", "m"}), next_letter("n", {"n"}), next_letter("k", set(ROTATION))
    ('p', 'p', 'k2')
    """
    return next(letter for letter in _candidates(preferred) if not any(letter in names for names in taken))


def _candidates(preferred: str) -> Iterator[str]:
    letter = preferred if preferred.isidentifier() else ""
    if letter:
        yield letter
    later = [other for other in ROTATION if other > letter]
    yield from later
    yield from (other for other in ROTATION if other < letter)
    stem = letter.rstrip("0123456789") or ROTATION[0]
    number = 2
    while True:
        yield f"{stem}{number}"
        number += 1


def with_letters(
    *nodes: Expr | Condition,
    taken: Collection[str] = (),
    declared: Mapping[str, Size] | None = None,
) -> tuple[Any, ...]:
    """Return the nodes of one equation with each index named by the letter to print.

    Free indices keep their letter. A bound one takes its preferred letter unless a free index, an enclosing binder or a
    tensor has it, or it is in `taken`. Sums side by side may share a letter. An index that labels no axis takes its
    extent from its letter, so it takes one that is `declared` with its extent. An `ExtentValue` takes the letter of an
    index with that extent.
    """
    giver = _Giver(nodes, taken, declared or {})
    lettered = tuple(_rename(node, giver) if giver.renames(node) else node for node in nodes)
    return tuple(_rename(node, giver, sizes=True) for node in lettered) if giver.sizes else lettered


class LetterSizes(dict[str, Size]):
    """The letters that mean a size in the text of a system, with these.

    Those that are `said` have it wherever they stand, and no index of another size is called by them. `ranks` are those
    of tensors: extent(x) is named by x where no letter stands for it, extent(W, 1) by W.
    """

    def __init__(self, sizes: Mapping[str, Size], said: frozenset[str], ranks: Mapping[str, int]) -> None:
        super().__init__(sizes)
        self.said = said
        self.ranks = ranks


class _Giver:
    """Gives letters out, for one equation."""

    def __init__(
        self, nodes: tuple[Expr | Condition, ...], taken: Collection[str], declared: Mapping[str, Size]
    ) -> None:
        tensors = frozenset[Symbol]().union(*(tensors_in(node) for node in nodes))
        self.names = frozenset[str](part for tensor in tensors for part in tensors_of(tensor))
        self.taken = taken
        self.declared = declared
        self.said = declared.said if isinstance(declared, LetterSizes) else frozenset[str]()
        self.given: list[tuple[Index, str]] = []
        free = tuple(dict.fromkeys(i for node in nodes for i in free_in_order(node)))
        self.sizes, self.binding = list[ExtentValue](), set[int]()
        for node in nodes:
            parts = tuple(walk(node))
            self.sizes += (part for part in parts if isinstance(part, ExtentValue))
            if any(isinstance(part, Reduce) for part in parts):
                self.binding.add(id(node))
        self.reserved = {size.letter: size.extent for size in reversed(self.sizes)}
        self.without_index = self._sizes_without_index(nodes, free) if self.sizes else {}
        self.reserved |= {letter: extent for extent, letter in self.without_index.items()}
        self.free = self._free_letters(free)
        self.same = all(index.name == letter.name for index, letter in self.free.items())

    def renames(self, node: Expr | Condition) -> bool:
        """Say whether any index in one of the nodes is printed by another letter than its name."""
        return not self.same or id(node) in self.binding

    def _free_letters(self, indices: Collection[Index]) -> dict[Index, Index]:
        named = [index for index in indices if index.name.isidentifier()]
        letters: dict[Index, Index] = {}
        for index in named:
            letters[index] = self._give(index, index.name)
        for index in indices:
            if index not in letters:
                letters[index] = self._give(index, self._choose(index, letters))
        return letters

    def _sizes_without_index(self, nodes: tuple[Expr | Condition, ...], free: tuple[Index, ...]) -> dict[Size, str]:
        """Return declared letters for the extents that no index of the equation has."""
        bound = [i for node in nodes for part in walk(node) if isinstance(part, Reduce) for i in part.indices]
        present = {index.extent for index in (*free, *bound)}
        names = {index.name for index in free}
        letters: dict[Size, str] = {}
        for size in self.sizes:
            if size.extent not in present:
                known = [c for c, extent in self.declared.items() if extent == size.extent and c not in names]
                letters.setdefault(size.extent, known[0] if known and size.letter not in known else size.letter)
        return letters

    def bind(self, node: Reduce, scope: Mapping[Index, Index]) -> dict[Index, Index]:
        """Return the scope with the indices of a reduction in it; a step with its range, l=1..L, keeps its letter."""
        inner = dict(scope)
        for index in node.indices:
            letter = (
                self._choose(index, inner, labels=self._labels(index, node)) if ".." not in index.name else index.name
            )
            inner[index] = self._give(index, letter)
        return inner

    def _labels(self, index: Index, node: Reduce) -> bool:
        """Say whether a bound index labels an axis or is bounded, so that its extent does not depend on its letter."""
        if isinstance(index.extent, Literal):
            return True
        return not self.declared or any(index in part.indices for part in walk(node.body) if isinstance(part, Indexed))

    def _choose(self, index: Index, scope: Mapping[Index, Index], *, labels: bool = True) -> str:
        within = {letter.name for letter in scope.values()} | self.names
        blocked = within | {letter for letter, extent in self.reserved.items() if extent != index.extent}
        if self.said:
            own = index.preferred
            if own in self.said and own not in blocked and self.declared[own] == index.extent:
                return own
            blocked |= self.said
        if not labels:
            fitting = (c for c, size in self.declared.items() if size == index.extent and c not in self.said)
            known = [c for c in fitting if c not in within and c not in self.taken]
            # Nothing but its letter tells the size of this index. An extent(…) can be named otherwise: see `size`.
            known = [c for c in known if c not in blocked] or known
            if known:
                return index.preferred if index.preferred in known else known[0]
            blocked |= self.declared.keys()
        return next_letter(index.preferred, blocked, self.taken)

    def _give(self, index: Index, letter: str) -> Index:
        self.given.append((index, letter))
        if self.sizes:
            # extent(n) must mean one extent, so here a letter stands for one, even in sums side by side.
            self.reserved[letter] = index.extent
        return Index(letter, index.extent)

    def size(self, value: ExtentValue) -> str:
        """Return the letter for an extent: its own where that is an index, else one of an index with that extent."""
        others = self._letters_of_others(value.extent)
        same = [(i, letter) for i, letter in self.given if i.extent == value.extent and letter not in others]
        own = [letter for index, letter in same if index.preferred == value.letter]
        if own:
            return own[0]
        if same and value.extent != UNINFERRED:
            return same[0][1]
        letter = self.without_index.get(value.extent, value.letter)
        return letter if self._means(letter, value.extent) else self._axis(value.extent, letter)

    def _means(self, letter: str, size: Size) -> bool:
        """Say whether a letter that labels nothing here stands for a size: no index has it for another."""
        if not letter or letter in self._letters_of_others(size):
            return False
        if isinstance(size, Axis) and isinstance(self.declared, LetterSizes):
            return self.declared.get(letter) == size
        return not isinstance(self.declared, LetterSizes) or self.declared.get(letter, size) == size

    def _letters_of_others(self, size: Size) -> set[str]:
        return {letter for index, letter in self.given if index.extent != size}

    def _axis(self, size: Size, letter: str) -> str:
        """Return what names a size between the parentheses of extent(k), extent(x), extent(W, 1)."""
        if isinstance(size, Declared) and not letter:
            return size.letter
        ranks = self.declared.ranks if isinstance(self.declared, LetterSizes) else {}
        if not isinstance(size, Axis) or (letter and not ranks):
            return letter
        return size.tensor if ranks.get(size.tensor) == 1 else f"{size.tensor}, {size.number}"


def _rename(root: Expr | Condition, giver: _Giver, *, sizes: bool = False) -> Any:
    """Rename below the root, by an explicit stack; with `sizes`, fill in the letters of extents instead."""
    todo: list[tuple[Expr | Condition, Mapping[Index, Index], bool]] = [(root, {} if sizes else giver.free, False)]
    done: list[Any] = []
    while todo:
        node, scope, ready = todo.pop()
        parts = operands(node)
        if ready:
            kept = len(done) - len(parts)
            done[kept:] = [_rebuild(node, scope, tuple(done[kept:]))]
        elif sizes and isinstance(node, ExtentValue):
            done.append(ExtentValue(node.extent, giver.size(node)))
        else:
            inner = giver.bind(node, scope) if isinstance(node, Reduce) and not sizes else scope
            todo.append((node, inner, True))
            todo.extend((part, inner, False) for part in reversed(parts))
    return done[0]


def _rebuild(node: Expr | Condition, scope: Mapping[Index, Index], parts: tuple[Any, ...]) -> Any:
    match node:
        case IndexValue(position):
            return IndexValue(shift_position(position, scope))
        case Indexed(tensor, positions, guarded):
            return Indexed(tensor, tuple(shift_position(p, scope) for p in positions), guarded)
        case MatrixEntry():
            return map_positions(node, lambda position: shift_position(position, scope))
        case Reduce(op, indices, _):
            return Reduce(op, tuple(scope.get(i, i) for i in indices), parts[0])
        case _:
            return with_operands(node, parts)
