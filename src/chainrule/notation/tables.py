"""The tables of the LALR grammar, ready: `tables.json` beside `grammar.lark` holds what lark makes of it.

Making them takes a third of a second, reading them a hundredth. They are data: nothing in the file is executed. They
are used where they are of this very grammar and of the lark that is installed; else they are made anew, as they are
where the file cannot be read. `pytest tests/golden --rewrite-golden` writes them, and tells where they are out of date.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

SHIFT, REDUCE = 0, 1
"""How lark numbers the two actions of a parser."""


def grammar_of(text: str, starts: Sequence[str], tables: bytes | None) -> lark.Lark:
    """Return the parser of a grammar: of ready tables, or, where they do not fit, of some that are made anew."""
    ready = _read(tables, _key(text, starts)) if tables else None
    return ready or _made(text, starts)


def _made(text: str, starts: Sequence[str]) -> lark.Lark:
    return lark.Lark(text, parser="lalr", start=list(starts), maybe_placeholders=False)


def _key(text: str, starts: Sequence[str]) -> dict[str, Any]:
    """Return what tables must have been made of to be used."""
    return {"lark": lark.__version__, "grammar": sha256(text.encode()).hexdigest(), "starts": list(starts)}


def _read(tables: bytes, key: Mapping[str, Any]) -> lark.Lark | None:
    try:
        held = json.loads(tables)
        if any(held[name] != value for name, value in key.items()):
            return None
        parser = held["parser"]
        parser["parser"] = {
            "tokens": dict(enumerate(held["tokens"])),
            "states": {n: dict(_actions(state)) for n, state in enumerate(held["states"])},
            **held["ends"],
        }
        data = {"parser": parser, "rules": held["rules"], "options": held["options"]}
        return lark.Lark.load({"data": data, "memo": dict(enumerate(held["memo"]))})
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError):
        return None


def _actions(state: Mapping[str, int]) -> Iterator[tuple[int, tuple[int, Any]]]:
    """Yield what is done at each token: the state to go to, or, below 0, the complement of the rule to reduce by."""
    for token, number in state.items():
        yield int(token), (SHIFT, number) if number >= 0 else (REDUCE, {"@": ~number})


def tables_text(text: str, starts: Sequence[str]) -> str:
    """Return the content of the file for a grammar: states in the order in which they are reached, so always the same.

    lark numbers states in an order of its own, which is another in each process.
    """
    data, memo = _made(text, starts).memo_serialize([TerminalDef, Rule])
    parser = data["parser"]
    table = parser.pop("parser")
    tokens = sorted(table["tokens"].values())
    order = _reached(table)
    number = {state: n for n, state in enumerate(order)}
    states = [_named(table, state, tokens, number) for state in order]
    ends = {key: {start: number[table[key][start]] for start in starts} for key in ("start_states", "end_states")}
    rest = {
        "tokens": tokens,
        "ends": ends,
        "rules": data["rules"],
        "options": data["options"],
        "parser": parser,
    }
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in {**_key(text, starts), **rest}.items()]
    lists = {"memo": [memo[n] for n in range(len(memo))], "states": states}
    for name, entries in lists.items():
        lines.append(f"{json.dumps(name)}: [\n" + ",\n".join(map(json.dumps, entries)) + "\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _reached(table: Mapping[str, Any]) -> list[int]:
    """Return the states in the order in which they are reached from the first ones, tokens taken by their names."""
    order = list(dict.fromkeys(table["start_states"].values()))
    known = set(order)
    for state in order:
        actions = table["states"][state]
        for token in sorted(actions, key=table["tokens"].__getitem__):
            action, to = actions[token]
            if action == SHIFT and to not in known:
                known.add(to)
                order.append(to)
    return order


def _named(table: Mapping[str, Any], state: int, tokens: Sequence[str], number: Mapping[int, int]) -> dict[str, int]:
    """Return the actions of a state, in the numbers of the file."""
    place = {name: n for n, name in enumerate(tokens)}
    actions = {place[table["tokens"][token]]: action for token, action in table["states"][state].items()}
    return {str(n): number[to] if action == SHIFT else ~to["@"] for n, (action, to) in sorted(actions.items())}
