"""What is derived can be pickled and copied: it is equal to the original then, in another process too."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import chainrule as cr
from chainrule.expr.shared import Node

TEXT = """data y[k], tok[t] : int(k)
param z[k]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -(sum(k) y[k]*log(a[k])) + 0.1*(sum(t) z?[tok[t]]) + (max(u<2) y[2*u])"""
UNKNOWN = "param z[j]\nabstract a[k](z[j])\ncost C(a[k])"
SYSTEM = cr.parse("data y[k]\nparam z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = -(sum(k) y[k]*log(a[k]))")
BACK, OPEN = cr.backprop(SYSTEM), cr.backprop(cr.parse(UNKNOWN))
DEEP = cr.parse("param w\ncost C = " + "(" * 98 + "w" + "^2+1)" * 98)
WAYS = [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))]  # noqa: S301 -- our own

THINGS = {
    "a system": SYSTEM,
    "a system with look-ups and bounds": cr.parse(TEXT),
    "an equation": SYSTEM.equations[0],
    "a backward pass": BACK,
    "a derivation": BACK.derivation("z"),
    "of an unknown function": OPEN,
    "a derivation with special cases": OPEN.derivation("z"),
    "a Jacobian": cr.jacobian(SYSTEM, "a", "z"),
    "a Hessian": cr.hessian(SYSTEM, "z"),
    "as deep as a text may be": DEEP,
    "a verdict": cr.check(SYSTEM, "a[k] + y[k]", wrt="z"),
}


@pytest.mark.parametrize("way", WAYS, ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize("name", THINGS)
def test_a_copy_is_equal_and_reads_alike(name: str, way: Callable[[Any], Any]) -> None:
    thing = THINGS[name]
    made = way(thing)
    assert made == thing
    assert str(made) == str(thing)
    assert type(made) is type(thing)


@pytest.mark.parametrize("way", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_a_copied_derivation_can_be_verified(way: Callable[[Any], Any]) -> None:
    assert "verified 13 of 13 steps" in str(way(BACK.derivation("z")).verify())


@pytest.mark.parametrize("way", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_a_copy_of_a_node_has_its_fields_only(way: Callable[[Any], Any]) -> None:
    hash(SYSTEM)
    _ = SYSTEM.declared, SYSTEM.size
    made = way(SYSTEM)
    assert set(vars(made)) == set(SYSTEM.__dataclass_fields__)
    equation = made.equations[0]
    if way is not copy.copy:
        assert set(vars(equation)) == {"target", "value"}


def test_a_part_that_stands_in_two_places_is_one_object_in_the_copy() -> None:
    made = copy.deepcopy(SYSTEM)
    assert isinstance(made, Node)
    first, second = (made.sizes, made.declarations[0].indices[0].extent), made.declarations[1].indices[0].extent
    assert first[1] is second
    assert len(pickle.dumps(DEEP)) < 40_000


def test_equality_survives_another_hash_seed() -> None:
    """Hashes of texts differ between processes, and with them those of all nodes."""
    things = (SYSTEM, SYSTEM.equations[0], BACK, BACK.derivation("z"))
    for thing in things:
        hash(thing)
    code = f"""
import pickle, sys
import chainrule as cr
system, equation, back, derivation = pickle.loads(sys.stdin.buffer.read())
here = cr.parse({str(SYSTEM)!r})
assert system == here and hash(system) == hash(here) and len({{system, here}}) == 1
assert equation == here.equations[0] and {{equation: 1}}[here.equations[0]]
assert back == cr.backprop(here)
assert derivation == cr.backprop(here).derivation("z")
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "4711"}
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(things), env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
