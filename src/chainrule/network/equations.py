"""The textbook's listing of a network: forward pass, errors and gradients, update.

The equations are those that are run, under the textbook's names: ∂C/∂z of layer l is its error δl. Where three layers
or more are equal they stand once, for every l. Everything is written for one sample, as it is derived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Expr, Indexed, Number
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import Derivative, tensors_of
from chainrule.families.families import Families
from chainrule.families.families_document import range_formula
from chainrule.families.families_text import INDENT, ranges_latex
from chainrule.families.folded import folded
from chainrule.families.folding import Folding, folding_of
from chainrule.families.templates import Item, StepBlock
from chainrule.render.document import Group, Line, Node, words
from chainrule.render.formula import ShownFormula, equation_formula, formula
from chainrule.render.in_notebooks import displayed
from chainrule.render.latex import aligned
from chainrule.render.printed_names import Names, Naming, naming_of
from chainrule.render.shown_document import ShownDocument
from chainrule.render.text import expression_text, whole_text
from chainrule.system.model import Declaration, Equation, System
from chainrule.system.printing import index_names, ranks_of
from chainrule.system.stages import for_updates


@dataclass(frozen=True, repr=False)
class Equations(ShownDocument):
    """The equations of a network, which display themselves.

    `names` are those of the textbook, or others, see `printed_names`. If `flat`, each layer is shown by itself, also
    where three or more are equal.
    """

    system: System
    names: Names = "textbook"
    flat: bool = False

    @cached_property
    def forward(self) -> tuple[Equation, ...]:
        """The equations that compute the cost."""
        optimizer = {e.name for e in self.optimizer}
        return tuple(e for e in self.system.equations if not isinstance(e.name, Derivative) and e.name not in optimizer)

    @property
    def backward(self) -> tuple[Equation, ...]:
        """The equations that chainrule derived."""
        return tuple(e for e in self.system.equations if isinstance(e.name, Derivative))

    @cached_property
    def optimizer(self) -> tuple[Equation, ...]:
        """The equations that only the updates read."""
        return for_updates(self.system)

    @property
    def updates(self) -> tuple[Equation, ...]:
        """What an optimizer does with them; none for a network that has not been trained."""
        return self.system.updates

    @cached_property
    def errors(self) -> Mapping[str, str]:
        """The name δl of each ∂C/∂zl that has an equation."""
        found = {e.name: self._naming.of(e.name) for e in self.backward}
        return {name: error for name, error in found.items() if error is not None}

    @cached_property
    def folding(self) -> Folding | None:
        """How equal layers are told as one; None where not three are equal, and for what is `flat`.

        `names` by which a tensor of a single layer is called make it flat, too.
        """
        others = self.backward, self.optimizer, self.updates
        found = None if self.flat else folding_of(self.system, self.forward, others)
        asked = self.names if isinstance(self.names, Mapping) and found is not None else ()
        called = (part for name in self.system.names() if name in asked for part in tensors_of(name))
        return None if found is None or any(part in found.members for part in called) else found

    @property
    def families(self) -> Families | None:
        """The forward pass as a family, which `backprop` derives for every L; None where not three layers are equal."""
        read = {name for equation in self.forward for name in tensors_in(equation.value)}
        kept = tuple(d for d in self.system.declarations if d.role not in ("state", "const") or d.tensor in read)
        return folded(replace(self.system, declarations=kept, equations=self.forward, updates=()))

    def document(self) -> Group:
        """Return the passes and the update, as a document."""
        count = "" if self.folding is None else f" ({self.folding.last} = {self.folding.count})"
        mean = f" (∂{self.system.cost} is the mean over the samples {self.system.batch} of a mini-batch)"
        bases = () if self.folding is None else map(self._formula, self.folding.base_equations(self.system))
        begun = (*self._constants(forward=False), *self._states())
        blocks = (
            ("forward pass" + count, (*self._constants(forward=True), *bases, *self._nodes(self.forward))),
            ("backward pass", tuple(node for part in self.backward_parts() for node in self._nodes(part))),
            (
                "update" + mean * bool(self.system.batch),
                (*begun, *self._nodes(self.optimizer), *self._nodes(self.updates, "←")),
            ),
        )
        return Group(tuple(_block(title, shown) for title, shown in blocks if shown), role="network")

    def __repr__(self) -> str:
        return str(self)

    def _repr_latex_(self) -> str:
        equations = (self.forward, *self.backward_parts(), self.optimizer)
        lines: list[str] = []
        if self.folding is not None:
            bases = (self._formula(e).latex("&=") for e in self.folding.base_equations(self.system))
            lines = [f"{self.folding.last} &= {self.folding.count}", *bases]
        lines += [line for part in equations for line in self._latex_lines(part)]
        lines += self._latex_lines(self.updates, "←")
        return displayed(aligned(lines))

    def backward_parts(self) -> tuple[tuple[Equation, ...], ...]:
        """Return the backward pass; where layers are told as one, what is read on the way back comes first."""
        if self.folding is None:
            return (self.backward,)
        read = {name for equation in self.backward for name in tensors_in(equation.value)}
        rest = self.folding.upwards([e for e in self.backward if e.name not in read])
        return tuple(e for e in self.backward if e.name in read), rest

    def _items(self, equations: Sequence[Equation]) -> tuple[Item, ...]:
        return tuple(equations) if self.folding is None else self.folding.shown(equations)

    def _nodes(self, equations: Sequence[Equation], relation: str = "=") -> Iterator[Node]:
        """Yield equations, those of equal layers below the layers that they hold for."""
        return self._told(equations, lambda equation: self._formula(equation, relation))

    def _told(self, equations: Sequence[Equation], node: Callable[[Equation], Node]) -> Iterator[Node]:
        for item in self._items(equations):
            if isinstance(item, StepBlock):
                yield Line(words("for ", range_formula(item.range), ":"))
                yield Group(tuple(node(e) for e in item.items if isinstance(e, Equation)), indent=len(INDENT))
            elif isinstance(item, Equation):
                yield node(item)

    def _latex_lines(self, equations: Sequence[Equation], relation: str = "=") -> Iterator[str]:
        for item in self._items(equations):
            parts = item.items if isinstance(item, StepBlock) else (item,)
            behind = ranges_latex([item.range]) if isinstance(item, StepBlock) else ""
            for part in parts:
                if isinstance(part, Equation):
                    yield self._formula(part, relation).latex("&=") + behind

    def _formula(self, equation: Equation, relation: str = "=") -> ShownFormula:
        taken, declared = self._letters
        target, value = equation.target, equation.value
        shown = equation_formula(target, value, taken=taken, declared=declared, ranks=self._ranks)
        return replace(shown, naming=self._naming, relation=relation)

    @cached_property
    def _naming(self) -> Naming:
        return naming_of(self.names, self._letters[0], self.system.cost)

    @cached_property
    def _letters(self) -> tuple[frozenset[str], Mapping[str, Size]]:
        """The names that nothing else may have, and the letters of declared sizes."""
        taken, declared = index_names(self.system)
        return taken if self.folding is None else taken | self.folding.names, declared

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return {n: rank for n, rank in ranks_of(self.system).items() if not isinstance(n, Derivative)}

    def _constants(self, *, forward: bool) -> Iterator[Node]:
        """Yield the constants that the forward pass reads, or the others."""
        read = {name for equation in self.forward for name in tensors_in(equation.value)}
        consts = (d for d in self.system.declarations if d.role == "const" and not d.implied)
        return self._told([e for d in consts if (d.tensor in read) == forward for e in _valued(d)], _constant)

    def _states(self) -> Iterator[Node]:
        """Yield what each state begins with, in one line for those that begin alike."""
        states = [e for d in self.system.declarations if d.role == "state" for e in _valued(d)]
        for value in dict.fromkeys(e.value for e in states):
            items = self._items([e for e in states if e.value == value])
            alone = [e for e in items if isinstance(e, Equation)]
            if alone:
                yield _beginning(alone, value)
            for item in items:
                if isinstance(item, StepBlock):
                    yield Line(words("for ", range_formula(item.range), ":"))
                    begun = _beginning([e for e in item.items if isinstance(e, Equation)], value)
                    yield Group((begun,), indent=len(INDENT))


def _valued(declaration: Declaration) -> Iterator[Equation]:
    """Yield what says the value of a declared tensor, if it has one."""
    if declaration.value is not None:
        yield Equation(Indexed(declaration.tensor), declaration.value)


def _constant(equation: Equation) -> Line:
    return Line(words(formula(equation.target), f" = {_decimal(equation.value)}"))


def _beginning(states: Sequence[Equation], value: Expr) -> Line:
    return Line((f"{', '.join(whole_text(e.name) for e in states)} = {_decimal(value)} before the first step",))


def _block(title: str, shown: tuple[Node, ...]) -> Group:
    """Return one of the passes below its title."""
    return Group((Line((title,)), Group(shown, indent=2)), apart=True)


def _decimal(value: Expr) -> str:
    """Return a constant as people write it: 0.5, where the notation's exact form is 1/2."""
    if not isinstance(value, Number) or value.value.denominator == 1:
        return expression_text(value)
    return repr(float(value.value))
