"""Derivations of families, case by case, whose steps can be verified; local derivatives between neighbouring steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from chainrule.diff.graph import graph_of
from chainrule.errors import DerivativeError, listed
from chainrule.expr.binding import tensors_in
from chainrule.expr.symbols import Symbol, Tensor, symbol, unused
from chainrule.families.definitions import enough
from chainrule.families.families_text import range_text
from chainrule.families.family_backprop import FamilyBackprop, StepWindowOf
from chainrule.families.rewriting import everywhere, moved, renamed_system, tensor_at, with_tensors
from chainrule.families.step_order import Interval, StepOrder
from chainrule.families.templates import Step, StepRange
from chainrule.families.windows import APART
from chainrule.jacobians import Jacobian, jacobian
from chainrule.pipeline import Backprop, cotangent_of
from chainrule.render.formula import ShownFormula, equation_formula
from chainrule.rewrite.rules import Derivation
from chainrule.system.model import Equation, System


@dataclass(frozen=True)
class CaseDerivation:
    """The derivation of a case, or of a part of it, in a system of its own.

    `case` is the whole equation of the case. Where it is a sum of several parts, or over all steps, `copy` is what the
    equation reads that this part is derived through: the U of ∂C/∂U as step t reads it, U[t;].
    """

    window: StepWindowOf
    back: Backprop
    tensor: Symbol
    case: ShownFormula
    copy: Symbol | None = None

    @property
    def ranges(self) -> str:
        """The steps that the case holds for, as text; "" for a single step."""
        return self.window.ranges

    @property
    def derivation(self) -> Derivation:
        """The derivation, step by step."""
        return self.back.derivation(self.tensor)

    def named_argument(self, name: Symbol) -> list[ShownFormula]:
        """Return the equation of a name that was made for the derivation."""
        made = self.back.cotangents.system.defined.get(name)
        return [] if made is None else [equation_formula(made.target, made.value)]

    @property
    def over(self) -> str:
        """The steps that the shares are added up over, as text."""
        return ", ".join(range_text(replace(steps, down=False)) for steps in self.window.over)


def derivations(back: FamilyBackprop, name: str) -> Iterator[CaseDerivation]:
    """Yield the derivations of ∂C/∂name, the last step's first.

    Of what all steps of a block read it is one step's share that is derived.
    """
    for window in back.windows(name):
        if cotangent_of(window.system, window.tensor) is None:
            continue
        case, tensor, system = back.formula(window.case), window.tensor, window.system
        copy = _copy_of(window)
        if copy is not None:
            system = renamed_system(system, everywhere(partial(_instead, tensor, copy)))
            tensor = copy
        yield CaseDerivation(window, Backprop(system, (tensor,)), tensor, case, copy)


def compared_cases(one: CaseDerivation, other: CaseDerivation) -> tuple[CaseDerivation, CaseDerivation, str] | None:
    """Return two cases of two families at steps that both hold for, and these steps; None where there are none.

    A case that holds for one step alone is compared with another one at that step.
    """
    boxes = one.window.case.box, other.window.case.box
    places = one.window.case.subject.tensor, other.window.case.subject.tensor
    if places[0] != places[1] or len(one.window.over) != len(other.window.over):
        return None
    order, common = StepOrder(), dict[str, Interval]()
    for letter in boxes[0]:
        if not order.meets(boxes[0][letter], boxes[1][letter]):
            return None
        low, high = (_inner(order, [box[letter][end] for box in boxes], end) for end in (0, 1))
        common[letter] = low, high
    points = {letter: low for letter, (low, high) in common.items() if low == high}
    ranges = ", ".join(range_text(StepRange(g, *ends)) for g, ends in common.items() if ends[0] != ends[1])
    return _at(one, points), _at(other, points), ranges


def _inner(order: StepOrder, ends: Sequence[Step], end: int) -> Step:
    """Return the later of two first steps, or the earlier of two last ones."""
    first, second = ends
    return second if order.at_most(first, second) == (end == 0) else first


def _at(found: CaseDerivation, points: Mapping[str, Step]) -> CaseDerivation:
    """Return a case at steps that are told, where it is one for many."""
    left = {letter: step for letter, step in points.items() if letter not in found.window.case.points}
    if not left:
        return found
    change = everywhere(partial(_moved, left))
    tensor = change(found.tensor)
    return replace(found, back=Backprop(renamed_system(found.back.forward, change), (tensor,)), tensor=tensor)


def _moved(points: Mapping[str, Step], tensor: Tensor) -> Tensor:
    return moved(tensor, points)


def _instead(old: Symbol, new: Tensor, tensor: Tensor) -> Tensor:
    return new if tensor == old else tensor


def _copy_of(window: StepWindowOf) -> Tensor | None:
    """Return what the tensor is called where only a part of its derivative is derived, None where it is the whole."""
    several = len(window.case.windows) > 1
    if not (window.over or several):
        return None
    tensor = symbol(window.tensor)
    assert isinstance(tensor, Tensor), "a derivative is by a tensor"
    steps = tuple((steps.letter, 0) for steps in window.over)
    reader = window.readers[0] if window.readers else ""
    name = f"{tensor.name}_{reader.partition('[')[0]}" if several and reader else tensor.name
    return unused(Tensor(name, (*tensor.superscript, *steps)), set(window.system.names()))


def local_derivative(back: FamilyBackprop, of: Symbol, wrt: Symbol) -> Jacobian:
    """Return ∂of/∂wrt between neighbouring steps: ∂z[l+1; m]/∂z[l; k], ∂h[t; j]/∂h[t-1; k]. Raises DerivativeError."""
    return jacobian(window_between(back, of, wrt), of, wrt)


def in_family_names(found: Jacobian) -> Jacobian:
    """Return a local derivative whose results read f[t+1;], where they read a copy that a window holds apart."""
    change = everywhere(without_apart)
    results = {name: Equation(e.target, with_tensors(e.value, change)) for name, e in found.results.items()}
    return replace(found, equations=tuple(results.get(e.name, e) for e in found.equations))


def held_fixed(back: FamilyBackprop, of: Symbol, wrt: Symbol) -> tuple[Symbol, ...]:
    """Return what ∂of/∂wrt as it is derived here holds fixed: what depends on the lower tensor in other ways too."""
    window = next((w for w in back.windows(str(wrt)) if w.over and of in tuple(w.system.names())), None)
    system = window_between(back, of, wrt) if window is None else window.system
    templates = (template for _, template in back.forward.templates())
    defined = {t.name.partition("[")[0] for t in templates if isinstance(t, Equation)}
    reads = {e.name: tensors_in(e.value) for e in system.equations}
    read = reads.get(of, frozenset())
    leaves = (d.tensor for d in system.declarations if isinstance(d.tensor, Tensor) and d.tensor in read)
    held = tuple(without_apart(t) for t in leaves if t.superscript and without_apart(t).name in defined)
    return held if window is not None else tuple(t for t in held if _depends(back, t, wrt))


def _depends(back: FamilyBackprop, tensor: Tensor, wrt: Symbol) -> bool:
    """Say whether a member of a family depends on another one, at a step that is far from the ends."""
    families, far = back.forward, enough(back.forward)
    numbers = dict.fromkeys(families.letters, 2 * far)
    steps = {**numbers, **dict.fromkeys((steps.letter for steps in families.ranges), far)}
    one, other = (tensor_at(t, steps) if isinstance(t, Tensor) else t for t in (tensor, symbol(wrt)))
    graph = graph_of(families.members(**numbers))
    return one in graph.reads and other in graph.reads and one in graph.depending_on([other])


def without_apart(tensor: Tensor) -> Tensor:
    """Return what a tensor is called in the families that a window holds apart from an entry that is the same."""
    return Tensor(tensor.name.removeprefix(APART), tensor.superscript)


def window_between(back: FamilyBackprop, of: Symbol, wrt: Symbol) -> System:
    """Return a system in which one is computed from the other, both at the steps named. Raises DerivativeError."""
    own = symbol(wrt)
    shifts = own.superscript if isinstance(own, Tensor) else ()
    there = {letter: (letter, -shift) for letter, shift in shifts if letter}
    back_again = {letter: (letter, shift) for letter, shift in shifts if letter}
    for steps, returning in (({}, {}), (there, back_again)):
        change = everywhere(partial(_moved, steps))
        for window in back.windows(wrt.partition("[")[0]):
            if window.tensor == change(own) and change(symbol(of)) in tuple(window.system.names()):
                return renamed_system(window.system, everywhere(partial(_moved, returning)))
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
