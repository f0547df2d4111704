"""Derivations of families, case by case, whose steps can be verified; local derivatives between neighbouring steps."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.errors import DerivativeError, listed
from chainrule.expr.symbols import Symbol
from chainrule.families.family_backprop import FamilyBackprop, StepWindowOf
from chainrule.jacobians import Jacobian, jacobian
from chainrule.pipeline import Backprop, cotangent_of
from chainrule.rewrite.rules import Derivation


def derivations(back: FamilyBackprop, name: str) -> Iterator[tuple[str, Derivation]]:
    """Yield the derivations of ∂C/∂name, the last step's first, each with the steps that it holds for.

    Of what all steps of a block read there is a derivation of one step's share too.
    """
    for window in back.windows(name):
        if cotangent_of(window.system, window.tensor) is not None:
            yield window.ranges, Backprop(window.system, (window.tensor,)).derivation(window.tensor)


def local_derivative(back: FamilyBackprop, of: Symbol, wrt: Symbol) -> Jacobian:
    """Return ∂of/∂wrt between neighbouring steps: ∂z[l+1; m]/∂z[l; k]. Raises DerivativeError."""
    for window in back.windows(wrt.partition("[")[0]):
        if window.tensor == wrt and of in tuple(window.system.names()):
            return jacobian(window.system, of, window.tensor)
    raise DerivativeError(
        f"no case of ∂C/∂{wrt} reads {of}",
        expected=f"neighbours of {wrt}: {listed(_near(back, wrt)) or 'there are none'}",
    )


def window_at(back: FamilyBackprop, wrt: Symbol) -> StepWindowOf:
    """Return the case of a derivative at a position, ∂C/∂z[l;] or ∂C/∂z[L;]. Raises DerivativeError."""
    found = list(back.windows(wrt.partition("[")[0]))
    for window in found:
        if wrt in (window.position, window.tensor):
            return window
    known = dict.fromkeys(window.position for window in found)
    raise DerivativeError(f"∂C/∂{wrt} is no case", expected=f"expected is one of {listed(known)}" if known else "")


def _near(back: FamilyBackprop, wrt: Symbol) -> list[str]:
    near = [w.system for w in back.windows(wrt.partition("[")[0]) if w.tensor == wrt]
    return list(dict.fromkeys(str(e.name) for system in near for e in system.equations if e.name != wrt))
