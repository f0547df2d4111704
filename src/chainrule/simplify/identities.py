"""Identities of the scalar functions: what a book would use without stopping.

Each is a law of the function alone, valid wherever both sides are defined; the conformance of each is tested by value.
"""

from __future__ import annotations

from fractions import Fraction

from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Bracket,
    Call,
    Comparison,
    Expr,
    Logic,
    Number,
    Power,
    Product,
    Select,
    Sum,
)
from chainrule.rewrite.rules import Rule
from chainrule.simplify.arithmetic import Factors, add, bracket, factors_of, multiply, product_of, split_coefficient
from chainrule.simplify.context import Context
from chainrule.simplify.evident import always_defined


def exp_and_log(expr: Expr, context: Context) -> Expr | None:
    """exp(log(t)) = t and log(exp(t)) = t."""
    match expr:
        case Call("exp", (Call("log", (inner,)),), 0) | Call("log", (Call("exp", (inner,)),), 0):
            return inner
        case _:
            return None


def mirrored_sigmoid(expr: Expr, context: Context) -> Expr | None:
    """sigmoid(-t) = 1 - sigmoid(t)."""
    match expr:
        case Call("sigmoid", (argument,), 0) if split_coefficient(argument)[0] < 0:
            mirrored = Call("sigmoid", (multiply((MINUS_ONE, argument)),))
            return add((ONE, multiply((MINUS_ONE, mirrored))))
        case _:
            return None


def falling_exponential(expr: Expr, context: Context) -> Expr | None:
    """exp(-t)*sigmoid(t) = sigmoid(-t)."""
    if not isinstance(expr, Product):
        return None
    coefficient, found = factors_of(expr)
    for base, exponent in found.items():
        match base:
            case Call("sigmoid", (argument,), 0) if exponent >= 1:
                mirrored = multiply((MINUS_ONE, argument))
            case _:
                continue
        falling = Call("exp", (mirrored,))
        if found.get(falling, 0) >= 1:
            rest = {b: e - (b in (base, falling)) for b, e in found.items()}
            left = product_of(coefficient, {b: e for b, e in rest.items() if e})
            return multiply((left, Call("sigmoid", (mirrored,))))
    return None


def logistic(expr: Expr, context: Context) -> Expr | None:
    """exp(t)/(1 + exp(t)) = sigmoid(t), and 1/(1 + exp(t)) = sigmoid(-t)."""
    if not isinstance(expr, Product | Power):
        return None
    coefficient, found = factors_of(expr)
    for base, exponent in found.items():
        argument = _one_plus_exp(base)
        if argument is None or exponent >= 0 or exponent.denominator != 1:
            continue
        rest: Factors = {b: e for b, e in found.items() if b != base}
        grown = Call("exp", (argument,))
        pairs = max(Fraction(0), min(rest.get(grown, Fraction(0)), -exponent))
        rest[grown] = rest.get(grown, Fraction(0)) - pairs
        return multiply(
            (
                product_of(coefficient, {b: e for b, e in rest.items() if e}),
                product_of(Fraction(1), {Call("sigmoid", (argument,)): pairs}),
                product_of(Fraction(1), {Call("sigmoid", (multiply((MINUS_ONE, argument)),)): -exponent - pairs}),
            )
        )
    return None


def _one_plus_exp(base: Expr) -> Expr | None:
    match base:
        case Sum((Number(value), Call("exp", (argument,), 0))) if value == 1:
            return argument
        case _:
            return None


def relu_of_positive(expr: Expr, context: Context) -> Expr | None:
    """[t > 0]*relu(t) = relu(t), and so for maximum(0, t), unless the bracket guards something else."""
    if not isinstance(expr, Product):
        return None
    for place, factor in enumerate(expr.factors):
        match factor:
            case Bracket(Comparison(">" | "<" as relation, argument, Number(value))) if value == 0:
                alike = _rectified(argument, positive=relation == ">")
            case _:
                continue
        others = [f for n, f in enumerate(expr.factors) if n != place]
        if not alike.isdisjoint(map(_raised, others)) and all(always_defined(f) for f in others):
            return multiply(others)
    return None


