"""A system whose layers repeat, told as a family: `for l = 1..L:` in the place of one equation after the other.

This undoes what `Families.at` does. What the first layer reads in the place of a layer before it is named as one:
a[0; i] for x[i].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from chainrule.expr.binding import own_indices
from chainrule.expr.nodes import Index, Indexed, walk
from chainrule.expr.symbols import Derivative, Symbol, Tensor, tensors_of
from chainrule.families.layer_letters import letters_between, with_other_letters
from chainrule.families.layer_sums import with_layer_sums
from chainrule.families.repeated_layers import (
    EqualLayers,
    Members,
    Move,
    base_of_layers,
    named_in,
    number_of,
    numbered,
    repeated,
    with_each_named,
)
from chainrule.families.rewriting import everywhere
from chainrule.families.templates import Item, Step, StepBlock, StepRange
from chainrule.system.model import Equation, System

FEWEST = 3
"""So many equal layers make a family."""
LETTERS = tuple((letter, letter.upper()) for letter in "lrstubnvwfgh")
"""The letters of a layer and of how many there are, in the order in which they are tried."""


@dataclass(frozen=True)
class Folding:
    """How the layers of a system are called in a family.

    `members` are the tensors that have a number, with the family and that; `bases` those of them whose name says
    nothing of it, x for a[0]. `first` is the number of the first layer of the forward pass that is like others, `run`
    are those of the last block. `axes` are the indices of all tensors of the system.
    """

    members: Members
    bases: Members
    letter: str
    last: str
    count: int
    first: int
    run: tuple[int, int]
    axes: Mapping[Symbol, tuple[Index, ...]]

    def items(self, equations: Sequence[Equation], least: int = 2) -> tuple[Item, ...]:
        """Return equations in their order under the names of the family, those of equal layers in blocks."""
        found = repeated(equations, self.members, least)
        return tuple([self.named(one) if isinstance(one, Equation) else self._block(one) for one in found])

    @property
    def names(self) -> frozenset[str]:
        """The names of the families, and the letters of a layer and of how many there are."""
        return frozenset((self.letter, self.last, *(family for family, _ in self.members.values())))

    def base_equations(self, system: System) -> tuple[Equation, ...]:
        """Return what says which other names tensors have in the family: a[0; i] = x[i]."""
        named = ((base, self.member(base), system.axes(base)) for base in self.bases if isinstance(base, Tensor))
        return tuple([Equation(Indexed(member, axes), Indexed(base, axes)) for base, member, axes in named])

    def upwards(self, equations: Sequence[Equation]) -> tuple[Equation, ...]:
        """Return equations with those of the first layer first, and those of no layer last."""
        numbers = [number_of(equation.name, self.members) for equation in equations]
        order = sorted(zip(numbers, equations, strict=True), key=lambda one: (one[0] is None, one[0] or 0))
        return tuple([equation for _, equation in order])

    def shown(self, equations: Sequence[Equation]) -> tuple[Item, ...]:
        """Return the same with sums over layers where terms of equal layers are added, for printing only."""
        found = [
            with_layer_sums(one, self.members, FEWEST, self._block) if isinstance(one, Equation) else one
            for one in repeated(equations, self.members, 2)
        ]
        return tuple([self.named(one) if isinstance(one, Equation) else self._block(one) for one in found])

    def named(self, equation: Equation) -> Equation:
        """Return an equation of a single layer, or of none, under the names of the family."""
        return with_each_named(self._in_letters(equation), everywhere(self.member))

    def _in_letters(self, equation: Equation) -> Equation:
        """Return an equation of a layer behind the first of those that are equal in the letters of that one."""
        named = [part for name in named_in(equation) for part in tensors_of(name)]
        own = number_of(equation.name, self.members)
        number = max((self.members[t][1] for t in named if t in self.members), default=0) if own is None else own
        first = self.first
        if number <= first:
            return equation
        return with_other_letters(equation, letters_between(self.members, self.axes, number, first))

    def member(self, tensor: Tensor) -> Symbol:
        """Return what a tensor of a single layer is called: z[1;], z[L;]."""
        if tensor not in self.members:
            return tensor
        family, number = self.members[tensor]
        low, high = self.run
        return Tensor(family, (self._step(number, low < number and number - low >= high - number),))

    def _step(self, number: int, from_the_last: bool) -> Step:
        return (self.last, number - self.count) if from_the_last else ("", number)

    def _block(self, run: EqualLayers) -> StepBlock:
        low, high = min(run.numbers), max(run.numbers)
        ends = self._step(low, low > self.run[1]), self._step(high, high > self.run[0])
        steps = StepRange(self.letter, *ends, down=run.numbers[0] > run.numbers[-1])
        pairs = zip(run.lowest, run.moves, strict=True)
        return StepBlock(steps, tuple([self._template(equation, moves) for equation, moves in pairs]))

    def _template(self, equation: Equation, moves: Sequence[Move]) -> Equation:
        """Return an equation of the lowest of equal layers as that of each."""
        equation, left = self._in_letters(equation), iter(moves)

        def named(symbol: Symbol) -> Symbol:
            shifts = next(left)
            if set(shifts) <= {None}:
                return everywhere(self.member)(symbol)
            counted = iter(shifts)
            return everywhere(lambda tensor: self._counted(tensor, next(counted)))(symbol)

        return with_each_named(equation, named)

    def _counted(self, tensor: Tensor, shift: int | None) -> Symbol:
        return self.member(tensor) if shift is None else Tensor(self.members[tensor][0], ((self.letter, shift),))


def folding_of(
    system: System, forward: Sequence[Equation], others: Sequence[Sequence[Equation]] = ()
) -> Folding | None:
    r"""Return how a system is told as a family, None where not three layers of its forward pass are equal.

    `others` are more equations of its layers, of the backward pass say, in which tensors of their own may be counted.

    >>> from chainrule.notation import parse
    >>> text = "data x\nparam w1, w2, w3\na1 = tanh(w1*x)\na2 = tanh(w2*a1)\na3 = tanh(w3*a2)\ncost C = a3^2"
    >>> system = parse(text)
    >>> folding = folding_of(system, system.equations)
    >>> [folding.member(name) for name in system.names()]
    ['a[0;]', 'w[1;]', 'w[L-1;]', 'w[L;]', 'a[1;]', 'a[L-1;]', 'a[L;]', 'C']
    """
    taken = _taken(system)
    plain = numbered(tuple(system.names()), taken)
    taken |= {family for family, _ in plain.values()}
    letters = next((pair for pair in LETTERS if taken.isdisjoint(pair)), None)
    if letters is None:
        return None
    outside = [d.tensor for d in system.declarations if d.role in ("data", "param") and not d.arguments]
    bases = base_of_layers(forward, plain, outside)
    runs = _runs(forward, {**plain, **bases}, FEWEST)
    read = {tensor for run in runs for tensor in run.moving()}
    if bases.keys() - read:
        bases = {tensor: at for tensor, at in bases.items() if tensor in read}
        runs = _runs(forward, {**plain, **bases}, FEWEST)
    if not runs:
        return None
    every = {**plain, **bases}
    families = _families(runs, every)
    count = max(number for family, number in every.values() if family in families)
    for section in others:
        for run in _runs(section, every, 2):
            counted = _families([run], every)
            families |= counted if families & counted else frozenset()
    members = {tensor: at for tensor, at in every.items() if at[0] in families}
    first, last = runs[0].numbers, runs[-1].numbers
    axes = {name: system.axes(name) for name in members}
    return Folding(members, bases, *letters, count, min(first), (min(last), max(last)), axes)


def _runs(equations: Sequence[Equation], members: Members, least: int) -> list[EqualLayers]:
    return [one for one in repeated(equations, members, least) if isinstance(one, EqualLayers)]


def _families(runs: Sequence[EqualLayers], members: Members) -> frozenset[str]:
    return frozenset(members[tensor][0] for run in runs for tensor in run.moving())


def _taken(system: System) -> frozenset[str]:
    """Return the names that no family may have: those of tensors, functions, samples and indices."""
    tensors = (part for name in system.names() for part in tensors_of(name))
    return frozenset((*tensors, *system.function, *_index_names(system), system.batch or ""))


def _index_names(system: System) -> frozenset[str]:
    """Return the letters of indices; what is bound in a derivative is printed by another one where its own is taken."""
    forward = chain(*((e.target, e.value) for e in system.equations if not isinstance(e.name, Derivative)))
    read = chain.from_iterable(own_indices(part) for side in forward for part in walk(side))
    free = (i for e in (*system.equations, *system.updates) for i in e.indices)
    labels = (i for d in system.declarations for i in d.indices)
    return frozenset(i.preferred for i in chain(labels, system.indices, read, free))
