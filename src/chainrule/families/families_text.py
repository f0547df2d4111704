"""Families as text, which the parser reads back to equal ones: the statements of the head, then blocks, indented."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, assert_never

from chainrule.expr.binding import free_in_order, rename_indices
from chainrule.expr.nodes import (
    Call,
    Comparison,
    Condition,
    Expr,
    Index,
    Indexed,
    Reduce,
    operands,
    walk,
    with_operands,
)
from chainrule.expr.sizes import UNINFERRED, StepSpan
from chainrule.expr.symbols import Tensor, steps_text
from chainrule.families.templates import Blocks, Item, StepBlock, StepRange, letter_summed, raised_in, range_summed
from chainrule.render.text import entry_text, equation_text, expression_text
from chainrule.system.model import Declaration, Equation, Given
from chainrule.system.printing import system_text

if TYPE_CHECKING:
    from chainrule.expr.nodes import AnyNode

INDENT = "    "


def families_text(families: Blocks, *, unicode: bool = True) -> str:
    """Return families in the notation."""
    head = system_text(families.head, unicode=unicode)
    lines = "\n".join(_lines(families, families.items, "", unicode=unicode))
    updates = "\n".join(_lines(families, families.updates, "", "update ", unicode=unicode))
    return "\n\n".join(part for part in (head, lines, updates) if part)


def index_letters_taken(families: Blocks, *nodes: Expr) -> frozenset[str]:
    """Return the letters that no index in some expressions is printed by: functions, steps, how many there are."""
    taken = {*families.head.function, *(steps.letter for steps in families.ranges), *families.letters}
    return frozenset(taken - {letter_summed(part) for node in nodes for part in walk(node)})


def ranks_in(families: Blocks, *nodes: Expr) -> dict[str, int]:
    """Return how many axes the tensors have that some expressions name derivatives of and by."""
    named = list(dict.fromkeys(t for node in nodes for t in raised_in(node)))
    names = {t.name for t in named}
    known = {str(families.head.cost): 0}
    for declaration in families.head.declarations if names else ():
        if isinstance(declaration.tensor, Tensor):
            known[declaration.tensor.name] = len(declaration.indices)
    for _, template in families.templates() if names else ():
        match template:
            case Equation(Indexed(Tensor(name, _), indices), _) | Declaration(_, Tensor(name, _), indices):
                known[name] = len(indices)
    return {t: known[t.name] for t in named if t.name in known}


def range_text(steps: StepRange) -> str:
    """Return a range as it is written: l = 1..L, or l = L-1..1 where it is gone through downwards."""
    letter, first, last = _ends(steps)
    return f"{letter} = {first}..{last}"


def ranges_latex(ranges: Sequence[StepRange]) -> str:
    r"""Return ranges as they stand behind what holds for them, in the order in which their steps are done.

    >>> ranges_latex([StepRange("l", ("", 1), ("L", -1), down=True)])
    ' \\qquad l = L-1, \\ldots, 1'
    """
    return "".join(rf" \qquad {letter} = {first}, \ldots, {last}" for letter, first, last in map(_ends, ranges))


def _ends(steps: StepRange) -> tuple[str, str, str]:
    """Return the letter of a range, its first step and its last, as they are written."""
    ends = (steps.high, steps.low) if steps.down else (steps.low, steps.high)
    first, last = (steps_text((end,)) for end in ends)
    return steps.letter, first, last


def _lines(families: Blocks, items: tuple[Item, ...], indent: str, word: str = "", *, unicode: bool) -> Iterator[str]:
    for item in items:
        if isinstance(item, StepBlock):
            yield f"{indent}for {range_text(item.range)}:"
            yield from _lines(families, item.items, indent + INDENT, word, unicode=unicode)
        else:
            yield indent + word + _statement(families, item, unicode=unicode)


def _statement(families: Blocks, item: Equation | Declaration | Given, *, unicode: bool) -> str:
    names = index_letters_taken(families)
    match item:
        case Equation(target, value):
            names = index_letters_taken(families, value)
            word = "cost " if (target.tensor, target.indices) == (families.head.cost, ()) else ""
            ranks = ranks_in(families, target, value)
            return word + equation_text(target, as_reductions(value), taken=names, unicode=unicode, ranks=ranks)
        case Declaration(_, tensor, indices, _, arguments):
            listed = ", ".join(entry_text(a.tensor, a.indices) for a in arguments)
            return f"abstract {entry_text(tensor, indices)}({listed})"
        case Given(condition):
            return f"given {expression_text(_compared(condition), taken=names, unicode=unicode)}"
        case _:
            assert_never(item)


def as_reductions(node: AnyNode) -> AnyNode:
    """Return an expression in which sums over steps are reductions over their letters: for printing only."""
    parts = [as_reductions(part) for part in operands(node)]
    letter = letter_summed(node)
    if letter and isinstance(node, Call):
        body: Any = parts[0]
        steps = range_summed(node)
        run = UNINFERRED if steps is None else StepSpan(steps_text((steps.low,)), steps_text((steps.high,)))
        own = Index(letter, run)
        places = {index: own for index in free_in_order(body) if index.name == letter}
        summed: Any = Reduce("sum", (own,), rename_indices(body, places))
        return summed  # type: ignore[no-any-return]
    return with_operands(node, parts) if parts else node


def _compared(condition: Comparison) -> Condition:
    return as_reductions(condition)
