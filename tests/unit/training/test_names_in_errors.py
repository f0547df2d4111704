"""Errors call what is wrong by the user's name for it: the argument, the tensor as written, the file's array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import InputError
from chainrule.network import Network
from unit.cli.commands import run

LABELS = """data x[i], y : int(k)
param W[k,i]
index k = 3
batch n
z[k] = sum(i) W[k,i]*x[i]
cost C = log(sum(m) exp(z[m])) - z[y]
"""
POOLED = """data x[p,q], y
param v[r,s], w[a,b]
index r = 4, s = 4, a = 2, b = 2
batch n
h[r,s] = max(a,b) (x[2*r+a,2*s+b]*w[a,b])
o = sum(r,s) v[r,s]*h[r,s]
cost C = (o - y)^2
"""
TWO = "data x[t], keep[t], v, u\nparam w, c\nbatch n\np = w*(mean(t) x[t]*keep[t])\nq = c*p\n"
TWO += "cost C = (p - v)^2 + (q - u)^2\n"
DRAWN = "data x[i], y\nparam w[i]\nconst seed\nbatch n\nm[i] = uniform(seed, step, n, i)\na = sum(i) w[i]*x[i]*m[i]\n"
DRAWN += "cost C = (a - y)^2\n"
X = np.linspace(-1, 1, 12).reshape(6, 2)
Y = np.arange(6) % 3


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_label_out_of_range_is_told_by_the_argument_it_came_in(part: str) -> None:
    wrong: dict[str, Any] = {f"x_{part}": X, f"y_{part}": Y + 1}
    with pytest.raises(InputError, match=rf"y_{part}\[2\] is 3\n  data y : int"):
        cr.train(Network.from_system(cr.parse(LABELS)), X, Y, epochs=1, **wrong)


def test_extents_that_disagree_are_told_by_the_argument_they_came_in() -> None:
    data = {"x": X, "keep": X, "v": X[:, 0], "u": X[:, 0]}
    with pytest.raises(InputError, match=r'x_test\["keep"\] axis 0 \(t\) is 1 but x_test\["x"\] axis 0 \(t\) is 2'):
        cr.train(Network.from_system(cr.parse(TWO)), data, epochs=1, x_test={**data, "keep": X[:, :1]})


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_a_smaller_image_is_told_by_the_equation_as_it_was_written(executor: str) -> None:
    network = Network.from_system(cr.parse(POOLED))
    x, y = np.ones((5, 8, 8)), np.arange(5.0)
    cr.train(network, x, y, epochs=1, executor=executor)
    with pytest.raises(InputError) as caught:
        cr.train(network, x[:, :6, :6], y, epochs=1, executor=executor)
    assert "x[2*r+a,2*s+b] reads outside its tensor" in str(caught.value)
    assert "\n  h[r,s] = max(a,b) (x[2*r+a,2*s+b]·w[a,b])\n" in str(caught.value)


def test_several_arrays_in_a_list_are_no_single_array() -> None:
    network = Network.from_system(cr.parse(TWO))
    for pair, said in (([Y, Y], "a list of 2"), ((Y, Y), "a tuple of 2"), (Y, "one array")):
        with pytest.raises(InputError, match=rf'y is {said}, and there are 2 data for it: v, u\n.*\n  Give y={{"v"'):
            cr.train(network, {"x": X, "keep": X}, pair)


def test_the_letter_of_the_samples_is_no_const() -> None:
    system = cr.parse(DRAWN)
    with pytest.raises(InputError, match="named 'zzz'\n  one of w, seed\n"):
        Network.from_system(system, {"zzz": 1.0, "seed": 1.0})
    with pytest.raises(InputError, match="n is the index of the samples: it has no value"):
        Network.from_system(system, {"n": 3, "seed": 1})


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (X.astype(object), r"objects \(float\)\n.*\n  Its entries are numbers: np.asarray\(x\).astype\(float\)"),
        (X.astype(str), r"text\n.*\n  Its entries can be read as numbers: np.asarray\(x\).astype\(float\)"),
        (np.array([["a", "b"]] * 6), r"text\n.*\n  Number the classes: names, x = np.unique\(x, return_inverse=True\)"),
        (X + 1j, r"complex numbers\n.*\n  Its real parts: x.real"),
        (np.array([[1.0, None]] * 6), r"objects \(NoneType\)\n  floats, integers or booleans$"),
    ],
)
def test_what_are_no_numbers_become_some_as_advised(x: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        cr.train(Network.from_system(cr.parse(LABELS)), x, Y)


def test_a_const_without_a_value_is_asked_for_as_an_array_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n.eq").write_text("data x, y : int(k)\nconst tab[k], s\nparam w\nbatch n\ncost C = (w*x*s - tab[y])^2\n")
    np.savez("d.npz", x=X[:, 0], y=Y, s=1.0)
    said = run("train", "d.npz", "--model", "n.eq").stderr
    assert said == "Error: const tab[k] has no value\n  in n.eq\n  an array tab in d.npz\n"
    np.savez("d.npz", x=X[:, 0], y=Y, tab=np.ones(3))
    said = run("train", "d.npz", "--model", "n.eq").stderr
    assert said.endswith("  an array s in d.npz or a value in n.eq: const s = 0.1\n")
