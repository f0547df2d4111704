"""A system as a function: derived, made ready by an executor and kept, for whoever calls it again and again.

`evaluate` and `value_and_grad` of the pipeline are this for a single call on the reference. What is kept is what an
executor makes: equations, and machine code for each set of extents that it has met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, OptionError, listed
from chainrule.execute.protocol import Executable
from chainrule.execute.registry import executor as executor_named
from chainrule.expr.symbols import Derivative
from chainrule.keywords import answers
from chainrule.pipeline import Backprop, forward_and_wrt, forward_system_of, gradient_system
from chainrule.simplify.stability import stable
from chainrule.system.given_system import check_system
from chainrule.system.model import System

Array = npt.NDArray[Any]
FLOATS = ("float32", "float64")


class CompiledFunction:
    """A system that is called like a function, of its data, params and consts by name; see `compile`.

    Calls are not to run at the same time in several threads: they share memory.
    """

    system: System
    wrt: tuple[str, ...]
    executor: str
    dtype: str

    def __init__(self, system: System | Backprop, wrt: Sequence[str] | None, executor: str, dtype: str) -> None:
        self._made_from = system
        self.system, self.wrt = forward_and_wrt(system, wrt)
        self.executor = executor
        self.dtype = dtype
        self._engine = executor_named(executor)

    def __call__(
        self, inputs: Mapping[str, npt.ArrayLike] | None = None, /, **named: npt.ArrayLike
    ) -> dict[str, Array]:
        """Return the value of every equation by the tensor's name, as `evaluate` does."""
        values = self._forward.evaluate(_joined(inputs, named))
        return {e.name: values[e.name] for e in self._whole.equations}

    def value_and_grad(
        self, inputs: Mapping[str, npt.ArrayLike] | None = None, /, **named: npt.ArrayLike
    ) -> tuple[float, dict[str, Array]]:
        """Return the cost and its derivatives by the tensors `wrt`, means over the samples of a batch.

        Raises DerivativeError where there is no cost, no such tensor, or no rule.
        """
        values = self._gradients.evaluate(_joined(inputs, named))
        cost = float(np.mean(values[self.system.cost], dtype=np.float64))
        return cost, {tensor: values[Derivative(self.system.cost, tensor)] for tensor in self.wrt}

    @property
    def plan(self) -> str:
        """What ran last forward and for gradients: the loops, or why it was the reference; "" before any call."""
        found = (self.__dict__.get(name) for name in ("_forward", "_gradients"))
        return "\n\n".join(str(getattr(one, "plan", "the reference")) for one in found if one is not None)

    @cached_property
    def _whole(self) -> System:
        return forward_system_of(self.system)

    @cached_property
    def _forward(self) -> Executable:
        return self._engine.compile(stable(self._whole), dtype=np.dtype(self.dtype))

    @cached_property
    def _gradients(self) -> Executable:
        outputs = (self.system.cost, *(Derivative(self.system.cost, tensor) for tensor in self.wrt))
        system = gradient_system(self._made_from, self.wrt)
        return self._engine.compile(system, dtype=np.dtype(self.dtype), outputs=outputs)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what it was made from: the rest is made again when it is called."""
        return CompiledFunction, (self._made_from, self.wrt, self.executor, self.dtype)

    def __repr__(self) -> str:
        inputs = [d.tensor for d in self.system.declarations if d.role != "abstract" and d.value is None]
        named = ", ".join([*inputs, "…"] if len(inputs) < len(self.system.declarations) else inputs)
        return f"<CompiledFunction({named}) on {self.executor}, {self.dtype}>"


@answers
def compile(  # noqa: A001 -- cr.compile, as in re.compile
    system: System | Backprop,
    wrt: Sequence[str] | None = None,
    *,
    executor: str = "native",
    dtype: Any = None,
) -> CompiledFunction:
    r"""Return a system as a function that keeps what was derived and compiled.

    Called with inputs by name, in a dict or as keywords, it returns what `evaluate` does; its `value_and_grad` the cost
    and its derivatives by all params, or by the tensors `wrt`. In a system with `batch n`, data with an axis of samples
    in front give values for all samples. What `backprop` returned is taken as it was derived.

    `executor` is "native" (machine code, float32 unless `dtype` is float64) or "reference" (NumPy, float64). Machine
    code is made in the first call, and again for other extents; what there is no machine code for runs on the
    reference, and `plan` says so. Raises OptionError for what is none of these.

    >>> from chainrule.notation import parse
    >>> line = parse("data x[i], y\nparam w[i]\nbatch n\np = sum(i) w[i]*x[i]\ncost C = (p - y)^2")
    >>> f = compile(line, executor="reference")
    >>> f(x=[1, 2], y=4, w=[3, 1])
    {'p': array(5.), 'C': array(1.)}
    >>> f.value_and_grad({"x": [[1, 2], [1, 1]], "y": [4, 4], "w": [3, 1]})
    (0.5, {'w': array([1., 2.])})
    """
    check_system(system, Backprop, expected="a system, or what backprop returned")
    if isinstance(wrt, str):
        raise OptionError(f"wrt is {wrt!r}", expected=f"a list of tensors: [{wrt!r}]")
    usual = "float64" if executor == "reference" else "float32"
    made = CompiledFunction(system, wrt, executor, usual if dtype is None else _float(dtype))
    unknown = [tensor for tensor in made.wrt if tensor not in set(made.system.names())]
    if unknown:
        raise OptionError(f"no tensor is named {unknown[0]}", expected=f"some of {listed(made.system.names())}")
    return made


def _float(dtype: Any) -> str:
    """Return the name of a type of numbers. Raises OptionError for another than float32 and float64."""
    try:
        name = str(np.dtype(dtype).name)
    except TypeError:
        name = ""
    if name not in FLOATS:
        raise OptionError(f"dtype is {dtype!r}", expected="float32 or float64")
    return name


def _joined(
    inputs: Mapping[str, npt.ArrayLike] | None, named: Mapping[str, npt.ArrayLike]
) -> Mapping[str, npt.ArrayLike]:
    """Return inputs given in a dict and as keywords together. Raises InputError for what is given twice."""
    if inputs is None or not named:
        return named if inputs is None else inputs
    twice = [name for name in named if name in inputs]
    if twice:
        raise InputError(f"{twice[0]} is given twice", expected="each input once: in the dict, or by its name")
    return {**inputs, **named}
