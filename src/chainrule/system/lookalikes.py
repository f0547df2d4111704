"""Names that look alike and are not the same: a Cyrillic а beside a Latin a.

Two of them would be two tensors that nobody can tell apart, in a text or in what is derived from it. Which letters look
alike is taken from the confusables of Unicode (UTS #39), for the alphabets whose letters pass for Latin ones. Greek
letters are mathematics: only capitals that are drawn as Latin ones, and ο, are told apart; so are bold or script
letters. A name in letters of one alphabet is fine as long as no other name looks the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

_PAIRS = (
    "аaеeоoрpсcуyхxѕsіiјjһhԁdԛqԝwүyӏlАAВBЕEКKМMНHОOРPСCТTУYХXЅSІIЈJԚQԜWԌGҮYѴV"
    "ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXοoϲcϹCϳj"
    "օoոnսuհhյjզqցgՕOՏSԼLՍU"
    "ⲟoⲥcⲣpⲭxⲞOⲤCⲢPⲬXⲘMⲚNⲎHⲔKⲦT"
    "ᎪAᏴBᏟCᎠDᎬEᏀGᎻHᎫJᏦKᏞLᎷMᏢPᏚSᎢTᏙVᎳWᏃZᎽYᎡRᏆI"
    "ꓐBꓚCꓓDꓰEꓖGꓧHꓲIꓙJꓗKꓡLꓟMꓠNꓳOꓑPꓣRꓢSꓔTꓴUꓦVꓪWꓫXꓬYꓜZ"
    "ıiȷjɡgɑa"
)
TWINS: Mapping[str, str] = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
"""Letters, with the Latin letter of ASCII that each looks like."""
_ALPHABETS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "COPTIC", "CHEROKEE", "LISU")
_WORD = re.compile(r"[^\W\d_Σπ]\w*")
_PLAIN = re.compile(r"MATHEMATICAL (?:ITALIC|SANS-SERIF|MONOSPACE) (?:SMALL|CAPITAL)")
"""Letters of mathematics that differ from plain ones no more than two typefaces do."""
_LETTERS = re.compile(r"[^\W\d_]+")


def skeleton(name: str) -> str:
    """Return the name in Latin letters that it looks like; letters that look like none stay.

    >>> skeleton("ехр"), skeleton("σ"), skeleton("ж")
    ('exp', 'σ', 'ж')
    """
    if name.isascii():
        return name
    return "".join(TWINS.get(c, c) for c in "".join(map(_plain_letter, name)))


def twin_of(name: str, others: Iterable[str]) -> str:
    """Return the first other name that looks the same, or "".

    >>> twin_of("x", ["y", "х"]), twin_of("x", ["x", "y"])
    ('х', '')
    """
    seen = skeleton(name)
    return next((other for other in others if other != name and skeleton(other) == seen), "")


def letter_text(letter: str) -> str:
    """Return a letter with what it is.

    >>> letter_text("а")
    'а (U+0430, CYRILLIC SMALL LETTER A)'
    """
    return f"{letter} (U+{ord(letter):04X}, {unicodedata.name(letter, 'without a name')})"


def strange_letter(name: str) -> int | None:
    """Return where in a name a letter stands that passes for one of another alphabet beside it, None where none does.

    >>> strange_letter("mах"), strange_letter("dσ"), strange_letter("вес"), strange_letter("W_а")
    (1, None, None, 2)
    """
    if name.isascii():
        return None
    latin = any(_alphabet(c) == "LATIN" for c in name)
    for run in _LETTERS.finditer(name):
        found = {_alphabet(c) for c in run[0]} & set(_ALPHABETS)
        passing = [n for n, c in enumerate(run[0]) if c in TWINS and _alphabet(c) != "LATIN"]
        if len(found) > 1 and (passing or found != {"LATIN", "GREEK"}):
            place = passing[0] if passing else _first_other(run[0])
            return run.start() + place
        if latin and len(passing) == len(run[0]):
            return run.start()
    return None


def first_lookalike(text: str, known: Iterable[str] = ()) -> tuple[int, str] | None:
    """Return the first name of a text that is not what it looks like: where the letter stands, and what is wrong.

    `known` are names that are there already. Comments count as text: they are to be blanked before.

    >>> first_lookalike("cost C = ехр(z)", ["exp"])
    (9, 'ехр looks like exp, and is not the same: е (U+0435, CYRILLIC SMALL LETTER IE) is no e')
    >>> first_lookalike("cost C = α·a + dσ·ν")
    """
    given = tuple(known)
    if not any(map(_is_doubtful, set(text).union(*given))):
        return None
    words = [(word[0], word.start()) for word in _WORD.finditer(text)]
    names = [*given, *(word for word, _ in words if word.isascii())]
    looks = {skeleton(name): name for name in reversed(names)}
    for word, start in words:
        place = strange_letter(word)
        if place is not None:
            return start + place, _mixed(word, place)
        other = looks.setdefault(skeleton(word), word)
        if other != word:
            return start, f"{word} looks like {other}, and is not the same: {difference(word, other)}"
    return None


def difference(name: str, other: str) -> str:
    """Return the letter by which one of two names that look alike is not the other, in words.

    >>> difference("exp", "ехp")
    'е (U+0435, CYRILLIC SMALL LETTER IE) is no e'
    """
    letter = next(c for c in (name + other) if skeleton(c) != c)
    return f"{letter_text(letter)} is no {skeleton(letter)}"


def _mixed(word: str, place: int) -> str:
    letter = word[place]
    looks = f", which looks like {TWINS[letter]}," if letter in TWINS else ""
    return f"{word} mixes alphabets: {letter_text(letter)}{looks} stands among letters of another one"


def _first_other(run: str) -> int:
    """Return where the first letter stands that is of another alphabet than the one before."""
    alphabets = [_alphabet(c) for c in run]
    return next(n for n, alphabet in enumerate(alphabets) if alphabet != alphabets[0])


def _is_doubtful(letter: str) -> bool:
    """Say whether a letter could pass for another: most of what stands in a text in Unicode, Σ and σ and ∂, cannot."""
    if letter.isascii() or not letter.isalpha():
        return False
    return skeleton(letter) != letter or _alphabet(letter) in _ALPHABETS[2:]


def _plain_letter(letter: str) -> str:
    """Return the letter that one is another code for, or is drawn as: the ohm is an omega, a fullwidth a is an a."""
    wide = unicodedata.decomposition(letter).startswith(("<wide>", "<narrow>"))
    form: Literal["NFC", "NFKC"] = "NFKC" if wide or _PLAIN.match(unicodedata.name(letter, "")) else "NFC"
    return unicodedata.normalize(form, letter)


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "?").partition(" ")[0]
