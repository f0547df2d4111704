"""`explain`: one derivative of the cost, at one entry and for one sample, opened into the numbers it is made of.

The equation is the derived one, as it is shown elsewhere; the numbers are those of the reference. Beside it stands the
chain rule before anything was simplified, one product for each path, so that the two can be seen to be the same number.
Every total is checked against the backward pass before it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.diff.chain_rule import Contribution
from chainrule.diff.derivations import tied, with_target_letters
from chainrule.errors import OptionError
from chainrule.execute.reference.evaluation import Evaluation, evaluate_all
from chainrule.execute.shortage import enough_memory
from chainrule.explanation.entry import At, asked_of, entry_at, one_sample, put_at, with_params
from chainrule.explanation.numbered import Numbered
from chainrule.explanation.of_steps import question
from chainrule.explanation.opening import Factor, OpenedSum, PathSum, factor, open_value
from chainrule.explanation.paths.all_paths import all_paths
from chainrule.explanation.result import Explanation
from chainrule.explanation.totals import verified
from chainrule.expr.binding import substitute_indices
from chainrule.expr.nodes import (
    ONE,
    Affine,
    Comparison,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Position,
    Reduce,
    times,
)
from chainrule.expr.symbols import Derivative
from chainrule.families.families import Families
from chainrule.keywords import answers
from chainrule.network import Network
from chainrule.pipeline import Backprop, backprop
from chainrule.render.document import Words, joined, words
from chainrule.render.formula import equal
from chainrule.render.letters import with_letters
from chainrule.system.model import System
from chainrule.system.printing import index_names
from chainrule.system.typecheck import typecheck


@answers
@enough_memory("the explanation")
def explain(
    network_or_system: Network | System | Families,
    inputs: Mapping[str, Any],
    of: str,
    at: At | None = None,
    sample: int | None = None,
    *,
    paths: bool = False,
    top: int = 12,
    quantiles: Sequence[float] = (),
) -> Explanation:
    r"""Open ∂C/∂of at one entry into its sum, term by term, with numbers.

    `at` gives the value of each index by the letter of the printed equation, `{"j": 3}`, or by position, `(3,)`; for
    data with an axis of samples, `sample` says which: derivatives are those of one sample, without 1/N. The params of a
    network need not be among the inputs, and what should come out of it may be labels. Families are written out for as
    many steps as their inputs have, and an entry may be named with its step, `z[1; 0]` or `z[L; 0]`. The sum over all
    paths is shown where no sum is left, and with `paths` always, followed by all paths across all layers, see `paths`.
    Of each sum the `top` largest terms are shown, what the others add up to, exactly, and their quantiles: of the
    levels given, from 0 to 1, else the quartiles where not all terms are shown. Raises InputError for what does not
    name one number or does not fit the system, OptionError for a level that is none, and VerificationError should the
    terms not add up to the value of the backward pass.

    >>> from chainrule.notation import parse
    >>> system = parse("data x[i], y\nparam w[i]\np = sum(i) w[i]*x[i]\ncost C = 1/2*(p - y)^2")
    >>> found = explain(system, {"x": [1.0, 2.0], "y": 1.0, "w": [0.5, 1.0]}, of="w", at={"i": 1})
    >>> found.equation, found.value
    ('∂C/∂w[1] = x[1]·(p − y)', 3.0)
    """
    levels = _levels(quantiles)
    asked = question(network_or_system, inputs, of, at)
    network_or_system, at = asked.of_what, asked.at
    system, tensor = asked_of(network_or_system, asked.tensor)
    given = with_params(network_or_system, asked.inputs)
    chosen = one_sample(system, given, sample)
    back = backprop(system, [tensor])
    evaluation = evaluate_all(with_paths(back, tensor), chosen)
    opener = _Opener(back, tensor, evaluation, at)
    routes = all_paths(back, evaluation.scope, tensor, opener.places, opener.value, top) if paths else None
    return replace(opener.explanation(), shows_paths=paths, top=top, quantiles=levels, routes=routes)


def _levels(quantiles: Sequence[float]) -> tuple[float, ...]:
    levels = tuple(float(level) for level in quantiles)
    strange = [level for level in levels if not 0 <= level <= 1]
    if strange:
        raise OptionError(
            f"{strange[0]:g} is no level of a quantile",
            expected="numbers from 0, the smallest term, to 1, the largest",
            advice="For example 0.05, 0.5, 0.95.",
        )
    return levels


def with_paths(back: Backprop, tensor: str) -> System:
    """Return the forward and backward equations of a tensor and of whatever uses it."""
    users = [path.through for path in back.cotangents.contributions(tensor) if path.beyond is not None]
    system = back.cotangents.system
    derived = back.cotangents.equations(tuple(dict.fromkeys((tensor, *users))))
    return typecheck(system.with_equations((*system.equations, *derived)))


class _Opener:
    """Opens one entry of one derivative."""

    def __init__(self, back: Backprop, tensor: str, evaluation: Evaluation, at: At | None) -> None:
        self._cotangents = back.cotangents
        self._tensor = tensor
        system = evaluation.system
        self._numbered = Numbered(evaluation, {name: len(system.axes(name)) for name in system.names()})
        self._taken, self._declared = index_names(system)
        self._entries = Derivative(back.cotangents.cost, tensor)
        derived = system.defined[self._entries]
        array = evaluation.scope.values[self._entries]
        self._indices = derived.indices
        self._equation = (derived.target, derived.value)
        self.places = entry_at(self._entries, self._indices, array.shape, at)
        self.value = float(array[self.places])

    def explanation(self) -> Explanation:
        """Return the whole."""
        target, value = self._at_entry(*self._equation)
        derivative = self._numbered.formula(target)
        name = str(derivative)
        parts = open_value(value, self._numbered)
        paths_found = self._cotangents.contributions(self._tensor)
        direct = all(path.beyond is None for path in paths_found)
        opened = () if direct else tuple(self._path(path) for path in paths_found)
        own = Indexed(self._tensor, tuple(put_at(self._indices, self.places).values()))
        ends = (self._numbered.formula(Indexed(self._cotangents.cost)), self._numbered.formula(own))
        found = Explanation(derivative, ends, self._numbered.formula(value), self.value, parts, opened)
        verified(name, found.total, self.value, float(np.abs(found.terms).sum()))
        if opened:
            magnitude = sum(path.opened.magnitude for path in opened)
            verified(name, found.paths_total, self.value, magnitude)
        return found

    def _at_entry(self, *nodes: Expr) -> list[Expr]:
        """Return nodes of one equation in the letters they are printed by, with numbers for the target's indices."""
        lettered = with_letters(*nodes, taken=self._taken, declared=self._declared)
        places: dict[Index, Position] = {}
        for index, put in put_at(self._indices, self.places).items():
            places[Index(index.name, index.extent)] = put
        return [substitute_indices(node, places) for node in lettered]

    def _path(self, path: Contribution) -> PathSum:
        """Return the products of the paths through one tensor."""
        simplifier = self._cotangents.simplifier
        pairs = dict(tied(path.local.value, path.indices, self._indices))
        shown = with_target_letters(simplifier.present(path.local.value), pairs)
        upstream, partial, local = self._at_entry(
            ONE if path.beyond is None else path.beyond, path.local.partial, shown
        )
        indices = tuple(Index(i.name, i.extent) for i in path.indices)
        whole = times(upstream, local)
        step = factor(local, whole, indices, self._numbered)
        terms = self._numbered.values(whole, indices)
        if path.beyond is None:
            return PathSum((), OpenedSum(self._numbered.formula(local), indices, (step,), terms), None, ())
        derivative = self._numbered.formula(partial)
        factors = (factor(upstream, whole, indices, self._numbered), Factor(derivative, step.values, step.causes))
        share = times(upstream, partial)
        written = self._numbered.formula(Reduce("sum", indices, share) if indices else share)
        user = self._numbered.formula(Indexed(path.through, indices))
        return PathSum(
            words("every ", user) if indices else words(user),
            OpenedSum(written, indices, factors, terms),
            equal(derivative, self._numbered.formula(local)),
            self._why(path),
        )

    def _why(self, path: Contribution) -> Words:
        pairs = list(tied(path.local.value, path.indices, self._cotangents.of(self._tensor).indices))
        if not pairs:
            return ()
        places = dict(zip((i.name for i in self._indices), self.places, strict=True))
        unlike = tuple(
            Comparison("!=", IndexValue(Index(k.preferred)), IndexValue(Affine((), places[j.name]))) for k, j in pairs
        )
        user = self._numbered.formula(Indexed(path.through, path.indices))
        own = self._numbered.formula(substitute_indices(path.local.partial.wrt[0], put_at(self._indices, self.places)))
        where = joined(tuple(map(self._numbered.formula, unlike)), " or ")
        return words("a Kronecker delta: ", user, " does not depend on ", own, " where ", where)
