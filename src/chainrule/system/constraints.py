"""What the declarations and equations of one system say about extents, read one after the other.

An index takes its extent from what it carries and from the axes it labels, failing that from its partner in `[i = j]`,
failing that from its letter as declared. Everything is in numbers of elements of `Extents` here; `typecheck` turns them
into extents when all has been read, because a later equation may still make two classes one. What one equation says is
the matter of `reading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from chainrule.expr.functions import MATRIX_FUNCTIONS
from chainrule.expr.nodes import UNSETTLED, Extent, Index, Indexed, Lookup, MatrixEntry
from chainrule.expr.symbols import Derivative, Symbol, tensors_of
from chainrule.system.extents import Extents
from chainrule.system.model import Declaration, System
from chainrule.system.naming import Names
from chainrule.system.places import Place, check_calls, count_indices
from chainrule.system.profile import Profile, Slot
from chainrule.system.ranges import Ranges
from chainrule.system.reading import Reading
from chainrule.system.settling import Sizes, lookup_key

Target: TypeAlias = tuple[Indexed, tuple[Slot, ...]]


class Constraints:
    """The classes of extents of a system: the axes of each tensor and each declared letter as elements.

    With `names` None the system is a settled one that something else is read against: any derivative may be named.
    """

    def __init__(self, system: System, names: Names | None) -> None:
        self.system = system
        self.names = names or Names(system)
        self.strict = names is not None
        self.extents = Extents()
        self.axes: dict[str, tuple[int, ...]] = {}
        self.letters: dict[str, int] = {}
        self.indices: dict[str, int] = {}
        for number, declaration in enumerate(system.declarations):
            self._declare(declaration, Place("declaration", number, declaration.tensor))
        self._declare_letters()
        self.values: dict[str, int] = {
            declaration.tensor: self._values(declaration.values, Place("declaration", number, declaration.tensor))
            for number, declaration in enumerate(system.declarations)
            if declaration.values is not None
        }
        self.ranges = Ranges(self.extents, system.derived)

    def read_arguments(self, declaration: Declaration, place: Place) -> tuple[tuple[int, ...], ...]:
        """Return the axes of each argument of an unknown function; letters shared with its own axes are equal."""
        labels = dict(zip((i.name for i in declaration.indices), self.axes[declaration.tensor], strict=True))
        found = []
        for argument in declaration.arguments:
            axes = self._entry_axes(argument, place, "value")
            for index, element in zip(argument.indices, axes, strict=True):
                if not isinstance(index, Index):
                    raise place.error("arguments are whole tensors, labelled by letters", argument.tensor)
                self.unite(labels.setdefault(index.name, element), element, place, index.name)
            found.append(axes)
        return tuple(found)

    def read(self, profile: Profile, place: Place, target: Indexed | None = None) -> list[int]:
        """Return the element of each variable of a profile, after uniting what must be equal.

        `target` is what stands on the left if it has axes already. Raises TypecheckError.
        """
        numbers = [self._element(i.extent, place) for i in profile.variables]
        reading = Reading(self, profile, numbers, place)
        if target is not None:
            reading.entry(target, tuple(range(profile.targets)), self._entry_axes(target, place, "target"), "target")
        for number, (entry, slots) in enumerate(profile.entries):
            axes = self._entry_axes(entry, place, "value")
            reading.entry(entry, slots, axes, "value", protected=number in profile.protected)
        for matrix, slots in profile.matrices:
            reading.matrix(matrix, slots, self._matrix_axes(matrix, place))
        for variable, extent in profile.aliases:
            reading.join(variable, self._element(extent, place), "value")
        if None in numbers:
            reading.fill()
        if None in numbers:
            reading.derive()
        reading.limit()
        if profile.calls:
            check_calls(profile.calls, self.names.arities, self.names.unknown, place)
        if profile.partials:
            self.names.check_partials(profile.partials, place)
        return reading.complete()

    def sizes(self, profile: Profile, numbers: Sequence[int], place: Place) -> Sizes:
        """Return the extent that each `extent(i)` stands for: the one i has here, else the declared one."""
        found: dict[tuple[Extent, str], Extent] = {}
        for node in profile.extents:
            element = self._element(node.extent, place)
            if element is None:
                element = self._extent_of_letter(node.letter, profile, numbers, place)
            found[node.extent, node.letter] = self.extents.representative(element)
        for lookup in profile.lookups:
            found[lookup.extent, lookup_key(lookup)] = self.extents.representative(self._values_of(lookup, place))
        return found

    def _values_of(self, lookup: Lookup, place: Place) -> int:
        """Return the element of the index whose values an integer tensor holds."""
        tensor = lookup.entry.tensor
        if tensor not in self.values:
            raise place.error(
                f"{tensor} stands as a position, but does not hold whole numbers",
                tensor,
                declare=f"Declare it: data {tensor}[…] : int(V)",
            )
        return self.values[tensor]

    def unite(self, left: int, right: int, place: Place, letter: str, side: str = "value") -> None:
        """Make two extents equal, or say how they contradict each other."""
        clash = self.extents.unite(left, right)
        if clash is not None:
            raise place.error(
                f"index {letter} would have two extents, {clash[0]} and {clash[1]}",
                letter,
                side,
                advice="Use another letter, or correct the index declarations.",
            )

    def _values(self, index: Index, place: Place) -> int:
        element = self._element(index.extent, place)
        if element is None:
            element = self.letters.get(index.name)
        if element is None:
            raise place.error(
                f"int({index.name}) does not say how many values there are: no axis and no index is named {index.name}",
                index.name,
                declare=f"Declare it: index {index.name} = 10, or write int(10).",
            )
        return element

    def _declare(self, declaration: Declaration, place: Place) -> None:
        own = []
        for axis, index in enumerate(declaration.indices):
            settled = index.extent != UNSETTLED
            element = self.extents.add(index.extent if settled else Extent(declaration.tensor, axis))
            self.unite(self.letters.setdefault(index.name, element), element, place, index.name)
            own.append(element)
        self.axes[declaration.tensor] = tuple(own)

    def _declare_letters(self) -> None:
        sizes = dict(self.system.sizes)
        for number, index in enumerate(self.system.indices):
            extent = Extent(index.name) if index.extent == UNSETTLED else index.extent
            element = self.extents.add(extent)
            size = sizes.get(index.extent, sizes.get(Extent(index.name)))
            if size is not None:
                self.extents.resize(element, size)
            self.unite(self.letters.setdefault(index.name, element), element, Place("index", number), index.name)
            self.indices[index.name] = element
        if self.system.batch:
            batch = self.letters.setdefault(self.system.batch, self.extents.add(Extent(self.system.batch)))
            self.indices[self.system.batch] = batch

    def _element(self, extent: Extent, place: Place) -> int | None:
        if extent == UNSETTLED:
            return None
        number = self.extents.number(extent)
        if number is None and extent.literal is not None:
            number = self.extents.add(extent)
            self.extents.resize(number, extent.literal)
        if number is None:
            axes = self.axes.get(extent.tensor, ())
            number = axes[extent.axis] if 0 <= extent.axis < len(axes) else None
        if number is None:
            raise place.error(f"an extent comes from {extent.tensor}, which is not in the system", extent.tensor)
        return number

    def _entry_axes(self, entry: Indexed, place: Place, side: str) -> tuple[int, ...]:
        tensor = entry.tensor
        if self.strict and side == "value":
            self.names.check_defined(tensor, place)
        axes = self.axes.get(tensor)
        if axes is None:
            axes = self._derivative_axes(tensor, place, side)
        if len(axes) != len(entry.indices):
            raise place.error(
                f"{tensor} has {count_indices(len(axes))}, not {len(entry.indices)}",
                tensor,
                side,
                expected=self._as_declared(tensor),
            )
        return axes

    def _matrix_axes(self, node: MatrixEntry, place: Place) -> tuple[int, ...]:
        """Return the axes of a tensor that is named whole, after making the two of its matrix one extent."""
        tensor, call = node.tensor, f"{node.function}({node.tensor})"
        if self.strict:
            self.names.check_defined(tensor, place)
        axes = self.axes.get(tensor)
        if axes is None:
            axes = self._derivative_axes(tensor, place, "value")
        if len(axes) != len(node.samples) + 2:
            raise place.error(
                f"{call} is of a matrix, but {tensor} has {count_indices(len(axes))}",
                tensor,
                expected="a tensor with two indices of one extent",
                advice=f"Give the matrix an equation of its own: K[i,j] = …, and write {node.function}(K).",
            )
        rank = MATRIX_FUNCTIONS[node.function]
        if len(node.indices) != rank:
            raise place.error(
                f"{call} is a matrix: it has {count_indices(rank)}, not {len(node.indices)}",
                tensor,
                expected=f"an entry of it, {call}[i,j]",
            )
        clash = self.extents.unite(axes[-2], axes[-1])
        if clash is not None:
            raise place.error(
                f"{tensor} is not square: its indices have the extents {clash[0]} and {clash[1]}",
                tensor,
                expected=f"a square matrix for {call}",
            )
        return axes

    def _derivative_axes(self, tensor: Symbol, place: Place, side: str) -> tuple[int, ...]:
        if not isinstance(tensor, Derivative):
            raise self.names.unknown_tensor(tensor, place, side)
        shared = tuple([self.letters[letter] for letter in tensor.along])
        axes = list(shared)
        for part in tensors_of(tensor):
            if part == self.system.cost:
                continue
            if part not in self.axes:
                raise self.names.unknown_tensor(part, place, side)
            own = self.axes[part]
            leading = [self.extents.find(axis) for axis in own[: len(shared)]]
            axes += own[len(shared) :] if leading == list(map(self.extents.find, shared)) else own
        return tuple(axes)

    def _as_declared(self, tensor: str) -> str:
        letters = ",".join(i.preferred for i in self.system.axes(tensor))
        return f"it is {tensor}[{letters}]" if letters else f"it is {tensor} without brackets"

    def _extent_of_letter(self, letter: str, profile: Profile, numbers: Sequence[int], place: Place) -> int:
        here = {self.extents.find(n) for n, i in zip(numbers, profile.variables, strict=True) if i.preferred == letter}
        if len(here) > 1:
            raise place.error(
                f"extent({letter}) could be either of two extents: {letter} labels axes of different ones here",
                letter,
                advice="Use two letters.",
            )
        element = here.pop() if here else self.letters.get(letter)
        if element is None and letter in self.axes:
            raise place.error(
                f"extent({letter}) is of a tensor",
                letter,
                expected="expected is the letter of an index",
                advice=f"The extents of {letter} are those of its letters, as in extent(i).",
            )
        if element is None:
            raise place.error(f"index {letter} has no extent", letter, declare=f"Declare it: index {letter} = 10")
        return element
