"""What is shown of moves: a table of what each entry adds to the change of the cost, and one of ever smaller steps."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.explanation.moves import Moved, Moves
from chainrule.expr.nodes import Affine, Expr, Indexed
from chainrule.expr.symbols import Derivative
from chainrule.render.document import Cell, Line, Node, Note, Table, Words, words
from chainrule.render.formula import ShownFormula, formula
from chainrule.render.text import whole_text

_SHOWN = 1
"""Which of the steps is shown in full."""


def moves_nodes(moves: Moves, step: Expr) -> Iterator[Node]:
    """Yield the numbers: what each entry adds, all together, and the limit. `step` is the letter of the small step."""
    own, h, cost = _entry(moves.tensor, moves.place), formula(step), formula(Indexed(moves.cost))
    derivative = _entry(Derivative(moves.cost, moves.tensor), moves.place)
    size = moves.steps[_SHOWN]
    yield Line(
        words("In numbers", *_which_numbers(moves), ": ", own, " = ", moves.value, " moves by ", h, f" = {size}.")
    )
    if not moves.terms:
        yield Note(
            words("Nothing moves with it, so ", cost, " does not change: ", derivative, " = ", moves.derivative, ".")
        )
        return
    yield _table(moves, cost, h)
    yield from (Note(said) for said in _below(moves, own, cost, h))
    yield _limit(moves, cost, h)
    both = "Both go" if moves.summed else "It goes"
    yield Note(words(both, " to ", derivative, " = ", moves.derivative, " as ", h, " goes to 0."))
    yield from (Note(said) for said in _not_so_many_times(moves))


def _which_numbers(moves: Moves) -> Iterator[str]:
    if moves.random:
        yield ", at a random point"
    if moves.unknown:
        functions = "random smooth functions" if len(moves.unknown) > 1 else "a random smooth function"
        yield f" and with {functions} for {' and '.join(map(whole_text, moves.unknown))}"


def _table(moves: Moves, cost: ShownFormula, h: ShownFormula) -> Table:
    """Return a row for each entry that moves: its value, its move, and what the cost changes by when it moves alone."""
    size = moves.steps[_SHOWN]
    change = words("Δ", cost)
    headings: tuple[Cell, ...] = ("entry", "value", "Δ", change, words(change, "/", h), "contribution")
    rows = tuple(
        (_name(term), term.value, term.moves[_SHOWN], term.changes[_SHOWN], term.changes[_SHOWN] / size, term.share)
        for term in moves.terms
    )
    rest: tuple[Cell, ...] = ("…", "", "", "", "", moves.rest) if moves.others else ()
    return Table(headings, rows, rest, left=(0,))


def _below(moves: Moves, own: ShownFormula, cost: ShownFormula, h: ShownFormula) -> Iterator[Words]:
    """Say what the columns are, and which entries have no row."""
    change = words("Δ", cost)
    moved = words(
        "Δ is how far the entry moves with ", own, ", ", change, " how much ", cost, " changes when it moves alone."
    )
    yield words(moved, " Its contribution is the product of the chain rule, which ", change, "/", h, " goes to.")
    if moves.others:
        yield words(f"… stands for {moves.others} smaller contributions together.")
    if moves.still:
        many, them = (f"{moves.still} other entries do", "them") if moves.still > 1 else ("1 other entry does", "it")
        yield words(f"{many} not move with ", own, f": nothing is contributed through {them}.")


def _limit(moves: Moves, cost: ShownFormula, h: ShownFormula) -> Table:
    """Return the change of the cost over the step, for each step."""
    change = words("Δ", cost, "/", h)
    alone: tuple[Cell, ...] = (words(change, ", each entry alone, added up"),) if moves.summed else ()
    headings: tuple[Cell, ...] = (words(h), *alone, words(change, ", all at once"))
    measured = (moves.summed, moves.measured) if moves.summed else (moves.measured,)
    rows = tuple((str(size), *numbers) for size, *numbers in zip(moves.steps, *measured, strict=True))
    return Table(headings, rows)


def _not_so_many_times(moves: Moves) -> Iterator[Words]:
    """Say what the sum would be if all terms were like the largest."""
    count = len(moves.terms) + moves.others + moves.still
    if count > 1:
        largest = max(moves.terms, key=lambda term: abs(term.share))
        yield words(f"{count} times the contribution of ", _name(largest), " would be ", count * largest.share, ".")


def _name(term: Moved) -> ShownFormula:
    return _entry(term.tensor, term.place)


def _entry(tensor: str, place: tuple[int, ...]) -> ShownFormula:
    return formula(Indexed(tensor, tuple(Affine((), number) for number in place)))
