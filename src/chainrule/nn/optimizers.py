"""Optimizers: what is done to each param after a step, as lines of notation in which p stands for the param.

What an optimizer remembers are states of the notation, which begin at a number and have updates of their own; the right
sides of updates read the old values. Every name but p, C and the constants is one for each param: v becomes v_W1[j,i].
`nn.updates` puts the lines into a system.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, final

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.nn.checks import check_choice, check_fraction, check_number, settle
from chainrule.nn.schedules import Schedule


class Optimizer(ABC):
    """What is done to every param p after each mini-batch, in which ∂C/∂p is the mean over its samples.

    With `clip_norm` all gradients together are made shorter where their norm is greater than that, with `clip_value`
    each entry is brought between −clip_value and clip_value: ∂C/∂p then stands for what comes out. `rate_factors` are
    what the learning rate of a param is multiplied by, by its name, a pattern or the number of a layer.
    """

    clip_norm: float | None = None
    clip_value: float | None = None
    rate_factors: Mapping[str | int, float] = MappingProxyType({})

    @property
    @abstractmethod
    def constants(self) -> Mapping[str, float]:
        """The numbers that the lines name."""

    @property
    def schedule(self) -> Schedule | None:
        """What defines `learning_rate`, where it is no constant."""
        return None

    @property
    def shared(self) -> str:
        """Lines for all params together; `step`, the count of steps so far, may be read in all lines."""
        return ""

    @abstractmethod
    def update(self, rank: int) -> str:
        """Return the lines for a param p with that many indices; C is the cost."""


@dataclass(frozen=True)
class GradientMethod(Optimizer):
    """What all optimizers here have: a learning rate, a decay of weights, clipping, and rates of single params.

    A param with at least two indices counts as a weight, others do not decay. `rate_factors={"W1": 0.1}` makes the
    learning rate of W1 a tenth of that of the others, `{"W*": 0.1}` that of all weights, `{1: 0.1}` that of layer 1;
    where several names are those of one param, the last counts.
    """

    learning_rate: float | Schedule
    weight_decay: float = 0.0
    clip_norm: float | None = field(default=None, kw_only=True)
    clip_value: float | None = field(default=None, kw_only=True)
    rate_factors: Mapping[str | int, float] = field(default_factory=dict, kw_only=True, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.learning_rate, Schedule):
            settle(self, learning_rate=check_number("learning_rate", self.learning_rate))
        settle(self, weight_decay=check_number("weight_decay", self.weight_decay, zero=True))
        for name in ("clip_norm", "clip_value"):
            if getattr(self, name) is not None:
                settle(self, **{name: check_number(name, getattr(self, name))})
        if self.clip_norm is not None and self.clip_value is not None:
            raise OptionError("gradients are clipped twice", expected="either clip_norm or clip_value")
        settle(self, rate_factors=_checked_factors(self.rate_factors))

    @property
    def schedule(self) -> Schedule | None:
        """The learning rate, if it changes."""
        return self.learning_rate if isinstance(self.learning_rate, Schedule) else None

    @property
    def constants(self) -> Mapping[str, float]:
        """learning_rate unless it changes, and weight_decay if there is any."""
        rate = {} if isinstance(self.learning_rate, Schedule) else {"learning_rate": self.learning_rate}
        return {**rate, **({"weight_decay": self.weight_decay} if self.weight_decay else {})}

    def gradient(self, rank: int) -> tuple[str, str]:
        """Return the name of the gradient of the cost with weight_decay/2·Σ p² added, and the line that defines it."""
        if not self._decays(rank):
            return "∂C/∂p", ""
        return "gradient", "gradient = ∂C/∂p + weight_decay*p\n"

    def _decays(self, rank: int) -> bool:
        return bool(self.weight_decay) and rank >= 2


def _checked_factors(factors: Any) -> dict[str | int, float]:
    if not isinstance(factors, Mapping):
        raise OptionError(
            f"rate_factors is {factors!r}",
            expected='numbers by name, for example rate_factors={"W1": 0.1}',
            advice="Each multiplies the learning rate of that param.",
        )
    for name, factor in factors.items():
        if factor == 0:
            raise OptionError(
                f"the rate factor of {name} is 0",
                expected="a number greater than 0",
                advice=f"A param that is not to be trained is frozen: network.freeze({name!r})",
            )
    return {name: check_number(f"the rate factor of {name}", factor) for name, factor in factors.items()}


@final
@answering_class
@dataclass(frozen=True)
class SGD(GradientMethod):
    """Stochastic gradient descent: a step against the gradient; weight decay pulls weights, not biases, towards 0.

    The decay is that of the cost C + weight_decay/2 Σ W². With `momentum` μ the step is along v ← μ·v + ∂C/∂p, with
    `nesterov` along μ·v + ∂C/∂p of that new v: Sutskever et al. 2013, with the learning rate outside of v.

    >>> print(SGD(0.1, momentum=0.9).update(rank=2))
    state v = 0
    new_v = momentum*v + ∂C/∂p
    update v = new_v
    update p = p - learning_rate*new_v
    """

    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, momentum=check_fraction("momentum", self.momentum))
        check_choice("nesterov", self.nesterov)
        if self.nesterov and not self.momentum:
            raise OptionError("nesterov is a kind of momentum, and momentum is 0", advice="For example momentum=0.9")

    @property
    def constants(self) -> Mapping[str, float]:
        """Those of all, and momentum if there is any."""
        return {**super().constants, **({"momentum": self.momentum} if self.momentum else {})}

    def update(self, rank: int) -> str:
        """Return the step, with decay for weights if there is any."""
        slope = "∂C/∂p + weight_decay*p" if self._decays(rank) else "∂C/∂p"
        if not self.momentum:
            along = f"({slope})" if self._decays(rank) else slope
            return f"update p = p - learning_rate*{along}"
        along = f"(momentum*new_v + {slope})" if self.nesterov else "new_v"
        return f"state v = 0\nnew_v = momentum*v + {slope}\nupdate v = new_v\nupdate p = p - learning_rate*{along}"


@final
@answering_class
@dataclass(frozen=True)
class RMSProp(GradientMethod):
    """A step of the gradient over its root mean square, a moving average v. Hinton, lecture 6e of his course, 2012.

    epsilon stands outside of the root, as PyTorch has it; weight_decay is that of the cost C + weight_decay/2 Σ W².
    """

    learning_rate: float | Schedule = 0.01
    alpha: float = field(default=0.99, kw_only=True)
    epsilon: float = field(default=1e-8, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, alpha=check_fraction("alpha", self.alpha))
        settle(self, epsilon=check_number("epsilon", self.epsilon, zero=True))

    @property
    def constants(self) -> Mapping[str, float]:
        """Those of all, alpha and epsilon."""
        return {**super().constants, "alpha": self.alpha, "epsilon": self.epsilon}

    def update(self, rank: int) -> str:
        """Return the average and the step."""
        slope, line = self.gradient(rank)
        return (
            f"state v = 0\n"
            f"{line}"
            f"new_v = alpha*v + (1 - alpha)*{slope}^2\n"
            f"update v = new_v\n"
            f"update p = p - learning_rate*{slope}/(sqrt(new_v) + epsilon)"
        )


@dataclass(frozen=True)
class Moments(GradientMethod):
    """What Adam and AdamW share: moving averages of gradients and of their squares, from 0, with that corrected."""

    learning_rate: float | Schedule = 0.001
    beta1: float = field(default=0.9, kw_only=True)
    beta2: float = field(default=0.999, kw_only=True)
    epsilon: float = field(default=1e-8, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, beta1=check_fraction("beta1", self.beta1), beta2=check_fraction("beta2", self.beta2))
        settle(self, epsilon=check_number("epsilon", self.epsilon, zero=True))

    @property
    def constants(self) -> Mapping[str, float]:
        """Those of all, beta1, beta2 and epsilon."""
        return {**super().constants, "beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}

    @property
    def shared(self) -> str:
        """The number of this step, from 1, and what the averages lack after so many: 1 − β^t."""
        lacks = ("1 - beta1^t" if self.beta1 else "1", "1 - beta2^t" if self.beta2 else "1")
        return f"t = step + 1\ncorrection1 = {lacks[0]}\ncorrection2 = {lacks[1]}"

    def averages(self, slope: str) -> str:
        """Return the lines of both averages of a gradient."""
        return (
            f"new_m = beta1*m + (1 - beta1)*{slope}\n"
            f"new_v = beta2*v + (1 - beta2)*{slope}^2\n"
            f"update m = new_m\n"
            f"update v = new_v\n"
        )

    step = "new_m/correction1/(sqrt(new_v/correction2) + epsilon)"


@final
@answering_class
@dataclass(frozen=True)
class Adam(Moments):
    """A step of the mean gradient over its root mean square. Kingma and Ba 2015, algorithm 1.

    weight_decay is that of the cost C + weight_decay/2 Σ W², so that it is divided by the root too; see AdamW.
    """

    def update(self, rank: int) -> str:
        """Return the averages and the step."""
        slope, line = self.gradient(rank)
        return f"state m = 0\nstate v = 0\n{line}{self.averages(slope)}update p = p - learning_rate*{self.step}"


@final
@answering_class
@dataclass(frozen=True)
class AdamW(Moments):
    """Adam with a weight decay beside the gradient, not in it: W ← W − learning_rate·weight_decay·W.

    Loshchilov and Hutter 2019, algorithm 2, with weight_decay multiplied by the learning rate, as PyTorch has it.
    """

    weight_decay: float = 0.01

    def update(self, rank: int) -> str:
        """Return the averages and the step, with decay for weights."""
        along = f"({self.step} + weight_decay*p)" if self._decays(rank) else self.step
        return f"state m = 0\nstate v = 0\n{self.averages('∂C/∂p')}update p = p - learning_rate*{along}"
