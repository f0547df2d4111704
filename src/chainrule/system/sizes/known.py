"""What is known of sizes while the statements of one system are read: classes, limits, the axes of tensors, letters."""

from __future__ import annotations

from dataclasses import dataclass, field

from chainrule.expr.sizes import Axis, Formula, Literal, Size, Uninferred
from chainrule.system.locations import Location
from chainrule.system.model import System
from chainrule.system.sizes.classes import Classes
from chainrule.system.sizes.limits import Limits


@dataclass(frozen=True)
class Claim:
    """A letter whose size is said, an element, labels an axis: they must be equal once all has been read."""

    said: int
    axis: int
    letter: str
    tensor: str
    place: Location


@dataclass
class Known:
    """Sizes as numbers of elements of `classes`. A later equation may still make two classes one.

    `letters` are those of declared axes and indices, `indices` those of declared indices alone. What is not `strict`
    is read against a system that is inferred already: it determines nothing new.
    """

    system: System
    strict: bool
    classes: Classes = field(default_factory=Classes)
    axes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)
    indices: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        self.limits = Limits(self.classes, ())

    def unite(self, left: int, right: int, place: Location, letter: str, side: str = "value") -> None:
        """Make two sizes equal, or say how they contradict each other. Raises TypecheckError."""
        clash = self.classes.unite(left, right)
        if clash is not None:
            raise place.error(
                f"index {letter} would have two extents, {clash[0]} and {clash[1]}",
                letter,
                side,
                advice="Use another letter, or correct the index declarations.",
            )

    def check_claims(self) -> None:
        """Check that each axis which a letter with a size labels is of that size. Raises TypecheckError."""
        for claim in self.claims:
            sizes = self.classes.size(claim.said), self.classes.size(claim.axis)
            same = self.classes.find(claim.said) == self.classes.find(claim.axis)
            if not same and (sizes[0] is None or sizes[0] != sizes[1]):
                raise claim.place.error(
                    f"index {claim.letter} labels an axis of {claim.tensor}, which has another size than is said",
                    claim.tensor,
                    expected=f"an axis of the size that the line of index {claim.letter} says",
                    advice=f"With a mark it labels nothing, and reads 0 outside: {claim.tensor}?[{claim.letter}]",
                )

    def element(self, size: Size, place: Location) -> int | None:
        """Return the element of a size that an index carries, None of one that is not inferred yet."""
        if isinstance(size, Uninferred):
            return None
        number = self.classes.number(size)
        if number is None:
            number = self._new_element(size)
        if number is None:
            tensor = size.tensor if isinstance(size, Axis) else str(size)
            raise place.error(f"an extent comes from {tensor}, which is not in the system", tensor)
        return number

    def axes_of_one_sample(self, tensor: str) -> tuple[int, ...]:
        """Return the axes of a tensor, () of an unknown one, without the one in front that is that of the samples.

        Sizes of a system for all samples are called as in that of one: there these are all of its axes.
        """
        axes = self.axes.get(tensor, ())
        samples = self.letters.get(self.system.samples)
        carried = samples is not None and bool(axes) and self.classes.find(axes[0]) == self.classes.find(samples)
        return axes[1:] if carried else axes

    def _new_element(self, size: Size) -> int | None:
        match size:
            case Literal(count):
                number = self.classes.add(size)
                self.classes.resize(number, count)
                return number
            case Formula():
                return self.limits.formula(size)
            case Axis(tensor, number) if number < len(self.axes_of_one_sample(tensor)):
                return self.axes_of_one_sample(tensor)[number]
            case _:
                return None
