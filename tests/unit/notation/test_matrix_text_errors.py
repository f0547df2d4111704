"""Matrix notation that cannot be read: what is wrong, where, and what to do; and texts that nobody wrote."""

from __future__ import annotations

import random
import time

import pytest

import chainrule as cr
from chainrule.errors import NotationError
from chainrule.notation.matrix_texts.matrix_systems import index_text, read_matrices

REFUSED = {
    "x*A": ("x*A is no product: x is a column, A a matrix", 2, "x'*A is a row, A*x a column."),
    "x*y": ("x*y is no product: x is a column, y a column", 2, "x'*y is a scalar, x*y' a matrix, x.*y the product"),
    "A*x*y": ("(A*x)*y is no product: (A*x) is a column, y a column", 4, "(A*x)'*y is a scalar"),
    "x'y'": ("x'*y' is no product: x' is a row, y' a row", 3, "x'*y is a scalar."),
    "A*x'": ("A*x' is no product: A is a matrix, x' a row", 2, "A*x is a column."),
    "x + y'": ("x + y': a column and a row have no sum", 3, "x' is x as a row."),
    "A + x": ("A + x: a matrix and a column have no sum", 3, "diag(x) is the matrix"),
    "x'*y + x": ("x'*y + x: a scalar and a column have no sum", 6, "t*vector(1)"),
    "A/B": ("A/B divides by a matrix", 2, "A ./ B; the inverse of a matrix is inv(A)."),
    "x^2": ("x is a column and has no power", 2, "x.^2, the sum of all squares x'*x."),
    "A^0.5": ("the exponent of a matrix is a whole number", 2, "A.^0.5"),
    "A^99": ("the exponent of a matrix is from 1 to 20", 2, ""),
    "y .* A*x": ("y .* A: a column and a matrix have no entries in common", 3, "put it in parentheses"),
    "x**2": ("'**' cannot stand here", 2, "x.^2"),
    "2^3^2": ("a power of a power can be read in two ways", 4, "(x^2)^3"),
    "e.^x": ("no tensor named 'e'", 1, "exp(x)"),
    "f(x)": ("no function named 'f'", 1, ""),
    "x + q": ("no tensor named 'q'", 5, "Declare it: vector q"),
    "A(1)": ("A is a matrix, no function", 2, "A*(…)"),
    "A[1]": ("matrix notation has no entries in brackets", 2, "param A[i,j]"),
    "x'*(A*y": ("'(' is never closed", 4, ""),
    "x'*": ("the statement ends too early", 4, ""),
    "x' $ y": ("'$' cannot stand here", 4, ""),
    "tr(x)": ("a trace is that of a square matrix, and this is a column", 1, ""),
    "norm2(A)": ("norm2 of a matrix has two meanings", 1, "normF(A)"),
    "norm1(A)": ("norm1 of a matrix has two meanings", 1, "sum(abs(A))"),
    "softmax(A)": ("softmax is that of a vector, and this is a matrix", 1, ""),
    "sum(x, y)": ("sum takes 1 argument, not 2", 1, ""),
    "sum + 1": ("sum is a function", 1, ""),
    "cost C = A*x": ("the cost is a column", 10, "norm2(x)^2"),
    "vector(1)": ("nothing says how long a vector or matrix is", 1, ""),
    "x = y": ("x is defined twice", 1, ""),
    "exp = y": ("exp has a meaning already", 1, "Choose another name."),
    "index i = 3": ("a 'index' line cannot stand in a text in matrix notation", 1, ""),
    "const q = x'*x": ("a const is a number by a name", 7, ""),
    "vector u(3), v(4)\nu'*v": ("u'*v is no product: u' is a row, v a column, 1 × 3 and 4 × 1", 3, ""),
    "vector u(3), v(4)\nu - v": ("u - v: the terms have different sizes, 3 × 1 and 4 × 1", 3, ""),
    "matrix Q(2)": ("the sizes of a matrix are 2 numbers", 8, ""),
    "vector u v": ("this declaration cannot be read", 8, ""),
    "vector u½": ("u½ is no name", 8, ""),
    "symmetric vector u": ("only a square matrix is symmetric", 18, ""),
    "1e9999*x": ("", 1, ""),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read_is_refused_at_its_place(text: str) -> None:
    what, column, advice = REFUSED[text]
    with pytest.raises(NotationError) as caught:
        cr.parse(f"vector x, y\nmatrix A, B\n{text}")
    error = caught.value
    assert error.what == what or not what
    assert (error.line, error.column) == (3 + text.count("\n"), column)
    assert advice in error.advice
    assert error.where.startswith(text.rpartition("\n")[2])


PIECES = (
    *"xyABtT()()+-*/^.' ,=\n",
    *("ᵀ", "⊙", "²", "⁻¹", ".*", "./", ".^", "^T", ".T", "@", "3", "0.5", "vector(1)", "eye", "sum(", "inv(", "tr("),
    *(
        "\nvector x",
        "\nmatrix A",
        "\nsymmetric matrix B(2,2)",
        "\nscalar t",
        "\ncost C = ",
        "norm2(",
        "softmax(",
        "diag(",
    ),
    *("logdet(", "x'*A*x", "exp(", "[", "max(", ";", "#", "\x00", "½", "(2)", "data ", "batch n\n", "det(", "_", "\r"),
)


def test_texts_that_nobody_wrote_are_read_or_refused() -> None:
    source = random.Random(5)
    read = 0
    for _ in range(4000):
        drawn = "".join(source.choices(PIECES, k=source.randint(1, 14)))
        text = source.choice(("vector x, y\nmatrix A, B\nscalar t\n", "", "vector x\n")) + drawn
        try:
            read_matrices(text, assuming=source.random() < 0.5)
            read += 1
        except NotationError:
            pass
    assert read > 100


@pytest.mark.parametrize(
    "text",
    [
        "(" * 150 + "x" + ")" * 150 + "'*x",
        "x" + "'" * 20_001 + "*x",
        "-" * 150 + "x'*x",
        "x'*x" + " + x'*x" * 1000,
        "t*" * 1900 + "x",
        "exp(" * 150 + "x" + ")" * 150,
        "tr(" + "(" * 40 + "A" + "^20)" * 40 + ")",
        "exp(" * 199 + "t" + ")" * 199,
        "softmax(" * 100 + "x" + ")" * 100,
        "x'*" + "A*" * 200 + "x",
    ],
    ids=lambda text: f"{text[:6]}…",
)
def test_long_and_deep_texts_are_read_quickly(text: str) -> None:
    begin = time.process_time()
    index_text(f"vector x\nmatrix A\nscalar t\n{text}")
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    "text",
    [
        "(" * 201 + "x" + ")" * 201,
        "x" + " + x" * 30_000,
        "-+" * 300 + "x",
        "2^-" * 300 + "x",
        "x" * 201,
        "t" * 61_000,
        "A^T" + "*A" * 3000,
    ],
    ids=lambda text: f"{text[:6]}…",
)
def test_beyond_the_limits_is_an_error(text: str) -> None:
    with pytest.raises(NotationError):
        read_matrices(f"vector x\nmatrix A\nscalar t\n{text}")
