"""Answers with sums over steps: sum(t) h[t-1; j]*∂C/∂z[t; k] adds up the shares that the steps have in ∂C/∂U[k,j].

The sum is compared share by share where it is one sum, which holds for any number of steps; else it is written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

from chainrule.checking.answer import sides_of
from chainrule.checking.written_steps import WrittenSteps, raised_in_text
from chainrule.expr.nodes import Expr, Indexed, operands, plus, with_operands
from chainrule.expr.symbols import Symbol, Tensor, symbol
from chainrule.families.rewriting import everywhere, moved, with_tensors
from chainrule.families.step_ranges import range_of
from chainrule.families.templates import letter_summed
from chainrule.notation import parse_expression
from chainrule.render.text import expression_text
from chainrule.system.locations import Location
from chainrule.system.model import Equation, System
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.typecheck import typecheck

_HEAD = r"(?:(?:Σ|∑)_?(?:\{\s*(?P<braces>\w+)\s*(?:=[^}]*)?\}|(?P<bare>\w))|sum\s*\(\s*(?P<word>\w+)\s*\))"
_EVERY = "every "
"""Names what all other equations read of a tensor whose share in one of them is looked at."""
_SUM = re.compile(_HEAD)
_RANGE = re.compile(r"(?P<sum>[Σ∑]_?)\{\s*(?P<letter>\w+)\s*=[^}]*\.\.[^}]*\}")


def without_ranges(answer: str) -> str:
    """Return an answer whose sums over steps have no range: Σ_{t=1..T}, as it is printed, is Σ_{t}."""
    return _RANGE.sub(r"\g<sum>{\g<letter>}", answer)


def summed_letters(answer: str, letters: Collection[str]) -> set[str]:
    """Return those letters of steps that an answer has sums over."""
    found = {m["braces"] or m["bare"] or m["word"] for m in _SUM.finditer(answer)}
    return found & set(letters)


def share_in(answer: str, letter: str) -> str:
    """Return the answer for the share of one step, where one sum over a letter is all of it; else ""."""
    start, right = sides_of(answer)[-1]
    found = _SUM.match(right.strip())
    if found is None or letter not in (found["braces"], found["bare"], found["word"]):
        return ""
    body = right.strip()[found.end() :]
    return "" if _is_sum(body) or summed_letters(body, {letter}) else f"{answer[:start]} {body.strip()}"


def _is_sum(text: str) -> bool:
    """Say whether there is a + or − outside of all brackets, behind something."""
    depth, before = 0, ""
    for mark in text:
        depth += (mark in "([{") - (mark in ")]}")
        if depth == 0 and mark in "+-−" and before and before not in "*/·^(":
            return True
        before = mark if not mark.isspace() else before
    return False


def written_out_sums(answer: str, written: WrittenSteps) -> str:
    """Return an answer in which sums over steps are written out, for a family at so many steps.

    Raises NotationError for what cannot be read.
    """
    letters = {steps.letter for steps in written.families.ranges}
    over = summed_letters(answer, letters)
    if not over:
        return answer
    start, right = sides_of(answer)[-1]
    system = _with_examples(answer, over, written)
    value = parse_expression(right, system, steps=over, written_out=lambda node: _written_out(node, written))
    return f"{answer[:start]} {expression_text(value)}"


def of_one_share(written: WrittenSteps, tensor: Tensor, readers: Collection[Symbol]) -> System | None:
    """Return the system of a family in which a tensor is what some equations read alone; others read one of its value.

    Then the derivative by it is the share that these equations have. None for a tensor that is not there.
    """
    system, every = erase_sizes(written.system), Tensor(f"{_EVERY}{tensor.name}", tensor.superscript)
    if tensor not in set(system.names()):
        return None

    def others(one: Symbol) -> Symbol:
        return every if one == tensor else one

    indices = system.axes(tensor)
    equations = [Equation(Indexed(tensor, indices), Indexed(every, indices))] if tensor in system.declared else []
    for equation in system.equations:
        if equation.name == tensor:
            equations.append(Equation(Indexed(every, equation.indices), equation.value))
            equations.append(Equation(equation.target, Indexed(every, equation.indices)))
        else:
            read = equation.value if equation.name in readers else _with(equation.value, others)
            equations.append(Equation(equation.target, read))
    declared = (replace(d, tensor=others(symbol(d.tensor))) for d in system.declarations)
    return typecheck(replace(system, declarations=tuple(declared), equations=tuple(equations)))


def _with(value: Expr, change: Callable[[Tensor], Symbol]) -> Expr:
    changed: Any = with_tensors(value, everywhere(change))
    return changed  # type: ignore[no-any-return]


def _with_examples(answer: str, over: set[str], written: WrittenSteps) -> System:
    """Return the system of a family with a tensor for each name in an answer whose step is summed over."""
    system, known = written.system, set(written.system.names())
    made: dict[Tensor, Equation] = {}
    for tensor in raised_in_text(answer):
        if not {letter for letter, _ in tensor.superscript} & over or tensor in known:
            continue
        member = next(_members(tensor, over, written), None)
        if member is not None:
            made[tensor] = Equation(*(Indexed(one, system.axes(member)) for one in (tensor, member)))
    return system.with_equations((*system.equations, *made.values()))


def _members(tensor: Tensor, over: set[str], written: WrittenSteps) -> Iterator[Symbol]:
    names = set(written.system.names())
    for step in range(max(written.numbers.values(), default=0) + 1):
        member = written.called(written.at(tensor, dict.fromkeys(over, step)))
        if member in names:
            yield member


def _written_out(value: Any, written: WrittenSteps) -> Any:
    letter = letter_summed(value)
    if letter:
        (body,) = (_written_out(part, written) for part in operands(value))
        steps = range_of(written.families, value, Location("expression"))
        terms = [_at_step(body, letter, number, written) for number in sorted(steps.steps(written.numbers))]
        return plus(*terms)
    parts = operands(value)
    return with_operands(value, [_written_out(part, written) for part in parts]) if parts else value


def _at_step(body: Expr, letter: str, number: int, written: WrittenSteps) -> Expr:
    def change(tensor: Tensor) -> Tensor:
        if letter not in {own for own, _ in tensor.superscript}:
            return tensor
        return written.called(written.at(moved(tensor, {letter: ("", number)})))

    return _with(body, change)
