"""Advice for text that cannot be read: what people write who come from elsewhere, in the letters of their line.

`spelling` has the rows; here one is found for a place in a line and filled in. Nothing is repaired: what is advised is
text that can be written there instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from string import Formatter

from chainrule.expr.functions import ARITY, REDUCTIONS
from chainrule.notation.fields import Spot, argument_fields, arguments_at, match_fields
from chainrule.notation.functions_elsewhere import FUNCTIONS
from chainrule.notation.reductions import reduction_advice
from chainrule.notation.source import KEYWORDS
from chainrule.notation.spelling import ENTRIES, LAST, NAMES, SYNTAX, TRANSPOSED, WHOLE, Spelling
from chainrule.notation.statement_advice import opening_advice
from chainrule.notation.wording import (
    ATOM,
    INNER,
    NAME,
    Piece,
    entries,
    fitted_to,
    product,
    renamed,
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

_REDUCTION = re.compile(rf"(?:{'|'.join(REDUCTIONS)})_\w")
"""A reduction with its index written low, sum_k(z[k])."""


def syntax_advice(spot: Spot) -> str:
    """Return a sentence for a statement that cannot be read at a place, or "".

    >>> from chainrule.notation.wording import Surroundings
    >>> syntax_advice(Spot("z[j] = 2x[j]", 8, Surroundings({})))
    'Between factors stands a *: 2*x[j]'
    >>> syntax_advice(Spot("params x[i]", 7, Surroundings({})))
    'Write param x[i]'
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

    >>> from chainrule.notation.wording import Surroundings
    >>> call_advice("log10", Spot("q = log10(t)", 4, Surroundings({"t": ()})))
    'log is the natural logarithm; to base 10 it is log(t)/log(10)'
    """
    summed = reduction_advice(spot.text, spot.place, spot.around) if _REDUCTION.fullmatch(name) else ""
    told = _traced(spot) or summed
    if told:
        return told
    arguments, trailing, end = arguments_at(spot.text, spot.place + len(name))
    key = name.lower().replace("_", "")
    base, _, letter = name.lower().rpartition("_")
    if base == "log" and letter != "e" and re.fullmatch(r"\d+|\w", letter):
        key, arguments = base, [*arguments, letter]  # log_2(t)
    elif len(letter) == 1 and any(base in row.written.split() for row in FUNCTIONS):
        key, trailing = base, trailing or f"[{letter}]"  # softmax_k(z)
    if key in ARITY and key != name and len(arguments) == ARITY[key]:
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
    arguments, _, _ = arguments_at(spot.text, spot.place + len(name))
    rank = len(spot.around.axes.get(name, ()))
    if rank and len(arguments) == rank:
        return f"Its entries stand in square brackets, {name}[{','.join(arguments)}]"
    if rank == 0 and len(arguments) == 1:
        return f"Between factors stands a *: {name}*({arguments[0]})"
    return f"Its entries stand in square brackets, {name}[…]; a product has a *."


def row_advice(spot: Spot) -> str:
    """Return the sentence of the row for a place that could be read, or ""."""
    return _row_advice(SYNTAX, spot)


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
        if row.needs and not any(sign in spot.text for sign in row.needs):
            continue
        for match in _compiled(row.written).finditer(spot.text):
            if match.start() <= spot.place < match.end() or spot.place == match.end() == len(spot.text):
                filled = _filled(row, match_fields(match, spot))
                if filled:
                    return filled
    return ""


def _module_advice(spot: Spot) -> str:
    """Return what to say of np.exp(x), torch.relu(x), x.sum(), W.T: no name has parts with a point between them."""
    for match in _MODULE.finditer(spot.text):
        if match.start() <= spot.place <= match.end():
            inner = Spot(_MODULE.sub("", spot.text), match.start(), spot.around, spot.keyword)
            name = match["function"]
            arguments, _, end = arguments_at(inner.text, inner.place + len(name))
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
        arguments, _, end = arguments_at(spot.text, match.end())
        if match.start() <= spot.place <= end and len(arguments) > 1:
            return call_advice(match[0], Spot(spot.text, match.start(), spot.around))
    for match in _BASE.finditer(spot.text):
        if match.start() <= spot.place <= match.end():
            name = f"log_{match['n']}"
            return call_advice(name, Spot(name + spot.text[match.end() :], 0, spot.around))
    for match in _SUBSCRIPTED.finditer(spot.text):
        if match.start() <= spot.place <= match.end():
            text = f"{spot.text[: match.end('x')]}[{match['n']}]{spot.text[match.end() :]}"
            return call_advice(match["f"], Spot(text, match.start(), spot.around))
    traced = _traced(spot)
    if traced:
        return traced
    for match in _KEYWORDS_OF_CLIP.finditer(spot.text):
        if match.start() <= spot.place <= match.end():
            return f"Arguments stand in their order: clip({match['x']}, {match['y']}, {match['z']})"
    return ""


def _traced(spot: Spot) -> str:
    """Return the trace of a product of matrices named whole, if the place is within one."""
    for match in _TRACE.finditer(spot.text):
        found = product(match["x"], spot.around) if match.start() <= spot.place <= match.end() else None
        if found and len(found[1]) == 2:
            first, second = found[1]
            return f"A trace is written out: sum({first}) {renamed(found[0], second, first)}"
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
    if spot.target[1] and len(spot.target[1]) == len(found[1]):
        found = fitted_to(found[0], found[1], spot.target[1], spot.text)
    if "sum(" not in found[0]:
        divided = spot.text[:start].endswith("/")
        return "Between factors stands a *: " + (
            f"/{found[0]}, or /({found[0]}) if both divide" if divided else found[0]
        )
    return f"Write the sum out: {found[0]}" + (f"; a product of entries is {entrywise}" if same else "")


def _juxtaposed(spot: Spot) -> str:
    """Return what to say of factors without a sign between them."""
    defined = spot.around.answer or spot.keyword == "given" or "=" in spot.text[: spot.place]
    if not defined or spot.keyword in ("data", "param", "index", "batch", "abstract"):
        return ""
    if not re.search(r"[\w)\]}½⅓⅔¼¾'′²³]\s*$", spot.text[: spot.place]) or not _FACTOR.match(spot.text, spot.place):
        return ""
    before = re.search(rf"{ATOM}\s*$", spot.text[: spot.place])
    after = re.compile(ATOM).match(spot.text, spot.place)
    if _WORDS.intersection(part[0].strip() for part in (before, after) if part):
        return ""
    if before is None or after is None:
        return "Between factors stands a *: 2*x, a*(b + c)"
    first, second = tidy(before[0].strip(), spot.around), tidy(after[0], spot.around)
    if spot.text[: before.start()].rstrip().endswith("/"):
        return f"Between factors stands a *: /{first}*{second}, or /({first}*{second}) if both divide"
    return f"Between factors stands a *: {first}*{second}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_MODULE = re.compile(
    r"(?<![\w.])(?:(?:np|numpy|jnp|jax|torch|tf|math|nn|F|K|sp|scipy|special|keras|functional|activations|linalg)\s*\.\s*)+"
    rf"(?=(?P<function>{NAME})\s*\()"
)
_METHOD = re.compile(
    rf"(?<![\w.])(?P<x>{NAME}(?:\[[^\[\]]*\])?|\({INNER}\))\s*\.\s*(?P<function>{NAME})\s*\((?P<rest>[^()]*)\)"
)
_EXTREMUM = re.compile(r"\b(?:max|min)(?=\s*\()")
_BASE = re.compile(r"\b[Ll]og_\{(?P<n>\w+)\}")
_SUBSCRIPTED = re.compile(rf"(?<!\w)(?P<x>(?P<f>{NAME})\({INNER}\))_\{{?(?P<n>\w)\}}?")
_TRACE = re.compile(rf"(?<!\w)[Tt]r(?:ace)?\s*\((?P<x>{INNER})\)")
_KEYWORDS_OF_CLIP = re.compile(
    r"\b(?:clip|clamp)\s*\((?P<x>[^,=]+),\s*\w+\s*=\s*(?P<y>[^,=]+),\s*\w+\s*=\s*(?P<z>[^,=()]+)\)"
)
_WORDS = RESERVED | frozenset(("in", "if", "then", "else", "otherwise", "over", "of", "when"))
_EDGE = re.compile(r"[+\-−()\[\]=/,<>|]")
_FACTOR = re.compile(r"(?![⁰¹²³⁴-⁹])[^\W\d_]|[(√Σ∑∂½0-9]")
