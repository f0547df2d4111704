"""Metrics as a user gives them, by name or as equations, made equations of the network's own system.

Those that are written for one sample are run with the forward pass, some samples at a time; those that name the letter
of the samples are run over what these found of all samples. The system they are added to is not the one that trains.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.errors import NotationError, OptionError, TypecheckError, listed
from chainrule.expr.binding import tensors_in
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import unused
from chainrule.nn.template import names_in, renamed
from chainrule.notation import parse_equation
from chainrule.system.locations import did_you_mean
from chainrule.system.model import Equation, System
from chainrule.system.typecheck import typecheck
from chainrule.training.metric_advice import USUAL, in_a_metric
from chainrule.training.metric_names import NAMED, NamedMetric, OutputAndTarget, named

_DEFINES = re.compile(r"\s*(\w+)\s*(?:\[[^\]]*\])?\s*=(?!=)")
_KNOWN = (*NAMED, "top-5 accuracy")


@dataclass(frozen=True)
class Metric:
    """A metric: what it is called, the tensor that it is, and which way is better, 0 where nobody said it.

    `probabilities` names the pair whose outputs it takes for probabilities.
    """

    name: str
    tensor: str
    better: int = 0
    probabilities: OutputAndTarget | None = None


@dataclass(frozen=True)
class MetricSystem:
    """A system with metrics: `whole` ends with their `lines`, of which `late` ones are over all samples.

    `samples` is the extent of the samples where tensors have an axis of them.
    """

    whole: System
    samples: Size | None = None
    metrics: tuple[Metric, ...] = ()
    lines: tuple[Equation, ...] = ()
    late: tuple[Equation, ...] = ()

    def with_lines(self, lines: Sequence[str]) -> MetricSystem:
        """Return it with more lines, as equations. Raises NotationError."""
        made = self
        for line in lines:
            try:
                equation = parse_equation(line, made.whole)
            except NotationError as error:
                raise in_a_metric(error, made.whole) from None
            whole = made.whole.with_equations((*made.whole.equations, equation))
            late = (equation,) if made.is_late(line, equation) else ()
            made = replace(made, whole=whole, lines=(*made.lines, equation), late=(*made.late, *late))
        return made

    def is_late(self, text: str, line: Equation) -> bool:
        """Say whether a line is over all samples: it names their letter, or reads such a line.

        Where tensors have an axis of samples, all lines are that read them along this axis alone, in front.
        """
        read = tensors_in(line.value)
        if any(other.name in read for other in self.late):
            return True
        if self.whole.batch:
            return self.whole.batch in names_in(text)
        axes = [[i.extent for i in self.whole.axes(tensor)] for tensor in sorted(read)]
        return self.samples is not None and all(self.samples not in extents[1:] for extents in axes)

    def with_metric(self, metric: Metric) -> MetricSystem:
        """Return it with a metric, whose lines it has. Raises OptionError for a second one of that name."""
        if any(one.name == metric.name for one in self.metrics):
            raise OptionError(f"the metric {metric.name} is there twice", expected="names that are different")
        return replace(self, metrics=(*self.metrics, metric))


def with_metrics(
    system: System,
    pairs: Sequence[tuple[OutputAndTarget, str]],
    metrics: Sequence[str],
    samples: Size | None = None,
    *,
    example: str = USUAL,
) -> MetricSystem:
    """Return a forward system with metrics; `pairs` are what comes out and what should, and what the targets are.

    They are "classes", "numbers", or "yes or no": numbers that are 0 or 1, each for itself. `example` is a metric as an
    equation, for advice.
    In a metric that is an equation `a` is what comes out and `y` what should, where the system has no tensors of these
    names. Raises OptionError for what is no metric, and NotationError for an equation that cannot be read.
    """
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        raise OptionError(f"metrics is {metrics!r}", expected='a list, for example metrics=["accuracy"]')
    made = MetricSystem(system, samples)
    for metric in metrics:
        if not isinstance(metric, str):
            raise _unknown(metric, pairs, example)
        made = _equation(made, pairs, metric) if "=" in metric else _named(made, pairs, metric, example)
    return made


def _named(made: MetricSystem, pairs: Sequence[tuple[OutputAndTarget, str]], name: str, example: str) -> MetricSystem:
    """Return it with the metric of a name, of all that it suits, or of one output: "r2 of q"."""
    short, of, output = (part.strip() for part in name.partition(" of "))
    found = named(short)
    if found is None or (of and all(pair.output != output for pair, _ in pairs)):
        raise _unknown(name, pairs, example)
    title, metric = found
    fitting = [pair for pair, kind in pairs if _fits(metric, pair, kind) and output in ("", pair.output)]
    if not fitting:
        has = listed(f"{pair.output} with {pair.target}, {kind}" for pair, kind in pairs) or "nothing"
        raise OptionError(
            f"{title} is a metric of {metric.of}, and nothing of that kind is compared",
            expected=f"what the cost compares is {has}",
            advice=f'Write the metric as an equation: "{example}"',
        )
    for pair in fitting:
        lines, tensor = _apart(metric.lines(pair), made.whole)
        called = title if len(fitting) == 1 and not of else f"{title} of {pair.output}"
        probabilities = pair if metric.of == "probabilities" else None
        made = made.with_lines(lines).with_metric(Metric(called, tensor, metric.better, probabilities))
    return made


def _fits(metric: NamedMetric, pair: OutputAndTarget, kind: str) -> bool:
    if metric.of == "numbers":
        return not pair.labels
    return kind == "classes" or (kind == "yes or no" and metric is NAMED["accuracy"])


def _equation(made: MetricSystem, pairs: Sequence[tuple[OutputAndTarget, str]], text: str) -> MetricSystem:
    """Return it with the equations of a text, the last of which is the metric."""
    lines = [line for line in re.split(r"[\n;]", text) if line.strip()]
    defined = [found[1] for line in lines if (found := _DEFINES.match(line))]
    own = tuple(made.whole.names())
    meant = {}
    if len(pairs) == 1:
        pair = pairs[0][0]
        meant = {short: name for short, name in (("a", pair.output), ("y", pair.target)) if short not in own}
        meant = {short: name for short, name in meant.items() if short not in defined}
    made = made.with_lines([renamed(line, meant) for line in lines])
    try:
        typecheck(made.whole)
    except TypecheckError as error:
        raise OptionError(error.what, where=text.strip(), expected=error.expected, advice=error.advice) from None
    last = made.lines[-1]
    if last.indices:
        letters = ",".join(i.preferred for i in last.indices)
        raise OptionError(
            f"the metric {last.name} has {len(last.indices)} indices",
            where=text.strip(),
            expected="one number for each sample, or for all",
            advice=f"Take the mean: mean({letters}) …",
        )
    return made.with_metric(Metric(str(last.name), last.name))


def _apart(lines: Sequence[str], system: System) -> tuple[list[str], str]:
    """Return lines whose names no tensor of the system has, and the name of the last."""
    taken = {str(name) for name in system.names()}
    defined = dict.fromkeys(found[1] for line in lines if (found := _DEFINES.match(line)))
    names: dict[str, str] = {}
    for name in defined:
        names[name] = unused(name, taken)
        taken.add(names[name])
    return [renamed(line, names) for line in lines], list(names.values())[-1]


def _unknown(metric: object, pairs: Sequence[tuple[OutputAndTarget, str]], example: str) -> OptionError:
    outputs = list(dict.fromkeys(pair.output for pair, _ in pairs))
    of_one = [f"{name} of {output}" for name in _KNOWN for output in outputs] if len(outputs) > 1 else []
    near = did_you_mean(metric, (*_KNOWN, *of_one)) if isinstance(metric, str) else ""
    several = f'; "{_KNOWN[0]} of {outputs[0]}" is that of one output' if of_one else ""
    return OptionError(
        f"{metric!r} is no metric",
        expected=f'one of {listed(_KNOWN)}, or an equation such as "{example}"{several}',
        advice=near,
    )
