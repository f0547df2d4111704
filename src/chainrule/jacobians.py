"""Jacobians and Hessians as systems, and what they are times a vector without being written out.

A `Jacobian` is the system it was asked of with the equations of ∂a/∂z, and of every name these need, at its end: it is
printed, read back and evaluated as any system is. It also knows how it was derived.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, overload

from chainrule.diff.coupled_samples import uncoupled
from chainrule.diff.local import bounded_depth
from chainrule.diff.pointwise import refuse_pointwise, without_pointwise
from chainrule.diff.prepare import name_extrema
from chainrule.diff.tangents import with_tangents
from chainrule.diff.total_derivations import derive_total
from chainrule.diff.totals import Totals
from chainrule.diff.written_out import without_cost_in_derivatives
from chainrule.errors import DerivativeError, listed
from chainrule.expr.symbols import Derivative, Symbol, derivative_by
from chainrule.families.families import Families
from chainrule.families.family_hessian import FamilyHessian
from chainrule.keywords import answers
from chainrule.notation.symbol_names import asked_tensor
from chainrule.pipeline import Backprop, backprop, family_backprop
from chainrule.render.document import Group
from chainrule.render.document_text import document_text
from chainrule.render.in_notebooks import displayed
from chainrule.rewrite.rules import Derivation
from chainrule.simplify.simplifier import Simplifier, simplifier_of
from chainrule.system.given_system import check_system
from chainrule.system.model import Equation, System
from chainrule.system.printing import ranks_of, system_latex, system_text
from chainrule.system.system_document import equations_document
from chainrule.system.typecheck import typecheck

if TYPE_CHECKING:
    from chainrule.matrix.matrix_lines import MatrixForms
    from chainrule.render.printed_names import Names, Naming
    from chainrule.verify.verification import Verification


@dataclass(frozen=True, eq=False)
class Jacobian(System):
    """A system with the equations of derivatives at its end, equal to the system that it is printed as.

    `asked` are the names of what was asked for; `walks` are how they were found, one for each tensor derived by.
    """

    asked: tuple[str, ...] = field(default=(), compare=False)
    walks: tuple[Totals, ...] = field(default=(), compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, System) and self.compared() == other.compared()

    def __hash__(self) -> int:
        return hash((System.__name__, self.compared()))

    @property
    def result(self) -> Equation:
        """The equation asked for, the first if there are several."""
        return self.defined[self.asked[0]]

    @property
    def results(self) -> dict[str, Equation]:
        """The equations asked for, by name."""
        return {name: self.defined[name] for name in self.asked}

    @answers
    @bounded_depth()
    def derivation(self, name: str = "") -> Derivation:
        """Return the derivation of the result, or of another derivative of this system by its name, step by step.

        Raises DerivativeError where nothing of that name was derived here.
        """
        wanted = name or self.asked[0]
        ranks = ranks_of(self)
        for walk in self.walks:
            for tensor in walk.tensors:
                if derivative_by(tensor, walk.wrt) == wanted:
                    return replace(derive_total(walk, tensor, ranks), verifier=self.verify)
        known = listed(derivative_by(tensor, walk.wrt) for walk in self.walks for tensor in walk.tensors)
        raise DerivativeError(f"{wanted} was not derived here", expected=f"known are {known}")

    @answers
    def verify(self, derivation: Derivation) -> Verification:
        """Evaluate both sides of every step at random points; see `verify_derivation`."""
        from chainrule.verify.verification import verify_derivation

        return verify_derivation(derivation, self.walks[0].system)

    def __str__(self) -> str:
        return system_text(self)

    def __repr__(self) -> str:
        return document_text(self.document())

    @answers
    def matrix(self, *, layout: str = "mixed", names: Names | Naming = "textbook") -> MatrixForms:
        r"""Return the equations that were added in matrix form; see `matrix_forms`.

        >>> from chainrule.notation import parse
        >>> softmax = parse("param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))")
        >>> print(jacobian(softmax, of="a", wrt="z").matrix())
        ∂a/∂z = diag(a) − a aᵀ
        """
        from chainrule.matrix.of_systems import matrix_forms

        return matrix_forms(self, self._derived(), layout=layout, names=names)

    def document(self) -> Group:
        """Return the equations that were added, as a document."""
        return equations_document(self, self._derived())

    def _repr_text_(self) -> str:
        return repr(self)

    def _repr_latex_(self) -> str:
        return displayed(self.latex())

    def latex(self) -> str:
        """Return the equations that were added, as LaTeX."""
        return system_latex(self, self._derived())

    def _derived(self) -> tuple[Equation, ...]:
        """Return the equations that were added."""
        before = {e.name for walk in self.walks for e in walk.system.equations}
        return tuple(e for e in self.equations if e.name not in before)


@answers
@bounded_depth()
def jacobian(system: System, of: str, wrt: str) -> Jacobian:
    r"""Return the system with the equation of ∂of/∂wrt, with the axes of `of`, then those of `wrt`.

    Everything between the two moves along: the sum is over all paths. Raises DerivativeError for names that the system
    does not have, and where there is no rule.

    >>> from chainrule.notation import parse
    >>> softmax = parse("param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))")
    >>> jacobian(softmax, of="a", wrt="z")
    ∂a[k]/∂z[j] = a[k]·([k = j] − a[j])
    """
    check_system(system)
    of, wrt = asked_tensor(of, system), asked_tensor(wrt, system)
    system = uncoupled(system, (wrt,))
    refuse_pointwise(system, (wrt,))

    def derived(prepared: System) -> Jacobian:
        walk = _walk(prepared, _simplifier(prepared), (of,), wrt)
        return _made(prepared, (walk,), (derivative_by(*map(prepared.symbol, (of, wrt))),))

    return derived(name_extrema(_without_cost(system, (wrt,))))


@overload
def hessian(system: System, wrt: str | Sequence[str] | None = None) -> Jacobian: ...


@overload
def hessian(system: Families, wrt: str | Sequence[str] | None = None) -> FamilyHessian: ...


@answers
@bounded_depth()
def hessian(system: System | Families, wrt: str | Sequence[str] | None = None) -> Jacobian | FamilyHessian:
    r"""Return the system with the equations of the cost's second derivatives by a tensor, ∂²C/∂W∂W.

    Without `wrt` they are those by all params.

    Of several tensors these are the blocks ∂²C/∂v∂w with v not after w in `wrt`; the others are their transposes. The
    first derivatives are equations of the system too. Those of families hold for every number of steps, a block for
    each two steps of a family. Raises DerivativeError as `backprop` does.

    >>> from chainrule.notation import parse
    >>> text = "data x[i], y\nparam w[i]\nz = sum(i) w[i]*x[i]\ncost C = 1/2*(z - y)^2"
    >>> print(hessian(parse(text), wrt="w").result)
    ∂²C/∂w∂w[i,j] = x[i]·x[j]
    """
    if isinstance(system, Families):
        tensors = _several(system.params if wrt is None else wrt)
        return FamilyHessian(family_backprop(system, tensors), tensors, _total)
    check_system(system)
    tensors = tuple(asked_tensor(name, system) for name in _several(system.params if wrt is None else wrt))
    system = uncoupled(system, tensors)
    cost = system.cost

    def derived(system: System) -> Jacobian:
        first = _with_gradient(system, tensors)
        asked = tuple(Derivative(cost, v, w) for n, v in enumerate(tensors) for w in tensors[n:])
        simplifier = _simplifier(first)
        walks = []
        for n, tensor in enumerate(tensors):
            gradients = [Derivative(cost, earlier) for earlier in tensors[: n + 1]]
            walks.append(_walk(first, simplifier, gradients, tensor))
        return _made(first, tuple(walks), asked)

    return derived(system)


def _total(system: System, of: Symbol, wrt: Symbol) -> Equation:
    return jacobian(system, of, wrt).result


@answers
@bounded_depth()
def jvp(system: System, of: str | None = None, wrt: str | Sequence[str] | None = None) -> System:
    r"""Return the system with the change of a tensor, by default the cost, along a change of others: forward mode.

    The change of z is named dz. Those of `wrt`, by default all params, are inputs of the new system; those of all that
    lies between stand right after it. With `of` the cost, its change is the new system's cost, so that `backprop` of it
    gives the Hessian times a vector; see `hvp`. Raises DerivativeError.

    >>> from chainrule.notation import parse
    >>> print(jvp(parse("param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))"), of="a"))
    param z[j]
    const dz[j]
    <BLANKLINE>
    a[k] = exp(z[k])/(Σ_m exp(z[m]))
    da[k] = a[k]·(dz[k] − Σ_m dz[m]·a[m])
    """
    check_system(system)
    if of is None and not system.cost:
        raise DerivativeError(
            "the system has no cost, so it must be said what changes",
            expected=f"one of {listed(system.names())}",
            advice='Say it: of="a"',
        )
    tensors = _several(system.params if wrt is None else wrt)
    system = uncoupled(system, tensors)
    moving = (*system.params, *tensors)
    refuse_pointwise(system, moving)

    def derived(prepared: System) -> System:
        simplifier = _simplifier(without_pointwise(prepared, moving), tensors)
        return typecheck(with_tangents(prepared, simplifier, of or prepared.cost, tensors))

    return derived(name_extrema(system))


@answers
@bounded_depth()
def hvp(system: System, wrt: str | Sequence[str] | None = None) -> Backprop:
    r"""Return the backward pass of the cost's change: its derivatives are the Hessian times a vector.

    With `wrt` W and b, ∂dC/∂W = Σ ∂²C/∂W∂W·dW + Σ ∂²C/∂W∂b·db for given dW and db, without a Hessian anywhere: it is
    `backprop` of `jvp`, with as many equations as both. Raises DerivativeError as they do.

    >>> from chainrule.notation import parse
    >>> product = hvp(parse("data x[i], y\nparam w[i]\nz = sum(i) w[i]*x[i]\ncost C = 1/2*(z - y)^2"))
    >>> print(product.derivation("w"))
    ∂dC/∂w[i] = dz·x[i]
    """
    check_system(system)
    tensors = _several(system.params if wrt is None else wrt)
    return backprop(jvp(system, wrt=tensors), tensors)


def _several(wrt: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of what is derived by. Raises DerivativeError where there are none."""
    tensors = (wrt,) if isinstance(wrt, str) else tuple(dict.fromkeys(wrt))
    if not tensors:
        what = "one name or several"
        raise DerivativeError("no tensor to derive by", expected=what, advice='wrt="W", or wrt=("W", "b")')
    return tensors


