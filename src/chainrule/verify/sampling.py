"""Random inputs for a system: generic points at which every equation is defined and every fact holds.

Extents are small and unequal, so that no transposition goes unseen. Entries come from one distribution after another
until everything is finite; facts (`given`) are then met by Gauss–Newton steps over the inputs they depend on, the
smallest change of the draw that makes them true. Nothing is known about any layer or function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from chainrule.errors import InputError, ShortageError, VerificationError
from chainrule.execute.protocol import Unknowns
from chainrule.execute.reference.evaluation import Evaluation, evaluate_all
from chainrule.execute.reference.facts import sides
from chainrule.execute.reference.matrices import condition
from chainrule.execute.reference.scope import Scope
from chainrule.execute.scalars import Array
from chainrule.expr.binding import free_in_order, tensors_in
from chainrule.expr.nodes import Expr, Indexed, MatrixEntry, walk
from chainrule.expr.sizes import Literal, Size
from chainrule.render.text import equation_text, expression_text
from chainrule.system.derived import solve, too_short
from chainrule.system.drawn import counting
from chainrule.system.model import System
from chainrule.system.sizes.constraints import constraints_of
from chainrule.system.stages import before_backprop
from chainrule.verify.differences import moving
from chainrule.verify.distributions import DISTRIBUTIONS
from chainrule.verify.unknowns import RandomUnknowns
from chainrule.verify.variety import Variety

TRIES = 60
NEWTON_STEPS = 15
LARGEST_ADDITION = 8
LARGEST_CONDITION = 1e3
"""Matrices that are inverted are drawn again above this: differences would see nothing but rounding."""
LONGEST = 200
MOST_COUNTED = 1000
"""Seeds, and whatever else counts what is drawn, are whole numbers below it."""
LEAST = 2
"""Extents that positions determine are at least this long; those they depend on grow by up to 200 in all for it."""


def random_inputs(
    system: System,
    seed: int,
    sizes: Mapping[Size, int] | None = None,
    *,
    unknowns: Unknowns | None = None,
    least: int = LEAST,
) -> dict[str, Array]:
    """Return float64 values for all data, params and consts without a value, at which all equations are finite.

    What reads derivatives that are still to be derived is left out.

    A system with `batch` gets one sample, without the axis of samples. Extents are those of `sizes`, else declared
    numbers, else `least` to three more in turn, larger where entries would lie outside. Unknown functions are
    `unknowns`, by default `RandomUnknowns(seed)`. Raises VerificationError naming the fact or the equation that holds
    at no drawn point.
    """
    search = _Search(
        before_backprop(system),
        sizes or {},
        unknowns or RandomUnknowns(seed, least),
        np.random.default_rng(seed),
        least=least,
    )
    values, _ = search.found(seed, TRIES)
    return values


def random_evaluation(
    system: System,
    seed: int,
    start: Mapping[Size, int],
    *,
    unknowns: Unknowns | None = None,
    tries: int = TRIES,
    steps: int = NEWTON_STEPS,
    spread: bool = False,
) -> Evaluation:
    """Return the evaluation of a system at random inputs, with the extents of `start`, larger where entries need it.

    With `spread` each tensor is drawn from a distribution of its own, from small to large. `steps` are those towards
    where the facts hold. Raises as `random_inputs`.
    """
    given = (d for d in system.declarations if d.role != "abstract" and d.value is None)
    axes = {i.extent for d in given for i in d.indices}
    sizes = {extent: size for extent, size in start.items() if extent not in axes}
    forward, draw = before_backprop(system), np.random.default_rng(seed)
    search = _Search(
        forward,
        sizes,
        unknowns or RandomUnknowns(seed),
        draw,
        start=start,
        least=LEAST + 1,
        variety=Variety(forward, seed, spread),
        steps=steps,
    )
    _, evaluation = search.found(seed, tries)
    return evaluation


@dataclass(frozen=True)
class _Search:
    """What is looked for, and how often what stood in the way."""

    system: System
    sizes: Mapping[Size, int]
    unknowns: Unknowns
    draw: np.random.Generator
    start: Mapping[Size, int] = field(default_factory=dict)
    least: int = LEAST
    variety: Variety | None = None
    steps: int = NEWTON_STEPS
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)

    def found(self, seed: int, tries: int) -> tuple[dict[str, Array], Evaluation]:
        """Return the first inputs that meet all facts and make all equations finite, with what comes of them."""
        addition = 0
        for attempt in range(tries):
            values = self.drawn(attempt, self.extents(seed, addition))
            try:
                evaluation = self.evaluated(values) if self.meet(values) else None
            except ShortageError:
                raise
            except InputError as error:
                self.failures[(error.what, error.where)] += 1
                addition = min(addition + 1, LARGEST_ADDITION)
                continue
            if evaluation is not None:
                return values, evaluation
        what, where = self.failures.most_common(1)[0][0]
        raise VerificationError(
            what,
            where=where,
            expected=f"one of {tries} random points at which every fact holds and every equation is finite",
            advice="Is it defined anywhere? State what it needs as a given, such as given x[i] > 0.",
        )

    def extents(self, seed: int, addition: int) -> dict[Size, int]:
        """Return an extent for every axis of an input."""
        known = {**self.system.size, **self.sizes}
        inputs = (d for d in self.system.declarations if d.role != "abstract" and d.value is None)
        unknown = dict.fromkeys(i.extent for d in inputs for i in d.indices if i.extent not in known)
        more = self.draw.integers(0, addition + 1, size=len(unknown))
        drawn = {e: self.start.get(e, self.least + (n + seed) % 4) + int(more[n]) for n, e in enumerate(unknown)}
        fitted = {one.extent for one in self.system.derived if one.given}
        sizes = known | {extent: size for extent, size in drawn.items() if extent not in fitted}
        for _ in range(LONGEST):
            short = too_short(self.system.derived, sizes, self.least)
            if short not in sizes or short in known:
                break
            sizes[short] += 1
        return known | drawn | _solved(self.system, sizes)

    def drawn(self, attempt: int, extents: Mapping[Size, int]) -> dict[str, Array]:
        """Return entries for every input."""
        values: dict[str, Array] = {}
        for declaration in self.system.declarations:
            counts = declaration.tensor in counting(self.system) and declaration.values is None
            if counts and (declaration.role == "state" or declaration.value is None or declaration.implied):
                shape = tuple(extents[i.extent] for i in declaration.indices)
                values[declaration.tensor] = np.asarray(self.draw.integers(0, MOST_COUNTED, shape), np.float64)
            elif declaration.role != "abstract" and declaration.value is None:
                shape = tuple(extents[i.extent] for i in declaration.indices)
                which = attempt if attempt < len(DISTRIBUTIONS) else int(self.draw.integers(len(DISTRIBUTIONS)))
                if declaration.tensor in self.hot:
                    values[declaration.tensor] = self._one_hot(shape, self.hot[declaration.tensor])
                elif declaration.values is not None:
                    values[declaration.tensor] = self.whole(
                        declaration.tensor, declaration.values.extent, shape, extents
                    )
                elif self.variety is not None:
                    values[declaration.tensor] = self.variety.entries(self.draw, declaration, shape, attempt)
                else:
                    values[declaration.tensor] = DISTRIBUTIONS[which](self.draw, shape)
        return values

    @cached_property
    def hot(self) -> Mapping[str, int]:
        """The inputs that are one-hot, with the axis along which; all others are moved to where the facts hold."""
        found: dict[str, int] = {}
        for fact in (g.hot for g in self.system.givens):
            if fact is not None and isinstance(fact.body, Indexed):
                found[fact.body.tensor] = fact.body.indices.index(fact.indices[0])
        return found

    def _one_hot(self, shape: tuple[int, ...], axis: int) -> Array:
        """Return zeros with a 1 at a random place along an axis."""
        places = self.draw.integers(shape[axis], size=(*shape[:axis], 1, *shape[axis + 1 :]))
        entries = np.zeros(shape)
        np.put_along_axis(entries, places, 1.0, axis)
        return entries

    @cached_property
    def looked_up(self) -> Mapping[str, Size]:
        """The axes that whole numbers are positions of."""
        return {one.entry.tensor: one.extent for e in self.system.equations for one in constraints_of(e).lookups}

    def whole(self, tensor: str, declared: Size, shape: tuple[int, ...], extents: Mapping[Size, int]) -> Array:
        """Return random whole numbers as declared, inside of the axis that they are looked up on.

        The size of either may be one that positions determine.
        """
        bounds = {declared, self.looked_up.get(tensor, declared)}
        known = (
            extents
            if all(isinstance(b, Literal) or b in extents for b in bounds)
            else solve(self.system.derived, extents)
        )
        count = min(b.count if isinstance(b, Literal) else known[b] for b in bounds)
        return np.asarray(self.draw.integers(0, count, size=shape), np.float64)

    def evaluated(self, values: dict[str, Array]) -> Evaluation | None:
        """Return what comes of the values if every equation is finite; note the first that is not."""
        evaluation = evaluate_all(self.system, values, unknowns=self.unknowns, sizes=self.sizes)
        for equation in self.system.equations:
            if not np.isfinite(evaluation.scope.values[equation.name]).all():
                text = equation_text(equation.target, equation.value)
                self.failures[(f"{equation.name} is not finite at any random point", text)] += 1
                return None
            for name in _matrices(equation.value):
                if condition(evaluation.scope.values[name]) > LARGEST_CONDITION:
                    text = equation_text(equation.target, equation.value)
                    self.failures[(f"{name} is near to a singular matrix at every random point", text)] += 1
                    return None
        return evaluation

    def meet(self, values: dict[str, Array]) -> bool:
        """Move the values to where the facts hold; say whether they got there."""
        if not self.system.givens:
            return True
        names = self._variables(values)
        scope_of = moving(self._evaluation(values), names)
        for _ in range(self.steps):
            gaps, equal = self._gaps(scope_of({name: values[name] for name in names}))
            unmet = ~np.where(equal, np.abs(gaps) <= 1e-13, gaps > 0)
            if not unmet.any():
                return True
            if not np.isfinite(gaps).all():
                break
            active = equal | unmet
            wanted = np.where(equal, 0, self.draw.uniform(0.2, 1, size=gaps.shape))
            if not names:
                break
            slopes = self._slopes(values, names, scope_of)
            step, *_ = np.linalg.lstsq(slopes[active], (wanted - gaps)[active], rcond=1e-9)
            _move(values, names, step)
        gaps, equal = self._gaps(scope_of({name: values[name] for name in names}))
        met = np.where(equal, np.abs(gaps) <= 1e-10, gaps > 0)
        if met.all():
            return True
        self.failures[self._unmet(values)] += 1
        return False

    def _variables(self, values: Mapping[str, Array]) -> tuple[str, ...]:
        """Return the inputs to move: those that facts are about, at once or through what is computed from them."""
        fixed = {
            *self.hot,
            *counting(self.system),
            *(d.tensor for d in self.system.declarations if d.values is not None),
        }
        return tuple(name for name in values if name not in fixed and name in self.leading)

    @cached_property
    def leading(self) -> frozenset[str]:
        """The tensors that facts mention, and all that these are computed from."""
        read: dict[str, frozenset[str]] = {
            d.tensor: frozenset(a.tensor for a in d.arguments) for d in self.system.declarations if d.arguments
        }
        read |= {e.name: tensors_in(e.value) for e in self.system.equations}
        found = set[str]()
        waiting: list[str] = [t for g in self.system.givens for t in tensors_in(g.condition)]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(read.get(name, ()))
        return frozenset(found)

    def _evaluation(self, values: Mapping[str, Array]) -> Evaluation:
        """Return the values that facts are about."""
        return evaluate_all(self._only_facts, values, unknowns=self.unknowns, sizes=self.sizes)

    @cached_property
    def _only_facts(self) -> System:
        equations = tuple(e for e in self.system.equations if e.name in self.leading)
        return replace(self.system, givens=(), equations=equations)

    def _gaps(self, scope: Scope) -> tuple[Array, Array]:
        """Return a number per entry of each fact, 0 where an equality holds and > 0 where another fact does."""
        gaps, equal = [], []
        for given in self.system.givens:
            relation = given.condition.relation
            left, right = sides(given.condition, scope, free_in_order(given.condition))
            difference = right - left if relation in {"<", "<="} else left - right
            gaps.append((np.abs(difference) if relation == "!=" else difference).ravel())
            equal.append(np.full(difference.size, relation == "="))
        return np.concatenate(gaps), np.concatenate(equal)

    def _slopes(
        self, values: Mapping[str, Array], names: tuple[str, ...], scope_of: Callable[[Mapping[str, Array]], Scope]
    ) -> Array:
        """Return the derivatives of the gaps by all entries of the named inputs, from central differences."""
        columns = []
        moved = {name: np.array(values[name]) for name in names}
        for name in names:
            flat = moved[name].reshape(-1)
            for place in range(flat.size):
                middle = flat[place]
                width = 1e-6 * max(1.0, abs(middle))
                flat[place] = middle + width
                above = self._gaps(scope_of(moved))[0]
                flat[place] = middle - width
                below = self._gaps(scope_of(moved))[0]
                flat[place] = middle
                columns.append((above - below) / (2 * width))
        return np.stack(columns, axis=1)

    def _unmet(self, values: Mapping[str, Array]) -> tuple[str, str]:
        """Return the failure of the first fact that does not hold."""
        for given in self.system.givens:
            alone = _Search(replace(self.system, givens=(given,)), self.sizes, self.unknowns, self.draw)
            gaps, equal = alone._gaps(alone._evaluation(values).scope)
            if not np.where(equal, np.abs(gaps) <= 1e-10, gaps > 0).all():
                return f"given {expression_text(given.condition)} holds at no random point", ""
        return "the facts do not hold together at any random point", ""


def _solved(system: System, sizes: dict[Size, int]) -> dict[Size, int]:
    """Return the sizes with those that positions limit; without them where nothing is left of one."""
    try:
        return solve([one for one in system.derived if one.given or one.extent not in sizes], sizes)
    except InputError:
        return sizes


def _move(values: dict[str, Array], names: tuple[str, ...], step: Array) -> None:
    start = 0
    for name in names:
        size = values[name].size
        values[name] = values[name] + step[start : start + size].reshape(values[name].shape)
        start += size


def _matrices(expr: Expr) -> tuple[str, ...]:
    """Return the tensors that an expression takes the determinant or the inverse of."""
    return tuple(dict.fromkeys(part.tensor for part in walk(expr) if isinstance(part, MatrixEntry)))
