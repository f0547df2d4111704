"""Learning rates that change from step to step, as equations of the count of steps.

A schedule writes lines that define one name from another, the clock: `step`, which is 0 in the first step, or what is
left of it after a warm-up. How long things last is given in steps, or in epochs, which the trainer knows the length of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, final

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.nn.checks import check_count, check_fraction, check_number, settle
from chainrule.nn.template import const_line


@dataclass(frozen=True)
class Timing:
    """How many steps an epoch has, and the whole training."""

    steps_per_epoch: int
    steps: int

    def after(self, steps: int) -> Timing:
        """Return what is left after some steps."""
        return Timing(self.steps_per_epoch, max(self.steps - steps, 1))


class Schedule(ABC):
    """A learning rate that is a function of the count of steps; it begins at `initial`."""

    initial: float
    warms_up: bool = False
    """Whether it rises at first, so that there is nothing for a warm-up to lead to."""

    @abstractmethod
    def written(self, clock: str, target: str, timing: Timing | None) -> str:
        """Return the lines that define `target` from `clock`. Raises OptionError where they need a timing."""


@final
@answering_class
@dataclass(frozen=True)
class StepDecay(Schedule):
    """The learning rate times `factor` after every so many epochs, or steps. Raises OptionError, as all schedules do.

    >>> print(StepDecay(0.1, factor=0.5, steps=100).written("step", "learning_rate", None))
    const initial_rate = 0.1
    const decay_factor = 0.5
    const decay_steps = 100.0
    state drops = 0
    learning_rate = initial_rate*decay_factor^drops
    update drops = drops + [step + 1 >= decay_steps*(drops + 1)]
    """

    initial: float
    factor: float = 0.1
    steps: int | None = field(default=None, kw_only=True)
    epochs: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        settle(self, initial=check_number("the initial rate of StepDecay", self.initial))
        settle(self, factor=check_number("factor of StepDecay", self.factor))
        _check_duration(self, needed=True)

    def written(self, clock: str, target: str, timing: Timing | None) -> str:
        """Return the rate, and the state that counts how often it was lowered."""
        return _lines(
            const_line("initial_rate", self.initial),
            const_line("decay_factor", self.factor),
            const_line("decay_steps", _duration(self, timing)),
            "state drops = 0",
            f"{target} = initial_rate*decay_factor^drops",
            f"update drops = drops + [{clock} + 1 >= decay_steps*(drops + 1)]",
        )


@final
@answering_class
@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from the initial rate down to `minimum`, which it stays at. Loshchilov and Hutter 2017, eq. 5.

    It takes as long as the whole training, or the epochs or steps given.
    """

    initial: float
    minimum: float = field(default=0.0, kw_only=True)
    steps: int | None = field(default=None, kw_only=True)
    epochs: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        settle(self, initial=check_number("the initial rate of Cosine", self.initial))
        settle(self, minimum=check_number("minimum of Cosine", self.minimum, zero=True))
        _check_duration(self)

    def written(self, clock: str, target: str, timing: Timing | None) -> str:
        """Return final_rate + (initial_rate - final_rate)·(1 + cos(π·step/decay_steps))/2."""
        passed = f"minimum({clock}, decay_steps)/decay_steps"
        return _lines(
            const_line("initial_rate", self.initial),
            const_line("final_rate", self.minimum),
            const_line("decay_steps", _duration(self, timing)),
            f"{target} = {_cosine('initial_rate', 'final_rate', passed)}",
        )


@final
@answering_class
@dataclass(frozen=True)
class WarmUp(Schedule):
    """A rate that rises evenly for some steps or epochs, and then that of `then`: a number, or another schedule.

    It rises from `start` times the rate that it leads to. Goyal et al. 2017, section 2.2.
    """

    then: float | Schedule
    start: float = field(default=0.0, kw_only=True)
    steps: int | None = field(default=None, kw_only=True)
    epochs: float | None = field(default=None, kw_only=True)

    warms_up = True

    def __post_init__(self) -> None:
        if isinstance(self.then, Schedule):
            if self.then.warms_up:
                what = f"after a WarmUp comes {self.then!r}, which begins with a warm-up of its own"
                raise OptionError(what, expected="a number, or for example nn.Cosine(0.001)")
        else:
            settle(self, then=check_number("the rate after a WarmUp", self.then))
        settle(self, start=check_fraction("start of WarmUp", self.start))
        _check_duration(self, needed=True)

    @property
    def initial(self) -> float:  # type: ignore[override]
        """The rate of the first step."""
        return self.start * (self.then.initial if isinstance(self.then, Schedule) else self.then)

    def written(self, clock: str, target: str, timing: Timing | None) -> str:
        """Return the rate, and before it that of `then` as a function of the steps since the warm-up."""
        length = _duration(self, timing)
        if isinstance(self.then, Schedule):
            rest = timing.after(length) if timing else None
            later = [
                f"since_warm_up = {clock} - warm_up_steps",
                self.then.written("since_warm_up", "later_rate", rest),
            ]
            end = "later_rate"
        else:
            later, end = [const_line("initial_rate", self.then)], "initial_rate"
        rise = f"{clock}/warm_up_steps"
        if self.start:
            later.append(const_line("warm_up_start", self.start))
            rise = f"(warm_up_start + (1 - warm_up_start)*{rise})"
        line = f"{target} = where({clock} < warm_up_steps, initial_rate*{rise}, {end})"
        return _lines(const_line("warm_up_steps", length), *later, line)


