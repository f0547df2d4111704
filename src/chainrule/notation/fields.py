"""What a row of `spelling` can speak of at a place in a line: arguments, their letters, entries, products."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.notation.source import Source
from chainrule.notation.wording import (
    NAME,
    Surroundings,
    bracketed,
    entries,
    letters_in_brackets,
    product,
    renamed,
    scanned,
    spare_letter,
    tidy,
)

_LOW = re.compile("[ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ]+")
_LETTERS = str.maketrans("ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "aehijklmnoprstuvx")
WINDOW = 200
"""How many characters before and behind the place of an error are looked at."""


@dataclass(frozen=True)
class Spot:
    """A statement, cut around the place of an error, and what stands around it."""

    text: str
    place: int
    around: Surroundings
    keyword: str = ""

    @property
    def target(self) -> tuple[str, tuple[str, ...]]:
        """What stands left of the =, a name and letters, or ("", ())."""
        found = re.match(rf"\s*({NAME})\s*(\[[^\[\]]*\])?\s*=(?!=)", self.text)
        return (found[1], letters_in_brackets(found[2] or "")) if found else ("", ())


def spot_of(source: Source, place: int, keyword: str = "") -> Spot:
    """Return the line around a place of a text, without its comment."""
    start = max(source.text.rfind("\n", 0, place) + 1, place - WINDOW)
    end = source.text.find("\n", place)
    text = source.text[start : min(end if end >= 0 else len(source.text), place + WINDOW)].partition("#")[0]
    place -= start
    low = _LOW.search(text)
    while low:
        text = f"{text[: low.start()]}_{low[0].translate(_LETTERS)}{text[low.end() :]}"
        place += low.start() < place
        low = _LOW.search(text)
    return Spot(text.rstrip(), place, source.around or scanned(source.text), keyword)


def arguments_at(text: str, place: int) -> tuple[list[str], str, int]:
    """Return the arguments in the parentheses at a place, the brackets behind them, and where those end."""
    begin = re.compile(r"['′]*\s*\(").match(text, place)
    if begin is None:
        return [], "", place
    depth = 0
    start = begin.end()
    found: list[str] = []
    for end in range(begin.end(), len(text)):
        mark = text[end]
        if depth == 0 and mark in ",;)":
            found.append(text[start:end].strip())
            start = end + 1
            if mark == ")":
                trailing = re.compile(r"\s*\[[^\[\]]*\]").match(text, end + 1)
                plain = [one for one in found if not re.match(r"(?:axis|dim|keepdims?)\s*=", one)]
                return plain, trailing[0] if trailing else "", trailing.end() if trailing else end + 1
        depth += (mark in "([{") - (mark in ")]}")
    return [], "", len(text)


def argument_fields(arguments: Sequence[str], trailing: str, spot: Spot) -> dict[str, str]:
    """Return what a row can say of the arguments of a function."""
    if not arguments:
        return {}
    around = spot.around
    hint = letters_in_brackets(trailing) or spot.target[1]
    first, letters = entries(tidy(arguments[0], around), around, hint)
    bare = re.fullmatch(NAME, first.strip())
    if not letters and bare and bare[0] not in around.axes and len(arguments) == 1:
        letters = (bare[0],)  # an index alone, as in var(i)
        first = next((f"{name}[{bare[0]}]" for name, axes in around.axes.items() if axes == letters), first)
    fields = {"x": arguments[0], "y": arguments[1] if len(arguments) > 1 else "", "a": first, "cost": around.cost}
    for field, argument in zip("cd", arguments[1:], strict=False):
        fields[field] = entries(tidy(argument, around), around, letters or hint)[0]
    if letters:
        spare = spare_letter(spot.text, around)
        fields |= {"i": letters[-1], "I": ",".join(letters), "j": spare, "b": renamed(first, letters[-1], spare)}
    if len(letters) == 2:
        fields["matrix"] = first.partition("[")[0]
        fields["diagonal"] = renamed(first, letters[0], letters[1])
    if len(letters) in (1, 2) and re.fullmatch(rf"{NAME}\[[^\[\]]*\]", first):
        fields["transposed"] = f"{first.partition('[')[0]}[{','.join(letters[::-1])}]"
    fields["name"] = first.partition("[")[0]
    fields["other"] = fields.get("c", "").partition("[")[0]
    return fields | _products(arguments, spot)


def _products(arguments: Sequence[str], spot: Spot) -> dict[str, str]:
    """Return the matrix product and the outer product of two tensors named whole."""
    if len(arguments) < 2 or not all(spot.around.axes.get(argument.strip()) for argument in arguments[:2]):
        return {}
    left, right = (argument.strip() for argument in arguments[:2])
    inner = product(f"{left} {right}", spot.around)
    first, second = spot.around.axes[left], spot.around.axes[right]
    letters = spot.target[1] if len(spot.target[1]) == len(first) + len(second) else ()
    if not letters:
        spare = spare_letter(spot.text + ",".join(first + second), spot.around)
        letters = (*first, *(spare if n in first else n for n in second))
    outer = f"{left}[{','.join(letters[: len(first)])}]*{right}[{','.join(letters[len(first) :])}]"
    return {"outer": outer} | ({"product": inner[0]} if inner else {})


def match_fields(match: re.Match[str], spot: Spot) -> dict[str, str]:
    """Return what a row can say of the groups of its pattern."""
    groups = {name: tidy(text, spot.around) for name, text in match.groupdict("").items()}
    fields = {"cost": spot.around.cost, **groups}
    if groups.get("a"):
        fields = argument_fields([groups[n] for n in "acd" if groups.get(n)], "", spot) | {
            name: text for name, text in fields.items() if name not in ("a", "c", "d")
        }
    base = match.groupdict().get("x") or ""
    if spot.around.axes.get(base):
        fields["letters"] = ",".join(spot.around.axes[base])
        fields["entry"] = _entry(base, _plain(groups.get("y") or groups.get("n") or ""), spot)
    letter = re.search(r"\b(?:sum|mean|max|min|prod)\(\s*(\w+)|Σ_?\{?(\w+)", spot.text)
    found = (letter and (letter[1] or letter[2])) or next(iter(letters_in_brackets(spot.text)), "")
    fields["line"] = "" if spot.around.answer else "const"
    if "n" in groups:
        fields["n"] = _plain(groups["n"])
    shared = [n for n in letters_in_brackets(groups.get("x", "")) if n in letters_in_brackets(groups.get("y", ""))]
    fields["shared"] = ",".join(n for n in shared if n not in spot.target[1])
    bare = re.match(NAME, base)
    if bare and bare[0] in spot.around.axes:
        fields["tensor"] = groups["x"]
    if re.fullmatch(r"[\w,\s]+", groups.get("y", "")):
        fields["split"] = ",".join(n for n in groups["y"] if n.isalnum())
    return fields | ({"letter": found} if found else {})


def _entry(base: str, subscript: str, spot: Spot) -> str:
    """Return the entry that a name with a subscript means, "" if its letters are none of the line or of an axis."""
    known = {n for letters in spot.around.axes.values() for n in letters} | set(_letters_of(spot.text))
    rank = len(spot.around.axes[base])
    letters = (subscript,) if rank == 1 else tuple(subscript)
    if subscript.isalpha() and not (len(letters) == rank and known.issuperset(letters)):
        return ""
    if subscript.isdigit() and re.search(rf"(?<!\w){base}_?[0₀](?!\w)", spot.text):
        return f"{base}[{subscript}]"  # the line counts from 0
    return bracketed("", base, subscript, spot.around)


def _letters_of(text: str) -> list[str]:
    """Return the letters in the brackets and under the reductions of a line."""
    return [
        n
        for part in re.findall(r"\[[^\[\]]*\]|\b(?:sum|mean|max|min|prod)\([^()]*\)|[Σ∑]_\w+", text)
        for n in re.findall(r"(?<=[\W_])[^\W_]+", part)
    ]


def _plain(digits: str) -> str:
    """Return digits that stand high or low as digits."""
    return digits.translate(str.maketrans("²³₀₁₂₃₄₅₆₇₈₉", "230123456789"))
