"""What an explanation reads like: the table, its sentences, and the same on a web page."""

from __future__ import annotations

import re

import numpy as np

from chainrule.explanation import Explanation, explain
from chainrule.notation import parse
from unit.explanation.systems import RESIDUAL, network, network_inputs, residual_inputs
from web import formulas, seen, signs, tree_of

WEIGHTED = """data d[k], W[k]
param a
z = a
cost C = z*(sum(k) W[k]*d[k])
"""


def weighted(d: list[float], W: list[float], top: int = 12) -> Explanation:
    return explain(parse(WEIGHTED), {"W": W, "d": d, "a": 1.0}, of="z", top=top)


def table(text: str) -> list[list[str]]:
    """Return the cells of the first table."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.endswith("running sum"))
    rows = [re.split(r" {2,}", line.strip()) for line in lines[start:]]
    return rows[: next(n for n, row in enumerate(rows) if len(row) < 2)]


def test_the_largest_terms_stand_first_with_the_running_sum() -> None:
    text = str(weighted([1.0, -2.0, 0.5], [0.25, 1.5, 8.0]))
    assert table(text) == [
        ["k", "d[k]", "W[k]", "product", "running sum"],
        ["2", "0.5000", "8.0000", "4.0000", "4.0000"],
        ["1", "−2.0000", "1.5000", "−3.0000", "1.0000"],
        ["0", "1.0000", "0.2500", "0.2500", "1.2500"],
    ]


def test_what_cancels_is_said() -> None:
    text = str(weighted([1.0, -2.0, 0.5], [0.25, 1.5, 8.0]))
    assert "Sum of 3 terms: 1.2500. Positive ones give 4.2500, negative ones −3: |sum| is 17 % of Σ|terms|" in text


def test_terms_of_one_sign_do_not_cancel() -> None:
    assert "Sum of 2 terms: 3. All have one sign, so nothing cancels." in str(weighted([1.0, 2.0], [1.0, 1.0]))


def test_smaller_terms_are_one_row_together() -> None:
    text = str(weighted([5.0, 1.0, 0.5, 0.25, -4.0], [1.0] * 5, top=2))
    assert table(text)[-1] == ["…", "1.7500", "2.7500"]
    assert "… stands for 3 smaller terms together." in text


def test_one_smaller_term_is_shown_itself() -> None:
    text = str(weighted([5.0, 1.0, 0.5], [1.0] * 3, top=2))
    assert [row[0] for row in table(text)] == ["k", "0", "1", "2"]
    assert "…" not in text


def test_terms_that_are_zero_are_a_sentence_with_the_factor_that_makes_them_so() -> None:
    text = str(weighted([0.0, 2.0, 0.0, 1.0], [1.0, 0.0, 0.0, 3.0]))
    assert [row[0] for row in table(text)] == ["k", "3"]
    assert "2 of 4 terms are 0: d[k] is 0 at k = 0, 2." in text
    assert "1 of 4 terms is 0: W[k] is 0 at k = 1." in text


def test_a_product_too_small_for_a_float_is_no_zero_factor() -> None:
    text = str(weighted([1e-200, 1.0], [1e-200, 1.0]))
    assert "1 of 2 terms is 0: the product is too small for a floating-point number." in text


def test_a_sum_of_nothing_is_said_to_be_zero() -> None:
    assert "The sum has no terms: it is 0." in str(weighted([], []))


def test_the_factors_before_the_sum_are_multiplied_at_the_end() -> None:
    found = explain(network(), network_inputs(), of="z1", at=3)
    lines = str(found).splitlines()
    assert re.fullmatch(r"  Times a1\[3\]·\(1 − a1\[3\]\) = \S+ gives \S+\.", lines[-3])
    assert lines[-1].startswith("∂C/∂z1[3] = ")


def test_a_unit_that_is_off_makes_the_sum_irrelevant_and_says_why() -> None:
    system, inputs = network("relu"), network_inputs()
    values = inputs["W1"] @ inputs["x"] + inputs["b1"]
    off, on = int(np.argmin(values)), int(np.argmax(values))
    text = str(explain(system, inputs, of="z1", at=off))
    assert re.search(
        rf"Before the sum stands \[z1\[{off}\] > 0\], with z1\[{off}\] = −\S+, which is 0: "
        "so the product is 0, whatever the sum is",
        text,
    )
    assert text.endswith(f"∂C/∂z1[{off}] = 0")
    assert "whatever the sum is" not in str(explain(system, inputs, of="z1", at=on))


def test_where_no_sum_is_left_the_paths_are_shown() -> None:
    text = str(explain(network(), network_inputs(), of="W2", at=(2, 3)))
    assert "No sum is left in this equation. It comes from one:" in text
    assert "C depends on W2[2,3] through every z2[m]; the contributions add up:" in text
    assert "∂C/∂W2[2,3] = Σ_m ∂C/∂z2[m]·∂z2[m]/∂W2[2,3]" in text
    assert "z2[m] does not depend on W2[2,3] where m ≠ 2, so one term is left: 0.7787·0.3197 = 0.2489" in text
    assert text.count("0.2489") == 2, "no table says the same again"


def test_the_paths_are_shown_beside_a_sum_only_if_asked_for() -> None:
    words = "By the chain rule: C depends on z1[3] through every a1[k]; the contributions add up:"
    assert words not in str(explain(network(), network_inputs(), of="z1", at=3))
    assert words in str(explain(network(), network_inputs(), of="z1", at=3, paths=True))


def test_no_path_of_a_softmax_vanishes() -> None:
    inputs = network_inputs() | {"y": np.asarray([0.1, 0.2, 0.3, 0.4])}
    text = str(explain(network(), inputs, of="z2", at=1))
    assert "∂a2[m]/∂z2[1] = a2[m]·([m = 1] − a2[1])" in text
    assert len(table(text)) == 5
    assert "terms are 0" not in text


def test_parts_are_added_at_the_end() -> None:
    text = str(explain(parse(RESIDUAL), residual_inputs(), of="z", at=2, paths=True))
    assert re.search(r"^∂C/∂z\[2\] = \S+ [+−] \S+ = \S+$", text, re.MULTILINE)
    assert re.search(r"^All contributions together: \S+ [+−] \S+ = \S+\.$", text, re.MULTILINE)
    assert "\n\n\n" not in text


def test_a_cost_that_reads_the_tensor_itself_is_a_path_too() -> None:
    system = parse("data x\nparam w\nq = w*x\ncost C = q^2 + 3*w^2")
    text = str(explain(system, {"x": 2.0, "w": 1.0}, of="w", paths=True))
    assert "C depends on w through q, and reads w itself" in text
    assert "∂C/∂w = ∂C/∂q·∂q/∂w + 6·w" in text
    assert "∂C/∂q·∂q/∂w = 4·2 = 8" in text
    assert "6·w = 6" in text
    assert "All contributions together: 8 + 6 = 14." in text


def test_the_web_page_has_the_same_rows_and_escapes_all_text() -> None:
    inputs = network_inputs()
    on = int(np.argmax(inputs["W1"] @ inputs["x"] + inputs["b1"]))
    found = explain(network("relu"), inputs, of="z1", at=on, paths=True)
    page = tree_of(found._repr_html_())
    rows = [[seen(cell) for cell in row] for row in page.iter("tr")]
    for row in table(str(found))[1:]:
        assert [*row, ""] in rows
    assert any(f"z{on}1>0" in signs(formula) for formula in formulas(page))
    assert len(list(page.iter("table"))) == 1 + 1 + 3
    assert "so one term is left" in seen(page)


def test_a_page_of_parts_names_each() -> None:
    page = tree_of(explain(parse(RESIDUAL), residual_inputs(), of="z", at=2)._repr_html_())
    assert "∑jWj,2\u2062∂C∂uj:" in [seen(line) for line in page.iter("p")]
    assert "…" in [seen(cell) for cell in page.iter("td")]
