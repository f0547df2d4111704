"""The whole compiler on one page: text, system, backprop, simplify, and the numbers.

    text ─▶ parse ─▶ System ─▶ backprop (diff, simplify) ─▶ System of forward and cotangent equations ─▶ execute

Each stop is a function here that can be called by itself. The parts know nothing of each other: diff is handed its
simplifier, derivations are handed their verifier. What runs equations, what makes them stable for it, and what tells
the steps of a derivation are imported where they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from chainrule.diff.backprop import Cotangents
from chainrule.diff.coupled_samples import refuse_coupled_samples, uncoupled
from chainrule.diff.graph import graph_of
from chainrule.diff.local import bounded_depth
from chainrule.diff.pointwise import refuse_pointwise
from chainrule.diff.prepare import may_name_arguments, name_arguments, name_derivatives, name_extrema
from chainrule.expr.binding import Fresh, rewrite_bottom_up, substitute_indices, tensors_in
from chainrule.expr.garbage import no_garbage
from chainrule.expr.nodes import Expr, Indexed
from chainrule.expr.shared import memory_of
from chainrule.expr.symbols import Derivative, taken_by
from chainrule.families.definitions import enough
from chainrule.families.families import Families
from chainrule.families.family_backprop import FamilyBackprop, checked_names
from chainrule.keywords import answers
from chainrule.matrix.with_matrix_form import WithMatrixForm
from chainrule.notation.symbol_names import asked_tensor
from chainrule.render.document import Group
from chainrule.render.in_notebooks import ShownAsPage, displayed
from chainrule.render.shown_document import ShownGroup
from chainrule.rewrite.rules import Derivation
from chainrule.simplify.simplifier import simplifier_of
from chainrule.system.cases import special_cases
from chainrule.system.given_system import check_system
from chainrule.system.model import Equation, System
from chainrule.system.printing import system_latex, system_text
from chainrule.system.stages import after_backprop, before_backprop
from chainrule.system.typecheck import typecheck

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.render.titles import Title
    from chainrule.verify.verification import Verification

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Backprop(WithMatrixForm, ShownAsPage):
    """The backward pass of a system, derived. `wrt` are the tensors that were asked for.

    `system` holds the forward equations and the equations of ∂C/∂t for every t in `wrt` and every name they need.
    """

    forward: System
    wrt: tuple[str, ...]

    @cached_property
    @no_garbage()
    @bounded_depth()
    def cotangents(self) -> Cotangents:
        """What is known of every ∂C/∂t."""
        return _cotangents(self.forward, self.wrt)

    @cached_property
    @no_garbage()
    @bounded_depth()
    def system(self) -> System:
        """The forward and backward equations, and those that read what was derived, in an order to compute them in."""
        prepared, late = self.cotangents.system, after_backprop(self.forward)
        read = {taken_by(t, self.forward.cost) for e in late for t in tensors_in(e.value)}
        more = [p for p in self.forward.params if p in read and p not in self.wrt]
        derived = self.cotangents.equations((*self.wrt, *more))
        equations = (*prepared.equations, *derived, *late)
        return typecheck(replace(prepared, equations=equations, updates=self.forward.updates))

    @answers
    def result(self, wrt: Sequence[str] | None = None) -> dict[str, Equation]:
        """Return, for each tensor asked for (by default all of `wrt`), the equation of its derivative."""
        asked = self.wrt if wrt is None else tuple(wrt)
        return {tensor: self.cotangents.equation(tensor) for tensor in asked}

    @answers
    def derivation(self, tensor: str) -> Derivation:
        """Return the derivation of ∂C/∂tensor, of any tensor of the system, step by step.

        Where it goes through an unknown function of a vector, what becomes of it for a function that acts entry by
        entry and for softmax stands beside it, if it is anything else.
        """
        asked = asked_tensor(tensor, self.forward)
        return replace(self.plain_derivation(asked), cases=self.cases(asked))

    def cases(self, tensor: str) -> tuple[tuple[Title, Derivation], ...]:
        """Return what stands beside the derivation of ∂C/∂tensor: titles, and derivations that are another."""
        found = [
            (title, Backprop(system, self.wrt).plain_derivation(tensor))
            for title, system in special_cases(self.forward)
            if tensor in tuple(system.names()) and tensor != system.cost
        ]
        if not found:
            return ()
        from chainrule.rewrite.derivation_text import derivation_text

        plain = derivation_text(self.plain_derivation(tensor))
        return tuple((title, case) for title, case in found if derivation_text(case) != plain)

    @bounded_depth()
    def plain_derivation(self, tensor: str) -> Derivation:
        """Return the derivation of ∂C/∂tensor without special cases beside it."""
        from chainrule.diff.derivations import derive

        return replace(derive(self.cotangents, self.forward.named(tensor)), verifier=self.verify)

    @answers
    def steps(self, *, where: bool = False) -> ShownGroup:
        r"""Return the derivations of the whole backward pass on one page, as a document.

        First the derivatives that the pass names, from the cost backwards, then those by the tensors asked for; what
        is a single sum that a Kronecker delta leaves one term of takes two lines. With `where` each step names the
        function that took it.

        >>> from chainrule.notation import parse
        >>> from chainrule.render.document_text import document_text
        >>> back = backprop(parse("data x[i]\nparam w[i]\nz = sum(i) w[i]*x[i]\ncost C = z^2"))
        >>> print(document_text(back.steps()))
        ∂C/∂z = 2·z, by the power rule
        ∂C/∂w[i] = ∂C/∂z·∂z/∂w[i], where ∂z/∂w[i] = x[i]
                 = 2·z·x[i]
        """
        from chainrule.rewrite.backward_page import backward_page

        found = self.derivations()
        inlined = {name for derivation in found.values() for name in derivation.inlined}
        brief = [found[tensor] for tensor in found if tensor in self.wrt or tensor in inlined]
        page = backward_page(tuple(found.values()), brief, where=where)
        return ShownGroup(page.nodes, page.role)

    def derivations(self) -> dict[str, Derivation]:
        """Return the derivations of the whole backward pass, by tensor, from the cost backwards."""
        return {tensor: self.derivation(tensor) for tensor in self._in_order()}

    def _in_order(self) -> tuple[str, ...]:
        """Return the tensors whose derivatives are told on a page: what is inlined before who inlines it."""
        known = set(self.forward.names())
        named = [
            e.name.wrt[0] for e in self.system.equations if isinstance(e.name, Derivative) and len(e.name.wrt) == 1
        ]
        between = [str(tensor) for tensor in named if tensor in known and tensor not in self.wrt]
        asked = [*(str(tensor) for tensor in named if tensor in self.wrt), *self.wrt]
        order: dict[str, None] = {}
        for tensor in (*between, *dict.fromkeys(asked)):
            waiting = [tensor]
            while waiting:
                inlined = [t for t in self.cotangents.of(waiting[-1]).inlined if t not in order and t not in waiting]
                if inlined:
                    waiting += inlined[::-1]
                else:
                    order[waiting.pop()] = None
        return tuple(order)

    @answers
    @bounded_depth()
    def verify(self, derivation: Derivation) -> Verification:
        """Evaluate both sides of every step at random points; see `verify_derivation`."""
        from chainrule.verify.verification import verify_derivation

        return verify_derivation(derivation, self.cotangents.system)

    @property
    def derived(self) -> tuple[Equation, ...]:
        """The equations of derivatives, of `wrt` and of every name they need; all others are the forward pass."""
        own = {equation.name for equation in (*self.cotangents.system.equations, *after_backprop(self.forward))}
        found = tuple(equation for equation in self.system.equations if equation.name not in own)
        return found or tuple(self.result().values())

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what it was made from: what is derived is derived again when it is asked for."""
        return Backprop, (self.forward, self.wrt)

    def __str__(self) -> str:
        return system_text(self.system)

    def document(self) -> Group:
        """Return both passes, as a document."""
        return self.system.document()

    def _repr_latex_(self) -> str:
        return displayed(system_latex(self.system))


