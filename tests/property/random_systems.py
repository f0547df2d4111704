"""Random systems as text, for Hypothesis: several equations that use one another, in everything the notation can write.

Every scalar function is wrapped so that it is defined wherever it is drawn (log(1 + t²), tan(sin(t))): whatever comes
out can be differentiated at almost every point. Letters of one range are few, so that nested sums reuse them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

LETTERS = {"P": ("i", "m"), "Q": ("j", "k")}
"""The letters of each range; P and Q have unequal extents."""

DECLARED = {"x": "P", "y": "Q", "A": "QP", "B": "PP", "s": "", "w": "P", "b": "Q", "W": "QP", "V": "PP", "c": ""}
HEADER = """\
data x[i], y[j], A[j,i], B[i,m], s
param w[i], b[j], W[j,i], V[i,m], c
const half = 1/2, rate
def swish(t) = t*sigmoid(half*t)
def mix(s, t) = s*tanh(t) + (1 - half)*t
"""
PARAMS = ("w", "b", "W", "V", "c")

SAFE = {
    "exp": ("exp(sin({0}))", "exp(-({0})^2)"),
    "log": ("log(1 + ({0})^2)", "log(2 + cos({0}))"),
    "log1p": ("log1p(({0})^2)",),
    "expm1": ("expm1(tanh({0}))",),
    "sqrt": ("sqrt(1 + ({0})^2)",),
    "sin": ("sin({0})",),
    "cos": ("cos({0})",),
    "tan": ("tan(sin({0}))",),
    "sinh": ("sinh(tanh({0}))",),
    "cosh": ("cosh(tanh({0}))",),
    "tanh": ("tanh({0})",),
    "atan": ("atan({0})",),
    "sigmoid": ("sigmoid({0})",),
    "relu": ("relu({0})",),
    "softplus": ("softplus({0})",),
    "erf": ("erf({0})",),
    "abs": ("abs({0})",),
    "sign": ("sign({0})*({0})",),
    "maximum": ("maximum({0}, {1})",),
    "minimum": ("minimum({0}, {1})",),
    "clip": ("clip({0}, -1/2, 1/2 + ({1})^2)",),
    "swish": ("swish({0})",),
    "mix": ("mix({0}, {1})",),
    "power": ("({0})^2", "({0})^3", "(1 + ({0})^2)^(-1/2)", "(3/2 + sin({0}))^tanh({1})", "(1 + ({0})^2)^rate"),
    "quotient": ("({0})/(1 + ({1})^2)", "({0})/(2 + cos({1}))", "1/(1 + exp(-tanh({0})))"),
    "bracket": ("[{0} > {1}]*({0})", "(1 - [{0} <= 1/3])*({1})"),
    "where": ("where({0} > 1/3, {1}, {0})",),
}
"""Functions and forms, each in ways that are defined for all arguments."""

NUMBERS = ("1", "2", "-1", "1/2", "0.3", "3", "half", "rate")


@dataclass
class Builder:
    """Draws one system. `tensors` are those that may be used, with the ranges of their axes."""

    draw: st.DrawFn
    tensors: dict[str, str] = field(default_factory=lambda: dict(DECLARED))

    def pick(self, choices: tuple[str, ...]) -> str:
        return self.draw(st.sampled_from(choices))

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == 1

    def entry(self, name: str, scope: tuple[str, ...]) -> str:
        """Return an entry of a tensor with letters of the scope; an axis that none fits is read at 0."""
        letters = [
            self.pick(tuple(letter for letter in scope if letter in LETTERS[kind]) or ("0",))
            for kind in self.tensors[name]
        ]
        return f"{name}[{','.join(letters)}]" if letters else name

    def leaf(self, scope: tuple[str, ...]) -> str:
        if self.chance(5):
            return self.pick(NUMBERS)
        if scope and self.chance(12):
            return f"(1 + {self.pick(scope)})"
        fitting = tuple(
            name
            for name, kinds in self.tensors.items()
            if all(any(letter in LETTERS[kind] for letter in scope) for kind in kinds)
        )
        return self.entry(self.pick(fitting), scope)

    def expression(self, depth: int, scope: tuple[str, ...]) -> str:
        if depth == 0:
            return self.leaf(scope)
        kind = self.pick(("leaf", "sum", "sum", "product", "product", "call", "call", "reduce", "reduce", "delta"))
        below = depth - 1
        if kind == "leaf":
            return self.leaf(scope)
        if kind == "sum":
            return " + ".join(self.expression(below, scope) for _ in range(self.draw(st.integers(2, 3))))
        if kind == "product":
            parts = [self.expression(below, scope) for _ in range(self.draw(st.integers(2, 3)))]
            return "*".join(f"({part})" for part in parts)
        if kind == "call":
            form = self.pick(SAFE[self.pick(tuple(SAFE))])
            return form.format(self.expression(below, scope), self.expression(below, scope))
        if kind == "delta":
            return self.delta(below, scope)
        return self.reduction(below, scope)

    def delta(self, depth: int, scope: tuple[str, ...]) -> str:
        for letters in LETTERS.values():
            if set(letters) <= set(scope):
                relation = self.pick(("=", "=", "!=", "<=", "<"))
                return f"[{letters[0]} {relation} {letters[1]}]*({self.expression(depth, scope)})"
        return self.expression(depth, scope)

    def reduction(self, depth: int, scope: tuple[str, ...]) -> str:
        """Return a reduction over one or two letters, those of the scope among them: nothing says they are new."""
        bound = self.draw(st.lists(st.sampled_from("imjk"), min_size=1, max_size=2, unique=True))
        inner = tuple(dict.fromkeys((*scope, *bound)))
        body = self.covered(self.expression(depth, inner), tuple(bound))
        op = self.pick(("sum", "sum", "sum", "mean", "max", "min", "prod"))
        return f"({op}({','.join(bound)}) ({body}))"

    def covered(self, body: str, letters: tuple[str, ...]) -> str:
        """Return the body with an entry for each letter, so that each labels an axis."""
        for letter in letters:
            name = self.pick(("x", "w") if letter in LETTERS["P"] else ("y", "b"))
            body = f"({body})*{name}[{letter}]" if self.chance(2) else f"{body} + {name}[{letter}]"
        return body

    def equation(self, name: str) -> str:
        kinds = self.pick(("", "P", "Q", "QP", "PP"))
        free = {"P": list(LETTERS["P"]), "Q": list(LETTERS["Q"])}
        letters = tuple(free[kind].pop(0) for kind in kinds)
        value = self.covered(self.expression(3, letters), letters)
        if self.chance(3):
            value = f"tanh({value})"
        self.tensors[name] = kinds
        return f"{name}[{','.join(letters)}] = {value}" if letters else f"{name} = {value}"

    def cost(self, names: tuple[str, ...]) -> str:
        terms = []
        for name in names:
            free = {"P": list(LETTERS["P"]), "Q": list(LETTERS["Q"])}
            letters = [free[kind].pop(0) for kind in self.tensors[name]]
            entry = f"{name}[{','.join(letters)}]" if letters else name
            term = self.pick(("{0}", "{0}^2", "sin({0})", "{0}*s", "({0} - 1/3)^2")).format(entry)
            terms.append(f"{self.pick(('sum', 'mean'))}({','.join(letters)}) ({term})" if letters else term)
        if self.chance(3):
            terms.append(f"({self.expression(2, ())})")
        return "cost C = " + " + ".join(f"({term})" for term in terms)


@st.composite
def systems(draw: st.DrawFn, most: int = 3) -> str:
    """Return the text of a system of one to `most` equations and a cost."""
    builder = Builder(draw)
    names = tuple(f"h{n}" for n in range(1, draw(st.integers(1, most)) + 1))
    lines = [builder.equation(name) for name in names]
    used = tuple(name for name in names if name == names[-1] or builder.chance(2))
    return HEADER + "\n".join((*lines, builder.cost(used))) + "\n"
