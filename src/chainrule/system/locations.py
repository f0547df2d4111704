"""Where an error of a system is, and how it is said: the place of a statement, names in a list, the name that is meant.

With them the two checks of a single statement that need no system around it: what stands on its left, and its calls.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import accumulate

from chainrule.errors import TypecheckError, listed
from chainrule.expr.functions import DRAWN
from chainrule.expr.nodes import Call, Index
from chainrule.system.lookalikes import difference, twin_of
from chainrule.system.model import Equation, System


@dataclass(frozen=True)
class Location:
    """A statement of a system, for errors to point at: its kind, its number among them, what it defines."""

    statement: str
    number: int = -1
    name: str = ""

    def error(
        self,
        what: str,
        symbol: str = "",
        side: str = "value",
        *,
        expected: str = "",
        advice: str = "",
        declare: str = "",
        behind: tuple[str, int] = ("", 0),
    ) -> TypecheckError:
        """Return the error that the statement makes no sense because of a symbol.

        `declare` is advice where there is none else, unless the statement is an expression in the names of a system.
        """
        if not advice and self.statement != "expression":
            advice = declare
        numbered = f" {self.number + 1}" if self.number >= 0 else ""
        return TypecheckError(
            what,
            where=f"in {self.statement}{numbered}" + (f", of {self.name}" if self.name else ""),
            expected=expected,
            advice=advice,
            statement=self.statement,
            number=self.number,
            symbol=symbol,
            side=side,
            behind=behind,
        )


def check_target(equation: Equation, place: Location) -> None:
    """Check that the indices on the left are plain and distinct. Raises TypecheckError."""
    letters = [i.preferred if isinstance(i, Index) else "" for i in equation.target.indices]
    if "" in letters or equation.target.guarded:
        raise place.error(
            f"on the left of {equation.name} stands an entry that is not general",
            equation.name,
            "target",
            expected="expected are plain index letters",
        )
    repeated = first_repeated(letters)
    if repeated is not None:
        raise place.error(
            f"index {repeated} stands twice on the left",
            repeated,
            "target",
            advice="Use two letters; [i = j] on the right picks the entries where they are equal.",
        )


def check_calls(calls: Iterable[Call], arities: Mapping[str, int], unknown: Collection[str], place: Location) -> None:
    """Check that functions are known and have the right number of arguments. Raises TypecheckError."""
    for call in calls:
        arity = arities.get(call.function)
        if arity is None:
            meant = did_you_mean(call.function, arities)
            raise place.error(
                f"no function is named {call.function}",
                call.function,
                expected="" if meant or place.statement != "expression" else f"Known are {listed(arities)}",
                advice=meant,
                declare=f"Define it: def {call.function}(t) = …, or leave it unknown: abstract {call.function}(t).",
            )
        if arity != len(call.arguments) and not (call.function in DRAWN and call.arguments):
            raise place.error(
                f"{call.function} takes {arity} argument{'s' * (arity != 1)}, not {len(call.arguments)}", call.function
            )
        if call.order and (call.function not in unknown or arity != 1):
            raise place.error(
                f"{call.function}{chr(39) * call.order} is not a derivative that stays unknown",
                call.function,
                expected="primes stand only on an abstract function of one argument",
                advice="Write its derivative out.",
            )


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first name that has stood there before, or None.

    >>> first_repeated("abcb")
    'b'
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def did_you_mean(name: str, candidates: Collection[str]) -> str:
    """Return a question with the most similar name, or "". One that only looks like it is told apart.

    Of very many candidates only those nearest in length are compared: an error must not take seconds.

    >>> did_you_mean("sigmoyd", ["sigmoid", "exp"])
    'Did you mean sigmoid?'
    """
    twin = twin_of(name, candidates)
    if twin:
        return f"It looks like {twin}, but {difference(name, twin)}."
    nearest = sorted(candidates, key=lambda candidate: abs(len(candidate) - len(name)))
    most = 1 + next(
        (n for n, size in enumerate(accumulate(map(len, nearest))) if size * len(name) > _EFFORT), len(nearest)
    )
    close = get_close_matches(name, nearest[:most], n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""


def cost_advice(system: System) -> str:
    """Return how a system without a cost gets one: its last number is likely to be meant."""
    last = next((e.name for e in reversed(system.equations) if not e.indices), "")
    if last:
        return f"If {last} is the cost, its line begins so: cost {last} = …"
    return "Write, for example: cost C = 1/2*(sum(k) (a[k] - y[k])^2)"


def count_indices(rank: int) -> str:
    """Return the rank in words."""
    return "no index" if rank == 0 else f"{rank} {'index' if rank == 1 else 'indices'}"


_EFFORT = 400_000
"""How many pairs of letters are compared in search of a similar name."""
