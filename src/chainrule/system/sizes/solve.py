"""The sizes of one system, found from the constraints of its declarations and equations, one after the other.

An index takes its size from what it carries and from the axes it labels, failing that from its partner in `[i = j]`,
failing that from its letter as declared. Everything is in numbers of elements of `Classes` here; `annotate` turns them
into sizes when all has been read, because a later equation may still make two classes one. What one equation says is
the matter of `reading`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from chainrule.expr.functions import MATRIX_FUNCTIONS
from chainrule.expr.nodes import Index, Indexed, Lookup, MatrixEntry
from chainrule.expr.sizes import Axis, Declared, Formula, Size, Uninferred
from chainrule.expr.symbols import Derivative, Symbol, symbol, tensors_of
from chainrule.render.text import entry_text
from chainrule.system.locations import Location, check_calls, count_indices
from chainrule.system.model import Declaration, Equation, System
from chainrule.system.naming import NameTable
from chainrule.system.sizes.annotate import lookup_key
from chainrule.system.sizes.constraints import Constraints, Reads, ReadsMatrix, constraints_of
from chainrule.system.sizes.known import Known
from chainrule.system.sizes.limits import Limits
from chainrule.system.sizes.lines import IndexLines, no_axis, which_axis
from chainrule.system.sizes.lookups import looked_up_axes
from chainrule.system.sizes.reading import Reading


class Solver:
    """Reads the statements of a system in order, and knows the size of each of their indices afterwards.

    With `names` None the system is an inferred one that something else is read against: any derivative may be named.
    """

    def __init__(self, system: System, names: NameTable | None) -> None:
        self.system = system
        self.names = names or NameTable(system)
        self.known = Known(system, strict=names is not None)
        self.classes = self.known.classes
        self.axes = self.known.axes
        for number, declaration in enumerate(system.declarations):
            self._declare(declaration, Location("declaration", number, declaration.tensor))
        self._declare_letters()
        self.lines = IndexLines(self.known, self.names)
        for number, declaration in enumerate(system.declarations):
            if declaration.values is not None:
                place = Location("declaration", number, declaration.tensor)
                self.known.values[declaration.tensor] = self._values(declaration.values, place)
        self.known.limits = Limits(self.classes, system.derived)

    def read_equation(self, equation: Equation, number: int) -> list[int]:
        """Return the element of each variable of an equation; its target's are the axes of what it defines."""
        place = Location("equation", number, equation.name)
        found = constraints_of(equation)
        derived = isinstance(equation.name, Derivative) and self.has_axes(equation.name)
        numbers = self.read(found, place, target=equation.target if derived else None)
        own = tuple(numbers[: found.targets])
        # What a recurrence has read before it was defined has axes already, of sizes that are open so far.
        for index, element, read in zip(equation.indices, own, self.axes.get(equation.name, ()), strict=False):
            self.known.unite(read, element, place, index.preferred, "target")
        self.axes[equation.name] = own
        # In a system for all samples sizes keep the names that they have in that of one, where axes count otherwise.
        for axis, element in enumerate(() if self.system.samples else self.axes[equation.name]):
            if not self.classes.is_free(element):
                self.known.limits.name(element, Axis(equation.name, axis))
        return numbers

    def has_axes(self, name: Symbol) -> bool:
        """Say whether what an equation defines has axes before it: those of the tensors that a derivative is made of.

        Where a pass left the equations of these out, a derivative is a tensor like any other.
        """
        if name in self.axes or not isinstance(name, Derivative):
            return name in self.axes
        return all(part in self.axes or part == self.system.cost for part in tensors_of(name))

    def read_update(self, update: Equation, number: int) -> list[int]:
        """Return the element of each variable of an update."""
        place = Location("update", number, update.name)
        self.names.check_update(update, place)
        return self.read(constraints_of(update), place, target=update.target)

    def check_cost(self) -> None:
        """Check that the cost is defined, and a scalar, for each sample of a batch. Raises TypecheckError."""
        cost = self.system.cost
        if not cost:
            return
        place = Location("cost", name=cost)
        declared = self.system.declared.get(cost)
        if cost not in self.axes or (declared is not None and declared.role != "abstract"):
            raise place.error(
                f"no equation defines the cost {cost}",
                cost,
                expected=f"expected is cost {cost} = …, or cost {cost}(a[k])",
            )
        if cost in self.names.after_backprop:
            raise place.error(
                f"the cost {cost} depends on its own derivatives",
                cost,
                "target",
                advice="Derivatives that are still to be derived are for updates, "
                "and for equations that only these read.",
            )
        if self.known.axes_of_one_sample(cost):
            raise place.error(
                f"the cost {cost} has {count_indices(len(self.axes[cost]))}",
                cost,
                "target",
                expected="expected is a scalar: one number that says how wrong the whole is",
                advice="Sum over what is left.",
            )

    def name_of(self, statement: str, number: int) -> str:
        """Return the tensor that a statement defines or updates, "" for others."""
        statements = {"equation": self.system.equations, "update": self.system.updates}
        return statements[statement][number].name if statement in statements else ""

    def declared_indices(self) -> list[Index]:
        """Return the indices that are declared with a number; what a formula says is on the indices themselves."""
        return [index for index in self.system.indices if not isinstance(index.extent, Formula)]

    def known_sizes(self) -> dict[Size, int]:
        """Return the numbers that are declared, by the size that they are of."""
        found: dict[Size, int] = {}
        for index in self.declared_indices():
            element = self.known.letters[index.name]
            size = self.classes.size(element)
            if size is not None:
                found[self.known.limits.size(element)] = size
        return found

    def read_arguments(self, declaration: Declaration, place: Location) -> tuple[tuple[int, ...], ...]:
        """Return the axes of each argument of an unknown function; letters shared with its own axes are equal."""
        labels = dict(zip((i.name for i in declaration.indices), self.axes[declaration.tensor], strict=True))
        found = []
        for argument in declaration.arguments:
            axes = self._entry_axes(argument, place, "value")
            for index, element in zip(argument.indices, axes, strict=True):
                if not isinstance(index, Index):
                    raise place.error("arguments are whole tensors, labelled by letters", argument.tensor)
                self.known.unite(labels.setdefault(index.name, element), element, place, index.name)
            found.append(axes)
        return tuple(found)

    def read(self, found: Constraints, place: Location, target: Indexed | None = None) -> list[int]:
        """Return the element of each variable, after uniting what must be equal.

        `target` is what stands on the left if it has axes already. Raises TypecheckError.
        """
        settled = self._settled(found, place, target)
        if settled is None:
            reading = Reading(self.known, found, place, self._said_in(found, place, known_targets=target is not None))
            self.note(reading, target)
            if self.known.strict:
                reading.limit()
        if found.calls:
            check_calls(found.calls, self.names.arities, self.names.unknown, place)
        if found.partials:
            self.names.check_partials(found.partials, place)
        return reading.complete() if settled is None else settled

    def _settled(self, found: Constraints, place: Location, target: Indexed | None) -> list[int] | None:
        """Return the elements of a statement whose indices carry the very sizes of the axes that they label.

        It says nothing about them that is not known. None is returned of any other, and where an index is left free.
        """
        entries = found.settled
        if entries is None or self.lines or len(found.free) > found.targets:
            return None
        number = self.classes.number
        numbers = [number(index.extent) for index in found.variables]
        if target is not None and [*self._entry_axes(target, place, "target")] != numbers[: found.targets]:
            return None
        for entry, variables in entries:
            if [*self._entry_axes(entry, place, "value")] != [numbers[variable] for variable in variables]:
                return None
        return [n for n in numbers if n is not None] if None not in numbers else None

    def _said_in(self, found: Constraints, place: Location, *, known_targets: bool) -> dict[int, int]:
        """Return the variables whose size a line says, with their elements; axes that are known have their own."""
        if not self.lines:
            return {}
        first = found.targets if known_targets else 0
        letters = {v: i.preferred for v, i in enumerate(found.variables) if isinstance(i.extent, Uninferred)}
        return {v: self.lines.element(c, place) for v, c in letters.items() if v >= first and c in self.lines}

    def _check_own_letter(self, letter: str, place: Location) -> None:
        """Check that a letter with a formula labels no declared axis, which would be another size."""
        if letter in self.known.letters:
            raise place.error(
                f"index {letter} would have two sizes: it labels a declared axis too",
                letter,
                expected="a letter that declarations do not use",
                advice="Use another letter for one of the two.",
            )

    def note(self, reading: Reading, target: Indexed | None) -> None:
        """Let a statement be read, as far as its own constraints and the letters go."""
        found, place = reading.constraints, reading.place
        if target is not None:
            reading.entry(target, tuple(range(found.targets)), self._entry_axes(target, place, "target"), "target")
        for one in found.constraints:
            match one:
                case Reads(entry):
                    axes = self._entry_axes(entry, place, "value")
                    if entry.guarded and self.names.is_of_other_steps(entry.tensor, place):
                        reading.labelled(one, axes)
                    reading.note(one, axes)
                case ReadsMatrix(matrix):
                    reading.note(one, self._matrix_axes(matrix, place))
                case _:
                    reading.note(one)
        if None in reading.numbers:
            reading.fill()
        if None in reading.numbers:
            reading.derive()

    def own_sizes(self, found: Constraints, numbers: Sequence[int], place: Location) -> dict[tuple[Size, str], int]:
        """Return the size that each `extent(i)` stands for: the one i has here, else the declared one."""
        own: dict[tuple[Size, str], int] = {}
        for node in found.extents:
            if isinstance(node.extent, Axis) and not self.system.samples:
                element = self._axis(node.extent, place)
            else:
                known = self.known.element(node.extent, place)
                element = self._extent_of_letter(node.letter, found, numbers, place) if known is None else known
            own[node.extent, node.letter] = element
        for lookup in found.lookups:
            own[lookup.extent, lookup_key(lookup)] = self._values_of(lookup, place)
        return own

    def _axis(self, axis: Axis, place: Location) -> int:
        """Return the element of an axis that is named: extent(x, 1)."""
        tensor = symbol(axis.tensor)
        if self.known.strict and tensor not in self.names.positions:
            self.names.check_defined(tensor, place)
        axes = self.axes.get(tensor)
        if axes is None:
            axes = self._derivative_axes(tensor, place, "value")
        if axis.number >= len(axes):
            raise no_axis(axis.tensor, axis.number, len(axes), place)
        return axes[axis.number]

    def _values_of(self, lookup: Lookup, place: Location) -> int:
        """Return the element of the axis that a whole number is a position of, failing that of the declared values."""
        tensor = lookup.entry.tensor
        if tensor not in self.known.values:
            raise place.error(
                f"{tensor} stands as a position, but does not hold whole numbers",
                tensor,
                declare=f"Declare it: data {tensor}[…] : int(V)",
            )
        return self._looked_up.get(tensor, self.known.values[tensor])

    @cached_property
    def _looked_up(self) -> Mapping[str, int]:
        return looked_up_axes(self.known, self.lines)

    def _values(self, index: Index, place: Location) -> int:
        element = self.known.element(index.extent, place)
        if element is None:
            element = self.known.letters.get(index.name)
        if element is None and index.name in self.lines:
            element = self.lines.element(index.name, place)
        if element is None and index.name in self.system.declared:
            axes = self.system.axes(index.name)
            raise place.error(
                f"int({index.name}) does not say how many values there are: {entry_text(index.name, axes)} "
                "is not a const whose value is a whole number, 1 or more",
                index.name,
                declare=f"Declare it: const {index.name} = 10, or write int(10).",
            )
        if element is None:
            raise place.error(
                f"int({index.name}) does not say how many values there are: no axis and no index is named {index.name}",
                index.name,
                declare=f"Declare it: index {index.name} = 10, or write int(10).",
            )
        return element

    def _declare(self, declaration: Declaration, place: Location) -> None:
        own = []
        for axis, index in enumerate(declaration.indices):
            inferred = not isinstance(index.extent, Uninferred)
            element = self.classes.add(index.extent if inferred else Axis(declaration.tensor, axis))
            self.known.unite(self.known.letters.setdefault(index.name, element), element, place, index.name)
            own.append(element)
        self.axes[declaration.tensor] = tuple(own)

    def _declare_letters(self) -> None:
        sizes = dict(self.system.sizes)
        for number, index in enumerate(self.system.indices):
            if isinstance(index.extent, Formula):
                self._check_own_letter(index.name, Location("index", number))
                continue
            extent = Declared(index.name) if isinstance(index.extent, Uninferred) else index.extent
            element = self.classes.add(extent)
            size = sizes.get(index.extent, sizes.get(Declared(index.name)))
            if size is not None:
                self.classes.resize(element, size)
            self.known.unite(
                self.known.letters.setdefault(index.name, element), element, Location("index", number), index.name
            )
            self.known.indices[index.name] = element
        if self.system.batch:
            batch = self.known.letters.setdefault(self.system.batch, self.classes.add(Declared(self.system.batch)))
            self.known.indices[self.system.batch] = batch

    def _entry_axes(self, entry: Indexed, place: Location, side: str) -> tuple[int, ...]:
        tensor = entry.tensor
        if self.known.strict and side == "value":
            self.names.check_defined(tensor, place)
        axes = self.axes.get(tensor)
        if axes is None and tensor in self.system.defined and not isinstance(tensor, Derivative):
            axes = self.axes[tensor] = tuple(self.classes.unnamed() for _ in self.system.axes(tensor))
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

    def _matrix_axes(self, node: MatrixEntry, place: Location) -> tuple[int, ...]:
        """Return the axes of a tensor that is named whole, after making the two of its matrix one extent."""
        tensor, call = node.tensor, f"{node.function}({node.tensor})"
        if self.known.strict:
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
        clash = self.classes.unite(axes[-2], axes[-1])
        if clash is not None:
            raise place.error(
                f"{tensor} is not square: its indices have the extents {clash[0]} and {clash[1]}",
                tensor,
                expected=f"a square matrix for {call}",
            )
        return axes

    def _derivative_axes(self, tensor: Symbol, place: Location, side: str) -> tuple[int, ...]:
        if not isinstance(tensor, Derivative):
            raise self.names.unknown_tensor(tensor, place, side)
        parts = tensors_of(tensor)
        for part in parts:
            if part not in self.axes and part != self.system.cost:
                raise self.names.unknown_tensor(part, place, side)
        along = [self.known.letters[letter] for letter in tensor.along]
        return (*along, *(axis for part in parts for axis in self.known.axes_of_one_sample(part)))

    def _as_declared(self, tensor: str) -> str:
        letters = ",".join(i.preferred for i in self.system.axes(tensor))
        return f"it is {tensor}[{letters}]" if letters else f"it is {tensor} without brackets"

    def _extent_of_letter(self, letter: str, found: Constraints, numbers: Sequence[int], place: Location) -> int:
        here = {self.classes.find(n) for n, i in zip(numbers, found.variables, strict=True) if i.preferred == letter}
        if len(here) > 1:
            raise place.error(
                f"extent({letter}) could be either of two extents: {letter} labels axes of different ones here",
                letter,
                advice="Use two letters.",
            )
        element = here.pop() if here else self.known.letters.get(letter)
        if element is None and letter in self.lines:
            element = self.lines.element(letter, place)
        if element is None and letter in self.axes:
            if len(self.axes[letter]) != 1:
                raise which_axis(letter, len(self.axes[letter]), place)
            element = self.axes[letter][0]
        if element is None:
            raise place.error(f"index {letter} has no extent", letter, declare=f"Declare it: index {letter} = 10")
        return element
