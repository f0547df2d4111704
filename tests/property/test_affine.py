"""Systems with affine indices: gradients beside central differences, every step true, text that reads back the same."""

from __future__ import annotations

from hypothesis import given

from chainrule.checking.gradients import gradient_check
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.system.printing import system_latex, system_text
from property.random_affine import affine_systems
from support import examples


@examples(25)
@given(text=affine_systems())
def test_gradients_agree_with_central_differences(text: str) -> None:
    report = gradient_check(parse(text))
    assert report, f"{text}\n{report}"


@examples(25)
@given(text=affine_systems())
def test_derived_systems_read_back_the_same(text: str) -> None:
    system = backprop(parse(text)).system
    for unicode in (True, False):
        assert parse(system_text(system, unicode=unicode)) == system, system_text(system)
    assert system_latex(system)


@examples(10)
@given(text=affine_systems())
def test_every_step_is_true(text: str) -> None:
    back = backprop(parse(text))
    for tensor in back.wrt:
        back.derivation(tensor).verify()
