"""What derivatives of families are by, and their cases: ∂C/∂v at some steps, and how it was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.expr.nodes import Index
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.families.step_order import Interval
from chainrule.families.templates import StepRange
from chainrule.families.uses import Definition, StepUse
from chainrule.system.model import Equation, System

Derive: TypeAlias = Callable[[System, Symbol], Equation | None]
"""Derives the cost of a system by one of its tensors; None where that is an unknown function's own derivative."""
Box: TypeAlias = Mapping[str, Interval]


@dataclass(frozen=True)
class Subject:
    """What is derived by: a tensor at a position, the steps it stands for, and the equation that defines it, if any."""

    tensor: Tensor
    box: Box
    own: Definition | None
    indices: tuple[Index, ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of its steps."""
        return tuple(self.box)

    @property
    def blocks(self) -> tuple[int, ...]:
        """The blocks that it is defined in."""
        return self.own.blocks if self.own is not None else ()


@dataclass(frozen=True)
class CaseWindow:
    """A system that a case is derived in, with the tensor derived by, as it is read by some equations.

    Where these read it at all of their steps, `over` are these steps: it is the share of one of them that is derived.
    `readers` are what these equations define, `beyond` is what the rest of the cost is called.
    """

    system: System
    tensor: Symbol
    over: tuple[StepRange, ...]
    readers: tuple[Tensor, ...]
    beyond: Tensor


@dataclass(frozen=True)
class StepCase:
    """∂C/∂v at some steps. `windows` are the systems it was derived in, the first for itself, others for its shares.

    `inner` and `frontier` are the uses in the first; `shared` says whether there are shares.
    """

    subject: Subject
    box: Box
    equation: Equation
    windows: tuple[CaseWindow, ...]
    inner: tuple[StepUse, ...]
    frontier: tuple[StepUse, ...]
    shared: bool

    @property
    def points(self) -> dict[str, tuple[str, int]]:
        """The letters that stand for one step only, with that."""
        return {letter: low for letter, (low, high) in self.box.items() if low == high}
