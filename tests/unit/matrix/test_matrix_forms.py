"""Derivatives in matrix form, as text: those of networks, of families, and the lines of the matrix cookbook."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import OptionError
from unit.families.family_systems import MLP, RNN
from unit.families.test_step_sums import TWO_RANGES

NETWORK = """data x[i], y[k]
param W1[j,i], b1[j], W2[k,j], b2[k]
z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = sigmoid(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
a2[k] = sigmoid(z2[k])
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)
"""
SOFTMAX = "param z[k]\ndata y[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = sum(k) (a[k] - y[k])^2"


def lines(text: str, *wrt: str, **options: object) -> list[str]:
    return list(map(str, cr.backprop(cr.parse(text), wrt or None).matrix(**options)))


def test_a_network_for_one_sample_reads_as_in_a_textbook() -> None:
    assert lines(NETWORK) == [
        "δ2 = a2 ⊙ (a2 − y) ⊙ (1 − a2)",
        "∇W2 = δ2 a1ᵀ",
        "∇b2 = δ2",
        "δ1 = (W2ᵀ δ2) ⊙ a1 ⊙ (1 − a1)",
        "∇W1 = δ1 xᵀ",
        "∇b1 = δ1",
    ]


@pytest.mark.parametrize("letter", ["", "batch n\n", "batch s\n"])
def test_for_all_samples_rows_are_samples_and_vectors_have_capitals(letter: str) -> None:
    count = letter.split()[1].upper() if letter else "N"
    assert lines(NETWORK + letter, batched=True) == [
        "Δ2 = A2 ⊙ (A2 − Y) ⊙ (1 − A2)",
        f"∇W2 = Δ2ᵀ A1 / {count}",
        f"∇b2 = Δ2ᵀ 1 / {count}",
        "Δ1 = (Δ2 W2) ⊙ A1 ⊙ (1 − A1)",
        f"∇W1 = Δ1ᵀ X / {count}",
        f"∇b1 = Δ1ᵀ 1 / {count}",
    ]


def test_latex_has_the_same_and_superscripts_in_parentheses() -> None:
    latex = cr.backprop(cr.parse(NETWORK)).derivation("z1").matrix().latex()
    assert latex == (
        r"\delta^{1} = \left(\left(W^{2}\right)^{\top} \delta^{2}\right) \odot a^{1} \odot \left(1 - a^{1}\right)"
    )
    batched = cr.backprop(cr.parse(NETWORK)).matrix(batched=True)
    assert r"\nabla b^{2} &= \frac{\left(\Delta^{2}\right)^{\top} \mathbf{1}}{N}" in batched.latex()


def test_softmax_is_one_line_and_its_jacobian_another() -> None:
    assert lines(SOFTMAX) == ["δ = 2 a ⊙ (a − y − (aᵀ (a − y)) 1)"]
    jacobian = cr.jacobian(cr.parse(SOFTMAX), of="a", wrt="z")
    assert str(jacobian.matrix()) == "∂a/∂z = diag(a) − a aᵀ"
    assert jacobian.derivation().matrix().latex() == (
        r"\frac{\partial a}{\partial z} = \operatorname{diag}\left(a\right) - a a^{\top}"
    )


def test_softmax_of_all_samples_adds_up_rows() -> None:
    text = "data x[i], y[k]\nparam W[k,i]\nz[k] = sum(i) W[k,i]*x[i]\n" + SOFTMAX.partition("data y[k]\n")[2]
    first, *_ = lines(text, batched=True)
    assert first == "Δ = 2 A ⊙ (A − Y − (A ⊙ (A − Y)) 1 1ᵀ)"


def test_of_an_unknown_function_there_is_its_jacobian() -> None:
    text = "param z[j]\nabstract a[k](z[j])\ncost C(a[k])"
    assert lines(text) == ["δ = (∂a/∂z)ᵀ ∇_a C"]
    assert lines(text, layout="denominator") == ["δ = (∂a/∂z) ∇_a C"]
    assert lines(text, layout="numerator") == ["∂C/∂z = (∂C/∂a) (∂a/∂z)"]


def test_layouts_say_which_way_derivatives_lie() -> None:
    text = "data A[k,i], b[k]\nparam x[i]\ncost C = sum(k) (sum(i) A[k,i]*x[i] - b[k])^2"
    assert lines(text) == lines(text, layout="denominator") == ["∇x = 2 Aᵀ (A x − b)"]
    assert lines(text, layout="numerator") == ["∂C/∂x = 2 (A x − b)ᵀ A"]
    by_matrix = "data a[i], b[j]\nparam X[i,j]\ncost C = sum(i,j) a[i]*X[i,j]*b[j]"
    assert (lines(by_matrix), lines(by_matrix, layout="numerator")) == (["∇X = a bᵀ"], ["∂C/∂X = b aᵀ"])
    softmax = cr.jacobian(cr.parse("data A[k,i]\nparam x[i]\nu[k] = sum(i) A[k,i]*x[i]"), of="u", wrt="x")
    assert (str(softmax.matrix()), str(softmax.matrix(layout="denominator"))) == ("∂u/∂x = A", "∂u/∂x = Aᵀ")


def test_a_layout_that_there_is_not_is_refused() -> None:
    with pytest.raises(OptionError, match="there is no layout 'rows'\n  one of mixed, numerator, denominator"):
        lines(SOFTMAX, layout="rows")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("plain", "∂C/∂W2 = (∂C/∂z2) a1ᵀ"),
        ("ng", "dW2 = dz2 a1ᵀ"),
        ({"∂C/∂z2": "e", "W2": "V"}, "∇V = e a1ᵀ"),
    ],
)
def test_names_are_those_of_a_book_or_ones_own(names: object, expected: str) -> None:
    assert lines(NETWORK, names=names)[1] == expected


def test_a_family_has_a_line_for_each_case() -> None:
    assert lines(MLP.replace("sigma", "σ")) == [
        "δ^L = ∇_a C ⊙ σ′(z^L)",
        "δ^l = ((W^{l+1})ᵀ δ^{l+1}) ⊙ σ′(z^l)   for l = 1..L-1",
        "∇W^l = δ^l (a^{l-1})ᵀ   for l = 1..L",
        "∇b^l = δ^l   for l = 1..L",
    ]


def test_powers_of_members_of_a_family_are_not_their_steps() -> None:
    text = "param w\nh[0;] = w\nfor t = 1..T:\n    h[t;] = sin(h[t-1;])\ncost C = sum(t) h[t;]^3"
    line = next(line for line in cr.backprop(cr.parse(text)).matrix() if str(line).startswith("∇h^T"))
    assert (str(line), line.latex()) == ("∇h^T = 3 (h^T)²", r"\nabla h^{T} = 3 \left(h^{T}\right)^{2}")


def test_a_sum_over_steps_is_no_matrix_product() -> None:
    found = lines(RNN)
    assert "∇U = Σ_{t=1..T} δ^t (h^{t-1})ᵀ" in found
    assert "∇b = Σ_{t=1..T} δ^t" in found
    assert (
        r"\nabla U &= \sum_{t=1}^{T} \delta^{t} \left(h^{t-1}\right)^{\top}"
        in cr.backprop(cr.parse(RNN)).matrix().latex()
    )


def test_a_sum_over_some_steps_says_which() -> None:
    back = cr.backprop(cr.parse(f"{TWO_RANGES}cost C = (sum(t) p[t;]) + (sum(t) q[t;])"), ["w"])
    (line,) = back.matrix()
    assert str(line) == "∇w = (Σ_{t=1..T} x^t v^t) + Σ_{t=2..T} x^{t-1} x^t"
    assert r"\sum_{t=2}^{T} x^{t-1} x^{t}" in line.latex()


def test_a_step_that_divides_is_a_number() -> None:
    text = """param r[i]
