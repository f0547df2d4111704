"""Each way in which inputs can be wrong, by the message that names it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.execute.inputs import check_inputs, is_batched
from chainrule.execute.reference.evaluation import evaluate
from chainrule.expr.nodes import Index, number, times
from chainrule.expr.sizes import Declared
from chainrule.notation import parse
from chainrule.system.model import Declaration, Equation, System
from support import assert_close
from unit.execute.build import CLASSIFIER, entry, i, total, x

GOOD: dict[str, Any] = {
    "x": np.ones(4),
    "y": [0.25, 0.75],
    "W1": np.ones((3, 4)),
    "b1": [1, 2, 3],
    "W2": np.ones((2, 3)),
    "b2": [True, False],
}
BATCH: dict[str, Any] = GOOD | {"x": np.ones((5, 4)), "y": np.full((5, 2), 0.5)}


def test_good_inputs_become_arrays_of_floats() -> None:
    checked = check_inputs(replace(CLASSIFIER, batch=""), GOOD)
    assert {array.dtype for array in checked.values.values()} == {np.dtype(float)}
    assert_close(checked.values["b2"], [1, 0])
    assert checked.sizes[i.extent] == 4


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({"W1": None}, ["missing inputs: param W1[j,i]", "x, y, W1, b1, W2, b2"]),
        ({"x": None, "b2": None}, ["missing inputs: data x[i], param b2[k]"]),
        ({"w1": np.ones(2)}, ["no input named 'w1'", "Did you mean W1?"]),
        ({"nonsense": 1}, ["no input named 'nonsense'", "Leave it out."]),
        ({"z1": np.ones(3)}, ["z1 is not an input: the system computes it", "z1[j] = Σ_i W1[j,i]·x[i] + b1[j]"]),
        ({"W1": np.ones(3)}, ["W1 has 1 axis, shape [3]", "param W1[j,i]", "2: j, i"]),
        ({"b1": 3.0}, ["b1 has 0 axes, shape []", "param b1[j]", "1: j"]),
        (
            {"W1": np.ones((3, 7))},
            ["W1 axis 1 (i) is 7 but x axis 0 (i) is 4", "z1[j] = Σ_i W1[j,i]·x[i] + b1[j]", "index i"],
        ),
        (
            {"b2": np.ones(3)},
            ["b2 axis 0 (k) is 3 but y axis 0 (k) is 2", "z2[k] = Σ_j W2[k,j]·a1[j] + b2[k]"],
        ),
        ({"x": [1, 2, np.nan, np.inf]}, ["x[2] is nan", "data x[i]", "2 of its 4 entries are not finite"]),
        ({"W1": np.where(np.eye(3, 4), -np.inf, 0)}, ["W1[0,0] is -inf"]),
        ({"x": ["a", "b", "c", "d"]}, ["x is not an array of real numbers: it holds text"]),
        ({"x": [1j, 2, 3, 4]}, ["x is not an array of real numbers: it holds complex numbers"]),
        ({"x": [[1, 2], [3]]}, ["x is not an array of real numbers: it holds rows of different lengths"]),
        ({"x": [object()] * 4}, ["x is not an array of real numbers: it holds objects (list)"]),
        ({"x": [10**30] * 4}, ["x is not an array of real numbers: it holds objects (list)"]),
        ({"x": np.asarray(["2020-01-01"], "M8[D]")}, ["x is not an array of real numbers: it holds datetime64"]),
    ],
)
def test_a_wrong_input_is_named(changes: dict[str, Any], messages: list[str]) -> None:
    given = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(InputError) as caught:
        evaluate(CLASSIFIER, given)
    for message in messages:
        assert message in str(caught.value)


def test_none_is_not_a_number() -> None:
    with pytest.raises(InputError, match=r"x is not an array of real numbers: it holds objects \(NoneType\)"):
        evaluate(CLASSIFIER, GOOD | {"x": None})


def test_a_scalar_wants_a_single_number() -> None:
    system = System(declarations=(Declaration("param", "s"),))
    assert evaluate(system, {"s": 2}) == {}
    with pytest.raises(InputError, match=r"s has 1 axis, shape \[1\]\n  param s\n  a single number\n  Give one number"):
        evaluate(system, {"s": [2]})


def test_a_system_without_inputs_takes_none() -> None:
    with pytest.raises(InputError, match=r"inputs named nothing: the system has none"):
        evaluate(System(), {"s": 2})


def test_an_unknown_function_is_not_an_input() -> None:
    system = System(declarations=(Declaration("abstract", "C", (), arguments=(entry("x", i),)),))
    with pytest.raises(InputError, match="C is not an input: it is an unknown function"):
        evaluate(system, {"C": 2})


def test_a_declared_extent_is_kept() -> None:
    p = Index("p", Declared("p"))
    system = System(
        declarations=(Declaration("data", "x", (p,)),),
        equations=(Equation(entry("C"), total(p, entry("x", p))),),
        indices=(p,),
        sizes=((p.extent, 3),),
    )
    assert_close(evaluate(system, {"x": [1, 2, 3]})["C"], 6)
    with pytest.raises(InputError) as caught:
        evaluate(system, {"x": [1, 2]})
    assert "x axis 0 (p) is 2 but index p is 3\n  C = Σ_p x[p]" in str(caught.value)
    assert "Give x 3 entries there." in str(caught.value)


def test_an_extent_of_the_callers_is_kept() -> None:
    system = System(declarations=(Declaration("data", "x", (i,)),))
    with pytest.raises(InputError, match=r"x axis 0 \(i\) is 2 but the extent of x is 3\n  x\[i\]"):
        evaluate(system, {"x": [1, 2]}, sizes={i.extent: 3})


def test_tensors_that_no_equation_reads_are_named_where_they_are_declared() -> None:
    system = System(declarations=(Declaration("data", "x", (i,)), Declaration("data", "w", (i,))))
    with pytest.raises(InputError, match=r"w axis 0 \(i\) is 3 but x axis 0 \(i\) is 2\n  x\[i\], w\[i\]\n"):
        evaluate(system, {"x": [1, 2], "w": [1, 2, 3]})


def test_samples_must_be_as_many_in_all_data() -> None:
    with pytest.raises(InputError) as caught:
        evaluate(CLASSIFIER, BATCH | {"y": np.full((6, 2), 0.5)})
    assert "y axis 0 (n) is 6 but x axis 0 (n) is 5" in str(caught.value)
    with pytest.raises(InputError, match=r"x axis 1 \(i\) is 3|W1 axis 1 \(i\) is 4 but x axis 1 \(i\) is 3"):
        evaluate(CLASSIFIER, BATCH | {"x": np.ones((5, 3))})


def test_one_sample_of_some_data_and_many_of_others_is_refused() -> None:
    with pytest.raises(InputError, match=r"x has an axis of samples \(n\) in front, y has none"):
        evaluate(CLASSIFIER, GOOD | {"x": np.ones((5, 4))})


def test_data_of_any_other_rank_are_a_matter_of_rank() -> None:
    with pytest.raises(InputError, match=r"x has 3 axes, shape \[1, 5, 4\]\n  data x\[n,i\]\n  2: n, i"):
        evaluate(CLASSIFIER, BATCH | {"x": np.ones((1, 5, 4))})
    with pytest.raises(InputError, match=r"x has 3 axes, shape \[1, 5, 4\]\n  data x\[i\]\n  1: i"):
        evaluate(CLASSIFIER, GOOD | {"x": np.ones((1, 5, 4))})


def test_a_system_without_batch_takes_no_samples() -> None:
    system = System((Declaration("data", "x", (i,)),), equations=(Equation(entry("z", i), times(number(2), x)),))
    assert not is_batched(system, {"x": np.ones((2, 3))})
    with pytest.raises(InputError, match=r"x has 2 axes, shape \[2, 3\]"):
        evaluate(system, {"x": np.ones((2, 3))})


def test_a_number_too_large_for_single_precision_is_told_as_such() -> None:
    said = r"x\[1\] is 1e\+300, too large for float32\n  numbers up to 3.4e\+38\n  Scale the data, or use"
    with pytest.raises(InputError, match=said):
        evaluate(CLASSIFIER, GOOD | {"x": [1, 1e300, 1, 1]}, dtype=np.float32)


def test_inputs_have_names() -> None:
    with pytest.raises(InputError, match="the inputs are a list\n  a dict of numbers and arrays\n  Give them by name"):
        evaluate(CLASSIFIER, [1, 2])  # type: ignore[arg-type]


def test_a_matrix_that_is_not_square_is_told_so() -> None:
    system = parse("param X[i,j]\ncost C = det(X)")
    with pytest.raises(InputError, match=r"Give X as many entries along axis 1 as along axis 0\."):
        evaluate(system, {"X": [[1, 2, 3], [4, 5, 6]]})
