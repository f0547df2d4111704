"""What a system is: declarations, facts, equations and updates, as frozen data.

Order matters only among the equations: each is assigned once, before its first use. Sharing is by name, as on paper.
This module is data and look-ups; whether a system makes sense is the matter of `typecheck`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from chainrule.expr.binding import reduce_over
from chainrule.expr.functions import ONE_HOT
from chainrule.expr.nodes import ONE, Comparison, Expr, Index, Indexed, Node, Reduce
from chainrule.expr.sizes import Size
from chainrule.render.text import equation_text
from chainrule.system.printing import system_text
from chainrule.system.sizes.derived import DerivedExtent

Role = Literal["data", "param", "const", "state", "abstract"]
"""What a declared tensor is for: given with each sample, learned, fixed, kept between steps, or unknown."""


@dataclass(frozen=True, eq=False)
class Declaration(Node):
    """A tensor that no equation defines. `indices` label its axes.

    `value` is that of a `const` which has one, or what all entries of a `state` begin with. `arguments` are the tensors
    that an abstract tensor is an unknown function of, each with indices of its own: `abstract a[k](z[j])`. An integer
    tensor, `data tok[t] : int(V)`, has whole numbers that are `values` of an index: 0 to V - 1.
    """

    role: Role
    tensor: str
    indices: tuple[Index, ...] = ()
    value: Expr | None = None
    arguments: tuple[Indexed, ...] = ()
    values: Index | None = None


@dataclass(frozen=True, eq=False)
class FunctionDefinition(Node):
    """A scalar function made by the user. In the body the parameters stand as entries without indices.

    The body None is an unknown one: `abstract sigma(t)`.
    """

    name: str
    parameters: tuple[str, ...]
    body: Expr | None


@dataclass(frozen=True, eq=False)
class Equation(Node):
    """target = value. The target's indices are plain and distinct; they are free in the value."""

    target: Indexed
    value: Expr

    def __str__(self) -> str:
        return equation_text(self.target, self.value)

    @property
    def name(self) -> str:
        """The tensor that the equation defines."""
        return self.target.tensor

    @property
    def indices(self) -> tuple[Index, ...]:
        """The target's indices."""
        assert all(isinstance(i, Index) for i in self.target.indices)
        return tuple(i for i in self.target.indices if isinstance(i, Index))


@dataclass(frozen=True, eq=False)
class Given(Node):
    """A fact that simplification may use and evaluation checks: `given sum(k) y[k] = 1`. Free indices: for all.

    That y is one-hot over k is the condition onehot(k) y[k] = 1, see `one_hot`.
    """

    condition: Comparison

    @property
    def hot(self) -> Reduce | None:
        """What is said to be one-hot: the reduction of its entries, or None."""
        left = self.condition.left
        return left if isinstance(left, Reduce) and left.op == ONE_HOT else None


def one_hot(index: Index, entry: Expr) -> Comparison:
    """Return the condition that of the entries along an index one is 1 and all others are 0.

    It stands in a `Given` only: the reduction in it, 1 where that is so and else 0, is no operation of equations.
    """
    return Comparison("=", reduce_over(ONE_HOT, (index,), entry), ONE)


