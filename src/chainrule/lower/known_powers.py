"""What is a number once consts and extents are known: exponents, x^gamma with `const gamma = 2`, and seeds.

What a program multiplies out depends on the exponent, so a const in one is part of what a program is made for. So is a
const that counts what is drawn, uniform(seed, n): as a number in memory it might be rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from chainrule.expr.binding import Fresh, rewrite_bottom_up, tensors_in
from chainrule.expr.functions import DRAWN
from chainrule.expr.nodes import Call, Expr, ExtentValue, Indexed, Number, Power, walk
from chainrule.expr.sizes import Size
from chainrule.simplify.arithmetic import normal
from chainrule.system.model import System


def exponent_consts(system: System) -> tuple[str, ...]:
    """Return the consts without indices that stand in exponents, those included that their values are made of.

    Those with a value that count what is drawn are among them.
    """
    values = [e.value for e in (*system.equations, *system.updates)]
    values += [f.body for f in system.function.values() if f.body is not None]
    parts = [part for value in values for part in walk(value)]
    powers = [part for part in parts if isinstance(part, Power)]
    counted = {t for part in parts if isinstance(part, Call) and part.function in DRAWN for t in tensors_in(part)}
    seeds = {t for t in counted if t in system.declared and system.declared[t].value is not None}
    waiting = sorted(seeds.union(t for power in powers for t in tensors_in(power.exponent)))
    found: dict[str, None] = {}
    while waiting:
        declared = system.declared.get(waiting.pop())
        if declared is None or declared.role != "const" or declared.indices or declared.tensor in found:
            continue
        found[declared.tensor] = None
        waiting += sorted(tensors_in(declared.value)) if declared.value is not None else []
    return tuple(found)


def with_number(
    power: Power, system: System, consts: Mapping[str, Fraction], sizes: Mapping[Size, int], fresh: Fresh
) -> Power:
    """Return the power with its exponent as a number, if it comes to one; `consts` go before what the system says."""
    if isinstance(power.exponent, Number):
        return power
    exponent = with_known(power.exponent, system, consts, sizes, fresh)
    return Power(power.base, exponent) if isinstance(exponent, Number) else power


def with_known(
    expr: Expr, system: System, consts: Mapping[str, Fraction], sizes: Mapping[Size, int], fresh: Fresh
) -> Expr:
    """Return an expression with consts and extents as the numbers that they are, in normal form."""

    def known(part: Expr) -> Expr:
        if isinstance(part, ExtentValue) and part.extent in sizes:
            return Number(Fraction(sizes[part.extent]))
        if not isinstance(part, Indexed):
            return part
        if part.tensor in consts:
            return Number(consts[part.tensor])
        declared = system.declared.get(part.tensor)
        if declared is None or declared.role != "const" or declared.indices or declared.value is None:
            return part
        return rewrite_bottom_up(declared.value, known, fresh)

    return normal(rewrite_bottom_up(expr, known, fresh), fresh)