def _cotangents(system: System, wrt: tuple[str, ...], at_once: tuple[str, ...] | None = None) -> Cotangents:
    """Return the cotangents of a system, computed at once as far as `at_once` says, the others when they are needed."""
    forward = before_backprop(system)
    refuse_pointwise(forward, (*forward.params, *wrt))

    def of(prepared: System) -> Cotangents:
        return Cotangents(prepared, simplifier_of(prepared, free=wrt), wrt, at_once)

    prepared = name_extrema(name_derivatives(forward))
    cotangents = of(prepared)
    named = name_arguments(prepared, cotangents.values)
    return cotangents if named is prepared else of(named)


@no_garbage()
@bounded_depth()
def cotangents_for(system: System, tensor: str) -> Cotangents:
    """Return cotangents of which that of one tensor is known, and others as soon as somebody asks for them.

    They have the form that `backprop` gives them, and are kept with the system: who asks once asks for others too.
    Raises as `backprop` does.
    """
    system = uncoupled(system, (tensor,))
    kept: dict[str, Cotangents] = memory_of(system, "cotangents")
    if tensor in kept:
        return kept[tensor]
    cotangents = _on_demand(system, tensor, kept)
    if cotangents is None:
        # What was not derived at once has to be, for all names to be chosen together.
        cotangents = Backprop(system, (tensor,)).cotangents
    kept[tensor] = cotangents
    return cotangents


