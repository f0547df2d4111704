"""A system in JAX: its equations evaluated over whole grids of their indices, so that JAX differentiates them.

Written for tests only, from the meaning of the notation, knowing nothing of how chainrule runs or derives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chainrule.execute.scalars import CONSTANTS
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Comparison,
    Constant,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
    MatrixEntry,
    Number,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
)
from chainrule.expr.sizes import Literal, Size
from chainrule.system.model import System
from chainrule.system.recurrences import recurrences

jax: Any = pytest.importorskip("jax")
jnp: Any = jax.numpy
Values = Mapping[str, Any]
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "relu": jax.nn.relu,
    "erf": jax.scipy.special.erf,
    "softplus": jax.nn.softplus,
    "stop": jax.lax.stop_gradient,
}
RELATIONS: Mapping[str, Callable[..., Any]] = {
    "=": jnp.equal,
    "!=": jnp.not_equal,
    "<": jnp.less,
    "<=": jnp.less_equal,
    ">": jnp.greater,
    ">=": jnp.greater_equal,
}
REDUCTIONS: Mapping[str, Callable[..., Any]] = {"sum": jnp.sum, "mean": jnp.mean, "max": jnp.max, "min": jnp.min}
Axes = tuple[Index, ...]


class InJax:
    """One system with the numbers of its extents."""

    def __init__(self, system: System, sizes: Mapping[Size, int]) -> None:
        self.system = system
        self.sizes = sizes

    def cost(self, values: Values) -> Any:
        """Return the cost of one sample, or of all data of a system that names its samples."""
        known = dict(values)
        for declaration in self.system.declarations:
            if declaration.value is not None and declaration.tensor not in known:
                known[declaration.tensor] = self.value(declaration.value, declaration.indices, known)
        together = [e for one in recurrences(self.system) for e in one.equations]
        known |= {e.name: jnp.zeros(tuple(map(self.size, e.indices))) for e in together}
        # Each sweep makes one more step of a recurrence right, and leaves those right that are.
        for _ in range(max((self.size(i) for e in together for i in e.indices), default=1)):
            for equation in self.system.equations:
                known[equation.name] = self.value(equation.value, equation.indices, known)
        return known[self.system.cost]

    def size(self, index: Index) -> int:
        return index.extent.count if isinstance(index.extent, Literal) else self.sizes[index.extent]

    def value(self, node: Any, axes: Axes, known: Values) -> Any:
        """Return a value with an axis for each index."""
        return jnp.broadcast_to(self.part(node, axes, known), tuple(map(self.size, axes)))

    def part(self, node: Any, axes: Axes, known: Values) -> Any:  # noqa: C901 - one match over the nodes
        match node:
            case Number(value):
                return float(value)
            case Constant(name):
                return CONSTANTS[name]
            case ExtentValue(extent):
                return float(extent.count if isinstance(extent, Literal) else self.sizes[extent])
            case IndexValue(position):
                return self.position(position, axes, known)
            case Indexed():
                return self.entry(node, axes, known)
            case MatrixEntry(function, tensor, indices):
                matrix = known[tensor]
                if function == "det":
                    return jnp.linalg.det(matrix)
                return jnp.linalg.inv(matrix)[tuple(self.position(p, axes, known) for p in indices)]
            case Sum(terms):
                return sum(self.part(term, axes, known) for term in terms)
            case Product(factors):
                result: Any = 1.0
                for factor in factors:
                    if not isinstance(factor, Bracket):
                        result = result * self.part(factor, axes, known)
                for factor in factors:
                    if isinstance(factor, Bracket):
                        result = jnp.where(self.part(factor.condition, axes, known), result, 0.0)
                return result
            case Power(base, exponent):
                return self.part(base, axes, known) ** self.part(exponent, axes, known)
            case Call(name, arguments):
                return FUNCTIONS[name](*(self.part(a, axes, known) for a in arguments))
            case Reduce(op, indices, body):
                whole = self.value(body, (*axes, *indices), known)
                return REDUCTIONS[op](whole, axis=tuple(range(len(axes), len(axes) + len(indices))))
            case Bracket(condition):
                return jnp.where(self.part(condition, axes, known), 1.0, 0.0)
            case Select(condition, then, otherwise):
                branches = (self.part(branch, axes, known) for branch in (then, otherwise))
                return jnp.where(self.part(condition, axes, known), *branches)
            case Comparison(relation, left, right):
                return RELATIONS[relation](self.part(left, axes, known), self.part(right, axes, known))
            case Logic("and", operands):
                return jnp.all(jnp.stack(jnp.broadcast_arrays(*(self.part(o, axes, known) for o in operands))), axis=0)
        raise NotImplementedError(type(node).__name__)

    def position(self, position: Any, axes: Axes, known: Values) -> Any:
        """Return the whole numbers that a position takes over the axes."""
        match position:
            case Index():
                place = axes.index(position)
                shape = [self.size(position) if n == place else 1 for n in range(len(axes))]
                return jnp.arange(self.size(position)).reshape(shape)
            case Affine(terms, constant):
                return constant + sum(c * self.position(i, axes, known) for i, c in terms)
            case Lookup(entry):
                return self.entry(entry, axes, known)
        raise NotImplementedError(type(position).__name__)

    def entry(self, entry: Indexed, axes: Axes, known: Values) -> Any:
        """Return entries of a tensor; outside of it a marked one is 0."""
        array = jnp.asarray(known[entry.tensor])
        if not entry.indices:
            return array
        places = [self.position(p, axes, known) for p in entry.indices]
        inside: Any = True
        for place, extent in zip(places, array.shape, strict=True):
            inside = inside & (place >= 0) & (place < extent)
        clipped = [jnp.clip(p, 0, extent - 1) for p, extent in zip(places, array.shape, strict=True)]
        found = array[tuple(clipped)]
        return jnp.where(inside, found, 0) if entry.guarded else found


def descended(
    system: System,
    sizes: Mapping[Size, int],
    params: Values,
    others: Values,
    batches: list[dict[str, Any]],
    rate: float,
) -> dict[str, Any]:
    """Return params after a step of gradient descent for each batch: data with the samples in front if `batch` is said.

    `others` are consts. JAX computes the cost and its gradients in the type of the params.
    """
    names = tuple(system.with_role("data"))
    front = dict.fromkeys(names, 0)

    def cost(learned: Values, data: Values) -> Any:
        if not system.batch:
            here = {**sizes, **{i.extent: data[n].shape[k] for n in names for k, i in enumerate(system.axes(n))}}
            return InJax(system, here).cost({**others, **learned, **data})
        one = InJax(system, sizes)
        each = jax.vmap(lambda sample: one.cost({**others, **learned, **sample}), in_axes=(front,))
        return jnp.mean(each(dict(data)))

    gradient = jax.jit(jax.grad(cost))
    for batch in batches:
        slopes = gradient(params, batch)
        params = {name: value - rate * slopes[name] for name, value in params.items()}
    return dict(params)
