"""`paths`: every way from one entry to the cost across all layers, counted, added up, and the largest of them shown.

A path is a chain of entries, W1[3,5] → z1[3] → a1[3] → … → C, and its product that of the local derivatives along it.
Their total is the derivative: that is the chain rule, and it is checked against the backward pass before it is shown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType

import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.execute.reference.scope import Scope
from chainrule.explanation.entry import At, asked_of, entry_at, one_sample, put_at, with_params
from chainrule.explanation.paths.counts import as_integer
from chainrule.explanation.paths.edges import Link
from chainrule.explanation.paths.entry_paths import EntryPath, LinkSummary, LocalDerivative
from chainrule.explanation.paths.k_best import Edge, largest_paths
from chainrule.explanation.paths.summary import Paths
from chainrule.explanation.paths.sweep import LinkCount, Sweep, sweep
from chainrule.explanation.reasons import reason_words, zero_factor
from chainrule.explanation.totals import verified_within
from chainrule.expr.binding import map_operands, substitute_indices
from chainrule.expr.nodes import (
    ONE,
    ZERO,
    Affine,
    Bracket,
    Comparison,
    Condition,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Partial,
    Position,
    Product,
    Reduce,
    Sum,
    plus,
)
from chainrule.expr.symbols import Derivative
from chainrule.keywords import answers
from chainrule.network import Network
from chainrule.pipeline import Backprop, backprop
from chainrule.render.document import Words, words
from chainrule.render.formula import ShownFormula, formula
from chainrule.simplify.stability import stable
from chainrule.system.model import System
from chainrule.system.printing import index_names, ranks_of
from chainrule.system.recurrences import recurrences

_RELATIONS: Mapping[str, Callable[[int, int], bool]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
ROUNDINGS = 1e4
"""How far the total may be from the derivative, in standard deviations of the rounding errors."""
RELATIVE = 1e-9
SMALLEST = 1e-290
"""Below this, products lose digits for being small."""
TOP = 5
"""How many paths are shown unless somebody says."""


@answers
def paths(
    network_or_system: Network | System,
    inputs: Mapping[str, npt.ArrayLike],
    of: str,
    at: At | None = None,
    sample: int | None = None,
    *,
    top: int = TOP,
) -> Paths:
    r"""Follow all paths from one entry of `of` to the cost: their number, their total, and the `top` largest products.

    `at`, `sample` and the inputs are as for `explain`; errors too. The count is exact, however many there are; the
    total is the derivative. No path is listed but those that are shown.

    >>> from chainrule.notation import parse
    >>> system = parse("param w\ndata x\nu = w*x\np = u^2\nq = 3*u\ncost C = p + q")
    >>> found = paths(system, {"w": 2.0, "x": 1.0}, of="w")
    >>> found.count, found.total, found.value
    (2, 7.0, 7.0)
    >>> [(str(path), path.product) for path in found.top]
    [('w → u → p → C', 4.0), ('w → u → q → C', 3.0)]
    """
    if top < 1:
        raise OptionError(f"top = {top} shows no path", expected="a whole number from 1 on")
    system, tensor = asked_of(network_or_system, of)
    given = with_params(network_or_system, inputs)
    back = backprop(system, [tensor])
    evaluation = evaluate_all(stable(back.system), one_sample(system, given, sample))
    name = Derivative(back.cotangents.cost, tensor)
    gradient = evaluation.scope.values[name]
    place = entry_at(name, evaluation.system.defined[name].indices, gradient.shape, at)
    return all_paths(back, evaluation.scope, tensor, place, float(gradient[place]), top)


def all_paths(back: Backprop, scope: Scope, tensor: str, place: tuple[int, ...], value: float, top: int) -> Paths:
    """Return the paths from an entry, whose derivative the backward pass says is `value`, in a scope with all values.

    Raises VerificationError should their total be anything else, and OptionError where they go through a recurrence.
    """
    step = next((name for one in recurrences(back.cotangents.system) for name in one.axes), None)
    if step is not None:
        raise OptionError(
            f"{step} is computed by a recurrence, through whose steps paths are not followed",
            expected="a system without one",
            advice="Without paths the derivative is opened into its sum.",
        )
    cost = back.cotangents.cost
    swept = sweep(back, scope, tensor, place)
    writer = _Writer(back, tensor, place)
    arrived = swept.reached.get(cost)
    best = largest_paths(swept, scope, tensor, cost, top)
    total = 0.0 if arrived is None else float(arrived.total)
    magnitude = 0.0 if arrived is None else float(arrived.magnitude)
    rounding = 0.0 if arrived is None else float(arrived.variance) ** 0.5
    tolerance = max(ROUNDINGS * rounding, RELATIVE * abs(value), SMALLEST)
    return Paths(
        derivative=writer.derivative,
        ends=(writer.start, writer.formula(Indexed(cost))),
        value=value,
        total=verified_within(f"all paths of {writer.derivative}", total, value, tolerance),
        magnitude=magnitude,
        count=0 if arrived is None else as_integer(arrived.paths),
        nonzero=0 if arrived is None else as_integer(arrived.alive),
        links=tuple(map(writer.summary, _on_paths(swept, cost))),
        top=tuple(map(writer.path, best)),
    )


def _on_paths(swept: Sweep, cost: str) -> list[LinkCount]:
    """Return the links that lead on to the cost, in their order."""
    leading = {cost}
    for count in reversed(swept.links):
        if count.link.user in leading:
            leading.add(count.link.source)
    return [count for count in swept.links if count.link.user in leading]


class _Writer:
    """Lays out entries and local derivatives."""

    def __init__(self, back: Backprop, tensor: str, place: tuple[int, ...]) -> None:
        self._simplifier = back.cotangents.simplifier
        self._system = back.cotangents.system
        self._taken, self._declared = index_names(self._system)
        self._ranks = ranks_of(self._system)
        own = _entry(tensor, place)
        self.start = self.formula(own)
        self.derivative = self.formula(Indexed(Derivative(back.cotangents.cost, tensor), own.indices))

    def path(self, edges: tuple[Edge, ...]) -> EntryPath:
        """Return a path with the number and the formula of every factor."""
        factors = tuple(map(self._local, edges))
        entries = (self.start, *(self.formula(_entry(edge.link.user, edge.at)) for edge in edges))
        return EntryPath(entries, factors, prod(factor.value for factor in factors))

    def summary(self, count: LinkCount) -> LinkSummary:
        """Return the local derivatives between two tensors, and why some are 0."""
        link = count.link
        places: dict[Index, Position] = {
            link.theirs[axis]: link.ours[tie] for axis, tie in enumerate(link.ties) if tie is not None
        }
        derivative = self.formula(substitute_indices(link.path.local.partial, places))
        reasons = tuple((number, self._reason(factor)) for factor, number in count.causes)
        expression = self.formula(self._simplifier.present(link.local))
        return LinkSummary(derivative, expression, count.edges, count.zeros, reasons)

    def _local(self, edge: Edge) -> LocalDerivative:
        link = edge.link
        name = Partial(_entry(link.user, edge.at), (_entry(link.source, edge.place),))
        expression = self.formula(self._simplifier.present(self._at(link, edge)))
        return LocalDerivative(self.formula(name), expression, edge.value)

    def _at(self, link: Link, edge: Edge) -> Expr:
        """Return a local derivative with numbers for its indices; a delta of two numbers is 1 or 0 and goes."""
        places: dict[Index, Position] = {**put_at(link.theirs, edge.at), **put_at(link.ours, edge.place)}
        return self._simplifier.simplify(_decided(substitute_indices(link.local, places)))

    def _reason(self, factor: Expr) -> Words:
        if isinstance(factor, Reduce) and factor.op == "prod":
            return zero_factor(factor, self.formula)
        bracket = reason_words(factor, self._system, self.formula)
        return bracket or words(self.formula(factor), " is 0")

    def formula(self, expr: Expr | Condition) -> ShownFormula:
        """Return an expression laid out."""
        return formula(expr, taken=self._taken, declared=self._declared, ranks=self._ranks)


def _decided(expr: Expr) -> Expr:
    """Return an expression with every comparison of two numbers made 1 or 0, and without the terms that are then 0."""
    match map_operands(expr, _decided):
        case Bracket(Comparison(relation, IndexValue(Affine((), left)), IndexValue(Affine((), right)))):
            return ONE if _RELATIONS[relation](left, right) else ZERO
        case Sum(terms):
            return plus(*(term for term in terms if term != ZERO))
        case Product(factors) if ZERO in factors:
            return ZERO
        case other:
            return other


def _entry(tensor: str, place: tuple[int, ...]) -> Indexed:
    indices = tuple(Index(str(n)) for n in range(len(place)))
    return Indexed(tensor, tuple(put_at(indices, place).values()))
