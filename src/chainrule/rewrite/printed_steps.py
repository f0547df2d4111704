"""What a page of a derivation reads of it: protocols, so that a Derivation can show itself; see `system.printed`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chainrule.expr.nodes import Condition, Expr
from chainrule.expr.symbols import Symbol
from chainrule.render.document import Words
from chainrule.render.formula import ShownFormula
from chainrule.render.titles import Title


class PrintedStep(Protocol):
    """One line of a derivation, as far as it is printed."""

    @property
    def rule(self) -> str:
        """The name of the rule."""

    @property
    def law(self) -> Words:
        """Its law."""

    @property
    def before(self) -> Expr:
        """The left side."""

    @property
    def after(self) -> Expr:
        """The right side."""

    @property
    def assumption(self) -> str:
        """The fact used."""

    @property
    def note(self) -> Words:
        """What a reader should see."""

    @property
    def detail(self) -> PrintedDerivation | None:
        """The derivation of this line."""

    @property
    def names(self) -> Sequence[Symbol]:
        """What the rule names."""

    @property
    def where(self) -> str:
        """The function that took the step."""


class PrintedDerivation(Protocol):
    """A derivation, as far as it is printed."""

    @property
    def target(self) -> Expr:
        """What is derived."""

    @property
    def steps(self) -> Sequence[PrintedStep]:
        """The steps."""

    @property
    def notes(self) -> Sequence[Words]:
        """Sentences about the result."""

    @property
    def cases(self) -> Sequence[tuple[Title, PrintedDerivation]]:
        """Special cases with their titles."""

    def formula(self, expr: Expr | Condition) -> ShownFormula:
        """Return an expression of the derivation laid out."""

    def equation_formula(self) -> ShownFormula:
        """Return the result laid out."""
