"""Entries of an ordinary axis at a step, x[t-1,i]: derivatives by them are derivatives by x at one position of it."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.expr.binding import substitute_indices
from chainrule.expr.nodes import ZERO, Affine, Bracket, Comparison, Expr, Index, Indexed, IndexValue, Position, times
from chainrule.families.templates import Step
from chainrule.system.model import Equation

FREE = Index("")
"""Stands for the positions of an entry that are no steps."""


def at_positions(equation: Equation, target: Indexed, positions: Sequence[Position]) -> Expr:
    """Return a value in the letters of a target, which has axes more: those at which `positions` are steps.

    There it is 0 but for that position: [p = t-1]. Without positions all axes are those of the equation.
    """
    if not positions:
        positions = (FREE,) * len(target.indices)
    pairs = list(zip(target.indices, positions, strict=True))
    free = [index for index, position in pairs if position == FREE]
    there = zip(equation.indices, free, strict=True)
    value = substitute_indices(equation.value, {a: b for a, b in there if isinstance(b, Index) and a != b})
    brackets = [same(index, position) for index, position in pairs if position != FREE]
    return times(*brackets, value) if brackets and value != ZERO else value


def same(own: Position, there: Position) -> Bracket:
    """Return the bracket that is 1 where two steps or positions are one: [p = t-1]."""
    return Bracket(Comparison("=", IndexValue(own), IndexValue(there)))


def position_at(step: Step) -> Position:
    """Return a step as a position."""
    letter, shift = step
    if not letter:
        return Affine((), shift)
    return Affine(((Index(letter), 1),), shift) if shift else Index(letter)
