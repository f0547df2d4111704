"""Text as a system that can be run: what `notation` reads, with derivatives by name derived.

An equation may read the derivative of what an equation above it defines: ∂L/∂W in a step of learning that the cost
looks back on, ∂²u/∂x∂x in a differential equation. Such a derivative gets equations of its own, above the one that
reads it, and is an equation like all others from then on. Those of the cost itself are left to `backprop`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chainrule.expr.binding import tensors_in
from chainrule.expr.symbols import NO_TENSOR, Derivative, Symbol
from chainrule.families.families import Families
from chainrule.keywords import answers
from chainrule.notation import parse as read
from chainrule.notation.matrix_texts.kinds import declares_kinds
from chainrule.system.model import Equation, System
from chainrule.system.typecheck import typecheck


@answers
def parse(text: str) -> System | Any:
    r"""Return the system that a text describes, checked and with all sizes inferred.

    Derivatives that its equations read by name, ∂L/∂W of an L defined above, are derived and stand in the system. A
    text with `for` lines is no single system: of such a one it returns `Families`. (`Any` stands for these, so that
    who reads a system need not ask which of the two it is.) A text with lines such as `vector x` and `matrix A` is in
    matrix notation. Raises NotationError, with line and column, for whatever
    cannot be read or makes no sense, and DerivativeError for a derivative that there is no rule for.

    >>> system = parse("data x[i]\nparam w[i]\ncost C = (sum(i) w[i]*x[i])^2")
    >>> system.params, system.cost
    (('w',), 'C')
    >>> print(parse("data x\nparam w\nu = w*x^3\ncost C = (∂u/∂x - 1)^2"))
    data x
    param w
    <BLANKLINE>
    u = w·x^3
    ∂u/∂x = 3·w·x^2
    cost C = (∂u/∂x − 1)^2
    >>> print(parse("matrix A\nvector x, b\ncost f = norm2(A*x - b)^2").defined["f"])
    f = (sqrt(Σ_i (Σ_j A[i,j]·x[j] − b[i])^2))^2
    """
    if declares_kinds(text):
        from chainrule.notation.matrix_texts.matrix_systems import read_matrices

        return read_matrices(text)
    found = read(text)
    return found if isinstance(found, Families) else with_derivatives(found)


def with_derivatives(system: System) -> System:
    """Return the system with equations for the derivatives that its equations and updates read by name.

    It is the same object where there are none. Raises DerivativeError.
    """
    readers = (*system.equations, *system.updates)
    if not any(_read_by(reader, system) for reader in readers):
        return system
    from chainrule.named_derivatives import derived

    done = replace(system, equations=(), cost=NO_TENSOR, updates=(), givens=())
    for number, reader in enumerate(readers):
        for derivative in _read_by(reader, system):
            done = derived(done, derivative, system.givens)
        if number < len(system.equations):
            done = done.with_equations((*done.equations, reader))
    return typecheck(replace(system, equations=_read_somewhere(done.equations, system)))


def _read_somewhere(equations: Sequence[Equation], system: System) -> tuple[Equation, ...]:
    """Return the equations without those that were derived on the way to others, and that nothing reads."""
    wanted = frozenset[Symbol]().union(*(tensors_in(update.value) for update in system.updates))
    kept: list[Equation] = []
    for equation in reversed(equations):
        if equation.name in system.defined or equation.name in wanted:
            kept.append(equation)
            wanted |= tensors_in(equation.value)
    return tuple(reversed(kept))


def _read_by(reader: Equation, system: System) -> list[Derivative]:
    """Return the derivatives that an equation reads and nothing defines, but for those of the cost."""
    found = (t for t in tensors_in(reader.value) if isinstance(t, Derivative))
    return sorted(t for t in found if t not in system.defined and t.of != system.cost)
