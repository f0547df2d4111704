"""What is shown of moves: a table of what each entry adds to the change of the cost, and one of ever smaller steps."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.explanation.moves import Moved, Moves
from chainrule.expr.nodes import Affine, Expr, Indexed
from chainrule.expr.symbols import Derivative
from chainrule.render.document import Cell, Line, Node, Note, Table, Words, joined, words
from chainrule.render.formula import ShownFormula, formula
from chainrule.render.numbers import number_text
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
    if not moves.terms and moves.limits.as_derived:
        yield Note(
            words("Nothing moves with it, so ", cost, " does not change: ", derivative, " = ", moves.derivative, ".")
        )
        return
    if moves.terms:
        yield _table(moves, cost, h)
        yield from (Note(said) for said in _below(moves, own, cost, h))
    if not moves.limits.as_derived:
        yield _both_sides(moves, cost, h)
        yield from (Note(said) for said in _no_derivative(moves, cost, h, derivative))
        return
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
    if moves.in_turn:
        moved = words(
            "Δ is how far the entry moves when ", own, " moves for it alone, ", change, " how much ", cost,
            " changes when all that depends on the entry follows.",
        )  # fmt: skip
    else:
        moved = words(
            "Δ is how far the entry moves with ", own, ", ", change, " how much ", cost, " changes when it moves alone."
        )
    goes = words(", which ", change, "/", h, " goes to.") if moves.limits.as_derived else (".",)
    yield words(moved, " Its contribution is the product of the chain rule", *goes)
    if moves.others:
        yield words(f"… stands for {moves.others} smaller contributions together.")
    if moves.still:
        many, them = (f"{moves.still} other entries do", "them") if moves.still > 1 else ("1 other entry does", "it")
        directly = "directly " if moves.in_turn else ""
        yield words(f"{many} not move {directly}with ", own, f": nothing is contributed {directly}through {them}.")


def _limit(moves: Moves, cost: ShownFormula, h: ShownFormula) -> Table:
    """Return the change of the cost over the step, for each step."""
    change = words("Δ", cost, "/", h)
    alone: tuple[Cell, ...] = (words(change, ", each entry alone, added up"),) if moves.summed else ()
    headings: tuple[Cell, ...] = (words(h), *alone, words(change, ", all at once"))
    measured = (moves.summed, moves.measured) if moves.summed else (moves.measured,)
    rows = tuple((str(size), *numbers) for size, *numbers in zip(moves.steps, *measured, strict=True))
    return Table(headings, rows)


def _both_sides(moves: Moves, cost: ShownFormula, h: ShownFormula) -> Table:
    """Return the change of the cost over the step, for steps above 0 and below."""
    signed = [*zip(moves.steps, moves.measured, strict=True), *((-s, m) for s, m in _from_below(moves))]
    return Table((words(h), words("Δ", cost, "/", h)), tuple((f"{s}".replace("-", "−"), m) for s, m in signed))


def _from_below(moves: Moves) -> Iterator[tuple[float, float]]:
    return zip(moves.steps, moves.below, strict=True)


def _no_derivative(moves: Moves, cost: ShownFormula, h: ShownFormula, derivative: ShownFormula) -> Iterator[Words]:
    """Say that there is no derivative at this point, or not the one that was derived, and what is taken for it."""
    quotient, limits = words("Δ", cost, "/", h), moves.limits
    if limits.smooth:
        yield words(quotient, " goes to ", _limit_words(limits.above), " as ", h, " goes to 0, from either side.")
    else:
        yield words(
            "At this point ", cost, " has no derivative with respect to ", _entry(moves.tensor, moves.place), ": as ",
            h, " goes to 0, ", quotient, " goes to ", _limit_words(limits.above), " from above and to ",
            _limit_words(limits.below), " from below.",
        )  # fmt: skip
    why = words(": ", joined(moves.conventions, "; ")) if moves.conventions else ()
    yield words(derivative, " = ", moves.derivative, " is what the backward pass gives", *why, ".")


def _limit_words(limit: float | None) -> float | str:
    return "no number" if limit is None else limit


def _not_so_many_times(moves: Moves) -> Iterator[Words]:
    """Say what a sum over entries would be if all its terms were like the largest, where that is something else."""
    count = len(moves.terms) + moves.others + moves.still
    if count < 2 or len({term.tensor for term in moves.terms}) > 1 or not all(term.place for term in moves.terms):
        return
    largest = max(moves.terms, key=lambda term: abs(term.share))
    if number_text(count * largest.share) != number_text(moves.derivative):
        yield words(f"{count} times the contribution of ", _name(largest), " would be ", count * largest.share, ".")


def _name(term: Moved) -> ShownFormula:
    return _entry(term.tensor, term.place)


def _entry(tensor: str, place: tuple[int, ...]) -> ShownFormula:
    return formula(Indexed(tensor, tuple(Affine((), number) for number in place)))
