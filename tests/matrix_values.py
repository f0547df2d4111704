"""What the lines of a matrix form are worth beside what the reference executor finds, for systems of any kind.

Only the names of the lines are looked up in what was made; their values are read off the text, see `matrix_reader`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from chainrule.execute.reference.evaluation import Evaluation
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.magnitudes import magnitude, size_of
from chainrule.execute.scalars import CONSTANTS, SCALARS
from chainrule.expr.nodes import Call, ExtentValue, Index, Indexed, Partial, Reduce, walk
from chainrule.expr.sizes import Axis
from chainrule.expr.symbols import Derivative
from chainrule.matrix.characters import write_matrix
from chainrule.matrix.forming import Former
from chainrule.matrix.matrix_lines import MatrixForms, MatrixLine
from chainrule.matrix.matrix_styles import TEXT_MATRIX
from chainrule.matrix.operations import CountOf, IdentityMatrix, MatrixNode, NumberedPart, UnitVector, all_in
from chainrule.render.letters import with_letters
from chainrule.system.model import Equation
from chainrule.system.printing import index_names
from matrix_reader import Value, column_of, scalar, value_of

NEAR = 1e-10
Named = dict[str, Value]


def text(node: MatrixNode) -> str:
    return write_matrix(node, TEXT_MATRIX)


def assert_lines_are_worth_what_the_equations_are(
    forms: MatrixForms, equations: Sequence[Equation], evaluation: Evaluation
) -> int:
    """Compare every line that has a matrix form with the value of its equation; return how many there are."""
    values = Values(forms, evaluation)
    for line, equation in zip(forms, equations, strict=True):
        assert bool(line.reason) == (line.value is None), "what has no matrix form says why"
        if line.value is not None:
            off = values.off(line, equation)
            assert off < NEAR, f"{line}: off by {off:.2g} of its size"
    return sum(line.value is not None for line in forms)


@dataclass(frozen=True)
class Values:
    """What stands in the lines, by how it is written."""

    forms: MatrixForms
    evaluation: Evaluation

    def off(self, line: MatrixLine, equation: Equation, shown: str = "") -> float:
        """Return how far a line is from its equation, as a share of the size of what is added up in it.

        What is read is the text of the line, or the one that is `shown` instead.
        """
        assert line.target is not None
        assert line.value is not None
        tensors = self.tensors()
        expected = tensors[text(line.target)]
        known = {**tensors, **dict(self.parts(line.value)), **self.counts(line.value, equation)}
        known |= dict(self.unknown(equation))
        with np.errstate(all="ignore"):
            actual = value_of(
                (shown or str(line)).partition(" = ")[2], known, {**SCALARS, **self.functions()}, expected
            )
            size = float(np.abs(self.sizes(equation)).max(initial=0.0))
        scale = max(1e-6, size, float(np.abs(expected.array).max(initial=0.0)))
        return float(np.abs(actual - expected.array).max(initial=0.0)) / scale

    def named(self) -> Iterator[tuple[str, str, Any]]:
        """Yield the name of every tensor in the lines, the tensor, and its value."""
        for tensor in self.evaluation.system.names():
            array = np.asarray(self.evaluation.values[tensor])
            yield text(self.forms.names.of(tensor, array.ndim)), tensor, array

    def tensors(self) -> Named:
        """Return what every scalar, vector and matrix is worth."""
        found: Named = {name: scalar(value) for name, value in {**CONSTANTS, "∞": np.inf}.items()}
        for name, tensor, array in self.named():
            if array.ndim <= 2:
                assert name not in found, f"{name} stands for two tensors"
                value = column_of(array)
                found[name] = value.transposed if self.forms.names.turned(tensor) else value
        return found

    def parts(self, node: MatrixNode) -> Iterator[tuple[str, Value]]:
        """Yield the parts of tensors at numbers, unit vectors and the identity."""
        arrays = {name: array for name, _, array in self.named()}
        for part in all_in(node):
            if isinstance(part, NumberedPart):
                place = tuple(slice(None) if at is None else at for at in part.place)
                yield text(part), column_of(arrays[text(part.of)][place])
            if isinstance(part, IdentityMatrix):
                yield text(part), column_of(np.eye(self.evaluation.scope.size(part.size, "")))
            if isinstance(part, UnitVector):
                at = part.at if isinstance(part.at, int) else int(self.evaluation.values[part.at])
                yield text(part), column_of(np.eye(self.evaluation.scope.size(part.size, ""))[at])

    def counts(self, node: MatrixNode, equation: Equation) -> Named:
        """Return the numbers of values of indices."""
        taken, declared = index_names(self.evaluation.system)
        sides = with_letters(equation.target, equation.value, taken=taken, declared=declared)
        parts = [part for side in sides for part in walk(side)]
        extents = {i.name: i.extent for part in parts if isinstance(part, Reduce) for i in part.indices}
        extents |= {part.letter: part.extent for part in parts if isinstance(part, ExtentValue)}
        size = self.evaluation.scope.size
        return {text(c): scalar(size(extents[c.letter], "")) for c in all_in(node) if isinstance(c, CountOf)}

    def unknown(self, equation: Equation) -> Iterator[tuple[str, Value]]:
        """Yield the derivatives of unknown functions."""
        for part in walk(equation.value):
            if isinstance(part, Partial):
                form = Former(self.forms.names).form(part)
                value = column_of(self.evaluation.value_of(part, form.indices))
                yield text(form.node), value.transposed if form.rows is None else value

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return the functions of the system, and the derivatives of unknown ones."""
        names = self.evaluation.system.function
        return {name + "′" * n: partial(self.called, name, n) for name in names for n in range(3)}

    def called(self, name: str, order: int, *arguments: Any) -> Any:
        """Return a function of the system of each entry."""
        scope = self.evaluation.scope
        arrays = np.broadcast_arrays(*arguments)
        index = Index("i", Axis("t0", 0))
        tensors = {f"t{n}": array.reshape(-1) for n, array in enumerate(arrays)}
        sizes = {**scope.sizes, index.extent: arrays[0].size}
        call = Call(name, tuple(Indexed(tensor, (index,)) for tensor in tensors), order)
        inner = replace(scope, values={**scope.values, **tensors}, sizes=sizes)
        return evaluate_in(inner, call, (index,)).reshape(arrays[0].shape)

    def sizes(self, equation: Equation) -> Any:
        """Return how large what is added up in an equation is."""
        scope = self.evaluation.scope
        derivatives = [t for t in self.evaluation.system.names() if isinstance(t, Derivative)]
        sized = {size_of(t): np.abs(scope.values[t]) for t in derivatives}
        inner = replace(scope, values={**scope.values, **sized})
        return evaluate_in(inner, magnitude(equation.value), equation.indices)
