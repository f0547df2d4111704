"""Whatever is derived is graded right when it is read back as an answer."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from chainrule.checking import check
from chainrule.errors import InputError
from chainrule.execute.reference.evaluation import evaluate
from chainrule.notation import parse
from chainrule.pipeline import Backprop, backprop
from chainrule.verify.sampling import random_inputs
from property.random_affine import affine_systems
from property.random_lookups import lookup_systems
from property.random_systems import systems
from support import examples


@examples(10)
@given(text=st.one_of(systems(most=2), affine_systems(), lookup_systems()), number=st.integers(0, 4))
def test_a_derived_line_is_graded_right(text: str, number: int) -> None:
    system = parse(text)
    tensor = system.params[number % len(system.params)]
    back = backprop(system, [tensor])
    assume(_has_values(back))
    line = back.derivation(tensor).equation()
    verdict = check(system, line)
    assert verdict, f"{text}\n{line}\n{verdict}"


def _has_values(back: Backprop) -> bool:
    try:
        evaluate(back.system, random_inputs(back.forward, 0))
    except InputError:
        return False
    return True
