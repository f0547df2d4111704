"""The value of single expressions: each node, the strong zero, reading outside, empty extents, and what is refused."""

import math
from fractions import Fraction

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.execute.reference.expressions import evaluate_expression
from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import (
    HALF,
    MINUS_ONE,
    ONE,
    ZERO,
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Number,
    Partial,
    Power,
    Product,
    Select,
    delta,
    number,
    over,
    plus,
    times,
)
from chainrule.system.model import Declaration, FunctionDefinition
from chainrule.verify.unknowns import RandomUnknowns
from support import assert_close
from unit.execute.build import call, compare, entry, index, total

i, j, k, u = index("i"), index("j"), index("k"), index("u")
SIZES = {i.extent: 3, j.extent: 4, k.extent: 3, u.extent: 2}
draw = np.random.default_rng(0)
VALUES = {
    "x": np.asarray([0.5, -2.0, 3.0]),
    "v": np.asarray([1.0, 0.0, -1.0, 2.0]),
    "W": draw.normal(size=(4, 3)),
    "A": draw.normal(size=(3, 3)),
    "s": np.asarray(2.5),
    "zero": np.asarray(0.0),
}
x, v, W, s = entry("x", i), entry("v", j), entry("W", j, i), entry("s")
X, V, M, A = (VALUES[name] for name in ("x", "v", "W", "A"))
NOTHING_WRONG = Bracket(compare(ZERO, "=", ONE))


def value(expr: Expr, *free: Index, **options: object) -> np.ndarray:
    return evaluate_expression(expr, VALUES, SIZES, free, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expr", "free", "expected"),
    [
        (Number(Fraction(1, 3)), (), 1 / 3),
        (Constant("pi"), (), math.pi),
        (ExtentValue(j.extent), (), 4),
        (IndexValue(i), (i,), [0, 1, 2]),
        (IndexValue(Affine(((i, 2), (u, -1)), 5)), (u, i), [[5, 7, 9], [4, 6, 8]]),
        (x, (i,), X),
        (s, (), 2.5),
        (s, (i,), [2.5, 2.5, 2.5]),
        (W, (i, j), M.T),
        (entry("W", Affine((), 2), i), (i,), M[2]),
        (entry("W", Affine((), 2), Affine((), 0)), (), M[2, 0]),
        (entry("A", i, i), (i,), np.diag(A)),
        (entry("A", i, k), (k, i), A.T),
        (plus(x, s, v), (i, j), X[:, None] + 2.5 + V),
        (times(W, x, s), (j, i), M * X * 2.5),
        (over(x, v), (j, i), [X / 1, [math.inf, -math.inf, math.inf], -X, X / 2]),
        (over(ONE, number(3)), (), 1 / 3),
        (Power(x, number(2)), (i,), X * X),
        (Power(x, number(-3)), (i,), 1 / (X * X * X)),
        (Power(v, ZERO), (j,), np.ones(4)),
        (Power(entry("zero"), entry("zero")), (), 1),
        (Power(s, HALF), (), math.sqrt(2.5)),
        (Power(s, Number(Fraction(-1, 2))), (), 1 / math.sqrt(2.5)),
        (Power(s, Number(Fraction(2, 3))), (), 2.5 ** (2 / 3)),
        (Power(s, x), (i,), 2.5**X),
        (Power(s, number(20)), (), 2.5**20),
        (call("clip", x, MINUS_ONE, ONE), (i,), [0.5, -1, 1]),
        (delta(i, k), (i, k), np.eye(3)),
        (Bracket(compare(i, "<=", k)), (i, k), np.triu(np.ones((3, 3)))),
        (Bracket(compare(x, ">", ZERO)), (i,), [1, 0, 1]),
        (Bracket(compare(x, "!=", number(-2))), (i,), [1, 0, 1]),
        (Bracket(Logic("or", (compare(i, "=", ZERO), compare(i, ">=", number(2))))), (i,), [1, 0, 1]),
        (Bracket(Logic("not", (compare(i, "<", ONE),))), (i,), [0, 1, 1]),
        (Select(compare(x, ">", ZERO), x, s), (i,), [0.5, 2.5, 3]),
        (total(i, x), (), X.sum()),
        (total(i, j, W), (), M.sum()),
        (total(i, times(W, x)), (j,), M @ X),
        (total(i, plus(W, x)), (j,), (M + X).sum(1)),
        (total(j, s), (), 10),
        (total(j, times(s, s)), (), 25),
        (total(j, times(x, s)), (i,), 10 * X),
        (reduce_over("mean", (j,), times(s, x)), (i,), 2.5 * X),
        (reduce_over("mean", (i, j), times(W, x)), (), (M * X).mean()),
        (reduce_over("mean", (i,), W), (j,), M.mean(1)),
        (reduce_over("max", (i,), W), (j,), M.max(1)),
        (reduce_over("min", (i, j), W), (), M.min()),
        (reduce_over("prod", (i,), W), (j,), M.prod(1)),
        (reduce_over("prod", (j,), s), (), 2.5**4),
        (reduce_over("max", (j,), x), (i,), X),
        (total(i, over(x, plus(s, v))), (j,), (X[:, None] / (2.5 + V)).sum(0)),
        (total(k, times(delta(i, k), entry("x", k))), (i,), X),
        (total(i, delta(i, k)), (k,), np.ones(3)),
    ],
)
def test_a_node_has_the_value_it_stands_for(expr: Expr, free: tuple[Index, ...], expected: object) -> None:
    assert_close(value(expr, *free), expected, rtol=1e-14, atol=1e-15)  # type: ignore[arg-type]


