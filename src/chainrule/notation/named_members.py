"""One member of a family, and one entry of it, as people name them: z[2], z[2;], z[L; 0], ∂C/∂z[2; 0], or z2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.errors import OptionError
from chainrule.expr.symbols import Symbol, Tensor, step_of
from chainrule.families.families import Families


@dataclass(frozen=True)
class MemberEntry:
    """A tensor, and the positions of an entry of it, as far as these are numbers."""

    tensor: Symbol
    entry: tuple[int, ...] = ()


def member_named(families: Families, text: str, numbers: Mapping[str, int]) -> MemberEntry:
    r"""Return the member of a family that a text names, for these numbers of steps. Raises OptionError.

    What is no member is returned as it is named: the params that all steps share, and names that are not known.

    >>> from chainrule.notation import parse
    >>> families = parse("param w\nh[0;] = w\nfor t = 1..T:\n    h[t;] = w*h[t-1;]\ncost C = h[T;]^2")
    >>> member_named(families, "∂C/∂h[T-1]", {"T": 3}).tensor, member_named(families, "h1", {"T": 3}).tensor
    ('h[2;]', 'h[1;]')
    """
    name, bracket, inside = text.rpartition("∂")[2].strip().partition("[")
    name, inside = name.strip(), inside.strip().removesuffix("]")
    before, semicolon, behind = inside.partition(";")
    ranks = {tensor.name: len(tensor.superscript) for tensor in families.tensors() if tensor.superscript}
    if not bracket or (name not in ranks and not semicolon):
        plain = {str(one): member for member, one in families.names(**numbers).items()}
        return MemberEntry(Tensor(name) if name not in plain else _tensor(plain[name]), _entry(inside))
    if not semicolon and len(before.split(",")) > ranks.get(name, 0):
        parts = before.split(",")
        before, behind = ",".join(parts[: ranks[name]]), ",".join(parts[ranks[name] :])
    steps = tuple(_number(part, text, numbers) for part in before.split(","))
    return MemberEntry(Tensor(name, tuple(("", step) for step in steps)), _entry(behind))


def _tensor(member: Symbol) -> Tensor:
    assert isinstance(member, Tensor), "a member is a tensor"
    return member


def _number(written: str, text: str, numbers: Mapping[str, int]) -> int:
    step = step_of(written)
    if step is None or (step[0] and step[0] not in numbers):
        known = ", ".join(f"{letter} = {number}" for letter, number in numbers.items())
        raise OptionError(
            f"'{text}' is of no known step",
            expected=f"a number, or a step counted from {known}: z[2; 0], z[L-1; 0]",
        )
    return (numbers[step[0]] if step[0] else 0) + step[1]


def _entry(written: str) -> tuple[int, ...]:
    parts = [part.strip() for part in written.split(",") if part.strip()]
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()
