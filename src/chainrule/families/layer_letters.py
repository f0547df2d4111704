"""One set of letters for all layers: i for what goes into a layer, j for what comes out, as in the first.

In a system each layer has letters of its own, since its axes have. In a family each equation stands by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from chainrule.expr.binding import own_indices
from chainrule.expr.nodes import Index, walk
from chainrule.expr.skeleton import Renaming
from chainrule.expr.symbols import Symbol
from chainrule.families.repeated_layers import Members
from chainrule.system.model import Equation


class _Same(dict[object, object]):
    """A mapping of all else to itself."""

    def __missing__(self, key: object) -> object:
        return key


def letters_between(
    members: Members, axes: Mapping[Symbol, Sequence[Index]], number: int, other: int
) -> Mapping[str, str]:
    """Return the letters of another layer and its neighbours by those of one, as far as each has but one."""
    named = {at: tensor for tensor, at in members.items()}
    found: dict[str, set[str]] = {}
    for tensor, (family, at) in members.items():
        there = named.get((family, at - number + other))
        if there is not None and abs(at - number) <= 1:
            for index, letter in zip(axes[tensor], axes[there], strict=False):
                found.setdefault(index.preferred, set()).add(letter.preferred)
    return {letter: next(iter(others)) for letter, others in found.items() if len(others) == 1}


def _short(index: Index) -> str:
    letter = index.preferred
    return letter.rstrip("0123456789") if index.name.startswith("%") else letter


def with_other_letters(equation: Equation, letters: Mapping[str, str]) -> Equation:
    """Return an equation with other letters, the same where two of its indices would get one; a bound m2 is m.

    >>> from chainrule.expr.nodes import Indexed
    >>> j, m = Index("j"), Index("m")
    >>> str(with_other_letters(Equation(Indexed("a", (j,)), Indexed("z", (j,))), {"j": "k"}))
    'a[k] = z[k]'
    >>> str(with_other_letters(Equation(Indexed("a", (j, m)), Indexed("z", (j, m))), {"j": "m"}))
    'a[j,m] = z[j,m]'
    """
    parts = chain(walk(equation.target), walk(equation.value))
    used = {index.preferred: index for part in parts for index in own_indices(part)}
    new = {letter: letters.get(letter, _short(index)) for letter, index in used.items()}
    if len(set(new.values())) < len(used):
        return equation
    same, others = _Same(), _Same(new)
    change = Renaming(same, others, same, others, {}, {})  # type: ignore[arg-type]
    return Equation(change.of(equation.target), change.of(equation.value))
