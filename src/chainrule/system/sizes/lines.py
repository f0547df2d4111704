"""Sizes that index lines say by a formula: `index t = floor((extent(x) - 1)/2) + 1`.

Each is resolved where its letter is first met, since what it depends on has to be known by then. As it was read, a size
in it that is a letter may be an index or a tensor with one axis.
"""

from __future__ import annotations

from chainrule.expr.sizes import Axis, Declared, Formula, Limit, Size, Uninferred
from chainrule.expr.symbols import symbol
from chainrule.system.locations import Location, count_indices
from chainrule.system.naming import NameTable
from chainrule.system.sizes.known import Known
from chainrule.system.sizes.limits import Bound, same_size


class IndexLines:
    """The index lines of one system that are formulas."""

    def __init__(self, known: Known, names: NameTable) -> None:
        self._known = known
        self._names = names
        self._lines = {
            i.name: (n, i.extent) for n, i in enumerate(known.system.indices) if isinstance(i.extent, Formula)
        }
        self._elements: dict[str, int] = {}
        self._open: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    def __contains__(self, letter: str) -> bool:
        return letter in self._lines

    def check(self) -> None:
        """Resolve those that no statement has used. Raises TypecheckError."""
        for letter in self._lines:
            self.element(letter, Location("system"))

    def element(self, letter: str, user: Location) -> int:
        """Return the element of a letter, which stands in the statement `user`. Raises TypecheckError."""
        if letter in self._elements:
            return self._elements[letter]
        number, formula = self._lines[letter]
        place = Location("index", number)
        if letter in self._open:
            raise place.error(
                f"the size of {letter} depends on itself: {' → '.join((*self._open, letter))}",
                letter,
                expected="a size that follows from tensors",
                advice="Say one of them by the extents of tensors.",
            )
        self._open.append(letter)
        bounds = [
            Bound(limit.linear.renamed(lambda size: self._size(size, letter, place, user)), limit.divisor)
            for limit in formula.limits
        ]
        self._open.pop()
        self._elements[letter] = self._defined(letter, bounds, formula.limits, place)
        return self._elements[letter]

    def _defined(self, letter: str, bounds: list[Bound], limits: tuple[Limit, ...], place: Location) -> int:
        same = same_size(bounds)
        if same is not None:
            return same
        for bound in map(self._known.limits.canonical, bounds):
            count = bound.linear.constant // bound.divisor + 1
            if not bound.linear.terms and count < 1:
                raise place.error(
                    f"index {letter} can take no value: its size would be {count}",
                    letter,
                    expected="at least one value",
                    advice="Correct the formula, or the sizes in it.",
                )
        return self._known.limits.said(bounds, letter)

    def _size(self, size: Size, letter: str, place: Location, user: Location) -> int:
        match size:
            case Axis(tensor, axis):
                axes = self._axes(tensor, letter, place, user)
                if axis >= len(axes):
                    raise no_axis(tensor, axis, len(axes), place)
                return axes[axis]
            case Declared(name) if name in self._lines:
                return self.element(name, user)
            case Declared(name) if name in self._known.letters:
                return self._known.letters[name]
            case Declared(tensor):
                axes = self._axes(tensor, letter, place, user)
                if len(axes) != 1:
                    raise which_axis(tensor, len(axes), place)
                return axes[0]
            case _:
                assert not isinstance(size, Uninferred)
                element = self._known.element(size, place)
                assert element is not None
                return element

    def _axes(self, tensor: str, letter: str, place: Location, user: Location) -> tuple[int, ...]:
        """Return the axes of a tensor, which has to be known where the letter is used."""
        if tensor in self._known.axes:
            return self._known.axes[tensor]
        if tensor not in self._names.positions:
            raise self._names.unknown_tensor(symbol(tensor), place)
        if tensor == user.name:
            raise place.error(
                f"the size of {letter} depends on itself: {tensor} is defined with {letter}",
                letter,
                expected=f"a size that is known before {tensor} is defined",
                advice=f"Say it by the extents of what {tensor} is made of.",
            )
        raise place.error(
            f"index {letter} is used before {tensor} is defined",
            tensor,
            expected=f"{tensor} above whatever uses {letter}",
            advice=f"Move the equation of {tensor} up, or say the size by other tensors.",
        )


def no_axis(tensor: str, axis: int, rank: int, place: Location) -> Exception:
    """Return the error for an axis that a tensor does not have."""
    counted = f"its axes are 0 to {rank - 1}" if rank > 1 else "its axis is 0" if rank else "it is one number"
    return place.error(
        f"{tensor} has no axis {axis}",
        tensor,
        expected=f"{tensor} has {count_indices(rank)}: {counted}",
        advice="Axes count from 0, as positions do.",
    )


def which_axis(tensor: str, rank: int, place: Location) -> Exception:
    """Return the error for extent(x) of a tensor that does not have one axis."""
    if not rank:
        return place.error(
            f"{tensor} is a single number and has no extent",
            tensor,
            expected="a tensor with axes, or the letter of an index",
            advice="Name the tensor whose axis is meant, as in extent(x).",
        )
    return place.error(
        f"extent({tensor}) could be that of any of {rank} axes",
        tensor,
        expected="the axis, counted from 0",
        advice="Say which: " + " or ".join(f"extent({tensor}, {axis})" for axis in range(rank)),
    )
