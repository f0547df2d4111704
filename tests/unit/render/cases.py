"""Expressions built by hand, and their ASCII text: one line for each rule of structure."""

from fractions import Fraction

from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    Affine,
    Bracket,
    Call,
    Comparison,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Partial,
    Position,
    Power,
    Product,
    Select,
    Sum,
    delta,
    minus,
    number,
    over,
    plus,
    times,
)
from chainrule.expr.sizes import Declared
from chainrule.expr.symbols import Derivative

i, j, k, m, n, u = (Index(letter, Declared(letter)) for letter in "ijkmnu")


def entry(tensor: str, *positions: Position) -> Indexed:
    return Indexed(tensor, positions)


def ratio(numerator: int, denominator: int) -> Number:
    return Number(Fraction(numerator, denominator))


def inverse(expr: Expr) -> Power:
    return Power(expr, MINUS_ONE)


def reduced(body: Expr, *indices: Index, op: str = "sum") -> Expr:
    return reduce_over(op, indices, body)


a, b, c = entry("a", j), entry("b", j), entry("c", j)
x = entry("x", k)
sum_y = reduced(entry("y", k), k)

CASES: list[tuple[Expr, str]] = [
    # sums and signs
    (plus(a, minus(b)), "a[j] - b[j]"),
    (plus(minus(a), b), "-a[j] + b[j]"),
    (plus(a, times(number(-2), b)), "a[j] - 2*b[j]"),
    (plus(a, number(-2)), "a[j] - 2"),
    (plus(a, ratio(-1, 2)), "a[j] - 1/2"),
    (Sum((a, Sum((b, c)))), "a[j] + (b[j] + c[j])"),
    (plus(a, minus(plus(b, c))), "a[j] - (b[j] + c[j])"),
    (times(number(-2), a), "-2*a[j]"),
    (minus(a), "-a[j]"),
    (minus(number(2)), "-1*2"),
    (Product((MINUS_ONE, MINUS_ONE, a)), "-1*(-1)*a[j]"),
    (times(a, MINUS_ONE, b), "a[j]*(-1)*b[j]"),
    (Product((a, minus(b))), "a[j]*(-b[j])"),
    # numbers
    (times(ratio(1, 2), a), "1/2*a[j]"),
    (times(a, ratio(1, 2)), "a[j]*(1/2)"),
    (times(ratio(-1, 2), a), "-1/2*a[j]"),
    (ratio(-1, 20), "-0.05"),
    (times(a, ratio(1, 40)), "a[j]*0.025"),
    (times(Constant("pi"), a), "pi*a[j]"),
    # quotients
    (over(a, b), "a[j]/b[j]"),
    (times(a, inverse(b), c), "a[j]/b[j]*c[j]"),
    (times(a, inverse(b), inverse(c)), "a[j]/(b[j]*c[j])"),
    (times(a, inverse(b), c, inverse(x)), "a[j]/b[j]*c[j]/x[k]"),
    (inverse(b), "1/b[j]"),
    (minus(inverse(b)), "-1/b[j]"),
    (times(ONE, inverse(b)), "1*b[j]^(-1)"),
    (inverse(times(b, c)), "(b[j]*c[j])^(-1)"),
    (inverse(number(2)), "2^(-1)"),
    (times(number(3), inverse(number(2))), "3*2^(-1)"),
    (times(a, inverse(number(2))), "a[j]/2"),
    (times(a, inverse(number(-2))), "a[j]/(-2)"),
    (times(inverse(number(2)), inverse(b)), "1/(2*b[j])"),
    (over(plus(a, b), plus(b, c)), "(a[j] + b[j])/(b[j] + c[j])"),
    (over(a, Power(b, number(2))), "a[j]/b[j]^2"),
    (over(a, inverse(b)), "a[j]/(1/b[j])"),
    (over(a, entry(Derivative("C", "z"), j)), "a[j]/(∂C/∂z[j])"),
    # powers
    (Power(b, number(2)), "b[j]^2"),
    (times(a, Power(b, number(-2))), "a[j]*b[j]^(-2)"),
    (Power(b, ratio(1, 2)), "b[j]^(1/2)"),
    (minus(Power(a, number(2))), "-a[j]^2"),
    (Power(minus(a), number(2)), "(-a[j])^2"),
    (Power(number(-2), number(2)), "(-2)^2"),
    (Power(Power(a, number(2)), number(3)), "(a[j]^2)^3"),
    (Power(a, Power(b, c)), "a[j]^b[j]^c[j]"),
    (Power(a, times(b, c)), "a[j]^(b[j]*c[j])"),
    (Power(Call("exp", (a,)), number(2)), "exp(a[j])^2"),
    (Power(entry(Derivative("C", "z"), j), number(2)), "(∂C/∂z[j])^2"),
    # reductions
    (times(a, sum_y), "a[j]*sum(k) y[k]"),
    (times(sum_y, a), "(sum(k) y[k])*a[j]"),
    (Power(sum_y, number(2)), "(sum(k) y[k])^2"),
    (over(a, sum_y), "a[j]/(sum(k) y[k])"),
    (minus(sum_y), "-sum(k) y[k]"),
    (plus(sum_y, a), "sum(k) y[k] + a[j]"),
    (reduced(plus(x, minus(entry("y", k))), k), "sum(k) (x[k] - y[k])"),
    (reduced(minus(x), k), "sum(k) -x[k]"),
    (reduced(over(x, a), k), "sum(k) x[k]/a[j]"),
    (reduced(reduced(times(x, entry("x", m)), m), k), "sum(k) sum(m) x[k]*x[m]"),
    (reduced(entry("A", k, m), k, m), "sum(k,m) A[k,m]"),
    (reduced(x, k, op="mean"), "mean(k) x[k]"),
    (reduced(times(a, x), k, op="mean"), "mean(k) a[j]*x[k]"),
    (reduced(x, k, op="max"), "max(k) x[k]"),
    (reduced(times(a, x), k, op="max"), "max(k) (a[j]*x[k])"),
    (reduced(minus(x), k, op="min"), "min(k) (-x[k])"),
    (reduced(sum_y, m, op="prod"), "prod(m) (sum(k) y[k])"),
    # entries and derivatives
    (entry("b"), "b"),
    (Indexed("x", (Affine(((i, 1),), -1),), guarded=True), "x?[i-1]"),
    (entry("x", Affine(((i, 2), (u, 1)), -1)), "x[2*i+u-1]"),
    (entry("x", Affine(((i, -1),), 3), Affine((), 0)), "x[3-i,0]"),
    (Partial(entry("a", k), (entry("z", j),)), "∂a[k]/∂z[j]"),
    (Partial(entry("a", k), (entry("z", i), entry("z", j))), "∂²a[k]/∂z[i]∂z[j]"),
    (entry(Derivative("C", "z", "z"), i, j), "∂²C/∂z∂z[i,j]"),
    # functions of a matrix
    (MatrixEntry("det", "K"), "det(K)"),
    (Power(MatrixEntry("det", "K"), number(2)), "det(K)^2"),
    (times(a, MatrixEntry("inv", "K", (i, j))), "a[j]*inv(K)[i,j]"),
    (MatrixEntry("inv", "K", (Affine((), 0), j)), "inv(K)[0,j]"),
    (MatrixEntry("inv", "K", (i, j), (n,)), "inv(K[n])[i,j]"),
    # calls, brackets, extents
    (Call("sigma", (a,), 1), "sigma'(a[j])"),
    (Call("maximum", (a, plus(b, c))), "maximum(a[j], b[j] + c[j])"),
    (times(delta(k, j), a), "[k = j]*a[j]"),
    (Bracket(Comparison("<=", plus(a, b), number(0))), "[a[j] + b[j] <= 0]"),
    (Bracket(Comparison("=", IndexValue(i), IndexValue(Affine(((j, 2),), 1)))), "[i = 2*j+1]"),
    (times(IndexValue(Affine(((j, 2),), 1)), a), "(2*j+1)*a[j]"),
    (times(IndexValue(j), a), "j*a[j]"),
    (over(number(2), ExtentValue(n.extent, "n")), "2/extent(n)"),
    (Select(Comparison(">", a, number(0)), a, minus(a)), "where(a[j] > 0, a[j], -a[j])"),
    (
        Bracket(Logic("or", (Comparison("!=", a, b), Logic("not", (Comparison(">=", a, b),))))),
        "[a[j] != b[j] or not (a[j] >= b[j])]",
    ),
]
