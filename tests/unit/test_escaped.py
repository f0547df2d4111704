"""Messages: what comes from files is escaped, letters stay letters, and long lists are cut."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data.archive import read_archive
from chainrule.errors import MOST_LISTED, ChainruleError, DataFileError, NotationError, escaped, listed

SEEN = "x\x1b[31m\x07\x9b2J\u202e\u2066\u200b\ufeff\u2028\x7f\x00\ud800"


@pytest.mark.parametrize(
    "letters", ["αβσΩµμ∂Σ", "вес", "損失関数", "é ñ ß", "a − b · c ≤ √2", "½ × 10 %", "שלום", "😀"]
)
def test_letters_and_signs_print_as_they_are(letters: str) -> None:
    assert escaped(letters) == letters


def test_what_a_terminal_obeys_or_hides_is_written_out() -> None:
    assert escaped(SEEN) == (r"x\x1b[31m\x07\x9b2J\u202e\u2066\u200b\ufeff\u2028\x7f\x00\ud800")
    assert escaped("a\n\tb") == r"a\n\tb"
    assert escaped("a\n\tb\r", keep="\n\t") == "a\n\tb\\r"
    assert escaped(escaped(SEEN)) == escaped(SEEN)


def test_every_part_of_an_error_is_escaped_and_has_its_own_lines_only() -> None:
    error = ChainruleError("in\x1b[1m\nline", where="a\x07\nb", expected="\u202ec", advice="d\r")
    assert str(error) == "in\\x1b[1m\\nline\n  a\\x07\n  b\n  \\u202ec\n  d\\r"
    assert error.where == "a\\x07\nb"


def test_errors_survive_pickle_and_copy() -> None:
    with pytest.raises(NotationError) as caught:
        cr.parse("a = $")
    for made in (copy.deepcopy(caught.value), pickle.loads(pickle.dumps(caught.value))):  # noqa: S301 -- our own
        assert (str(made), made.line, made.column) == (str(caught.value), 1, 5)


def test_a_caret_stays_under_its_place_behind_what_is_escaped() -> None:
    with pytest.raises(NotationError) as caught:
        cr.parse("param a\ncost C = a + \x1b")
    assert str(caught.value).split("\n")[:3] == [
        "'\\x1b' cannot stand here",
        "  cost C = a + \\x1b",
        "               ^",
    ]
    with pytest.raises(NotationError) as caught:
        cr.parse("param a  \u200b\u200b+")
    _, line, caret = str(caught.value).split("\n")[:3]
    assert line[caret.index("^")] == "+"


def test_of_many_names_the_first_are_listed() -> None:
    assert listed(f"n{n}" for n in range(MOST_LISTED)).count(",") == MOST_LISTED - 1
    assert listed(f"n{n}" for n in range(500)).endswith("n19, …")
    assert listed(["a\x1b"]) == "a\\x1b"


MANY = cr.parse(
    "\n".join([*(f"param p{n}" for n in range(60)), "cost C = " + " + ".join(f"p{n}^2" for n in range(60))])
)
ONE = {f"p{n}": 1.0 for n in range(60)}
CALLS: dict[str, Callable[[], object]] = {
    "a wrt of check": lambda: cr.check(MANY, "2*p0", wrt="q"),
    "no wrt of check": lambda: cr.check(MANY, "2*p0"),
    "backprop": lambda: cr.backprop(MANY, ["q"]),
    "jacobian": lambda: cr.jacobian(MANY, "C", "q"),
    "jacobian of": lambda: cr.jacobian(MANY, "q", "p0"),
    "hessian": lambda: cr.hessian(MANY, "p0").derivation("q"),
    "jvp": lambda: cr.jvp(MANY, "C", ["q"]),
    "an unknown input": lambda: cr.evaluate(MANY, {**ONE, "q": 1}),
    "missing inputs": lambda: cr.evaluate(MANY, {}),
    "explain": lambda: cr.explain(MANY, ONE, of="q"),
    "an output": lambda: cr.Network.from_system(MANY, ONE, output="q"),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_error_lists_more_than_twenty_names(name: str) -> None:
    with pytest.raises(ChainruleError) as caught:
        CALLS[name]()
    assert max(len(re.findall(r"\bp\d+\b", line)) for line in str(caught.value).split("\n")) <= MOST_LISTED


def test_of_many_arrays_of_a_file_the_first_are_listed_escaped(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, **{f"a{n}\x1b": np.zeros(1) for n in range(60)})
    with pytest.raises(DataFileError) as caught:
        read_archive(path, ["x"])
    assert "a0\\x1b, a1\\x1b" in str(caught.value)
    assert "a19\\x1b, …" in str(caught.value)


def test_a_network_shows_its_layers_escaped() -> None:
    network = cr.Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    network.layers, network.cost = ("a\x1b[2J",), "b\u202e"
    assert repr(network) == "<Network([a\\x1b[2J], cost=b\\u202e): 2 params>"
