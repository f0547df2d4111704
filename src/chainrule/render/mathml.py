"""Expressions as MathML Core, the mathematics of web pages: the third table of characters beside text and LaTeX.

What LaTeX leaves out between parts, an invisible sign says here: a product, a function of its argument, two indices
side by side. Every name is escaped, so that what is written is well-formed XML whatever tensors are called. Characters
that cannot be seen are written as references.
"""

from __future__ import annotations

import re
from html import escape
from types import MappingProxyType

from chainrule.errors import escaped
from chainrule.expr import functions
from chainrule.expr.nodes import Index, Lookup, Position
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
from chainrule.render.names import PrintedName, printed_name
from chainrule.render.style import Frame, Pieces, Style, framed, slope

APPLY = "<mo>&#x2061;</mo>"
TIMES = '<mo lspace="0" rspace="0.17em">&#x2062;</mo>'
TIMES_SUM = '<mo lspace="0" rspace="0">&#x2062;</mo>'
BESIDE = "<mo>&#x2063;</mo>"
"""Invisible signs: a function of what follows, a product, one with a sum, which has space of its own; two indices."""
FUNCTIONS = {"sigmoid": "σ", "atan": "arctan", "maximum": "max", "minimum": "min"}
BIG_OPERATORS = {"sum": "∑", "prod": "∏"}
RELATIONS = {"<=": "≤", ">=": "≥", "!=": "≠"}
CONNECTIVES = {"and": "∧", "or": "∨"}
_SIGN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]\w*|\S")
_UPRIGHT = frozenset("ΓΔΘΛΞΠΣΥΦΨΩ")


def text_in(text: object, keep: str = "") -> str:
    r"""Return text as XML has it between tags and in attributes; what a terminal would obey or hide is shown.

    >>> print(text_in("<script> \x1b"))
    &lt;script&gt; \x1b
    """
    return escape(escaped(text, keep))


def words_in(text: str) -> str:
    """Return words between mathematics, with the spaces at their ends."""
    return f"<mtext>{text_in(text).replace(' ', '&#xA0;')}</mtext>"


def _row(*parts: str) -> str:
    """Return parts as one element."""
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


def _identifier(letters: str) -> str:
    """Return letters as a name: a single one is italic, as in LaTeX all but Greek capitals are."""
    upright = ' mathvariant="normal"' if letters in _UPRIGHT else ""
    return f"<mi{upright}>{text_in(letters)}</mi>"


def _base(name: PrintedName) -> str:
    return _row(*map(_identifier, (*name.before, name.letters)))


def _plain(name: str) -> str:
    return _named(printed_name(name), "msub")


def _whole(name: str) -> str:
    return _named(printed_name(name), "msup")


def _named(name: PrintedName, kind: str) -> str:
    return f"<{kind}>{_base(name)}{_signs(name.layer)}</{kind}>" if name.layer else _base(name)


def _signs(text: str) -> str:
    """Return a superscript or a position, l+1 or [2], sign by sign, without space between them."""
    return _row(*map(_sign, _SIGN.findall(text.replace("-", "−"))))


def _sign(text: str) -> str:
    if text[0].isdecimal():
        return f"<mn>{text}</mn>"
    if text[0].isalpha():
        return _plain(text)
    return f'<mo lspace="0" rspace="{"0.17em" if text == "," else "0"}" stretchy="false">{text_in(text)}</mo>'


def _size(size: ExtentOf) -> str:
    if size.taken or len(size.letter) > 1:
        return f'<mrow><mo form="prefix">|</mo>{_signs(size.letter)}<mo form="postfix">|</mo></mrow>'
    return _identifier(size.letter.upper())


def _entry(entry: Entry) -> str:
    """Write an entry; that of a layer whose square could be meant has the layer in parentheses."""
    name = printed_name(entry.tensor)
    if not entry.positions:
        return _plain(entry.tensor)
    layer = f"({name.layer})" if entry.apart and name.layer else name.layer
    layer += "?" if entry.guarded else ""
    base, below = _base(name), _subscript(entry.positions)
    return f"<msubsup>{base}{below}{_signs(layer)}</msubsup>" if layer else f"<msub>{base}{below}</msub>"


def _named_slope(node: NamedSlope) -> Pieces:
    if node.likely is not None:
        return (node.likely,)
    of, *wrt = (_whole(part) if axes else _plain(part) for part, axes in node.parts)
    inner = framed(MATHML.parentheses, "".join(map(str, slope(of, wrt, MATHML))))
    below = _subscript(node.positions)
    if node.guarded:
        return ("<msubsup>", *inner, below, "<mo>?</mo></msubsup>")
    return ("<msub>", *inner, below, "</msub>")


def _matrix(node: Matrix) -> Pieces:
    """Write det(X), or an entry of the inverse: (X⁻¹)_ij."""
    name, whole = printed_name(node.matrix.tensor), _whole(node.matrix.tensor)
    if node.function == "det":
        return (f"<mi>det</mi>{APPLY}", *framed(MATHML.parentheses, whole))
    base = "".join(map(str, framed(MATHML.parentheses, whole))) if name.layer else _base(name)
    inverse = "".join(map(str, framed(MATHML.parentheses, f"<msup>{base}{_signs('-1')}</msup>")))
    return (f"<msub>{inverse}{_subscript(node.positions)}</msub>",)


def _big(node: BigOperator) -> str:
    """Write an operator with what runs below it: k, u < 2 where the range is bounded, or t=1 with T above it."""
    if len(node.letters) == 1 and ".." in node.letters[0]:
        first, last = map(_signs, node.letters[0].split(".."))
        return f"<munderover>{_operator(node.op)}{first}{last}</munderover>"
    names = [(_plain(name), end) for name, _, end in (letter.partition("<") for letter in node.letters)]
    below = _listed([_row(name, *([_sign("<"), _sign(end)] if end else [])) for name, end in names])
    return f"<munder>{_operator(node.op)}{below}</munder>"


