"""The page of a derivation: what is left out because the line above says it, what is indented, and comparisons."""

from __future__ import annotations

from itertools import pairwise

import pytest

from chainrule.expr.nodes import Expr, Indexed, number, plus, times
from chainrule.expr.symbols import Derivative
from chainrule.jacobians import jacobian
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.rewrite.derivation_text import WIDTH, derivation_latex, derivation_text, derivations_compared
from chainrule.rewrite.rules import Derivation, Step

SIGMOID = """data y[k]
param z[j]
a[k] = sigmoid(z[k])
cost C = 1/2*(sum(k) (a[k] - y[k])^2)
"""
SOFTMAX = """data y[k]
param z[j]
given sum(k) y[k] = 1
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -sum(k) y[k]*log(a[k])
"""
UNKNOWN = "param z[j]\nabstract a[k](z[j])\ncost C(a[k])\n"
TARGET, X, Y = Indexed(Derivative("C", "x")), Indexed("x"), Indexed("y")


def derived(text: str, tensor: str = "z") -> Derivation:
    return backprop(parse(text)).derivation(tensor)


def steps(*lines: tuple[Expr, Expr]) -> Derivation:
    made = tuple(Step(f"law {n}", (), before, after) for n, (before, after) in enumerate(lines, 1))
    return Derivation(TARGET, made, lines[-1][1])


def test_a_derivation_begins_with_the_sum_over_paths_and_ends_with_the_result() -> None:
    lines = derivation_text(derived(SIGMOID)).splitlines()
    assert lines[:3] == [
        "∂C/∂z[j]",
        "  1  chain rule: C depends on z[j] through every a[k]; the contributions add up",
        "       = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]",
    ]
    assert lines[-1] == "  so ∂C/∂z[j] = a[j]·(a[j] − y[j])·(1 − a[j])"


def test_a_local_derivative_is_derived_in_lettered_lines_of_its_own() -> None:
    text = derivation_text(derived(SIGMOID))
    local = text[text.index("  2  local derivative") : text.index("  3  ")].splitlines()
    assert local[0] == "  2  local derivative"
    labels = [line[7] for line in local if line[:7].isspace() and line[8:10] == "  " and line[7] != " "]
    assert labels == ["a", "b", "c"]
    assert local[-2] == "            = [k = j]·a[j]·(1 − a[j])"
    assert local[-1] == "     diagonal: only a[j] depends on z[j], so the terms with k ≠ j vanish"


def test_the_left_side_is_left_out_where_the_line_above_ends_with_it() -> None:
    text = derivation_text(steps((TARGET, plus(X, Y)), (plus(X, Y), times(X, Y)), (X, times(number(2), X))))
    assert text.splitlines() == [
        "∂C/∂x",
        "  1  law 1",
        "       = x + y",
        "  2  law 2",
        "       = x·y",
        "  3  law 3",
        "       x = 2·x",
        "  so ∂C/∂x = 2·x",
    ]


def test_a_line_too_long_for_both_sides_has_the_right_one_below() -> None:
    long = plus(*(Indexed(f"quantity_{n}") for n in range(9)))
    lines = derivation_text(steps((X, long))).splitlines()
    assert lines[2:4] == ["       x", "       = " + " + ".join(f"quantity_{n}" for n in range(9))]


@pytest.mark.parametrize("text", [SIGMOID, SOFTMAX, UNKNOWN])
def test_words_are_wrapped(text: str) -> None:
    words = [line for line in derivation_text(derived(text)).splitlines() if "=" not in line]
    assert max(map(len, words)) <= WIDTH


def test_the_step_that_uses_an_assumption_names_it() -> None:
    lines = derivation_text(derived(SOFTMAX)).splitlines()
    place = next(n for n, line in enumerate(lines) if line.endswith("given Σ_k y[k] = 1"))
    assert lines[place + 1].strip() == "= a[j] − y[j]"


def test_an_unknown_function_has_its_special_cases_beside_it() -> None:
    text = derivation_text(derived(UNKNOWN))
    assert "\nIf a is applied elementwise, a[k] = sigma(z[k]):\n  ∂C/∂z[j]\n" in text
    assert "    so ∂C/∂z[j] = ∂C/∂a[j]·sigma'(z[j])" in text
    assert "\nIf a is the softmax of z:\n" in text


def test_a_special_case_that_changes_nothing_is_not_told() -> None:
    text = "param u[i]\nabstract z[j](u[i])\nabstract a[k](z[j])\ncost C(a[k])"
    titles = [title for title, _ in backprop(parse(text), ["z"]).derivation("z").cases]
    assert titles == ["a is applied elementwise, a[k] = sigma(z[k])", "a is the softmax of z"]


def test_more_than_26_inner_steps_have_labels_too() -> None:
    names = [Indexed(f"v{n}") for n in range(29)]
    inner = Derivation(X, tuple(Step("law", (), a, b) for a, b in pairwise(names)), names[-1])
    whole = Derivation(TARGET, (Step("local derivative", (), X, names[-1], detail=inner),), names[-1])
    lines = derivation_text(whole).splitlines()
    assert any(line.strip() == "z  law" for line in lines)
    assert any(line.strip() == "a2 law" for line in lines)


