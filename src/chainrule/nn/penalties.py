"""Penalties: what a cost is made larger by for large weights, added to it with +.

In the notation `p` stands for an entry of each param in turn. What is added up over all entries becomes an equation of
the system, `penalty`, and its gradient is derived like any other. Biases are left alone unless they are asked for.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.nn.checks import check_number, settle
from chainrule.nn.template import apart_from, const_line, names_in, renamed
from chainrule.notation.source import Source, split


@dataclass(frozen=True)
class Penalty(ABC):
    """A penalty: `factor` times the sum of `term` over all entries p; `name` is that of its strength in both."""

    strength: float
    biases: bool = False

    name: ClassVar[str]
    factor: ClassVar[str]
    term: ClassVar[str]

    def __post_init__(self) -> None:
        kind = type(self).__name__
        settle(self, strength=check_number(f"strength of {kind}", self.strength, zero=True))
        if not isinstance(self.biases, bool):
            raise OptionError(f"biases of {kind} is {self.biases!r}", expected="True or False")


@final
@answering_class
@dataclass(frozen=True)
class L1(Penalty):
    """strength · Σ |W|, which draws weights to 0 exactly; |W| has the derivative sign(W), taken to be 0 at 0.

    Weights are the layers' params with at least two indices; with `biases` all of the layers' params count. Raises
    OptionError unless strength is a number, 0 or more.
    """

    name = "l1_strength"
    factor = "l1_strength"
    term = "abs(p)"


@final
@answering_class
@dataclass(frozen=True)
class L2(Penalty):
    """strength/2 · Σ W²: with SGD the same as its weight_decay, but part of the cost.

    Weights are the layers' params with at least two indices; with `biases` all of the layers' params count. Raises
    OptionError unless strength is a number, 0 or more.
    """

    name = "l2_strength"
    factor = "1/2*l2_strength"
    term = "p^2"


def penalised(notation: str, penalties: Sequence[Penalty], params: Mapping[str, tuple[str, ...]]) -> str:
    """Return the lines of a cost with penalties for params, given with the letters of their indices.

    Raises OptionError for a cost that has no equation, and where a penalty finds no weights.

    >>> print(penalised("cost C = a^2", [L2(0.1)], {"W1": ("j", "i"), "b1": ("j",)}))
    const l2_strength = 0.1
    penalty = 1/2*l2_strength*(sum(j,i) W1[j,i]^2)
    cost C = (a^2) + penalty
    """
    taken = {*names_in(notation), *params}
    lines, terms = [], []
    for penalty in penalties:
        chosen = {name: letters for name, letters in params.items() if penalty.biases or len(letters) > 1}
        if not chosen:
            raise OptionError(
                f"{penalty!r} finds no weights: no param has two indices", advice="biases=True counts all params."
            )
        name = apart_from(taken, penalty.name)
        lines.append(const_line(name, penalty.strength))
        sums = " + ".join(_summed(penalty.term, param, letters) for param, letters in chosen.items())
        terms.append(f"{renamed(penalty.factor, {penalty.name: name})}*({sums})")
    total = apart_from(taken, "penalty")
    return "\n".join([*lines, f"{total} = {' + '.join(terms)}", _added(notation, total)])


def _summed(term: str, param: str, letters: Sequence[str]) -> str:
    if not letters:
        return renamed(term, {"p": param})
    joined = ",".join(letters)
    return f"sum({joined}) {renamed(term, {'p': f'{param}[{joined}]'})}"


def _added(notation: str, total: str) -> str:
    """Return the lines of a cost with a name added to what it is equal to."""
    cost = next((s for s in split(Source(notation)) if s.keyword == "cost" and "=" in s.body), None)
    if cost is None:
        raise OptionError(
            "a penalty is added to a cost without an equation",
            where=notation,
            expected="a line such as: cost C = 1/2*(sum(k) (a[k] - y[k])^2)",
        )
    target, _, value = cost.body.partition("=")
    end = "\n" if "#" in value else ""
    body = f"{target}= ({value.strip()}{end}) + {total}"
    return notation[: cost.offset] + body + notation[cost.offset + len(cost.body) :]
