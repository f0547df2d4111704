"""The facts of a system that an expression could use, found without looking at all of them.

A fact is filed under the rarest tensor of its pattern. Those that matter for an expression are the ones whose tensors
all occur in it, or come into it when one such fact is used (not further: a chain of activations is a chain of facts);
so a deep network costs no more per layer than a shallow one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from chainrule.expr.binding import tensors_in
from chainrule.expr.skeleton import Bare, Renaming, bare, joined, packed
from chainrule.expr.symbols import Symbol
from chainrule.simplify.context import Fact

_GENERATIONS = 2


@dataclass(frozen=True)
class Filed:
    """A fact as it is filed: the tensors in its pattern and in its replacement, and its skeleton with its leaves.

    What says in other names what is known is put in its own when it is used: `like` is that fact, with the renaming.
    """

    tensors: frozenset[Symbol]
    replaced: frozenset[Symbol]
    bare: Bare
    found: Fact | None = None
    like: tuple[Filed, Renaming] | None = None

    @cached_property
    def fact(self) -> Fact:
        """The fact itself."""
        if self.found is not None:
            return self.found
        assert self.like is not None
        known, renaming = self.like
        return Fact(
            renaming.of(known.fact.pattern),
            renaming.of(known.fact.replacement),
            tuple(map(renaming.of, known.fact.variables)),
            known.fact.assumption,
        )

    def renamed(self, renaming: Renaming) -> Filed:
        """Return the fact in other names."""
        tensors, replaced = (
            frozenset(map(renaming.tensors.__getitem__, part)) for part in (self.tensors, self.replaced)
        )
        return Filed(tensors, replaced, renaming.bare(self.bare), like=(self, renaming))


def filed(fact: Fact) -> Filed:
    """Return a fact with what it is filed by."""
    parts = (fact.pattern, fact.replacement, *fact.variables)
    whole = packed(joined((fact.assumption,), [bare(part) for part in parts]))
    return Filed(tensors_in(fact.pattern), tensors_in(fact.replacement), whole, fact)


class FactBook:
    """All facts of one system, by tensor."""

    def __init__(self, facts: Iterable[Filed]) -> None:
        listed = tuple(facts)
        uses = Counter(tensor for fact in listed for tensor in fact.tensors)
        self._filed: dict[str, list[tuple[int, Filed]]] = {}
        self._relevant: dict[frozenset[Symbol], tuple[Filed, ...]] = {}
        self._reads: dict[str, list[frozenset[Symbol]]] = {}
        for place, fact in enumerate(listed):
            if fact.tensors:
                rarest = min(fact.tensors, key=lambda tensor: (uses[tensor], tensor))
                self._filed.setdefault(rarest, []).append((place, fact))
            for tensor in fact.tensors:
                self._reads.setdefault(tensor, []).append(fact.tensors)

    def relates(self, left: frozenset[Symbol], right: frozenset[Symbol]) -> bool:
        """Say whether a fact reads tensors of both."""
        return any(not tensors.isdisjoint(right) for tensor in left for tensors in self._reads.get(tensor, ()))

    def relevant(self, tensors: frozenset[Symbol]) -> tuple[Filed, ...]:
        """Return the facts that could be recognised in an expression that reads these, in the order of the system."""
        if not self._filed:
            return ()
        if tensors not in self._relevant:
            self._relevant[tensors] = self._found(tensors)
        return self._relevant[tensors]

    def _found(self, tensors: frozenset[Symbol]) -> tuple[Filed, ...]:
        present = set(tensors)
        waiting = tensors
        open_facts: list[tuple[int, Filed]] = []
        found: dict[int, Filed] = {}
        for _ in range(_GENERATIONS):
            candidates = open_facts
            for tensor in waiting:
                candidates += self._filed.get(tensor, ())
            open_facts, new = [], set[Symbol]()
            for place, fact in candidates:
                if fact.tensors <= present:
                    found[place] = fact
                    new |= fact.replaced
                else:
                    open_facts.append((place, fact))
            waiting = frozenset(new - present)
            present |= new
        return tuple([found[place] for place in sorted(found)])
