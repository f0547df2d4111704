"""Whole derivations of Jacobians and Hessians as text and LaTeX, against files that a person has read.

One file per case in the folder jacobians; `pytest tests/golden --rewrite-golden` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import chainrule as cr
from chainrule.render.latex import equation_latex
from chainrule.rewrite.derivation_text import derivation_latex, derivation_text

FOLDER = Path(__file__).parent / "jacobians"
SOFTMAX = "data y[k]\nparam z[j]\ngiven sum(k) y[k] = 1\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
QUADRATIC_FORM = "param X[i,j]\ndata B[i,k]\nS[k,l] = sum(i,m) X[i,k]*B[i,m]*X[m,l]\n"
NETWORK = """data x[i], y[k]
param W1[j,i], W2[k,j]
z1[j] = sum(i) W1[j,i]*x[i]
a1[j] = tanh(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j]
cost C = 1/2*(sum(k) (z2[k] - y[k])^2)
"""
CASES = {
    "softmax": lambda: cr.jacobian(cr.parse(SOFTMAX), of="a", wrt="z"),
    "quadratic-form": lambda: cr.jacobian(cr.parse(QUADRATIC_FORM), of="S", wrt="X"),
    "softmax-hessian": lambda: cr.hessian(cr.parse(f"{SOFTMAX}cost C = -sum(k) y[k]*log(a[k])\n"), wrt="z"),
    "unknown-hessian": lambda: cr.hessian(cr.parse("param z[j]\nabstract a[k](z[j])\ncost C(a[k])\n"), wrt="z"),
    "network-jacobian": lambda: cr.jacobian(cr.parse(NETWORK), of="z2", wrt="W1"),
    "network-hessian": lambda: cr.hessian(cr.parse(NETWORK), wrt=("W1", "W2")),
}


def page(found: cr.Jacobian) -> str:
    """Return everything about a case that a reader sees."""
    parts = [str(found)]
    for name in found.results:
        derivation = found.derivation(name)
        latex = equation_latex(derivation.target, derivation.result, taken=derivation.taken, ranks=derivation.ranks)
        lines = [derivation_text(derivation), "", f"latex  {latex}", "", derivation_latex(derivation)]
        parts.append("\n".join(["=" * 100, *lines]))
    return "\n".join(part.rstrip() + "\n" for part in parts)


@pytest.mark.parametrize("case", CASES)
def test_a_jacobian_reads_as_it_was_read_before(case: str, rewrites: bool) -> None:
    file = FOLDER / f"{case}.txt"
    written = page(CASES[case]())
    if rewrites:
        FOLDER.mkdir(exist_ok=True)
        file.write_text(written, encoding="utf-8")
    assert file.exists(), f"{file.name} is missing: run pytest tests/golden --rewrite-golden, and read what it wrote"
    assert written == file.read_text(encoding="utf-8")


def test_every_golden_file_has_its_case() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*")) == sorted(CASES)
