"""Families are read, printed, and read back."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.families.families import Families
from chainrule.families.templates import StepBlock, StepRange
from chainrule.rewrite.derivation_text import derivation_latex
from unit.families.family_systems import DESCENT, FAMILIES, MLP, STACKED


@pytest.mark.parametrize("text", FAMILIES.values(), ids=FAMILIES)
def test_what_is_printed_reads_back(text: str) -> None:
    families = cr.parse(text)
    assert isinstance(families, Families)
    assert cr.parse(str(families)) == families


def test_a_block_is_what_stands_indented_below_its_line() -> None:
    families = cr.parse(STACKED)
    above, steps = (item for item in families.items if isinstance(item, StepBlock))
    assert above.range == StepRange("l", ("", 1), ("L", 0))
    inner = steps.items[1]
    assert isinstance(inner, StepBlock)
    assert [len(above.items), len(steps.items), len(inner.items)] == [1, 2, 2]
    assert families.letters == ("L", "T")


def test_families_print_in_the_notation() -> None:
    assert str(cr.parse(MLP)).splitlines()[4:] == [
        "",
        "a[0; i] = x[i]",
        "for l = 1..L:",
        "    z[l; k] = Σ_j W[l; k,j]·a[l-1; j] + b[l; k]",
        "    a[l; k] = sigma(z[l; k])",
    ]
    assert "    w[s; i] = w[s-1; i] − eta/s·Σ_n X[n,i]·r[s; n]" in str(cr.parse(DESCENT)).splitlines()


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("for l = 1..L:", StepRange("l", ("", 1), ("L", 0))),
        ("for l = L-1..1:", StepRange("l", ("", 1), ("L", -1), down=True)),
        ("for l=2 .. L : # up", StepRange("l", ("", 2), ("L", 0))),
        ("for l = 1..3:", StepRange("l", ("", 1), ("", 3))),
        ("for l = 3..1:", StepRange("l", ("", 1), ("", 3), down=True)),
        ("for l = L..L+2:", StepRange("l", ("L", 0), ("L", 2))),
    ],
)
def test_the_end_with_the_letter_is_the_upper_one(line: str, steps: StepRange) -> None:
    families = cr.parse(f"param w\n{line}\n  z[l;] = w*l\ncost C = sum(l) z[l;]")
    assert families.ranges == (steps,)


def test_blanks_comments_and_nested_blocks_are_told_by_columns() -> None:
    head = "param w\n\nfor t = 1..T:   # time\n# a remark\n\n  z[t;] = w\n"
    text = head + "  for l = 1..2:\n     v[t,l;] = w\n    u[t,l;] = w\ncost C = sum(t) z[t;]"
    with pytest.raises(cr.NotationError, match="indented as no other"):
        cr.parse(text)
    families = cr.parse(text.replace("    u", "     u"))
    assert [len(path) for path, _ in families.templates()] == [1, 2, 2, 0]


def test_a_superscript_without_for_is_a_part_of_the_name() -> None:
    system = cr.parse("param z[L; j]\nabstract a[L; k](z[L; j])\ncost C(a[L; k])")
    assert str(system) == "param z[L; j]\nabstract a[L; k](z[L; j])\ncost C(a[L; k])"
    assert cr.parse(str(system)) == system
    derivation = cr.backprop(system, ["z[L;]"]).derivation("z[L;]")
    assert str(derivation) == "∂C/∂z[L; j] = Σ_k ∂C/∂a[L; k]·∂a[L; k]/∂z[L; j]"
    assert derivation.verify()


def test_neighbouring_layers_without_for_are_tensors_of_their_own() -> None:
    text = "param z[l; k]\ndata W[l+1; m,k]\nabstract sigma(t)\na[l; k] = sigma(z[l; k])\n"
    system = cr.parse(text + "z[l+1; m] = sum(k) W[l+1; m,k]*a[l; k]\ncost C(z[l+1; m])")
    found = cr.backprop(system, ["z[l;]"]).derivation("z[l;]")
    assert str(found) == "∂C/∂z[l; k] = sigma'(z[l; k])·Σ_m W[l+1; m,k]·∂C/∂z[l+1; m]"
    assert r"\sum_{m} W^{l+1}_{mk}" in derivation_latex(found)
    assert found.verify()
