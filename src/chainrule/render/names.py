r"""Names as books write them: W2 is $W^{2}$, lambda is $\lambda$, eps is $\mathrm{eps}$; and the names of derivatives.

Only names are read here, never expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.expr.symbols import Change, Tensor, steps_text

GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
    "Γ": "Gamma",
    "Δ": "Delta",
    "Θ": "Theta",
    "Λ": "Lambda",
    "Ξ": "Xi",
    "Π": "Pi",
    "Σ": "Sigma",
    "Υ": "Upsilon",
    "Φ": "Phi",
    "Ψ": "Psi",
    "Ω": "Omega",
}
_LETTERS = {word: letter for letter, word in GREEK.items()}
SPECIAL = re.compile(r"[_#$%&{}]")


@dataclass(frozen=True)
class LatexName:
    """The base of a name, and the digits at its end: a superscript at tensors with indices, a subscript elsewhere."""

    base: str
    layer: str

    @property
    def plain(self) -> str:
        """The name of a number, an index or a function: x_{2}, since x^{2} would be a power."""
        return f"{self.base}_{{{self.layer}}}" if self.layer else self.base

    @property
    def tensor(self) -> str:
        """The name of a whole tensor: W^{2}."""
        return f"{self.base}^{{{self.layer}}}" if self.layer else self.base


@dataclass(frozen=True)
class PrintedName:
    """A name as a book has it: a d or a Δ before it, its letters, Greek ones as themselves, and its layer."""

    before: str
    letters: str
    layer: str


def printed_name(name: str) -> PrintedName:
    """Return a name, taken apart.

    >>> printed_name("lambda2"), printed_name("Δa1")
    (PrintedName(before='', letters='λ', layer='2'), PrintedName(before='Δ', letters='a', layer='1'))
    """
    if isinstance(name, Change) and name.number == 1:
        changing = printed_name(name.of)
        return PrintedName(f"d{changing.before}", changing.letters, changing.layer)
    stem, layer = layer_of(name)
    if stem[:1] == "Δ" and len(stem) > 1:
        changed = printed_name(stem[1:])
        return PrintedName(f"Δ{changed.before}", changed.letters, layer)
    return PrintedName("", _LETTERS.get(stem, stem), layer)


def latex_name(name: str) -> LatexName:
    r"""Return a name in the style of a textbook.

    >>> latex_name("W2").tensor, latex_name("x2").plain, latex_name("lambda").plain, latex_name("x_train").plain
    ('W^{2}', 'x_{2}', '\\lambda', '\\mathrm{x\\_train}')
    >>> latex_name("Δa1").tensor
    '\\Delta a^{1}'
    """
    printed = printed_name(name)
    before = printed.before.replace("Δ", r"\Delta ")
    return LatexName(f"{before}{_latex_letters(printed.letters)}", printed.layer)


def _latex_letters(letters: str) -> str:
    if letters in GREEK:
        return f"\\{GREEK[letters]}"
    written = SPECIAL.sub(r"\\\g<0>", letters)
    return written if len(letters) == 1 else rf"\mathrm{{{written}}}"


def layer_of(name: str) -> tuple[str, str]:
    """Return a name without its superscript, and that: the steps of a symbol, else the digits at its end, a layer.

    >>> layer_of("W2"), layer_of("x_1"), layer_of("12"), layer_of(Tensor("z", (("l", 1),)))
    (('W', '2'), ('x_1', ''), ('12', ''), ('z', 'l+1'))
    """
    if isinstance(name, Tensor) and name.superscript:
        return name.name, steps_text(name.superscript)
    stem = name.rstrip("0123456789")
    return (stem, name[len(stem) :]) if stem and not stem.endswith("_") else (name, "")


def error_name(tensor: str) -> str:
    """Return the textbook's name δ2 of the error ∂C/∂z2, "" for a tensor that is no weighted input.

    >>> error_name("z2"), error_name("z"), error_name("a2")
    ('δ2', 'δ', '')
    """
    stem, layer = layer_of(tensor)
    return f"δ{layer}" if stem == "z" else ""


def certain_groups(parts: Sequence[str], positions: int, ranks: Mapping[str, int]) -> tuple[int, ...] | None:
    """Return how many positions of a derivative belong to each of its tensors; None if the ranks do not settle it.

    >>> certain_groups(("a", "z"), 3, {"a": 1}), certain_groups(("a", "z"), 2, {})
    ((1, 2), None)
    """
    unknown = [part for part in parts if part not in ranks]
    if len(set(unknown)) > 1:
        return None
    rest = positions - sum(ranks.get(part, 0) for part in parts)
    share = rest // len(unknown) if unknown else 0
    groups = tuple(ranks.get(part, share) for part in parts)
    return groups if sum(groups) == positions and share >= 0 else None


def likely_groups(parts: Sequence[str], positions: int, ranks: Mapping[str, int]) -> tuple[int, ...] | None:
    """Return the same by guess: what is differentiated is a scalar, as a cost is, and the rest is shared evenly.

    >>> likely_groups(("C", "W"), 2, {}), likely_groups(("C", "z", "w"), 3, {})
    ((0, 2), None)
    """
    of, *wrt = parts
    guess = {of: 0} | {part: ranks[part] for part in parts if part in ranks}
    settled = certain_groups(parts, positions, guess)
    even = {part: (positions - guess[of]) // len(wrt) for part in wrt}
    return settled or certain_groups(parts, positions, even | guess)
