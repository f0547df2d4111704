"""What tensors are called in print: as the text of a system has it, or as a book does.

A naming is a function from symbols to symbols, applied to what is laid out already; so every form that a formula is
written in has the same names, and no pass over expressions knows of them. A name that a tensor of the system has
already is given to no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from chainrule.errors import OptionError, listed
from chainrule.expr.symbols import Change, Derivative, Symbol, Tensor, step_of, symbol
from chainrule.render.document import Node
from chainrule.render.layout import Entry, Layout, NamedSlope, Slope, Whole
from chainrule.render.names import layer_of
from chainrule.render.relaid import relaid, relaid_below, with_formulas

Names: TypeAlias = str | Mapping[str, str] | Callable[[str], str | None]
"""A preset by its name, names by what they stand for, or a function of it that returns None for what keeps its own."""


@dataclass(frozen=True)
class Naming:
    """What symbols are called; None where they keep their names. With `brackets` LaTeX writes a layer as z^{[2]}."""

    of: Callable[[Symbol], Symbol | None]
    brackets: bool = False

    def renamed(self, layout: Layout, *, latex: bool = False) -> Layout:
        """Return a layout with these names."""
        return relaid(layout, partial(self._named, latex=latex))

    def below(self, layout: Layout, *, latex: bool = False) -> Layout:
        """Return a layout that keeps its own name, with these names in it."""
        if isinstance(layout, NamedSlope) and layout.likely is not None:
            named = self._with_renamed(layout, layout.tensor, latex=latex) or layout
            likely = self.below(layout.likely, latex=latex)
            assert isinstance(likely, Slope), "a derivative stays one"
            return replace(named, likely=likely)
        return relaid_below(layout, partial(self._named, latex=latex))

    def _named(self, node: Layout, *, latex: bool) -> Layout | None:
        """Return an entry or a derivative that has another name, None for others."""
        match node:
            case Slope(Entry(of, ()), (Entry(by, positions, guarded),)):
                name = self.of(Derivative(of, by))
                return None if name is None else Entry(self._layered(name, latex=latex), positions, guarded)
            case NamedSlope(tensor, positions, guarded):
                name = self.of(tensor)
                if name is None:
                    return self._with_renamed(node, tensor, latex=latex)
                return Entry(self._layered(name, latex=latex), positions, guarded)
            case Whole(tensor):
                name = self.of(tensor)
                return None if name is None else Whole(self._layered(name, latex=latex))
            case Entry(tensor):
                name = self.of(tensor) or tensor
                layered = self._layered(name, latex=latex)
                return node if layered is tensor else replace(node, tensor=layered)
            case _:
                return None

    def _with_renamed(self, node: NamedSlope, tensor: Symbol, *, latex: bool) -> NamedSlope | None:
        """Return a derivative by tensors of which some have other names, None where none has."""
        if not isinstance(tensor, Derivative) or not any(map(self.of, (tensor.of, *tensor.wrt))):
            return None
        new = {one: self._layered(self.of(one) or one, latex=latex) for one in (tensor.of, *tensor.wrt)}
        named = Derivative(new[tensor.of], *(new[one] for one in tensor.wrt), along=tensor.along)
        parts = tuple((new.get(one, one), axes) for one, axes in node.parts)
        likely = None if node.likely is None else self.renamed(node.likely, latex=latex)
        assert likely is None or isinstance(likely, Slope), "a derivative stays one"
        return NamedSlope(named, node.positions, node.guarded, likely, parts)

    def _layered(self, name: Symbol, *, latex: bool) -> Symbol:
        return _bracketed(name) if latex and self.brackets else name


def naming_of(names: Names, taken: Collection[str] = (), cost: str = "C") -> Naming:
    """Return the naming of a preset, of a mapping or of a function; names that are `taken` are given to nothing.

    Presets are "plain", what the text of the system has; "textbook", δ for the errors ∂C/∂z; and "ng", dW for ∂C/∂W of
    every tensor, with layers as z^{[2]} in LaTeX. They name derivatives of the `cost`, never those of anything else.
    Raises OptionError for another.

    >>> naming_of("textbook").of(Derivative("C", "z2")), naming_of({"∂C/∂z2": "e2"}).of(Derivative("C", "z2"))
    ('δ2', 'e2')
    >>> naming_of({"z[l+1;]": "s[l+1;]"}).of(Tensor("z", (("l", 1),))).superscript
    (('l', 1),)
    """
    if isinstance(names, str):
        if names not in PRESETS:
            raise OptionError(f"there are no names {names!r}", expected=f"one of {listed(PRESETS)}")
        found = PRESETS[names]

        def named(one: Symbol) -> Symbol | None:
            return None if isinstance(one, Derivative) and one.of != cost else _free(found.of(one), taken)

        return Naming(named, found.brackets)
    if callable(names):
        return Naming(lambda one: _free(_symbol(names(str(one))), taken))
    return Naming(lambda one: _free(_of_family(one, names), taken))


def with_names(node: Node, naming: Naming) -> Node:
    """Return a document with these names in all its formulas."""
    return with_formulas(node, lambda formula: replace(formula, naming=naming))


def _bracketed(name: Symbol) -> Symbol:
    """Return a symbol with its layer in brackets: z[2] for z2, as the superscript of what LaTeX writes."""
    if isinstance(name, Change):
        return Change(_bracketed(name.of))
    stem, layer = layer_of(name)
    return Tensor(stem, ((f"[{layer}]", 0),)) if layer and isinstance(name, Tensor) else name


def _of_family(one: Symbol, names: Mapping[str, str]) -> Symbol | None:
    """Return the name of a symbol; a member of a family, z[l+1;], has that of the family with its superscript."""
    name = names.get(str(one)) or names.get(str(one).replace(";]", "]"))
    if name is not None:
        return _symbol(name)
    match one:
        case Tensor(stem, (_, *_) as superscript) if stem in names:
            return Tensor(names[stem], superscript)
        case Derivative(of, (Tensor(stem, (_, *_) as superscript),)) if f"∂{of}/∂{stem}" in names:
            return Tensor(names[f"∂{of}/∂{stem}"], superscript)
        case _:
            return None


def _symbol(name: str | None) -> Symbol | None:
    """Return the symbol of a name, e[l+1;] that of a member of a family."""
    if not name or isinstance(name, Tensor):
        return symbol(name) if name else None
    family, _, raised = name.partition("[")
    steps = [step_of(step) for step in raised.removesuffix(";]").split(",")] if raised.endswith(";]") else [None]
    superscript = tuple([step for step in steps if step is not None])
    return Tensor(family, superscript) if len(superscript) == len(steps) and family else symbol(name)


def _free(name: Symbol | None, taken: Collection[str]) -> Symbol | None:
    stem = name.name if isinstance(name, Tensor) else name
    return None if name is None or name in taken or stem in taken else name


def _textbook(one: Symbol) -> Symbol | None:
    """Return δ for the derivative of the cost by a weighted input z."""
    match one:
        case Derivative(_, (Tensor(name, (_, *_) as superscript),)) if name == "z":
            return Tensor("δ", superscript)
        case Derivative(_, (by,)) if layer_of(by)[0] == "z":
            return Tensor(f"δ{layer_of(by)[1]}")
        case _:
            return None


def _ng(one: Symbol) -> Symbol | None:
    """Return dW for the derivative of the cost by W."""
    match one:
        case Derivative(_, (Tensor(name, (_, *_) as superscript),)):
            return Tensor(f"d{name}", superscript)
        case Derivative(_, (by,)) if not isinstance(by, Derivative):
            return Change(by)
        case _:
            return None


PRESETS: Mapping[str, Naming] = {
    "plain": Naming(lambda _: None),
    "textbook": Naming(_textbook),
    "ng": Naming(_ng, brackets=True),
}
