"""What the walks of the chain rule need in order to simplify; `simplify.simplifier` has it, and is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from chainrule.expr.nodes import Expr, Index
from chainrule.expr.sizes import Size
from chainrule.expr.skeleton import Bare, Shape
from chainrule.expr.symbols import Symbol
from chainrule.rewrite.rules import Step


class Simplifying(Protocol):
    """Simplifies expressions of one system, and tells the steps."""

    def simplify(self, expr: Expr, order: Sequence[Index] = ()) -> Expr:
        """Return the simplest form."""

    def steps(self, expr: Expr, order: Sequence[Index] = ()) -> tuple[Step, ...]:
        """Return the steps that lead there."""

    def arranged(self, expr: Expr, order: Sequence[Index] = ()) -> Expr:
        """Return the expression before the first of these steps, as a book would write it."""

    def present(self, expr: Expr) -> Expr:
        """Return a simplified expression as a book would write it."""

    def presents_alike(self, tensors: Iterable[Symbol]) -> bool:
        """Say whether how an expression with these tensors is written does not depend on what they are called."""

    def cancelled(self, expr: Expr) -> tuple[Expr, ...]:
        """Return the factors that an expression loses in the normal form, since it is divided by them, too."""

    def lost(self, step: Step) -> tuple[Expr, ...]:
        """Return the factors that a step loses because it multiplies sums out that are divided by them."""

    def shape(self, items: Sequence[Bare], compared: Iterable[Size] = ()) -> Shape:
        """Return the shape of some expressions, with all that is known of what they read.

        `compared` are the extents of indices that come to stand in deltas when they are differentiated.
        """

    def relates(self, left: frozenset[Symbol], right: frozenset[Symbol]) -> bool:
        """Say whether something known of the system has tensors of both in it."""
