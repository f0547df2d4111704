r"""Names as LaTeX writes them: W2 is $W^{2}$, lambda is $\lambda$, eps is $\mathrm{eps}$; and the names of derivatives.

Only names are read here, never expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

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
SPECIAL = re.compile(r"[_#$%&{}]")
ORDERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"


@dataclass(frozen=True)
class LatexName:
    """The base of a name, and the digits at its end that are written as a superscript."""

    base: str
    layer: str

    @property
    def plain(self) -> str:
        """The name as one piece."""
        return f"{self.base}^{{{self.layer}}}" if self.layer else self.base


def latex_name(name: str) -> LatexName:
    r"""Return a name in the style of a textbook.

    >>> latex_name("W2").plain, latex_name("lambda").plain, latex_name("x_train").plain
    ('W^{2}', '\\lambda', '\\mathrm{x\\_train}')
    """
    stem = name.rstrip("0123456789")
    layer = name[len(stem) :]
    stem, layer = (stem, layer) if stem and not stem.endswith("_") else (name, "")
    if stem in GREEK or stem in GREEK.values():
        return LatexName(f"\\{GREEK.get(stem, stem)}", layer)
    if len(stem) == 1:
        return LatexName(SPECIAL.sub(r"\\\g<0>", stem), layer)
    return LatexName(rf"\mathrm{{{SPECIAL.sub(lambda m: chr(92) + m[0], stem)}}}", layer)


def split_derivative(
    name: str, positions: int, ranks: Mapping[str, int]
) -> tuple[tuple[str, ...], tuple[int, ...] | None]:
    """Return the tensors in the name of a derivative, and how many of its positions belong to each.

    Where the ranks of the tensors do not settle it, what is differentiated is taken for a scalar (a cost is) and the
    rest is shared evenly; None if that is impossible.

    >>> split_derivative("∂C/∂W", 2, {}), split_derivative("∂a/∂z", 2, {"a": 1})
    ((('C', 'W'), (0, 2)), (('a', 'z'), (1, 1)))
    """
    of, _, below = name.partition("/")
    wrt = tuple(below.split("∂")[1:])
    parts = (of.lstrip("∂" + ORDERS), *wrt)
    known = sum(ranks.get(part, 0) for part in wrt)
    unknown = sum(part not in ranks for part in wrt)
    first = ranks.get(parts[0], 0 if unknown else positions - known)
    share = (positions - first - known) // unknown if unknown else 0
    groups = (first, *(ranks.get(part, share) for part in wrt))
    return parts, groups if sum(groups) == positions and min(groups) >= 0 else None
