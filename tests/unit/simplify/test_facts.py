"""Facts of a system, each filed under its tensors; one alike another in all but names is renamed when it is used."""

from __future__ import annotations

from itertools import chain

from chainrule.expr.skeleton import Bare, Leaf
from chainrule.notation import parse
from chainrule.simplify.facts import filed
from chainrule.simplify.simplifier import simplifier_of

LAYERS = """
    data x[i], y[k], t[s,k]
    param W1[j,i], W2[k,j], b1[j], b2[k]
    index s = 4
    z1[j] = (sum(i) W1[j,i]*x[i]) + b1[j]
    a1[j] = tanh(z1[j])
    z2[k] = (sum(j) W2[k,j]*a1[j]) + b2[k]
    a2[k] = tanh(z2[k])
    p[k] = exp(a2[k]*t[1,k])
    q[k] = exp(a2[k]*t[2,k])
    cost C = sum(k) (p[k] + q[k] - y[k])^2
    """


def test_a_fact_that_is_renamed_is_filed_as_the_fact_itself_would_be() -> None:
    simplifier = simplifier_of(parse(LAYERS))
    facts = [fact for _, fact in chain.from_iterable(simplifier._book._filed.values())]
    renamed = [fact for fact in facts if fact.like is not None]
    assert [tuple(fact.replaced) for fact in renamed] == [("a2",), ("q",)]
    for fact in renamed:
        alone = filed(fact.fact)
        assert (alone.tensors, alone.replaced) == (fact.tensors, fact.replaced)
        assert _said(alone.bare) == _said(fact.bare)


def _said(bare: Bare) -> tuple[object, ...]:
    """Return a skeleton with what its leaves say: two of them may say the same where a node has been made anew."""
    leaves = [(leaf.name, leaf.extent, leaf.letter) if isinstance(leaf, Leaf) else leaf for leaf in bare.leaves]
    return (*bare._replace(leaves=()), leaves)
