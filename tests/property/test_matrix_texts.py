"""Any expression in matrix notation has the value that the same operations have in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from support import assert_close, examples

Array = npt.NDArray[np.float64]
N, M = 3, 2
SOURCE = np.random.default_rng(11)
VALUES = {
    "x": SOURCE.normal(size=(N, 1)),
    "y": SOURCE.normal(size=(M, 1)),
    "A": SOURCE.normal(size=(M, N)),
    "S": SOURCE.normal(size=(N, N)) + 4 * np.eye(N),
    "t": np.asarray([[0.7]]),
}
KINDS = f"vector x({N}), y({M})\nmatrix A({M},{N}), S({N},{N})\nscalar t"
LEAVES = {"1,1": ("t",), "n,1": ("x",), "m,1": ("y",), "m,n": ("A",), "n,n": ("S",)}


@dataclass(frozen=True)
class Written:
    """An expression as text that can stand anywhere, and its value as a matrix."""

    text: str
    value: Array


@st.composite
def expressions(draw: st.DrawFn, rows: str, columns: str, depth: int) -> Written:
    """Draw an expression with so many rows and columns."""
    if depth == 0:
        return leaf(draw, rows, columns)
    choice = draw(
        st.sampled_from(("sum", "product", "entrywise", "transpose", "scaled", "function", "whole", "inverse"))
    )
    one = draw(expressions(rows, columns, depth - 1))
    if choice == "sum":
        sign, other = draw(st.sampled_from("+-")), draw(expressions(rows, columns, depth - 1))
        return Written(f"({one.text} {sign} {other.text})", one.value + (1 if sign == "+" else -1) * other.value)
    if choice == "product":
        middle = draw(st.sampled_from("1nm"))
        left, right = draw(expressions(rows, middle, depth - 1)), draw(expressions(middle, columns, depth - 1))
        between = draw(st.sampled_from(("*", " @ ", " · ", " ")))
        return Written(f"({left.text}{between}{right.text})", left.value @ right.value)
    if choice == "entrywise":
        other = draw(expressions(rows, columns, depth - 1))
        return Written(f"({one.text} ⊙ sin({other.text}))", one.value * np.sin(other.value))
    if choice == "transpose":
        other = draw(expressions(columns, rows, depth - 1))
        return Written(other.text + draw(st.sampled_from(("'", ".T", "ᵀ", "^T"))), other.value.T)
    if choice == "scaled":
        scalar = draw(expressions("1", "1", depth - 1))
        return Written(f"(2*{scalar.text}*{one.text}/3)", 2 * scalar.value[0, 0] * one.value / 3)
    if choice == "function":
        return Written(f"(1 - tanh({one.text}).^2)", 1 - np.tanh(one.value) ** 2)
    if choice == "inverse":
        other = draw(expressions("n", columns, depth - 1))
        left = draw(expressions(rows, "n", depth - 1))
        return Written(f"({left.text}*inv(S)*{other.text})", left.value @ np.linalg.inv(VALUES["S"]) @ other.value)
    inner = draw(expressions("n", "n", depth - 1))
    return Written(f"(tr({inner.text})*{one.text})", np.trace(inner.value) * one.value)


def leaf(draw: st.DrawFn, rows: str, columns: str) -> Written:
    """Draw a tensor of this shape, or ones."""
    names = LEAVES.get(f"{rows},{columns}", ())
    turned = LEAVES.get(f"{columns},{rows}", ())
    choices = [Written(name, VALUES[name]) for name in names] + [Written(f"{n}'", VALUES[n].T) for n in turned]
    if rows == columns == "m":
        choices += [Written("(y*y')", VALUES["y"] @ VALUES["y"].T), Written("diag(y)", np.diag(VALUES["y"][:, 0]))]
    return draw(st.sampled_from(choices))


@given(expressions("1", "1", 3))
@examples(100)
def test_an_expression_has_its_value_in_numpy(drawn: Written) -> None:
    system = cr.parse(f"{KINDS}\nf = {drawn.text} + 0*t")
    values = {name: v if name in "AS" else v[:, 0] if name in "xy" else v[0, 0] for name, v in VALUES.items()}
    # Terms that cancel lose digits.
    assert_close(cr.evaluate(system, values)["f"], drawn.value[0, 0], rtol=1e-7, atol=1e-7)