def test_powers_of_small_integers_are_exact() -> None:
    base = np.arange(-9.0, 10.0)
    t = index("t")
    for exponent in range(1, 10):
        powers = evaluate_expression(Power(entry("b", t), number(exponent)), {"b": base}, {t.extent: 19}, (t,))
        assert [int(p) for p in powers] == [b**exponent for b in range(-9, 10)]


def test_nested_sums_of_one_letter_do_not_meet() -> None:
    inner = total(i, times(x, x))
    assert_close(value(total(i, times(x, inner))), X.sum() * (X @ X))
    assert_close(value(times(total(i, x), inner, x), i), X.sum() * (X @ X) * X)


UNDEFINED = [
    Power(entry("zero"), MINUS_ONE),
    call("log", entry("zero")),
    call("log", MINUS_ONE),
    times(Power(entry("zero"), MINUS_ONE), entry("zero")),
    entry("x", Affine((), 7)),
    entry("x", Affine(((i, 1),), 1)),
]


@pytest.mark.parametrize("undefined", UNDEFINED)
@pytest.mark.parametrize("last", [False, True])
def test_a_false_bracket_is_zero_whatever_the_other_factors_are(undefined: Expr, last: bool) -> None:
    never = Bracket(compare(i, ">", number(2)))
    factors = (undefined, x, never) if last else (never, undefined, x)
    assert_close(value(Product(factors), i), np.zeros(3))
    assert_close(value(total(i, Product(factors))), 0)
    assert_close(value(reduce_over("mean", (i,), Product(factors))), 0)
    assert_close(value(reduce_over("max", (i,), Product(factors))), 0)
    assert_close(value(Product((x, Product(factors))), i), np.zeros(3))


def test_a_bracket_keeps_the_terms_where_it_holds() -> None:
    kept = Bracket(compare(i, ">", ZERO))
    assert_close(value(times(kept, over(x, IndexValue(i))), i), [0, -2, 1.5])
    assert_close(value(total(i, times(kept, x, Power(IndexValue(i), MINUS_ONE)))), -0.5)
    assert_close(value(total(i, times(kept, W, Power(IndexValue(i), MINUS_ONE))), j), M[:, 1] + M[:, 2] / 2)
    assert_close(value(total(i, times(kept, entry("x", Affine(((i, 1),), -1))))), X[0] + X[1])


