r"""Expressions and equations as LaTeX, as a textbook has them: $W^{2}_{kj}$, $\frac{\partial C}{\partial z^{1}_{j}}$.

The same layout as the text, in other characters: what a bar, a root or a superscript already holds together loses its
parentheses. Which indices of a derivative belong to which tensor is looked up in `ranks`, else in the equation itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import assert_never

from chainrule.expr import sizes
from chainrule.expr.nodes import Condition, Expr, Index, Lookup, Position
from chainrule.render.arrange import UNIT, arrange, known_ranks, split_derivative
from chainrule.render.layout import (
    Applied,
    BigOperator,
    Chain,
    Choice,
    Connective,
    Denial,
    Derivative,
    Entry,
    Factors,
    Iverson,
    Layout,
    Matrix,
    Named,
    NamedDerivative,
    Negative,
    Numeral,
    Parenthesised,
    Pieces,
    Place,
    Quotient,
    Ratio,
    Relation,
    Size,
    Superscript,
    Symbol,
    Terms,
    affine_text,
    bare,
    join,
    linked,
    write,
)
from chainrule.render.letters import with_letters
from chainrule.render.names import derivative_parts, latex_name, likely_groups
from chainrule.render.numerals import numeral_parts

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
PLAIN_OPERATORS = ("log1p", "expm1", "relu", "softplus", "erf", "sign", "clip")
BIG_OPERATORS = {
    "sum": r"\sum",
    "prod": r"\prod",
    "max": r"\max",
    "min": r"\min",
    "mean": r"\operatorname*{mean}",
    "onehot": r"\operatorname*{onehot}",
}
RELATIONS = {"<=": r"\le", ">=": r"\ge", "!=": r"\ne"}
CONNECTIVES = {"and": r"\land", "or": r"\lor"}


def expression_latex(
    expr: Expr | Condition,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, sizes.Size] | None = None,
    ranks: Mapping[str, int] | None = None,
) -> str:
    r"""Return an expression or condition as LaTeX for mathematics mode; braces and \left \right balance.

    >>> from chainrule.expr.nodes import Index, Indexed
    >>> print(expression_latex(Indexed("W2", (Index("k"), Index("j")))))
    W^{2}_{kj}
    """
    (lettered,) = with_letters(expr, taken=taken, declared=declared)
    return _Latex((lettered,), ranks).write(lettered)


def equation_latex(
    target: Expr,
    value: Expr,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, sizes.Size] | None = None,
    ranks: Mapping[str, int] | None = None,
    sign: str = "=",
) -> str:
    """Return `target = value` as LaTeX; `sign` may be `&=` where equations are aligned. See `expression_latex`."""
    sides = with_letters(target, value, taken=taken, declared=declared)
    printer = _Latex(sides, ranks)
    return f"{printer.write(sides[0])} {sign} {printer.write(sides[1])}"


class _Latex:
    """Prints the layouts of one equation, knowing what tensors are in it."""

    def __init__(self, nodes: tuple[Expr | Condition, ...], ranks: Mapping[str, int] | None) -> None:
        self.ranks = known_ranks(nodes, ranks)

    def write(self, node: Expr | Condition) -> str:
        """Return one side of the equation."""
        return write(arrange(node, self.ranks), self.pieces)

    def pieces(self, layout: Layout) -> Pieces:  # noqa: C901 -- one match over the nodes
        """Return what a layout is printed as."""
        match layout:
            case Numeral(value):
                return (_numeral(value),)
            case Ratio(value):
                return (f"\\frac{{{value.numerator}}}{{{value.denominator}}}",)
            case Symbol(name) | Named(name):
                return (latex_name(name).plain,)
            case Size(letter):
                return (self._size(letter),)
            case Place(position):
                return (_position(position),)
            case Entry(tensor, positions, guarded):
                return (_entry(tensor, positions, guarded, apart=tensor.rstrip("0123456789") in self.ranks),)
            case Matrix(function, matrix, positions):
                return _matrix(function, matrix, positions)
            case Derivative(of, wrt):
                return _derivative(of, wrt)
            case NamedDerivative(tensor, positions, guarded):
                return self._named_derivative(tensor, positions, guarded)
            case Terms(parts):
                return tuple(piece for n, part in enumerate(parts) for piece in _term(part, n == 0))
            case Negative(part):
                return ("-", part)
            case Factors(parts):
                return _factors(parts)
            case Quotient(above, below):
                return _quotient(above, below)
            case Superscript(base, exponent):
                return (_base(base), "^{", bare(exponent), "}")
            case Applied(function, arguments, primes):
                return _applied(function, arguments, primes)
            case BigOperator(op, letters, body):
                return (f"{BIG_OPERATORS[op]}_{{{_ranges(letters)}}} ", body)
            case Relation(relation, left, right):
                return (left, f" {RELATIONS.get(relation, relation)} ", right)
            case Chain(sides, relations):
                return linked(sides, tuple(f" {RELATIONS.get(r, r)} " for r in relations))
            case Connective(op, parts):
                return join(parts, f" {CONNECTIVES[op]} ")
            case Denial(part):
                return (r"\lnot ", part)
            case Iverson(condition):
                return (r"\left[ ", condition, r" \right]")
            case Choice(condition, then, otherwise):
                tail = (r" & \text{if } ", condition, r" \\ ", otherwise, r" & \text{otherwise} \end{cases}")
                return (r"\begin{cases} ", then, *tail)
            case Parenthesised(inner):
                return (inner,) if isinstance(inner, Ratio) else (r"\left(", inner, r"\right)")
            case _:
                assert_never(layout)

    def _size(self, letter: str) -> str:
        capital = letter.upper()
        return f"|{letter}|" if capital in self.ranks or len(letter) > 1 else capital

    def _named_derivative(self, tensor: str, positions: tuple[Position, ...], guarded: bool) -> Pieces:
        parts = derivative_parts(tensor)
        groups = likely_groups(parts, len(positions), self.ranks)
        if groups is not None:
            return (split_derivative(parts, groups, positions, guarded=guarded),)
        of, *wrt = (latex_name(part).tensor if self.ranks.get(part) else latex_name(part).plain for part in parts)
        mark = "^{?}" if guarded else ""
        return (r"\left(", *_derivative(of, wrt), r"\right)", f"{mark}_{{{_subscript(positions)}}}")


def _derivative(of: str | Layout, wrt: Sequence[str | Layout]) -> Pieces:
    order = f"^{{{len(wrt)}}}" if len(wrt) > 1 else ""
    below = [piece for n, part in enumerate(wrt) for piece in (r" \partial " if n else r"\partial ", part)]
    return (rf"\frac{{\partial{order} ", of, "}{", *below, "}")


def _entry(tensor: str, positions: tuple[Position, ...], guarded: bool = False, *, apart: bool = False) -> str:
    """Put an entry; `apart` says that there is a tensor without the digits too, whose square could be meant."""
    name = latex_name(tensor)
    if not positions:
        return name.plain
    layer = (f"({name.layer})" if apart and name.layer else name.layer) + ("?" if guarded else "")
    superscript = f"^{{{layer}}}" if layer else ""
    return name.base + superscript + (f"_{{{_subscript(positions)}}}" if positions else "")


def _matrix(function: str, matrix: Entry, positions: tuple[Position, ...]) -> Pieces:
    """Put det(X), or an entry of the inverse: (X⁻¹)_ij."""
    name = latex_name(matrix.tensor)
    if function == "det":
        return (rf"\det\left({name.tensor}\right)",)
    whole = rf"\left({name.tensor}\right)" if name.layer else name.base
    return (rf"\left({whole}^{{-1}}\right)_{{{_subscript(positions)}}}",)


def _ranges(letters: tuple[str, ...]) -> str:
    """Return what stands below a reduction: k, or u < 2 where the range is bounded."""
    names = [(latex_name(name).plain, end) for name, _, end in (letter.partition("<") for letter in letters)]
    written = [f"{name} < {end}" if end else name for name, end in names]
    return ("" if all(len(w) == 1 and w.isalpha() for w in written) else ", ").join(written)


def _subscript(positions: tuple[Position | str, ...]) -> str:
    written = [latex_name(p).plain if isinstance(p, str) else _position(p) for p in positions]
    return ("" if all(len(w) == 1 and w.isalpha() for w in written) else ", ").join(written)


def _position(position: Position) -> str:
    if isinstance(position, Index):
        return latex_name(position.name).plain
    if isinstance(position, Lookup):
        return _entry(position.entry.tensor, position.entry.indices, position.entry.guarded)
    return affine_text(position, lambda index, size: ("" if size == 1 else str(size)) + latex_name(index.name).plain)


def _numeral(value: Fraction) -> str:
    mantissa, exponent = numeral_parts(value)
    if not exponent:
        return mantissa
    return f"10^{{{exponent}}}" if mantissa == "1" else rf"{mantissa} \cdot 10^{{{exponent}}}"


def _term(part: Layout, first: bool) -> Pieces:
    if first:
        return (part,)
    return (" - ", part.part) if isinstance(part, Negative) else (" + ", part)


def _factors(parts: tuple[Layout, ...]) -> Pieces:
    first, *others = parts
    pieces: list[str | Layout] = [first]
    for part in others:
        pieces += [r" \cdot " if _starts_with_digit(part) else r" \, ", part]
    return tuple(pieces)


def _starts_with_digit(layout: Layout) -> bool:
    return isinstance(layout, Numeral) or (isinstance(layout, Superscript) and isinstance(layout.base, Numeral))


def _quotient(above: Layout, below: Layout) -> Pieces:
    """Put a fraction; a fraction of numbers in front of it stands beside it, not above the bar."""
    first, *others = above.parts if isinstance(above, Factors) else (above,)
    if isinstance(first, Ratio):
        rest = Factors(tuple(others)) if len(others) > 1 else others[0] if others else UNIT
        return (first, r" \, \frac{", bare(rest), "}{", bare(below), "}")
    return (r"\frac{", bare(above), "}{", bare(below), "}")


def _base(base: Layout) -> Layout:
    """Return what a superscript may stand at: an entry that has one already goes into parentheses."""
    match base:
        case Entry(tensor, positions, guarded):
            return Parenthesised(base) if guarded or (positions and latex_name(tensor).layer) else base
        case Numeral(value):
            return Parenthesised(base) if numeral_parts(value)[1] else base
        case Parenthesised(Ratio() as ratio):
            return Parenthesised(Parenthesised(ratio))
        case Symbol() | Named() | Size() | Iverson() | Parenthesised():
            return base
        case _:
            return Parenthesised(base)


def _applied(function: str, arguments: tuple[Layout, ...], primes: int) -> Pieces:
    if function == "sqrt" and not primes:
        return (r"\sqrt{", *arguments, "}")
    if function == "abs" and not primes:
        return (r"\left|", *arguments, r"\right|")
    if function in FUNCTIONS:
        name = FUNCTIONS[function]
    else:
        name = rf"\operatorname{{{function}}}" if function in PLAIN_OPERATORS else latex_name(function).plain
    return (name + "'" * primes, r"\left(", *join(arguments, ", "), r"\right)")
