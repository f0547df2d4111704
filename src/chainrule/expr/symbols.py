"""Symbols: what tensors are called, as data.

A symbol is a str, the text it is written as, so that it is a key, a name in a file and a word in a message like any
other; it is equal to that text and has its hash. Its parts are fields: what is differentiated by what is asked of a
`Derivative`, never of its text. Text becomes symbols where notation is read; `symbol` makes one of a plain name.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final, NoReturn, Self, TypeAlias, TypeVar

Steps: TypeAlias = tuple[tuple[str, int], ...]
"""A superscript, step by step: each is a letter, or "" for none, and what is added to it. (("l", 1),) is l+1."""

_ORDERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_STEP = re.compile(r"(?P<letter>[^\W\d_]\w*)?(?P<shift>(?<=\w)[+-]\d{1,9}|^-?\d{1,9})?")


class _Text(str):
    """The text of a symbol, which cannot be changed, nor can the fields beside it.

    `structure` tells symbols of one text apart: dz may be a tensor of that name, or the change of z.
    """

    __slots__ = ("structure",)
    structure: object

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a symbol cannot be changed: {self}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a symbol cannot be changed: {self}")


T = TypeVar("T", bound=_Text)


def _with(text: T, **fields: object) -> T:
    for name, value in fields.items():
        object.__setattr__(text, name, value)
    return text


class Tensor(_Text):
    """A tensor by its name, z1, or one member of a family of them by its superscript, z[l+1;].

    >>> Tensor("z1"), Tensor("z", (("l", 1),)), Tensor("h", (("t", 0), ("", 2)))
    ('z1', 'z[l+1;]', 'h[t,2;]')
    """

    __slots__ = ("name", "superscript")
    __match_args__ = ("name", "superscript")
    name: str
    superscript: Steps

    def __new__(cls, name: str, superscript: Steps = ()) -> Self:
        """Make it of a plain name, which is not empty and does not begin with ∂."""
        name = str(name)
        assert name, "a tensor has a name: where there is none stands NO_TENSOR"
        assert name[:1] != "∂", f"{name} is no plain name: make it a Derivative"
        steps = f"[{steps_text(superscript)};]" if superscript else ""
        return _with(super().__new__(cls, name + steps), name=name, superscript=superscript, structure=superscript)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Tensor, (self.name, self.superscript)) if self else (symbol, ("",))


NO_TENSOR = _with(str.__new__(Tensor, ""), name="", superscript=(), structure=())
"""What stands where no tensor is named, as the cost of a system that has none; it is false."""


class Derivative(_Text):
    """The derivative of a tensor by others, a tensor with the axes of all of them: ∂C/∂z, ∂²C/∂z∂w.

    `along` are letters of leading axes that several of them have and that stand for one: ∂C[n]/∂z, whose entries are
    ∂C[n]/∂z[n,j], is the derivative of each sample's C by the z of that sample. Its axes are n, then all others.

    >>> Derivative("C", "z"), Derivative("C", "z", "w"), Derivative("C", "z", along=("n",))
    ('∂C/∂z', '∂²C/∂z∂w', '∂C[n]/∂z')
    """

    __slots__ = ("along", "of", "wrt")
    __match_args__ = ("of", "wrt", "along")
    of: Symbol
    wrt: tuple[Symbol, ...]
    along: tuple[str, ...]

    def __new__(cls, of: str, *wrt: str, along: tuple[str, ...] = ()) -> Self:
        """Make it of symbols or plain names."""
        assert wrt, f"a derivative of {of} is by something"
        above, below = symbol(of), tuple(map(symbol, wrt))
        structure = ("∂", above.structure, *(w.structure for w in below), along)
        text = "/".join(_over_and_under(above, below, along))
        return _with(super().__new__(cls, text), of=above, wrt=below, along=along, structure=structure)

    @property
    def sides(self) -> tuple[str, str]:
        """What stands over the bar and what stands under it: ∂²C and ∂z∂w."""
        return _over_and_under(self.of, self.wrt, self.along)

    def __reduce__(self) -> tuple[Any, ...]:
        return _derivative, (self.of, self.wrt, self.along)


class Change(_Text):
    """How a tensor changes when what it is computed from changes: dz. A number tells it from other tensors: dz2.

    >>> Change("z"), Change("z", 2), Change(Derivative("C", "W"))
    ('dz', 'dz2', 'dC_W')
    """

    __slots__ = ("number", "of")
    __match_args__ = ("of", "number")
    of: Symbol
    number: int

    def __new__(cls, of: str, number: int = 1) -> Self:
        """Make it of a symbol or a plain name."""
        moving = symbol(of)
        text, structure = _changed(plain(moving), number), ("d", moving.structure, number)
        return _with(super().__new__(cls, text), of=moving, number=number, structure=structure)

    def __reduce__(self) -> tuple[Any, ...]:
        return Change, (self.of, self.number)


Symbol: TypeAlias = Tensor | Derivative | Change


def symbol(name: str) -> Symbol:
    """Return a symbol as it is, and a plain name as that of a tensor; "" is none."""
    if isinstance(name, _SYMBOLS):
        return name
    return Tensor(name) if name else NO_TENSOR


_SYMBOLS: Final = (Tensor, Derivative, Change)


def _over_and_under(of: Symbol, wrt: tuple[Symbol, ...], along: tuple[str, ...]) -> tuple[str, str]:
    order = str(len(wrt)).translate(_ORDERS) if len(wrt) > 1 else ""
    samples = f"[{','.join(along)}]" if along else ""
    return f"∂{order}{of}{samples}", "".join(f"∂{w}" for w in wrt)


def _derivative(of: Symbol, wrt: tuple[Symbol, ...], along: tuple[str, ...]) -> Derivative:
    return Derivative(of, *wrt, along=along)


def _changed(tensor: Tensor, number: int) -> Tensor:
    return Tensor(f"d{tensor.name}{number if number > 1 else ''}", tensor.superscript)


def steps_text(superscript: Steps) -> str:
    """Return a superscript as it is written.

    >>> steps_text((("l", 1),)), steps_text((("t", -1), ("L", 0), ("", 3)))
    ('l+1', 't-1,L,3')
    """
    return ",".join(letter + f"{shift:+d}" * bool(shift) if letter else str(shift) for letter, shift in superscript)


def step_of(text: str) -> tuple[str, int] | None:
    """Return a superscript as a letter, "" for none, and what is added to it; None for anything else.

    >>> step_of("l+1"), step_of("L"), step_of("−2"), step_of("2*l")
    (('l', 1), ('L', 0), ('', -2), None)
    """
    plain = "".join(text.split()).replace("−", "-")
    found = _STEP.fullmatch(plain) if plain else None
    return None if found is None else (found["letter"] or "", int(found["shift"] or 0))


def derivative_by(tensor: Symbol, wrt: Symbol) -> Derivative:
    """Return the derivative of a tensor, or of a derivative, by one more tensor.

    >>> derivative_by(Tensor("a"), Tensor("z")), derivative_by(Derivative("C", "W"), Tensor("b"))
    ('∂a/∂z', '∂²C/∂W∂b')
    """
    match tensor:
        case Derivative(of, lower, along):
            return Derivative(of, *lower, wrt, along=along)
        case _:
            return Derivative(tensor, wrt)


def taken_by(tensor: Symbol, of: str) -> Symbol | None:
    """Return what the first derivative of a tensor is taken by, None for any other symbol.

    >>> taken_by(Derivative("C", "z"), "C"), taken_by(Derivative("C", "z", "w"), "C"), taken_by(Tensor("z"), "C")
    ('z', None, None)
    """
    match tensor:
        case Derivative(above, (below,)) if above == of:
            return below
        case _:
            return None


def of_one_sample(tensor: Symbol) -> Symbol:
    """Return what a derivative along samples is called in the system of one sample.

    >>> of_one_sample(Derivative("C", "z", along=("n",))), of_one_sample(Tensor("z"))
    ('∂C/∂z', 'z')
    """
    match tensor:
        case Derivative(of, wrt):
            return Derivative(of, *wrt)
        case _:
            return tensor


def tensors_of(tensor: Symbol) -> tuple[Symbol, ...]:
    """Return the tensors that a symbol is made of, of a derivative what is differentiated and then what it is by."""
    return (tensor.of, *tensor.wrt) if isinstance(tensor, Derivative) else (tensor,)


def plain(tensor: Symbol) -> Tensor:
    """Return a name without ∂ for what belongs to a tensor: ∂C/∂z_largest would be a derivative by z_largest.

    >>> plain(Derivative("C", "W", "b")), plain(Tensor("z"))
    ('C_W_b', 'z')
    """
    match tensor:
        case Tensor():
            return tensor
        case Change(of, number):
            return _changed(plain(of), number)
        case Derivative():
            parts = [plain(part) for part in tensors_of(tensor)]
            return Tensor("_".join(part.name for part in parts), parts[-1].superscript)


def unused(wanted: str, taken: Collection[str]) -> Tensor:
    """Return a tensor of the wanted name, or of the first of wanted2, wanted3 … that is not taken.

    >>> unused("m", {"z"}), unused("m", {"m", "m2"})
    ('m', 'm3')
    """
    first = tensor = plain(symbol(wanted))
    count = 1
    while tensor in taken:
        count += 1
        tensor = Tensor(f"{first.name}{count}", first.superscript)
    return tensor


def named_after(tensor: Symbol, word: str) -> Tensor:
    """Return the name of what is named after a tensor, z_largest, with the superscript of the tensor.

    >>> named_after(Derivative("C", "z"), "largest"), named_after(Tensor("z", (("l", 0),)), "largest")
    ('C_z_largest', 'z_largest[l;]')
    """
    whole = plain(tensor)
    return Tensor(f"{whole.name}_{word}", whole.superscript)
