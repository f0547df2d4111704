"""Equations of a system in matrix form, of one sample or of all, with a row for each sample."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from chainrule.errors import OptionError, listed
from chainrule.expr.nodes import Comparison, Index, Indexed
from chainrule.expr.symbols import Symbol, of_one_sample
from chainrule.matrix.matrix_lines import MatrixForms, matrix_line
from chainrule.matrix.matrix_names import LAYOUTS, MatrixLayout, MatrixNames
from chainrule.render.letters import next_letter
from chainrule.render.printed_names import Names, Naming, naming_of
from chainrule.system.batching import batch
from chainrule.system.model import Equation, System
from chainrule.system.printing import index_names, ranks_of


def book_names(
    names: Names | Naming, taken: Collection[str], ranks: Mapping[str, int], cost: str, layout: str = LAYOUTS[0]
) -> MatrixNames:
    """Return what tensors are called in matrix form, by a preset, own names or a naming. Raises OptionError."""
    if layout not in LAYOUTS:
        raise OptionError(f"there is no layout {layout!r}", expected=f"one of {listed(LAYOUTS)}")
    chosen: MatrixLayout = next(one for one in LAYOUTS if one == layout)
    naming = names if isinstance(names, Naming) else naming_of(names, taken, cost)
    nabla = names != "plain" and layout != "numerator"
    book = isinstance(names, str)
    return MatrixNames(naming, book, cost, nabla, ranks, taken=frozenset(taken), layout=chosen)


def matrix_forms(
    system: System,
    equations: Sequence[Equation],
    *,
    batched: bool | str = False,
    layout: str = LAYOUTS[0],
    names: Names | Naming = "textbook",
) -> MatrixForms:
    r"""Return equations of a system in matrix form; what has none stays in index notation, with the reason.

    Vectors are columns. `batched` are the equations for all samples: what each sample has one of is a row of a matrix,
    X for x, and gradients of what all share are means. A system that names its samples already, x[n,i], is for all of
    them as it stands, and `batched` is that letter. In the layout "mixed" a gradient has the shape of what it is by,
    and a Jacobian matrix ∂a/∂z a row for each entry of a; in "numerator" gradients are rows, ∂C/∂W has the shape of Wᵀ;
    in "denominator" Jacobian matrices have a row for each entry of z. `names` are as in `naming_of`: gradients without
    one are ∇W. Raises OptionError for a layout or names that there are not.

    >>> from chainrule.notation import parse
    >>> from chainrule.pipeline import backprop
    >>> text = "data x[i], y[k]\nparam W[k,i]\nz[k] = sum(i) W[k,i]*x[i]\ncost C = 1/2*(sum(k) (z[k] - y[k])^2)"
    >>> back = backprop(parse(text))
    >>> print(back.matrix(), back.matrix(batched=True), sep="\n")
    ∇W = (z − y) xᵀ
    ∇W = (Z − Y)ᵀ X / N
    """
    taken, _ = index_names(system)
    called = book_names(names, taken, ranks_of(system), system.cost, layout)
    samples = batched if isinstance(batched, str) else ""
    if batched is True:
        asked = [e.name for e in equations]
        system = _of_all_samples(system)
        equations = [e for e in system.equations if of_one_sample(e.name) in asked]
        samples = system.samples
    if samples:
        stacked = [t for t in system.names() if _is_stacked(system.axes(t), samples)]
        called = replace(called, stacked=frozenset(stacked))
    _, declared = index_names(system)
    known = _symmetric(system)
    lines = [matrix_line(e.target, e.value, called, declared=declared, symmetric=known) for e in equations]
    return MatrixForms(tuple(lines), called)


def _of_all_samples(system: System) -> System:
    """Return the system for all samples; one that has no letter for them gets one."""
    if system.samples:
        return system
    if system.batch:
        return batch(system)
    letters = {i.name for t in system.names() for i in system.axes(t)} | {i.name for i in system.indices}
    return batch(replace(system, batch=next_letter("n", letters, set(system.names()))))


def _is_stacked(axes: Sequence[Index], samples: str) -> bool:
    return len(axes) == 2 and axes[0].name == samples


def _symmetric(system: System) -> frozenset[Symbol]:
    """Return the matrices that a fact says to be symmetric."""
    found = [_transposed_alike(g.condition) for g in system.givens]
    return frozenset(tensor for tensor in found if tensor is not None)


def _transposed_alike(condition: Comparison) -> Symbol | None:
    match condition:
        case Comparison("=", Indexed(one, (Index() as i, Index() as j)), Indexed(other, (k, l))):
            return one if one == other and (i, j) == (l, k) else None
        case _:
            return None
