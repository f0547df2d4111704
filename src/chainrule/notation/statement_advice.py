"""Advice on how a line opens: a cost without a name, functions defined as in books, declarations with values."""

from __future__ import annotations

import re

from chainrule.notation.source import KEYWORDS
from chainrule.notation.spelling import OPENERS
from chainrule.notation.wording import NAME, Surroundings
from chainrule.system.locations import did_you_mean

_FUNCTION = re.compile(rf"\s*(?P<f>{NAME})\s*\((?P<p>[\w\s,\[\]]*)\)\s*(?:=(?!=)|:\s*(?:return\b)?)\s*(?P<rest>.+)$")
_SET = re.compile(rf"(?P<n>{NAME})\s*(?:\[[^\[\]]*\])?\s*(?:∈|\bin\b|:(?!\s*int\b))\s*[^,]*$")
_VALUE = re.compile(rf"(?P<n>{NAME})\s*(?P<i>\[[^\[\]]*\])?\s*=\s*(?P<v>.*)$")
_CALLED = re.compile(rf"(?P<n>{NAME})\s*\((?P<i>[\w\s,]*)\)")
_RANGE = re.compile(
    r"(?P<i>[^\W\d_]\w*)\s*(?:=|in\b|∈)\s*[\[{]?\s*(?P<low>\d+)\s*(?:\.\.+|:|…|,|to\b)\s*\.?(?P<high>\d+)"
)
LEAST_ALLOWED = "A size is the least that several allow, minimum(…), and never the largest."
_ONE_HOT = re.compile(rf"\s*(?P<n>{NAME})\S*\s+(?:is\s+)?one[- ]?hot")


def opening_advice(text: str, place: int, keyword: str, around: Surroundings) -> str:
    """Return a sentence on a line by the word that opens it, or "". The line is given whole, the keyword with it."""
    body = re.sub(rf"^\s*(?:minimize\s+)?(?:loss|{keyword})\b", "", text) if keyword else text
    if keyword == "cost":
        return _cost_advice(re.sub(r"^\s*minimize\s+", "", body))
    if keyword in ("data", "param"):
        return _declared_advice(keyword, body, around)
    if keyword == "batch":
        return "A batch line names the letter that counts samples: batch n"
    if keyword == "index":
        counted = _RANGE.search(body)
        if counted:
            size = int(counted["high"]) - int(counted["low"]) + 1
            return f"An index has so many values, counted from 0: index {counted['i']} = {size}"
        sized = re.match(rf"\s*({NAME})\s*(?:[:<∈]|\bin\b)?\s*(\d+)", body)
        return f"An index has so many values: index {sized[1]} = {sized[2]}" if sized else _size_advice(body)
    if keyword == "const":
        valued = re.match(rf"\s*({NAME})\s*:?=?\s*([\d.].*)$", body)
        return f"Write const {valued[1]} = {valued[2].replace(',', '.')}" if valued else ""
    if keyword == "given":
        if re.search(r",\s*$|\band\s*$", body[: place - len(text) + len(body) + 1]) or re.match(
            r",|and\b", text[place:]
        ):
            return "Two facts are two given lines."
        hot = _ONE_HOT.match(body)
        letters = around.axes.get(hot["n"], ()) if hot else ()
        return f"Write given onehot({letters[-1]}) {hot['n']}[{','.join(letters)}]" if hot and letters else ""
    if keyword in ("", "def"):
        return _function_advice(body, keyword, around) or ("" if keyword else _opener_advice(body, place))
    return ""


def _size_advice(body: str) -> str:
    """Return a sentence on a size that is no number."""
    if re.search(r"\bmax\s*\(", body):
        return LEAST_ALLOWED
    if re.search(r"\bmin\s*\(", body):
        return "The least of several sizes is minimum(…): index t = minimum(extent(x), 3)"
    if "//" in body:
        return "A quotient is rounded down by floor(…): index t = floor(extent(x)/2)"
    if re.search(r"\bextent\b", body) and "%" not in body:
        return "A size is a formula of extents: index t = floor((extent(x) - 1)/2) + 1"
    return ""


