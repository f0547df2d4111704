"""`tok : int(5)` with E[tok[t],d] tells that E has 5 rows, where nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import InputError, OptionError

TOKENS = """data tok[t] : int(5), y : int(7)
param E[v,d], W[k,d]
index d = 3
{more}batch n
h[d] = sum(t) E[tok[t],d]
z[k] = sum(d) W[k,d]*h[d]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -log(a[y])
"""


def network(more: str = "", **values: np.ndarray) -> cr.Network:
    return cr.Network.from_system(cr.parse(TOKENS.format(more=more)), values)


def test_params_begin_with_as_many_entries_as_there_are_whole_numbers() -> None:
    made = network()
    assert {name: array.shape for name, array in made.params.items()} == {"E": (5, 3), "W": (7, 3)}
    data = {"tok": np.arange(12).reshape(3, 4) % 5}, {"y": [0, 6, 3]}
    cr.train(made, *data, epochs=1, executor="reference")
    assert made.predict(data[0]).shape == (3, 7)


def test_a_table_may_have_entries_that_nothing_looks_up() -> None:
    assert network("index v = 6\n").params["E"].shape == (6, 3)
    assert network(E=np.ones((8, 3))).params["E"].shape == (8, 3)


def test_a_table_that_is_too_short_is_refused() -> None:
    for make in (lambda: network("index v = 4\n"), lambda: network(E=np.ones((4, 3)))):
        with pytest.raises(InputError) as caught:
            make()
        assert str(caught.value) == (
            "tok holds numbers up to 4, and index v of E, on which it is looked up, has 4 values\n"
            "  h[d] = Σ_t E[tok[t],d]\n"
            "  5 values, or more\n"
            "  Declare tok : int(v), or correct one of the two."
        )
    with pytest.raises(InputError, match="y holds numbers up to 6, and index k of W"):
        network("index k = 6\n")


@pytest.mark.parametrize("read", ["E?[t]", "[t < 3]*E[t]", "where(t < 3, E[t], 0)"])
def test_an_entry_under_a_condition_tells_nothing(read: str) -> None:
    text = f"data t : int(5), y\nparam E[v]\n{{more}}batch n\np = {read}\ncost C = (p - y)^2"
    with pytest.raises(OptionError, match="nothing says how many values v has"):
        cr.Network.from_system(cr.parse(text.format(more="")))
    made = cr.Network.from_system(cr.parse(text.format(more="index v = 3\n")))
    assert made.params["E"].shape == (3,)
