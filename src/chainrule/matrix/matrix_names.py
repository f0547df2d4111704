"""What tensors are called in matrix form: δ2, ∇W2, and X for the matrix whose rows are the x of all samples.

With rows for samples a vector becomes a matrix, and takes the capital of its letter unless another tensor has it. The
layout says which way derivatives lie: `mixed`, the default, gives gradients the shape of what they are by and Jacobian
matrices a row for each entry of what is differentiated; `numerator` and `denominator` hold for both alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chainrule.expr.nodes import Indexed
from chainrule.expr.symbols import Derivative, Symbol, Tensor, of_one_sample, symbol
from chainrule.matrix.operations import CountOf, MatrixNode, Nabla, Rates, Variable
from chainrule.render.names import layer_of
from chainrule.render.printed_names import PRESETS, Naming

MatrixLayout = Literal["mixed", "numerator", "denominator"]
LAYOUTS: tuple[MatrixLayout, ...] = ("mixed", "numerator", "denominator")


@dataclass(frozen=True)
class MatrixNames:
    """What symbols are called. `naming` gives names of a book; `nabla` says whether other gradients are ∇W or ∂C/∂W.

    `stacked` are the tensors that are matrices with a row for each sample. `ranks`, those of one sample, tell a
    gradient from a Jacobian matrix; what is not there is a scalar. `taken` are the names that no other tensor gets.
    """

    naming: Naming = PRESETS["plain"]
    nabla: bool = True
    ranks: Mapping[str, int] = field(default_factory=dict)
    stacked: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    layout: MatrixLayout = "mixed"

    def of(self, tensor: Symbol, rank: int) -> MatrixNode:
        """Return a tensor by its name."""
        plain = of_one_sample(tensor)
        named = self._book(plain)
        if named is not None:
            return Variable(self._large(named, stacked=tensor in self.stacked), rank)
        match plain:
            case Derivative(of, (by,)) if self.nabla and self._scalar(of):
                return Nabla(self._large(by, stacked=by in self.stacked))
            case Derivative(of, by):
                return Rates(of, tuple(self._large(one, stacked=one in self.stacked) for one in by))
            case _:
                return Variable(self._large(plain, stacked=tensor in self.stacked), rank)

    def unknown(self, of: Indexed, by: tuple[Indexed, ...]) -> MatrixNode:
        """Return the derivative of an unknown function: ∇_a C, or its Jacobian matrix."""
        if len(by) == 1 and not of.indices and self.nabla:
            return Nabla(by[0].tensor, of.tensor)
        return Rates(of.tensor, tuple(one.tensor for one in by))

    def lies(self, of_rank: int) -> bool:
        """Say whether a derivative lies the other way: its axes are those of what it is by, then of what it is of."""
        return self.layout == ("denominator" if of_rank else "numerator")

    def turned(self, tensor: Symbol) -> bool:
        """Say whether a derivative by its name lies the other way."""
        match tensor:
            case Derivative(of, (_,), along):
                return not along and tensor not in self.stacked and self.lies(self.ranks.get(of, 0))
            case _:
                return False

    def count(self, letter: str) -> CountOf:
        """Return the number of values of an index."""
        return CountOf(letter, capital=len(letter) == 1 and letter.upper() not in {letter, *self.taken})

    def _scalar(self, tensor: Symbol) -> bool:
        return not self.ranks.get(tensor, 0)

    def _book(self, tensor: Symbol) -> Symbol | None:
        if self.layout == "numerator" and isinstance(tensor, Derivative):
            return None
        return self.naming.of(tensor)

    def _large(self, tensor: Symbol, *, stacked: bool) -> Symbol:
        """Return the capital of a letter, X for x and A1 for a1, for what has a row for each sample."""
        if not stacked or not isinstance(tensor, Tensor):
            return tensor
        stem, layer = layer_of(tensor)
        capital = stem.upper()
        if len(stem) != 1 or capital == stem or len(capital) != 1:
            return tensor
        found = Tensor(capital, tensor.superscript) if tensor.superscript else symbol(capital + layer)
        return tensor if found in self.taken else found
