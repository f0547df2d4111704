"""Advice on sums, products and extrema in the spellings of elsewhere, written out as reductions of this notation."""

from __future__ import annotations

import re

from chainrule.notation.wording import (
    ATOM,
    NAME,
    Piece,
    Surroundings,
    entries,
    letters_in_brackets,
    renamed,
    spare_letter,
    tidy,
)

_OPERATORS = {
    **dict.fromkeys(("Σ", "∑", "sum", "Sum", "SUM", "Sigma", "count"), "sum"),
    **dict.fromkeys(("Π", "∏", "prod", "Prod", "product", "Product"), "prod"),
    **dict.fromkeys(("mean", "Mean", "avg", "average", "E"), "mean"),
    **dict.fromkeys(("max", "Max", "any"), "max"),
    **dict.fromkeys(("min", "Min", "all"), "min"),
}
_WRITTEN_OUT = {
    "var": "mean({i}) ({a} - (mean({j}) {b}))^2",
    "std": "sqrt(mean({i}) ({a} - (mean({j}) {b}))^2)",
    "argmax": "[{a} = (max({j}) {b})]",
    "argmin": "[{a} = (min({j}) {b})]",
}
"""Reductions that are none here, of a body {a} over {i}; {b} is the body over another letter {j}."""

_HEAD = re.compile(
    rf"\\?(?P<op>(?<!\w)(?:arg\s*(?:max|min)|{'|'.join(n for n in [*_OPERATORS, *_WRITTEN_OUT] if n.isascii())})"
    r"(?![^\W_])"
    r"|[Σ∑Π∏])"
    r"(?P<sub>_)?\s*(?P<range>(?<=_)\w+(?:\s*,\s*\w+)*(?:\s*=\s*\w+)?|\{[^{}]*\}|\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\]|)"
    r"\s*(?:\^\s*(?:\{[^{}]*\}|\w+))?\s*"
)
_FACTOR = re.compile(rf"(?:\d+\s*/\s*\d+|{ATOM})\s*$")
_LETTERS = re.compile(r"\s*[^\W\d]\w*\s*(?:,\s*[^\W\d]\w*\s*)*")
_RUNS = re.compile(r"\s*(?P<i>[^\W\d]\w*)\s*(?:=|\bin\b|\bfor\b).*")
_RELATION = re.compile(r"\s*(?P<i>[^\W\d]\w*)\s*(?P<r>!=|≠|<=|≤|>=|≥|<|>|∈)\s*(?P<n>.+)")
_BOUNDED = "A range is bounded by the number it stays below: "
_MEANT = "A reduction names its indices and stands before its term: "


def reduction_advice(text: str, place: int, around: Surroundings) -> str:
    """Return a sentence for a reduction whose head is not that of this notation, or "".

    >>> reduction_advice("q = sum_i x_i", 10, Surroundings({"x": ("i",)}))
    'A reduction names its indices and stands before its term: sum(i) x[i]'
    """
    for match in _HEAD.finditer(text):
        if match.start() <= place <= match.end():
            before = _FACTOR.search(text[: match.start()]) if place == match.start() else None
            advice = _advised(text, match, around)
            if before and advice.startswith(_MEANT):
                return f"Between factors stands a *: {before[0].strip()}*{advice.removeprefix(_MEANT)}"
            return advice
    return ""


def _advised(text: str, match: re.Match[str], around: Surroundings) -> str:
    name = re.sub(r"\s", "", match["op"])
    inside = match["range"][1:-1] if match["range"][:1] in ("(", "[", "{") else match["range"]
    body = _term(text, match.end())
    inside = re.sub(r",\s*(?:axis|dim|keepdims?)\s*=[^,]*$", "", inside)
    last = re.fullmatch(r"(.*[^\w\s,].*),\s*([^\W\d_])\s*", inside)
    inside = f"{last[2]}, {last[1]}" if last else inside
    letters, bracket = _range(inside, around)
    if not letters and not inside and not body.strip():
        return ""
    if not letters and inside:
        listed = re.match(r"\s*([^\W\d_]\w*)\s*,(.*)", inside)
        if listed and listed[1] not in around.axes and listed[2].strip():
            body, _ = entries(tidy(listed[2].strip(), around), around)
            return _written(name, (listed[1],), body, text, around)
        body, _ = entries(tidy(inside.partition(" for ")[0], around), around)
        letters = letters_in_brackets(body)
        if inside == body and not letters:
            return ""
        power = re.compile(r"\s*(²|³|\^\s*\d)").match(text, match.end("range")) if match["op"] in "Σ∑" else None
        body = f"({body}){power[1]}" if power else f"{Piece(body):t}"
    elif not letters:
        body = re.sub(r"^\s*over\s+", "", body)
        first = re.match(rf"\s*({NAME})\s+(?=\S)", body)
        if first and first[1] not in around.axes and len(first[1]) == 1:
            letters, body = (first[1],), body[first.end() :]
    body, found = entries(tidy(body.strip(), around), around, letters)
    letters = letters or found
    if not letters or not body:
        return "What is reduced stands behind: sum(i) x[i]" if letters else "A reduction names its indices: sum(i) x[i]"
    return _written(name, letters, bracket + body, text, around)


def _written(name: str, letters: tuple[str, ...], body: str, text: str, around: Surroundings) -> str:
    """Return the sentence with a reduction of that name over the letters."""
    if name in _WRITTEN_OUT:
        spare = spare_letter(text, around)
        fields = {"i": letters[0], "j": spare, "a": body, "b": renamed(body, letters[0], spare)}
        return f"There is no {name}; write {_WRITTEN_OUT[name].format_map(fields)}"
    op = _OPERATORS[name]
    meant = _BOUNDED if any("<" in letter for letter in letters) else _MEANT
    loose = op in ("max", "min", "prod") and re.search(r"[*/]", re.sub(r"\[[^\[\]]*\]|\([^()]*\)", "", body))
    return f"{meant}{op}({','.join(letters)}) {f'({body})' if loose else body}"


def _range(inside: str, around: Surroundings) -> tuple[tuple[str, ...], str]:
    """Return the letters of a range and the bracket that stands for its condition; no letters if it is none."""
    if _LETTERS.fullmatch(inside) and not any(around.axes.get(n.strip()) for n in inside.split(",")):
        return tuple(n.strip() for n in inside.split(",")), ""
    first = inside.partition(",")[0]
    relation = _RELATION.fullmatch(inside) or _RELATION.fullmatch(first)
    if relation:
        sign = {"≠": "!=", "≤": "<=", "≥": ">="}.get(relation["r"], relation["r"])
        if sign == "<=" and relation["n"].isdigit():
            return (f"{relation['i']}<{int(relation['n']) + 1}",), ""
        if sign == "∈":
            return (relation["i"],), f"{relation['n'].strip()}[{relation['i']}]*"  # a set as a tensor of 0 and 1
        return (relation["i"],), f"[{relation['i']} {sign} {relation['n'].strip()}]*"
    runs = _RUNS.fullmatch(inside)
    if runs and not around.axes.get(runs["i"]):
        return (runs["i"],), ""
    return (), ""


def _term(text: str, place: int) -> str:
    """Return the term that begins at a place: up to the next + or - outside parentheses."""
    depth = 0
    for end in range(place, len(text)):
        mark = text[end]
        if depth == 0 and (mark in ")]},;" or (mark in "+-−" and text[place:end].strip())):
            return text[place:end]
        depth += (mark in "([{") - (mark in ")]}")
    return text[place:]
