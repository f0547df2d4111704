"""What a difference quotient goes to as the step goes to 0, from above and from below.

Only numbers are looked at: a quotient has a limit if smaller steps change it less and less, and two limits differ if
their gap does not shrink with the step, as that of a smooth function does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_STEPS = (1e-4, 10**-5.5, 1e-7)
"""Small steps: rounding is far below the first, curvature below the last. For large entries they are larger."""
_RELATIVE, _ROUNDING = 1e-4, 1e-7
"""How far two quotients that are the same may differ: relative to themselves, and to the function's value."""
_STRAIGHT, _DIGITS = 0.01, 6
"""Below which change a quotient is a straight line in the step; how many digits of a limit are known."""


@dataclass(frozen=True)
class OneSided:
    """The limits for steps above 0 and below; None where there is none. `wanted` is the derivative as derived.

    `reach` is how far numbers may differ that are the same.
    """

    above: float | None
    below: float | None
    wanted: float
    reach: float

    @property
    def smooth(self) -> bool:
        """Whether both limits exist and agree: the function has a derivative."""
        return self.above is not None and self.below is not None and self._same(self.above, self.below)

    @property
    def as_derived(self) -> bool:
        """Whether the function has a derivative, and it is the one that was derived."""
        return self.above is not None and self.smooth and self._same(self.above, self.wanted)

    def _same(self, left: float, right: float) -> bool:
        return abs(left - right) <= self.reach + _RELATIVE * max(abs(left), abs(right))


def one_sided(quotient: Callable[[float], float], at: float, value: float, wanted: float) -> OneSided:
    """Return the limits of a difference quotient of a function, whose argument is `at` and whose value is `value`.

    >>> found = one_sided(lambda step: abs(step) / step, 0.0, 0.0, 0.0)
    >>> found.above, found.below, found.smooth
    (1.0, -1.0, False)
    >>> one_sided(lambda step: ((3 + step) ** 2 - 9) / step, 3.0, 9.0, 6.0).as_derived
    True
    """
    width, reach = math.sqrt(max(1.0, abs(at))), _ROUNDING * abs(value)
    sides = [[quotient(sign * step * width) for step in _STEPS] for sign in (1.0, -1.0)]
    above, below = (_limit(side, reach) for side in sides)
    first, *_, last = (abs(one - other) for one, other in zip(*sides, strict=True))
    if above is not None and below is not None and last < first / 2:
        above = below = (above + below) / 2
    return OneSided(above, below, wanted, reach)


def _limit(quotients: Sequence[float], reach: float) -> float | None:
    wide, middle, narrow = quotients
    if not all(map(math.isfinite, quotients)):
        return None
    if abs(middle - narrow) > reach + abs(wide - middle) / 2:
        return None
    bent = abs(middle - narrow) > _STRAIGHT * abs(narrow)
    limit = narrow if bent else narrow + (narrow - middle) * _STEPS[2] / (_STEPS[1] - _STEPS[2])
    return float(f"{limit:.{_DIGITS}g}")
