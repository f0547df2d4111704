"""Answers that cannot be read: the caret points into the answer as it was written."""

from __future__ import annotations

import pytest

from chainrule.checking import check
from chainrule.errors import NotationError
from chainrule.system.model import System
from unit.checking.systems import GIVEN_SYSTEM, NETWORK, UNKNOWN_SYSTEM


def refusal(system: System, answer: str, wrt: str | None = None) -> list[str]:
    with pytest.raises(NotationError) as caught:
        check(system, answer, wrt=wrt)
    return str(caught.value).splitlines()


def test_the_caret_points_into_the_right_side_of_a_whole_equation() -> None:
    assert refusal(GIVEN_SYSTEM, "∂C/∂z[j] = a[j] - q[j]")[:3] == [
        "no tensor is named q",
        "  ∂C/∂z[j] = a[j] - q[j]",
        "                    ^",
    ]


def test_the_caret_points_into_the_left_side() -> None:
    lines = refusal(GIVEN_SYSTEM, "∂C/∂w[j] = a[j]")
    assert lines[0] == "no tensor is named w"
    assert lines[1] == "  ∂C/∂w[j] = a[j]"


def test_the_caret_finds_its_line() -> None:
    lines = refusal(GIVEN_SYSTEM, "∂C/∂z[j] = (a[j]\n  - q[j])")
    assert lines[1:3] == ["    - q[j])", "      ^"]


def test_an_answer_that_ends_too_early_is_refused() -> None:
    assert refusal(GIVEN_SYSTEM, "a[j] -", "z")[0] == "the statement ends too early"


def test_an_answer_that_does_not_say_what_it_is_of_is_refused() -> None:
    lines = refusal(NETWORK, "a1[j]")
    assert lines[0] == "the answer does not say what it is the derivative of"
    assert lines[-1] == "  ∂C/∂… = … with one of W1, b1, W2, b2"


@pytest.mark.parametrize("wrt", ["∂²C/∂z∂z", "∂a/∂z", "∂C/∂z∂z", "∂a2/∂z1"])
def test_another_derivative_than_one_of_the_cost_is_refused_by_name(wrt: str) -> None:
    lines = refusal(GIVEN_SYSTEM, "a[j]", wrt)
    assert lines[0] == f"{wrt} is not a first derivative of the cost C"
    assert "  a tensor, or a derivative such as ∂C/∂z" in lines


def test_an_unknown_tensor_is_refused_with_the_nearest_name() -> None:
    lines = refusal(NETWORK, "a1[j]", "z11")
    assert lines[0] == "no tensor is named z11"
    assert lines[-1] == "  Did you mean z1?"


def test_an_answer_of_another_tensor_than_asked_for_is_refused() -> None:
    assert refusal(NETWORK, "∂C/∂z1[j] = a1[j]", "z2")[0] == "the answer is of ∂C/∂z1, asked for is z2"


@pytest.mark.parametrize("answer", ["∂C/∂z[j] = ∂C/∂z[j]", "∂C/∂z[j] = 2*∂C/∂z[j] - a[j] + y[j]"])
def test_an_answer_that_names_itself_is_refused(answer: str) -> None:
    lines = refusal(GIVEN_SYSTEM, answer)
    assert lines[0] == "the answer names ∂C/∂z itself on the right"
    assert lines[2].index("^") == 2 + answer.rindex("∂C")


@pytest.mark.parametrize("answer", ["a[j] = 2", "2*∂C/∂z[j] = a[j]"])
def test_what_is_no_derivative_is_refused(answer: str) -> None:
    lines = refusal(GIVEN_SYSTEM, answer)
    assert lines[0] == "this is not what is asked for"
    assert lines[-1] == "  a derivative of the cost, such as ∂C/∂z"


@pytest.mark.parametrize("answer", ["∂C/∂W2[0,j] = a1[j]", "∂C/∂W2[j,j] = a1[j]"])
def test_a_left_side_without_distinct_letters_is_refused(answer: str) -> None:
    assert refusal(NETWORK, answer)[0] == "the left side names entries by distinct letters"


@pytest.mark.parametrize(
    ("system", "answer"),
    [
        (NETWORK, "∂C/∂z1[j] = sum(k) ∂C/∂a2[k]*∂z1[j]/∂a2[k]"),
        (UNKNOWN_SYSTEM, "∂C/∂z[j] = sum(k) ∂²C/∂a∂a[k,k]*a[k]*z[j]"),
    ],
)
def test_a_derivative_that_is_not_derived_is_refused(system: System, answer: str) -> None:
    if system is UNKNOWN_SYSTEM:
        assert not check(system, answer)
    else:
        lines = refusal(system, answer)
        assert lines[0] == "∂z1/∂a2 is not derived here"
        assert lines[-1] == "  ∂C/∂… of any tensor, and ∂u/∂v where u depends on v"


def test_a_second_derivative_of_a_known_cost_is_refused() -> None:
    assert refusal(GIVEN_SYSTEM, "∂²C/∂z∂z[j,j]", "z")[0] == "∂²C/∂z∂z is not derived here"
