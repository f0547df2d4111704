"""A system whose layers repeat as `Families`: a block for layers that are equal, and L with its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chainrule.expr.binding import map_operands
from chainrule.expr.nodes import Expr, ExtentValue, Index, Indexed, Reduce, walk
from chainrule.expr.sizes import UNINFERRED, Declared
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
    plain = erase_sizes(system)
    declarations = _declarations(folding, plain)
    if declarations is None:
        return None
    items = folding.items(system.equations, FEWEST)
    head = replace(_head(folding, plain), declarations=declarations)
    if not all(_sizes_have_letters(item, head.indices) for item in items):
        return None
    return Families(head, tuple(map(_without_sizes, items)))


def _sizes_have_letters(item: Item, declared: Sequence[Index]) -> bool:
    """Say whether each extent(j) is that of an index, of the equation or declared; none is that of a tensor's axis."""
    if isinstance(item, StepBlock):
        return all(_sizes_have_letters(one, declared) for one in item.items)
    if not isinstance(item, Equation):
        return True
    parts = list(walk(item.value))
    bound = (i for part in parts if isinstance(part, Reduce) for i in part.indices)
    known = {(i.preferred, i.extent) for i in (*item.indices, *bound, *declared)}
    return all((part.letter, part.extent) in known for part in parts if isinstance(part, ExtentValue))


def _without_sizes(item: Item) -> Item:
    if isinstance(item, StepBlock):
        return StepBlock(item.range, tuple(map(_without_sizes, item.items)))
    if not isinstance(item, Equation):
        return item
    plain = erased_equation(item)
    return Equation(plain.target, _with_letters_of_sizes(plain.value))


def _with_letters_of_sizes(node: Expr) -> Expr:
    """Return an expression in which each extent(j) is that of the letter j, as it is read."""
    if isinstance(node, ExtentValue):
        return ExtentValue(UNINFERRED, node.letter)
    return map_operands(node, _with_letters_of_sizes)


def _head(folding: Folding, system: System) -> System:
    """Return all that is neither an equation of a layer nor declared."""
    change = everywhere(folding.member)
    labels = {i.name for d in system.declarations if d.tensor in folding.members for i in d.indices}
    last = Index(folding.last, Declared(folding.last))
    left = tuple(i for i in system.indices if i.name not in labels)
    known = {i.extent for i in left}
    return replace(
        system,
        declarations=(),
        givens=tuple(Given(with_tensors(given.condition, change)) for given in system.givens),
        equations=(),
        cost=change(system.cost),
        updates=tuple(folding.named(erased_equation(update)) for update in system.updates),
        indices=(*left, last),
        sizes=(*((size, n) for size, n in system.sizes if size in known), (last.extent, folding.count)),
        derived=(),
    )


def _declarations(folding: Folding, system: System) -> tuple[Declaration, ...] | None:
    """Return the declarations, those of a family as one; None where its members are not declared alike."""
    families: dict[str, list[Declaration]] = {}
    for declaration in system.declarations:
        if declaration.tensor in folding.members and declaration.tensor not in folding.bases:
            families.setdefault(folding.members[declaration.tensor][0], []).append(declaration)
    several = {family: found for family, found in families.items() if len(found) > 1}
    shown = _shown(folding, several) if all(map(_are_alike, several.values())) else {}
    if shown.keys() != several.keys():
        return None
    first = {found[0].tensor: family for family, found in several.items()}
    rest = {one.tensor for found in several.values() for one in found[1:]}
    written = []
    for declaration in system.declarations:
        if declaration.tensor in first:
            family = first[declaration.tensor]
            written.append(replace(shown[family], tensor=Tensor(family, ((folding.letter, 0),))))
        elif declaration.tensor not in rest:
            written.append(_renamed(folding, declaration))
    return tuple(written)


def _renamed(folding: Folding, declaration: Declaration) -> Declaration:
    change = everywhere(folding.member)
    arguments = tuple([Indexed(change(one.tensor), one.indices) for one in declaration.arguments])
    return replace(declaration, tensor=change(declaration.tensor), arguments=arguments)


def _are_alike(declarations: Sequence[Declaration]) -> bool:
    """Say whether declarations differ in the letters of their axes only."""
    kinds = {(d.role, len(d.indices), d.value, d.values, d.implied) for d in declarations}
    return len(kinds) == 1 and not any(d.arguments for d in declarations)


def _shown(folding: Folding, several: dict[str, list[Declaration]]) -> dict[str, Declaration]:
    """Return a declaration for each family whose letters tie the axes of a layer as those of each member do.

    There is none where layers differ in that.
    """
    layers: dict[int, dict[str, Declaration]] = {}
    for family, found in several.items():
        for one in found:
            layers.setdefault(folding.members[one.tensor][1], {})[family] = one
    whole = next((layer for _, layer in sorted(layers.items()) if len(layer) == len(several)), {})
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
