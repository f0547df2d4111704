"""Families of equations as people have them in hand: what `parse` returns for a text with `for` lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from chainrule.errors import OptionError, TypecheckError
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.families.definitions import check
from chainrule.families.families_text import families_text
from chainrule.families.names_of_members import member_names
from chainrule.families.plain_names import plain_system
from chainrule.families.templates import Blocks
from chainrule.render.document import Group
from chainrule.render.in_notebooks import ShownAsPage
from chainrule.system.model import System
from chainrule.system.typecheck import typecheck

MOST_STEPS = 100_000
"""Largest number of steps that is taken for one."""


@dataclass(frozen=True)
class Families(Blocks, ShownAsPage):
    r"""A forward pass for any number of layers or steps of time.

    `head` holds the declarations, `items` the equations and the blocks of equations that are repeated.

    >>> from chainrule.notation import parse
    >>> families = parse("param w\nh[0;] = w\nfor t = 1..T:\n    h[t;] = w*h[t-1;]\ncost C = h[T;]^2")
    >>> families.letters
    ('T',)
    >>> print(families.at(T=2))
    param w
    <BLANKLINE>
    h0 = w
    h1 = w·h0
    h2 = w·h1
    cost C = h2^2
    """

    def at(self, **numbers: int) -> System:
        """Return the system for these numbers of steps, in which each member has a name: z[2; k] is z2[k].

        Numbers that the text declares, `index L = 3`, need not be given. Raises OptionError for numbers that are
        missing or are none, and where families are not defined for so few steps.
        """
        return self._written_out(self.numbers(numbers))

    @property
    def params(self) -> tuple[str, ...]:
        """The params that gradients are taken of by default, those of a family by its name alone."""
        named = (t.name if isinstance(t, Tensor) else t for t in self.head.params)
        return tuple(dict.fromkeys(named))

    def names(self, **numbers: int) -> Mapping[Symbol, Tensor]:
        """Return what the members are called in `at`, for these numbers of steps: z[2;] is called z2."""
        given = self.numbers(numbers)
        key = tuple(given.items())
        if key not in self._names:
            self._names[key] = member_names(self, given)
        return self._names[key]

    def members(self, **numbers: int) -> System:
        """Return the same system as `at` with the superscripts of members kept, z[2; k]."""
        return typecheck(self._members(self.numbers(numbers)))

    def __str__(self) -> str:
        return families_text(self)

    def document(self) -> Group:
        """Return what their text says, as a document."""
        from chainrule.families.families_document import families_document

        return families_document(self)

    @cached_property
    def _known(self) -> dict[tuple[tuple[str, int], ...], System]:
        return {}

    @cached_property
    def _names(self) -> dict[tuple[tuple[str, int], ...], Mapping[Symbol, Tensor]]:
        return {}

    def _written_out(self, numbers: Mapping[str, int]) -> System:
        key = tuple(numbers.items())
        if key not in self._known:
            members = self._members(numbers)
            self._known[key] = plain_system(members, typecheck(members), self.names(**numbers))
        return self._known[key]

    def _members(self, numbers: Mapping[str, int]) -> System:
        try:
            return check(self, numbers).system()
        except TypecheckError as error:
            sizes = ", ".join(f"{letter} = {number}" for letter, number in numbers.items())
            raise OptionError(
                f"with {sizes}: {error.what}" if sizes else error.what,
                where=error.where,
                expected=error.expected,
                advice=error.advice,
            ) from None

    def numbers(self, given: Mapping[str, int]) -> dict[str, int]:
        """Return the number of steps for each letter, those of the text too. Raises OptionError for missing ones."""
        strange = next((letter for letter in given if letter not in self.letters), "")
        if strange:
            known = ", ".join(self.letters) or "no letter"
            raise OptionError(f"{strange} counts no steps here", expected=f"{known} does")
        numbers = {**self.sizes, **given}
        for letter in self.letters:
            if letter not in numbers:
                raise OptionError(
                    f"nothing says how many steps {letter} stands for",
                    expected=f"a number: at({letter}=3), or a line index {letter} = 3",
                )
            number = numbers[letter]
            if not _is_whole(number) or not 0 <= number <= MOST_STEPS:
                raise OptionError(f"{letter} = {number!r} is no number of steps", expected="expected is a whole number")
        return {letter: numbers[letter] for letter in self.letters}


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
