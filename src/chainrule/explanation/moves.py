"""One entry moved a little: how far everything computed from it moves, and what the cost changes by.

Everything is evaluated by the reference, once for each move, and no rule of calculus is used: the cost is computed with
one entry changed alone, and with all that depend on the moved entry changed at once. Beside that stand the products of
the chain rule, which are checked against the backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.diff.chain_rule import Contribution, product
from chainrule.errors import VerificationError
from chainrule.execute.reference.evaluation import Evaluation, evaluate_all
from chainrule.execute.reference.scope import Scope
from chainrule.explanation.entry import At, entry_at, put_at
from chainrule.explanation.explainer import with_paths
from chainrule.explanation.kinks import conventions_left
from chainrule.explanation.one_sided import OneSided, one_sided
from chainrule.explanation.totals import exact_sum, verified
from chainrule.expr.binding import substitute_indices
from chainrule.expr.symbols import Derivative, Symbol
from chainrule.pipeline import Backprop
from chainrule.render.document import Words
from chainrule.verify.differences import moved_alone, moving
from chainrule.verify.sampling import random_inputs
from chainrule.verify.unknowns import RandomUnknowns

Array = npt.NDArray[Any]
STEPS = (0.1, 0.01, 0.001)
"""How far the entry is moved, largest first; the middle one is shown in full."""
MOST_MOVED = 200
"""Of so many entries each is moved alone; of more only those that are shown."""
SEED, TRIES = 0, 8
LEAST_ENTRIES = 3
"""Random tensors have at least so many entries along each axis: two are alike in more ways than three."""
ALIKE, CANCELLING = 0.05, 0.1
"""Terms that differ by less, relative to the larger, and sums that are less of their terms, tell nothing at a point."""


@dataclass(frozen=True)
class Moved:
    """One term of the sum: an entry of a tensor between, or the moved entry itself where the cost reads it.

    `share` is the product of the chain rule. For each of the steps `moves` says how far the entry moves, `changes`
    what the cost changes by when it moves alone; they are empty where that was not evaluated.
    """

    tensor: Symbol | str
    place: tuple[int, ...]
    value: float
    share: float
    moves: tuple[float, ...] = ()
    changes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Moves:
    """A derivative at one entry, and what the cost does when the entry is moved by each of the `steps`.

    `terms` are those that are shown, `others` how many more there are and `rest` what their shares add up to; `still`
    of all do not move. `measured` are the changes of the cost, over the step, when everything moves at once, `summed`
    those of each entry alone added up, empty where not all were evaluated. `in_turn` says that some of the entries
    depend on others: each moves directly, and what depends on it follows. `limits` are what the change over the step
    goes to; where that is not the derivative, `below` has the changes for steps below 0, and `conventions` say what is
    taken for the derivative at the kinks there.
    """

    tensor: Symbol | str
    place: tuple[int, ...]
    cost: str
    value: float
    derivative: float
    terms: tuple[Moved, ...]
    still: int
    others: int
    rest: float
    measured: tuple[float, ...]
    summed: tuple[float, ...]
    limits: OneSided
    below: tuple[float, ...] = ()
    conventions: tuple[Words, ...] = ()
    in_turn: bool = False
    random: bool = False
    unknown: tuple[str, ...] = ()
    steps: tuple[float, ...] = STEPS


def random_moves(back: Backprop, tensor: str, at: At | None, top: int) -> Moves:
    """Return what moves at a random point, with a random smooth function in the place of each unknown one.

    The entry is `at`, else the second along each axis. Of several points it is the first that tells: where the terms
    differ, and do not cancel.
    """
    system = back.cotangents.system
    names = tuple(d.tensor for d in system.declarations if d.role == "abstract")

    def mover(seed: int) -> _Mover:
        unknowns = RandomUnknowns(seed, LEAST_ENTRIES)
        inputs = random_inputs(system, seed, unknowns=unknowns, least=LEAST_ENTRIES)
        return _Mover(back, tensor, inputs, unknowns, at, second=at is None)

    chosen = mover(SEED)
    for seed in range(SEED + 1, SEED + TRIES):
        if chosen.telling >= 1:
            break
        with suppress(VerificationError):
            chosen = max(chosen, mover(seed), key=lambda one: one.telling)
    return chosen.moves(top, random=True, unknown=names)


def moves_at(back: Backprop, tensor: str, inputs: Mapping[str, npt.ArrayLike], at: At | None, top: int) -> Moves:
    """Return what moves at given numbers, those of one sample. Raises InputError where they do not fit."""
    return _Mover(back, tensor, inputs, None, at).moves(top)


class _Mover:
    """Moves one entry of a tensor."""

    def __init__(
        self,
        back: Backprop,
        tensor: str,
        inputs: Mapping[str, npt.ArrayLike],
        unknowns: RandomUnknowns | None,
        at: At | None,
        *,
        second: bool = False,
    ) -> None:
        self._back, self._tensor = back, tensor
        self._evaluation = evaluate_all(with_paths(back, tensor), inputs, unknowns=unknowns)
        self._forward = Evaluation(back.cotangents.system, self._evaluation.scope)
        self._values = self._evaluation.scope.values
        name = Derivative(back.cotangents.cost, tensor)
        self._indices = self._evaluation.system.defined[name].indices
        shape = self._values[name].shape
        chosen = tuple(min(1, size - 1) for size in shape) if second else at
        self._place = entry_at(name, self._indices, shape, chosen)
        self._derivative = float(self._values[name][self._place])
        self._name = name
        self._known: dict[tuple[str, float], Array] = {}
        self._scopes: dict[str, Callable[[Mapping[str, Array]], Scope]] = {}
        self._cost_before = float(self._values[back.cotangents.cost])

    def moves(self, top: int, *, random: bool = False, unknown: tuple[str, ...] = ()) -> Moves:
        """Return the moves, the largest terms in full."""
        found = self._all_terms
        shares = np.array([term.share for term in found])
        verified(str(self._name), exact_sum(shares), self._derivative, float(np.abs(shares).sum()))
        moving_ones = {n for n, term in enumerate(found) if any(self._moved(term))}
        ranked = sorted(moving_ones, key=lambda n: -abs(found[n].share))
        shown = sorted(ranked if len(ranked) <= top + 1 else ranked[:top])
        every = len(moving_ones) <= MOST_MOVED
        full = {n: self._in_full(found[n]) for n in (moving_ones if every else shown)}
        steps = range(len(STEPS))
        summed = tuple(exact_sum(np.array([one.changes[s] for one in full.values()])) / STEPS[s] for s in steps)
        rest = [found[n].share for n in moving_ones if n not in shown]
        return Moves(
            tensor=self._tensor,
            place=self._place,
            cost=self._back.cotangents.cost,
            value=float(self._values[self._tensor][self._place]),
            derivative=self._derivative,
            terms=tuple(full[n] for n in shown),
            still=len(found) - len(moving_ones),
            others=len(rest),
            rest=exact_sum(np.array(rest)),
            measured=tuple(map(self._quotient, STEPS)),
            summed=summed if every else (),
            in_turn=any(self._back.cotangents.held_fixed(self._tensor).values()),
            random=random,
            unknown=unknown,
            **self._at_the_limit(),
        )

    def _at_the_limit(self) -> dict[str, Any]:
        """Return what the change of the cost over the step goes to, and what there is to say where that is a kink."""
        at = float(self._values[self._tensor][self._place])
        limits = one_sided(self._quotient, at, self._cost_before, self._derivative)
        if limits.as_derived:
            return {"limits": limits}
        after = [self._moving(self._tensor)({self._tensor: self._entry_moved(sign * STEPS[-1])}) for sign in (1, -1)]
        system = self._forward.system
        said = (conventions_left(self._forward, Evaluation(system, scope)) for scope in after)
        below = tuple(self._quotient(-step) for step in STEPS)
        return {"limits": limits, "below": below, "conventions": tuple(dict.fromkeys(chain.from_iterable(said)))}

    @cached_property
    def _all_terms(self) -> list[Moved]:
        return [term for part in self._back.cotangents.contributions(self._tensor) for term in self._terms(part)]

    @cached_property
    def telling(self) -> float:
        """How much the terms tell at this point: below 1 where the largest are nearly alike, or cancel."""
        shares = np.array([term.share for term in self._all_terms if any(self._moved(term))])
        sizes = np.sort(np.abs(shares))[::-1]
        if not sizes.size or not np.isfinite(sizes).all() or not sizes[0]:
            return 0.0
        total, largest = exact_sum(shares), shares[np.argmax(np.abs(shares))]
        found = [abs(total) / float(sizes.sum()) / CANCELLING]
        if sizes.size > 1:
            found.append(float(sizes[0] - sizes[1]) / float(sizes[0]) / ALIKE)
            found.append(abs(len(self._all_terms) * float(largest) - total) / max(abs(total), 1e-300) / CANCELLING)
        return min(1.0, *found)

    def _terms(self, part: Contribution) -> list[Moved]:
        """Return the products of one contribution, entry by entry."""
        put = put_at(self._indices, self._place)
        products = self._evaluation.value_of(substitute_indices(product(part), put), part.indices)
        if part.beyond is None:
            return [Moved(self._tensor, self._place, float(self._values[self._tensor][self._place]), float(products))]
        own = self._values[part.through]
        return [Moved(part.through, p, float(own[p]), float(products[p])) for p in np.ndindex(products.shape)]

    def _entry_moved(self, step: float) -> Array:
        moved = self._values[self._tensor].copy()
        moved[self._place] += step
        return moved

    def _moved(self, term: Moved) -> tuple[float, ...]:
        """Return how far an entry moves for each step, everything but the moved entry held still."""
        if self._is_itself(term):
            return STEPS
        return tuple(float(self._users(term.tensor, step)[term.place] - term.value) for step in STEPS)

    def _users(self, tensor: str, step: float) -> Array:
        key = (tensor, step)
        if key not in self._known:
            self._known[key] = moved_alone(self._forward, tensor, {self._tensor: self._entry_moved(step)})
        return self._known[key]

    def _is_itself(self, term: Moved) -> bool:
        return term.tensor == self._tensor

    def _in_full(self, term: Moved) -> Moved:
        moves = self._moved(term)
        return Moved(term.tensor, term.place, term.value, term.share, moves, tuple(self._alone(term, moves)))

    def _alone(self, term: Moved, moves: tuple[float, ...]) -> list[float]:
        """Return what the cost changes by when one entry alone moves, for each step."""
        if self._is_itself(term):
            cost = self._back.cotangents.cost
            after = [moved_alone(self._forward, cost, {self._tensor: self._entry_moved(step)}) for step in STEPS]
            return [float(one) - self._cost_before for one in after]
        changes = []
        for move in moves:
            moved = self._values[term.tensor].copy()
            moved[term.place] += move
            changes.append(self._cost_change(term.tensor, moved))
        return changes

    def _quotient(self, step: float) -> float:
        """Return what the cost changes by, over the step, when the entry moves and everything that depends on it."""
        return self._cost_change(self._tensor, self._entry_moved(step)) / step

    def _cost_change(self, tensor: str, moved: Array) -> float:
        """Return what the cost changes by for other values of a tensor, all that is computed from it moving along."""
        return float(self._moving(tensor)({tensor: moved}).values[self._back.cotangents.cost]) - self._cost_before

    def _moving(self, tensor: str) -> Callable[[Mapping[str, Array]], Scope]:
        if tensor not in self._scopes:
            self._scopes[tensor] = moving(self._forward, (tensor,))
        return self._scopes[tensor]
