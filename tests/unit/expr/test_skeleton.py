"""What is alike in all but names: renaming an expression and renaming its skeleton and leaves come to the same."""

from __future__ import annotations

from chainrule.expr.nodes import Expr
from chainrule.expr.skeleton import bare, packed
from chainrule.notation import parse
from chainrule.simplify.simplifier import simplifier_of
from chainrule.system.model import System

SYSTEM = """
    data x[i], y[j], u[t,k], v[s,m]
    param W[i,k], V[j,m]
    p = (sum(k) W[2,k]*u[1,k]*x[2]^2) + (sum(i,k) [i = 3]*x[i]*W[i,k]) + sum(i) x?[i-1]/extent(i)
    q = (sum(m) V[4,m]*v[3,m]*y[4]^2) + (sum(j,m) [j = 3]*y[j]*V[j,m]) + sum(j) y?[j-1]/extent(j)
    r[i] = sum(k) [i < 2]*W[i,k]*exp(x[i])
    s[j] = sum(m) [j < 2]*V[j,m]*exp(y[j])
    cost C = p + q + (sum(i) r[i]) + (sum(j) s[j])
    """


def _values(system: System, first: str, second: str) -> tuple[Expr, Expr]:
    return system.defined[first].value, system.defined[second].value


def test_the_skeleton_of_a_renamed_expression_is_that_of_the_expression_with_renamed_leaves() -> None:
    system = parse(SYSTEM.replace("[2", "[4").replace("[1", "[3"))
    simplifier = simplifier_of(system)
    for one, other in (_values(system, "p", "q"), _values(system, "r", "s")):
        shapes = [simplifier.shape([bare(value)]) for value in (one, other)]
        assert shapes[0].key == shapes[1].key
        renaming = shapes[0].names.to(shapes[1].names)
        assert renaming.of(one) == other
        assert renaming.bare(bare(one)) == bare(other)
        assert renaming.bare(packed(bare(one))) == packed(bare(other))


def test_a_packed_skeleton_says_which_leaves_are_the_same() -> None:
    system = parse(
        "data x[i], y[i]\na = (sum(i) x[i]) + (sum(i) x[i])\nb = (sum(i) x[i]) + (sum(i) y[i])\ncost C = a + b"
    )
    one, other = map(bare, _values(system, "a", "b"))
    assert one.skeleton == other.skeleton
    assert packed(one).skeleton != packed(other).skeleton
    assert len(packed(one).leaves) == len(set(one.leaves))
