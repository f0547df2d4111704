"""What an executor is, and what stands in for unknown functions.

Protocols only: executors know nothing of each other, and whoever runs a system knows them by these. An executor takes a
system as equations; how it runs them is its own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy.typing as npt

from chainrule.execute.scalars import Array
from chainrule.expr.nodes import Extent
from chainrule.system.model import Declaration, System


class Unknowns(Protocol):
    """Concrete functions in place of unknown (abstract) ones, with their partial derivatives of every order."""

    def size(self, extent: Extent) -> int:
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
        """Return the value of every equation."""
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

    def compile(self, system: System, *, dtype: Any = ...) -> Executable:
        """Return the system made ready to run, in numbers of that type."""
        ...
