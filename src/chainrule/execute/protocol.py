"""What an executor is, and what stands in for unknown functions.

Protocols only: executors know nothing of each other, and whoever runs a system knows them by these. An executor takes a
system as equations; how it runs them is its own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from chainrule.execute.scalars import Array
from chainrule.expr.sizes import Size
from chainrule.system.model import Declaration, System


class Unknowns(Protocol):
    """Concrete functions in place of unknown (abstract) ones, with their partial derivatives of every order."""

    def size(self, extent: Size) -> int:
        """Return the number of entries along an axis of an unknown function that nothing else determines."""
        ...

    def partial(
        self, declaration: Declaration, wrt: tuple[str, ...], arguments: Mapping[str, Array], shape: tuple[int, ...]
    ) -> Array:
        """Return the derivatives of the declared tensor by the tensors `wrt`, its value where `wrt` is empty.

        The axes are those of the declared tensor, of the given shape, then those of each of `wrt`. `arguments` are the
        values of the tensors that it is a function of. An index that the declaration shares with an argument runs
        through both together: entries that differ in it do not depend on each other.
        """
        ...

    def call(self, name: str, order: int, *arguments: Array) -> Array:
        """Return the derivative of that order of a scalar function, its value for order 0, entry by entry."""
        ...


class Executable(Protocol):
    """A system made ready to run many times."""

    @property
    def system(self) -> System:
        """The system it was made from."""
        ...

    def evaluate(self, inputs: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
        """Return the value of every equation, or of every output that was asked for."""
        ...

    def step(self, inputs: Mapping[str, npt.ArrayLike]) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the value of every equation, and the new value of every tensor that has an update."""
        ...


class Executor(Protocol):
    """Something that runs systems."""

    @property
    def name(self) -> str:
        """The name it is asked for by."""
        ...

    def compile(self, system: System, *, dtype: Any = ..., outputs: Sequence[str] | None = None) -> Executable:
        """Return the system made ready to run, in numbers of that type, for all equations or the outputs named."""
        ...


class TrainingSession(Protocol):
    """Params and states in training, in memory of the executor's own."""

    def run_epoch(self, permutation: npt.ArrayLike, progress: Callable[[int, float], None] | None = None) -> float:
        """Run through the samples of a permutation once; return the sum of their costs.

        `progress` is called now and then with the number of samples done and the sum of their costs. Raises NotFinite,
        which says where, if a number is not finite any more, and KeyboardInterrupt with the params of whole steps.
        """
        ...

    @property
    def data(self) -> Mapping[str, Array]:
        """The data sets as steps read them: what is written into one between epochs is learned from in the next."""
        ...

    @property
    def sums(self) -> Mapping[str, float]:
        """Each metric, summed over the samples of the last epoch."""
        ...

    def params(self) -> Mapping[str, Array]:
        """Return copies of the params as they are now."""
        ...

    def kept(self) -> Mapping[str, Array]:
        """Return copies of all that steps change, params and states, as it is now."""
        ...

    def put(self, kept: Mapping[str, npt.ArrayLike]) -> None:
        """Set params and states by name; what is not named stays. Raises InputError for what does not fit."""
        ...


@runtime_checkable
class Trainer(Protocol):
    """An executor that runs whole epochs, in `most_threads` threads at the most."""

    name: str
    most_threads: int

    def compile_training(
        self,
        system: System,
        values: Mapping[str, npt.ArrayLike],
        data: Mapping[str, npt.ArrayLike],
        *,
        batch_size: int,
        threads: int | None = None,
        metrics: Sequence[str] = (),
    ) -> TrainingSession:
        """Return a step of training made ready to run over whole data sets; see the executor.

        `threads` is how many divide the work, None for as many as it is worth; `metrics` are equations whose values are
        summed over the samples of an epoch.
        """
        ...
