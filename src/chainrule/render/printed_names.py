"""What tensors are called in print: as the text of a system has it, or as a book does.

A naming is a function from symbols to symbols, applied to what is laid out already; so every form that a formula is
written in has the same names, and no pass over expressions knows of them. A name that a tensor of the system has
already is given to no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, get_args

from chainrule.errors import OptionError, listed
from chainrule.expr.symbols import Change, Derivative, Symbol, Tensor, step_of, symbol
from chainrule.render.document import Bar, Group, Heading, Inline, Line, Node, Note, Table
from chainrule.render.formula import ShownFormula
from chainrule.render.layout import Entry, Layout, Matrix, NamedSlope, Slope, Whole
from chainrule.render.names import layer_of

Names: TypeAlias = str | Mapping[str, str] | Callable[[str], str | None]
"""A preset by its name, names by what they stand for, or a function of it that returns None for what keeps its own."""
_LAYOUTS = get_args(Layout)


@dataclass(frozen=True)
class Naming:
    """What symbols are called; None where they keep their names. With `brackets` LaTeX writes a layer as z^{[2]}."""

    of: Callable[[Symbol], Symbol | None]
    brackets: bool = False

    def renamed(self, layout: Layout, *, latex: bool = False) -> Layout:
        """Return a layout with these names."""
        done: dict[int, Layout] = {}
        stack: list[tuple[Layout, bool]] = [(layout, False)]
        while stack:
            node, ready = stack.pop()
            if id(node) in done:
                continue
            named = self._named(node, latex=latex)
            if named is not None or ready:
                done[id(node)] = _with_parts(node, done) if named is None else named
                continue
            stack.append((node, True))
            stack += [(part, False) for part in _parts(node)]
        return done[id(layout)]

    def below(self, layout: Layout, *, latex: bool = False) -> Layout:
        """Return a layout that keeps its own name, with these names in it."""
        return _with_parts(layout, {id(part): self.renamed(part, latex=latex) for part in _parts(layout)})

    def _named(self, node: Layout, *, latex: bool) -> Layout | None:
        """Return an entry or a derivative that has another name, None for others."""
        match node:
            case Slope(Entry(of, ()), (Entry(by, positions, guarded),)):
                name = self.of(Derivative(of, by))
                return None if name is None else Entry(self._layered(name, latex=latex), positions, guarded)
            case NamedSlope(tensor, positions, guarded):
                name = self.of(tensor)
                return None if name is None else Entry(self._layered(name, latex=latex), positions, guarded)
            case Whole(tensor):
                name = self.of(tensor)
                return None if name is None else Whole(self._layered(name, latex=latex))
            case Entry(tensor):
                name = self.of(tensor) or tensor
                layered = self._layered(name, latex=latex)
                return node if layered is tensor else replace(node, tensor=layered)
            case _:
                return None

    def _layered(self, name: Symbol, *, latex: bool) -> Symbol:
        return _bracketed(name) if latex and self.brackets else name


def naming_of(names: Names, taken: Collection[str] = ()) -> Naming:
    """Return the naming of a preset, of a mapping or of a function; names that are `taken` are given to nothing.

    Presets are "plain", what the text of the system has; "textbook", δ for the errors ∂C/∂z; and "ng", dW for ∂C/∂W of
    every tensor, with layers as z^{[2]} in LaTeX. Raises OptionError for another.

    >>> naming_of("textbook").of(Derivative("C", "z2")), naming_of({"∂C/∂z2": "e2"}).of(Derivative("C", "z2"))
    ('δ2', 'e2')
    >>> naming_of({"z[l+1;]": "s[l+1;]"}).of(Tensor("z", (("l", 1),))).superscript
    (('l', 1),)
    """
    if isinstance(names, str):
        if names not in PRESETS:
            raise OptionError(f"there are no names {names!r}", expected=f"one of {listed(PRESETS)}")
        found = PRESETS[names]
        return Naming(lambda one: _free(found.of(one), taken), found.brackets)
    ask: Callable[[str], str | None] = names if callable(names) else names.get
    return Naming(lambda one: _free(_symbol(ask(str(one))), taken))


def with_names(node: Node, naming: Naming) -> Node:
    """Return a document with these names in all its formulas."""
    match node:
        case ShownFormula():
            return replace(node, naming=naming)
        case Heading(words) | Line(words) | Note(words):
            return replace(node, words=tuple(_inline(part, naming) for part in words))
        case Table(headings, rows, rest):
            cells = [tuple(_cell(cell, naming) for cell in line) for line in (headings, *rows, rest)]
            return replace(node, headings=cells[0], rows=tuple(cells[1:-1]), rest=cells[-1])
        case Group(nodes):
            return replace(node, nodes=tuple(with_names(part, naming) for part in nodes))
        case Bar():
            return node


def _cell(cell: Any, naming: Naming) -> Any:
    return tuple(_inline(part, naming) for part in cell) if isinstance(cell, tuple) else _inline(cell, naming)


def _inline(part: Inline, naming: Naming) -> Inline:
    return replace(part, naming=naming) if isinstance(part, ShownFormula) else part


def _bracketed(name: Symbol) -> Symbol:
    """Return a symbol with its layer in brackets: z[2] for z2, as the superscript of what LaTeX writes."""
    if isinstance(name, Change):
        return Change(_bracketed(name.of))
    stem, layer = layer_of(name)
    return Tensor(stem, ((f"[{layer}]", 0),)) if layer and isinstance(name, Tensor) else name


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


def _parts(node: Layout) -> list[Layout]:
    found: list[Layout] = []
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, _LAYOUTS):
            found.append(value)
        elif isinstance(value, tuple):
            found += [part for part in value if isinstance(part, _LAYOUTS)]
    return found


def _with_parts(node: Layout, done: Mapping[int, Layout]) -> Layout:
    """Return a node with what its parts have become."""
    if isinstance(node, Matrix):
        entry = done[id(node.matrix)]
        assert isinstance(entry, Entry), "an entry stays one"
        return replace(node, matrix=entry)
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, _LAYOUTS):
            changed[field.name] = done[id(value)]
        elif isinstance(value, tuple) and any(isinstance(part, _LAYOUTS) for part in value):
            changed[field.name] = tuple(done[id(p)] if isinstance(p, _LAYOUTS) else p for p in value)
    return replace(node, **changed) if changed else node