def _cost_advice(body: str) -> str:
    plain = re.sub(r"^\s*(?:(?:function|of|minimi[sz]e|over\s+\w+\s*:)\s*)+", "", body)
    changed, body = plain != body, plain
    if re.match(rf"\s*{NAME}\s*(?::=|{'=' if changed else ':='})", body):
        equation = re.sub(r"\s*:=", " =", body.strip(), count=1)
        return f"Write cost {equation}"
    function = _FUNCTION.match(body)
    if function:
        return f"What it depends on shows on the right: cost {function['f']} = {function['rest']}"
    named = re.match(rf"\s*(?P<n>{NAME})\s*:\s*(?P<rest>.+)$", body)
    if named:
        return f"Write cost {named['n']} = {named['rest']}"
    if re.match(rf"\s*{NAME}\s*(?:\[[^\[\]]*\])?\s*=", body):
        return ""
    rest = re.sub(r"^\s*[:=]\s*(?:minimi[sz]e\s+)?", "", body).strip()
    inner = re.fullmatch(r"\(([^()]*)\)", rest)
    return f"A cost has a name: cost C = {inner[1] if inner else rest}" if rest else ""


def _function_advice(body: str, keyword: str, around: Surroundings) -> str:
    function = _FUNCTION.match(body)
    if function is None:
        return ""
    parameters = [p.partition("[")[0].strip() for p in re.split(r",(?![^\[]*\])", function["p"])]
    if keyword == "def":
        return f"Write def {function['f']}({function['p']}) = {function['rest']}" if ":" in body else ""
    if any(p in around.axes for p in parameters):
        return f"What it depends on shows on the right: {function['f']} = {function['rest']}"
    return f"A function of numbers is defined by def: def {function['f']}({function['p']}) = {function['rest']}"


def _declared_advice(keyword: str, body: str, around: Surroundings) -> str:
    for pattern, says in (
        (_SET, "The letters of its axes say that it is a tensor, an index line how long they are"),
        (_CALLED, "Indices stand in brackets"),
    ):
        found = pattern.search(body)
        if found:
            letters = found.groupdict().get("i") or "i"
            return f"{says}: {keyword} {found['n']}[{letters.strip()}]"
    value = _VALUE.search(body)
    if value is None:
        names = re.findall(rf"(?<![\w\[,]){NAME}(?:\[[\w\s,]*\])?", re.sub(r"\band\b", " ", body))
        plain = not re.sub(rf"{NAME}(?:\[[\w\s,]*\])?|[\s,:()]", "", body)
        changed = plain and names and ", ".join(names) != body.strip() and not re.search(r"\[\w+\s+\w", body)
        return f"Write {keyword} {', '.join(names)}" if changed else ""
    declared = f"{keyword} {value['n']}{value['i'] or ''}"
    constant = f"; what is fixed is a const: const {value['n']} = {value['v']}" if not value["i"] else ""
    return f"Values are given when a system is run, here stands {declared}{'' if '[' in value['v'] else constant}"


def _opener_advice(body: str, place: int) -> str:
    """Return what the word that opens the line is here."""
    if re.match(rf"\s*(?:let|set|var|define|where)\s+{NAME}(?:\[[^\[\]]*\])?\s*:?=(?!=)", body):
        equation = body.strip().partition(" ")[2].strip().replace(":=", "=")
        return f"An equation opens with what it defines: {equation}"
    capital = re.match(r"\s*([^\W\d_]+)\s*:?\s+(?=\S)", body)
    if capital and capital[1] not in KEYWORDS and capital[1].lower() in KEYWORDS:
        return f"Write {capital[1].lower()} {body[capital.end() :].strip()}"
    largest = re.match(rf"\s*maximi[sz]e\s+(?:{NAME}\s*=\s*)?(?P<rest>.+)$", body)
    if largest:
        return f"What is to be large is a cost with a minus: cost C = -({largest['rest'].strip()})"
    for pattern, word in OPENERS:
        begins = r"[\w(|√∑Σ−-]" if word == "cost" else r"[^\W\d]"
        opened = re.match(rf"\s*{pattern}\s+(?={begins})(?P<rest>.+)$", body)
        if opened:
            if word == "cost":
                return _cost_advice(opened["rest"]) or f"Write cost {opened['rest']}"
            return f"Write {word} {opened['rest']}"
    if re.match(r"\s*(?:return|while|import|from|if|else|print|class|repeat|end|begin)\b\s*[^\s=\[]", body):
        return "A system has declarations and equations, and is no program: z[j] = sum(i) W[j,i]*x[i]"
    first = re.fullmatch(r"\s*([^\W\d_]+)\s+", body[:place])
    meant = did_you_mean(first[1], KEYWORDS) if first else ""
    named = re.match(rf"\s*{NAME}\s+(?P<rest>{NAME}(?:\[[^\[\]]*\])?\s*=(?!=).*)$", body)
    return meant or (f"An equation opens with what it defines: {named['rest']}" if named else "")
