"""What one equation says about the sizes of its indices.

An index has the size of the axes it labels, failing that of its partner in a Kronecker delta or of its letter as
declared, failing that the largest that stays inside the tensors it is shifted in. A guarded position says nothing; an
index whose range is bounded fits into an axis without having its size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from typing import assert_never

from chainrule.errors import TypecheckError, listed
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import Indexed, MatrixEntry
from chainrule.expr.shared import kept
from chainrule.expr.sizes import Axis, Formula, Literal, Uninferred
from chainrule.expr.symbols import Derivative
from chainrule.render.text import expression_text
from chainrule.system.locations import Location
from chainrule.system.sizes.constraints import Carries, Constraints, Partners, Reads, ReadsMatrix, Slot, Tied
from chainrule.system.sizes.known import Claim, Known
from chainrule.system.sizes.limits import Position


class Reading:
    """The reading of the constraints of one statement: the element of each variable so far.

    A variable that is `said` has its size whatever it stands in, and says nothing about others: an axis that it labels
    must be equally long.
    """

    def __init__(
        self, known: Known, constraints: Constraints, place: Location, said: Mapping[int, int] | None = None
    ) -> None:
        self.known = known
        self.constraints = constraints
        self.said = said or {}
        self.numbers = [
            self.said[v] if v in self.said else known.element(i.extent, place)
            for v, i in enumerate(constraints.variables)
        ]
        self.place = place
        self.positions: list[Position] = []
        self.fallback: dict[int, int] = {}
        self.determined: set[int] = set()
        self.partners: dict[int, list[int]] = {}
        self.ties: list[Tied] = []

    def note(self, one: Reads | ReadsMatrix | Partners | Tied | Carries, axes: tuple[int, ...] = ()) -> None:
        """Read a constraint; `axes` are those of the tensor that is read. Raises TypecheckError."""
        match one:
            case Reads(entry, slots, protected):
                self.entry(entry, slots, axes, "value", protected=protected)
            case ReadsMatrix(matrix, slots):
                self._matrix(matrix, slots, axes)
            case Partners(left, right):
                self.partners.setdefault(left, []).append(right)
                self.partners.setdefault(right, []).append(left)
            case Tied():
                self.ties.append(one)
            case Carries(variable, size):
                self.join(variable, self.known.element(size, self.place), "value")
            case _:
                assert_never(one)

    def entry(
        self, entry: Indexed, slots: tuple[Slot, ...], axes: tuple[int, ...], side: str, *, protected: bool = False
    ) -> None:
        """Read an entry: a plain index has the size of the axis it labels, unless it merely fits into it."""
        for slot, axis in zip(slots, axes, strict=True):
            if slot is None:
                continue
            if isinstance(slot, LinearForm):
                self._shifted(entry, slot, axis, protected)
            elif entry.guarded:
                self.fallback.setdefault(slot, axis)
            elif slot in self.said:
                letter = self.constraints.variables[slot].preferred
                self.known.claims.append(Claim(self.said[slot], axis, letter, entry.tensor, self.place))
            elif not self._fits_in(slot):
                self.join(slot, axis, side)

    def labelled(self, one: Reads, axes: tuple[int, ...]) -> None:
        """Read an entry whose mark is of its shifted positions alone: its plain indices label axes all the same."""
        for slot, axis in zip(one.slots, axes, strict=True):
            if isinstance(slot, int) and slot not in self.said:
                self.join(slot, axis, "value")

    def _matrix(self, node: MatrixEntry, slots: tuple[Slot, ...], axes: tuple[int, ...]) -> None:
        """Read an entry of a matrix function as one of the matrix itself; det(X) has none."""
        labelled = (*axes[: len(node.samples)], *axes[len(node.samples) :][: len(node.indices)])
        self.entry(Indexed(node.tensor, (*node.samples, *node.indices)), slots, labelled, "value")

    def _shifted(self, entry: Indexed, slot: LinearForm[int, int], axis: int, protected: bool) -> None:
        if not slot.terms and not entry.guarded:
            self._check_constant(entry.tensor, slot.constant, axis)
        if slot.terms and not entry.guarded:
            self.positions.append(Position(slot, axis, _written(entry), protected))

    def _fits_in(self, variable: int) -> bool:
        return isinstance(self.constraints.variables[variable].extent, Literal | Formula)

    def join(self, variable: int, element: int | None, side: str) -> None:
        """Give a variable an extent, or make the one that it has equal to it."""
        known = self.numbers[variable]
        if known is None:
            self.numbers[variable] = element
        elif element is not None and element != known:
            self.known.unite(known, element, self.place, self.constraints.variables[variable].preferred, side)

    def fill(self) -> None:
        """Give extents from what is no axis: a partner in [i = j], an index line, a guarded axis, a letter of an axis.

        The letter of a tensor's axis does not count for an index that is shifted: `z[i] = sum(u) w[u]*x[i+u]`.
        """
        self._spread()
        shifted = {v for position in self.positions for v in position.slot.terms}
        for variable in self.fallback:
            if self.numbers[variable] is None:
                self.numbers[variable] = self.known.indices.get(self.constraints.variables[variable].preferred)
        self._fit_into_guarded(shifted)
        for variable, index in enumerate(self.constraints.variables):
            if self.numbers[variable] is None:
                letters = self.known.indices if variable in shifted else self.known.letters
                self.numbers[variable] = letters.get(index.preferred)
        self._spread()

    def _fit_into_guarded(self, others: Container[int]) -> None:
        """Give the indices that label guarded axes, as o in d?[o,p-u], the extents of these, all but the others."""
        for variable, axis in self.fallback.items():
            if self.numbers[variable] is None and variable not in others:
                self.numbers[variable] = axis

    def derive(self) -> None:
        """Determine the indices that are the only unknown of a position: the largest extent that stays inside."""
        for tie in self.ties:
            axis = self.numbers[tie.plain]
            if axis is not None:
                text = "[… = " + self.constraints.variables[tie.plain].preferred + "]"
                self.positions.append(Position(tie.shifted, axis, text, protected=True))  # elsewhere it is only false
        self.derive_in_turn()
        self._fit_into_guarded(())
        self.derive_in_turn()
        for variable, index in enumerate(self.constraints.variables) if self.known.meant else ():
            if self.numbers[variable] is None:
                self.numbers[variable] = self.known.meant.get(index.preferred)
        self._spread()

    def limit(self) -> None:
        """Note what the positions say about indices whose sizes were known without them, as of q in z[q]*x[q+1]."""
        for variable, element, position in self.further():
            names = self.constraints.variables[variable].preferred, self._text()
            self.known.limits.limit(variable, element, position, self.numbers, names)

    def further(self) -> Iterator[tuple[int, int, Position]]:
        """Yield the positions that limit a size which is known without them, with the variable that has it.

        An inferred index has heard it before. Under a bracket or a choice a position says nothing, nor does one in the
        equation of a derivative: what it reads is inside, and no size of the forward pass follows from it.
        """
        for position in () if isinstance(self.place.name, Derivative) else self.positions:
            variables = list(position.slot.terms)
            if position.protected or not self.determined.isdisjoint(variables):
                continue
            open_ones = [v for v in variables if self.known.limits.is_derived(self.numbers[v])] or variables
            variable, element = open_ones[0], self.numbers[open_ones[0]]
            new = variable not in self.said and isinstance(self.constraints.variables[variable].extent, Uninferred)
            if len(open_ones) == 1 and element is not None and new:
                yield variable, element, position

    def derive_in_turn(self) -> None:
        """Determine one index after the other, as long as a position has a single unknown."""
        while True:
            found: dict[int, list[Position]] = {}
            for position in self.positions:
                unknown = {v for v in position.slot.terms if self.numbers[v] is None}
                if len(unknown) == 1:
                    found.setdefault(unknown.pop(), []).append(position)
            found_now = {variable: self.determine(variable, found[variable]) for variable in sorted(found)}
            for variable, element in found_now.items():
                self.numbers[variable] = element
                self.determined.add(variable)
            if all(element is None for element in found_now.values()):
                return
            self._spread()

    def _text(self) -> str:
        place = self.place
        return str(self.known.system.equations[place.number]) if place.statement == "equation" else place.name

    def determine(self, variable: int, positions: list[Position]) -> int | None:
        """Return the size of a variable that is the only unknown in the positions."""
        found, place = self.constraints, self.place
        axis = Axis(place.name, variable) if variable < found.targets else None
        letter = found.variables[variable].preferred
        new = self.known.strict and place.statement in ("equation", "update")
        return self.known.limits.determine(
            variable, positions, self.numbers, axis=axis, names=(letter, self._text()), new=new
        )

    def complete(self) -> list[int]:
        """Return the element of each variable; one without an extent is an error, and so is one that is left free."""
        complete = [n for n in self.numbers if n is not None]
        if len(complete) < len(self.numbers):
            raise self._without_extent(self.numbers.index(None))
        if self.place.statement in ("equation", "update") and len(self.constraints.free) > self.constraints.targets:
            raise self._free_on_the_right()
        return complete

    def _spread(self) -> None:
        """Give each index without an extent that of its partner in [i = j], along chains of them."""
        partners = self.partners
        reached = [variable for variable in partners if self.numbers[variable] is not None]
        while reached:
            variable = reached.pop()
            for partner in partners[variable]:
                if self.numbers[partner] is None:
                    self.numbers[partner] = self.numbers[variable]
                    reached.append(partner)

    def _check_constant(self, tensor: str, constant: int, axis: int) -> None:
        size = self.known.classes.size(axis)
        if constant < 0 or (size is not None and constant >= size):
            raise self.place.error(
                f"{tensor} has no entry at {constant}",
                tensor,
                expected="positions run from 0" + (f" to {size - 1}" if size is not None else ""),
            )

    def _without_extent(self, variable: int) -> TypecheckError:
        found = self.constraints
        letter = found.variables[variable].preferred
        shared = next((p for p in self.positions if variable in (v for v in p.slot.terms)), None)
        if shared is not None:
            return self._undetermined(letter, shared)
        left_only = variable < found.targets and not found.used(variable)
        if not left_only:
            scalar = f"_{letter}"
            named = [
                e.tensor for e in (read.entry for read in found.reads) if not e.indices and e.tensor.endswith(scalar)
            ]
            if named:
                written = listed([f"{name.removesuffix(scalar)}[{letter}]" for name in dict.fromkeys(named)])
                return self.place.error(
                    f"index {letter} has no extent: {named[0]} is one number",
                    letter,
                    declare=f"Indices stand in brackets where a tensor is declared and defined: {written}",
                )
            return self.place.error(
                f"index {letter} has no extent: it labels no axis of a tensor",
                letter,
                declare=f"Declare it: index {letter} = 10",
            )
        target = [i.preferred for i in found.variables[: found.targets]]
        right = found.free_on_the_right()
        missing = [name for name in right if name not in target]
        guess = f"{self.place.name}[{','.join(missing[0] if t == letter else t for t in target)}]" if missing else ""
        return self.place.error(
            f"index {letter} has no extent: it stands on the left only",
            letter,
            "target",
            expected=f"free on the right {'is' if len(right) == 1 else 'are'} {listed(right) or 'none'}.",
            advice=f"Did you mean {guess}?" if len(missing) == 1 else f"If it is meant: index {letter} = 10",
        )

    def _free_on_the_right(self) -> TypecheckError:
        found = self.constraints
        target = [i.preferred for i in found.variables[: found.targets]]
        letter = next(n for n in found.free_on_the_right() if n not in target)
        if letter in set(self.known.system.names()):
            advice = f"In brackets {letter} is an index. Labels are whole numbers: data {letter} : int(10)"
        elif letter in [found.variables[v].preferred for v in found.binders]:
            advice = f"No sum({letter}) reaches so far: it ends before + and −. Write sum({letter}) (… + …)."
        else:
            name = self.place.name.removesuffix(f"_{letter}") or self.place.name
            advice = f"Sum over it, sum({letter}) …, or define {name}[{','.join([*target, letter])}]."
        return self.place.error(
            f"index {letter} is free on the right, but does not stand on the left",
            letter,
            advice=advice,
            behind=self._first_entry(found.free[letter]),
        )

    def _first_entry(self, variable: int) -> tuple[str, int]:
        """Return the tensor of the first entry with a variable, and how many entries of that tensor come before it."""
        before: Counter[str] = Counter()
        for read in self.constraints.reads:
            if any(variable in _variables(slot) for slot in read.slots):
                return read.entry.tensor, before[read.entry.tensor]
            before[read.entry.tensor] += 1
        return "", 0

    def _undetermined(self, letter: str, position: Position) -> TypecheckError:
        open_ones = [v for v in position.slot.terms if self.numbers[v] is None]
        others = [self.constraints.variables[v].preferred for v in open_ones]
        return self.place.error(
            f"index {letter} has no extent: {position.text} leaves {listed(others)} open",
            letter,
            expected="a position determines the extent of one index, and then of one that labels no axis",
            declare=f"Declare it: index {letter} = 10",
        )


@kept
def _written(entry: Indexed) -> str:
    """Return an entry as errors show it."""
    return expression_text(entry)


def _variables(slot: Slot) -> tuple[int, ...]:
    if isinstance(slot, LinearForm):
        return tuple(slot.terms)
    return () if slot is None else (slot,)
