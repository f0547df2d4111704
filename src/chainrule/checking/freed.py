"""Points at which derivatives that an answer names are random numbers, and those computed from them follow.

An answer that names ∂C/∂t says how ∂C/∂v follows from it, whatever it is. That the ∂C/∂z[k] of a softmax add up to 0 is
true of its real values only, and explains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.checking.forms import over_paths
from chainrule.diff.backprop import Cotangents
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Expr
from chainrule.expr.symbols import Derivative, taken_by

Array = npt.NDArray[Any]
_POINTS = 3


def freed_scopes(answer: Expr, tensor: str, scopes: Sequence[Scope], cotangents: Cotangents) -> tuple[Scope, ...]:
    """Return such points; none for an answer that names no derivative, or only the one that it is for."""
    named = [t for t in sorted(tensors_in(answer)) if taken_by(t, cotangents.cost) is not None]
    if not named or Derivative(cotangents.cost, tensor) in named:
        return ()
    found: list[Scope] = []
    for scope in scopes[:_POINTS]:
        draw = np.random.default_rng(len(found))
        values = {**scope.values} | {name: draw.normal(size=scope.values[name].shape) for name in named}
        found.append(_followed(replace(scope, values=values), tensor, named, cotangents))
    return tuple(found)


def _followed(scope: Scope, tensor: str, fixed: Sequence[str], cotangents: Cotangents) -> Scope:
    """Return the point with every ∂C/∂u between tensor and cost, but the fixed ones, as the sum over its paths."""
    values, graph = dict(scope.values), cotangents.graph
    between = graph.depending_on([tensor]) & graph.leading_to(cotangents.cost) - {cotangents.cost}
    for name in reversed(graph.order):
        own = Derivative(cotangents.cost, name)
        if name in between and own not in fixed and not cotangents.is_unknown(name):
            whole = over_paths(name, cotangents)
            if whole is not None:
                values[own] = evaluate_in(replace(scope, values=values, kept=None), whole, cotangents.of(name).indices)
    return replace(scope, values=values).keeping()
