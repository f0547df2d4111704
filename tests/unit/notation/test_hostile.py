"""Whatever the text, the parser reads it or refuses it within seconds; nothing of it is executed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import NotationError
from chainrule.notation import parse, source
from chainrule.system.locations import did_you_mean
from support import examples
from unit.notation.fuzzing import SEEDS, WORDS, outcome, text_of
from unit.notation.hostile import DEEP, HOSTILE, LONG, ODD, OVERSIZED, full

SECONDS = 5
"""How long any text may take; those at the limits take one to three, where a processor is slow."""


def read_in_time(text: str, seconds: float = SECONDS) -> str:
    """Return whether the text was read or refused; processor time is counted, so that other processes do not matter."""
    began = time.process_time()
    found = outcome(text)
    took = time.process_time() - began
    assert took < seconds, f"{took:.1f} s for {len(text)} characters"
    return found


@pytest.mark.parametrize("make", [*OVERSIZED.values(), *ODD.values()], ids=[*OVERSIZED, *ODD])
def test_what_is_oversized_or_odd_is_read_or_refused_in_time(make: Callable[[], str]) -> None:
    read_in_time(make())


@pytest.mark.parametrize("make", LONG.values(), ids=LONG)
def test_long_texts_take_time_that_grows_with_their_length_only(
    make: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unit.notation.hostile.MAX_SIGNS", source.MAX_SIGNS // 20)
    read_in_time(make())


QUADRATIC_ONCE = (
    "updates by gradients",
    "deep reductions, often",
    "position that is a product of large numbers",
    "names of 200 letters",
    "axes that become equal from the last",
)


@pytest.mark.parametrize("name", QUADRATIC_ONCE)
def test_what_was_quadratic_once_is_in_time_at_full_length(name: str) -> None:
    read_in_time(LONG[name]())


@pytest.mark.slow
@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_every_hostile_text_is_in_time_at_full_length(make: Callable[[], str]) -> None:
    read_in_time(make())


NOT_DEEP = ("parentheses never opened", "plus", "stars")


@pytest.mark.parametrize("name", [n for n in DEEP if n not in NOT_DEEP and "in doubt" not in n])
def test_deep_texts_are_refused_as_such(name: str) -> None:
    began = time.process_time()
    with pytest.raises(NotationError, match="nested deeper than 200"):
        parse(DEEP[name]())
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("name", [n for n in DEEP if n in NOT_DEEP or "in doubt" in n])
def test_other_repetitions_are_in_time(name: str) -> None:
    read_in_time(DEEP[name]())


def test_the_table_reaches_the_limit_without_crossing_it() -> None:
    assert read_in_time(full("y = x", "+x")) == "read"
    assert len(source._SIGNS.findall(full("y = x", "+x"))) > source.MAX_SIGNS - 30


def test_too_many_words_and_signs_are_refused_where_they_become_too_many() -> None:
    with pytest.raises(NotationError, match="the text has more than 60000 words and signs") as caught:
        parse("data x\ny = x" + " + x" * 40_000)
    assert "every name, number, operator, comma and bracket is one" in str(caught.value)
    assert (caught.value.line, caught.value.column) == (2, 5 + 4 * 29_997 + 2 + 2)


def test_comments_are_not_counted_and_nor_are_spaces() -> None:
    assert read_in_time("data x\n" + "# a b c d e f\n" * 100_000 + " " * 100_000) == "read"


@pytest.mark.parametrize("number", ["9e100*9e100", "9223372036854775807", "4611686018427387905"])
def test_positions_beyond_any_tensor_are_none(number: str) -> None:
    with pytest.raises(NotationError, match="this is no position of an entry"):
        parse(f"data w[i]\ny = w[{number}]")


def test_a_similar_name_is_found_among_very_many() -> None:
    names = [f"something_long_{n}" for n in range(20_000)]
    assert did_you_mean("sigmoyd", [*names, "sigmoid"]) == "Did you mean sigmoid?"


def test_a_wrong_name_among_twenty_thousand_is_refused_in_time() -> None:
    text = "data " + ", ".join(f"value{n}" for n in range(20_000)) + "\ny = valve17"
    began = time.process_time()
    with pytest.raises(NotationError, match="nothing is named valve17"):
        parse(text)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("name", ["an import", "a call of eval", "an attribute", "a format string"])
def test_code_is_no_notation(name: str) -> None:
    with pytest.raises(NotationError):
        parse(ODD[name]())


@given(st.text(max_size=80))
@examples(300)
def test_any_characters_are_read_or_refused(text: str) -> None:
    outcome(text)


@given(st.text(st.characters(exclude_categories=()), max_size=20), st.sampled_from(SEEDS), st.integers(0, 300))
@examples(200)
def test_any_characters_inside_a_system_are_read_or_refused(text: str, seed: str, place: int) -> None:
    outcome(seed[:place] + text + seed[place:])


@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
@examples(300)
def test_any_words_are_read_or_refused(text: str) -> None:
    outcome(text)


@given(st.integers(0, 2**64))
@examples(300)
def test_mutilated_systems_are_read_or_refused(number: int) -> None:
    outcome(text_of(number))


@pytest.mark.parametrize(
    "keyword", ["data", "param", "const", "given", "index", "cost", "batch", "abstract", "def", ""]
)
@pytest.mark.parametrize(
    "rest", ["{} ? {}", "{}[{}] ? {}", "({}) ({}, {} ?", "{}_{} {}{{", "|{} {}| ? |", "{}.{}.{} ?"]
)
def test_advice_on_long_names_takes_no_time(keyword: str, rest: str) -> None:
    assert outcome(f"{keyword} {rest.format(*3 * ['a' * 400])}") == "refused"


@pytest.mark.slow
def test_a_hundred_thousand_texts_are_read_or_refused() -> None:
    found = [outcome(text_of(number)) for number in range(100_000)]
    assert 2_000 < found.count("read") < 50_000


def test_mutations_make_both_kinds_of_text() -> None:
    found = {outcome(text_of(number)) for number in range(60)}
    assert found == {"read", "refused"}
