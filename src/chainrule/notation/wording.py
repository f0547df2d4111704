"""Pieces of text as this notation writes them: entries for tensors named whole, sums for products of matrices.

Advice quotes what stands in a line, in letters of the line. It comes from text that may not parse, so these functions
work on text, know of tensors only the letters of their axes, and return what they were given where they know nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.expr.functions import ARITY, REDUCTIONS

NAME = r"[^\W\d_]\w*"
INNER = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
"""What can stand in parentheses, with two more levels of them."""
ATOM = (
    rf"(?:[^\W\d]\w*(?:_\{{[^{{}}]*\}})?(?:\[[^\[\]]*\])?(?:\({INNER}\))?(?:[²³]|\^\w+)?"
    rf"|\d+(?:\.\d+)?|\({INNER}\)[²³]?|[½⅓⅔¼¾])"
)
"""A factor: an entry, a call, a number, or something in parentheses."""

_WHOLE = re.compile(rf"(?:\w+(?:\[[^\[\]]*\])?(?:\({INNER}\))?|\({INNER}\))")
_BARE = re.compile(rf"(?<!\w)({NAME})(?!\w|\s*[\[(?'])|\[[^\[\]]*\]")
_TOKEN = re.compile(rf"(?:{NAME})(?:\[[^\[\]]*\])+|\d+(?:\.\d+)?|{NAME}|\s+|.", re.DOTALL)
_BRACES = re.compile(rf"({NAME}?)_\{{\s*([^{{}}]*?)\s*\}}")
_SUBSCRIPTED = re.compile(rf"(?<!\w)({NAME})_([^\W_]+)(?!\w|\s*[\[(])")
_TRANSPOSED = re.compile(r"\s*(?:\^\s*\{?[T⊤]\}?|\.T\b|['′ᵀ⊤])")
_BETWEEN = re.compile(r"[\s@*·×⋅.]+")
_SPARE = "mjklnrpq"


@dataclass(frozen=True)
class Surroundings:
    """The tensors around a text with the letters of their axes, the cost, and whether the text is an answer."""

    axes: Mapping[str, tuple[str, ...]]
    cost: str = "C"
    answer: bool = False


class Piece(str):
    """A piece of text that a template can ask for in parentheses that it needs, or without its own.

    {x:p} is for a factor, {x:t} for a term, and {x:s} takes away what stands around the whole.
    """

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        """Return the text with the parentheses that are asked for."""
        if spec == "t":
            return f"({self})" if re.search(r"[+\-−]", re.sub(rf"\({INNER}\)|\[[^\[\]]*\]", "", self)) else str(self)
        if spec == "s" and re.fullmatch(rf"\({INNER}\)", self):
            return self[1:-1]
        return str(self) if spec != "p" or _WHOLE.fullmatch(self) else f"({self})"


def scanned(text: str) -> Surroundings:
    r"""Return what a text declares and defines, as far as it shows without parsing it.

    >>> scanned("data x[i], c\nz[i] = c*x[i]").axes
    {'x': ('i',), 'c': (), 'z': ('i',)}
    """
    axes: dict[str, tuple[str, ...]] = {}
    cost = "C"
    for line in text.split("\n"):
        plain = line.partition("#")[0]
        declared = re.match(r"\s*(?:data|param|const|state|abstract)\b(.*)", plain)
        if declared:
            names = re.sub(r":\s*\w+\s*\([^()]*\)|=[^,]*|\([^()]*\)", "", declared[1])
        else:
            target = re.match(rf"\s*(cost|loss|minimize)?\s*({NAME}\s*(?:\[[^\[\]]*\])?)\s*=(?!=)", plain)
            names = target[2] if target else ""
            cost = names.strip() if target and target[1] else cost
        for name, letters in re.findall(rf"({NAME})\s*(?:\[([\w\s,]*)\])?", names):
            axes.setdefault(name, tuple(letter.strip() for letter in letters.split(",") if letter.strip()))
    return Surroundings(axes, cost)


def spare_letter(text: str, around: Surroundings) -> str:
    """Return a letter for an index that a text does not use."""
    taken = {*re.findall(r"\w+", text), *around.axes}
    return next((letter for letter in _SPARE if letter not in taken), "r2")


def renamed(text: str, old: str, new: str) -> str:
    """Return a text with a letter between brackets replaced."""
    return re.sub(r"\[[^\[\]]*\]", lambda part: re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new, part[0]), text)


def letters_in_brackets(text: str) -> tuple[str, ...]:
    """Return the letters in the first brackets of a text that hold any."""
    found = (re.findall(NAME, part) for part in re.findall(r"\[([^\[\]=<>]*)\]", text))
    return tuple(next((letters for letters in found if letters), ()))


def entries(text: str, around: Surroundings, hint: Sequence[str] = ()) -> tuple[str, tuple[str, ...]]:
    """Return a text with letters behind tensors named whole, and the letters of the first entry in it.

    Tensors of one rank get the same letters: those of the hint, of an entry that is there, or of the first of them.

    >>> entries("x - w", Surroundings({"x": ("i",), "w": ("j",)}))
    ('x[i] - w[i]', ('i',))
    """
    written = letters_in_brackets(text)
    chosen = {len(letters): tuple(letters) for letters in (written, hint) if letters}

    def entry(match: re.Match[str]) -> str:
        letters = around.axes.get(match[1] or "", ())
        if not letters:
            return match[0]
        return f"{match[1]}[{','.join(chosen.setdefault(len(letters), letters))}]"

    done = _BARE.sub(entry, text)
    return done, letters_in_brackets(done)


def tidy(text: str, around: Surroundings) -> str:
    """Return a text with subscripts in brackets, a * between factors, and parentheses around arguments.

    >>> tidy("2 w_i log x_i", Surroundings({"x": ("i",), "w": ("i",)}))
    '2*w[i]*log(x[i])'
    """
    text = re.sub(r"(?<![_^])\{([^{}]*)\}", r"(\1)", text.replace("**", "^"))
    text = _BRACES.sub(lambda m: bracketed(m[0], m[1], m[2], around), text)
    text = _SUBSCRIPTED.sub(lambda m: m[0] if m[0] in around.axes else bracketed(m[0], m[1], m[2], around), text)
    done: list[str] = []
    closing = 0
    for token in _TOKEN.findall(text):
        before = "".join(done).rstrip()
        word = re.search(r"\w+$", before)
        if token.isspace():
            done.append(token)
            continue
        starts = token[0].isalpha() or token[0].isdecimal() or token[0] in "(√Σ∑"
        if starts and word and word[0] in ARITY and token != "(":
            done[:] = [before, "("]
            closing += 1
        elif starts and _joins(before, token, around):
            done[:] = [before, "*"]
        done.append(token)
        if closing and token[0].isalnum() and token not in ARITY:
            done.append(")" * closing)
            closing = 0
    return "".join(done)


def _joins(before: str, token: str, around: Surroundings) -> bool:
    """Say whether a factor follows another without a sign between them."""
    if not before or not (before[-1].isalnum() or before[-1] in ")]½²³"):
        return False
    if re.search(rf"(?:\b(?:{'|'.join(REDUCTIONS)})\s*\([^()]*\)|[Σ∑](?:_\w+|_?\{{[^{{}}]*\}}))$", before):
        return False
    word = re.search(rf"(?<!\w){NAME}$", before)
    return not (token == "(" and word and word[0] not in around.axes)


def bracketed(whole: str, base: str, subscript: str, around: Surroundings) -> str:
    """Return a subscripted name as an entry; numbers are counted from 1 in subscripts."""
    rank = len(around.axes.get(base, ()))
    if not rank:
        return whole
    if re.fullmatch(r"[1-9]\d*", subscript):
        return f"{base}[{int(subscript) - 1}]"
    if not subscript.isalpha():
        return f"{base}[{subscript}]"
    return f"{base}[{','.join(subscript)}]" if rank == len(subscript) else whole


def product(text: str, around: Surroundings) -> tuple[str, tuple[str, ...]] | None:
    """Return a product of tensors named whole as a sum, and the letters that it leaves free; None for anything else.

    >>> product("w^T x", Surroundings({"x": ("i",), "w": ("i",)}))
    ('sum(i) w[i]*x[i]', ())
    """
    factors = _factors(text, around)
    if factors is None or len(factors) < 2:
        return None
    summed: list[str] = []
    done: list[str] = []
    free: tuple[str, ...] = ()
    outer = False
    for name, transposed in factors:
        letters = around.axes.get(name, ())
        if not letters:
            done.append(name)
            continue
        if len(letters) > 1 and transposed:
            letters = letters[::-1]
        fitted = _fitted(letters, free, outer or (len(letters) == 1 and transposed and len(free) == 1))
        if free and fitted[0] == free[-1]:
            summed.append(free[-1])
            free = (*free[:-1], *fitted[1:])
        else:
            free = (*free, *fitted)
        done.append(f"{name}[{','.join(fitted[::-1] if len(letters) > 1 and transposed else fitted)}]")
    return (f"sum({','.join(summed)}) " if summed else "") + "*".join(done), free


def fitted_to(code: str, free: Sequence[str], target: Sequence[str], line: str) -> tuple[str, tuple[str, ...]]:
    """Return a sum with the letters of what it defines, and other letters where it sums over one of these.

    >>> fitted_to("sum(i) A[i,j]*x[i]", ("j",), ("i",), "")
    ('sum(m) A[m,i]*x[m]', ('i',))
    """
    letters = dict(zip(free, target, strict=True))
    spare = (n for n in _SPARE if n not in {*re.findall(r"\w+", line), *re.findall(r"\w+", code), *target})
    for part in re.findall(r"sum\(([\w,]+)\)", code):
        for letter in part.split(","):
            letters[letter] = next(spare, "r2") if letter in target else letter
    changed = re.sub(
        r"\[[^\[\]]*\]|sum\([^()]*\)",
        lambda part: re.sub(r"(?<!\w)(?!sum\b)\w+", lambda n: letters.get(n[0], n[0]), part[0]),
        code,
    )
    return changed, tuple(target)


def _fitted(letters: Sequence[str], free: Sequence[str], outer: bool) -> tuple[str, ...]:
    """Return the letters of a factor where others are free: the first is summed over with the last of them."""
    taken = {*free}
    fitted: list[str] = []
    for number, letter in enumerate(letters):
        if number == 0 and free and not outer:
            fitted.append(free[-1])
        else:
            new = letter if letter not in taken else next(n for n in _SPARE if n not in taken and n not in letters)
            fitted.append(new)
        taken.add(fitted[-1])
    return tuple(fitted)


def _factors(text: str, around: Surroundings) -> list[tuple[str, bool]] | None:
    """Return the tensors and numbers that a text is a product of, and which are transposed; None if it is none."""
    names = sorted(around.axes, key=len, reverse=True)
    found: list[tuple[str, bool]] = []
    place = 0
    text = text.strip(" \t*@·×⋅")
    while place < len(text):
        number = re.compile(r"(?<!\w)\d+(?:\.\d+)?").match(text, place)
        name = number[0] if number else next((n for n in names if text.startswith(n, place)), "")
        if not name:
            return None
        if found and found[-1] == (name, False) and text[place - 1].isalnum():
            return None  # a word of its own rather than a square
        place += len(name)
        mark = _TRANSPOSED.match(text, place)
        found.append((name, mark is not None))
        between = _BETWEEN.match(text, mark.end() if mark else place)
        place = between.end() if between else mark.end() if mark else place
    return found if any(around.axes.get(name) is not None for name, _ in found) else None