def _on_demand(system: System, tensor: str, kept: dict[str, Cotangents]) -> Cotangents | None:
    """Return cotangents of which one was asked for; None where the others decide what is named in it."""
    if may_name_arguments(system):
        return None
    if tensor in system.params and "" not in kept:
        kept[""] = _cotangents(system, (), ())
    cotangents = kept[""] if tensor in system.params else _cotangents(system, (tensor,), (tensor,))
    cotangents.of(tensor)
    return cotangents


@overload
def backprop(system: System, wrt: Sequence[str] | None = None) -> Backprop: ...


@overload
def backprop(system: Families, wrt: Sequence[str] | None = None) -> FamilyBackprop: ...


@answers
@no_garbage()
@bounded_depth()
def backprop(system: System | Families, wrt: Sequence[str] | None = None) -> Backprop | FamilyBackprop:
    """Derive the backward pass of a system, for all params or for the tensors named.

    That of families is derived for every number of steps at once, in cases: for the last layer, for those before it.
    Raises DerivativeError where there is no cost, no such tensor, or no rule.
    """
    if isinstance(system, Families):
        return family_backprop(system, wrt)
    check_system(system)
    system = uncoupled(system, tuple(asked_tensor(name, system) for name in wrt or ()))
    asked = system.params if wrt is None else tuple(asked_tensor(name, system) for name in wrt)
    back = Backprop(system, asked)
    cotangents = back.cotangents
    for tensor in asked:
        cotangents.of(tensor)
    return back


def family_backprop(families: Families, wrt: Sequence[str] | None = None) -> FamilyBackprop:
    """Derive the backward pass of families; see `backprop`."""
    asked = families.params if wrt is None else tuple(wrt)
    if families.names_samples():
        members = families.members(**dict.fromkeys(families.letters, enough(families)))
        refuse_coupled_samples(members, graph_of(members).depending_on(members.params))
    back = FamilyBackprop(families, checked_names(families, asked), cotangent_of)
    assert back.cases is not None
    return back


def cotangent_of(system: System, tensor: str) -> Equation | None:
    """Return the equation of ∂C/∂tensor; None where it is the derivative of an unknown cost, and has none.

    No argument of a function is named for it, since others have to find what it names.
    """
    kept: dict[str, Cotangents] = memory_of(system, "cotangents without named arguments")
    if tensor not in kept:
        prepared = name_extrema(name_derivatives(system))
        kept[tensor] = Cotangents(prepared, simplifier_of(prepared, free=(tensor,)), (tensor,), (tensor,))
    cotangents = kept[tensor]
    cotangents.of(tensor)
    if cotangents.is_unknown(tensor):
        return None
    return _without_new_names(cotangents.equation(tensor), cotangents.system, system)


