"""`--names`: what derivatives and tensors are called in what a command prints."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from chainrule.cli.terminal import say, show_document

if TYPE_CHECKING:
    from chainrule.families.families import Families
    from chainrule.render.document import Group, Node
    from chainrule.render.printed_names import Naming


def names_in_print(text: str, taken: Collection[str], cost: str) -> Naming:
    """Return the naming of a preset, for derivatives of the cost, or of NAME=NEW,… Raises OptionError for another."""
    from chainrule.errors import OptionError
    from chainrule.render.printed_names import PRESETS, naming_of

    if text in PRESETS or "=" not in text:
        return naming_of(text or "plain", taken, cost)
    pairs = [pair.partition("=") for pair in text.split(",")]
    wrong = next((old for old, _, new in pairs if not (old.strip() and new.strip().isidentifier())), None)
    if wrong is not None:
        raise OptionError(f"--names {text!r} names nothing", expected="a name for each: --names ∂C/∂z2=e2,W2=V")
    return naming_of({old.strip(): new.strip() for old, _, new in pairs}, taken)


def words_of(families: Families) -> frozenset[str]:
    """Return all words in the text of families: what no derivative may be called."""
    return frozenset(re.findall(r"\w+", str(families)))


def show_named(page: Node, naming: Naming, width: int | None, form: str) -> None:
    """Print a document with these names."""
    from chainrule.render.printed_names import with_names

    show_document(with_names(page, naming), width=width, form=form)


def say_named_equations(page: Group, naming: Naming) -> None:
    """Print equations with these names as one `aligned` environment of LaTeX."""
    from chainrule.render.document import Group
    from chainrule.render.formula import ShownFormula
    from chainrule.render.latex import aligned
    from chainrule.render.printed_names import with_names

    first = with_names(page.nodes[0], naming)
    formulas = [node for node in first.nodes if isinstance(node, ShownFormula)] if isinstance(first, Group) else []
    say(aligned(one.latex("&=") for one in formulas))
