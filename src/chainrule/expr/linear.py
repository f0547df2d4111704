"""The one linear form, constant + Σ coefficient·atom: of positions, of sizes, of places in memory.

What the atoms are is the matter of whoever asks: indices, variables of an equation, extents, loops. The numbers are
exact, whole ones or fractions. Arithmetic on linear forms stands here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from fractions import Fraction
from typing import Any, Final, Generic, TypeVar

A = TypeVar("A", bound=Hashable)
B = TypeVar("B", bound=Hashable)
N = TypeVar("N", int, Fraction)


class LinearForm(Generic[A, N]):
    """constant + Σ coefficient·atom, without zeros, in the order in which the atoms came; it is never changed.

    The order is that of writing and does not take part in equality.

    >>> LinearForm({"q": 2, "u": 1}, -1) - LinearForm({"u": 1}, 0)
    LinearForm({'q': 2}, -1)
    >>> LinearForm({"q": 2}, 0) == LinearForm({"q": 1}, 0) * 2
    True
    """

    __slots__ = ("_hash", "constant", "terms")
    __match_args__ = ("terms", "constant")
    _hash: int

    def __init__(self, terms: Mapping[A, N], constant: N) -> None:
        self.terms: Final[Mapping[A, N]] = {atom: c for atom, c in terms.items() if c}
        self.constant: Final[N] = constant

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LinearForm):
            return NotImplemented
        return self.constant == other.constant and self.terms == other.terms

    def __hash__(self) -> int:
        try:
            known = self._hash
        except AttributeError:
            known = self._hash = hash((frozenset(self.terms.items()), self.constant))
        return known

    def __repr__(self) -> str:
        return f"LinearForm({dict(self.terms)!r}, {self.constant!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what it says, not its hash, which holds for one process."""
        return LinearForm, (self.terms, self.constant)

    def __add__(self, other: LinearForm[A, N]) -> LinearForm[A, N]:
        terms = dict(self.terms)
        for atom, c in other.terms.items():
            terms[atom] = terms.get(atom, 0) + c
        return LinearForm(terms, self.constant + other.constant)

    def __sub__(self, other: LinearForm[A, N]) -> LinearForm[A, N]:
        terms = dict(self.terms)
        for atom, c in other.terms.items():
            terms[atom] = terms.get(atom, 0) - c
        return LinearForm(terms, self.constant - other.constant)

    def __neg__(self) -> LinearForm[A, N]:
        return LinearForm({atom: -c for atom, c in self.terms.items()}, -self.constant)

    def __mul__(self, number: N) -> LinearForm[A, N]:
        return LinearForm({atom: c * number for atom, c in self.terms.items()}, self.constant * number)

    def plus(self, number: N) -> LinearForm[A, N]:
        """Return this and a number more."""
        return LinearForm(self.terms, self.constant + number)

    def coefficient(self, atom: A) -> N | int:
        """Return the coefficient of an atom, 0 where it does not occur."""
        return self.terms.get(atom, 0)

    def without(self, atom: A) -> LinearForm[A, N]:
        """Return this without its term in an atom."""
        return LinearForm({other: c for other, c in self.terms.items() if other != atom}, self.constant)

    def alone(self) -> A | None:
        """Return the atom that this is, once and with nothing beside it, else None."""
        if self.constant == 0 and len(self.terms) == 1:
            [(atom, c)] = self.terms.items()
            return atom if c == 1 else None
        return None

    def renamed(self, name: Callable[[A], B]) -> LinearForm[B, N]:
        """Return this with other atoms; those that get the same name become one.

        >>> LinearForm({"i": 2, "j": 1}, 3).renamed(lambda letter: "k")
        LinearForm({'k': 3}, 3)
        """
        terms: dict[B, N] = {}
        for atom, c in self.terms.items():
            other = name(atom)
            terms[other] = terms.get(other, 0) + c
        return LinearForm(terms, self.constant)

    def substituted(self, images: Mapping[A, LinearForm[A, N]]) -> LinearForm[A, N]:
        """Return this with linear forms in place of atoms; the others stay.

        >>> LinearForm({"p": 2, "u": -1}, 0).substituted({"p": LinearForm({"q": 1, "u": 1}, 1)})
        LinearForm({'q': 2, 'u': 1}, 2)
        """
        terms: dict[A, N] = {}
        constant = self.constant
        for atom, c in self.terms.items():
            image = images.get(atom)
            if image is None:
                terms[atom] = terms.get(atom, 0) + c
                continue
            constant += c * image.constant
            for inner, own in image.terms.items():
                terms[inner] = terms.get(inner, 0) + c * own
        return LinearForm(terms, constant)

    def value(self, numbers: Mapping[A, N]) -> N:
        """Return the number that this is where each atom is one."""
        result = self.constant
        for atom, c in self.terms.items():
            result += c * numbers[atom]
        return result

    def bounds(self, box: Mapping[A, tuple[N, N]]) -> tuple[N, N]:
        """Return the lowest and the highest value where each atom lies between two numbers.

        >>> LinearForm({"q": 2, "u": -1}, 1).bounds({"q": (0, 4), "u": (0, 2)})
        (-1, 9)
        """
        lowest = highest = self.constant
        for atom, c in self.terms.items():
            one, other = c * box[atom][0], c * box[atom][1]
            lowest += min(one, other)
            highest += max(one, other)
        return lowest, highest

    def solved_for(self, atom: A) -> LinearForm[A, N] | None:
        """Return what an atom is where this is 0, if its coefficient is 1 or -1, so that no fraction comes about.

        >>> LinearForm({"q": 1, "u": 1, "p": -1}, 0).solved_for("q")
        LinearForm({'u': -1, 'p': 1}, 0)
        """
        own = self.terms.get(atom, 0)
        rest = self.without(atom)
        return rest if own == -1 else -rest if own == 1 else None
