"""Derivatives that equations read by name are those of differences, and so are gradients of what reads them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.expr.symbols import derivative_by
from chainrule.verify.differences import numeric_derivative
from chainrule.verify.sampling import random_inputs
from property.random_systems import systems
from property.witness import Tally, compare, compare_to
from support import examples

NAMED = {
    "∂u/∂w[i]": ("u", "w"),
    "∂u/∂W[j,i]": ("u", "W"),
    "∂u/∂x[i]": ("u", "x"),
    "∂u/∂s": ("u", "s"),
    "∂u/∂s + ∂²u/∂s∂c": ("∂u/∂s", "c"),
    "∂u/∂c + ∂²u/∂c∂w[i]": ("∂u/∂c", "w"),
}
"""What a cost reads: of what and by what the last of it is."""


@st.composite
def reading(draw: st.DrawFn, most: int) -> tuple[str, str]:
    """Return a random system whose cost reads a derivative of what another's cost is, and what it reads."""
    text = draw(systems(most=most)).replace("cost C =", "u =")
    named = draw(st.sampled_from(list(NAMED)))
    letters = ",".join(letter for letter in "ij" if f"{letter}]" in named or f"{letter}," in named)
    body = f"sin(u + {named})"
    return f"{text}\ncost C = " + (f"sum({letters}) {body}" if letters else body), named


def test_a_derivative_by_name_is_that_of_central_differences() -> None:
    tally = Tally()

    @examples(15)
    @given(found=reading(most=2), seed=st.integers(0, 100))
    def check(found: tuple[str, str], seed: int) -> None:
        text, named = found
        system = cr.parse(text)
        of, wrt = NAMED[named]
        name = derivative_by(system.symbol(of), system.symbol(wrt))
        evaluation = evaluate_all(system, random_inputs(system, seed))
        compare_to(numeric_derivative(evaluation, of, wrt), evaluation.values[name], evaluation.values[of], tally)

    check()
    tally.assert_mostly_compared()


def test_gradients_of_what_reads_derivatives_agree_with_central_differences() -> None:
    tally = Tally()

    @examples(12)
    @given(found=reading(most=1), seed=st.integers(0, 100))
    def check(found: tuple[str, str], seed: int) -> None:
        system = cr.parse(found[0])
        inputs = random_inputs(system, seed)
        compare(system, inputs, cr.value_and_grad(system, inputs)[1], tally)

    check()
    tally.assert_mostly_compared()


@examples(12)
@given(found=reading(most=2))
def test_a_system_with_derivatives_by_name_is_read_back_as_it_was_printed(found: tuple[str, str]) -> None:
    system = cr.parse(found[0])
    assert cr.parse(str(system)) == system
    assert str(cr.parse(str(system))) == str(system)
