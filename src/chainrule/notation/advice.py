"""Advice for text that cannot be read: what people write who come from elsewhere, in the letters of their line.

`spelling` has the rows; here one is found for a place in a line and filled in. Nothing is repaired: what is advised is
text that can be written there instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from chainrule.errors import NotationError
from chainrule.expr.functions import ARITY
from chainrule.notation.reductions import reduction_advice
from chainrule.notation.source import KEYWORDS, Source, Statement
from chainrule.notation.spelling import ENTRIES, FUNCTIONS, LAST, NAMES, SYNTAX, TRANSPOSED, WHOLE, Spelling
from chainrule.notation.statement_advice import opening_advice
from chainrule.notation.wording import (
    ATOM,
    NAME,
    Piece,
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

RESERVED = frozenset(
    (
        *KEYWORDS,
        "sum",
        "mean",
        "max",
        "min",
        "prod",
        "onehot",
        "where",
        "extent",
        "and",
        "or",
        "not",
        "pi",
        "det",
        "inv",
    )
)
"""Words of the notation; nothing else can have them as its name."""

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
    return Spot(text.rstrip(), place - start, source.around or scanned(source.text), keyword)


def syntax_advice(spot: Spot) -> str:
    """Return a sentence for a statement that cannot be read at a place, or "".

    >>> syntax_advice(Spot("z[j] = 2x[j]", 8, Surroundings({})))
    'Between factors stands a *: 2*x[j]'
    >>> syntax_advice(Spot("params x[i]", 7, Surroundings({})))
    'Did you mean param?'
    """
    return (
        opening_advice(spot.text, spot.place, spot.keyword, spot.around)
        or _module_advice(spot)
        or _call_around(spot)
        or reduction_advice(spot.text, spot.place, spot.around)
        or _row_advice(SYNTAX, spot)
        or matrix_advice(spot)
        or _row_advice(TRANSPOSED, spot)
        or _juxtaposed(spot)
        or _row_advice(LAST, spot)
    )


def name_advice(spot: Spot) -> str:
    """Return a sentence for a name that stands for nothing, or ""."""
    return matrix_advice(spot) or _row_advice(NAMES, spot) or _row_advice(TRANSPOSED, spot)


def entry_advice(spot: Spot) -> str:
    """Return a sentence for an entry of a tensor that is not there, or ""."""
    return _row_advice(ENTRIES, spot)


def rank_advice(spot: Spot) -> str:
    """Return a sentence for a tensor that is named whole where an entry is expected, or ""."""
    return matrix_advice(spot) or _row_advice(WHOLE, spot)


def call_advice(name: str, spot: Spot) -> str:
    """Return a sentence for a function that is not known, with the arguments that it has at the place, or "".

    >>> call_advice("log10", Spot("q = log10(t)", 4, Surroundings({"t": ()})))
    'log is the natural logarithm; to base 10 it is log(t)/log(10)'
    """
    arguments, trailing, end = _arguments(spot.text, spot.place + len(name))
    key = name.lower().replace("_", "")
    if key in ARITY and key != name:
        return f"Write {key}({', '.join(arguments)})"
    fields = argument_fields(arguments, trailing, spot)
    rows = [row for row in FUNCTIONS if key in row.written.split()]
    for row in rows:
        if len(arguments) == _arity(row):
            filled = _filled(row, fields)
            if filled:
                return _equation(filled, row, spot, fields, end)
    return next((said for row in rows for said in (_filled(row, fields),) if said and not _arity(row) > 1), "")


def tensor_call_advice(name: str, spot: Spot) -> str:
    """Return what to say of a tensor with parentheses behind it: an entry, or a product."""
    arguments, _, _ = _arguments(spot.text, spot.place + len(name))
    rank = len(spot.around.axes.get(name, ()))
    if rank and len(arguments) == rank:
        return f"Its entries stand in square brackets, {name}[{','.join(arguments)}]"
    if rank == 0 and len(arguments) == 1:
        return f"Between factors stands a *: {name}*({arguments[0]})"
    return f"Its entries stand in square brackets, {name}[…]; a product has a *."


def row_advice(spot: Spot) -> str:
    """Return the sentence of the row for a place that could be read, or ""."""
    return _row_advice(SYNTAX, spot)


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


def _arity(row: Spelling) -> int:
    """Return how many arguments a row speaks of."""
    fields = {field for _, field, _, _ in Formatter().parse(row.code) if field}
    return 3 if "d" in fields else 2 if fields & {"c", "y", "product", "outer"} else 1


def _filled(row: Spelling, fields: Mapping[str, str]) -> str:
    """Return the sentence of a row, or "" if it speaks of something that is not there."""
    pieces = {name: Piece(value.strip()) for name, value in fields.items() if value}
    try:
        code = row.code.format_map(pieces)
        return row.says.format_map(pieces | {"code": Piece(code)})
    except KeyError:
        return ""


def _equation(said: str, row: Spelling, spot: Spot, fields: Mapping[str, str], end: int) -> str:
    """Return a sentence with the whole equation where its left side lacks the letters of its right side."""
    name, letters = spot.target
    whole = name and not letters and not spot.text[end:].strip() and spot.text[: spot.place].rstrip().endswith("=")
    code = _filled(Spelling("", row.code, "{code}"), fields)
    if "{transposed}" in row.code and whole:
        return said.replace(code, f"{name}[{fields['I']}] = {code}")
    reduced = re.search(r"\b(?:sum|mean|max|min)\(", code)
    before = code[: reduced.start()] if reduced else code
    free = dict.fromkeys(n for part in re.findall(r"\w\[([^\[\]]*)\]", before) for n in re.findall(NAME, part))
    return said.replace(code, f"{name}[{','.join(free)}] = {code}") if whole and free else said


def _row_advice(rows: Sequence[Spelling], spot: Spot) -> str:
    """Return the sentence of the first row whose pattern reaches over the place and that can be filled in."""
    for row in rows:
        for match in _compiled(row.written).finditer(spot.text):
            if match.start() <= spot.place < match.end() or spot.place == match.end() == len(spot.text):
                filled = _filled(row, match_fields(match, spot))
                if filled:
                    return filled
    return ""


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


def _module_advice(spot: Spot) -> str:
    """Return what to say of np.exp(x), torch.relu(x), x.sum(), W.T: no name has parts with a point between them."""
    for match in _MODULE.finditer(spot.text):
        if match.start() <= spot.place <= match.end():
            inner = Spot(_MODULE.sub("", spot.text), match.start(), spot.around, spot.keyword)
            name = match["function"]
            arguments, _, end = _arguments(inner.text, inner.place + len(name))
            if name in ARITY and len(arguments) == ARITY[name]:
                return f"Functions stand without a module: {inner.text[inner.place : end]}"
            return call_advice(name, inner) or reduction_advice(inner.text, inner.place, inner.around)
    for match in _METHOD.finditer(spot.text):
        if match.start() <= spot.place <= match.end():
            call = f"{match['function']}({', '.join(part for part in (match['x'], match['rest']) if part)})"
            inner = Spot(spot.text[: match.start()] + call + spot.text[match.end() :], match.start(), spot.around)
            return call_advice(match["function"], inner) or reduction_advice(inner.text, inner.place, inner.around)
    return ""


def _call_around(spot: Spot) -> str:
    """Return what to say where the place is within max(a, b), or within the arguments of another function."""
    for match in _EXTREMUM.finditer(spot.text):
        arguments, _, end = _arguments(spot.text, match.end())
        if match.start() <= spot.place <= end and len(arguments) > 1:
            return call_advice(match[0], Spot(spot.text, match.start(), spot.around))
    for match in _KEYWORDS_OF_CLIP.finditer(spot.text):
        if match.start() <= spot.place <= match.end():
            return f"Arguments stand in their order: clip({match['x']}, {match['y']}, {match['z']})"
    return ""


def matrix_advice(spot: Spot) -> str:
    """Return the sum that a product of tensors named whole is, if the place is within one."""
    start = max((m.end() for m in _EDGE.finditer(spot.text, 0, spot.place)), default=0)
    edge = _EDGE.search(spot.text, spot.place)
    term = spot.text[start : edge.start() if edge else len(spot.text)]
    found = product(term, spot.around)
    if found is None:
        return ""
    entrywise, letters = entries(term.strip(), spot.around, spot.target[1])
    same = (
        re.fullmatch(r"[\w\s*]+", term)
        and "*" in term
        and len({len(spot.around.axes.get(n, ())) for n in re.findall(NAME, term)}) == 1
        and letters
    )
    if same and spot.target[1] == letters:
        return f"Products are of entries: {entrywise}"
    if "sum(" not in found[0]:
        return f"Between factors stands a *: {found[0]}"
    return f"Write the sum out: {found[0]}" + (f"; a product of entries is {entrywise}" if same else "")


def _juxtaposed(spot: Spot) -> str:
    """Return what to say of factors without a sign between them."""
    if not re.search(r"[\w)\]}½⅓⅔¼¾'′²³]\s*$", spot.text[: spot.place]) or not _FACTOR.match(spot.text, spot.place):
        return ""
    before = re.search(rf"{ATOM}\s*$", spot.text[: spot.place])
    after = re.compile(ATOM).match(spot.text, spot.place)
    if (after and after[0] in RESERVED) or (before and before[0].strip() in RESERVED):
        return ""
    if before is None or after is None:
        return "Between factors stands a *: 2*x, a*(b + c)"
    return f"Between factors stands a *: {tidy(before[0].strip(), spot.around)}*{tidy(after[0], spot.around)}"


def _arguments(text: str, place: int) -> tuple[list[str], str, int]:
    """Return the arguments in the parentheses at a place, the brackets behind them, and where those end."""
    begin = re.compile(r"['′]*\s*\(").match(text, place)
    if begin is None:
        return [], "", place
    depth = 0
    start = begin.end()
    found: list[str] = []
    for end in range(begin.end(), len(text)):
        mark = text[end]
        if depth == 0 and mark in ",)":
            found.append(text[start:end].strip())
            start = end + 1
            if mark == ")":
                trailing = re.compile(r"\s*\[[^\[\]]*\]").match(text, end + 1)
                plain = [one for one in found if not re.match(r"(?:axis|dim|keepdims?)\s*=", one)]
                return plain, trailing[0] if trailing else "", trailing.end() if trailing else end + 1
        depth += (mark in "([{") - (mark in ")]}")
    return [], "", len(text)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)  # re keeps what it has compiled


def refused_words(source: Source, statement: Statement) -> NotationError:
    """Return the error for a statement that the notation does not have yet."""
    position = statement.offset - len(statement.keyword)
    return not_yet(source, "families of equations, 'for l = 1..L:',", position)


def not_yet(source: Source, construct: str, position: int, advice: str = "") -> NotationError:
    """Return the error for a construct that has its place in the notation but is not there yet."""
    verb = "are" if construct.startswith(("families", "integer", "bounded", "typed")) else "is"
    return source.error(f"{construct} {verb} not part of the notation yet", position, advice=advice)


_MODULE = re.compile(
    r"(?<![\w.])(?:(?:np|numpy|jnp|jax|torch|tf|math|nn|F|K|sp|scipy|special|keras|functional|activations|linalg)\s*\.\s*)+"
    rf"(?=(?P<function>{NAME})\s*\()"
)
_METHOD = re.compile(rf"(?<![\w.])(?P<x>{NAME}(?:\[[^\[\]]*\])?)\s*\.\s*(?P<function>{NAME})\s*\((?P<rest>[^()]*)\)")
_EXTREMUM = re.compile(r"\b(?:max|min)(?=\s*\()")
_KEYWORDS_OF_CLIP = re.compile(
    r"\b(?:clip|clamp)\s*\((?P<x>[^,=]+),\s*\w+\s*=\s*(?P<y>[^,=]+),\s*\w+\s*=\s*(?P<z>[^,=()]+)\)"
)
_EDGE = re.compile(r"[+\-−()\[\]=/,<>|]")
_FACTOR = re.compile(r"(?![⁰¹²³⁴-⁹])[^\W\d_]|[(√Σ∑∂½0-9]")
