"""Where only its letter tells the size of an index, it prints by that letter, or its size is said."""

from __future__ import annotations

import pytest

from chainrule.notation import parse
from chainrule.pipeline import backprop

LETTERS = {
    "a letter with another size in another equation": (
        "data x[s]\nparam w[p], y[p]\nh[s] = y[s]*extent(y) + y?[2*s]\n"
        "c[s] = sum(k<2) y?[s+k]*h?[2*s+1]\ncost C = sum(u) c[u]"
    ),
    "an extent of that letter": "data x[s]\nparam y[p]\nh[s] = y[s]*extent(s)\ncost C = sum(s) x?[s]*h?[2*s]*h?[s]",
    "a sum beside": (
        "data x[s]\nparam y[p]\nh[s] = y[s] + extent(y)\n"
        "cost C = (sum(t) h[t]/extent(t))*(sum(p) y?[2*p]) + (sum(s) x?[s]^2)"
    ),
    "a bound letter that is free outside": "data x[u]\nparam y[p]\nc[p] = y[p]*(sum(p) y?[p+p])\ncost C = sum(u) c[u]",
    "a letter within itself": "data x[u]\nparam y[p]\ncost C = sum(p) y[p]*(sum(p) y?[2*p]*x?[p])",
    "a letter that is a tensor": "data p[u], x[u]\nparam y[p]\ncost C = p[0]*(sum(p) y?[2*p]*x?[p])",
}


@pytest.mark.parametrize("name", LETTERS)
def test_a_system_and_its_backward_pass_read_back(name: str) -> None:
    system = parse(LETTERS[name])
    assert parse(str(system)) == system
    back = backprop(system)
    assert parse(str(back)) == back.system


def test_a_declared_letter_is_kept_where_an_extent_could_be_named_by_it() -> None:
    back = backprop(parse(LETTERS["a letter with another size in another equation"]))
    assert "Σ_{s,k<2} [2*s+1 = p]·y?[s+k]" in str(back)
    assert "index" not in str(back)


UNUSED = {
    "one": ("index s = extent(w) + 1", ["index s = extent(w) + 1"]),
    "by another": (
        "index t = extent(s) + 1, s = extent(w) + 1",
        ["index s = extent(w) + 1", "index t = extent(s) + 1"],
    ),
    "beside one that is used": (
        "index s = extent(w) + 1, t = extent(w) + 2\nb[t] = w?[t]",
        ["index s = extent(w) + 1", "index t = extent(w) + 2"],
    ),
    "an axis": ("index s = extent(w)", []),
    "a number": ("index s = 4", ["index s = 4"]),
}


@pytest.mark.parametrize("name", UNUSED)
def test_a_size_that_nothing_uses_is_printed(name: str) -> None:
    lines, printed = UNUSED[name]
    system = parse(f"data w[k]\nparam z[v]\n{lines}\ncost C = sum(v) z[v]^2")
    assert sorted(line for line in str(system).splitlines() if line.startswith("index")) == printed
    assert parse(str(system)) == system
    back = backprop(system)
    assert parse(str(back)) == back.system
