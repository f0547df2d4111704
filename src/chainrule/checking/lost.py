"""Some terms for a whole sum: one path for all of them, two of many, or as many times one as there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from chainrule.checking.sites import Edit, Local, text_of
from chainrule.expr.binding import substitute_indices
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    Partial,
    Position,
    Reduce,
    plus,
    times,
    walk,
)
from chainrule.expr.symbols import Derivative
from chainrule.render.letters import next_letter


@dataclass(frozen=True)
class Lost:
    """A sum of which only some terms are left: the one of `bound` at `places`."""

    whole: Reduce
    bound: Index
    places: tuple[Position, ...]

    @property
    def terms(self) -> Expr:
        """The terms that are left."""
        others = tuple(i for i in self.whole.indices if i != self.bound)
        bodies = (substitute_indices(self.whole.body, {self.bound: place}) for place in self.places)
        return plus(*(Reduce(self.whole.op, others, body) if others else body for body in bodies))

    def one_path(self) -> str:
        """Say that one term is there and the others are not."""
        missing = f"the {self.whole.op} over {self._letter} is missing"
        user, by = self._user, self._reads
        if by:
            why = (
                f"every entry of {user} may depend on {by}, and {text_of(self.terms)} is the contribution of one alone"
            )
            return f"{missing}: {why}; the contributions of all of them add up, {text_of(self.whole)}"
        return f"{missing}: only its term {self._at} is there" + (
            f", the contribution through one entry of {user}" if user else ""
        )

    def some_paths(self) -> str:
        """Say that some terms are there and the others are not."""
        whole, user, by = text_of(self.whole), self._user, self._reads
        if not user:
            return f"only the terms {self._at} of {whole} are there"
        why = f"every entry of {user} may depend on {by}, and the" if by else "the"
        only = f"only the terms {self._at} of the {self.whole.op} over {self._letter} are there"
        return f"{only}: {why} contributions of all of them add up, {whole}"

    def counted(self) -> str:
        """Say that one term stands, multiplied by their number, for all of them."""
        number = f"extent({self._letter})"
        if not self._user:
            return f"it is {number} times the term {self._at} of {text_of(self.whole)}, whose terms differ"
        return (
            f"it is {number} times the contribution through one entry of {self._user}, {self._at}: the contributions "
            f"differ, so each is added once, {text_of(self.whole)}"
        )

    @property
    def _letter(self) -> str:
        return next_letter(self.bound.preferred, [p.preferred for p in self.places if isinstance(p, Index)])

    @property
    def _at(self) -> str:
        letter = self._letter
        return " and ".join(
            f"{letter} = {p.preferred if isinstance(p, Index) else p.constant if isinstance(p, Affine) else p}"
            for p in self.places
        )

    @property
    def _user(self) -> str:
        """The tensor u whose ∂C/∂u[…] the terms have as a factor, so that they are shares of paths; "" for others."""
        for part in walk(self.whole.body):
            match part:
                case Indexed(tensor, positions) if isinstance(tensor, Derivative) and self.bound in positions:
                    return tensor.wrt[-1]
                case Partial(Indexed(_, ()), (Indexed(tensor, positions),)) if self.bound in positions:
                    return tensor
                case _:
                    pass
        return ""

    @property
    def _reads(self) -> str:
        """The entry that an unknown u is differentiated by in the terms, "" where u is known."""
        for part in walk(self.whole.body):
            if isinstance(part, Partial) and part.of.tensor == self._user:
                return text_of(part.wrt[0])
        return ""


def lost_terms(numbers: Collection[int], alike: Callable[[Index, Index], bool]) -> Local:
    """Return what yields some terms of a sum in the truth instead of the sum, or as many times one of them.

    They are those at the numbers, one by one and together, and those at indices that are there already; `alike` says
    which of these may stand for the index of the sum.
    """
    constants = tuple(Affine((), number) for number in sorted(numbers))

    def local(expr: Expr, scope: tuple[Index, ...]) -> Iterator[Edit]:
        if not isinstance(expr, Reduce) or expr.op not in {"sum", "mean"}:
            return
        for bound in expr.indices:
            for index in scope:
                if alike(bound, index):
                    yield from _one_term(expr, bound, index)
            for constant in constants:
                yield from _one_term(expr, bound, constant)
            if len(constants) > 1:
                lost = Lost(expr, bound, constants)
                yield Edit(lost.some_paths, lost.terms)

    return local


def _one_term(whole: Reduce, bound: Index, place: Position) -> Iterator[Edit]:
    lost = Lost(whole, bound, (place,))
    yield Edit(lost.one_path, lost.terms)
    # As many times a bracket is no attempt at a sum of brackets: a number stands for what they count.
    if whole.op == "sum" and not isinstance(whole.body, Bracket):
        yield Edit(lost.counted, times(ExtentValue(bound.extent, bound.preferred), lost.terms))
