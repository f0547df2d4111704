"""Operations of matrix notation on parts whose shapes are known: which fit, and what comes out.

What is refused is raised as `MisfitError`, in the parts of a message; who reads the text knows the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from chainrule.expr.functions import ARITY, FUNCTIONS
from chainrule.notation.matrix_texts.matrix_parts import MatrixPart
from chainrule.notation.matrix_texts.matrix_shapes import NUMBER, ONE, MatrixShape, MatrixSide, joined

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


def number(text: str) -> MatrixPart:
    """Return a number."""
    return MatrixPart("number", name=text, counted=True)


def transposed(part: MatrixPart) -> MatrixPart:
    """Return the transpose."""
    if part.shape.is_number:
        return part
    return part.parts[0] if part.op == "transpose" else MatrixPart("transpose", (part,), part.shape.turned)


def opposite(part: MatrixPart) -> MatrixPart:
    """Return what has the other sign."""
    return MatrixPart("opposite", (part,), part.shape, counted=part.counted)


def added(one: MatrixPart, other: MatrixPart, sign: str, texts: Texts) -> MatrixPart:
    """Return a sum or a difference; a number stands for one in every entry."""
    if not (one.counted or other.counted):
        _check_alike(one, other, f"{texts[0]} {sign} {texts[1]}", sign)
    shape = other.shape if one.shape.is_number else one.shape
    counted = one.counted and other.counted
    if one.op == "sum":
        return MatrixPart("sum", (*one.parts, other), shape, one.name + sign, counted)
    return MatrixPart("sum", (one, other), shape, "+" + sign, counted)


def _check_alike(one: MatrixPart, other: MatrixPart, text: str, sign: str) -> None:
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


def _sizes(shape: MatrixShape) -> str:
    rows, columns = shape.rows.found().size, shape.columns.found().size
    return f"{'?' if rows is None else rows} × {'?' if columns is None else columns}"


def multiplied(one: MatrixPart, other: MatrixPart, texts: Texts) -> MatrixPart:
    """Return a matrix product, or a multiple."""
    if one.shape.is_number or other.shape.is_number:
        shape = other.shape if one.shape.is_number else one.shape
        return MatrixPart("times", (one, other), shape, counted=one.counted and other.counted)
    if not joined(one.shape.columns, other.shape.rows):
        raise _no_product(one.shape, other.shape, texts)
    return MatrixPart("matmul", (one, other), MatrixShape(one.shape.rows, other.shape.columns))


def _no_product(one: MatrixShape, other: MatrixShape, texts: Texts) -> MisfitError:
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


def entrywise(one: MatrixPart, other: MatrixPart, op: str, texts: Texts) -> MatrixPart:
    """Return a product (times), a quotient (over) or a power, entry by entry."""
    sign = {"times": ".*", "over": "./", "power": ".^"}[op]
    if not (one.shape.is_number or other.shape.is_number):
        _check_entries(one.shape, other.shape, texts, sign)
    shape = other.shape if one.shape.is_number else one.shape
    return MatrixPart(op, (one, other), shape, counted=one.counted and other.counted)


def _check_entries(one: MatrixShape, other: MatrixShape, texts: Texts, sign: str) -> None:
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


def divided(one: MatrixPart, other: MatrixPart, texts: Texts) -> MatrixPart:
    """Return a quotient by a scalar."""
    if not other.shape.is_number:
        raise MisfitError(
            f"{texts[0]}/{texts[1]} divides by {other.shape.kind}",
            "a scalar below the line",
            f"Entry by entry: {texts[0]} ./ {texts[1]}; the inverse of a matrix is inv(A).",
        )
    return MatrixPart("over", (one, other), one.shape, counted=one.counted and other.counted)


def raised(base: MatrixPart, exponent: MatrixPart, texts: Texts) -> MatrixPart:
    """Return a power of a number, or of a matrix by itself."""
    if not exponent.shape.is_number:
        raise MisfitError(f"the exponent {texts[1]} is {exponent.shape.kind}", "a scalar", "Entry by entry: 2 .^ x")
    if _is_norm(base) and exponent.name == "2":
        return base.parts[0]
    if base.shape.is_number:
        return MatrixPart("power", (base, exponent), counted=base.counted and exponent.counted)
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


def matrix_power(base: MatrixPart, exponent: int, *, inverse: bool) -> MatrixPart:
    """Return a matrix times itself, or its inverse."""
    if not 1 <= exponent <= MAX_POWER:
        raise MisfitError(f"the exponent of a matrix is from 1 to {MAX_POWER}", advice="The identity is eye.")
    _square(base, "a power")
    plain = base.op == "tensor" or (base.parts and base.parts[0].op == "tensor")
    if exponent > 1 and not plain:
        base = MatrixPart("named", (base,), base.shape)
    factor = inverted(base) if inverse else base
    found = factor
    for _ in range(exponent - 1):
        found = multiplied(found, factor, ("", ""))
    return found


def _square(part: MatrixPart, what: str) -> None:
    if not part.shape.is_matrix:
        raise MisfitError(f"{what} is that of a square matrix, and this is {part.shape.kind}", "a square matrix")
    if not joined(part.shape.rows, part.shape.columns):
        raise MisfitError(f"{what} is that of a square matrix, and this is {_sizes(part.shape)}", "a square matrix")


def inverted(part: MatrixPart) -> MatrixPart:
    """Return the inverse of a matrix, and of a scalar 1 divided by it."""
    if part.shape.is_number:
        return MatrixPart("over", (number("1"), part), counted=part.counted)
    _square(part, "an inverse")
    if part.op == "transpose":
        return transposed(inverted(part.parts[0]))
    return part.parts[0] if part.op == "inv" else MatrixPart("inv", (part,), part.shape)


def _summary(name: str) -> Callable[[MatrixPart], MatrixPart]:
    return lambda part: MatrixPart("all", (part,), name=name)


def trace(part: MatrixPart) -> MatrixPart:
    """Return the sum of what stands on the diagonal."""
    if part.shape.is_number:
        return part
    _square(part, "a trace")
    return MatrixPart("trace", (part,))


def determinant(part: MatrixPart) -> MatrixPart:
    """Return the determinant of a matrix."""
    if part.shape.is_number:
        return part
    _square(part, "a determinant")
    return MatrixPart("det", (part.parts[0] if part.op == "transpose" else part,))


def diagonal(part: MatrixPart) -> MatrixPart:
    """Return the matrix with a vector on its diagonal, or the diagonal of a matrix."""
    if part.shape.is_matrix:
        _square(part, "a diagonal")
        return MatrixPart("diagonal", (part,), MatrixShape(part.shape.rows))
    if part.shape.is_number:
        return part
    side = part.shape.rows if part.shape.rows is not ONE else part.shape.columns
    return MatrixPart("diag", (part,), MatrixShape(side, side))


def softmax(part: MatrixPart) -> MatrixPart:
    """Return the softmax of a vector."""
    _vector(part, "softmax")
    return MatrixPart("softmax", (part,), part.shape)


def logsumexp(part: MatrixPart) -> MatrixPart:
    """Return the logarithm of the sum of all exponentials."""
    return call("log", _summary("sum")(call("exp", part)))


def _vector(part: MatrixPart, name: str) -> None:
    if part.shape.is_number or part.shape.is_matrix:
        raise MisfitError(f"{name} is that of a vector, and this is {part.shape.kind}", "a vector")


def absolute_norm(part: MatrixPart) -> MatrixPart:
    """Return the sum of all absolute values of a vector."""
    if part.shape.is_matrix:
        raise MisfitError("norm1 of a matrix has two meanings", "a vector", "The sum of all is sum(abs(A)).")
    return _summary("sum")(call("abs", part))


def norm(part: MatrixPart) -> MatrixPart:
    """Return the Euclidean norm of a vector."""
    if part.shape.is_matrix:
        raise MisfitError(
            "norm2 of a matrix has two meanings",
            "a vector",
            "The root of the sum of all squares is normF(A); the largest singular value cannot be said.",
        )
    return frobenius(part)


def frobenius(part: MatrixPart) -> MatrixPart:
    """Return the root of the sum of all squares."""
    return call("abs", part) if part.shape.is_number else call("sqrt", _summary("sum")(_squares(part)))


def _is_norm(part: MatrixPart) -> bool:
    """Say whether a part is the root of a sum of squares, which squared is that sum."""
    if (part.op, part.name) != ("call", "sqrt") or part.parts[0].op != "all":
        return False
    total = part.parts[0]
    return total.name == "sum" and total.parts[0].op == "power" and total.parts[0].parts[1].name == "2"


def _squares(part: MatrixPart) -> MatrixPart:
    return MatrixPart("power", (part, number("2")), part.shape)


def call(name: str, *arguments: MatrixPart) -> MatrixPart:
    """Return a function of each entry."""
    shape = next((a.shape for a in arguments if not a.shape.is_number), NUMBER)
    for argument in arguments:
        if not argument.shape.is_number:
            _check_entries(shape, argument.shape, (name, "its argument"), "and")
    return MatrixPart("call", arguments, shape, name, all(a.counted for a in arguments))


def inner(one: MatrixPart, other: MatrixPart) -> MatrixPart:
    """Return the inner product of two vectors."""
    _vector(one, "dot")
    _vector(other, "dot")
    one, other = (transposed(p) if p.shape.rows is ONE else p for p in (one, other))
    return multiplied(transposed(one), other, ("x'", "y"))


def filled(part: MatrixPart, shape: MatrixShape) -> MatrixPart:
    """Return a vector or a matrix that has one number in every entry."""
    if not part.shape.is_number:
        raise MisfitError(f"vector and matrix take a scalar, and this is {part.shape.kind}", "vector(1)")
    return MatrixPart("fill", (part,), shape)


def identity() -> MatrixPart:
    """Return the identity, as large as it has to be."""
    side = MatrixSide()
    return MatrixPart("eye", (), MatrixShape(side, side))


_ONE_ARGUMENT: Mapping[str, Callable[[MatrixPart], MatrixPart]] = {
    "sum": _summary("sum"),
    "mean": _summary("mean"),
    "prod": _summary("prod"),
    "max": _summary("max"),
    "min": _summary("min"),
    "norm1": absolute_norm,
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
    "vector": lambda part: filled(part, MatrixShape(MatrixSide())),
    "matrix": lambda part: filled(part, MatrixShape(MatrixSide(), MatrixSide())),
    "ln": lambda part: call("log", part),
    "arctan": lambda part: call("atan", part),
}
_OF_TWO = {"max": "maximum", "min": "minimum"}
_DRAWN = frozenset(name for name, known in FUNCTIONS.items() if known.drawn)
KNOWN = frozenset({*_ONE_ARGUMENT, *ARITY, "dot"} - _DRAWN)
"""The functions of matrix notation."""


def applied(name: str, arguments: tuple[MatrixPart, ...]) -> MatrixPart:
    """Return a function by its name. Raises MisfitError."""
    if len(arguments) == 2 and name in _OF_TWO:
        return call(_OF_TWO[name], *arguments)
    wanted = 1 if name in _ONE_ARGUMENT else 2 if name == "dot" else ARITY[name]
    if len(arguments) != wanted:
        raise MisfitError(f"{name} takes {wanted} argument{'s' * (wanted > 1)}, not {len(arguments)}")
    if name in _ONE_ARGUMENT:
        return _ONE_ARGUMENT[name](arguments[0])
    return inner(*arguments) if name == "dot" else call(name, *arguments)
