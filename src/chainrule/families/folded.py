"""A system whose layers repeat as `Families`: a block for layers that are equal, and L with its number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chainrule.expr.nodes import Index, Indexed
from chainrule.expr.sizes import Declared
from chainrule.expr.skeleton import places_of
from chainrule.expr.symbols import Tensor
from chainrule.families.families import Families
from chainrule.families.folding import FEWEST, Folding, folding_of
from chainrule.families.rewriting import everywhere, with_tensors
from chainrule.families.templates import Item, StepBlock
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.system.sizes.erase import erase_sizes, erased_equation


def folded(system: System) -> Families | None:
    r"""Return a system as a family for as many layers as it has; None where not three of them are equal.

    Written out it is the system again, with its tensors under their names but for what the first layer reads, which is
    a0. Axes of neighbouring layers that have one letter in the system have none in common.

    >>> from chainrule.notation import parse
    >>> text = "data x\nparam w1, w2, w3\na1 = tanh(w1*x)\na2 = tanh(w2*a1)\na3 = tanh(w3*a2)\ncost C = a3^2"
    >>> print(folded(parse(text)))
    data a[0;]
    param w[l;]
    index L = 3
    <BLANKLINE>
    for l = 1..L:
        a[l;] = tanh(w[l;]·a[l-1;])
    cost C = a[L;]^2
    """
    folding = folding_of(system, system.equations)
    if folding is None:
        return None
    items = tuple([_without_sizes(item) for item in folding.items(system.equations, FEWEST)])
    return Families(_head(folding, erase_sizes(system)), items)


def _without_sizes(item: Item) -> Item:
    if isinstance(item, StepBlock):
        return StepBlock(item.range, tuple(map(_without_sizes, item.items)))
    return erased_equation(item) if isinstance(item, Equation) else item


def _head(folding: Folding, system: System) -> System:
    """Return all that is no equation of a layer, with a line for each declared family."""
    change = everywhere(folding.member)
    labels = {i.name for d in system.declarations if d.tensor in folding.members for i in d.indices}
    last = Index(folding.last, Declared(folding.last))
    left = tuple(i for i in system.indices if i.name not in labels)
    known = {i.extent for i in left}
    return replace(
        system,
        declarations=tuple(_declarations(folding, system)),
        givens=tuple(Given(with_tensors(given.condition, change)) for given in system.givens),
        equations=(),
        cost=change(system.cost),
        updates=tuple(folding.named(erased_equation(update)) for update in system.updates),
        indices=(*left, last),
        sizes=(*((size, n) for size, n in system.sizes if size in known), (last.extent, folding.count)),
        derived=(),
    )


def _declarations(folding: Folding, system: System) -> Iterator[Declaration]:
    """Yield the declarations: those of a family in one, where its members are declared alike."""
    families: dict[str, list[Declaration]] = {}
    for declaration in system.declarations:
        if declaration.tensor in folding.members and declaration.tensor not in folding.bases:
            families.setdefault(folding.members[declaration.tensor][0], []).append(declaration)
    alike = {family: found for family, found in families.items() if _are_alike(found)}
    shown = _shown(folding, alike)
    for declaration in system.declarations:
        family, _ = folding.members.get(declaration.tensor, ("", 0))
        if family not in shown or declaration.tensor in folding.bases:
            yield _renamed(folding, declaration)
        elif declaration is families[family][0]:
            yield replace(shown[family], tensor=Tensor(family, ((folding.letter, 0),)))


def _renamed(folding: Folding, declaration: Declaration) -> Declaration:
    change = everywhere(folding.member)
    arguments = tuple([Indexed(change(one.tensor), one.indices) for one in declaration.arguments])
    return replace(declaration, tensor=change(declaration.tensor), arguments=arguments)


def _are_alike(declarations: Sequence[Declaration]) -> bool:
    """Say whether several declarations differ in the letters of their axes only."""
    kinds = {(d.role, len(d.indices), d.value, d.values, d.implied) for d in declarations}
    return len(declarations) > 1 == len(kinds) and not any(d.arguments for d in declarations)


def _shown(folding: Folding, alike: dict[str, list[Declaration]]) -> dict[str, Declaration]:
    """Return a declaration for each family whose letters tie the axes of a layer as those of each member do.

    There is none where layers differ in that.
    """
    layers: dict[int, dict[str, Declaration]] = {}
    for family, found in alike.items():
        for one in found:
            layers.setdefault(folding.members[one.tensor][1], {})[family] = one
    whole = next((layer for _, layer in sorted(layers.items()) if len(layer) == len(alike)), {})
    for layer in layers.values():
        if whole and _pattern(layer, layer) != _pattern(layer, whole):
            return {}
    return _with_short_letters(whole)


def _with_short_letters(layer: dict[str, Declaration]) -> dict[str, Declaration]:
    """Return declarations with letters without their numbers, k for k1, where they differ without them, too."""
    letters = {i.name: i.name.rstrip("0123456789") for d in layer.values() for i in d.indices}
    if len(set(letters.values())) < len(letters):
        return layer
    short = {name: Index(letter) for name, letter in letters.items()}
    return {family: replace(d, indices=tuple([short[i.name] for i in d.indices])) for family, d in layer.items()}


def _pattern(families: dict[str, Declaration], layer: dict[str, Declaration]) -> list[int]:
    letters = [index.name for family in families for index in layer[family].indices]
    places = places_of(letters)
    return [places[letter] for letter in letters]
