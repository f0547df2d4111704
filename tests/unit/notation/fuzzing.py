"""Texts that nobody wrote: valid systems cut up and put together wrongly, random words, random characters.

`make fuzz` pushes a million of them through the parser; the tests push fewer. Each follows from its number alone, so
that one that fails can be made again.
"""

from __future__ import annotations

import random
import re
import sys
import time

from chainrule.errors import NotationError
from chainrule.notation import parse
from chainrule.notation.matrix_texts.kinds import declares_kinds
from chainrule.notation.matrix_texts.matrix_systems import read_matrices

SEEDS = (
    """data x[i], y[k]
param W[k,i], b[k]
given sum(k) y[k] = 1
batch n
z[k] = sum(i) W[k,i]*x[i] + b[k]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -sum(k) y[k]*log(a[k])
""",
    """param z[j]
abstract a[k](z[j])
abstract sigma(t)
u = sigma'(z[0])
cost C(a[k])
""",
    """const eps = 1e-5
index i = 7
param w[i]
def f(t, s) = t*sigmoid(s) # not far
h[i] = f(w[i], eps)^2
cost C = mean(i) [w[i] >= 0 and not h[i] = 2]*h[i]
update w[i] = w[i] - 0.5*∂C/∂w[i]
""",
    """matrix A, X
vector x, b(3)
param symmetric matrix S
scalar t
z = softmax(A*x - t*vector(1)) .* (S'x)
cost C = norm2(z)^2 + tr(X^T inv(S + 2*eye)) - log(det(S))/2
""",
    """data A[i,j], x[j]
param q
r[i] = where(0 <= i < 3, max(j) A[i,j], √(q)) − Σ_j A[i,j]·x[j]²
cost C = Σ_{i,j} ½*[i = j]*r[i]*extent(j)
∂C/∂q = Σ_i r[i]*q
""",
    """data x[i], q[t,i]
param W[l; k,j], b[l; k], U[k,j]
a[0; i] = x[i]
for l = 1..L:
    z[l; k] = sum(j) W[l; k,j]*a[l-1; j] + b[l; k] + q[l-1,k]/l
    a[l; k] = tanh(z[l; k])
c[L+1;] = 0
for l = L..1:
    c[l;] = c[l+1;] + sum(k) a[l; k]^2
h[0; k] = 0*U[k,k]
for t = 1..T:
    for l = 1..2:
        g[t,l; k] = h[t-1; k]*l
    h[t; k] = sum(j) U[k,j]*g[t,2; j]
cost C = c[1;] + sum(t) (sum(k) h[t; k]^2)
""",
)
_WRITTEN = r"""
data param const index given batch abstract cost def update state for sum mean max min prod where extent
and or not pi det inv exp log clip maximum x y z w i j k n C A W a1 sigma int
0 1 2 7 0.5 .5 1e9 1e400 1e-400 1e999 ½ π Σ_i Σ_{i,j} Σ ∂ ∂² ∂C/∂x ∂a[k]/∂z[j] ² ⁻¹ ' ′ √ ٣ ① 🦜 @ $ \ " |
+ - * / ^ = != < <= > >= ≤ ≥ ≠ · − × ⋅ , ; : ? ( ) [ ] { } # ( ) [ ] = [i] [i,j] [0] [i+1] [x[i]] sum(i)
for l t L T l = 1..L: t = T-1..1: [l; k] [l-1; j] [0; i] [L;] sum(t)
"""
WORDS = (*_WRITTEN.split(), "\n", "\n", " ", "\t", "\r", "\0", "\ud800", "\u200b", "\ufeff", "\x85")
_PIECES = re.compile(r"\w+|\s|.", re.DOTALL)


def text_of(number: int) -> str:
    """Return the text of a number."""
    draw = random.Random(number)
    kind = draw.randrange(10)
    if kind == 0:
        return "".join(
            [
                chr(draw.choice((draw.randrange(128), draw.randrange(0x3000), draw.randrange(0x110000))))
                for _ in range(draw.randrange(40))
            ]
        )
    if kind < 3:
        return "".join([draw.choice(WORDS) + draw.choice(("", " ")) for _ in range(draw.randrange(1, 40))])
    pieces = _PIECES.findall(draw.choice(SEEDS))
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        _mutate(pieces, draw)
    return "".join(pieces)


def _mutate(pieces: list[str], draw: random.Random) -> None:
    """Change one thing: take away, put in, double, exchange, repeat often."""
    place = draw.randrange(len(pieces) + 1)
    end = min(len(pieces), place + draw.randrange(1, 9))
    match draw.randrange(7):
        case 0:
            del pieces[place:end]
        case 1:
            pieces.insert(place, draw.choice(WORDS))
        case 2:
            pieces[place:place] = pieces[place:end] * draw.choice((1, 1, 2, 250))
        case 3:
            pieces[place:end] = [draw.choice(WORDS)]
        case 4:
            pieces[place:end] = pieces[place:end][::-1]
        case 5:
            other = draw.randrange(len(pieces) + 1)
            pieces[place:place] = pieces[other : other + 9]
        case _:
            pieces.insert(place, chr(draw.randrange(0x110000)))
    if not pieces:
        pieces.append("x")


def outcome(text: str) -> str:
    """Return what becomes of a text: "read" or "refused". Whatever else is raised comes out."""
    try:
        if declares_kinds(text):
            read_matrices(text)
        else:
            parse(text)
    except NotationError:
        return "refused"
    return "read"


def main(first: int, count: int) -> str:
    """Push texts through the parser and return what became of them; one that is neither read nor refused is named."""
    found = {"read": 0, "refused": 0}
    slowest = (0.0, 0)
    start = time.perf_counter()
    for number in range(first, first + count):
        began = time.process_time()
        try:
            found[outcome(text_of(number))] += 1
        except BaseException as error:
            error.add_note(f"text_of({number}) = {text_of(number)!a}")
            raise
        slowest = max(slowest, (time.process_time() - began, number))
    return (
        f"{count} texts in {time.perf_counter() - start:.0f} s: {found['read']} read, {found['refused']} refused; "
        f"the slowest took {slowest[0]:.2f} s (text_of({slowest[1]}))\n"
    )


if __name__ == "__main__":
    sys.stdout.write(main(*map(int, sys.argv[1:])))
