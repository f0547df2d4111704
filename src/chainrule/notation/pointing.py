"""Errors of one statement that point into its text, and the names that it is refused for."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token

from chainrule.errors import NotationError, listed
from chainrule.expr.functions import ARITY
from chainrule.notation.advice import RESERVED, call_advice, entry_advice, name_advice
from chainrule.notation.fields import Spot, spot_of
from chainrule.notation.source import Source
from chainrule.notation.vocabulary import Vocabulary
from chainrule.system.locations import did_you_mean


class Pointing:
    """A statement with the place where it begins and the names around it."""

    def __init__(self, source: Source, offset: int, vocabulary: Vocabulary) -> None:
        self.source = source
        self.offset = offset
        self.vocabulary = vocabulary

    def error(
        self, what: str, token: Token, *, expected: str = "", advice: str = "", declare: str = ""
    ) -> NotationError:
        """Return an error that points at a token. `declare` is advice that is none in an answer."""
        fixed = self.source.around is not None and self.source.around.answer
        advice = advice or ("" if fixed else declare)
        return self.source.error(what, self.position(token), expected=expected, advice=advice)

    def position(self, token: Token) -> int:
        """Return where a token stands in the source."""
        return self.offset + (token.start_pos or 0)

    def check_entry(self, token: Token) -> None:
        """Refuse an entry of a tensor that is not there and has another spelling here."""
        advice = entry_advice(self.spot(token))
        if advice:
            what = f"{token} is a function, not a tensor" if token in ARITY else f"no tensor is named {token}"
            raise self.error(what, token, advice=advice)

    def spot(self, token: Token) -> Spot:
        """Return the line around a token, for advice on it."""
        return spot_of(self.source, self.position(token))

    def unknown(self, token: Token) -> NotationError:
        """Return the error for a name that stands for nothing."""
        name = str(token)
        spot = self.spot(token)
        if name in RESERVED:
            return self.error(f"'{name}' is a word of the notation", token, declare="Choose another name.")
        advice = name_advice(spot)
        if not advice and name[0] == "d" and name[1:] in self.vocabulary.ranks:
            advice = f"A derivative is written with ∂: ∂{name[1:]}/∂…"
        advice = advice or did_you_mean(name, self.vocabulary.ranks)
        names = listed(spot.around.axes) if spot.around.answer and not advice else ""
        return self.error(
            f"nothing is named {name}",
            token,
            expected=f"expected is one of the system: {names}" if names else "",
            advice=advice,
            declare=f"Declare it: data {name}, or const {name}.",
        )

    def check_letters(self, letters: Sequence[str], token: Token) -> None:
        """Refuse words of the notation as letters of indices."""
        if not RESERVED.isdisjoint(letters):
            word = next(letter for letter in letters if letter in RESERVED)
            raise self.error(f"'{word}' is a word of the notation", token, advice="Choose another letter.")

    def check_spelling(self, token: Token) -> None:
        """Refuse a function that has another spelling here, or none."""
        advice = call_advice(str(token), self.spot(token))
        if advice and str(token) in ARITY:
            raise self.error(f"{token} takes {ARITY[token]} argument{'s' * (ARITY[token] != 1)}", token, advice=advice)
        if advice:
            raise self.error(f"no function is named {token}", token, advice=advice)
