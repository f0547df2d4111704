"""Lowering on one page: statements, nests, layouts, buffers, instructions, each a pass of its own.

The extents are numbers here; `lanes` and `element` (bytes) say what vectors memory is laid out for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

from chainrule.errors import listed
from chainrule.expr.sizes import Literal, Size
from chainrule.lower.allocation import place, with_margins
from chainrule.lower.blocks import blocked
from chainrule.lower.bounded import with_ranges
from chainrule.lower.build import instructions as made_of
from chainrule.lower.flatten import flatten, sample_extents
from chainrule.lower.fuse import Fused, Nest, fuse, sums_apart
from chainrule.lower.inside import with_bounded
from chainrule.lower.layout import Vectorization, innermost, references, strides
from chainrule.lower.program import (
    Buffer,
    Instruction,
    Load,
    LoopAxis,
    Program,
    Role,
    Store,
    Unsupported,
    over_axes,
)
from chainrule.lower.statements import Assignment
from chainrule.lower.verify import verify
from chainrule.system.model import System
from chainrule.system.recurrences import recurrences


def lower(
    system: System,
    sizes: Mapping[Size, int],
    outputs: Sequence[str],
    *,
    lanes: int = 16,
    element: int = 4,
    consts: Mapping[str, Fraction] = MappingProxyType({}),
) -> Program:
    """Return the program that computes the outputs and the updates of a system, updates in place.

    `consts` are values of consts in exponents that go before those of the system. Raises Unsupported, which names what
    has no lowered form.
    """
    together = next(iter(recurrences(system)), None)
    if together is not None:
        raise Unsupported(f"the recurrence of {listed(together.axes)}")
    sizes = with_bounded(system, sizes)
    extents = _extents(system, sizes)
    statements = flatten(system, sizes, outputs, consts)
    sizes = with_literals(sizes, statements)
    for statement in statements:
        extents[statement.target] = tuple(sizes[i.extent] for i in statement.indices)
    fused = fuse(statements, sizes, outputs, lanes, sample_extents(system))
    held = _held(system, fused)
    missing = next((tensor for tensor in held if tensor not in extents), None)
    if missing is not None:
        raise Unsupported(f"{missing}, which no equation defines")
    if any(0 in extents[tensor] for tensor in held):
        raise Unsupported("an index without values")
    ranks = {tensor: len(extents[tensor]) for tensor in held}
    fixed = frozenset(system.with_role("data"))
    inner, choices = innermost(fused, ranks, fixed, lanes)
    ranged = with_ranges(fused, choices, extents, lanes)
    if ranged is not fused:
        fused = ranged
        held = _held(system, fused)
        ranks = {tensor: len(extents[tensor]) for tensor in held}
        inner, choices = innermost(fused, ranks, fixed, lanes)
    along = [c.vector in n.inner and not n.updates for n, c in zip(fused.nests, choices, strict=True)]
    if any(one and len(n.members) > 1 for one, n in zip(along, fused.nests, strict=True)):
        fused = sums_apart(fused, along)
        held = _held(system, fused)
        ranks = {tensor: len(extents[tensor]) for tensor in held}
        inner, choices = innermost(fused, ranks, fixed, lanes)
    buffers: dict[str, Buffer] = {}
    for tensor in held:
        steps, size = strides(extents[tensor], inner[tensor], lanes, element)
        declared, role = system.declared.get(tensor), _role(system, tensor, outputs)
        integers = declared is not None and declared.values is not None
        buffers[tensor] = Buffer(tensor, role, extents[tensor], steps, size + lanes, integers=integers)
    instructions: list[Instruction] = []
    for nest, choice in zip(fused.nests, choices, strict=True):
        copies = _copies(nest, choice, fused, buffers, instructions, lanes, element)
        for whole in made_of(nest, buffers, fused.stored, copies):
            instructions.extend(blocked(whole, choice.vector, buffers, lanes, element))
    program = place(with_margins(buffers, instructions, lanes), instructions, lanes, element)
    verify(program)
    return program


def with_literals(sizes: Mapping[Size, int], statements: Sequence[Assignment]) -> dict[Size, int]:
    """Return the sizes with those of indices whose extents say them."""
    extents = (i.extent for s in statements for i in (*s.indices, *s.over))
    return {**sizes, **{extent: extent.count for extent in extents if isinstance(extent, Literal)}}


def _extents(system: System, sizes: Mapping[Size, int]) -> dict[str, tuple[int, ...]]:
    result: dict[str, tuple[int, ...]] = {}
    for declaration in system.declarations:
        if declaration.role != "abstract":
            missing = [i.extent for i in declaration.indices if i.extent not in sizes]
            if missing:
                raise Unsupported(f"an extent that nothing gives, of {declaration.tensor}")
            result[declaration.tensor] = tuple(sizes[i.extent] for i in declaration.indices)
    return result


def _held(system: System, fused: Fused) -> tuple[str, ...]:
    """Return the tensors that are in memory, in order: those declared and used, then those stored."""
    used = dict.fromkeys(r.tensor for nest in fused.nests for r in references(nest, fused.stored))
    declared = [d.tensor for d in system.declarations if d.tensor in used or d.role in {"data", "param", "state"}]
    return tuple(dict.fromkeys((*declared, *used)))


def _role(system: System, tensor: str, outputs: Sequence[str]) -> Role:
    declaration = system.declared.get(tensor)
    if declaration is not None and declaration.role != "abstract":
        return declaration.role
    return "output" if tensor in outputs else "temporary"


def _copies(
    nest: Nest,
    choice: Vectorization,
    fused: Fused,
    buffers: dict[str, Buffer],
    instructions: list[Instruction],
    lanes: int,
    element: int,
) -> dict[str, str]:
    """Add the copies that a nest's choice wants transposed, those not there yet; return their names by tensor."""
    names: dict[str, str] = {}
    for tensor in choice.transposed:
        ref = next(r for r in references(nest, fused.stored) if r.tensor == tensor and r.kind != "store")
        axis = next(n for n, terms in enumerate(ref.terms) if terms == ((choice.vector, 1),))
        source = buffers[tensor]
        name = f"{tensor}ᵀ{axis}"
        names[tensor] = name
        if name in buffers:
            continue
        steps, size = strides(source.extents, axis, lanes, element)
        buffers[name] = replace(source, name=name, role="temporary", strides=steps, size=size + lanes)
        axes = tuple(LoopAxis(f"r{n}", extent) for n, extent in enumerate(source.extents))
        load, store = (over_axes(b.name, axes, b.strides) for b in (source, buffers[name]))
        equations = tuple(m.statement.equation for m in nest.members[:1])
        instructions.append(Instruction(name, axes, None, (Load(load), Store(store, 0)), equations))
    return names