def _with_gradient(system: System, tensors: Sequence[str]) -> System:
    """Return the system with the equations of ∂C/∂v for each tensor, of an unknown cost too."""
    back = backprop(without_pointwise(system, tensors), tensors)
    full = replace(back.system, givens=system.givens)
    missing = [back.cotangents.equation(v) for v in tensors if Derivative(system.cost, v) not in full.defined]
    return typecheck(_without_cost(full.with_equations((*full.equations, *missing)), tensors))


def _without_cost(system: System, moving: Collection[str]) -> System:
    """Return the system with the cost written out in its derivatives, simplified without facts about what moves."""
    return without_cost_in_derivatives(
        system, lambda: _simplifier(without_pointwise(system, moving), moving, cost_named=False)
    )


def _simplifier(system: System, free: Collection[str] = (), *, cost_named: bool = True) -> Simplifier:
    """Return the simplifier that knows the system but calls no derivative by its name.

    No book writes ∂C/∂z for a[k] − y[k] in a second derivative; and in a batch, ∂C/∂W is a mean over the samples.
    """
    forward = system.with_equations(tuple(e for e in system.equations if not isinstance(e.name, Derivative)))
    return simplifier_of(forward, free, cost_named=cost_named)


def _walk(system: System, simplifier: Simplifier, of: Sequence[str], wrt: str) -> Totals:
    return Totals(system, simplifier, of, wrt)


def _made(system: System, walks: tuple[Totals, ...], asked: tuple[str, ...]) -> Jacobian:
    """Return the system with what the walks derived."""
    derived = tuple(equation for walk in walks for equation in walk.equations())
    whole = typecheck(system.with_equations((*system.equations, *derived)))
    return Jacobian(**{f.name: getattr(whole, f.name) for f in fields(System)}, asked=asked, walks=walks)
