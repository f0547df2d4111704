"""The characters of matrix forms, in text and in LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from types import MappingProxyType

from chainrule.expr.symbols import Symbol, Tensor
from chainrule.matrix.characters import MatrixPieces, MatrixStyle
from chainrule.matrix.operations import Amount, CountOf, DerivativeMatrix, MatrixNode, Nabla, SumOverSteps
from chainrule.render.latex import LATEX
from chainrule.render.layout import Ratio
from chainrule.render.names import latex_name, layer_of
from chainrule.render.numerals import numeral, numeral_parts
from chainrule.render.text import ORDERS, UNICODE, numeral_text


def _text_number(value: Fraction) -> str:
    shown = numeral(value)
    return f"{value.numerator}/{value.denominator}" if isinstance(shown, Ratio) else numeral_text(value)


def _text_name(tensor: Symbol, _: int = 1) -> str:
    if not _has_steps(tensor):
        return str(tensor)
    stem, steps = layer_of(tensor)
    return f"{stem}^{steps}" if len(steps) == 1 else f"{stem}^{{{steps}}}"


def _has_steps(tensor: Symbol) -> bool:
    return isinstance(tensor, Tensor) and bool(tensor.superscript)


def _text_nabla(node: Nabla) -> str:
    by = _text_name(node.by)
    if node.of is None:
        return f"∇{by}"
    return f"∇_{by} {_text_name(node.of)}" if len(by) == 1 else f"∇_{{{by}}} {_text_name(node.of)}"


def _text_rates(node: DerivativeMatrix) -> str:
    order = str(len(node.by)).translate(ORDERS) if len(node.by) > 1 else ""
    return f"∂{order}{_text_name(node.of)}/" + "".join(f"∂{_text_name(by)}" for by in node.by)


def _text_count(node: CountOf) -> str:
    return node.letter.upper() if node.capital else f"extent({node.letter})"


def _text_power(exponent: MatrixNode, entrywise: bool) -> tuple[str, MatrixPieces]:
    if entrywise:
        return "", ("^∘", exponent)
    if isinstance(exponent, Amount) and exponent.value.denominator == 1 and exponent.value < 10:
        return "", (str(exponent.value).translate(ORDERS),)
    return "", ("^", exponent)


def whole_or_number(place: Sequence[int | None]) -> list[str]:
    """Return the positions of a part of a tensor: a number, or a colon where all are meant.

    >>> whole_or_number((1, None))
    ['1', ':']
    """
    return [":" if at is None else str(at) for at in place]


TEXT_MATRIX = MatrixStyle(
    bars=False,
    number=_text_number,
    name=_text_name,
    raised=lambda tensor, _: _has_steps(tensor),
    place=lambda place: ("", f"[{','.join(whole_or_number(place))}]"),
    unit=lambda at: f"e_{at}",
    constant=lambda name: name.replace("-", UNICODE.negative),
    count=_text_count,
    ones="1",
    identity="I",
    nabla=_text_nabla,
    rates=_text_rates,
    transpose=("", "ᵀ"),
    inverse=("", "⁻¹"),
    inverse_transpose=("", "⁻ᵀ"),
    beside=" ",
    times="·",
    entrywise=" ⊙ ",
    entrywise_over=" ⊘ ",
    over=("", " / ", ""),
    over_steps=lambda node: f"Σ_{{{node.letter}={'..'.join(node.ends)}}} " if node.ends else f"Σ_{node.letter} ",
    plus=UNICODE.plus,
    minus=UNICODE.minus,
    negative=UNICODE.negative,
    power=_text_power,
    function=lambda name, order: name + "′" * order,
    frames=MappingProxyType({}),
    parentheses=("(", ")"),
    diagonal=("diag(", ")"),
    summaries=MappingProxyType(
        {
            "tr": ("tr(", ")"),
            "det": ("det(", ")"),
            "norm": ("‖", "‖"),
            "frobenius": ("‖", "‖_F"),
            "max": ("max(", ")"),
            "min": ("min(", ")"),
            "prod": ("prod(", ")"),
        }
    ),
    comma=", ",
    relation=UNICODE.relation,
    connective=UNICODE.connective,
    denial="not ",
    bracket=("[", "]"),
    choice=(("where(", ", ", ", ", ")"), (0, 1, 2)),
)


def _latex_number(value: Fraction) -> str:
    if isinstance(numeral(value), Ratio):
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    return LATEX.number(*numeral_parts(value))


def _latex_name(tensor: Symbol, rank: int) -> str:
    name = latex_name(tensor)
    return name.tensor if rank or _has_steps(tensor) else name.plain


def _latex_nabla(node: Nabla) -> str:
    by = latex_name(node.by).tensor
    return rf"\nabla {by}" if node.of is None else rf"\nabla_{{{by}}} {latex_name(node.of).plain}"


def _latex_rates(node: DerivativeMatrix) -> str:
    order = f"^{{{len(node.by)}}}" if len(node.by) > 1 else ""
    below = " ".join(rf"\partial {latex_name(by).tensor}" for by in node.by)
    return rf"\frac{{\partial{order} {latex_name(node.of).tensor}}}{{{below}}}"


def _latex_count(node: CountOf) -> str:
    return node.letter.upper() if node.capital else f"|{node.letter}|"


def _latex_over_steps(node: SumOverSteps) -> str:
    letter = LATEX.name(node.letter)
    return rf"\sum_{{{letter}={node.ends[0]}}}^{{{node.ends[1]}}} " if node.ends else rf"\sum_{{{letter}}} "


def _between(before: str, after: str) -> tuple[str, str]:
    return rf"\operatorname{{{before}}}\left(", rf"\right){after}"


def _latex_function(name: str, order: int) -> str:
    return LATEX.function(name) + "'" * order


LATEX_MATRIX = MatrixStyle(
    bars=True,
    number=_latex_number,
    name=_latex_name,
    raised=lambda tensor, rank: bool(latex_name(tensor).layer) and (rank > 0 or _has_steps(tensor)),
    place=lambda place: ("", f"_{{{', '.join(whole_or_number(place))}}}"),
    unit=lambda at: f"e_{{{at if isinstance(at, int) else latex_name(at).plain}}}",
    constant=lambda name: name.replace("∞", r"\infty") if "∞" in name else LATEX.name(name),
    count=_latex_count,
    ones=r"\mathbf{1}",
    identity="I",
    nabla=_latex_nabla,
    rates=_latex_rates,
    transpose=("", r"^{\top}"),
    inverse=("", "^{-1}"),
    inverse_transpose=("", r"^{-\top}"),
    beside=" ",
    times=r" \, ",
    entrywise=r" \odot ",
    entrywise_over=r" \oslash ",
    over=(r"\frac{", "}{", "}"),
    over_steps=_latex_over_steps,
    plus=LATEX.plus,
    minus=LATEX.minus,
    negative=LATEX.negative,
    power=lambda exponent, entrywise: ("", (r"^{\circ " if entrywise else "^{", exponent, "}")),
    function=_latex_function,
    frames=LATEX.frames,
    parentheses=LATEX.parentheses,
    diagonal=_between("diag", ""),
    summaries=MappingProxyType(
        {
            "tr": _between("tr", ""),
            "det": (r"\det\left(", r"\right)"),
            "norm": (r"\left\lVert ", r" \right\rVert"),
            "frobenius": (r"\left\lVert ", r" \right\rVert_{F}"),
            "max": (r"\max\left(", r"\right)"),
            "min": (r"\min\left(", r"\right)"),
            "prod": _between("prod", ""),
        }
    ),
    comma=", ",
    relation=LATEX.relation,
    connective=LATEX.connective,
    denial=LATEX.denial,
    bracket=LATEX.bracket,
    choice=((r"\begin{cases} ", r" & \text{if } ", r" \\ ", r" & \text{otherwise} \end{cases}"), (1, 0, 2)),
)