def test_an_infinite_term_that_counts_is_not_hidden() -> None:
    kept = Bracket(compare(i, "<", ONE))
    assert value(total(i, times(kept, Power(IndexValue(i), MINUS_ONE)))) == math.inf


@pytest.mark.parametrize("swapped", [False, True])
def test_a_bracket_is_not_read_where_another_is_false(swapped: bool) -> None:
    inside = Bracket(compare(i, ">", ZERO))
    before = Bracket(compare(entry("x", Affine(((i, 1),), -1)), ">", ZERO))
    assert_close(value(Product((before, inside) if swapped else (inside, before)), i), [0, 1, 0])


def test_conditions_read_only_what_the_earlier_parts_leave_open() -> None:
    before = compare(entry("x", Affine(((i, 1),), -1)), ">", ZERO)
    assert_close(value(Bracket(Logic("and", (compare(i, ">", ZERO), before))), i), [0, 1, 0])
    assert_close(value(Bracket(Logic("or", (compare(i, "=", ZERO), before))), i), [1, 1, 0])


@pytest.mark.parametrize("undefined", UNDEFINED)
def test_the_branch_that_is_not_chosen_contributes_nothing(undefined: Expr) -> None:
    never: Condition = compare(i, ">", number(2))
    assert_close(value(Select(never, undefined, x), i), X)
    assert_close(value(Select(Logic("not", (never,)), x, undefined), i), X)


def test_a_guarded_entry_reads_zero_outside() -> None:
    assert_close(value(Indexed("x", (Affine(((i, 1),), -1),), guarded=True), i), [0, X[0], X[1]])
    assert_close(
        value(Indexed("x", (Affine(((i, 2), (u, 1)), 0),), guarded=True), i, u), [[X[0], X[1]], [X[2], 0], [0, 0]]
    )
    assert_close(value(Indexed("A", (i, Affine(((i, 1),), 1)), guarded=True), i), [A[0, 1], A[1, 2], 0])


def test_reading_outside_names_the_entry_and_the_index() -> None:
    with pytest.raises(InputError, match=r"x\[i-1\] reads outside its tensor at i = 0"):
        value(entry("x", Affine(((i, 1),), -1)), i)
    with pytest.raises(InputError, match=r"x\[7\] reads outside its tensor\n.*extents \[3\]"):
        value(entry("x", Affine((), 7)))
    with pytest.raises(InputError, match=r"x\[j\] reads outside its tensor at j = 3"):
        value(entry("x", j), j)


def test_extents_of_nothing_and_of_one() -> None:
    p, q = index("p"), index("q")
    sizes = {p.extent: 0, q.extent: 1}
    values = {"e": np.zeros(0), "o": np.asarray([3.0]), "E": np.zeros((1, 0))}
    e, o, E = entry("e", p), entry("o", q), entry("E", q, p)

    def of(expr: Expr, *free: Index) -> np.ndarray:
        return evaluate_expression(expr, values, sizes, free)

    assert_close(of(total(p, e)), 0)
    assert_close(of(total(p, times(E, e)), q), [0])
    assert_close(of(total(p, times(E, e, call("log", ZERO))), q), [0])
    assert_close(of(reduce_over("prod", (p,), e)), 1)
    assert of(times(e, o), p, q).shape == (0, 1)
    assert of(reduce_over("max", (q,), E), p).shape == (0,)
    assert_close(of(reduce_over("max", (q,), o)), 3)
    assert_close(of(reduce_over("mean", (q,), times(o, o))), 9)
    assert_close(of(times(NOTHING_WRONG, reduce_over("max", (p,), e))), 0)
    assert_close(of(Indexed("e", (Affine((), 0),), guarded=True)), 0)


