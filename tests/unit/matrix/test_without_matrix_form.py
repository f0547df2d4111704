"""What has no matrix form stays in index notation and names the index; what is near it has one."""

from __future__ import annotations

import pytest

import chainrule as cr

THREE = "data K[o,c,u], x[c], y[u]\nparam w[o]\ncost C = sum(o,c,u) w[o]*K[o,c,u]*x[c]*y[u]"
EMBEDDING = """data tok[t] : int(v), y[t]
param E[v,d]
index v = 7
h[t,d] = E[tok[t],d]
cost C = sum(t,d) y[t]*h[t,d]^2
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (THREE, "K[o,c,u] has 3 indices, o, c and u"),
        (
            "data x[t]\nparam w[u]\ncost C = sum(p) (sum(u) w[u]*x[p+u])^2",
            "p and v stand in a shifted position, x[p+v]",
        ),
        (
            EMBEDDING,
            "t and v stand in it, compared as numbers",
        ),
        ("param x[i]\ncost C = sum(i) (1 + i)*x[i]^2", "i stands in it as a number"),
        (
            "data u[i], v[j], w[k]\nparam x[i]\ncost C = sum(i,j,k) exp(x[i]*v[j]*w[k])",
            "j, k and i are free in it at once, and a matrix has two indices",
        ),
    ],
)
def test_what_has_no_matrix_form_names_the_index(text: str, reason: str) -> None:
    back = cr.backprop(cr.parse(text))
    line = list(back.matrix())[-1]
    assert line.reason == reason
    assert line.value is None
    assert str(line).splitlines()[1] == f"    no matrix form: {reason}"
    assert line.latex().splitlines()[0] == f"% no matrix form: {reason}"


def test_where_three_matrices_meet_in_every_index_one_is_named() -> None:
    factors = "A[i,j]*B[j,k]*D[k,m]*E[m,i]*F[i,k]*G[j,m]"
    text = f"data A[i,j], B[j,k], D[k,m], E[m,i], F[i,k], G[j,m]\nparam x[i]\ncost C = sum(i,j,k,m) x[i]*{factors}"
    (line,) = cr.backprop(cr.parse(text)).matrix()
    assert line.reason == "j stands in three matrices at once, with i, k and m"
    one_less = cr.parse(text.replace("*G[j,m]", "").replace(", G[j,m]", ""))
    assert str(cr.backprop(one_less).matrix()) == "∇x = ((((A B) ⊙ F) D) ⊙ Eᵀ) 1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("param x[i]\ncost C = x[0]^2 + x[1]", "∇x = e_1 + 2 x[0] e_0"),
        ("data x[t,i]\nparam w[i]\ncost C = sum(i) w[i]*x[1,i]", "∇w = x[1,:]"),
        ("data K[o,i,j], y[j]\nparam w[i]\ncost C = sum(i,j) w[i]*K[0,i,j]*y[j]", "∇w = K[0,:,:] y"),
        ("data y : int(k)\nparam z[k]\nindex k = 4\ncost C = -z[y]", "∇z = −e_y"),
        ("param x[i]\ncost C = sum(i) where(x[i] > 0, x[i]^2, 3*x[i])", "∇x = where(x > 0, 2 x, 3)"),
        ("param x[i]\ncost C = sum(i) relu(x[i])", "∇x = [x > 0]"),
        ("data A[i,j]\nparam x[i]\ncost C = sum(i,j) A[i,j]*x[i]*x[j]^2", "∇x = 2 (Aᵀ x) ⊙ x + A x^∘2"),
    ],
)
def test_what_is_near_it_has_a_matrix_form(text: str, expected: str) -> None:
    (line,) = cr.backprop(cr.parse(text)).matrix(names={})
    assert str(line) == expected
