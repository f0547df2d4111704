"""LaTeX one can use: displays that fit the lines of an article, measured by TeX where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import case_systems
from cases import CASES, Case
from chainrule.expr.nodes import Call, Expr, Indexed, Power, Select, number, over, plus, times
from chainrule.expr.symbols import Derivative
from chainrule.notation import parse, parse_expression
from chainrule.pipeline import backprop
from chainrule.render.arrange import arrange
from chainrule.render.document import Group, Heading, Line, Table, words
from chainrule.render.document_latex import TEXT_WIDTH, display, document_latex
from chainrule.render.formula import equal, formula
from chainrule.render.latex_lines import HANGING, latex_lines
from chainrule.render.latex_width import latex_width

ARTICLE = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n%s\n\\end{document}\n"
OUTSIDE = ("attention", "batchnorm", "cnn", "conv2d", "gelu_mlp", "gpt_block", "gru3", "layernorm", "lstm_cell",
           "maxpool2d", "moe_soft", "residual", "rmsnorm", "vae", "weightnorm")  # fmt: skip
LONG = plus(*(Indexed(f"quantity{n}") for n in range(30)))
PRODUCT = times(*(Indexed(f"quantity{n}") for n in range(30)))
TALL: dict[str, Expr] = {
    "a sum": LONG,
    "a product": PRODUCT,
    "a product of sums": times(LONG, LONG),
    "a fraction": over(LONG, Indexed("x")),
    "a fraction below": over(LONG, LONG),
    "a power": Power(LONG, number(2)),
    "a root": Call("sqrt", (LONG,)),
    "a function": Call("exp", (LONG,)),
    "an absolute value": Call("abs", (times(number(-1), LONG),)),
}


def latex_of(case: Case) -> str:
    back = backprop(parse(case.text), tuple(case.results) or None)
    return document_latex(back.steps())


def overfull(body: str, folder: Path) -> list[str]:
    """Return what TeX says of boxes that are too wide, and of errors."""
    (folder / "page.tex").write_text(ARTICLE % body, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "page.tex"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    log = (folder / "page.log").read_text(encoding="utf-8", errors="replace")
    return [line for line in log.splitlines() if line.startswith(("Overfull", "! "))]


@pytest.mark.parametrize("expr", TALL.values(), ids=TALL)
def test_what_is_too_long_is_broken_into_lines_that_fit(expr: Expr) -> None:
    lines = latex_lines(arrange(expr, {}), 300.0)
    assert len(lines) > 2
    assert latex_width(lines[0]) <= 300.0
    assert all(latex_width(line) <= 300.0 - HANGING for line in lines[1:])
    whole = "".join(lines)
    assert whole.count("{") == whole.count("}")
    assert whole.count(r"\Bigl") == whole.count(r"\Bigr")
    assert set(re.findall(r"quantity\}_\{\d+", whole)) == {f"quantity}}_{{{n}" for n in range(30)}


def test_what_fits_is_one_line() -> None:
    system = parse("data x[i]\nparam w[i]\ncost C = sum(i) w[i]*x[i]")
    expr = parse_expression("sum(i) w[i]*x[i]", system)
    assert display(equal(formula(Indexed("C")), formula(expr))) == [
        r"\begin{align*}",
        r"C &= \sum_{i} w_{i} \, x_{i}",
        r"\end{align*}",
    ]


def test_a_choice_that_is_too_long_is_written_in_words() -> None:
    condition = parse_expression("[x > 0]", parse("data x\ncost C = x")).condition
    lines = latex_lines(arrange(Select(condition, LONG, PRODUCT), {}), 300.0)
    assert r"\text{ if } x > 0" in "".join(lines)


def test_words_are_escaped_and_numbers_are_numerals() -> None:
    page = Group((Heading(("50 % of a_b",)), Line(words("Sum: ", -0.25, ", x → y")), Table(("k", "v"), ((0, -0.5),))))
    latex = document_latex(page)
    assert latex.isascii()
    assert r"\textbf{50 \% of a\_b}" in latex
    assert r"Sum: $-$0.2500, x $\to$ y" in latex
    assert r"0 & $-$0.5000 \\" in latex


@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: case.name)
def test_letters_are_those_of_the_text(case: Case) -> None:
    latex = latex_of(case)
    assert latex.isascii()
    assert "[k]" not in latex, "no entry stands in the notation of a terminal"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_no_box_is_too_wide_in_the_golden_derivations(tmp_path: Path) -> None:
    assert overfull("\n\\newpage\n".join(map(latex_of, CASES)), tmp_path) == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.skipif(case_systems.folder() is None, reason="CHAINRULE_CASES does not name the folder of the cases")
def test_no_box_is_too_wide_in_systems_of_others(tmp_path: Path) -> None:
    pages = (document_latex(backprop(parse(case_systems.text_of(name))).steps()) for name in OUTSIDE)
    assert overfull("\n\\newpage\n".join(pages), tmp_path) == []


@pytest.mark.slow
def test_every_row_is_rendered_without_tex() -> None:
    mathtext = pytest.importorskip("matplotlib.mathtext").MathTextParser("path")
    rows = [row for case in CASES for row in latex_of(case).splitlines() if "&" in row and "cases" not in row]
    for row in dict.fromkeys(rows):
        row = re.sub(
            r"\\([lgn])e ", r"\\\1eq ", row.replace(r"\operatorname*", r"\operatorname")
        )  # what it does not know
        mathtext.parse(f"${row.removesuffix(chr(92) * 2).replace('&', '').strip()}$")
    assert len(rows) > 100


def test_a_derivative_stands_in_the_letters_of_a_book() -> None:
    assert formula(Indexed(Derivative("C", "z2"))).latex() == r"\frac{\partial C}{\partial z_{2}}"
    assert TEXT_WIDTH < 345.0, "the lines of an article with its default margins"
