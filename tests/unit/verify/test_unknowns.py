"""Random functions in place of unknown ones: their derivatives against differences, and that they stay the same."""

import subprocess
import sys

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.expr.sizes import Axis
from chainrule.system.model import Declaration
from chainrule.verify.unknowns import RandomUnknowns
from support import assert_close
from unit.execute.build import entry, index

n, k, i, j = index("n"), index("k", "a", 0), index("i", "z", 0), index("j", "w", 0)
draw = np.random.default_rng(5)
PLAIN = Declaration("abstract", "a", (k,), arguments=(entry("z", i), entry("w", j)))
BATCHED = Declaration("abstract", "a", (n, k), arguments=(entry("z", n, i), entry("w", j)))
CASES = [
    (PLAIN, (3,), {"z": draw.normal(size=2), "w": draw.normal(size=4)}),
    (BATCHED, (5, 3), {"z": draw.normal(size=(5, 2)), "w": draw.normal(size=4)}),
    (Declaration("abstract", "C", (), arguments=(entry("z", i),)), (), {"z": draw.normal(size=3)}),
    (Declaration("abstract", "a", (k,), arguments=(entry("s"),)), (3,), {"s": np.asarray(0.4)}),
]
UNKNOWNS = RandomUnknowns(11)


@pytest.mark.parametrize(("declaration", "shape", "arguments"), CASES)
def test_partial_derivatives_of_every_order_are_those_of_the_value(declaration, shape, arguments) -> None:
    names = list(arguments)
    for wrt in [(), (names[0],), (names[-1],), (names[0], names[-1])]:
        for name in names:
            columns = []
            for place in np.ndindex(arguments[name].shape):
                sides = []
                for sign in (1, -1):
                    moved = arguments[name].copy()
                    moved[place] += sign * 1e-5
                    sides.append(UNKNOWNS.partial(declaration, wrt, arguments | {name: moved}, shape))
                columns.append((sides[0] - sides[1]) / 2e-5)
            difference = np.stack(columns, -1).reshape(*sides[0].shape, *arguments[name].shape)
            exact = UNKNOWNS.partial(declaration, (*wrt, name), arguments, shape)
            assert_close(exact, difference, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("declaration", "shape", "arguments"), CASES)
def test_no_entry_of_the_gradient_vanishes(declaration, shape, arguments) -> None:
    for name in arguments:
        gradient = UNKNOWNS.partial(declaration, (name,), arguments, shape)
        own_sample = np.eye(5)[:, None, :, None] if declaration is BATCHED and name == "z" else np.ones(())
        assert ((np.abs(gradient) > 1e-4) == np.broadcast_to(own_sample, gradient.shape)).all()


def test_each_sample_meets_the_same_function() -> None:
    _, shape, arguments = CASES[1]
    batched = UNKNOWNS.partial(BATCHED, (), arguments, shape)
    for sample in range(5):
        single = UNKNOWNS.partial(PLAIN, (), arguments | {"z": arguments["z"][sample]}, (3,))
        assert_close(batched[sample], single)


def test_scalar_functions_have_derivatives_of_every_order() -> None:
    t = np.asarray([-1.0, 0.2, 3.0])
    for order in range(5):
        difference = (UNKNOWNS.call("sigma", order, t + 1e-5) - UNKNOWNS.call("sigma", order, t - 1e-5)) / 2e-5
        assert_close(UNKNOWNS.call("sigma", order + 1, t), difference, rtol=1e-8)
    two = [UNKNOWNS.call("f", 0, t, np.asarray(other)) for other in (0.0, 1.0)]
    assert (np.abs(two[0] - two[1]) > 1e-3).all()


def test_names_and_seeds_make_different_functions() -> None:
    t = np.asarray([0.3])
    values = [
        RandomUnknowns(0).call("f", 0, t),
        RandomUnknowns(1).call("f", 0, t),
        RandomUnknowns(0).call("g", 0, t),
    ]
    assert len({float(v[0]) for v in values}) == 3


def test_another_process_draws_the_same_function() -> None:
    program = (
        "import numpy as np; from chainrule.verify.unknowns import RandomUnknowns; "
        "print(repr(float(RandomUnknowns(3).call('sigma', 1, np.asarray(0.7)))))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert float(printed) == RandomUnknowns(3).call("sigma", 1, np.asarray(0.7))


def test_extents_are_small_and_stay_the_same() -> None:
    sizes = [UNKNOWNS.size(Axis(name, 0)) for name in "abcdefghijklmnop"]
    assert sizes == [UNKNOWNS.size(Axis(name, 0)) for name in "abcdefghijklmnop"]
    assert set(sizes) == {2, 3, 4, 5}


def test_a_derivative_by_something_that_is_no_argument_is_refused() -> None:
    _, shape, arguments = CASES[0]
    with pytest.raises(InputError, match="a is not a function of q\n  a derivative by one of its arguments: z, w"):
        UNKNOWNS.partial(PLAIN, ("q",), arguments, shape)