@dataclass(frozen=True, eq=False)
class System(Node):
    """A forward pass, or a forward and backward pass, written as equations.

    `batch` is the letter of the sample index, or "". `cost` is the tensor whose gradients are meant, or "". `indices`
    are declared ones with what they declare: `index i = 784`. `sizes` are the extents known from them, `derived` those
    that affine positions determine, in an order in which they can be solved.
    """

    declarations: tuple[Declaration, ...] = ()
    functions: tuple[FunctionDefinition, ...] = ()
    givens: tuple[Given, ...] = ()
    batch: str = ""
    equations: tuple[Equation, ...] = ()
    cost: str = ""
    updates: tuple[Equation, ...] = ()
    indices: tuple[Index, ...] = ()
    sizes: tuple[tuple[Size, int], ...] = ()
    derived: tuple[DerivedExtent, ...] = ()

    @cached_property
    def declared(self) -> Mapping[str, Declaration]:
        """Declarations by tensor."""
        return MappingProxyType({d.tensor: d for d in self.declarations})

    @cached_property
    def defined(self) -> Mapping[str, Equation]:
        """Equations by the tensor they define."""
        return MappingProxyType({e.name: e for e in self.equations})

    @cached_property
    def function(self) -> Mapping[str, FunctionDefinition]:
        """Scalar functions defined in the system, by name."""
        return MappingProxyType({f.name: f for f in self.functions})

    @cached_property
    def size(self) -> Mapping[Size, int]:
        """The extents known without inputs."""
        return MappingProxyType(dict(self.sizes))

    def with_role(self, role: Role) -> tuple[str, ...]:
        """Return the tensors declared with a role, in order of declaration."""
        return tuple(d.tensor for d in self.declarations if d.role == role)

    @property
    def params(self) -> tuple[str, ...]:
        """The tensors that gradients are taken of by default."""
        return self.with_role("param")

    @property
    def states(self) -> tuple[str, ...]:
        """The tensors that are kept between steps and are no params."""
        return self.with_role("state")

    @property
    def kept(self) -> tuple[str, ...]:
        """All that steps of training change: params, then states."""
        return self.params + self.states

    def axes(self, tensor: str) -> tuple[Index, ...]:
        """Return the indices that label the axes of a tensor, as declared or as in its equation's target.

        A derivative's name has the axes of what it is taken of, then of what it is taken by; see `derivative_parts`.
        Raises KeyError for an unknown tensor.
        """
        if tensor in self.declared:
            return self.declared[tensor].indices
        if tensor in self.defined:
            return self.defined[tensor].indices
        if tensor.startswith("∂"):
            return tuple(i for part in derivative_parts(tensor) for i in self.axes(part))
        raise KeyError(tensor)

    def names(self) -> Iterator[str]:
        """Yield every tensor of the system: declared ones, then defined ones."""
        yield from (d.tensor for d in self.declarations)
        yield from (e.name for e in self.equations)

    def __str__(self) -> str:
        return system_text(self)

    def with_equations(self, equations: tuple[Equation, ...]) -> System:
        """Return the system with other equations."""
        return replace(self, equations=equations)


def unused_name(wanted: str, taken: Collection[str]) -> str:
    """Return the wanted name, or the first of wanted2, wanted3 … that is not taken.

    >>> unused_name("m", {"z"}), unused_name("m", {"m", "m2"})
    ('m', 'm3')
    """
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}{count}"
    return name


def derivative_name(of: str, *wrt: str) -> str:
    """Return the name of the tensor of derivatives: ∂C/∂z, ∂²C/∂z∂z.

    >>> derivative_name("C", "z"), derivative_name("C", "z", "w")
    ('∂C/∂z', '∂²C/∂z∂w')
    """
    order = "" if len(wrt) == 1 else str(len(wrt)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"∂{order}{of}/" + "".join(f"∂{w}" for w in wrt)


def derivative_parts(name: str) -> tuple[str, ...]:
    """Return (of, wrt, …) of a derivative's name.

    >>> derivative_parts("∂C/∂z"), derivative_parts("∂²C/∂z∂w")
    (('C', 'z'), ('C', 'z', 'w'))
    """
    of, _, wrt = name.partition("/")
    return (of.lstrip("∂⁰¹²³⁴⁵⁶⁷⁸⁹"), *wrt.split("∂")[1:])


def is_derivative(name: str) -> bool:
    """Say whether a tensor's name is that of a derivative."""
    return name.startswith("∂")


def plain_name(tensor: str) -> str:
    """Return the name of a tensor without ∂: ∂C/∂z_largest would be a derivative by z_largest.

    >>> plain_name("∂²C/∂W∂b"), plain_name("z")
    ('C_W_b', 'z')
    """
    return "_".join(derivative_parts(tensor)) if is_derivative(tensor) else tensor
