"""What the lines of one layer say: which names are whose, and which extents are equal.

The lines are parsed by themselves, with the tensor they read declared as a vector, so that an error points into what
the author of the layer wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from chainrule.errors import OptionError
from chainrule.expr.functions import ARITY, DRAWN
from chainrule.expr.nodes import Index, Reduce, walk
from chainrule.expr.sizes import Size
from chainrule.nn.layer import Layer
from chainrule.nn.template import names_in
from chainrule.notation import parse_system
from chainrule.notation.advice import RESERVED
from chainrule.render.letters import next_letter
from chainrule.system.model import System

SAMPLE = "n"
"""The letter of the samples in every network."""


@dataclass(frozen=True)
class LayerShape:
    """A layer's lines as a system. `letters` are its indices, `own` its tensors and functions but input and output.

    `extents` holds the extent of each letter where it stands first.
    """

    system: System
    letters: tuple[str, ...]
    extents: Mapping[str, Size]
    own: tuple[str, ...]
    input: Size
    output: Size
    output_letter: str

    @property
    def declared(self) -> dict[str, Size]:
        """The letters that label axes of params, each with its extent."""
        return {i.name: i.extent for param in self.system.params for i in self.system.axes(param)}


def shape_of(layer: Layer) -> LayerShape:
    """Return what the lines of a layer say. Raises NotationError for lines that make no sense, and OptionError."""
    names = names_in(layer.notation)
    letter = next_letter("i", names)
    drawing = any(name in DRAWN for name in names)
    lines = [layer.notation, f"data {layer.reads}[{letter}]", *([f"batch {SAMPLE}"] if drawing else [])]
    system = parse_system("\n".join(lines))
    _check(layer, replace(system, batch="") if drawing else system)
    (output,) = system.axes(layer.writes)
    counters = {d.tensor for d in system.declarations if d.implied} | ({SAMPLE} if drawing else set())
    known = {*system.names(), *system.function}
    names = tuple(name for name in names if name not in counters)
    return LayerShape(
        system,
        tuple(n for n in names if n not in known and n not in ARITY and n not in RESERVED),
        {i.preferred: i.extent for i in reversed([*_indices(system)])},
        tuple(n for n in names if n in known and n not in (layer.reads, layer.writes)),
        system.axes(layer.reads)[0].extent,
        output.extent,
        output.name,
    )


def _indices(system: System) -> Iterator[Index]:
    for param in system.params:
        yield from system.axes(param)
    for equation in system.equations:
        yield from equation.indices
        yield from (i for part in walk(equation.value) if isinstance(part, Reduce) for i in part.indices)


def _check(layer: Layer, system: System) -> None:
    """Check that a layer is equations and params only, and defines a vector."""
    expected = f"equations that define {layer.writes}[k] from {layer.reads}, for one sample"
    if layer.writes not in system.defined:
        raise OptionError(f"no equation defines {layer.writes}[k]", where=layer.notation, expected=expected)
    if len(system.axes(layer.writes)) != 1:
        raise OptionError(
            f"{layer.writes} has {len(system.axes(layer.writes))} indices", where=layer.notation, expected=expected
        )
    others = [d for d in system.declarations if d.tensor != layer.reads and not d.implied]
    extra: list[str] = [d.role for d in others if d.role in ("data", "abstract") and d.tensor not in layer.masks]
    extra += [word for word in ("cost", "batch", "updates", "givens", "indices") if getattr(system, word)]
    if extra:
        what = f"a layer cannot have lines of the kind '{extra[0]}'"
        raise OptionError(what, where=layer.notation, expected=expected)
