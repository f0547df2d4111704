"""Letters that look like others: refused where two names would look the same, and nowhere else."""

from __future__ import annotations

import sys
import unicodedata

import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, NotationError
from chainrule.system.lookalikes import TWINS, first_lookalike, skeleton, strange_letter

A, O, C, E = "\N{CYRILLIC SMALL LETTER A}", "\N{CYRILLIC SMALL LETTER O}", "\u0421", "\u0435"
SOFTMAX = cr.parse(
    "data y[k]\nparam z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ngiven sum(k) y[k] = 1\ncost C = -sum(k) y[k]*log(a[k])"
)


def refused(text: str) -> NotationError:
    with pytest.raises(NotationError) as caught:
        cr.parse(text)
    return caught.value


def test_two_names_that_look_alike_are_told_apart_by_the_letter() -> None:
    assert str(refused(f"param a[k]\ncost C = sum(k) {A}[k]^2")) == (
        f"{A} looks like a, and is not the same: {A} (U+0430, CYRILLIC SMALL LETTER A) is no a\n"
        f"  cost C = sum(k) {A}[k]^2\n"
        "                  ^\n"
        "  Type the name anew, all of it in letters of one alphabet."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"param m{A}ss\ncost C = m{A}ss", f"m{A}ss mixes alphabets: {A} (U+0430"),
        (f"param W_{A}\ncost C = W_{A}", "mixes alphabets"),
        (f"param {A}, x\ncost C = x + a", f"{A} looks like a"),
        ("param z\ncost C = \u0435\u0445\u0440(z)", "looks like exp"),
        ("data x[\u0456]\nparam w[i]\ncost C = sum(i) x[i]*w[i]", "\u0456 (U+0456"),
        ("param p\ncost C = p\ncost \u0421 = p", "looks like C"),
        ("param \u0391, A\ncost C = \u0391*A", "U+0391, GREEK CAPITAL LETTER ALPHA"),
        ("param \u03bf, o\ncost C = \u03bf*o", "U+03BF, GREEK SMALL LETTER OMICRON"),
        ("param \u057d, u\ncost C = \u057d*u", "ARMENIAN"),
        ("param \uff41, a\ncost C = \uff41*a", "FULLWIDTH LATIN SMALL LETTER A"),
        ("param \U0001d44e, a\ncost C = \U0001d44e*a", "MATHEMATICAL ITALIC SMALL A"),
        ("param z\ncost C = \u0455um(i) z", "mixes alphabets"),
        (f"param \u03c3{A}\ncost C = \u03c3{A}", "mixes alphabets"),
        (f"param w\ncost C = Σ_{{{A}}} w[a,{A}]", f"{A} looks like a"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    assert said in str(refused(text))


@pytest.mark.parametrize(
    "names",
    [
        "α a", "ν v", "ρ p", "χ x", "γ y", "τ t", "ω w", "η n", "κ k", "ι i", "υ u", "σ o", "Δx dσ", "θ_hat β1",
        "Γ r", "Ω W",
        "вес ж", "вход z_вход", "x_ж W", "損失 L", "ℓ l", "𝐱 x", "ℒ L", "é e", "ñ n", "ß B", f"{A} ж", "Α β", "א x",
    ],
)  # fmt: skip
def test_what_is_no_mistake(names: str) -> None:
    first, second = names.split()
    system = cr.parse(f"param {first}, {second}  # а о с, в комментарии\ncost Ц = {first}*{second}")
    assert system.params == (first, second)
    assert cr.check(system, second, wrt=first)


def test_the_micro_sign_is_the_greek_letter() -> None:
    assert cr.parse("param \N{MICRO SIGN}\ncost C = \N{GREEK SMALL LETTER MU}^2").params == ("μ",)


@pytest.mark.parametrize("answer", [f"{A}[k] - y[k]", "a[k] - \u0443[k]", f"∂{C}/∂z[k] = a[k] - y[k]"])
def test_an_answer_in_other_letters_is_refused_not_graded(answer: str) -> None:
    with pytest.raises(NotationError, match="CYRILLIC"):
        cr.check(SOFTMAX, answer, wrt=None if "=" in answer else "z")


def test_an_answer_in_latin_letters_to_a_system_in_others_is_refused() -> None:
    system = cr.parse(f"param {A}\ncost Ц = {A}^2")
    with pytest.raises(NotationError, match=f"a looks like {A}, and is not the same: {A} .U.0430, CYRILLIC"):
        cr.check(system, "2*a")
    assert cr.check(system, f"2*{A}")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: cr.check(SOFTMAX, "a[k]", wrt=A),
        lambda: cr.backprop(SOFTMAX, [A]),
        lambda: cr.jacobian(SOFTMAX, A, "z"),
        lambda: cr.evaluate(SOFTMAX, {"\u0443": [1, 0], "z": [0, 1]}),
        lambda: cr.explain(SOFTMAX, {"y": [1, 0], "z": [0, 1]}, of=A),
    ],
)
def test_a_name_asked_for_in_other_letters_is_told_apart(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ChainruleError, match=r"It looks like ., but .*CYRILLIC SMALL LETTER"):
        ask()


def test_every_pair_is_of_two_letters_and_ends_in_ascii() -> None:
    assert all(len(c) == 1 and not c.isascii() and twin.isascii() and twin.isalpha() for c, twin in TWINS.items())


def test_any_letter_of_unicode_has_a_skeleton() -> None:
    """Of names of one letter none mixes alphabets, and nothing that Unicode holds ends in an error."""
    for code in range(128, sys.maxunicode + 1, 97):
        letter = chr(code)
        if unicodedata.category(letter)[0] == "L":
            assert skeleton(letter)
            assert strange_letter(letter) is None
            assert first_lookalike(f"{letter} = Ж") is None
