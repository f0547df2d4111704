"""What the printer prints, the parser reads back to an equal system: a list of systems, and random expressions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import (
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
    Position,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    times,
    walk,
)
from chainrule.notation import parse
from chainrule.notation.operators import compared
from chainrule.pipeline import backprop
from chainrule.render.latex import expression_latex
from chainrule.system.model import Equation, System
from chainrule.system.printing import system_latex, system_text
from chainrule.system.typecheck import typecheck

SYSTEMS = {
    "classifier": """
        data   x[i], y[k]
        param  W1[j,i], b1[j], W2[k,j], b2[k]
        given  sum(k) y[k] = 1
        batch  n
        z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
        a1[j] = sigmoid(z1[j])
        z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
        a2[k] = exp(z2[k]) / (sum(m) exp(z2[m]))
        cost C = -sum(k) y[k]*log(a2[k])
    """,
    "derived": """
        data x[i], y[j]
        param W[j,i]
        z[j] = Σ_i W[j,i]·x[i]
        cost C = ½·Σ_j (z[j] − y[j])²
        ∂C/∂z[j] = z[j] − y[j]
        ∂C/∂W[j,i] = ∂C/∂z[j]·x[i]
        ∂z/∂x[j,i] = W[j,i]
        ∂²C/∂z∂z[j,m] = [j = m]
    """,
    "optimizer": """
        data x[i], y
        param w[i]
        const eta = 0.1, beta = 0.9
        state step = 0, v[i] = beta/2, seen = 1e-3
        batch n
        cost C = (sum(i) w[i]*x[i] - y)^2
        t = step + 1
        norm = √(Σ_i ∂C/∂w[i]²)
        g[i] = where(norm > 1, ∂C/∂w[i]/norm, ∂C/∂w[i])
        u[i] = beta*v[i] + (1 - beta)*g[i]
        update step = step + [t >= 2*seen]
        update seen = minimum(seen, norm)
        update v[i] = u[i]
        update w[i] = w[i] - eta*u[i]/(1 - beta^t)
    """,
    "unknown functions": """
        param z[j], w
        abstract sigma(t)
        abstract a[k](z[j], w)
        cost C(a[k])
        ∂C/∂z[j] = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]
        h[i,j] = Σ_k ∂C/∂a[k]·∂²a[k]/∂z[i]∂z[j]
        q[j] = sigma''(z[j])*sigma(w)^2
    """,
    "functions and constants": """
        data x[i]
        const eps = 1e-5, half = 1/2, A[i], rate
        def swish(t) = t*sigmoid(t)
        def mix(s, t) = half*s + (1 - half)*t
        m = mean(i) x[i]
        v = mean(i) (x[i] - m)^2
        h[i] = mix(swish(x[i]), A[i])/sqrt(v + eps) - rate
    """,
    "linear regression": """
        data x[n,i], y[n]
        param W[i]
        const lambda
        p[n] = sum(i) W[i]*x[n,i]
        cost C = mean(n) (p[n] - y[n])^2 + lambda*sum(i) W[i]^2
        ∂C/∂W[i] = 2/extent(n)*(sum(n) (p[n] - y[n])*x[n,i]) + 2*lambda*W[i]
        update W[i] = W[i] - 1/20*∂C/∂W[i]
    """,
    "declared indices": """
        index i = 784, j = 30
        u[i] = 2*i + 1
        s = sum(i) sum(m) [m = i]*u[i]
        t = extent(j)*sum(j) (1/(1 + j))
        d[i,j] = [i = 2*j + 1] + [0 <= i < 3] + [i != j or not (i > 3)] + where(i < j, u[i], -u[i])
    """,
    "reductions": """
        data A[i,j], x[j], k
        a[i] = max(j) (A[i,j]*x[j]) + (min(j) x[j])*(prod(j) (x[j] + 1))
        b = sum(i,j) A[i,j]/(2*x[j])/a[i]
        c = sum(j) x[j]*(sum(j) x[j]^2)*(sum(m) x[m])^(1/2)
        f = sum(p) a[p]*k + (sum(j) x[j])
    """,
}


@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_systems_are_read_back(name: str, unicode: bool) -> None:
    system = parse(SYSTEMS[name])
    text = system_text(system, unicode=unicode)
    assert parse(text) == system
    assert system_text(parse(text), unicode=unicode) == text
    assert "aligned" in system_latex(system)


DERIVED = {
    "classifier": SYSTEMS["classifier"],
    "unknown functions": "param z[j]\nabstract a[k](z[j])\ncost C(a[k])",
    "linear regression": """
        data x[n,i], y[n]
        param W[i]
        const lambda
        p[n] = sum(i) W[i]*x[n,i]
        cost C = mean(n) (p[n] - y[n])^2 + lambda*(sum(i) W[i]^2)
    """,
    "gelu": """
        data y[k]
        param z[k]
        a[k] = z[k]/2*(1 + erf(z[k]/sqrt(2)))
        cost C = sum(k) (a[k] - y[k])^2
    """,
    "maximum": """
        data x[i]
        param W[j,i]
        z[j] = sum(i) W[j,i]*x[i]
        m = max(j) z[j]
        cost C = m^2 + log(sum(j) exp(z[j]))
    """,
    "norm": """
        param x[i]
        m = mean(i) x[i]
        v = mean(i) (x[i] - m)^2
        h[i] = (x[i] - m)/sqrt(v + 1e-5)
        cost C = sum(i) h[i]^3
    """,
}


@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
@pytest.mark.parametrize("name", DERIVED)
def test_derived_systems_are_read_back(name: str, unicode: bool) -> None:
    derived = backprop(parse(DERIVED[name])).system
    assert any(equation.name.startswith("∂") for equation in derived.equations)
    text = system_text(derived, unicode=unicode)
    assert parse(text) == derived
    assert system_text(parse(text), unicode=unicode) == text


@pytest.mark.parametrize(("opening", "times_nested"), [("exp(", 195), ("exp(1 + 2*", 60), ("-(1 + 2^(", 30)])
def test_deep_text_is_printed(opening: str, times_nested: int) -> None:
    text = "data x\ny = " + opening * times_nested + "x" + ")" * opening.count("(") * times_nested
    system = parse(text)
    assert parse(system_text(system)) == system
    assert system_latex(system).count(r"\left(") >= times_nested


CONTEXT = parse(
    """
    data x[i], y[k], c
    param W[k,i], V[i,k]
    abstract A[k](x[i], c)
    abstract f(t)
    def g(s, t) = s*t
    index q = 3
    """
)
ROWS, COLUMNS = (index.extent for index in CONTEXT.axes("W"))
(THREE,) = (index.extent for index in CONTEXT.indices)
TENSORS = {"x": (COLUMNS,), "y": (ROWS,), "c": (), "W": (ROWS, COLUMNS), "V": (COLUMNS, ROWS), "A": (ROWS,)}
TARGET = (Index("i", COLUMNS), Index("k", ROWS))
LETTERS = "ikmcq"

numbers = st.one_of(
    st.integers(-3, 3).map(Fraction),
    st.builds(Fraction, st.integers(-30, 30), st.integers(1, 40)),
    st.sampled_from([Fraction(1, 10**6), Fraction(-5, 10**7), Fraction(10**20), Fraction(22, 7 * 13)]),
).map(Number)


def joined(condition: Condition, op: str) -> tuple[Condition, ...]:
    return condition.operands if isinstance(condition, Logic) and condition.op == op else (condition,)


class Builder:
    """Draws expressions; every index it binds labels an axis, so that its extent is not a matter of its letter."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.opened = 0

    def pick(self, choices: list[str]) -> str:
        return self.data.draw(st.sampled_from(choices))

    def count(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))

    def expression(self, scope: tuple[Index, ...], depth: int) -> Expr:  # noqa: C901 -- one match
        leaves = ["number", "entry", "entry", "entry", "pi", "index", "extent", "partial"]
        inner = ["sum", "product", "product", "power", "inverse", "call", "reduce", "reduce", "bracket", "select"]
        kind = self.pick(leaves if depth == 0 else leaves + inner * 2)
        below = depth - 1
        match kind:
            case "number":
                return self.data.draw(numbers)
            case "pi":
                return Constant("pi")
            case "index":
                return IndexValue(self.data.draw(st.sampled_from(scope)))
            case "extent":
                extent = self.data.draw(st.sampled_from([ROWS, COLUMNS, THREE]))
                return ExtentValue(extent, self.pick(list(LETTERS)))
            case "entry":
                return self.entry(self.pick(list(TENSORS)), scope)
            case "partial":
                wrt = tuple(self.entry(self.pick(["x", "c"]), scope) for _ in range(self.count(1, 2)))
                return Partial(self.entry("A", scope), wrt)
            case "sum":
                return Sum(tuple(self.other(Sum, scope, below) for _ in range(self.count(2, 3))))
            case "product":
                return Product(tuple(self.other(Product, scope, below) for _ in range(self.count(2, 4))))
            case "power":
                return Power(self.expression(scope, below), self.expression(scope, below))
            case "inverse":
                return Power(self.expression(scope, below), Number(Fraction(-1)))
            case "call":
                return self.call(scope, below)
            case "reduce":
                return self.reduction(scope, below)
            case "bracket":
                return Bracket(self.condition(scope, below))
            case _:
                return Select(
                    self.condition(scope, below), self.expression(scope, below), self.expression(scope, below)
                )

    def other(self, than: type[Expr], scope: tuple[Index, ...], depth: int) -> Expr:
        """Sums hold no sums and products no products: the parser, and every pass, makes them flat."""
        part = self.expression(scope, depth)
        while isinstance(part, than):
            part = part.terms[0] if isinstance(part, Sum) else part.factors[0] if isinstance(part, Product) else part
        return part

    def entry(self, tensor: str, scope: tuple[Index, ...]) -> Indexed:
        positions: list[Position] = []
        for extent in TENSORS[tensor]:
            fitting = [index for index in scope if index.extent == extent]
            positions.append(self.data.draw(st.sampled_from([*fitting, *fitting, Affine((), 0)])))
        return Indexed(tensor, tuple(positions))

    def call(self, scope: tuple[Index, ...], depth: int) -> Expr:
        function = self.pick(["exp", "sqrt", "maximum", "clip", "f", "g"])
        arity = {"maximum": 2, "clip": 3, "g": 2}.get(function, 1)
        order = self.count(0, 2) if function == "f" else 0
        return Call(function, tuple(self.expression(scope, depth) for _ in range(arity)), order)

    def reduction(self, scope: tuple[Index, ...], depth: int) -> Expr:
        bound = []
        for _ in range(self.count(1, 2)):
            self.opened += 1
            extent = self.data.draw(st.sampled_from([ROWS, COLUMNS]))
            bound.append(Index(f"~{self.opened}", extent, self.pick(list(LETTERS))))
        body = self.expression((*scope, *bound), depth)
        used = {i for part in walk(body) if isinstance(part, Indexed) for i in part.indices}
        missing = [Indexed("x" if i.extent == COLUMNS else "y", (i,)) for i in bound if i not in used]
        return reduce_over(self.pick(["sum", "sum", "mean", "max", "min", "prod"]), bound, times(body, *missing))

    def condition(self, scope: tuple[Index, ...], depth: int) -> Condition:
        kind = self.pick(["comparison", "delta"] + ["logic", "not"] * (depth > 0))
        if kind == "not":
            return Logic("not", (self.condition(scope, depth - 1),))
        if kind == "logic":
            op = self.pick(["and", "or"])
            parts = [self.condition(scope, depth - 1) for _ in range(2)]
            return Logic(op, tuple(p for part in parts for p in joined(part, op)))
        if kind == "delta":
            left, right = (self.data.draw(st.sampled_from(scope)) for _ in range(2))
            if left.extent == right.extent:
                return Comparison("=", IndexValue(left), IndexValue(right))
        relation = self.pick(["=", "!=", "<", "<=", ">", ">="])
        sides = (compared(self.expression(scope, max(depth - 1, 0))) for _ in range(2))
        left_side, right_side = sides
        if isinstance(left_side, IndexValue) and isinstance(right_side, IndexValue):
            relation = "<"  # [i = k] would make the extents of i and k equal
        return Comparison(relation, left_side, right_side)


@given(st.data())
def test_random_expressions_are_read_back(data: st.DataObject) -> None:
    value = Builder(data).expression(TARGET, 4)
    system = typecheck(CONTEXT.with_equations((Equation(Indexed("out", TARGET), value),)))
    for unicode in (True, False):
        text = system_text(system, unicode=unicode)
        assert parse(text) == system, text
        assert system_text(parse(text), unicode=unicode) == text


@given(st.data())
def test_random_expressions_have_balanced_latex(data: st.DataObject) -> None:
    latex = expression_latex(Builder(data).expression(TARGET, 4))
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")


def test_an_index_that_labels_no_axis_is_read_back_with_its_extent() -> None:
    q = Index("m", THREE)
    value = reduce_over("sum", [q], Power(IndexValue(q), Number(Fraction(2))))
    system: System = typecheck(CONTEXT.with_equations((Equation(Indexed("s"), value),)))
    assert "s = sum(q) q^2" in system_text(system, unicode=False)
    assert parse(system_text(system)) == system
    assert isinstance(system.equations[0].value, Reduce)
