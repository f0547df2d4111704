"""What is drawn, as code: arguments as words of 32 bits, and how many rounds of the generator they go through.

Whole numbers are added and multiplied as words, so that none is rounded: only what stands in memory or counts a loop is
a floating-point number first, and those are small. Which bits come out is said in `execute/threefry`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from chainrule.expr.binding import Fresh, free_in_order
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import Affine, Call, Expr, Index, Indexed, IndexValue, Lookup, Number, Product, Sum
from chainrule.expr.sizes import Literal, Size
from chainrule.lower.known_powers import with_known
from chainrule.lower.program import Unsupported
from chainrule.system.model import System

LARGEST = 1 << 24
"""Whole numbers up to it are exact in float32."""
HALF = 1 << 16


def counted(
    call: Call, system: System, consts: Mapping[str, Fraction], sizes: Mapping[Size, int], fresh: Fresh
) -> Call:
    """Return what is drawn with its consts as numbers. Raises Unsupported for indices that float32 cannot count."""
    for index in free_in_order(call):
        size = index.extent.count if isinstance(index.extent, Literal) else sizes.get(index.extent, 0)
        if size > LARGEST:
            raise Unsupported(f"{call.function} of an index with more than {LARGEST} values")
    return Call(call.function, tuple(with_known(a, system, consts, sizes, fresh) for a in call.arguments))


class WordBuilder:
    """Writes whole numbers as words. `apply`, `number` and `value` write an operation, a number and an expression."""

    def __init__(
        self,
        apply: Callable[..., int],
        number: Callable[[int], int],
        value: Callable[[Expr, Mapping[Index, str]], int],
    ) -> None:
        self.apply = apply
        self.number = number
        self.value = value

    def drawn(self, function: str, arguments: Sequence[Expr], names: Mapping[Index, str]) -> int:
        """Return the number of the value of what is drawn."""
        kind = FUNCTIONS[function].drawn
        assert kind is not None, function
        words = [self.word(argument, names) for argument in arguments]
        words += [self.constant(0)] * (len(words) % 2)
        key = self.apply("key", self.constant(len(arguments)), self.constant(kind.tag))
        for first, second in zip(words[::2], words[1::2], strict=True):
            key = self.apply("threefry", key, first, second)
        return self.apply(function, key)

    def constant(self, value: int) -> int:
        """Return the number of a word that is known, from halves that any floating-point format holds."""
        high, low = divmod(value % HALF**2, HALF)
        return self.apply("words", self.number(high), self.number(low))

    def word(self, expr: Expr, names: Mapping[Index, str]) -> int:
        """Return the number of a whole number as a word."""
        match expr:
            case Number(value):
                return self.constant(int(value))
            case Sum(parts):
                return self.joined("word_sum", parts, names)
            case Product(parts):
                return self.joined("word_product", parts, names)
            case IndexValue(Affine(terms, constant)):
                parts = tuple(Product((Number(Fraction(c)), IndexValue(i))) for i, c in terms)
                return self.joined("word_sum", (Number(Fraction(constant)), *parts), names)
            case IndexValue(Lookup(entry)):
                return self.word(entry, names)
            case Indexed() | IndexValue():
                return self.apply("word", self.value(expr, names))
            case _:
                raise Unsupported(f"{type(expr).__name__} among the arguments of what is drawn")

    def joined(self, function: str, parts: Sequence[Expr], names: Mapping[Index, str]) -> int:
        """Return the number of a sum or product of words."""
        result = self.word(parts[0], names)
        for part in parts[1:]:
            result = self.apply(function, result, self.word(part, names))
        return result