@final
@answering_class
@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to `peak` in the part `warm_up` of the training, then down again, both along cosines. Smith and Topin 2018.

    It begins at peak/div_factor and ends at that divided by final_div_factor, as PyTorch's does, without a cycle of the
    momentum. It takes as long as the whole training, or the epochs or steps given.
    """

    peak: float
    warm_up: float = field(default=0.3, kw_only=True)
    div_factor: float = field(default=25.0, kw_only=True)
    final_div_factor: float = field(default=1e4, kw_only=True)
    steps: int | None = field(default=None, kw_only=True)
    epochs: float | None = field(default=None, kw_only=True)

    warms_up = True

    def __post_init__(self) -> None:
        settle(self, peak=check_number("the peak of OneCycle", self.peak))
        settle(self, warm_up=check_fraction("warm_up of OneCycle", self.warm_up))
        for name in ("div_factor", "final_div_factor"):
            settle(self, **{name: check_number(f"{name} of OneCycle", getattr(self, name))})
        _check_duration(self)

    @property
    def initial(self) -> float:  # type: ignore[override]
        """The rate of the first step."""
        return self.peak / self.div_factor

    def written(self, clock: str, target: str, timing: Timing | None) -> str:
        """Return the rate: lowest in the first step and the last, highest after the part warm_up of the steps."""
        length = _duration(self, timing)
        rise = max(self.warm_up * length - 1, 0.0)
        up = _cosine("initial_rate", "peak_rate", f"{clock}/rise_steps")
        down = _cosine("peak_rate", "final_rate", f"minimum({clock} - rise_steps, fall_steps)/fall_steps")
        return _lines(
            const_line("initial_rate", self.initial),
            const_line("peak_rate", self.peak),
            const_line("final_rate", self.initial / self.final_div_factor),
            const_line("rise_steps", rise),
            const_line("fall_steps", max(length - 1 - rise, 1.0)),
            f"{target} = where({clock} < rise_steps, {up}, {down})",
        )


def _cosine(start: str, end: str, passed: str) -> str:
    return f"{end} + ({start} - {end})*(1 + cos(pi*{passed}))/2"


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _check_duration(schedule: Any, *, needed: bool = False) -> None:
    """Settle how long something lasts. Raises OptionError unless steps or epochs say so, not both."""
    kind, steps, epochs = type(schedule).__name__, schedule.steps, schedule.epochs
    if steps is not None and epochs is not None:
        raise OptionError(f"{kind} lasts {steps} steps, and {epochs} epochs", expected="either steps or epochs")
    if steps is None and epochs is None and needed:
        raise OptionError(f"nothing says how long {kind} takes", expected=f"steps or epochs: nn.{kind}(0.1, epochs=5)")
    if steps is not None:
        settle(schedule, steps=check_count(f"steps of {kind}", steps))
    if epochs is not None:
        settle(schedule, epochs=check_number(f"epochs of {kind}", epochs))


def _duration(schedule: Any, timing: Timing | None) -> int:
    """Return how many steps a schedule takes: those given, or those of its epochs, or of the whole training."""
    if schedule.steps is not None:
        return int(schedule.steps)
    if timing is None:
        kind = type(schedule).__name__
        raise OptionError(
            f"nothing says how many steps the epochs of {schedule!r} have",
            expected=f"its length in steps: nn.{kind}(…, steps=1000)",
            advice="cr.train knows it.",
        )
    return timing.steps if schedule.epochs is None else max(1, round(schedule.epochs * timing.steps_per_epoch))
