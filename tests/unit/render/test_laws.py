"""The laws of all rules are mathematics: they are read, written in every style, and stated in letters that are free."""

from __future__ import annotations

import pytest

from chainrule.diff import derivative
from chainrule.diff.powers import by_base, by_exponent
from chainrule.diff.scalars import statement
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import Indexed
from chainrule.render.document_text import words_text
from chainrule.render.laws import LawFormula, in_free_letters, law, stated
from chainrule.render.style import write
from chainrule.render.text import ASCII
from chainrule.simplify.fitting import FIT
from chainrule.simplify.simplifier import PHASES

X, N = Indexed("x"), Indexed("n")
STATEMENTS = dict.fromkeys(
    [
        *(rule.statement for _, rules in PHASES for rule in rules),
        *(rule.statement for rule in FIT),
        *map(statement, FUNCTIONS),
        *(known.against_zero[1] for known in FUNCTIONS.values() if known.against_zero),
        *(getattr(derivative, name)[1] for name in ("PRODUCT_RULE", "QUOTIENT_RULE", "POWER_RULE", "RECIPROCAL_RULE")),
        by_base(X, N, {})[1],
        by_exponent(X, N, {})[1],
    ]
)


def laws(text: str) -> list[LawFormula]:
    return [piece for piece in stated(text) if isinstance(piece, LawFormula)]


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_has_its_formulas_between_backticks(text: str) -> None:
    outside = "".join(text.split("`")[::2])
    assert text.count("`") % 2 == 0
    assert not set("[]^Σ∂") & set(outside), outside


@pytest.mark.parametrize("text", [t for t in STATEMENTS if "`" in t])
def test_a_law_reads_as_it_is_stated_and_is_written_in_every_style(text: str) -> None:
    for one in laws(text):
        plain = str(one).replace(" ", "").replace("-", "−")
        assert plain == one.source.replace(" ", "").replace("-", "−")
        assert law(str(one), one.indices).sides == one.sides, "what is written is read as the same"
        latex = one.latex()
        assert latex.isascii()
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\left") == latex.count(r"\right")
        assert all(write(side, ASCII).isascii() for side in one.sides)


@pytest.mark.parametrize("text", [t for t in STATEMENTS if "`" in t])
def test_no_law_uses_a_letter_of_the_system(text: str) -> None:
    taken = {letter for one in laws(text) for letter in (*one.values, *one.indices)}
    said = in_free_letters(stated(text), taken)
    used = {letter for one in said if isinstance(one, LawFormula) for letter in _written(one)}
    assert used.isdisjoint(taken)
    assert len(used) == len(taken), "different letters stay different"


def _written(one: LawFormula) -> frozenset[str]:
    again = law(str(one))
    return again.values | again.indices


def test_letters_are_replaced_everywhere_in_a_statement() -> None:
    said = in_free_letters(stated("`Σ_i c·a[i] = c·Σ_i a[i]`, where `c` does not depend on `i`"), {"a", "c", "i", "p"})
    assert words_text(said) == "Σ_q f·g[q] = f·Σ_q g[q], where f does not depend on q"
    matrix = in_free_letters(stated("`det(X) = 1`"), {"X", "F"})
    assert words_text(matrix) == "det(G) = 1", "a matrix stays a capital"