def test_two_derivations_are_compared_line_by_line() -> None:
    page = derivations_compared(derived(SOFTMAX), derived(SIGMOID), ("softmax.eq", "sigmoid.eq"))
    lines = page.splitlines()
    assert lines[:2] == ["A  softmax.eq", "B  sigmoid.eq"]
    assert "           = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]" in lines
    assert "A │   3  substitute ∂C/∂a[k] = −y[k]/a[k] and the local derivative" in lines
    assert "B │   3  substitute ∂C/∂a[k] = a[k] − y[k] and the local derivative" in lines
    assert lines[-3:] == [
        "They part at step 2.",
        "A: not diagonal: every a[k] depends on z[j], so no term vanishes",
        "B: diagonal: only a[j] depends on z[j], so the terms with k ≠ j vanish",
    ]


def test_equal_derivations_are_said_to_be_equal() -> None:
    page = derivations_compared(derived(SIGMOID), derived(SIGMOID), ("one", "two"))
    assert page.endswith("They are the same, line by line.")
    assert "│" not in page


def test_a_derivation_that_goes_on_longer_is_said_to() -> None:
    short, long = steps((TARGET, X)), steps((TARGET, X), (X, Y))
    assert derivations_compared(short, long, ("s", "l")).endswith("up to step 1, where only B goes on.")
    assert derivations_compared(long, short, ("l", "s")).endswith("up to step 1, where only A goes on.")


def test_latex_has_numbered_paragraphs_with_displays_between_them() -> None:
    rows = derivation_latex(derived(SOFTMAX)).splitlines()
    assert rows[0] == r"\begingroup\sloppy"
    assert rows[2:4] == [r"\begin{enumerate}", r"\item[1.]"]
    assert rows[4].startswith(r"\noindent chain rule: $C$ depends on $z_{j}$")
    last = rows.index(r"\item[7.]")
    assert rows[last + 1 : last + 5] == [
        r"\noindent given $\sum_{k} y_{k} = 1$",
        r"\begin{align*}",
        "&= a_{j} - y_{j}",
        r"\end{align*}",
    ]


@pytest.mark.parametrize("text", [SIGMOID, SOFTMAX, UNKNOWN])
def test_latex_is_plain_ascii_with_balanced_braces(text: str) -> None:
    latex = derivation_latex(derived(text))
    assert latex.isascii()
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
    assert latex.count(r"\begin{") == latex.count(r"\end{")


def test_the_title_of_a_special_case_is_mathematics_in_latex() -> None:
    text = "param z[L; j]\nabstract a[L; k](z[L; j])\ncost C(a[L; k])"
    shown = derivation_latex(backprop(parse(text), ["z"]).derivation("z"))
    assert r"If $a^{L}$ is applied elementwise, $a^{L}_{k} = \sigma\left(z^{L}_{k}\right)$:" in shown
    assert r"If $a^{L}$ is the softmax of $z^{L}$:" in shown
    assert r"\nabla C \cdot \frac{\partial a^{L}}{\partial z^{L}_{j}}" in shown


@pytest.mark.parametrize("power", ["", "^2"])
def test_no_sum_in_a_local_derivative_has_a_letter_of_the_whole(power: str) -> None:
    text = f"param h[k], w[j,k]\na[j] = tanh(h[j])\nz[j] = (sum(k) w[j,k]*a[k]){power}"
    shown = derivation_text(jacobian(parse(text), "z", "h").derivation())
    inner = shown[shown.index("2  local") : shown.index("3  substitute")]
    assert "Σ_k" not in inner
    assert "∂a[p]/∂a[m] is 1 for the same entry" in inner
    assert "Σ_p [p = m]·w[j,p]" in inner


NORM = """
data y[i]
param x[i]
m = mean(i) x[i]
v = mean(i) (x[i] - m)^2
h[i] = (x[i] - m)/sqrt(v + 1/10)
cost C = sum(i) h[i]*y[i]
"""


def test_a_reader_without_effect_is_told() -> None:
    lines = derivation_text(backprop(parse(NORM), ["m"]).derivation("m")).splitlines()
    assert lines[-1] == "  v reads m too, but ∂v/∂m = 0: nothing is contributed through v"
    assert "too, but" not in derivation_text(backprop(parse(NORM), ["v"]).derivation("v"))


def test_a_local_derivative_that_is_no_total_one_says_what_it_holds_fixed() -> None:
    shown = " ".join(derivation_text(backprop(parse(NORM), ["x"]).derivation("x")).split())
    assert "here ∂h[j]/∂x[i] is with m and v held fixed: the direct part of the total derivative" in shown
    assert "here ∂v/∂x[i]" not in shown, "∂v/∂m is 0"
    chain = "data x1, x2\nparam W\ns1 = W*x1\ns2 = W*s1 + x2\ncost C = s2^2"
    assert "here ∂s2/∂W is with s1 held fixed" in derivation_text(backprop(parse(chain), ["W"]).derivation("W"))
    assert "held fixed" not in derivation_text(backprop(parse(chain), ["s1"]).derivation("s1"))
