"""`--names`: what derivatives and tensors are called in what a command prints."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from chainrule.cli.terminal import say, show_document

if TYPE_CHECKING:
    from chainrule.families.families import Families
    from chainrule.network import Network
    from chainrule.render.document import Group, Inline, Node, Words
    from chainrule.render.printed_names import Names, Naming
    from chainrule.system.model import System

_NAMED = r"[^\W\d]\w*(?:\[[^\]\[]*\])"
_ENTRY = re.compile(rf"∂\w+(?:\[[^\]\[]*\])?/∂{_NAMED}|(?<![\w'])(?<!Σ_){_NAMED}")
"""An entry, or a derivative of one, within a sentence."""


def names_in_print(text: str, taken: Collection[str], cost: str) -> Naming:
    """Return the naming of a preset, for derivatives of the cost, or of NAME=NEW,… Raises OptionError for others."""
    from chainrule.render.printed_names import naming_of

    return naming_of(asked_names(text or "plain"), taken, cost)


def asked_names(text: str) -> Names:
    """Return a preset by its name, or the names of NAME=NEW,… Raises OptionError for another text."""
    from chainrule.errors import OptionError
    from chainrule.render.printed_names import PRESETS

    if text in PRESETS or "=" not in text:
        return text
    pairs = [pair.partition("=") for pair in text.split(",")]
    wrong = next((old for old, _, new in pairs if not (old.strip() and new.strip().isidentifier())), None)
    if wrong is not None:
        raise OptionError(f"--names {text!r} names nothing", expected="a name for each: --names ∂C/∂z2=e2,W2=V")
    return {old.strip(): new.strip() for old, _, new in pairs}


def words_of(families: Families) -> frozenset[str]:
    """Return all words in the text of families: what no derivative may be called."""
    return frozenset(re.findall(r"\w+", str(families)))


def show_named(page: Node, naming: Naming, width: int | None, form: str) -> None:
    """Print a document with these names."""
    from chainrule.render.printed_names import with_names

    show_document(with_names(page, naming), width=width, form=form)


def named_document(page: Group, text: str, of_what: Network | System | Families) -> Group:
    """Return a document with these names, as it is where none are asked for."""
    from chainrule.families.families import Families
    from chainrule.render.document import Group, Line
    from chainrule.render.printed_names import with_names
    from chainrule.system.model import System

    if not text:
        return page
    if isinstance(of_what, Families):
        taken: Collection[str] = words_of(of_what)
        cost = of_what.head.cost
    else:
        system = of_what if isinstance(of_what, System) else of_what.system
        taken, cost = [str(name).partition("[")[0] for name in system.names()], system.cost
    nodes = [Line(tuple(_entries_read(node.words))) if isinstance(node, Line) else node for node in page.nodes]
    named = with_names(replace(page, nodes=tuple(nodes)), names_in_print(text, taken, cost))
    return named if isinstance(named, Group) else page


def _entries_read(words: Words) -> Iterator[Inline]:
    """Yield words with the derivatives and entries that stand in a reason as formulas."""
    from chainrule.render.formula import ShownFormula
    from chainrule.render.laws import formula_of

    for word in words:
        if not isinstance(word, str):
            yield word
            continue
        begun = 0
        for found in _ENTRY.finditer(word):
            read = formula_of(found[0])
            yield word[begun : found.start()]
            yield ShownFormula(read.sides) if isinstance(read, ShownFormula) else read
            begun = found.end()
        yield word[begun:]


def say_named_equations(page: Group, naming: Naming) -> None:
    """Print equations with these names as one `aligned` environment of LaTeX."""
    from chainrule.render.document import Group
    from chainrule.render.formula import ShownFormula
    from chainrule.render.latex import aligned
    from chainrule.render.printed_names import with_names

    first = with_names(page.nodes[0], naming)
    formulas = [node for node in first.nodes if isinstance(node, ShownFormula)] if isinstance(first, Group) else []
    say(aligned(one.latex("&=") for one in formulas))