const x0[i]
x[0; i] = x0[i]
for t = 1..T:
    x[t; i] = x[t-1; i] + r[i]/t
cost C = sum(i) x[T; i]^2
"""
    assert "∇r = Σ_{t=1..T} ∇x^t / t" in lines(text)


WEIGHTED = """data x[i], W[i,j], s[k]
param A[i,k]
given W[i,j] = W[j,i]
r[i] = x[i] - sum(k) A[i,k]*s[k]
cost C = sum(i,j) r[i]*W[i,j]*r[j]
"""
TWO_AFFINE = """data B[k,i], A[k,m], D[m,i], b[k], d[m]
param x[i]
cost C = sum(k,m) (sum(i) B[k,i]*x[i] + b[k])*A[k,m]*(sum(i) D[m,i]*x[i] + d[m])
"""
COOKBOOK = [
    ("∇X = X⁻ᵀ", "param X[i,j]\ncost C = log(det(X))"),
    ("∇X = det(X) X⁻ᵀ", "param X[i,j]\ncost C = det(X)"),
    ("∇X = −X⁻ᵀ a bᵀ X⁻ᵀ", "data a[i], b[j]\nparam X[i,j]\ncost C = sum(i,j) a[i]*inv(X)[i,j]*b[j]"),
    ("∇X = a bᵀ", "data a[i], b[j]\nparam X[i,j]\ncost C = sum(i,j) a[i]*X[i,j]*b[j]"),
    ("∇X = b aᵀ", "data a[i], b[j]\nparam X[j,i]\ncost C = sum(i,j) a[i]*X[j,i]*b[j]"),
    ("∇X = a aᵀ", "data a[i]\nparam X[i,j]\ncost C = sum(i,j) a[i]*X[i,j]*a[j]"),
    ("∇X = X c bᵀ + X b cᵀ", "data b[j], c[j]\nparam X[i,j]\ncost C = sum(i,j,k) b[j]*X[i,j]*X[i,k]*c[k]"),
    (
        "∇X = D X c bᵀ + Dᵀ X b cᵀ",
        "data b[j], c[j], D[i,k]\nparam X[i,j]\ncost C = sum(i,j,k,m) b[j]*X[i,j]*D[i,k]*X[k,m]*c[m]",
    ),
    ("∇x = (B + Bᵀ) x", "data B[i,j]\nparam x[i]\ncost C = sum(i,j) x[i]*B[i,j]*x[j]"),
    ("∇x = 2 B x", "data B[i,j]\nparam x[i]\ngiven B[i,j] = B[j,i]\ncost C = sum(i,j) x[i]*B[i,j]*x[j]"),
    (
        "∇x = Bᵀ A (d + D x) + Dᵀ Aᵀ (b + B x)",
        TWO_AFFINE,
    ),
    (
        "∇X = (D + Dᵀ) u bᵀ",
        "data b[j], c[i], D[i,k]\nparam X[i,j]\nu[i] = sum(j) X[i,j]*b[j] + c[i]\ncost L = sum(i,k) u[i]*D[i,k]*u[k]",
    ),
    ("∇X = I", "param X[i,j]\ncost C = sum(i) X[i,i]"),
    ("∇X = Aᵀ", "data A[j,i]\nparam X[i,j]\ncost C = sum(i,j) X[i,j]*A[j,i]"),
    ("∇X = Aᵀ Bᵀ", "data A[k,i], B[j,k]\nparam X[i,j]\ncost C = sum(i,j,k) A[k,i]*X[i,j]*B[j,k]"),
    ("∇X = B A", "data A[k,j], B[i,k]\nparam X[i,j]\ncost C = sum(i,j,k) A[k,j]*X[i,j]*B[i,k]"),
    ("∇X = 2 Xᵀ", "param X[i,j]\ncost C = sum(i,j) X[i,j]*X[j,i]"),
    ("∇X = Bᵀ Xᵀ + Xᵀ Bᵀ", "data B[i,k]\nparam X[i,j]\ncost C = sum(i,j,k) X[i,j]*X[j,k]*B[k,i]"),
    ("∇X = (B + Bᵀ) X", "data B[i,k]\nparam X[i,j]\ncost C = sum(i,j,k) X[i,j]*B[i,k]*X[k,j]"),
    ("∇X = X (B + Bᵀ)", "data B[j,k]\nparam X[i,j]\ncost C = sum(i,j,k) X[i,j]*B[j,k]*X[i,k]"),
    (
        "∇X = Aᵀ Xᵀ Bᵀ + Bᵀ Xᵀ Aᵀ",
        "data A[k,i], B[j,m]\nparam X[i,j]\ncost C = sum(i,j,k,m) A[k,i]*X[i,j]*B[j,m]*X[m,k]",
    ),
    ("∇X = 2 X", "param X[i,j]\ncost C = sum(i,j) X[i,j]^2"),
    ("∇x = (x − a) / C", "data a[i]\nparam x[i]\ncost C = sqrt(sum(i) (x[i] - a[i])^2)"),
    (
        "∇A = −2 W r sᵀ",
        WEIGHTED,
    ),
    ("∇X = (S⁻¹ + S⁻ᵀ) X", "param X[i,j]\nS[i,k] = sum(j) X[i,j]*X[k,j]\ncost C = log(det(S))"),
    ("∇X = −Y⁻ᵀ Y⁻ᵀ", "data A[i,j]\nparam X[i,j]\nY[i,j] = X[i,j] + A[i,j]\ncost C = sum(i) inv(Y)[i,i]"),
    ("∇x = exp(x) / (1ᵀ exp(x))", "param x[i]\ncost C = log(sum(i) exp(x[i]))"),
    (
        "∇x = ((A + Aᵀ) x − 2 C x) / ‖x‖²",
        "data A[i,j]\nparam x[i]\ncost C = (sum(i,j) x[i]*A[i,j]*x[j])/(sum(i) x[i]^2)",
    ),
]


@pytest.mark.parametrize(("expected", "text"), COOKBOOK, ids=[one for one, _ in COOKBOOK])
def test_a_line_of_the_matrix_cookbook_is_found(expected: str, text: str) -> None:
    assert lines(text)[-1] == expected


def test_the_hessian_of_a_quadratic_form_is_a_sum() -> None:
    text = "data A[i,j]\nparam x[i]\ncost C = sum(i,j) x[i]*A[i,j]*x[j]"
    assert str(cr.hessian(cr.parse(text)).matrix()) == "∂²C/∂x∂x = A + Aᵀ"
