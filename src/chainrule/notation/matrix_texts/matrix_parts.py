"""What stands in matrix notation, as data."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.notation.matrix_texts.shapes import NUMBER, Shape


@dataclass(frozen=True, eq=False)
class Part:
    """An expression in matrix notation: what is done, with which parts, and the shape of what comes out.

    `op` is the operation: number, name, fill, eye, transpose, opposite, sum, matmul, times, over, power, call, all,
    trace, det, inv, diag, diagonal or softmax. `name` says which number, tensor, function or reduction, and of a sum
    which signs its terms have. `counted` says that it is made of numbers alone, so that it may stand beside vectors.
    """

    op: str
    parts: tuple[Part, ...] = ()
    shape: Shape = NUMBER
    name: str = ""
    counted: bool = False
