"""Why a factor is 0, in words: the condition that does not hold, and the function that it comes from.

A bracket of values, [z1[j] > 0], is 0 where z1[j] ≤ 0; where an equation applies relu to z1[j], it is the derivative of
relu.
"""

from __future__ import annotations

from collections.abc import Callable

from chainrule.diff.scalars import scalar_derivative
from chainrule.expr.binding import Fresh, free_indices, open_reduce, rename_indices, tensors_in
from chainrule.expr.functions import OPPOSITE
from chainrule.expr.nodes import ONE, Bracket, Call, Comparison, Condition, Expr, Index, Indexed, Reduce, Select, walk
from chainrule.render.document import Words, words
from chainrule.render.formula import ShownFormula
from chainrule.render.letters import next_letter
from chainrule.system.model import System


def opposite(bracket: Expr) -> Comparison | None:
    """Return the comparison of values that holds where a bracket is 0; None for any other expression."""
    match bracket:
        case Bracket(Comparison(relation, left, right) as condition) if tensors_in(condition):
            return Comparison(OPPOSITE[relation], left, right)
        case _:
            return None


def function_with_derivative(bracket: Expr, system: System) -> str:
    r"""Return the function of the system whose derivative has a bracket like this one, or "".

    >>> from chainrule.notation import parse
    >>> system = parse("param z[j]\na[j] = relu(z[j])\ncost C = sum(j) [z[j] > 0]*a[j]")
    >>> function_with_derivative(Bracket(Comparison(">", Indexed("z"), Indexed("z"))), system)
    'relu'
    """
    match bracket:
        case Bracket(Comparison(_, Indexed(tested), _)):
            for part in (part for equation in system.equations for part in walk(equation.value)):
                match part:
                    case Call(name, (Indexed(tensor),), 0) if tensor == tested and _is_stepped(name, system):
                        return name
                    case _:
                        pass
        case _:
            pass
    return ""


def reason_words(bracket: Expr, system: System, formula: Callable[[Expr | Condition], ShownFormula]) -> Words:
    """Say why a bracket of values is 0: what holds instead, and the function whose derivative it is; () for others."""
    contrary = opposite(bracket)
    if contrary is None:
        return ()
    function = function_with_derivative(bracket, system)
    return words(formula(contrary), *([f", where the derivative of {function} is 0"] if function else []))


def zero_factor(whole: Reduce, formula: Callable[[Expr | Condition], ShownFormula]) -> Words:
    """Say which factor of a product is 0; prod(k) where(k = j, 1, u[k]) is that of all factors but one."""
    bound, opened = open_reduce(whole, Fresh())
    used = {i.name for i in free_indices(whole)}
    letters: dict[Index, Index] = {}
    for index in bound:
        letter = next_letter(index.preferred, used, tensors_in(whole))
        used.add(letter)
        letters[index] = Index(letter, index.extent)
    some = f" is 0 for {' and '.join(f'a {i.name}' for i in letters.values())}"
    match rename_indices(opened, letters):
        case Select(Comparison("=", left, right), then, other) if then == ONE:
            return words(formula(other), some, " with ", formula(Comparison("!=", left, right)))
        case body:
            return words(formula(body), some)


def _is_stepped(name: str, system: System) -> bool:
    """Say whether the derivative of a scalar function is 0 for some arguments by a bracket."""
    if name in system.function:
        body = system.function[name].body
        return body is not None and any(isinstance(part, Bracket) for part in walk(body))
    return any(isinstance(part, Bracket) for part in walk(scalar_derivative(name, 0)))