@pytest.mark.parametrize("op", ["max", "min", "mean"])
def test_the_maximum_of_nothing_is_refused(op: str) -> None:
    p, q = index("p"), index("q")
    values = {"e": np.zeros(0), "o": np.asarray([3.0])}
    for body in (entry("e", p), times(entry("e", p), entry("o", q))):
        with pytest.raises(InputError, match=f"the {op} over p is of nothing: its extent is 0"):
            evaluate_expression(reduce_over(op, (p,), body), values, {p.extent: 0, q.extent: 1}, (q,))


def test_a_defined_function_is_its_body() -> None:
    t, b = entry("t"), entry("b")
    functions = {
        "swish": FunctionDefinition("swish", ("t", "b"), times(t, call("sigmoid", times(b, t)))),
        "twice": FunctionDefinition("twice", ("t",), call("swish", times(number(2), t), ONE)),
    }
    expected = 2 * X / (1 + np.exp(-2 * X))
    assert_close(value(call("twice", x), i, functions=functions), expected)
    assert_close(value(total(i, call("swish", x, s)), functions=functions), (X / (1 + np.exp(-2.5 * X))).sum())


def test_the_sum_in_a_defined_function_does_not_catch_the_callers_index() -> None:
    functions = {"f": FunctionDefinition("f", ("t",), times(entry("t"), total(i, times(x, entry("t")))))}
    assert_close(value(total(i, call("f", x)), functions=functions), (X * X).sum() * X.sum())
    kept = Bracket(compare(i, ">", ZERO))
    assert_close(value(times(kept, call("f", over(x, IndexValue(i)))), i, functions=functions)[0], 0)


def test_numbers_keep_the_type_asked_for() -> None:
    expr = total(i, times(W, x, over(IndexValue(i), number(3)), delta(i, k)))
    assert value(expr, j, k, dtype=np.float32).dtype == np.float32


def test_integer_values_are_taken_as_numbers() -> None:
    halves = evaluate_expression(over(x, number(2)), {"x": np.asarray([1, 2, 3])}, SIZES, (i,))
    assert_close(halves, [0.5, 1, 1.5])


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (entry("q", i), "there is no value for q"),
        (entry("x", i, j), r"x\[i,j\] has 2 indices, but its value has 1 axes"),
        (times(x, v), "index j is free in the value but is not asked for"),
        (IndexValue(index("t")), "the extent of index t is not known"),
        (Number(Fraction(10) ** 400), "a number of 401 digits is too large"),
        (call("sigma", x), "sigma is an unknown function: it can be shown but not run until it is given"),
        (Call("sigma", (x,), 2), "sigma'' is an unknown function"),
        (Partial(entry("a", i), (x,)), "a is an unknown function"),
    ],
)
def test_what_cannot_be_evaluated_is_named(expr: Expr, message: str) -> None:
    with pytest.raises(InputError, match=message):
        value(expr, i)


def test_primes_belong_to_unknown_functions() -> None:
    functions = {"f": FunctionDefinition("f", ("t",), entry("t"))}
    with pytest.raises(InputError, match="f' is the derivative of a function that the system defines"):
        value(Call("f", (x,), 1), i, functions=functions)


def test_an_unknown_function_of_a_tensor_without_a_value_is_refused_by_its_name() -> None:
    declarations = {
        "a": Declaration("abstract", "a", (i,), arguments=(entry("q", k),)),
        "q": Declaration("abstract", "q", (k,), arguments=(entry("x", i),)),
    }
    options = {"declarations": declarations, "unknowns": RandomUnknowns(0)}
    with pytest.raises(InputError, match="q is an unknown function"):
        value(Partial(entry("a", i), (entry("q", k),)), i, k, **options)


def test_comparisons_of_entries_with_numbers() -> None:
    for relation, expected in [("=", 0), ("<", 0), ("<=", 0), (">", 1), (">=", 1), ("!=", 1)]:
        assert value(Bracket(Comparison(relation, s, number(2)))) == expected
