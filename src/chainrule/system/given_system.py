"""The check of what is given where a system is expected: text, a file's name and a network are what people try."""

from __future__ import annotations

from os import PathLike

from chainrule.errors import OptionError
from chainrule.system.model import System


def check_system(value: object, *others: type, expected: str = "a system") -> None:
    """Raise OptionError unless this is a system, or of one of the `others`; the advice says how to get one.

    >>> check_system("a = b")
    Traceback (most recent call last):
        ...
    chainrule.errors.OptionError: a str is given for a system
      a system
      Text becomes a system by cr.parse(text).
    """
    if isinstance(value, (System, *others)):
        return
    kind = type(value).__name__
    raise OptionError(
        f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind} is given for a system",
        expected=expected,
        advice=_advice(value, kind),
    )


def _advice(value: object, kind: str) -> str:
    if isinstance(value, PathLike) or (isinstance(value, str) and value.endswith(".eq") and "\n" not in value):
        return f"Read the file: cr.parse(Path({str(value)!r}).read_text())"
    if isinstance(value, str):
        return "Text becomes a system by cr.parse(text)."
    letters = getattr(value, "letters", ())
    if kind == "Families" and letters:
        return f"Write it out for a number of steps: families.at({letters[0]}=3)"
    # A network, a backward pass and a compiled function keep the system that they are made of.
    parts = [part for part in ("wrt", "system") if part in vars(type(value)) or part in getattr(value, "__dict__", {})]
    if "wrt" in parts and isinstance(getattr(value, "forward", None), System):
        return "Give the system that it is derived from: its .forward"
    if "system" in parts and isinstance(getattr(value, "system", None), System):
        return f"Give its system: {kind.lower()}.system"
    return ""
