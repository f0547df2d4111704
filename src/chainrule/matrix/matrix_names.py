"""What tensors are called in matrix form: δ2, ∇W2, and X for the matrix whose rows are the x of all samples.

With rows for samples a vector becomes a matrix, and takes the capital of its letter unless another tensor has it. The
layout says which way derivatives lie: `mixed`, the default, gives gradients the shape of what they are by and Jacobian
matrices a row for each entry of what is differentiated; `numerator` and `denominator` hold for both alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chainrule.expr.symbols import Change, Derivative, Symbol, Tensor, of_one_sample, symbol
from chainrule.matrix.operations import CountOf, DerivativeMatrix, MatrixNode, Nabla, Variable
from chainrule.render.names import GREEK, layer_of
from chainrule.render.printed_names import PRESETS, Naming

MatrixLayout = Literal["mixed", "numerator", "denominator"]
LAYOUTS: tuple[MatrixLayout, ...] = ("mixed", "numerator", "denominator")


@dataclass(frozen=True)
class MatrixNames:
    """What symbols are called. `naming` gives names of a book; `nabla` says whether other gradients are ∇W or ∂C/∂W.

    ∇W is the gradient of the `cost`, of another scalar it is ∇_W L; and names of a `book` are those of the cost's, too.
    `stacked` are the tensors that are matrices with a row for each sample. `ranks`, those of one sample, tell a
    gradient from a Jacobian matrix; what is not there is a scalar. `taken` are the names that no other tensor gets.
    `last` are the members of families that an unknown cost reads: ∇_a C says enough, for the a of the last step.
    `steps` are the letters of their steps.
    """

    naming: Naming = PRESETS["plain"]
    book: bool = False
    cost: str = ""
    nabla: bool = True
    ranks: Mapping[str, int] = field(default_factory=dict)
    stacked: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    layout: MatrixLayout = "mixed"
    last: frozenset[Symbol] = frozenset()
    steps: frozenset[str] = frozenset()

    def of(self, tensor: Symbol, rank: int) -> MatrixNode:
        """Return a tensor by its name."""
        plain = of_one_sample(tensor)
        named = self._book(plain)
        if named is not None:
            return Variable(self._large(named, stacked=tensor in self.stacked), rank)
        match plain:
            case Derivative(of, (by,)) if self.nabla and by in self.last:
                return Nabla(self._without_step(by), of)
            case Derivative(of, (by,)) if self.nabla and self._scalar(of):
                return Nabla(self._shown(by), None if of == self.cost else self._shown(of))
            case Derivative(of, by):
                return DerivativeMatrix(self._shown(of), tuple(map(self._shown, by)))
            case _:
                return Variable(self._large(plain, stacked=tensor in self.stacked), rank)

    def unknown(self, of: Symbol, by: tuple[Symbol, ...], *, scalar: bool) -> MatrixNode:
        """Return the derivative of an unknown function: ∇_a C of a scalar one, else its Jacobian matrix."""
        if len(by) == 1 and scalar and self.nabla:
            return Nabla(self._without_step(by[0]), of)
        return DerivativeMatrix(self._shown(of), tuple(map(self._shown, by)))

    def _without_step(self, tensor: Symbol) -> Symbol:
        if tensor in self.last and isinstance(tensor, Tensor):
            return symbol(tensor.name)
        return self._shown(tensor)

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
        """Return the number of values of an index: N for n, unless N is something else; I is the identity."""
        shown = {letter, "I", *self.taken, *(self._shown(symbol(tensor)) for tensor in self.stacked)}
        return CountOf(letter, capital=len(letter) == 1 and letter.upper() not in shown)

    def _shown(self, tensor: Symbol) -> Symbol:
        return self._large(self._book(tensor) or tensor, stacked=tensor in self.stacked)

    def _scalar(self, tensor: Symbol) -> bool:
        return not self.ranks.get(tensor, 0)

    def _book(self, tensor: Symbol) -> Symbol | None:
        if isinstance(tensor, Derivative):
            of_cost = tensor.of == self.cost and self._scalar(tensor.of)
            if self.layout == "numerator" or (self.book and not of_cost):
                return None
        return self.naming.of(tensor)

    def _large(self, tensor: Symbol, *, stacked: bool) -> Symbol:
        """Return the capital of a letter, X for x and A1 for a1, for what has a row for each sample."""
        if stacked and isinstance(tensor, Change):
            return Change(self._large(tensor.of, stacked=True), tensor.number)
        if not stacked or not isinstance(tensor, Tensor):
            return tensor
        stem, layer = layer_of(tensor)
        capital = stem.upper()
        if len(stem) != 1 or capital == stem or not (capital.isascii() or capital in GREEK):
            return tensor
        found = Tensor(capital, tensor.superscript) if tensor.superscript else symbol(capital + layer)
        return tensor if found in self.taken else found
