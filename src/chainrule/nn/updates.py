"""The lines that an optimizer adds to a system: constants, states, equations, and one update for each that is kept.

Text in, text out: each param gets the optimizer's lines under names of its own, W1 for p and v_W1 for v. Names that the
system has already are written with a _ behind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from chainrule.errors import OptionError
from chainrule.expr.symbols import Symbol
from chainrule.nn.optimizers import Optimizer
from chainrule.nn.schedules import Timing
from chainrule.nn.selection import selected
from chainrule.nn.template import apart_from, const_line, names_in, renamed
from chainrule.notation.source import Source, split
from chainrule.system.model import STEP, System
from chainrule.system.printing import index_names

_DEFINES = re.compile(r"(?:(?:const|state|update)\s+)?(\w+)\s*=")
_KINDS = ("const", "state", "", "update")
"""The order in which lines are written, by the word that they begin with."""

GRADIENT = "∂C/∂p"
RATE = "learning_rate"
_SQUARES = "<squares>"


def updates_text(
    optimizer: Optimizer, system: System, timing: Timing | None = None, *, frozen: Collection[str] = ()
) -> str:
    r"""Return the lines that an optimizer adds to a system, whose `timing` a learning rate may depend on.

    Params that are `frozen` get none, and count for nothing. Raises OptionError where a learning rate depends on the
    timing and there is none, and for `rate_factors` of what is no param or has no learning rate.

    >>> from chainrule.nn.optimizers import SGD
    >>> from chainrule.notation import parse
    >>> system = parse("data x[i]\nparam w[i]\ncost C = (sum(i) w[i]*x[i])^2")
    >>> print(updates_text(SGD(0.5), system))
    const learning_rate = 0.5
    update w[i] = w[i] - learning_rate*∂C/∂w[i]
    >>> print(updates_text(SGD(0.5, momentum=0.9, clip_norm=1), system))
    const learning_rate = 0.5
    const momentum = 0.9
    const clip_norm = 1.0
    state v_w[i] = 0
    gradient_norm = sqrt((sum(i) ∂C/∂w[i]^2))
    gradient_scale = minimum(1, clip_norm/(gradient_norm + 1e-6))
    clipped_w[i] = gradient_scale*∂C/∂w[i]
    new_v_w[i] = momentum*v_w[i] + clipped_w[i]
    update v_w[i] = new_v_w[i]
    update w[i] = w[i] - learning_rate*new_v_w[i]
    """
    learned = [param for param in system.params if param not in frozen]
    entries = {param: _entry(param, (i.name for i in system.axes(param))) for param in learned}
    clip, clipped = _clipping(optimizer)
    shared = [const_line(name, value) for name, value in optimizer.constants.items()]
    if optimizer.schedule is not None:
        shared += _split(optimizer.schedule.written(STEP, "learning_rate", timing))
    shared += [*clip, *_split(optimizer.shared)]
    own = {param: _own_lines(optimizer, len(system.axes(param)), clipped) for param in learned}
    for param, factor in _factors(optimizer, system).items():
        if param in own:
            shared += [const_line(f"rate_factor_{param}", factor), f"rate_{param} = rate_factor_{param}*{RATE}"]
            own[param] = [renamed(line, {RATE: f"rate_{param}"}) for line in own[param]]
    counted = any(STEP in names_in(line) for line in (*shared, *(line for lines in own.values() for line in lines)))
    if counted and not system.counts_steps:
        shared = [f"state {STEP} = 0", *shared]
    if counted or system.counts_steps:
        shared = [*shared, counting_line()]
    taken, letters = index_names(system)
    names = _Names({*taken, *letters, system.batch})
    known = {STEP} if system.counts_steps else set[str]()
    common = {name: names.unused(name) for name in _defined(shared) if name not in known}
    lines = [renamed(line, common).replace(_SQUARES, _squares(system, entries)) for line in shared]
    for param, entry in entries.items():
        letters_of = [i.name for i in system.axes(param)]
        mapping = {n: _entry(names.unused(f"{n}_{param}"), letters_of) for n in _defined(own[param]) if n != "p"}
        lines += [renamed(line, {**common, **mapping, "p": entry, "C": system.cost}) for line in own[param]]
    return "\n".join(sorted(lines, key=_kind))


def counting_line() -> str:
    """Return the line that counts the steps, for a system that reads their number."""
    return f"update {STEP} = {STEP} + 1"


def _factors(optimizer: Optimizer, system: System) -> dict[Symbol, float]:
    """Return what the learning rate of each param is multiplied by; of several names that it has, the last counts."""
    factors = {p: factor for name, factor in optimizer.rate_factors.items() for p in selected(system, [name])}
    for param in factors:
        lines = optimizer.update(len(system.axes(param)))
        if RATE not in names_in(lines):
            raise OptionError(
                f"{type(optimizer).__name__} has rate_factors, and its lines read no {RATE}",
                where=lines.strip(),
                expected=f"a line such as update p = p - {RATE}*{GRADIENT}",
            )
    return factors


def _own_lines(optimizer: Optimizer, rank: int, clipped: str) -> list[str]:
    lines = optimizer.update(rank)
    if not re.search(r"^[ \t]*update[ \t]+p\b", lines, re.MULTILINE):
        raise OptionError(
            f"{type(optimizer).__name__} changes nothing: no line updates p",
            where=lines.strip(),
            expected=f"a line such as update p = p - learning_rate*{GRADIENT}",
        )
    return _split(f"clipped = {clipped}\n{lines.replace(GRADIENT, 'clipped')}" if clipped else lines)


def _clipping(optimizer: Optimizer) -> tuple[list[str], str]:
    """Return the lines of a clipping for all params together, and what a gradient becomes, "" without any.

    A norm of 0 is safe, and 1e-6 what PyTorch's clip_grad_norm_ adds. Pascanu et al. 2013, algorithm 1.
    """
    if optimizer.clip_norm is not None:
        lines = [
            const_line("clip_norm", optimizer.clip_norm),
            f"gradient_norm = sqrt({_SQUARES})",
            "gradient_scale = minimum(1, clip_norm/(gradient_norm + 1e-6))",
        ]
        return lines, f"gradient_scale*{GRADIENT}"
    if optimizer.clip_value is not None:
        return [const_line("clip_value", optimizer.clip_value)], f"clip({GRADIENT}, -clip_value, clip_value)"
    return [], ""


def _squares(system: System, entries: Mapping[Symbol, str]) -> str:
    """Return the sum of the squares of all derivatives by params."""
    squares = []
    for param, entry in entries.items():
        letters = ",".join(i.name for i in system.axes(param))
        square = f"∂{system.cost}/∂{entry}^2"
        squares.append(f"(sum({letters}) {square})" if letters else square)
    return " + ".join(squares)


def _split(text: str) -> list[str]:
    """Return the statements of a text."""
    return [f"{s.keyword}{s.body}".rstrip() for s in split(Source(text))]


def _defined(lines: Iterable[str]) -> list[str]:
    """Return the names that lines define, each once."""
    return list(dict.fromkeys(found[1] for line in lines if (found := _DEFINES.match(line))))


def _entry(name: str, letters: Iterable[str]) -> str:
    joined = ",".join(letters)
    return f"{name}[{joined}]" if joined else name


def _kind(line: str) -> int:
    word = line.partition(" ")[0]
    return _KINDS.index(word if word in _KINDS else "")


class _Names:
    """Names that are not taken yet."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken

    def unused(self, name: str) -> str:
        """Return the name, or one with a number behind it, and take it."""
        return apart_from(self._taken, name)