def _operator(op: str) -> str:
    if op in BIG_OPERATORS:
        return f"<mo>{BIG_OPERATORS[op]}</mo>"
    return f'<mo movablelimits="true" lspace="0.17em" rspace="0.17em">{text_in(op)}</mo>'


def _subscript(positions: tuple[Position, ...]) -> str:
    return _listed([position_mathml(p) for p in positions])


def _listed(written: list[str]) -> str:
    short = all(len(w) == len("<mi>k</mi>") and w.startswith("<mi>") for w in written)
    between = BESIDE if short else _sign(",")
    return _row(*(piece for n, w in enumerate(written) for piece in ((between, w) if n else (w,))))


def position_mathml(position: Position) -> str:
    """Return a position as one element.

    >>> from chainrule.expr.nodes import Affine, Index
    >>> position_mathml(Affine(((Index("i"), 2),)))
    '<mrow><mn>2</mn><mi>i</mi></mrow>'
    """
    if isinstance(position, Index):
        return _plain(position.name)
    if isinstance(position, Lookup):
        return _entry(Entry(position.entry.tensor, position.entry.indices, position.entry.guarded))
    names: list[str] = []

    def term(index: Index, size: int) -> str:
        names.append(_plain(index.name))
        return ("" if size == 1 else str(size)) + "_"

    signs = _SIGN.findall(affine_text(position, term).replace("-", "−"))
    return _row(*(names.pop(0) if sign == "_" else _sign(sign) for sign in signs))


def _number(mantissa: str, exponent: int) -> str:
    if not exponent:
        return f"<mn>{mantissa}</mn>"
    power = f"<msup><mn>10</mn>{_signs(str(exponent))}</msup>"
    return power if mantissa == "1" else f"<mrow><mn>{mantissa}</mn><mo>·</mo>{power}</mrow>"


def _times(after: Layout) -> str:
    """Write the sign of a product, a point before a digit."""
    digit = isinstance(after, Numeral) or (isinstance(after, Superscript) and isinstance(after.base, Numeral))
    if isinstance(after, BigOperator):
        return TIMES_SUM
    return "<mo>·</mo>" if digit else TIMES


def _function(function: str) -> str:
    if function in FUNCTIONS:
        return _identifier(FUNCTIONS[function])
    return f"<mi>{function}</mi>" if function in functions.FUNCTIONS else _plain(function)


def _choice(node: Cases) -> Pieces:
    cell = '<mtd style="text-align:left;text-align:-webkit-left">'
    frame = (
        f'<mrow><mo form="prefix" stretchy="true">{{</mo><mtable columnalign="left left"><mtr>{cell}',
        f"</mtd>{cell}{words_in('if ')}",
        f"</mtd></mtr><mtr>{cell}",
        f"</mtd>{cell}{words_in('otherwise')}</mtd></mtr></mtable></mrow>",
    )
    return framed(frame, node.then, node.condition, node.otherwise)


def _relation(relation: str) -> str:
    return f"<mo>{escape(RELATIONS.get(relation, relation))}</mo>"


def _partial(order: int) -> str:
    return f"<msup><mi>∂</mi><mn>{order}</mn></msup>" if order > 1 else "<mi>∂</mi>"


def _around(kind: str) -> Frame:
    """Return the frame of two rows in an element."""
    return (f"<{kind}><mrow>", "</mrow><mrow>", f"</mrow></{kind}>")


def _fence(opening: str, closing: str) -> Frame:
    """Return the frame of signs that are as tall as what they enclose."""
    return f'<mrow><mo form="prefix">{opening}</mo>', f'<mo form="postfix">{closing}</mo></mrow>'


MATHML = Style(
    holds=True,
    number=_number,
    name=_plain,
    size=_size,
    entry=_entry,
    position=position_mathml,
    matrix=_matrix,
    named_slope=_named_slope,
    function=_function,
    partial=_partial,
    times=_times,
    big=_big,
    big_end="",
    plus="<mo>+</mo>",
    minus="<mo>−</mo>",
    negative='<mo form="prefix">−</mo>',
    denial="<mo>¬</mo>",
    between_partials=TIMES,
    primed=lambda primes: ("<msup><mrow>", f'</mrow><mo mathsize="140%">{"′" * primes}</mo></msup>'),
    call=APPLY,
    whole=_whole,
    gradient=('<mo form="prefix">∇</mo>', "<mo>·</mo>", ""),
    rate=lambda node: (
        "<mfrac><mrow><mi>∂</mi>",
        *framed(_fence("(", ")"), node.of),
        "</mrow><mrow><mi>∂</mi>",
        node.by,
        "</mrow></mfrac>",
    ),
    comma="<mo>,</mo>",
    relation=_relation,
    connective=lambda word: f"<mo>{CONNECTIVES[word]}</mo>",
    slope=_around("mfrac"),
    fraction=("<mfrac><mrow>", "</mrow><mrow>", "</mrow></mfrac>"),
    power=_around("msup"),
    parentheses=_fence("(", ")"),
    bracket=_fence("[", "]"),
    span=("", '<mo>,</mo><mo lspace="0" rspace="0">…</mo><mo>,</mo>', ""),
    choice=_choice,
    frames=MappingProxyType(
        {"sqrt": ("<msqrt><mrow>", "</mrow></msqrt>"), "abs": _fence("|", "|"), "floor": _fence("⌊", "⌋")}
    ),
)
