"""What is measured of the samples that are learned from: more equations of the same system, summed beside the cost."""

from __future__ import annotations

from chainrule.expr.symbols import unused
from chainrule.network.forward import Ends
from chainrule.notation import parse_equation
from chainrule.system.model import System


def with_hits(system: System, ends: Ends, outputs: int) -> tuple[System, str]:
    """Return the system with an equation that is 1 where a sample is classified right, and its name.

    hits = Σ_k y[k]·[a[k] = top] / Σ_k [a[k] = top], where top = max_k a[k] and y is one-hot: outputs that are equally
    large share. A single output says yes where it is above one half.
    """
    k = system.axes(ends.output)[0].preferred
    a, y = f"{ends.output}[{k}]", f"{ends.target}[{k}]"
    top, hits = (unused(name, set(system.names())) for name in ("top", "hits"))
    if outputs == 1:
        lines = [f"{hits} = sum({k}) ({y}*[{a} > 1/2] + (1 - {y})*[{a} <= 1/2])"]
    else:
        lines = [f"{top} = max({k}) {a}", f"{hits} = (sum({k}) {y}*[{a} = {top}])/(sum({k}) [{a} = {top}])"]
    for line in lines:
        system = system.with_equations((*system.equations, parse_equation(line, system)))
    return system, hits
