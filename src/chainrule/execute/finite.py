"""Where numbers stop being finite: an executor's signal that training cannot go on, and the first such equation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chainrule.execute.scalars import Array
from chainrule.expr.nodes import Index, Indexed
from chainrule.expr.symbols import of_one_sample
from chainrule.render.text import equation_text, lettered_text
from chainrule.system.model import System
from chainrule.system.printing import ranks_of


class NotFinite(Exception):  # noqa: N818 - a signal to whoever trains, who knows the epoch and raises TrainingError
    """A step of training, from 1, had a number that is not finite: `what` says which, `where` names the equation."""

    def __init__(self, step: int, what: str, where: str = "") -> None:
        super().__init__(what)
        self.step = step
        self.what = what
        self.where = where


def first_not_finite(system: System, values: Mapping[str, Array], updated: Mapping[str, Array]) -> str:
    """Return the first equation, then update, with a value that is not finite, and its first such entry; "" for none.

    >>> from chainrule.notation import parse
    >>> system = parse("param v[j]" + chr(10) + "w[j] = log(v[j])")
    >>> print(first_not_finite(system, {"w": np.array([0.0, -np.inf])}, {}))
    w[j] = log(v[j])
    is the first equation with a number that is not finite: w[1] is -inf
    """
    lines = [(e, "", values) for e in system.equations] + [(u, "update ", updated) for u in system.updates]
    for equation, kind, results in lines:
        value = results.get(of_one_sample(equation.name))
        wrong = [] if value is None else np.argwhere(~np.isfinite(value)).tolist()
        if value is not None and wrong:
            at = tuple(wrong[0])
            entry = lettered_text(Indexed(equation.name, tuple(Index(str(n)) for n in at)), ranks_of(system))
            return (
                f"{kind}{equation_text(equation.target, equation.value)}\n"
                f"is the first equation with a number that is not finite: {entry} is {value[at]}"
            )
    return ""


def not_finite(cost: float, params: Mapping[str, Array]) -> str:
    """Say what is not finite, the cost or the first such param, "" where everything is.

    >>> not_finite(0.5, {"W": np.array([1.0, np.nan])})
    'W is not finite any more'
    """
    if not np.isfinite(cost):
        return f"the cost is {cost}"
    wrong = [tensor for tensor, array in params.items() if not all_finite(array)]
    return f"{wrong[0]} is not finite any more" if wrong else ""


def all_finite(array: Array) -> bool:
    """Say whether all numbers are finite; that their sum is, proves it, and is quicker to find out.

    >>> all_finite(np.full(4, 1e308)), all_finite(np.array([np.inf, -np.inf]))
    (True, False)
    """
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum())) or bool(np.isfinite(array).all())
