"""What the lines of a matrix form are worth beside what the reference executor finds, for systems of any kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.execute.reference.evaluation import Evaluation
from chainrule.execute.scalars import CONSTANTS, SCALARS
from chainrule.expr.nodes import ExtentValue, Reduce, walk
from chainrule.matrix.characters import write_matrix
from chainrule.matrix.matrix_lines import MatrixForms
from chainrule.matrix.matrix_styles import TEXT_MATRIX
from chainrule.matrix.operations import CountOf, SingleEntry, all_in
from chainrule.render.letters import with_letters
from chainrule.system.model import Equation
from chainrule.system.printing import index_names
from matrix_reader import Value, column_of, scalar, value_of

Functions = Mapping[str, Callable[..., Any]]


def named_values(forms: MatrixForms, evaluation: Evaluation) -> dict[str, Value]:
    """Return what every tensor is worth by the name that it has in the lines."""
    found: dict[str, Value] = {name: scalar(value) for name, value in CONSTANTS.items()}
    for tensor in evaluation.system.names():
        array = np.asarray(evaluation.values[tensor])
        if array.ndim <= 2:
            value = column_of(array)
            turned = forms.names.turned(tensor)
            name = write_matrix(forms.names.of(tensor, array.ndim), TEXT_MATRIX)
            assert name not in found, f"{name} stands for two tensors"
            found[name] = value.transposed if turned else value
    return found


def assert_lines_are_worth_what_the_equations_are(
    forms: MatrixForms, equations: Sequence[Equation], evaluation: Evaluation, functions: Functions | None = None
) -> int:
    """Compare every line that has a matrix form with the value of its equation; return how many there are."""
    names = named_values(forms, evaluation)
    count = 0
    for line, equation in zip(forms, equations, strict=True):
        if line.target is None or line.value is None:
            assert line.reason, "what has no matrix form says why"
            continue
        count += 1
        expected = names[write_matrix(line.target, TEXT_MATRIX)]
        text = str(line).partition(" = ")[2]
        known = {**names, **_counts(line.value, equation, evaluation), **_entries(line.value, evaluation)}
        shape = np.asarray(evaluation.values[equation.name]).shape
        whole = expected.transposed if forms.names.turned(equation.name) else expected
        with np.errstate(all="ignore"):
            actual = value_of(text, known, {**SCALARS, **(functions or {})}, _shape(expected, shape))
        wanted = np.broadcast_to(expected.array, (*_shape(expected, shape), 1, 1)[:2]).reshape(actual.shape)
        scale = max(1e-6, float(np.abs(wanted).max(initial=0.0)))
        worst = float(np.abs(actual / scale - wanted / scale).max(initial=0.0))
        assert worst < 1e-10, f"{line}: off by {worst:.2g} of its size, {whole.array.shape}"
    return count


def _shape(expected: Value, shape: tuple[int, ...]) -> tuple[int, ...]:
    return expected.array.shape if len(shape) == 2 or expected.array.shape[0] == 1 else shape


def _counts(node: Any, equation: Equation, evaluation: Evaluation) -> dict[str, Value]:
    """Return the numbers of values of indices, by how they are written."""
    taken, declared = index_names(evaluation.system)
    sides = with_letters(equation.target, equation.value, taken=taken, declared=declared)
    parts = [part for side in sides for part in walk(side)]
    extents = {i.name: i.extent for part in parts if isinstance(part, Reduce) for i in part.indices}
    extents |= {part.letter: part.extent for part in parts if isinstance(part, ExtentValue)}
    counts = [part for part in all_in(node) if isinstance(part, CountOf)]
    return {write_matrix(c, TEXT_MATRIX): scalar(evaluation.scope.size(extents[c.letter], c.letter)) for c in counts}


def _entries(node: Any, evaluation: Evaluation) -> dict[str, Value]:
    entries = {part for part in all_in(node) if isinstance(part, SingleEntry)}
    return {write_matrix(e, TEXT_MATRIX): scalar(evaluation.values[e.tensor][e.place]) for e in entries}
