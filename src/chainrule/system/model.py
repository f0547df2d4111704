"""What a system is: declarations, facts, equations and updates, as frozen data.

Order matters only among the equations: each is assigned once, before its first use. Sharing is by name, as on paper.
This module is data and look-ups; whether a system makes sense is the matter of `typecheck`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal, NoReturn

from chainrule.errors import OptionError
from chainrule.expr.binding import reduce_over
from chainrule.expr.functions import ONE_HOT
from chainrule.expr.nodes import ONE, ZERO, Comparison, Expr, Index, Indexed, Reduce
from chainrule.expr.shared import Node
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import NO_TENSOR, Derivative, Symbol, of_one_sample, symbol, tensors_of
from chainrule.render.document import Group
from chainrule.render.formula import equation_formula
from chainrule.render.in_notebooks import ShownAsPage, displayed
from chainrule.render.text import equation_text
from chainrule.system.derived import DerivedExtent
from chainrule.system.printing import system_latex, system_text

NO_COST = NO_TENSOR
STEP = "step"
"""The name of the number of the step, unless something else has it."""

Role = Literal["data", "param", "const", "state", "abstract"]
"""What a declared tensor is for: given with each sample, learned, fixed, kept between steps, or unknown."""


@dataclass(frozen=True, eq=False)
class Declaration(Node):
    """A tensor that no equation defines. `indices` label its axes.

    `value` is that of a `const` which has one, or what all entries of a `state` begin with. `arguments` are the tensors
    that an abstract tensor is an unknown function of, each with indices of its own: `abstract a[k](z[j])`. An integer
    tensor, `data tok[t] : int(V)`, has whole numbers that are `values` of an index: 0 to V - 1. One that is `implied`
    has no line, see `counter`.
    """

    role: Role
    tensor: Symbol
    indices: tuple[Index, ...]
    value: Expr | None
    arguments: tuple[Indexed, ...]
    values: Index | None
    implied: bool

    def __init__(
        self,
        role: Role,
        tensor: str,
        indices: tuple[Index, ...] = (),
        value: Expr | None = None,
        arguments: tuple[Indexed, ...] = (),
        values: Index | None = None,
        implied: bool = False,
    ) -> None:
        self.__dict__.update(
            role=role,
            tensor=symbol(tensor),
            indices=indices,
            value=value,
            arguments=arguments,
            values=values,
            implied=implied,
        )


def counter(name: str) -> Declaration:
    """Return the declaration that is implied where a name is read that stands for a count.

    `step` is how many steps of training there were before, a state that the trainer counts up. The letter of the sample
    index is the number of the sample in its batch: it is 0 for a single one, and `batch` puts the index in its place.
    """
    return Declaration("state" if name == STEP else "const", name, value=ZERO, implied=True)


@dataclass(frozen=True, eq=False)
class FunctionDefinition(Node):
    """A scalar function made by the user. In the body the parameters stand as entries without indices.

    The body None is an unknown one: `abstract sigma(t)`.
    """

    name: str
    parameters: tuple[str, ...]
    body: Expr | None


@dataclass(frozen=True, eq=False)
class Equation(Node, ShownAsPage):
    """target = value. The target's indices are plain and distinct; they are free in the value."""

    target: Indexed
    value: Expr

    def __str__(self) -> str:
        return equation_text(self.target, self.value)

    def document(self) -> Group:
        """Return the equation, as a document."""
        return Group((equation_formula(self.target, self.value),), role="equations")

    def _repr_latex_(self) -> str:
        return displayed(equation_formula(self.target, self.value).latex())

    @property
    def name(self) -> Symbol:
        """The tensor that the equation defines."""
        return self.target.tensor

    @property
    def indices(self) -> tuple[Index, ...]:
        """The target's indices."""
        plain: tuple[Index, ...] = self.target.indices  # type: ignore[assignment]  # `check_target` refuses others
        return plain


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
class System(Node, ShownAsPage):
    """A forward pass, or a forward and backward pass, written as equations.

    `batch` is the letter of the sample index, or "". A system that is written for all samples has it in `samples`
    instead: its cost is that of each sample, and derivatives of the cost by what is the same for all samples are those
    of the mean. `cost` is the tensor whose gradients are meant, or "". `indices` are declared ones with what they
    declare: `index i = 784`. `sizes` are the extents known from them, `derived` those that affine positions determine,
    in an order in which they can be solved. `said` are the letters and sizes that the text of the system has to say,
    `index t = extent(x) - 1`, since reading it would not find them.
    """

    declarations: tuple[Declaration, ...] = ()
    functions: tuple[FunctionDefinition, ...] = ()
    givens: tuple[Given, ...] = ()
    batch: str = ""
    equations: tuple[Equation, ...] = ()
    cost: Symbol = NO_COST
    updates: tuple[Equation, ...] = ()
    indices: tuple[Index, ...] = ()
    sizes: tuple[tuple[Size, int], ...] = ()
    derived: tuple[DerivedExtent, ...] = ()
    said: tuple[Index, ...] = field(default=(), compare=False)
    samples: str = ""

    def __post_init__(self) -> None:
        self.__dict__["cost"] = symbol(self.cost)

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

    def with_role(self, role: Role) -> tuple[Symbol, ...]:
        """Return the tensors declared with a role, in order of declaration."""
        return tuple(d.tensor for d in self.declarations if d.role == role)

    @property
    def params(self) -> tuple[Symbol, ...]:
        """The tensors that gradients are taken of by default."""
        return self.with_role("param")

    @property
    def states(self) -> tuple[Symbol, ...]:
        """The tensors that are kept between steps and are no params."""
        return self.with_role("state")

    @property
    def counts_steps(self) -> bool:
        """Whether `step` is read and is the number of the step, which the trainer has to count."""
        return STEP in self.declared and self.declared[STEP].implied

    @property
    def kept(self) -> tuple[Symbol, ...]:
        """All that steps of training change: params, then states."""
        return self.params + self.states

    def axes(self, tensor: str) -> tuple[Index, ...]:
        """Return the indices that label the axes of a tensor, as declared or as in its equation's target.

        A `Derivative` has the axes of what it is taken of, then of what it is taken by; that of the samples, if it goes
        along them, once and in front.
        Raises KeyError for an unknown tensor.
        """
        if tensor in self.declared:
            return self.declared[tensor].indices
        if tensor in self.defined:
            return self.defined[tensor].indices
        if isinstance(tensor, Derivative):
            axes = [i for part in tensors_of(tensor) for i in self.axes(part)]
            along = [i for i in self.indices if i.name in tensor.along]
            return (*along, *(i for i in axes if i.name != self.samples or not self.samples))
        raise KeyError(tensor)

    def symbol(self, name: str) -> Symbol:
        """Return the symbol that the system has for a tensor named by its text. Raises KeyError for an unknown one."""
        return self._symbols[name]

    def named(self, name: str) -> str:
        """Return the symbol of a tensor named by its text, and any other text as it is."""
        return self._symbols.get(name, name)

    @cached_property
    def _symbols(self) -> Mapping[str, Symbol]:
        return {name: name for name in self.names()}

    @cached_property
    def per_sample(self) -> Mapping[str, Symbol]:
        """The derivatives along samples, by what they are called in the system of one sample."""
        return {of_one_sample(e.name): e.name for e in self.equations if e.name != of_one_sample(e.name)}

    def names(self) -> Iterator[Symbol]:
        """Yield every tensor of the system: declared ones, then defined ones."""
        yield from (d.tensor for d in self.declarations)
        yield from (e.name for e in self.equations)

    def __str__(self) -> str:
        return system_text(self)

    def document(self) -> Group:
        """Return what the text of the system says, as a document."""
        from chainrule.system.system_document import system_document

        return system_document(self)

    def _repr_latex_(self) -> str:
        return displayed(system_latex(self))

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Raise OptionError: a system is equations, and is called as what it is compiled to."""
        raise OptionError(
            "a system is no function: it is equations",
            expected="what is made of it, called with data",
            advice="A network is called itself: network(x). A system alone: cr.compile(system)(x=…)",
        )

    def with_equations(self, equations: tuple[Equation, ...]) -> System:
        """Return the system with other equations."""
        return replace(self, equations=equations)