def _raised(factor: Expr) -> Expr:
    """Return what a factor is a power of that is 0 with it, else the factor."""
    match factor:
        case Power(base, Number(exponent)) if exponent > 0:
            return base
        case _:
            return factor


def _rectified(argument: Expr, *, positive: bool) -> set[Expr]:
    """Return the ways to write what is t where t has this sign, and 0 elsewhere."""
    both = [(ZERO, argument), (argument, ZERO)]
    found: set[Expr] = {Call("maximum" if positive else "minimum", arguments) for arguments in both}
    return found | {Call("relu", (argument,))} if positive else found


def size_and_sign(expr: Expr, context: Context) -> Expr | None:
    """t*sign(t) = abs(t) and abs(t)*sign(t) = t."""
    if not isinstance(expr, Product):
        return None
    coefficient, found = factors_of(expr)
    for base in found:
        match base:
            case Call("sign", (argument,), 0):
                size = Call("abs", (argument,))
            case _:
                continue
        partner, becomes = (size, argument) if found.get(size, 0) >= 1 else (argument, size)
        if found[base] == 1 and found.get(partner, 0) >= 1:
            rest = {b: e - (b == partner) for b, e in found.items() if b != base}
            return multiply((product_of(coefficient, {b: e for b, e in rest.items() if e}), becomes))
    return None


def choice_of_one(expr: Expr, context: Context) -> Expr | None:
    """where(c, 1, 0) = [c], and where(c, 0, 1) = [not c]."""
    match expr:
        case Select(condition, then, otherwise) if then == ONE and otherwise == ZERO:
            return bracket(condition)
        case Select(condition, then, otherwise) if then == ZERO and otherwise == ONE:
            return bracket(Logic("not", (condition,)))
        case _:
            return None


def tangents(expr: Expr, context: Context) -> Expr | None:
    """sinh(t)/cosh(t) = tanh(t) and sin(t)/cos(t) = tan(t)."""
    if not isinstance(expr, Product):
        return None
    coefficient, found = factors_of(expr)
    for base, exponent in found.items():
        match base:
            case Call("sinh" | "sin" as sine, (argument,), 0) if exponent > 0 and exponent.denominator == 1:
                below = Call("cosh" if sine == "sinh" else "cos", (argument,))
            case _:
                continue
        pairs = min(exponent, -found.get(below, Fraction(0)))
        if pairs < 1 or pairs.denominator != 1:
            continue
        rest = {b: e - pairs * (b == base) + pairs * (b == below) for b, e in found.items()}
        quotient = Call("tanh" if sine == "sinh" else "tan", (argument,))
        left = product_of(coefficient, {b: e for b, e in rest.items() if e})
        return multiply((left, product_of(Fraction(1), {quotient: pairs})))
    return None


IDENTITIES: tuple[Rule[Context], ...] = (
    Rule("inverse functions", "`exp(log(t)) = t` and `log(exp(t)) = t`", exp_and_log, (Call,)),
    Rule(
        "the logistic function",
        "`exp(t)/(1 + exp(t)) = sigmoid(t)` and `1/(1 + exp(t)) = sigmoid(−t)`",
        logistic,
        (Product, Power),
    ),
    Rule("the logistic function", "`exp(−t)·sigmoid(t) = sigmoid(−t)`", falling_exponential, (Product,)),
    Rule("symmetry of the sigmoid", "`sigmoid(−t) = 1 − sigmoid(t)`", mirrored_sigmoid, (Call,)),
    Rule(
        "relu where it is positive",
        "`[t > 0]·relu(t) = relu(t)` and `[t > 0]·maximum(0, t) = maximum(0, t)`",
        relu_of_positive,
        (Product,),
    ),
    Rule("branches 1 and 0", "`where(c, 1, 0) = [c]` and `where(c, 0, 1) = [not c]`", choice_of_one, (Select,)),
    Rule("tangents", "`sinh(t)/cosh(t) = tanh(t)` and `sin(t)/cos(t) = tan(t)`", tangents, (Product,)),
    Rule("size and sign", "`t·sign(t) = abs(t)` and `abs(t)·sign(t) = t`", size_and_sign, (Product,)),
)
