"""What printers read of a system: protocols with the fields they use, so that a System can print itself.

Printers know these and not the classes, and the classes import their printers: imports go one way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from chainrule.expr.nodes import Comparison, Expr, Index, Indexed
from chainrule.expr.sizes import Size
from chainrule.system.derived import DerivedExtent


class PrintedDeclaration(Protocol):
    """A declaration, as far as it is printed."""

    @property
    def role(self) -> str:
        """The word it begins with."""

    @property
    def tensor(self) -> str:
        """The name of the tensor."""

    @property
    def indices(self) -> Sequence[Index]:
        """The labels of its axes."""

    @property
    def value(self) -> Expr | None:
        """What it is declared to be, or to begin with."""

    @property
    def arguments(self) -> Sequence[Indexed]:
        """What an unknown function is one of."""

    @property
    def values(self) -> Index | None:
        """The index whose values an integer tensor holds."""

    @property
    def implied(self) -> bool:
        """Whether it has no line of its own."""


class PrintedFunction(Protocol):
    """The definition of a scalar function, as far as it is printed."""

    @property
    def name(self) -> str:
        """The name of the function."""

    @property
    def parameters(self) -> Sequence[str]:
        """The names of its parameters."""

    @property
    def body(self) -> Expr | None:
        """What it is, None for an unknown one."""


class PrintedEquation(Protocol):
    """An equation, as far as it is printed."""

    @property
    def target(self) -> Indexed:
        """The left side."""

    @property
    def value(self) -> Expr:
        """The right side."""


class PrintedGiven(Protocol):
    """A fact, as far as it is printed."""

    @property
    def condition(self) -> Comparison:
        """What is known to hold."""


class PrintedSystem(Protocol):
    """A system, as far as it is printed."""

    @property
    def declarations(self) -> Sequence[PrintedDeclaration]:
        """The tensors that no equation defines."""

    @property
    def functions(self) -> Sequence[PrintedFunction]:
        """The scalar functions made by the user."""

    @property
    def givens(self) -> Sequence[PrintedGiven]:
        """The facts."""

    @property
    def batch(self) -> str:
        """The letter of the sample index, or ""."""

    @property
    def equations(self) -> Sequence[PrintedEquation]:
        """The equations, each before its first use."""

    @property
    def cost(self) -> str:
        """The tensor whose gradients are meant, or ""."""

    @property
    def updates(self) -> Sequence[PrintedEquation]:
        """The updates."""

    @property
    def indices(self) -> Sequence[Index]:
        """The declared indices."""

    @property
    def said(self) -> Sequence[Index]:
        """The letters whose sizes text has to say, with these."""

    @property
    def derived(self) -> Sequence[DerivedExtent]:
        """The sizes that positions determine."""

    @property
    def size(self) -> Mapping[Size, int]:
        """The extents known without inputs."""

    def axes(self, tensor: str) -> Sequence[Index]:
        """Return the indices that label the axes of a tensor."""

    def names(self) -> Iterator[str]:
        """Yield every tensor of the system."""
