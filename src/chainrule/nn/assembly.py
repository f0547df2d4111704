"""Layers put together: the notation of a whole network.

Every layer's lines are taken over with its names numbered: z1, a1, W1, b1, z2 … for its tensors, and a letter of its
own for the index of its units, i, j, k … from the data on. What is checked here is whether the widths of the layers
agree; the text goes to the parser like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chainrule.errors import OptionError
from chainrule.expr.sizes import Size
from chainrule.nn.costs import Cost
from chainrule.nn.layer import Codomain, Initial, Layer, Normal, Value
from chainrule.nn.own import value_shape
from chainrule.nn.penalties import penalised
from chainrule.nn.shape import SAMPLE, LayerShape, shape_of
from chainrule.nn.template import apart_from, names_in, renamed
from chainrule.render.letters import next_letter
from chainrule.system.model import System

DATA, TARGET, COST = "x", "y", "C"
"""The names that every network has: samples, what should come out, and the cost."""


@dataclass(frozen=True)
class Assembly:
    """The text of a network, the tensor that comes out, how each param begins, and the masks; see `Layer.masks`.

    `outputs` are the tensors that the layers write, one for each.
    """

    text: str
    output: str
    initial: Mapping[str, Initial]
    masks: Mapping[str, str]
    outputs: tuple[str, ...]


def assemble(layers: Sequence[Layer], cost: Cost | None) -> Assembly:
    """Return layers and a cost as one text. Raises OptionError, naming the layer, where their widths do not agree.

    >>> from chainrule.nn.activations import Sigmoid
    >>> from chainrule.nn.costs import QuadraticCost
    >>> from chainrule.nn.dense import Linear
    >>> print(assemble([Linear(3, 2), Sigmoid()], QuadraticCost()).text)
    data x[i], y[j]
    index i = 3, j = 2
    batch n
    # Linear(3, 2)
    param W1[j,i], b1[j]
    z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
    # Sigmoid()
    a1[j] = sigmoid(z1[j])
    # QuadraticCost()
    cost C = 1/2*(sum(j) (a1[j] - y[j])^2)
    """
    _check_layers(layers)
    if cost is None:
        raise OptionError(
            "the network has no cost", expected="what training makes small", advice="Say it: cost=nn.CrossEntropy()"
        )
    _check_kinds(layers, cost)
    _check_seeds(layers)
    work = _Assembling()
    for number, layer in enumerate(layers, start=1):
        work.add(layer, f"layer {number}, {layer!r}")
    return work.finish(cost)


def _check_seeds(layers: Sequence[Layer]) -> None:
    """Check that no two layers would draw the same numbers."""
    drawing: dict[int, int] = {}
    for number, layer in enumerate(layers, start=1):
        first = number if layer.seed is None else drawing.setdefault(layer.seed, number)
        if first != number:
            raise OptionError(
                f"layer {number}, {layer!r}, would draw the same numbers as layer {first}",
                expected="another seed for each layer that draws",
            )


def _check_layers(layers: object) -> None:
    """Check that these are a list of layers, and no system or single layer."""
    if isinstance(layers, System):
        raise OptionError(
            "a system is no list of layers", advice="Make a network of it: cr.Network.from_system(system)"
        )
    if isinstance(layers, str):
        advice = "Make a network of notation: cr.Network.from_system(cr.parse(text))"
        raise OptionError("a text is no list of layers", advice=advice)
    if isinstance(layers, Layer) or not isinstance(layers, Iterable):
        raise OptionError(f"{layers!r} is no list of layers", expected="for example [nn.Linear(64, 10), nn.Softmax()]")


def _check_kinds(layers: Sequence[object], cost: object) -> None:
    if not layers:
        raise OptionError("a network needs a list of layers", expected="for example [nn.Linear(64, 10), nn.Softmax()]")
    for number, layer in enumerate(layers, start=1):
        if not isinstance(layer, Layer):
            advice = f"Write {layer.__name__}(), with parentheses." if isinstance(layer, type) else ""
            what = f"layer {number} is no layer: {layer!r}"
            raise OptionError(what, expected="layers of chainrule.nn", advice=advice)
    if not isinstance(cost, Cost):
        advice = f"Write {cost.__name__}(), with parentheses." if isinstance(cost, type) else ""
        raise OptionError(f"the cost is no cost: {cost!r}", expected="for example nn.CrossEntropy()", advice=advice)
    if not isinstance(getattr(cost, "notation", None), str):
        raise OptionError(
            f"{type(cost).__name__} has no notation",
            expected='a line such as notation = "cost C = sum(k) (a[k] - y[k])^2"',
        )
    last = layers[-1]
    if isinstance(last, Layer) and last.codomain is not None and last.codomain < cost.needs:
        if last.codomain is Codomain.DISTRIBUTION:
            raise OptionError(
                f"{cost!r} takes each output for a yes or no of its own, and those of {last!r} add up to 1",
                expected=f"nn.CrossEntropy() for the outputs of {last!r}, or nn.Sigmoid() as the last layer",
                advice="One class of many is for the first, answers that do not exclude each other are for the second.",
            )
        layer = "nn.Sigmoid()" if cost.needs is Codomain.PROBABILITY else "nn.Softmax()"
        raise OptionError(
            f"{cost!r} takes the logarithm of the outputs, and those of {last!r} can be negative, 0 or too large",
            expected=f"outputs between 0 and 1: {layer} as the last layer",
        )


@dataclass
class _Assembling:
    """The text so far, and the vector that the next layer reads: its name, its letter and where it comes from."""

    tensor: str = DATA
    letter: str = "i"
    source: str = "the data"
    number: int = 0
    weighted: bool = False
    lines: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    initial: dict[str, Initial] = field(default_factory=dict)
    weights: tuple[str, ...] = ()
    params: dict[str, tuple[str, ...]] = field(default_factory=dict)
    masks: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=lambda: {DATA, TARGET, COST, SAMPLE, "i"})

    def add(self, layer: Layer, title: str) -> None:
        """Add the lines of a layer."""
        shape = shape_of(layer)
        self.number += layer.counted and not (self.weighted and layer.writes == "a")
        names = {layer.reads: self.tensor, layer.writes: self._unused(layer.writes)}
        for name in shape.own:
            names[name] = self._unused(name)
        before, source = self.letter, self.source
        names |= self._letters(shape)
        extents = {shape.input: before, shape.output: self.letter}
        for letter, extent in shape.declared.items():
            extents.setdefault(extent, names[letter])
        self._settle_sizes(layer, shape, extents, title, source)
        self.lines += [f"# {layer!r}".replace("\n", " "), renamed(layer.notation, names)]
        for weight in self.weights:
            start = self.initial[weight]
            if isinstance(start, Normal) and not start.fixed:
                self.initial[weight] = replace(start, variance=start.variance * layer.gain)
        self.initial |= {names[name]: initial for name, initial in layer.initial.items()}
        for name in shape.system.params:
            self.params[names[name]] = tuple(names[index.name] for index in shape.system.axes(name))
        self.masks |= {names[mask]: names[probability] for mask, probability in layer.masks.items()}
        self.tensor, self.source = names[layer.writes], f"{title},"
        self.outputs.append(self.tensor)
        if layer.counted:
            self.weights = tuple(names[name] for name in layer.initial) if layer.writes == "z" else ()
            self.weighted = layer.writes == "z"

    def finish(self, cost: Cost) -> Assembly:
        """Return the whole, with the cost of what has come out."""
        if self.letter not in self.sizes or "i" not in self.sizes:
            raise OptionError(
                "no layer says how many numbers the network takes",
                expected="at least one layer with sizes",
                advice="For example nn.Linear(64, 10).",
            )
        if self.sizes[self.letter] < cost.least_outputs:
            raise OptionError(
                f"{cost!r} compares outputs with each other, and the network has {self.sizes[self.letter]}",
                expected=f"{cost.least_outputs} outputs or more",
                advice="Two classes are two outputs, one for each: nn.Linear(…, 2).",
            )
        names = {"a": self.tensor, "y": TARGET, "C": COST, "k": self.letter}
        for letter in names_in(cost.notation):
            if letter == self.letter and letter != "k":
                names[letter] = next_letter("k", self.taken)
        sizes = ", ".join(f"{letter} = {size}" for letter, size in self.sizes.items())
        head = [f"data {DATA}[i], {TARGET}[{self.letter}]", f"index {sizes}", f"batch {SAMPLE}"]
        said = renamed(cost.notation, names)
        if cost.penalties:
            said = penalised(said, cost.penalties, self.params)
        lines = [*head, *self.lines, f"# {cost!r}".replace("\n", " "), said]
        initial = {**self.initial, **cost.initial}
        return Assembly("\n".join(lines), self.tensor, initial, self.masks, tuple(self.outputs))

    def _unused(self, name: str) -> str:
        """Return a name with the number of the layer, and take it."""
        stem = f"{name}_{self.number}" if name[-1].isdigit() else f"{name}{self.number}"
        return apart_from(self.taken, stem)

    def _letters(self, shape: LayerShape) -> dict[str, str]:
        """Return new letters for the indices of a layer; its units keep their letter, or get one of their own."""
        before, same = self.letter, shape.input == shape.output
        if not same:
            self.letter = next_letter(before, self.taken)
            self.taken.add(self.letter)
        names = {shape.output_letter: self.letter}
        used = set(names.values())
        for letter in shape.letters:
            if letter in names:
                continue
            if not same and shape.extents.get(letter) == shape.input and before not in used:
                names[letter] = before
            else:
                names[letter] = next_letter(letter, self.taken | used)
            used.add(names[letter])
        self.taken |= {names[letter] for letter in shape.declared}
        return names

    def _settle_sizes(
        self, layer: Layer, shape: LayerShape, extents: Mapping[Size, str], title: str, source: str
    ) -> None:
        """Note the sizes that a layer fixes, by letter; refuse one that contradicts what is known."""
        declared = shape.declared
        found = [(declared[letter], size, f"{title}, takes {size} numbers") for letter, size in layer.sizes.items()]
        for param, start in layer.initial.items():
            if isinstance(start, Value):
                axes = shape.system.axes(param)
                for axis, size in enumerate(value_shape(start.value)):
                    found.append((axes[axis].extent, size, f"{title}, is given {size} values of {param}"))
        for extent, size, what in found:
            known = self.sizes.setdefault(extents[extent], size)
            if known != size:
                gives = f"{source} gives {known}" if extent == shape.input else f"it has {known} units"
                raise OptionError(f"{what}, but {gives}", expected="one number for both", advice="Make the two equal.")
