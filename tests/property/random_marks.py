"""Random systems with marks, bounded ranges, extrema and look-ups as text: one system for each number.

None to two equations and a cost, of whatever the notation allows. Some make no sense and some are defined at no random
point: whoever uses them leaves these out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HEADER = "data tok[t] : int(k), lab[s] : int(k)\nparam x[p], w[u], y[k], A[k,u], c\n"
SMOOTH = ("tanh({})", "({})^2", "sin({})", "1/(1 + ({})^2)", "exp(-({})^2)")
REDUCTIONS = ("sum", "sum", "sum", "max", "min", "mean")
BOUND = "abdegh"


@dataclass
class Builder:
    """Draws one system. `ranks` are those of the tensors that may be read."""

    random: random.Random
    ranks: dict[str, int] = field(default_factory=lambda: {"x": 1, "w": 1, "y": 1, "A": 2})

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def position(self, scope: tuple[str, ...]) -> str:
        letter, other = self.pick(*scope), self.pick(*scope)
        forms = [letter] * 6 + [f"{letter}+1", f"{letter}-1", f"{letter}+2", f"2*{letter}", f"2*{letter}+1"]
        forms += [f"1-{letter}", f"2-{letter}"] + [f"{letter}+{other}"] * (letter != other)
        return self.pick(*forms)

    def entry(self, scope: tuple[str, ...]) -> str:
        tensor = self.pick(*self.ranks, "x", "w", "y")
        if not self.ranks[tensor]:
            return tensor
        positions = [self.position(scope) for _ in range(self.ranks[tensor])]
        if tensor in ("y", "A") and self.chance(0.3):
            positions[0] = f"{self.pick('tok', 'lab')}[{positions[0]}]"
        return f"{tensor}{'?' * self.chance(0.45)}[{','.join(positions)}]"

    def leaf(self, scope: tuple[str, ...]) -> str:
        if not scope:
            return self.pick("c", "c", "2", "1/2", *(name for name, rank in self.ranks.items() if not rank))
        return self.entry(scope) if self.chance(0.92) else self.pick("c", "2", f"({scope[0]} + 1)")

    def expression(self, scope: tuple[str, ...], depth: int) -> str:
        kind = self.random.random() if depth else 0.0
        if kind < 0.22:
            return self.leaf(scope)
        if kind < 0.42:
            return f"({self.expression(scope, depth - 1)} + {self.expression(scope, depth - 1)})"
        if kind < 0.68:
            return f"{self.expression(scope, depth - 1)}*{self.expression(scope, depth - 1)}"
        if kind < 0.78:
            return self.pick(*SMOOTH).format(self.expression(scope, depth - 1))
        if kind < 0.83 and scope:
            condition = f"{self.position(scope)} {self.pick('=', '<', '>=')} {self.pick('1', '2', *scope)}"
            return f"[{condition}]*{self.expression(scope, depth - 1)}"
        letter = self.pick(*(letter for letter in BOUND if letter not in scope))
        bound = f"<{self.random.randint(1, 3)}" if self.chance(0.55) else ""
        return f"({self.pick(*REDUCTIONS)}({letter}{bound}) ({self.expression((*scope, letter), depth - 1)}))"

    def system(self) -> str:
        lines, squares = [], []
        for number in range(1, self.random.randint(0, 2) + 1):
            scope = self.random.choice(((), ("i",), ("i",), ("i", "j")))
            name = f"h{number}[{','.join(scope)}]" if scope else f"h{number}"
            lines.append(f"{name} = {self.expression(scope, 2)}")
            squares.append(f"(sum({','.join(scope)}) {name}^2)" if scope else f"{name}^2")
            self.ranks[f"h{number}"] = len(scope)
        cost = " + ".join((self.expression((), 3), *squares))
        return HEADER + "\n".join((*lines, f"cost C = {cost}")) + "\n"


def marked_system(number: int) -> str:
    """Return the text of the system of a number."""
    return Builder(random.Random(number)).system()
