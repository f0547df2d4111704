"""Operations of matrix notation on parts whose shapes are known: which fit, and what comes out.

What is refused is raised as `MisfitError`, in the parts of a message; who reads the text knows the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from chainrule.expr.functions import ARITY, FUNCTIONS
from chainrule.notation.matrix_texts.matrix_parts import Part
from chainrule.notation.matrix_texts.shapes import NUMBER, ONE, Shape, Side, joined

MAX_POWER = 20
"""The highest power of a matrix; a higher one is a product of more factors than anybody wants to read."""


class MisfitError(Exception):
    """Parts do not fit together: what is wrong, what was expected, what to do."""

    def __init__(self, what: str, expected: str = "", advice: str = "") -> None:
        super().__init__(what)
        self.what, self.expected, self.advice = what, expected, advice


_FITS = "as many columns on the left as rows on the right"
Texts = tuple[str, str]
"""What two operands look like in the text."""


def number(text: str) -> Part:
    """Return a number."""
    return Part("number", name=text, counted=True)


def transposed(part: Part) -> Part:
    """Return the transpose."""
    if part.shape.is_number:
        return part
    return part.parts[0] if part.op == "transpose" else Part("transpose", (part,), part.shape.turned)


def opposite(part: Part) -> Part:
    """Return what has the other sign."""
    return Part("opposite", (part,), part.shape, counted=part.counted)


def added(one: Part, other: Part, sign: str, texts: Texts) -> Part:
    """Return a sum or a difference; a number stands for one in every entry."""
    if not (one.counted or other.counted):
        _check_alike(one, other, f"{texts[0]} {sign} {texts[1]}", sign)
    shape = other.shape if one.shape.is_number else one.shape
    counted = one.counted and other.counted
    if one.op == "sum":
        return Part("sum", (*one.parts, other), shape, one.name + sign, counted)
    return Part("sum", (one, other), shape, "+" + sign, counted)


def _check_alike(one: Part, other: Part, text: str, sign: str) -> None:
    if joined(one.shape.rows, other.shape.rows) and joined(one.shape.columns, other.shape.columns):
        return
    if one.shape.is_number or other.shape.is_number:
        raise MisfitError(
            f"{text}: {one.shape.kind} and {other.shape.kind} have no sum",
            "terms of one shape, or a number such as 1 beside a vector",
            "A scalar t in every entry is t*vector(1) or t*matrix(1); t times the identity is t*eye.",
        )
    if one.shape.kind == other.shape.kind:
        sizes = f"{_sizes(one.shape)} and {_sizes(other.shape)}"
        raise MisfitError(f"{text}: the terms have different sizes, {sizes}", "one size", "See their declarations.")
    flat = not (one.shape.is_matrix or other.shape.is_matrix)
    raise MisfitError(
        f"{text}: {one.shape.kind} and {other.shape.kind} have no sum",
        "terms of one shape",
        "x' is x as a row." if flat else "diag(x) is the matrix with x on its diagonal.",
    )


def _sizes(shape: Shape) -> str:
    rows, columns = shape.rows.found().size, shape.columns.found().size
    return f"{'?' if rows is None else rows} × {'?' if columns is None else columns}"


def multiplied(one: Part, other: Part, texts: Texts) -> Part:
    """Return a matrix product, or a multiple."""
    if one.shape.is_number or other.shape.is_number:
        shape = other.shape if one.shape.is_number else one.shape
        return Part("times", (one, other), shape, counted=one.counted and other.counted)
    if not joined(one.shape.columns, other.shape.rows):
        raise _no_product(one.shape, other.shape, texts)
    return Part("matmul", (one, other), Shape(one.shape.rows, other.shape.columns))


def _no_product(one: Shape, other: Shape, texts: Texts) -> MisfitError:
    if "…" in texts:
        what = f"the factors do not fit: the left one is {one.kind}, the right one {other.kind}"
        return MisfitError(what, _FITS, "Products are read from left to right; x' is x as a row.")
    left, right = map(_grouped, texts)
    what = f"{left}*{right} is no product: {left} is {one.kind}, {right} {other.kind}"
    if one.kind == other.kind == "a column":
        return MisfitError(
            what,
            _FITS,
            f"{left}'*{right} is a scalar, {left}*{right}' a matrix, {left}.*{right} the product entry by entry.",
        )
    if one.kind == other.kind == "a row":
        return MisfitError(what, _FITS, f"{left}*{_turned(right)} is a scalar.")
    if one.kind == "a column":
        advice = f"{left}'*{right} is a row" + (f", {right}*{left} a column." if other.is_matrix else ".")
        return MisfitError(what, _FITS, advice)
    if other.kind == "a row":
        return MisfitError(what, _FITS, f"{left}*{_turned(right)} is a column.")
    sizes = f"{_sizes(one)} and {_sizes(other)}"
    return MisfitError(f"{what}, {sizes}", _FITS, "See their declarations.")


def _grouped(text: str) -> str:
    return text if re.fullmatch(r"\w+['’′]?|\w*\([^()]*\)|…", text) else f"({text})"


def _turned(text: str) -> str:
    bare = re.sub(r"(?:['’′ᵀ⊤]|\.T|\^\s*T|\^\{T\})(\)?)$", r"\1", text)
    return f"{text}'" if bare == text else bare


def entrywise(one: Part, other: Part, op: str, texts: Texts) -> Part:
    """Return a product (times), a quotient (over) or a power, entry by entry."""
    sign = {"times": ".*", "over": "./", "power": ".^"}[op]
    if not (one.shape.is_number or other.shape.is_number):
        _check_entries(one.shape, other.shape, texts, sign)
    shape = other.shape if one.shape.is_number else one.shape
    return Part(op, (one, other), shape, counted=one.counted and other.counted)


def _check_entries(one: Shape, other: Shape, texts: Texts, sign: str) -> None:
    if joined(one.rows, other.rows) and joined(one.columns, other.columns):
        return
    text = f"{texts[0]} {sign} {texts[1]}"
    if one.kind != other.kind:
        raise MisfitError(
            f"{text}: {one.kind} and {other.kind} have no entries in common",
            "operands of one shape, or a scalar",
            "Products are read from left to right: where A*x is meant first, put it in parentheses.",
        )
    raise MisfitError(f"{text}: the operands have different sizes, {_sizes(one)} and {_sizes(other)}", "one size")


def divided(one: Part, other: Part, texts: Texts) -> Part:
    """Return a quotient by a scalar."""
    if not other.shape.is_number:
        raise MisfitError(
            f"{texts[0]}/{texts[1]} divides by {other.shape.kind}",
            "a scalar below the line",
            f"Entry by entry: {texts[0]} ./ {texts[1]}; the inverse of a matrix is inv(A).",
        )
    return Part("over", (one, other), one.shape, counted=one.counted and other.counted)


def raised(base: Part, exponent: Part, texts: Texts) -> Part:
    """Return a power of a number, or of a matrix by itself."""
    if not exponent.shape.is_number:
        raise MisfitError(f"the exponent {texts[1]} is {exponent.shape.kind}", "a scalar", "Entry by entry: 2 .^ x")
    if base.shape.is_number:
        return Part("power", (base, exponent), counted=base.counted and exponent.counted)
    if not base.shape.is_matrix:
        raise MisfitError(
            f"{texts[0]} is {base.shape.kind} and has no power",
            "a scalar or a square matrix",
            f"The power of each entry is {texts[0]}.^{texts[1]}, the sum of all squares {texts[0]}'*{texts[0]}.",
        )
    exact = exponent.parts[0] if exponent.op == "opposite" else exponent
    if exact.op != "number" or not exact.name.isdecimal():
        raise MisfitError(
            "the exponent of a matrix is a whole number",
            "A^2, A^-1",
            f"The power of each entry is {texts[0]}.^{texts[1]}.",
        )
    return matrix_power(base, int(exact.name[:4]), inverse=exponent.op == "opposite")


def matrix_power(base: Part, exponent: int, *, inverse: bool) -> Part:
    """Return a matrix times itself, or its inverse."""
    if not 1 <= exponent <= MAX_POWER:
        raise MisfitError(f"the exponent of a matrix is from 1 to {MAX_POWER}", advice="The identity is eye.")
    _square(base, "a power")
    factor = inverted(base) if inverse else base
    found = factor
    for _ in range(exponent - 1):
        found = multiplied(found, factor, ("", ""))
    return found


def _square(part: Part, what: str) -> None:
    if not part.shape.is_matrix:
        raise MisfitError(f"{what} is that of a square matrix, and this is {part.shape.kind}", "a square matrix")
    if not joined(part.shape.rows, part.shape.columns):
        raise MisfitError(f"{what} is that of a square matrix, and this is {_sizes(part.shape)}", "a square matrix")


def inverted(part: Part) -> Part:
    """Return the inverse of a matrix, and of a scalar 1 divided by it."""
    if part.shape.is_number:
        return Part("over", (number("1"), part), counted=part.counted)
    _square(part, "an inverse")
    if part.op == "transpose":
        return transposed(inverted(part.parts[0]))
    return part.parts[0] if part.op == "inv" else Part("inv", (part,), part.shape)


def _summary(name: str) -> Callable[[Part], Part]:
    return lambda part: Part("all", (part,), name=name)


def trace(part: Part) -> Part:
    """Return the sum of what stands on the diagonal."""
    if part.shape.is_number:
        return part
    _square(part, "a trace")
    return Part("trace", (part,))


def determinant(part: Part) -> Part:
    """Return the determinant of a matrix."""
    if part.shape.is_number:
        return part
    _square(part, "a determinant")
    return Part("det", (part.parts[0] if part.op == "transpose" else part,))


def diagonal(part: Part) -> Part:
    """Return the matrix with a vector on its diagonal, or the diagonal of a matrix."""
    if part.shape.is_matrix:
        _square(part, "a diagonal")
        return Part("diagonal", (part,), Shape(part.shape.rows))
    if part.shape.is_number:
        return part
    side = part.shape.rows if part.shape.rows is not ONE else part.shape.columns
    return Part("diag", (part,), Shape(side, side))


def softmax(part: Part) -> Part:
    """Return the softmax of a vector."""
    _vector(part, "softmax")
    return Part("softmax", (part,), part.shape)


def logsumexp(part: Part) -> Part:
    """Return the logarithm of the sum of all exponentials."""
    return call("log", _summary("sum")(call("exp", part)))


def _vector(part: Part, name: str) -> None:
    if part.shape.is_number or part.shape.is_matrix:
        raise MisfitError(f"{name} is that of a vector, and this is {part.shape.kind}", "a vector")


def norm(part: Part) -> Part:
    """Return the Euclidean norm of a vector."""
    if part.shape.is_matrix:
        raise MisfitError(
            "norm2 of a matrix has two meanings",
            "a vector",
            "The root of the sum of all squares is normF(A); the largest singular value cannot be said.",
        )
    return frobenius(part)


def frobenius(part: Part) -> Part:
    """Return the root of the sum of all squares."""
    return call("abs", part) if part.shape.is_number else call("sqrt", _summary("sum")(_squares(part)))


def _squares(part: Part) -> Part:
    return Part("power", (part, number("2")), part.shape)


def call(name: str, *arguments: Part) -> Part:
    """Return a function of each entry."""
    shape = next((a.shape for a in arguments if not a.shape.is_number), NUMBER)
    for argument in arguments:
        if not argument.shape.is_number:
            _check_entries(shape, argument.shape, (name, "its argument"), "and")
    return Part("call", arguments, shape, name, all(a.counted for a in arguments))


def inner(one: Part, other: Part) -> Part:
    """Return the inner product of two vectors."""
    _vector(one, "dot")
    _vector(other, "dot")
    one, other = (transposed(p) if p.shape.rows is ONE else p for p in (one, other))
    return multiplied(transposed(one), other, ("x'", "y"))


def filled(part: Part, shape: Shape) -> Part:
    """Return a vector or a matrix that has one number in every entry."""
    if not part.shape.is_number:
        raise MisfitError(f"vector and matrix take a scalar, and this is {part.shape.kind}", "vector(1)")
    return Part("fill", (part,), shape)


def identity() -> Part:
    """Return the identity, as large as it has to be."""
    side = Side()
    return Part("eye", (), Shape(side, side))


_ONE_ARGUMENT: Mapping[str, Callable[[Part], Part]] = {
    "sum": _summary("sum"),
    "mean": _summary("mean"),
    "prod": _summary("prod"),
    "max": _summary("max"),
    "min": _summary("min"),
    "norm1": lambda part: _summary("sum")(call("abs", part)),
    "norm2": norm,
    "norm": norm,
    "normF": frobenius,
    "tr": trace,
    "trace": trace,
    "det": determinant,
    "logdet": lambda part: call("log", determinant(part)),
    "inv": inverted,
    "transpose": transposed,
    "diag": diagonal,
    "softmax": softmax,
    "logsumexp": logsumexp,
    "vector": lambda part: filled(part, Shape(Side())),
    "matrix": lambda part: filled(part, Shape(Side(), Side())),
    "ln": lambda part: call("log", part),
    "arctan": lambda part: call("atan", part),
}
_OF_TWO = {"max": "maximum", "min": "minimum"}
_DRAWN = frozenset(name for name, known in FUNCTIONS.items() if known.drawn)
KNOWN = frozenset({*_ONE_ARGUMENT, *ARITY, "dot"} - _DRAWN)
"""The functions of matrix notation."""


def applied(name: str, arguments: tuple[Part, ...]) -> Part:
    """Return a function by its name. Raises MisfitError."""
    if len(arguments) == 2 and name in _OF_TWO:
        return call(_OF_TWO[name], *arguments)
    wanted = 1 if name in _ONE_ARGUMENT else 2 if name == "dot" else ARITY[name]
    if len(arguments) != wanted:
        raise MisfitError(f"{name} takes {wanted} argument{'s' * (wanted > 1)}, not {len(arguments)}")
    if name in _ONE_ARGUMENT:
        return _ONE_ARGUMENT[name](arguments[0])
    return inner(*arguments) if name == "dot" else call(name, *arguments)
