"""What is measured of the samples that are learned from: more equations of the same system, summed beside the cost."""

from __future__ import annotations

from chainrule.expr.nodes import Index
from chainrule.expr.symbols import unused
from chainrule.network.compared import Compared
from chainrule.network.sample_axis import SampleAxis
from chainrule.notation import parse_equation
from chainrule.system.model import System


def with_hits(system: System, pair: Compared, width: int, samples: SampleAxis) -> tuple[System, str]:
    """Return the system with an equation that is 1 where a sample is classified right, and its name.

    hits = Σ_k y[k]·[a[k] = top] / Σ_k [a[k] = top], where top = max_k a[k] and y is one-hot: outputs that are equally
    large share. With labels, [a[y] = top] stands above the line. A sample with several labels has the mean of its hits,
    and where the equations name the samples, hits are added up over them. One output of `width` 1 says yes where it is
    above one half.
    """
    axes = system.axes(pair.output)
    letters = [index.preferred for index in axes]
    others = [letter for place, letter in enumerate(letters) if place != pair.axis]
    a, y = _entry(pair.output, letters), _entry(pair.target, letters)
    top, hits = (unused(name, set(system.names())) for name in ("top", "hits"))
    if pair.axis is None:
        lines = [f"{hits} = {y}*[{a} > 1/2] + (1 - {y})*[{a} <= 1/2]"]
    else:
        k = letters[pair.axis]
        most = _entry(top, others)
        if width == 1:
            lines = [f"{hits} = sum({k}) ({y}*[{a} > 1/2] + (1 - {y})*[{a} <= 1/2])"]
        else:
            right = f"(sum({k}) {y}*[{a} = {most}])"
            if pair.labels:
                found = [_entry(pair.target, others) if letter == k else letter for letter in letters]
                right = f"[{_entry(pair.output, found)} = {most}]"
            lines = [f"{most} = max({k}) {a}", f"{hits} = {right}/(sum({k}) [{a} = {most}])"]
    lines[-1] = _over_samples(lines[-1], [axes[letters.index(letter)] for letter in others], samples)
    for line in lines:
        system = system.with_equations((*system.equations, parse_equation(line, system)))
    return system, hits


def _entry(name: str, letters: list[str]) -> str:
    return f"{name}[{','.join(letters)}]" if letters else name


def _over_samples(line: str, others: list[Index], samples: SampleAxis) -> str:
    """Return the line with what is right added up over the samples, of each the mean."""
    counted = [i.preferred for i in others if samples.coupled and i.extent == samples.extent]
    means = [i.preferred for i in others if i.preferred not in counted]
    name, _, value = line.partition(" = ")
    for reduction, over in (("mean", means), ("sum", counted)):
        value = f"{reduction}({','.join(over)}) ({value})" if over else value
    return f"{name} = {value}"
