"""What a short text names: a tensor, z1, or a derivative, ∂C/∂z1; positions behind it are left out.

For names that people give, on the command line or as an argument; what is in a system is read by the converter.
"""

from __future__ import annotations

from collections.abc import Mapping

from lark import Token, Tree

from chainrule.errors import NotationError
from chainrule.expr.symbols import Derivative, Symbol, Tensor, step_of
from chainrule.notation.source import read_source, split
from chainrule.notation.superscripts import family_of, steps_in
from chainrule.notation.syntax import parse_statement
from chainrule.notation.trees import subtrees, token_of
from chainrule.system.model import System


def named_symbol(text: str) -> Symbol | None:
    """Return the tensor or derivative that a text names, None if it names neither.

    >>> named_symbol("∂C/∂z1[3]"), named_symbol("∂²C/∂z∂w"), named_symbol("W2[k,j]"), named_symbol("a + b")
    ('∂C/∂z1', '∂²C/∂z∂w', 'W2', None)
    >>> named_symbol("∂C/∂z[l+1; k]"), named_symbol("z[L;]")
    ('∂C/∂z[l+1;]', 'z[L;]')
    """
    try:
        source = read_source(text)
        statements = split(source)
        trees = subtrees(parse_statement(source, statements[0], "expression")) if len(statements) == 1 else []
    except NotationError:
        return None
    match trees[0] if trees else None:
        case Tree(data="entry" | "subscripted") as tree:
            return _tensor(tree)
        case Tree(data="derivative") as tree:
            return Derivative(_tensor(tree), *(_tensor(part) for part in subtrees(tree) if part.data == "by"))
        case _:
            return None


def _tensor(tree: Tree[Token]) -> Tensor:
    family = family_of(tree)
    return Tensor(str(token_of(tree, "NAME")), (steps_in(family) or ()) if family is not None else ())


def asked_tensor(text: str, system: System) -> str:
    r"""Return the tensor of a system that somebody asks for: by its name, by an entry, or by a derivative by it.

    A superscript may be left out where only one tensor has the name. What names none comes back as it is.

    >>> from chainrule.notation import parse
    >>> system = parse("param z[L; j]\ncost C = sum(j) z[L; j]^2")
    >>> [asked_tensor(text, system) for text in ("z", "z[L]", "z[L; j]", "∂C/∂z", "∂C/∂z[L; j]", "u")]
    ['z[L;]', 'z[L;]', 'z[L;]', 'z[L;]', 'z[L;]', 'u']
    """
    known = {str(name): name for name in system.names()}
    if text in known:
        return known[text]
    named = named_symbol(text)
    if named is None:
        return text
    tensor = named.wrt[-1] if isinstance(named, Derivative) else named
    return known[tensor] if tensor in known else _of_family(text, str(tensor), known)


def _of_family(text: str, tensor: str, known: Mapping[str, Symbol]) -> str:
    """Return the tensor with a superscript that a text means, which has another tensor's name or leaves it out."""
    stem, _, inside = text.rpartition("∂")[2].strip().partition("[")
    written = tuple(step_of(part) for part in inside.rstrip("] ").partition(";")[0].split(",")) if inside else ()
    steps = tuple(step for step in written if step is not None)
    named = str(Tensor(stem, steps)) if stem.isidentifier() and written == steps else ""
    if named in known:
        return known[named]
    alike = [one for one in known.values() if isinstance(one, Tensor) and one.name == stem]
    entry = ";" not in inside and written == steps and all(letter and not shift for letter, shift in steps)
    if len(alike) == 1 and entry:
        return alike[0]
    return text if alike else tensor
