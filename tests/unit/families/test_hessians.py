"""Second derivatives of families are those of the system written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.execute.reference import evaluation
from chainrule.expr.symbols import Derivative
from support import assert_close
from unit.families.family_systems import DESCENT, MLP, PLAIN_AXIS, RNN, SIGMOID, SKIP, STACKED, UNKNOWN
from unit.families.further_families import LABELS, ONE_LETTER, ROWS, TABLE
from unit.families.random_inputs import random_inputs
from unit.families.recurrences import ATTENTION, GRU, HEADS, INPUT_EVERYWHERE, TIED, WEIGHT_DECAY

CASES = {
    "layers": (SIGMOID, ["W", "b"], (1, 2, 3)),
    "skip of two": (SKIP, ["W", "A"], (1, 2, 3, 5)),
    "weight decay": (WEIGHT_DECAY, ["W", "lam"], (1, 2, 3)),
    "heads": (HEADS, ["W", "V"], (2, 3)),
    "input to every layer": (INPUT_EVERYWHERE, ["V", "E"], (1, 2, 3)),
    "tied to the next layer": (TIED, ["W"], (1, 2, 3)),
    "recurrence": (RNN, ["U", "h0"], (1, 2, 3, 5)),
    "gates": (GRU, ["Wu"], (1, 2, 3)),
    "stacked": (STACKED, ["W"], (1, 2)),
    "steps as numbers": (DESCENT, ["eta", "w0"], (1, 2, 3, 5)),
    "attention over steps": (ATTENTION, ["w", "U"], (1, 2, 3)),
    "chain of labels": (LABELS, ["A", "s"], (1, 2, 3)),
    "one letter for all steps": (ONE_LETTER, ["h0"], (1, 2, 3)),
    "data along an axis": (PLAIN_AXIS, ["U", "V"], (1, 2, 3)),
    "a table with a row for each step": (ROWS, ["E", "u"], (1, 2, 3)),
}
SIZES = [
    pytest.param(text, wrt, number, marks=[pytest.mark.slow] * (number > 2))
    for text, wrt, numbers in CASES.values()
    for number in numbers
]
NAMES = [f"{name}-{number}" for name, (_, _, numbers) in CASES.items() for number in numbers]


@pytest.mark.parametrize(("text", "wrt", "number"), SIZES, ids=NAMES)
def test_second_derivatives_are_those_of_the_system_written_out(text: str, wrt: list[str], number: int) -> None:
    families = cr.parse(text)
    found = cr.hessian(families, wrt)
    numbers = dict.fromkeys(families.letters, number)
    whole, forward = found.at(**numbers), found.back.prepared.at(**numbers)
    inputs = random_inputs(forward)
    values = evaluation.evaluate(whole, inputs)
    declared = {d.tensor for d in forward.declarations}
    second = [name for name in values if isinstance(name, Derivative) and len(name.wrt) == 2]
    asked = [name for name in second if name.of == whole.cost and declared.issuperset(name.wrt)]
    members = list(dict.fromkeys(str(t) for name in asked for t in name.wrt))
    expected = evaluation.evaluate(cr.hessian(forward, members), inputs)
    assert len(asked) >= len(members)
    for name in asked:
        assert_close(values[name], _block(expected, name, inputs), rtol=1e-9, atol=1e-12)


def _block(expected: dict[str, Any], name: Derivative, inputs: dict[str, Any]) -> Any:
    """Return ∂²C/∂v∂w, transposed where it is known as ∂²C/∂w∂v."""
    if name in expected:
        return expected[name]
    one, other = name.wrt
    block = expected[Derivative(name.of, other, one)]
    axes = np.ndim(inputs[one])
    return np.transpose(block, [*range(block.ndim - axes, block.ndim), *range(block.ndim - axes)])


def test_second_derivatives_are_shown_for_each_two_steps() -> None:
    found = str(cr.hessian(cr.parse(SIGMOID), "b")).splitlines()
    assert "∂z[l; k]/∂b[m; n] = Σ_i W[l; k,i]·∂a[l-1; i]/∂b[m; n] + [m = l]·[k = n]   for m = 1..L, l = 1..L" in found
    assert found[-1] == "∂²C/∂b[l; k]∂b[m; n] = ∂²C/∂z[l; k]∂b[m; n]   for m = 1..L, l = 1..L"
    assert r"\frac{\partial^{2} C}" in cr.hessian(cr.parse(SIGMOID), "b").latex()


@pytest.mark.parametrize("text", [SIGMOID, RNN, STACKED, LABELS])
def test_second_derivatives_are_a_family_that_reads_back(text: str) -> None:
    derived = cr.hessian(cr.parse(text)).system
    assert str(cr.parse(str(derived))) == str(derived)


@pytest.mark.parametrize(
    ("text", "wrt", "message"),
    [
        (MLP, "W", "C is an unknown function"),
        (UNKNOWN.replace("cost C(z[L; k])", "cost C = sum(k) z[L; k]"), "z0", r"z\[l;\] is an unknown function"),
        (TABLE, "E", "entries at steps"),
        (RNN, "h", "second derivatives by h are none of a family"),
        (RNN, "q", "no tensor named 'q'"),
    ],
)
def test_what_has_no_second_derivatives_is_refused(text: str, wrt: str, message: str) -> None:
    with pytest.raises(cr.DerivativeError, match=message):
        str(cr.hessian(cr.parse(text), wrt))
