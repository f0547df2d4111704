"""Matrix notation: values beside NumPy, gradients beside central differences, and the form that a book has."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

import chainrule as cr
from chainrule.errors import NotationError
from chainrule.notation.matrix_texts.kinds import declares_kinds
from chainrule.notation.matrix_texts.matrix_systems import index_text, read_matrices
from support import assert_close

Array = npt.NDArray[np.float64]
SHAPES: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys("xabvyw", (3,)),
    **dict.fromkeys("AXBC", (3, 3)),
    "H": (4, 3),
    "u": (4,),
    "z": (4,),
    "c": (),
}


@dataclass(frozen=True)
class Given:
    """An expression, what it is derived by, its value in NumPy, and the gradient in matrix form, "" where unasked."""

    text: str
    by: str
    value: Callable[..., object]
    form: str = ""


def softmax(x: Array) -> Array:
    return np.asarray(np.exp(x) / np.exp(x).sum())


INV, TR = np.linalg.inv, np.trace


def det(X: Array) -> float:
    return float(np.linalg.det(X))


GIVEN = (
    Given("x'*A*x", "x", lambda x, A: x @ A @ x, "∇x = (A + Aᵀ) x"),
    Given("a'*x", "x", lambda a, x: a @ x, "∇x = a"),
    Given("a'*X*b", "X", lambda a, X, b: a @ X @ b, "∇X = a bᵀ"),
    Given("a'*X'*b", "X", lambda a, X, b: a @ X.T @ b, "∇X = b aᵀ"),
    Given("b'*X'*X*c*v", "X", lambda b, X, c, v: c * (b @ X.T @ X @ v), "∇X = c (X v bᵀ + X b vᵀ)"),
    Given("tr(A*X)", "X", lambda A, X: TR(A @ X), "∇X = Aᵀ"),
    Given("tr(A X B)", "X", lambda A, X, B: TR(A @ X @ B), "∇X = Aᵀ Bᵀ"),
    Given("tr(A Xᵀ B)", "X", lambda A, X, B: TR(A @ X.T @ B), "∇X = B A"),
    Given("tr(X'*A*X)", "X", lambda X, A: TR(X.T @ A @ X), "∇X = (A + Aᵀ) X"),
    Given("tr(X^2)", "X", lambda X: TR(X @ X), "∇X = 2 Xᵀ"),
    Given("tr(X^3)", "X", lambda X: TR(X @ X @ X), "∇X = 3 Xᵀ Xᵀ"),
    Given("det(X)", "X", det, "∇X = det(X) X⁻ᵀ"),
    Given("log(det(X'*X))", "X", lambda X: np.log(det(X.T @ X))),
    Given("log(det(X)^2)", "X", lambda X: np.log(det(X) ** 2)),
    Given("a'*inv(X)*b", "X", lambda a, X, b: a @ INV(X) @ b, "∇X = −X⁻ᵀ a bᵀ X⁻ᵀ"),
    Given("a'*X^-1*b", "X", lambda a, X, b: a @ INV(X) @ b, "∇X = −X⁻ᵀ a bᵀ X⁻ᵀ"),
    Given("a'*X⁻ᵀ*b", "X", lambda a, X, b: a @ INV(X).T @ b),
    Given("tr(inv(X)*A)", "X", lambda X, A: TR(INV(X) @ A), "∇X = −X⁻ᵀ Aᵀ X⁻ᵀ"),
    Given("tr(inv(X + A))", "X", lambda X, A: TR(INV(X + A))),
    Given("norm2(H*x - u)^2", "x", lambda H, x, u: ((H @ x - u) ** 2).sum(), "∇x = 2 Hᵀ (H x − u)"),
    Given("norm2(x - a)", "x", lambda x, a: np.linalg.norm(x - a)),
    Given("normF(X)^2", "X", lambda X: (X**2).sum(), "∇X = 2 X"),
    Given("sum(log(1+exp(-u.*(H*w))))", "w", lambda u, H, w: np.log1p(np.exp(-u * (H @ w))).sum()),
    Given("sum(log(vector(1)+exp(-u⊙(H w))))", "w", lambda u, H, w: np.log1p(np.exp(-u * (H @ w))).sum()),
    Given("-u'*log(softmax(H*x))", "x", lambda u, H, x: -u @ np.log(softmax(H @ x))),
    Given("-u'*log(softmax(z))", "z", lambda u, z: -u @ np.log(softmax(z))),
    Given("logsumexp(x)", "x", lambda x: np.log(np.exp(x).sum()), "∇x = exp(x) / (1ᵀ exp(x))"),
    Given("exp(x)'*a + 2 norm1(x)", "x", lambda x, a: np.exp(x) @ a + 2 * abs(x).sum(), "∇x = 2 sign(x) + a ⊙ exp(x)"),
    Given("x'*A*x + c*sin(y)'*x", "x", lambda x, A, c, y: x @ A @ x + c * np.sin(y) @ x, "∇x = c sin(y) + (A + Aᵀ) x"),
    Given("x.T @ A @ x / (x.T @ x)", "x", lambda x, A: x @ A @ x / (x @ x)),
    Given("x^T*diag(y)*x", "y", lambda x, y: x @ np.diag(y) @ x, "∇y = x^∘2"),
    Given("sum(diag(A*X).^2)", "X", lambda A, X: (np.diag(A @ X) ** 2).sum()),
    Given("x'*(A + c*eye)*x", "x", lambda x, A, c: x @ (A + c * np.eye(3)) @ x),
    Given("x'*(A + c*I)*x", "c", lambda x, A, c: x @ (A + c * np.eye(3)) @ x, "∇c = ‖x‖²"),
    Given("vector(1)'*(x.^3 ./ exp(y))", "x", lambda x, y: (x**3 / np.exp(y)).sum()),
    Given("u' tanh(H x)", "H", lambda u, H, x: u @ np.tanh(H @ x)),
    Given("sum(relu(H*x)) - mean(H)", "H", lambda H, x: np.maximum(H @ x, 0).sum() - H.mean()),
    Given(
        "sum(max(H*x, 0.5)) + max(x) + min(u)", "x", lambda H, x, u: np.maximum(H @ x, 0.5).sum() + x.max() + u.min()
    ),
    Given("sum(sigmoid(X).*A')", "X", lambda X, A: (A.T / (1 + np.exp(-X))).sum()),
    Given("sum(2.^x) - 3", "x", lambda x: (2**x).sum() - 3),
    Given("-x'*-y - -c^2", "c", lambda x, y, c: x @ y + c**2, "∇c = 2 c"),
    Given("1/2 (x - y)ᵀ A⁻¹ (x - y)", "x", lambda x, y, A: (x - y) @ INV(A) @ (x - y) / 2),
    Given("sum(softmax(x')*A)", "x", lambda x, A: (softmax(x) @ A).sum()),
    Given("dot(x, A*y)", "y", lambda x, A, y: x @ A @ y, "∇y = Aᵀ x"),
    Given("normF(X - a*b')^2/2", "a", lambda X, a, b: ((X - np.outer(a, b)) ** 2).sum() / 2),
    Given("sum(matrix(1).*X*vector(2))", "X", lambda X: 2 * X.sum()),
    Given("x'*A^2'*y", "A", lambda x, A, y: x @ (A @ A).T @ y),
    Given("tr((A*X/9)^4)", "X", lambda A, X: TR(np.linalg.matrix_power(A @ X / 9, 4))),
    Given("tr((A*X)^-2)", "X", lambda A, X: TR(INV(A @ X @ A @ X))),
    Given("tr((A*X - B)'*(A*X - B))", "X", lambda A, X, B: ((A @ X - B) ** 2).sum(), "∇X = 2 Aᵀ (A X − B)"),
)


def declared(names: tuple[str, ...], by: str) -> str:
    kinds = ("scalar", "vector", "matrix")
    return "\n".join(f"{'param' if name == by else 'data'} {kinds[len(SHAPES[name])]} {name}" for name in names)


def numbers(names: tuple[str, ...]) -> dict[str, Array]:
    source = np.random.default_rng(7)
    found = {name: np.asarray(source.normal(size=SHAPES[name])) for name in names}
    return {n: v + 2 * np.eye(3) if v.shape == (3, 3) else v for n, v in found.items()}


def arguments_of(given: Given) -> tuple[str, ...]:
    return tuple(inspect.signature(given.value).parameters)


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: given.text)
def test_an_expression_has_the_value_and_the_gradient_that_it_has_in_numpy(given: Given) -> None:
    names = arguments_of(given)
    values = numbers(names)
    system = cr.parse(f"{declared(names, given.by)}\n{given.text}")
    cost, gradients = cr.value_and_grad(system, values)
    assert_close(cost, given.value(**values), rtol=1e-12)
    step = 1e-6
    differences = np.zeros(SHAPES[given.by])
    for place in np.ndindex(*differences.shape):
        ends = []
        for sign in (1, -1):
            moved = np.array(values[given.by])
            moved[place] += sign * step
            ends.append(np.asarray(given.value(**{**values, given.by: moved})))
        differences[place] = (ends[0] - ends[1]) / (2 * step)
    # Central differences lose half of the digits.
    assert_close(gradients[given.by], differences, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("given", [g for g in GIVEN if g.form], ids=lambda given: given.text)
def test_a_gradient_is_printed_as_in_the_matrix_cookbook(given: Given) -> None:
    system = cr.parse(f"{declared(arguments_of(given), given.by)}\n{given.text}")
    assert str(cr.backprop(system).matrix()) == given.form


@pytest.mark.parametrize(
    "text",
    ["x'*A*x", "x' A x", "x.T @ A @ x", "xᵀ A x", "x^T*A*x", "x⊤ · A · x", "x^{T}A x;", "x’*A*x", "(x' * A) * x"],
)
def test_one_product_is_written_in_many_ways(text: str) -> None:
    plain = index_text("x'*A*x", assuming=True).text
    assert index_text(text, assuming=True).text == plain


def test_t_is_an_exponent_where_it_is_declared() -> None:
    system = cr.parse("param scalar t\nscalar T\nt^T")
    assert_close(cr.evaluate(system, {"t": 2.0, "T": 3.0})["f"], 8.0)


def test_a_text_of_several_lines_is_a_network() -> None:
    text = """
    data vector x, y            # one sample
    param matrix W1, W2
    param vector b1, b2
    a1 = sigmoid(W1*x + b1)
    a2 = sigmoid(W2*a1 + b2)
    cost C = 1/2*norm2(a2 - y)^2
    """
    back = cr.backprop(cr.parse(text))
    lines = str(back.matrix()).splitlines()
    assert lines[1:3] == ["∇W2 = ∇b2 a1ᵀ", "∇b2 = a2 ⊙ (a2 − y) ⊙ (1 − a2)"] or len(lines) >= 4
    values = {"x": np.ones(2), "y": np.zeros(2), "W1": np.ones((3, 2)), "W2": np.ones((2, 3))}
    cost, _ = cr.value_and_grad(cr.parse(text), {**values, "b1": np.zeros(3), "b2": np.zeros(2)})
    inner = 1 / (1 + np.exp(-2.0))
    assert_close(cost, (1 / (1 + np.exp(-3 * inner))) ** 2, rtol=1e-12)


def test_a_symmetric_matrix_is_one_in_the_derivative() -> None:
    system = cr.parse("symmetric matrix A\nparam vector x\nx'*A*x")
    assert str(cr.backprop(system).matrix()) == "∇x = 2 A x"


def test_declarations_in_index_notation_can_stand_among_the_others() -> None:
    system = cr.parse("vector u\ndata H[p,q]\nparam w[q]\ncost C = norm2(H*w - u)^2")
    assert str(cr.backprop(system).matrix()) == "∇w = 2 Hᵀ (H w − u)"
    assert "H[p,q]" in str(system)


def test_sizes_that_are_declared_hold() -> None:
    system = cr.parse("vector x(3)\nparam scalar t\nt*sum(x) + sum(vector(1).*x)")
    assert cr.evaluate(system, {"x": [1, 2, 3], "t": 2})["f"] == 18
    with pytest.raises(cr.errors.ChainruleError):
        cr.evaluate(system, {"x": [1, 2], "t": 2})


def test_made_up_names_and_letters_are_none_that_the_text_has() -> None:
    text = "matrix M, f\nvector i, j, k\nscalar z\ni'*inv(M*M)*j + k'*f*k + z*norm2(softmax(M*j))"
    system = read_matrices(text)
    names = list(system.names())
    assert len(set(names)) == len(names)
    values = {"M": np.eye(2) * 2, "f": np.eye(2), "i": [1, 2], "j": [3, 4], "k": [5, 6], "z": 0}
    assert_close(cr.evaluate(system, values)[system.cost], 11 / 4 + 61, rtol=1e-12)


def test_ones_that_stand_alone_are_as_many_as_what_they_were_added_to() -> None:
    with pytest.raises(NotationError, match=r"nothing says how long") as caught:
        cr.parse("vector x\nu = vector(1) + 0*x\nsum(vector(1)'*eye*vector(2)*u'*x)")
    assert caught.value.line == 3
    assert_close(cr.evaluate(cr.parse("vector x\no = vector(1)\nx'*o"), {"x": [1, 2, 4]})["f"], 7)


@pytest.mark.parametrize("text", ["data vector, x\ncost C = vector*x", "param matrix\ncost C = matrix^2", "scalar = 2"])
def test_a_text_that_names_a_tensor_vector_is_in_index_notation(text: str) -> None:
    assert not declares_kinds(text)
    cr.parse(text)
