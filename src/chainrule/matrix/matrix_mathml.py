"""The elements of matrix forms in MathML; names, numbers and signs are those of formulas in index notation."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType

from chainrule.expr.symbols import Symbol
from chainrule.matrix.characters import MatrixFrame, MatrixStyle
from chainrule.matrix.matrix_styles import LATEX_MATRIX, whole_or_number
from chainrule.matrix.operations import CountOf, DerivativeMatrix, Nabla, SumOverSteps
from chainrule.render.layout import Ratio
from chainrule.render.mathml import APPLY, MATHML, TIMES, text_in
from chainrule.render.mathml_formula import NAMESPACE
from chainrule.render.numerals import numeral, numeral_parts


def _raised(sign: str) -> MatrixFrame:
    return "<msup><mrow>", f"</mrow>{sign}</msup>"


def _fence(opening: str, closing: str) -> MatrixFrame:
    return f'<mrow><mo form="prefix">{opening}</mo>', f'<mo form="postfix">{closing}</mo></mrow>'


def _called(name: str) -> MatrixFrame:
    before, after = MATHML.parentheses
    return f"<mrow><mi>{name}</mi>{APPLY}{before}", f"{after}</mrow>"


def _number(value: Fraction) -> str:
    if isinstance(numeral(value), Ratio):
        return f"<mfrac><mn>{value.numerator}</mn><mn>{value.denominator}</mn></mfrac>"
    return MATHML.number(*numeral_parts(value))


def _name(tensor: Symbol, rank: int) -> str:
    return MATHML.whole(tensor) if rank or LATEX_MATRIX.raised(tensor, 1) else MATHML.name(tensor)


def _nabla(node: Nabla) -> str:
    by = MATHML.whole(node.by)
    if node.of is None:
        return f'<mrow><mo form="prefix">∇</mo>{by}</mrow>'
    return f'<mrow><msub><mo form="prefix">∇</mo>{by}</msub>{MATHML.name(node.of)}</mrow>'


def _rates(node: DerivativeMatrix) -> str:
    order = f"<msup><mi>∂</mi><mn>{len(node.by)}</mn></msup>" if len(node.by) > 1 else "<mi>∂</mi>"
    below = "".join(f"<mi>∂</mi>{MATHML.whole(by)}" for by in node.by)
    return f"<mfrac><mrow>{order}{MATHML.whole(node.of)}</mrow><mrow>{below}</mrow></mfrac>"


def _over_steps(node: SumOverSteps) -> str:
    letter = MATHML.name(node.letter)
    if not node.ends:
        return f"<munder><mo>∑</mo>{letter}</munder>"
    first, last = (f"<mtext>{text_in(end)}</mtext>" for end in node.ends)
    return f"<munderover><mo>∑</mo><mrow>{letter}<mo>=</mo>{first}</mrow>{last}</munderover>"


def _count(node: CountOf) -> str:
    if node.capital:
        return MATHML.name(node.letter.upper())
    return f"<mrow><mo>|</mo>{MATHML.name(node.letter)}<mo>|</mo></mrow>"


def _place(place: tuple[int | None, ...]) -> MatrixFrame:
    inner = "<mo>,</mo>".join(f"<mn>{at}</mn>" if at != ":" else "<mo>:</mo>" for at in whole_or_number(place))
    return "<msub><mrow>", f"</mrow><mrow>{inner}</mrow></msub>"


def _function(name: str, order: int) -> str:
    primes = f"<mo>{'′' * order}</mo>" if order else ""
    return f"<mrow>{MATHML.function(name)}{primes}</mrow>{APPLY}"


def _constant(name: str) -> str:
    if "∞" not in name:
        return MATHML.name(name)
    return "<mrow><mo>−</mo><mi>∞</mi></mrow>" if name.startswith("-") else "<mi>∞</mi>"


def _unit(at: Symbol | int) -> str:
    return f"<msub><mi>e</mi>{f'<mn>{at}</mn>' if isinstance(at, int) else MATHML.name(at)}</msub>"


MATHML_MATRIX = MatrixStyle(
    bars=True,
    number=_number,
    name=_name,
    raised=LATEX_MATRIX.raised,
    place=_place,
    unit=_unit,
    constant=_constant,
    count=_count,
    ones="<mn>𝟏</mn>",
    identity="<mi>I</mi>",
    nabla=_nabla,
    rates=_rates,
    transpose=_raised("<mi>⊤</mi>"),
    inverse=_raised("<mrow><mo>−</mo><mn>1</mn></mrow>"),
    inverse_transpose=_raised("<mrow><mo>−</mo><mi>⊤</mi></mrow>"),
    beside=TIMES,
    times=TIMES,
    entrywise="<mo>⊙</mo>",
    entrywise_over="<mo>⊘</mo>",
    over=MATHML.fraction,
    over_steps=_over_steps,
    plus=MATHML.plus,
    minus=MATHML.minus,
    negative=MATHML.negative,
    power=lambda exponent, entrywise: (
        "<msup><mrow>",
        ("</mrow><mrow><mo>∘</mo>" if entrywise else "</mrow><mrow>", exponent, "</mrow></msup>"),
    ),
    function=_function,
    frames=MATHML.frames,
    parentheses=MATHML.parentheses,
    diagonal=_called("diag"),
    summaries=MappingProxyType(
        {
            **{name: _called(name) for name in ("tr", "det", "max", "min", "prod")},
            "norm": _fence("‖", "‖"),
            "frobenius": ("<msub>" + _fence("‖", "‖")[0], _fence("‖", "‖")[1] + "<mi>F</mi></msub>"),
        }
    ),
    comma=MATHML.comma,
    relation=MATHML.relation,
    connective=MATHML.connective,
    denial=MATHML.denial,
    bracket=MATHML.bracket,
    choice=(
        (
            '<mrow><mo form="prefix">{</mo><mtable columnalign="left left"><mtr><mtd>',
            "</mtd><mtd><mtext>if </mtext>",
            "</mtd></mtr><mtr><mtd>",
            "</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>",
        ),
        (1, 0, 2),
    ),
)


def matrix_math(inner: str, behind: str, latex: str, said: str) -> str:
    """Return a matrix form as an element `math` of a line of its own, with text behind it and LaTeX as annotation."""
    inner += f'<mspace width="2em"/><mtext>{text_in(behind)}</mtext>' if behind else ""
    note = f'<annotation encoding="application/x-tex">{text_in(latex)}</annotation>'
    semantics = f"<semantics><mrow>{inner}</mrow>{note}</semantics>"
    return f'<math xmlns="{NAMESPACE}" display="block" alttext="{text_in(said)}">{semantics}</math>'
