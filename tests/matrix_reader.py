"""Reads a matrix form as it is printed, and says in NumPy what it is worth: nothing but its text is looked at.

A vector is an array of one column. The vector 1 has no size of its own: it takes it from what stands beside it, as a
reader of the formula sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray
SIGNS = "+−⊙⊘()[],‖·"
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?(?:/\d+)?")
MARKS = re.compile(r"⁻ᵀ|⁻¹|ᵀ|\^∘|\^|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|_F")
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
RELATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    " ≤ ": np.less_equal,
    " ≥ ": np.greater_equal,
    " ≠ ": np.not_equal,
    " = ": np.equal,
    " < ": np.less,
    " > ": np.greater,
}


@dataclass(frozen=True)
class Value:
    """An array with rows and columns. Where it has no size of its own along an axis it has one entry for all of them.

    A `number` stands in all entries; `one` is 1 as it is written, the number or the vector.
    """

    array: Array
    all_rows: bool = False
    all_columns: bool = False
    number: bool = False
    one: bool = False

    @property
    def transposed(self) -> Value:
        return Value(self.array.T, self.all_columns, self.all_rows, self.number)


def scalar(value: float) -> Value:
    return Value(np.asarray([[float(value)]]), number=True)


ONE = Value(np.ones((1, 1)), number=True, one=True)
ONES = Value(np.ones((1, 1)), all_rows=True)


def entrywise(operation: Callable[..., Any], *values: Value) -> Value:
    """Return an operation on each entry."""
    arrays = [value.array for value in values]
    sized = [v for v in values if not v.number]
    rows = all(v.all_rows for v in sized) and bool(sized)
    columns = all(v.all_columns for v in sized) and bool(sized)
    shapes = {v.array.shape for v in sized if not (v.all_rows or v.all_columns)}
    assert len(shapes) <= 1, f"shapes differ beside each other: {shapes}"
    return Value(np.asarray(operation(*arrays), float), rows, columns, not sized)


def product(one: Value, other: Value) -> Value:
    """Return the product of what stands beside each other: of a number with anything, else of matrices."""
    if one.number or other.number:
        number, rest = (one, other) if one.number else (other, one)
        return Value(number.array * rest.array, rest.all_rows, rest.all_columns, rest.number)
    if one.all_columns:
        array = one.array[:, :1] * other.array.sum(axis=0, keepdims=True)
    elif other.all_rows:
        array = one.array.sum(axis=1, keepdims=True) * other.array[:1]
    else:
        assert one.array.shape[1] == other.array.shape[0], f"no product of {one.array.shape}, {other.array.shape}"
        array = one.array @ other.array
    number = array.shape == (1, 1) and not (one.all_rows or other.all_columns)
    number = number and one.array.shape[0] == 1 and other.array.shape[1] == 1 and _row(one) and _column(other)
    return Value(array, one.all_rows, other.all_columns, number)


def _row(value: Value) -> bool:
    return value.array.shape[0] == 1


def _column(value: Value) -> bool:
    return value.array.shape[1] == 1


@dataclass
class Reader:
    """Reads one text. `names` are the values of what is named, `functions` those of entries."""

    text: str
    names: Mapping[str, Value]
    functions: Mapping[str, Callable[..., Any]]
    place: int = 0
    ordered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ordered = sorted(self.names, key=len, reverse=True)

    def read(self) -> Value:
        """Return the value of the whole text."""
        value = self.sum()
        assert self.place == len(self.text), f"left over: {self.text[self.place :]!r} of {self.text!r}"
        return value

    def eat(self, sign: str) -> bool:
        if self.text.startswith(sign, self.place):
            self.place += len(sign)
            return True
        return False

    def expect(self, sign: str) -> None:
        assert self.eat(sign), f"{sign!r} expected at {self.text[self.place :]!r} of {self.text!r}"

    def sum(self) -> Value:
        value = entrywise(np.negative, self.term()) if self.eat("−") else self.term()
        while True:
            if self.eat(" + "):
                value = entrywise(np.add, value, self.term())
            elif self.eat(" − "):
                value = entrywise(np.subtract, value, self.term())
            else:
                return value

    def term(self) -> Value:
        value = self.chain()
        while True:
            if self.eat(" ⊙ "):
                value = entrywise(np.multiply, value, self.chain())
            elif self.eat(" ⊘ "):
                value = entrywise(np.divide, value, self.factor())
            elif self.eat(" / "):
                below = self.factor()
                assert below.number, "only a scalar stands behind /"
                value = Value(value.array / below.array, value.all_rows, value.all_columns, value.number)
            else:
                return value

    def chain(self) -> Value:
        factors = [self.factor()]
        while self._goes_on():
            if not self.eat("·"):
                self.expect(" ")
            factors.append(self.factor())
        if len(factors) == 1:
            return factors[0]
        value, *others = [ONES if factor.one else factor for factor in factors]
        for factor in others:
            value = product(value, factor)
        return value

    def _goes_on(self) -> bool:
        rest = self.text[self.place :]
        if rest.startswith("·"):
            return True
        return rest.startswith(" ") and rest[1] not in "+−⊙⊘/≤≥≠=<>" and not re.match(r" (and|or) ", rest)

    def factor(self) -> Value:
        value = self.base()
        while mark := MARKS.match(self.text, self.place):
            self.place = mark.end()
            value = self.marked(value, mark[0])
        return value

    def marked(self, value: Value, mark: str) -> Value:
        match mark:
            case "ᵀ":
                return value.transposed
            case "⁻¹" | "⁻ᵀ":
                inverse = Value(np.linalg.inv(value.array))
                return inverse if mark == "⁻¹" else inverse.transposed
            case "^∘":
                return entrywise(np.power, value, self.base())
            case "^":
                assert value.number, "a power of a whole has ∘"
                return entrywise(np.power, value, self.base())
            case "_F":
                return value
            case digits:
                assert value.number, "a power of a whole has ∘"
                return entrywise(lambda array: array ** int(digits.translate(DIGITS)), value)

    def base(self) -> Value:
        start = self.place
        if self.eat("("):
            value = self.sum()
            self.expect(")")
            return value
        if self.eat("‖"):
            value = self.sum()
            self.expect("‖")
            return scalar(float(np.linalg.norm(value.array)))
        if self.eat("["):
            value = self.condition()
            self.expect("]")
            return value
        if self.text.startswith("1ᵀ", start) or re.match(r"1(?!\d|[./e])", self.text[start:]):
            self.place += 1
            return ONES if self.text.startswith("ᵀ", self.place) else ONE
        named = next((name for name in self.ordered if self.text.startswith(name, start) and self._whole(name)), None)
        if named is not None:
            self.place += len(named)
            return self.names[named]
        if found := NUMBER.match(self.text, start):
            self.place = found.end()
            above, _, below = found[0].partition("/")
            return scalar(float(above) / float(below or 1))
        word = re.compile(r"[^\W\d]\w*′*").match(self.text, start)
        assert word, f"nothing to read at {self.text[start:]!r} of {self.text!r}"
        self.place = word.end()
        return self.call(word[0])

    def _whole(self, name: str) -> bool:
        """Say whether a name ends here, and is not the beginning of a longer one."""
        after = self.text[self.place + len(name) :][:1]
        return not re.match(r"[\w\[(]", after) or after in "ᵀ⁰¹²³⁴⁵⁶⁷⁸⁹"

    def call(self, name: str) -> Value:
        self.expect("(")
        if name == "where":
            condition = self.condition()
            self.expect(", ")
            then = self.sum()
            self.expect(", ")
            otherwise = self.sum()
            self.expect(")")
            return entrywise(lambda c, a, b: np.where(c > 0, a, b), condition, then, otherwise)
        arguments = [self.sum()]
        while self.eat(", "):
            arguments.append(self.sum())
        self.expect(")")
        return self.called(name, arguments)

    def called(self, name: str, arguments: list[Value]) -> Value:
        array = arguments[0].array
        match name:
            case "diag":
                return Value(np.diag(array[:, 0])) if array.shape[1] == 1 else Value(np.diag(array)[:, None])
            case "tr":
                return scalar(float(np.trace(array)))
            case "det":
                return scalar(float(np.linalg.det(array)))
            case "max" | "min" | "prod":
                return scalar(float(getattr(np, name)(array)))
            case _:
                return entrywise(self.functions[name], *arguments)

    def condition(self) -> Value:
        value = self.single()
        while True:
            if self.eat(" and "):
                value = entrywise(np.logical_and, value, self.single())
            elif self.eat(" or "):
                value = entrywise(np.logical_or, value, self.single())
            else:
                return value

    def single(self) -> Value:
        if self.eat("not ("):
            value = self.condition()
            self.expect(")")
            return entrywise(np.logical_not, value)
        start = self.place
        if self.eat("("):
            try:
                value = self.condition()
                self.expect(")")
                return value
            except AssertionError:
                self.place = start
        left = self.sum()
        sign = next((sign for sign in RELATIONS if self.text.startswith(sign, self.place)), "a relation")
        self.expect(sign)
        return entrywise(RELATIONS[sign], left, self.sum())


def value_of(text: str, names: Mapping[str, Value], functions: Mapping[str, Callable[..., Any]], like: Value) -> Array:
    """Return what a text is worth, in the rows and columns of what it is equal to."""
    value = Reader(text, names, functions).read()
    return np.broadcast_to(value.array, like.array.shape)


def column_of(array: Any) -> Value:
    """Return a scalar, a vector or a matrix as it stands in a matrix form."""
    found = np.asarray(array, float)
    if found.ndim == 2:
        return Value(found)
    return scalar(float(found)) if found.ndim == 0 else Value(found[:, None])
