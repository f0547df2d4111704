"""Expressions and equations as text, in Unicode or in ASCII: the notation itself, which the parser reads back.

Only characters are chosen here; what stands where, and in parentheses, is decided by `arrange`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

from chainrule.expr.nodes import Affine, Condition, Expr, Index, Lookup, Position
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import Derivative, Tensor, steps_text, symbol
from chainrule.render.arrange import arrange, known_ranks
from chainrule.render.layout import BigOperator, Entry, Layout, NamedSlope, affine_text
from chainrule.render.letters import with_letters
from chainrule.render.numerals import numeral_parts
from chainrule.render.style import Style, framed, write

ORDERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
RELATIONS = MappingProxyType({"<=": "≤", ">=": "≥", "!=": "≠"})


def expression_text(
    expr: Expr | Condition,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, Size] | None = None,
    ranks: Mapping[str, int] | None = None,
    unicode: bool = True,
) -> str:
    """Return an expression or a condition in the notation.

    `taken` are names that no index may be printed as, `declared` letters and the extents they mean in the system;
    `ranks` of tensors that are named in derivatives only.

    >>> from chainrule.expr.binding import reduce_over
    >>> from chainrule.expr.nodes import Index, Indexed, times
    >>> j, k = Index("j"), Index("k")
    >>> total = reduce_over("sum", [k], times(Indexed("W", (k, j)), Indexed("d", (k,))))
    >>> expression_text(total), expression_text(total, unicode=False)
    ('Σ_k W[k,j]·d[k]', 'sum(k) W[k,j]*d[k]')
    """
    (lettered,) = with_letters(expr, taken=taken, declared=declared)
    return lettered_text(lettered, known_ranks((lettered,), ranks), unicode=unicode)


def equation_text(
    target: Expr,
    value: Expr,
    *,
    taken: Collection[str] = (),
    declared: Mapping[str, Size] | None = None,
    ranks: Mapping[str, int] | None = None,
    unicode: bool = True,
) -> str:
    """Return `target = value` in the notation; see `expression_text`."""
    left, right = with_letters(target, value, taken=taken, declared=declared)
    known = known_ranks((left, right), ranks)
    return f"{lettered_text(left, known, unicode=unicode)} = {lettered_text(right, known, unicode=unicode)}"


def lettered_text(expr: Expr | Condition, ranks: Mapping[str, int], *, unicode: bool = True) -> str:
    """Return an expression whose indices `with_letters` has named already."""
    return write(arrange(expr, ranks), UNICODE if unicode else ASCII)


def entry_text(tensor: str, positions: Sequence[Position]) -> str:
    """Return an entry of a tensor, whose indices are named by their letters: W[k,j]."""
    return _entry(Entry(symbol(tensor), tuple(positions)))


def whole_text(tensor: str) -> str:
    """Return a whole tensor, of a family one step of it.

    >>> whole_text("a1"), whole_text(Tensor("a", (("L", 0),)))
    ('a1', 'a[L]')
    """
    if isinstance(tensor, Tensor) and tensor.superscript:
        return f"{tensor.name}[{steps_text(tensor.superscript)}]"
    return tensor


def place_text(tensor: str, place: Sequence[int]) -> str:
    """Return the entry of a tensor at a place.

    >>> place_text("W2", (3, 0)), place_text("C", ())
    ('W2[3,0]', 'C')
    """
    return entry_text(tensor, [Affine((), int(number)) for number in place])


def position_text(position: Position) -> str:
    """Return a position as it stands between brackets.

    >>> from chainrule.expr.nodes import Affine, Index
    >>> position_text(Affine(((Index("i"), 2), (Index("u"), 1)), -1))
    '2*i+u-1'
    """
    if isinstance(position, Index):
        return position.name
    if isinstance(position, Lookup):
        return _entry(Entry(position.entry.tensor, position.entry.indices, position.entry.guarded))
    return affine_text(position, lambda index, size: index.name if size == 1 else f"{size}*{index.name}")


def numeral_text(value: Fraction) -> str:
    """Return a number that is not negative, as the parser reads it exactly.

    >>> numeral_text(Fraction(1, 20)), numeral_text(Fraction(1, 10**5)), numeral_text(Fraction(12))
    ('0.05', '1e-5', '12')
    """
    return _number(*numeral_parts(value))


def _brackets(positions: tuple[Position, ...]) -> str:
    return f"[{_listed(positions)}]" if positions else ""


def _listed(positions: tuple[Position, ...]) -> str:
    return ",".join(position_text(p) for p in positions)


def _number(mantissa: str, exponent: int) -> str:
    return f"{mantissa}e{exponent}" if exponent else mantissa


def _entry(entry: Entry | NamedSlope) -> str:
    mark = "?" if entry.guarded else ""
    match entry.tensor:
        case Tensor(name, (_, *_) as superscript):
            return f"{name}{mark}[{steps_text(superscript)}; {_listed(entry.positions)}".rstrip() + "]"
        case Derivative(_, (*_, Tensor(_, (_, *_)))):
            before, _, raised = entry.tensor.rpartition("[")
            return f"{before}{mark}[{raised[:-1]} {_listed(entry.positions)}".rstrip() + "]"
        case _:
            return entry.tensor + mark + _brackets(entry.positions)


def _operator(node: BigOperator) -> str:
    return f"{node.op}({','.join(node.letters)}) "


def _big_sum(node: BigOperator) -> str:
    if node.op != "sum":
        return _operator(node)
    letters = node.letters
    return f"Σ_{letters[0]} " if len(letters) == 1 and len(letters[0]) == 1 else f"Σ_{{{','.join(letters)}}} "


def _same(name: str) -> str:
    return name


def _spaced(word: str) -> str:
    return f" {word} "


def _between(mark: str) -> Callable[[Layout], str]:
    return lambda _: mark


UNICODE = Style(
    holds=False,
    number=_number,
    name=_same,
    size=lambda size: f"extent({size.letter})",
    entry=_entry,
    position=position_text,
    matrix=lambda node: (node.function, "(", node.matrix, ")", _brackets(node.positions)),
    named_slope=lambda node: (_entry(node),),
    function=_same,
    partial=lambda order: f"∂{str(order).translate(ORDERS)}" if order > 1 else "∂",
    times=_between("·"),
    big=_big_sum,
    big_end="",
    plus=" + ",
    minus=" − ",
    negative="−",
    denial="not ",
    between_partials="",
    primed=lambda primes: ("", "'" * primes),
    call="",
    whole=whole_text,
    gradient=("∇", " · ", ""),
    rate=lambda node: ("∂(", node.of, ")/∂", node.by),
    comma=", ",
    relation=lambda relation: f" {RELATIONS.get(relation, relation)} ",
    connective=_spaced,
    slope=("", "/", ""),
    fraction=("", "/", ""),
    power=("", "^", ""),
    parentheses=("(", ")"),
    bracket=("[", "]"),
    span=("", "..", ""),
    choice=lambda node: framed(("where(", ", ", ", ", ")"), node.condition, node.then, node.otherwise),
    frames=MappingProxyType({}),
)
ASCII = replace(
    UNICODE,
    times=_between("*"),
    big=_operator,
    minus=" - ",
    negative="-",
    relation=_spaced,
)
