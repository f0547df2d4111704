"""An expression with its measured value: a1[k] = 0.1230. Text has all digits of the value, LaTeX the number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from chainrule.expr.symbols import symbol
from chainrule.render.formula import ShownFormula
from chainrule.render.layout import Entry, Layout, Negative, Numeral
from chainrule.render.numbers import number_text
from chainrule.render.style import Style


@dataclass(frozen=True)
class ValuedFormula(ShownFormula):
    """An equation whose right side is a number that was measured, with its digits."""

    digits: str = ""

    def written(self, style: Style, sign: str = "") -> str:
        """Return the equation with the digits as they are."""
        left, _ = self._sides(style)
        return f"{left}{sign or style.relation('=')}{self.digits}"


def with_value(one: ShownFormula, value: float) -> ValuedFormula:
    r"""Return an expression with its value.

    >>> from chainrule.expr.nodes import Indexed
    >>> from chainrule.render.formula import formula
    >>> measured = with_value(formula(Indexed("a")), -12.5)
    >>> str(measured), measured.latex()
    ('a = −12.500', 'a = -12.5')
    """
    digits = number_text(value)
    number: Layout = _number(digits) if math.isfinite(value) else Entry(symbol(digits.lstrip("−")), ())
    return ValuedFormula((*one.sides, Negative(number) if digits.startswith("−") else number), digits=digits)


def _number(digits: str) -> Numeral:
    return Numeral(Fraction(digits.lstrip("−").replace("−", "-")))
