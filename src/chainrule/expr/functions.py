"""The scalar functions of the notation: all that is known of each, in one record.

The derivatives in it are the only ones in chainrule that a person wrote, one line of the notation by argument; all else
is the chain rule. Conventions at kinks are written out in the line: relu'(0) = 0, sign'(t) = 0, a tie of maximum or
minimum is shared equally, clip passes the derivative on at its bounds; maximum(0, t) is relu(t) at its tie too. Source
of the formulas: NIST Digital Library of Mathematical Functions, 4.7, 4.20, 4.34, 7.2.

To add a function: a record here, a line per printer, an implementation per executor. `tests/conformance/test_functions`
names what is missing, and tries each thing that a record says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from chainrule.expr.nodes import Expr, number

PARAMETERS: Mapping[int, tuple[str, ...]] = {1: ("t",), 2: ("s", "t"), 3: ("t", "low", "high")}
"""What the arguments are called, by their number."""


@dataclass(frozen=True)
class Interval:
    """The numbers from low to high, None for no end; those of an `open` one do not reach its ends."""

    low: int | None = None
    high: int | None = None
    open: bool = False

    @property
    def sign(self) -> str:
        """How all its numbers stand to 0: >, >=, <, <= or "".

        >>> Interval(0, 1, open=True).sign, Interval(0).sign, Interval(-1, 1).sign
        ('>', '>=', '')
        """
        if self.low is not None and self.low >= 0:
            return ">" if self.low > 0 or self.open else ">="
        if self.high is not None and self.high <= 0:
            return "<" if self.high < 0 or self.open else "<="
        return ""


REAL = Interval()


@dataclass(frozen=True)
class Distribution:
    """How numbers are drawn, and what they are on average.

    `tag` tells its numbers from those of other functions of the same arguments; `above` is the probability that one is
    larger than t, in the notation.
    """

    tag: int
    mean: Fraction
    above: str


@dataclass(frozen=True)
class ScalarFunction:
    """What is known of a scalar function of the notation.

    Attributes:
        name: How the notation writes it.
        derivative: By each argument, in the notation; the arguments are called as in `PARAMETERS`.
        words: How a derivation says it, formulas between backticks, if it is not just the line of the derivative.
        against_zero: Derivative and words where the other of two arguments is the number 0.
        values: Between which numbers its values lie.
        at_zero: The value at 0, where it is a fraction.
        least: The argument below which it has no value.
        poles: Whether it becomes infinite at single arguments.
        overflows: Whether it is infinite in floating point where no argument is.
        contracting: Whether values lie no further apart than their arguments, erf's no more than an eighth, and 0 is 0.
        kinks: What is equal where it bends or jumps, arguments or numbers.
        vanishes: The relation to 0 of arguments over which the value is 0 throughout.
        cheap: Whether it takes an instruction or two, less than keeping its value.
        drawn: How its values are distributed, if they are drawn: by a generator that its arguments, any number of whole
            numbers, count. They are constants: the derivative is 0.
        holds: Whether its value is its argument, held constant: the derivative is 0, not that of the values.
        yields: Whether a tensor or function of the system may have its name.
        synonyms: Other names that are read as this one.

    """

    name: str
    derivative: tuple[str, ...]
    words: str = ""
    against_zero: tuple[str, str] | None = None
    values: Interval = REAL
    at_zero: Fraction | int | None = None
    least: int | None = None
    poles: bool = False
    overflows: bool = False
    contracting: bool = False
    kinks: tuple[tuple[str | int, str | int], ...] = ()
    vanishes: str = ""
    cheap: bool = False
    drawn: Distribution | None = None
    holds: bool = False
    yields: bool = False
    synonyms: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return PARAMETERS[len(self.derivative)]

    @property
    def partial(self) -> bool:
        """Whether there are arguments for which it has no finite value."""
        return self.least is not None or self.poles

    @property
    def total(self) -> bool:
        """Whether it has a finite value for all arguments, in floating point too."""
        return not (self.partial or self.overflows)

    @property
    def rounded(self) -> bool:
        """Whether it becomes infinite, or 0, by rounding only."""
        return self.overflows or (self.values.open and 0 in (self.values.low, self.values.high))

    @property
    def saturates(self) -> bool:
        """Whether it comes near an end of its values, and has a derivative that is written with its value."""
        ends = self.values.open and (self.values.low, self.values.high) != (None, None)
        return ends and any(f"{self.name}(" in line for line in self.derivative)

    def compared(self, arguments: Sequence[Expr]) -> Iterator[tuple[Expr, Expr]]:
        """Yield what is equal where the function of these arguments bends or jumps."""
        named = dict(zip(self.parameters, arguments, strict=self.drawn is None))
        for pair in self.kinks:
            left, right = (named[side] if isinstance(side, str) else number(side) for side in pair)
            yield left, right


POSITIVE = Interval(0, open=True)
NOT_NEGATIVE = Interval(0)

FUNCTIONS: Mapping[str, ScalarFunction] = {
    function.name: function
    for function in (
        ScalarFunction("exp", ("exp(t)",), values=POSITIVE, at_zero=1, overflows=True),
        ScalarFunction("log", ("1/t",), least=0, synonyms=("ln",)),
        ScalarFunction("log1p", ("1/(1 + t)",), at_zero=0, least=-1),
        ScalarFunction("expm1", ("exp(t)",), values=Interval(-1, open=True), at_zero=0, overflows=True),
        ScalarFunction("sqrt", ("1/(2*sqrt(t))",), values=NOT_NEGATIVE, at_zero=0, least=0),
        ScalarFunction("sin", ("cos(t)",), values=Interval(-1, 1), at_zero=0, contracting=True),
        ScalarFunction("cos", ("-sin(t)",), values=Interval(-1, 1), at_zero=1),
        ScalarFunction("tan", ("1 + tan(t)^2",), at_zero=0, poles=True),
        ScalarFunction("sinh", ("cosh(t)",), at_zero=0, overflows=True),
        ScalarFunction("cosh", ("sinh(t)",), values=Interval(1), at_zero=1, overflows=True),
        ScalarFunction("tanh", ("1 - tanh(t)^2",), values=Interval(-1, 1, open=True), at_zero=0, contracting=True),
        ScalarFunction("atan", ("1/(1 + t^2)",), values=Interval(-2, 2, open=True), at_zero=0, contracting=True),
        ScalarFunction(
            "sigmoid",
            ("sigmoid(t)*(1 - sigmoid(t))",),
            values=Interval(0, 1, open=True),
            at_zero=Fraction(1, 2),
        ),
        ScalarFunction(
            "relu",
            ("[t > 0]",),
            "`relu'(t) = [t > 0]`, with `relu'(0) = 0` by convention",
            values=NOT_NEGATIVE,
            at_zero=0,
            contracting=True,
            kinks=(("t", 0),),
            vanishes="<=",
            cheap=True,
            synonyms=("ReLU",),
        ),
        ScalarFunction("softplus", ("sigmoid(t)",), values=POSITIVE),
        ScalarFunction(
            "erf", ("2/sqrt(pi)*exp(-t^2)",), values=Interval(-1, 1, open=True), at_zero=0, contracting=True
        ),
        ScalarFunction(
            "abs",
            ("sign(t)",),
            "`abs'(t) = sign(t)`, with `sign(0) = 0` by convention",
            values=NOT_NEGATIVE,
            at_zero=0,
            contracting=True,
            kinks=(("t", 0),),
            cheap=True,
        ),
        ScalarFunction(
            "sign",
            ("0",),
            "`sign'(t) = 0` by convention",
            values=Interval(-1, 1),
            at_zero=0,
            kinks=(("t", 0),),
            cheap=True,
        ),
        ScalarFunction(
            "maximum",
            ("[s > t] + 1/2*[s = t]", "[t > s] + 1/2*[s = t]"),
            "the derivative is that of the larger argument; equal ones share it by halves, by convention",
            against_zero=("[t > 0]", "`maximum(0, t)' = [t > 0]·t'`, and 0 at `t = 0` by convention, as for relu"),
            kinks=(("s", "t"),),
            cheap=True,
        ),
        ScalarFunction(
            "minimum",
            ("[s < t] + 1/2*[s = t]", "[t < s] + 1/2*[s = t]"),
            "the derivative is that of the smaller argument; equal ones share it by halves, by convention",
            against_zero=("[t < 0]", "`minimum(0, t)' = [t < 0]·t'`, and 0 at `t = 0` by convention, as for relu"),
            kinks=(("s", "t"),),
            cheap=True,
        ),
        ScalarFunction(
            "clip",
            ("[low <= t and t <= high]", "[t < low and low <= high]", "[t > high or low > high]"),
            "the derivative passes between the bounds, and at both of them by convention",
            kinks=(("t", "low"), ("t", "high")),
            cheap=True,
        ),
        ScalarFunction(
            "stop",
            ("0",),
            "`stop(t)` has the value of `t` and is held constant: its derivative is 0",
            at_zero=0,
            contracting=True,
            cheap=True,
            holds=True,
            yields=True,
            synonyms=("stop_gradient", "detach", "sg"),
        ),
        ScalarFunction(
            "uniform",
            ("0",),
            "a random draw is a constant: its derivative is 0",
            values=Interval(0, 1, open=True),
            drawn=Distribution(0, Fraction(1, 2), "1 - clip(t, 0, 1)"),
        ),
        ScalarFunction(
            "normal",
            ("0",),
            "a random draw is a constant: its derivative is 0",
            values=Interval(-6, 6, open=True),
            drawn=Distribution(1, Fraction(0), "1/2 - 1/2*erf(t/sqrt(2))"),
        ),
    )
}
"""Every scalar function of the notation, by name."""


def names_with(holds: Callable[[ScalarFunction], object]) -> frozenset[str]:
    """Return the names of the functions of which something holds.

    >>> sorted(names_with(lambda function: function.poles))
    ['tan']
    """
    return frozenset(name for name, function in FUNCTIONS.items() if holds(function))


ARITY: Mapping[str, int] = {name: len(function.derivative) for name, function in FUNCTIONS.items()}
"""Their numbers of arguments; those in `DRAWN` take more, too."""

DRAWN = names_with(lambda function: function.drawn)
"""The functions whose values are drawn."""

HOLDING = names_with(lambda function: function.holds)
"""The functions whose value is that of their argument, held constant."""

MATRIX_FUNCTIONS: dict[str, int] = {"det": 0, "inv": 2}
"""Functions of a matrix that is named whole, and the number of indices that their values have."""

REDUCTIONS: tuple[str, ...] = ("sum", "mean", "max", "min", "prod")
ONE_HOT = "onehot"
"""A reduction that only facts have: 1 where one entry is 1 and all others are 0, else 0."""
RELATIONS: tuple[str, ...] = ("=", "!=", "<", "<=", ">", ">=")
OPPOSITE: Mapping[str, str] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
"""Of two numbers: what holds where a relation does not."""
CONSTANTS: tuple[str, ...] = ("pi", "∞", "-∞")