def _without_new_names(equation: Equation, derived: System, system: System) -> Equation:
    """Return an equation in which what was named for the derivation alone is written out."""
    new = {e.name: e for e in derived.equations if e.name not in system.defined}

    def written(node: Expr) -> Expr:
        if not isinstance(node, Indexed) or node.tensor not in new:
            return node
        named = new[node.tensor]
        value = substitute_indices(named.value, dict(zip(named.indices, node.indices, strict=True)))
        return rewrite_bottom_up(value, written, Fresh())

    if not new or tensors_in(equation.value).isdisjoint(new):
        return equation
    return Equation(equation.target, rewrite_bottom_up(equation.value, written, Fresh()))


def training_step(system: System) -> System:
    """Return one step of training as a system: forward, backward, updates, written so that nothing overflows."""
    from chainrule.simplify.stability import stable

    return stable(backprop(system).system)


@answers
def evaluate(system: System | Families, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Return the value of every equation in float64, by the tensor's name.

    In a system with `batch n`, data with an axis of samples in front give values for all samples, data without it those
    of one sample. Families have as many steps as their inputs: lists with an array for each step, or arrays with the
    steps along the first axis; the time is linear in their number. Where equations read ∂C/∂W of a param, the backward
    pass is derived and its values are there too. Softmax, sigmoid, their logarithms and those of sums of exponentials
    are computed so that nothing overflows. Raises InputError for inputs that do not fit the system, and GivenError for
    data that break a `given`.
    """
    from chainrule.execute.reference import evaluation
    from chainrule.simplify.stability import stable

    if isinstance(system, Families):
        from chainrule.execute.family_inputs import family_inputs
        from chainrule.execute.family_values import family_values

        given = family_inputs(system, inputs)
        found = family_values(given, stable)
        if found is not None:
            return found
        system, inputs = given.system, given.inputs
    check_system(system)
    whole = forward_system_of(system)
    values = evaluation.evaluate(stable(whole), inputs)
    return {e.name: values[e.name] for e in whole.equations}


def forward_system_of(system: System) -> System:
    """Return the system whose equations are evaluated: with the backward pass where equations read it."""
    return backprop(system).system if after_backprop(system) else system


@answers
def value_and_grad(
    system: System | Backprop | Families | FamilyBackprop, inputs: Mapping[str, Any], wrt: Sequence[str] | None = None
) -> tuple[float, dict[str, Any]]:
    """Return the cost and its derivatives by all params, or by the tensors named, each of its tensor's shape.

    What `backprop` returned is taken as it was derived, by the tensors that it was asked for. For a batch cost and
    derivatives are means over the samples. Those by a family are a list, or an array where it was given as one. Raises
    as `evaluate` and `backprop` do.
    """
    from chainrule.execute.reference import evaluation

    if isinstance(system, Families | FamilyBackprop):
        from chainrule.execute.family_gradients import family_gradients
        from chainrule.simplify.stability import stable

        return family_gradients(system, inputs, wrt, family_backprop, stable, value_and_grad)
    forward, asked = forward_and_wrt(system, wrt)
    values = evaluation.evaluate(gradient_system(system, asked), inputs)
    cost = float(values[forward.cost].mean())
    return cost, {tensor: values[Derivative(forward.cost, tensor)] for tensor in asked}


def forward_and_wrt(system: System | Backprop, wrt: Sequence[str] | None) -> tuple[System, tuple[str, ...]]:
    """Return the forward pass, and what derivatives are asked by: all params, or what was derived, unless named."""
    check_system(system, Backprop, expected="a system, or what backprop returned")
    if isinstance(system, Backprop):
        return system.forward, system.wrt if wrt is None else tuple(wrt)
    return system, system.params if wrt is None else tuple(wrt)


def gradient_system(system: System | Backprop, wrt: tuple[str, ...]) -> System:
    """Return the system to compute gradients with, kept with the one it is made from: who asks once asks in a loop."""
    forward, _ = forward_and_wrt(system, wrt)
    kept: dict[tuple[str, ...], System] = memory_of(forward, "gradients")
    if wrt not in kept:
        from chainrule.simplify.stability import stable

        derived = system if isinstance(system, Backprop) and {*wrt} <= {*system.wrt} else backprop(forward, wrt)
        kept[wrt] = stable(derived.system)
    return kept[wrt]
