"""Whole derivations as text, and results as text and LaTeX, against files that a person has read.

One file per case of `cases`, in the folder derivations; `pytest tests/golden --rewrite-golden` writes them anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cases import CASES, Case
from chainrule.expr.symbols import Derivative, tensors_of
from chainrule.notation import parse
from chainrule.pipeline import Backprop, backprop
from chainrule.render.latex import equation_latex
from chainrule.rewrite.derivation_text import derivation_text
from chainrule.system.printing import system_text

FOLDER = Path(__file__).parent / "derivations"


def page(case: Case) -> str:
    """Return everything about a case that a reader sees."""
    system = parse(case.text)
    back = backprop(system, tuple(dict.fromkeys((*system.params, *case.results))))
    return "\n".join(part.rstrip() + "\n" for part in parts(case, back))


def parts(case: Case, back: Backprop) -> Iterator[str]:
    yield system_text(back.forward)
    yield from (f"{'=' * 100}\n{section(back, tensor)}" for tensor in tensors_of_interest(case, back))


def tensors_of_interest(case: Case, back: Backprop) -> list[str]:
    """Return those whose lines are expected, and those whose derivatives the backward pass names."""
    named = [tensors_of(e.name)[1] for e in back.system.equations if isinstance(e.name, Derivative)]
    return list(dict.fromkeys((*case.results, *named)))


def section(back: Backprop, tensor: str) -> str:
    derivation = back.derivation(tensor)
    latex = equation_latex(derivation.target, derivation.result, taken=derivation.taken)
    lines = [derivation_text(derivation), "", f"text   {derivation.equation()}", f"latex  {latex}"]
    for title, special in derivation.cases:
        lines += ["", f"-- where {title}", derivation_text(special)]
    return "\n".join(lines)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_derivation_reads_as_it_was_read_before(case: Case, rewrites: bool) -> None:
    file = FOLDER / f"{case.name}.txt"
    written = page(case)
    if rewrites:
        FOLDER.mkdir(exist_ok=True)
        file.write_text(written, encoding="utf-8")
    assert file.exists(), f"{file.name} is missing: run pytest tests/golden --rewrite-golden, and read what it wrote"
    assert written == file.read_text(encoding="utf-8")


def test_every_golden_file_has_its_case() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*")) == sorted(case.name for case in CASES)
