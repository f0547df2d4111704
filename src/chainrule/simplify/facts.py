"""The facts of a system that an expression could use, found without looking at all of them.

A fact is filed under the rarest tensor of its pattern. Those that matter for an expression are the ones whose tensors
all occur in it, or come into it when one such fact is used (not further: a chain of activations is a chain of facts);
so a deep network costs no more per layer than a shallow one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from chainrule.expr.binding import tensors_in
from chainrule.simplify.context import Fact

_GENERATIONS = 2


class FactBook:
    """All facts of one system, by tensor."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        listed = [(fact, tensors_in(fact.pattern)) for fact in facts]
        uses = Counter(tensor for _, tensors in listed for tensor in tensors)
        self._filed: dict[str, list[tuple[int, Fact, frozenset[str]]]] = {}
        self._relevant: dict[frozenset[str], tuple[Fact, ...]] = {}
        self._reads: dict[str, list[frozenset[str]]] = {}
        for place, (fact, tensors) in enumerate(listed):
            if tensors:
                rarest = min(tensors, key=lambda tensor: (uses[tensor], tensor))
                self._filed.setdefault(rarest, []).append((place, fact, tensors))
            for tensor in tensors:
                self._reads.setdefault(tensor, []).append(tensors)

    def relates(self, left: frozenset[str], right: frozenset[str]) -> bool:
        """Say whether a fact reads tensors of both."""
        return any(not tensors.isdisjoint(right) for tensor in left for tensors in self._reads.get(tensor, ()))

    def relevant(self, tensors: frozenset[str]) -> tuple[Fact, ...]:
        """Return the facts that could be recognised in an expression that reads these, in the order of the system."""
        if tensors not in self._relevant:
            self._relevant[tensors] = self._found(tensors)
        return self._relevant[tensors]

    def _found(self, tensors: frozenset[str]) -> tuple[Fact, ...]:
        present = set(tensors)
        waiting = sorted(present)
        open_facts: list[tuple[int, Fact, frozenset[str]]] = []
        found: dict[int, Fact] = {}
        for _ in range(_GENERATIONS):
            candidates = [*open_facts, *(f for tensor in waiting for f in self._filed.get(tensor, ()))]
            waiting, open_facts = [], []
            for place, fact, tensors in candidates:
                if not tensors <= present:
                    open_facts.append((place, fact, tensors))
                    continue
                found[place] = fact
                waiting.extend(sorted(tensors_in(fact.replacement) - present))
            present.update(waiting)
        return tuple(found[place] for place in sorted(found))
