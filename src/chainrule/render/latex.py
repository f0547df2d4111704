r"""Expressions and equations as LaTeX, as a textbook has them: $W^{2}_{kj}$, $\frac{\partial C}{\partial z^{1}_{j}}$.

The same layout as the text, in other characters: what a bar, a root or a superscript already holds together loses its
parentheses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from chainrule.expr.nodes import Condition, Expr, Index, Lookup, Position
from chainrule.expr.sizes import Size
from chainrule.render.arrange import arrange, known_ranks
from chainrule.render.layout import (
    BigOperator,
    Cases,
    Entry,
    ExtentOf,
    Layout,
    Matrix,
    NamedSlope,
    Numeral,
    Superscript,
    affine_text,
)
from chainrule.render.letters import with_letters
from chainrule.render.names import latex_name
from chainrule.render.style import Pieces, Style, framed, slope, write

FUNCTIONS = {
    "exp": r"\exp",
    "log": r"\log",
    "sin": r"\sin",
    "cos": r"\cos",
    "tan": r"\tan",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "tanh": r"\tanh",
    "atan": r"\arctan",
    "sigmoid": r"\sigma",
    "maximum": r"\max",
    "minimum": r"\min",
}
PLAIN_OPERATORS = ("log1p", "expm1", "relu", "softplus", "erf", "sign", "clip", "stop", "uniform", "normal")
BIG_OPERATORS = {
    "sum": r"\sum",
    "prod": r"\prod",
    "max": r"\max",
    "min": r"\min",
    "mean": r"\operatorname*{mean}",
    "onehot": r"\operatorname*{onehot}",
}
RELATIONS = {"<=": r"\le", ">=": r"\ge", "!=": r"\ne", "←": r"\leftarrow"}
CONNECTIVES = {"and": r"\land", "or": r"\lor"}


def expression_latex(
    expr: Expr | Condition,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, Size] | None = None,
    ranks: Mapping[str, int] | None = None,
) -> str:
    r"""Return an expression or condition as LaTeX for mathematics mode; braces and \left \right balance.

    >>> from chainrule.expr.nodes import Index, Indexed
    >>> print(expression_latex(Indexed("W2", (Index("k"), Index("j")))))
    W^{2}_{kj}
    """
    (lettered,) = with_letters(expr, taken=taken, declared=declared)
    return write(arrange(lettered, known_ranks((lettered,), ranks)), LATEX)


def equation_latex(
    target: Expr,
    value: Expr,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, Size] | None = None,
    ranks: Mapping[str, int] | None = None,
    sign: str = "=",
) -> str:
    """Return `target = value` as LaTeX; `sign` may be `&=` where equations are aligned. See `expression_latex`."""
    sides = with_letters(target, value, taken=taken, declared=declared)
    known = known_ranks(sides, ranks)
    left, right = (write(arrange(side, known), LATEX) for side in sides)
    return f"{left} {sign} {right}"


def aligned(lines: Iterable[str]) -> str:
    """Return lines as an `aligned` environment."""
    return "\n".join((r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"))


def _plain(name: str) -> str:
    return latex_name(name).plain


def _size(size: ExtentOf) -> str:
    return f"|{size.letter}|" if size.taken or len(size.letter) > 1 else size.letter.upper()


def _named_slope(node: NamedSlope) -> Pieces:
    if node.likely is not None:
        return (node.likely,)
    of, *wrt = (latex_name(part).tensor if axes else _plain(part) for part, axes in node.parts)
    mark = "^{?}" if node.guarded else ""
    before, after = LATEX.parentheses
    return (before, *slope(of, wrt, LATEX), after, f"{mark}_{{{_subscript(node.positions)}}}")


def _entry(entry: Entry) -> str:
    """Write an entry; that of a layer whose square could be meant has the layer in parentheses."""
    name = latex_name(entry.tensor)
    if not entry.positions:
        return name.plain
    layer = f"({name.layer})" if entry.apart and name.layer else name.layer
    layer += "?" if entry.guarded else ""
    superscript = f"^{{{layer}}}" if layer else ""
    return f"{name.base}{superscript}_{{{_subscript(entry.positions)}}}"


def _matrix(node: Matrix) -> Pieces:
    """Write det(X), or an entry of the inverse: (X⁻¹)_ij."""
    name = latex_name(node.matrix.tensor)
    if node.function == "det":
        return (rf"\det\left({name.tensor}\right)",)
    whole = rf"\left({name.tensor}\right)" if name.layer else name.base
    return (rf"\left({whole}^{{-1}}\right)_{{{_subscript(node.positions)}}}",)


def _big(node: BigOperator) -> str:
    """Write an operator with what runs below it: k, u < 2 where the range is bounded, or t=1 with T above it."""
    operator = BIG_OPERATORS[node.op]
    if len(node.letters) == 1 and ".." in node.letters[0]:
        first, _, last = node.letters[0].partition("..")
        return f"{operator}_{{{first}}}^{{{last}}} "
    names = [(_plain(name), end) for name, _, end in (letter.partition("<") for letter in node.letters)]
    return f"{operator}_{{{_listed([f'{name} < {end}' if end else name for name, end in names])}}} "


def _subscript(positions: tuple[Position, ...]) -> str:
    return _listed([_position(p) for p in positions])


def _listed(written: list[str]) -> str:
    return ("" if all(len(w) == 1 and w.isalpha() for w in written) else ", ").join(written)


def _position(position: Position) -> str:
    if isinstance(position, Index):
        return _plain(position.name)
    if isinstance(position, Lookup):
        return _entry(Entry(position.entry.tensor, position.entry.indices, position.entry.guarded))
    return affine_text(position, lambda index, size: ("" if size == 1 else str(size)) + _plain(index.name))


def _number(mantissa: str, exponent: int) -> str:
    if not exponent:
        return mantissa
    return f"10^{{{exponent}}}" if mantissa == "1" else rf"{mantissa} \cdot 10^{{{exponent}}}"


def _times(after: Layout) -> str:
    """Write a thin space, before a digit a point."""
    digit = isinstance(after, Numeral) or (isinstance(after, Superscript) and isinstance(after.base, Numeral))
    return r" \cdot " if digit else r" \, "


def _function(function: str) -> str:
    if function in FUNCTIONS:
        return FUNCTIONS[function]
    return rf"\operatorname{{{function}}}" if function in PLAIN_OPERATORS else _plain(function)


def _choice(node: Cases) -> Pieces:
    frame = (r"\begin{cases} ", r" & \text{if } ", r" \\ ", r" & \text{otherwise} \end{cases}")
    return framed(frame, node.then, node.condition, node.otherwise)


LATEX = Style(
    holds=True,
    number=_number,
    name=_plain,
    size=_size,
    entry=_entry,
    position=_position,
    matrix=_matrix,
    named_slope=_named_slope,
    function=_function,
    partial=lambda order: rf"\partial^{{{order}}} " if order > 1 else r"\partial ",
    times=_times,
    big=_big,
    big_end="",
    plus=" + ",
    minus=" - ",
    negative="-",
    denial=r"\lnot ",
    between_partials=" ",
    primed=lambda primes: ("", "'" * primes),
    call="",
    whole=lambda tensor: latex_name(tensor).tensor,
    gradient=(r"\nabla ", r" \cdot ", ""),
    rate=lambda node: (r"\frac{\partial \left(", node.of, r"\right)}{\partial ", node.by, "}"),
    comma=", ",
    relation=lambda relation: f" {RELATIONS.get(relation, relation)} ",
    connective=lambda word: f" {CONNECTIVES[word]} ",
    slope=(r"\frac{", "}{", "}"),
    fraction=(r"\frac{", "}{", "}"),
    power=("", "^{", "}"),
    parentheses=(r"\left(", r"\right)"),
    bracket=(r"\left[ ", r" \right]"),
    span=("", r", \ldots, ", ""),
    choice=_choice,
    frames=MappingProxyType(
        {
            "sqrt": (r"\sqrt{", "}"),
            "abs": (r"\left|", r"\right|"),
            "floor": (r"\left\lfloor ", r" \right\rfloor"),
        }
    ),
)
