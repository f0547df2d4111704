"""Texts that a parser would rather not see, by name: long, dense, deep, unfinished, or of the oddest characters.

Each is made when asked for, so that collecting the tests costs nothing. Most are as long as may be read at all, so that
what is tested is the reading and not the limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from chainrule.notation.source import MAX_BYTES, MAX_EQUATIONS, MAX_SIGNS

HEAD = "data x, w[i], A[i,j]\n"
MANY = 10**9
_LETTERS = str.maketrans("0123456789", "abcdefghij")


def signs(text: str) -> int:
    """Return the number of words and signs in a text without comments."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def full(head: str, piece: str, tail: str = "", most: int = MANY) -> str:
    """Return head, as many pieces as may be, and tail; in a piece @ is its number, ~ the one before."""
    room = MAX_BYTES - len((head + tail).encode()) - 100
    allowed = MAX_SIGNS - signs(HEAD + head + tail) - 10
    count = min(most, room // len(piece.encode()), allowed // max(1, signs(piece)))
    if "@" not in piece:
        return HEAD + head + piece * count + tail
    count = min(count, room // (len(piece.encode()) + 10))
    return HEAD + head + "".join([piece.replace("@", str(n + 1)).replace("~", str(n)) for n in range(count)]) + tail


def beyond(piece: str, count: int, tail: str = "") -> str:
    """Return a text of very many pieces, whatever the limits."""
    return HEAD + "y = " + piece * count + tail


LONG: Mapping[str, Callable[[], str]] = {
    "sum of names": lambda: full("y = x", "+x"),
    "difference of names": lambda: full("y = x", "-x"),
    "product of names": lambda: full("y = x", "*x"),
    "quotient of names": lambda: full("y = x", "/x"),
    "sum of numbers": lambda: full("y = x", "+1"),
    "product of numbers": lambda: full("y = x", "*7"),
    "quotient of sums": lambda: full("y = x", "/(x+1)"),
    "sum of entries": lambda: full("y[i] = x", "+w[i]"),
    "sum of entries with fixed positions": lambda: full("y = x", "+w[0]"),
    "sum of matrix entries": lambda: full("y[i,j] = x", "+A[i,j]*w[j]"),
    "sum of reductions": lambda: full("y = x", "+sum(i)w[i]"),
    "sum of sums by subscript": lambda: full("y = x", "+Σ_i w[i]"),
    "sum of calls": lambda: full("y = x", "+exp(x)"),
    "sum of powers": lambda: full("y = x", "+x^2"),
    "sum of superscripts": lambda: full("y = x", "+x²"),
    "sum of brackets": lambda: full("y = x", "+[x>0]"),
    "sum of deltas": lambda: full("y[i,j] = A[i,j]", "+[i=j]"),
    "sum of choices": lambda: full("y = x", "+where(x>0,x,1)"),
    "sum of negatives": lambda: full("y = x", "+-x"),
    "sum of parentheses": lambda: full("y = x", "+(x)"),
    "sum of roots": lambda: full("y = x", "+√(x)"),
    "sum of fractions": lambda: full("y = x", "+½"),
    "sum of unknown derivatives": lambda: full("abstract a(x)\ny = x", "+∂a/∂x"),
    "sum of derivatives that are not there": lambda: full("y = x", "+∂y/∂x"),
    "sum of extents": lambda: full("y = x", "+extent(i)"),
    "sum of names without declaration": lambda: full("y = q", "+q@"),
    "chain of comparisons": lambda: full("y = [x", "<x", "]"),
    "chain of conditions": lambda: full("y = [x>0", " and x>0", "]"),
    "chain of alternatives": lambda: full("y = [x>0", " or x>0", "]"),
    "long index list": lambda: full("y = w[i", ",i", "]"),
    "long list of positions": lambda: full("y = w[0", ",0", "]"),
    "long position": lambda: full("y[i] = w[0+i", "+i", "]"),
    "long list of axes": lambda: full("data v[i0", ",i@", "]"),
    "long list of one axis": lambda: full("data v[i", ",i", "]"),
    "long list of ranges": lambda: full("y = sum(i", ",i", ")w[i]"),
    "long list of different ranges": lambda: full("y = sum(i", ",i@", ") w[i]"),
    "reductions each of its own letter": lambda: full("index j=2\ny = 0", "+sum(i@)w[i@]"),
    "many arguments": lambda: full("y = exp(x", ",x", ")"),
    "many parameters": lambda: full("def f(t", ",t", ") = t"),
    "many different parameters": lambda: full("def f(t", ",t@", ") = t"),
    "many primes": lambda: full("abstract s(t)\ny = s", "'", "(x)"),
    "many derivatives": lambda: full("y = ∂C/", "∂x"),
    "one long reduction": lambda: full("y = sum(i) w[i]", "*w[i]"),
    "sum below a reduction": lambda: full("y = sum(i) (w[i]", "+w[i]", ")"),
    "reductions side by side": lambda: full("y = x", "*(sum(i)w[i])"),
    "extrema side by side": lambda: full("y = x", "+(max(i)w[i])"),
    "equations": lambda: full("", "y@=x\n", most=MAX_EQUATIONS),
    "equations of one entry": lambda: full("", "y@[i] = w[i]\n", most=MAX_EQUATIONS),
    "equations that read the one before": lambda: full("data y0\n", "y@=y~*2\n", most=MAX_EQUATIONS),
    "equations with an error in the last": lambda: full("", "y@=x\n", "y=q", most=MAX_EQUATIONS - 1),
    "layers": lambda: full("data a0[i]\n", "z@[j] = sum(i) A[j,i]*a~[i]\na@[j] = tanh(z@[j])\n"),
    "equations of one name": lambda: full("", "y=x\n", most=MAX_EQUATIONS),
    "the last equation first": lambda: full("z = y9999\n", "y@=x\n", most=10_000),
    "declarations": lambda: full("data v", ",v@[i@]"),
    "declarations of one letter": lambda: full("data v", ",v@[i]"),
    "data lines": lambda: full("", "data v@\n"),
    "givens": lambda: full("", "given x>0\n"),
    "givens in one chain": lambda: full("given 0<x", "<x"),
    "constants": lambda: full("", "const c@=1\n"),
    "constants in one line": lambda: full("const c=1", ",c@=1"),
    "constants that read the one before": lambda: full("const c0=1\n", "const c@=c~\n"),
    "functions": lambda: full("", "def f@(t)=t\n"),
    "functions that call the one before": lambda: full("def f0(t)=t\n", "def f@(t)=f~(t)\n"),
    "unknown functions": lambda: full("", "abstract f@(t)\n"),
    "unknown tensors": lambda: full("", "abstract f@(x)\n"),
    "unknown tensors of the one before": lambda: full("abstract f0(x)\n", "abstract f@(f~)\n"),
    "an unknown tensor of many": lambda: full("data v\nabstract f(v", ",v", ")"),
    "indices": lambda: full("", "index i@=2\n"),
    "indices in one line": lambda: full("index i=2", ",i@=2"),
    "batches": lambda: full("", "batch n\n"),
    "costs": lambda: full("", "cost C=1\n", most=MAX_EQUATIONS),
    "updates": lambda: full("param p\n", "update p=p\n", most=MAX_EQUATIONS),
    "updates by gradients": lambda: (
        "param p0"
        + "".join(f",p{n}" for n in range(1, 15_000))
        + "\ncost C=p0^2\n"
        + "".join(f"update p{n}=∂C/∂p{n}\n" for n in range(15_000))
    ),
    "axes that become equal one by one": lambda: (
        "data v0[i0]"
        + "".join(f",v{n}[i{n}]" for n in range(1, 8_000))
        + "\n"
        + "".join(f"y{n}[i]=v{n}[i]*v{n + 1}[i]\n" for n in range(7_999))
    ),
    "axes that become equal from the last": lambda: (
        "data v0[i0]"
        + "".join(f",v{n}[i{n}]" for n in range(1, 8_000))
        + "\n"
        + "".join(f"y{n}[i]=v{n}[i]*v{n + 1}[i]\n" for n in reversed(range(7_999)))
    ),
    "numbers of 200 digits": lambda: full("y = x", "+" + "9" * 199),
    "numbers with large exponents": lambda: full("y = x", "+1e400"),
    "numbers with small exponents": lambda: full("y = x", "+1e-400"),
    "product of large numbers": lambda: full("y = 1", "*1e400"),
    "quotient of large numbers": lambda: full("y = 1", "+1e400/3e400"),
    "position that is a product of large numbers": lambda: full("y = w[1", "*9e400", "]"),
    "comparison with a product of large numbers": lambda: full("y[i] = [i*1", "*9e400", " = i]"),
    "sums of index products": lambda: full("y[i] = w[i] + 0*[i", "+(2*i)", " = 0]"),
    "names of 200 letters": lambda: (
        "data " + ", ".join([f"{n:08d}".translate(_LETTERS) * 25 for n in range(9_800)]) + "\ny = " + "jihg" * 50
    ),
    "no such name among many": lambda: full("data v", ",av@[i]", "\ny = vva"),
    "no such tensor among many": lambda: full("data v", ",av@[i]", "\ny[i] = bav@[i]"),
    "no such function among many": lambda: full("", "def f@(t)=t\n", "y=ff(x)"),
    "no such argument among many": lambda: full("data v", ",av@[i]", "\nabstract a(bav)\nabstract b(v,bav)"),
    "no such update among many": lambda: full("param v", ",av@", "\nupdate bav@=1"),
    "names that almost agree": lambda: (
        "data "
        + ", ".join([f"{n:06d}".translate(_LETTERS) + "aaaaaaaaaaaaaaaaaaaaaaaaaa" for n in range(45_000)])
        + "\ny = aaaaaabbbbbaaaaaaaaaaaaaaaaaaaaaa"
    ),
    "words": lambda: full("", "a "),
    "words on lines": lambda: full("", "a\n", most=MAX_EQUATIONS),
    "an error at the end of a long line": lambda: full("y = x", "+x", "$"),
    "an operator at the end of a long line": lambda: full("y = x", "+x", "+"),
    "an error after many lines": lambda: full("", "y@=x\n", "$", most=MAX_EQUATIONS - 10),
    "a line that goes wrong early": lambda: full("y = ", "w[i] "),
    "a body in doubt, long": lambda: full("y = 1/sum(i) w[i]", "*x"),
    "an extremum in doubt, long": lambda: full("y = max(i) w[i]", "*x"),
    "bodies in doubt, at the end of a long sum": lambda: full("y = x", "+x", "+1/sum(i) w[i]*x"),
    "deep parentheses, often": lambda: full("", "y@=" + "(" * 199 + "x" + ")" * 199 + "\n"),
    "deep reductions, often": lambda: full("", "y@=" + "Σ_i " * 190 + "x\n"),
    "deep minus, often": lambda: full("", "y@=" + "-" * 199 + "x\n"),
    "deep powers, often": lambda: full("", "y@=" + "x^" * 199 + "x\n"),
    "deep calls, often": lambda: full("", "y@=" + "exp(" * 199 + "x" + ")" * 199 + "\n"),
    "deep brackets, often": lambda: full("", "y@=" + "[0<" * 90 + "x" + "]" * 90 + "\n"),
    "deep conditions, often": lambda: full("", "y@=[" + "not " * 190 + "x>0]\n"),
    "deep choices, often": lambda: full("", "y@=" + "where(x>0,x," * 90 + "x" + ")" * 90 + "\n"),
    "reductions of different letters, deep": lambda: full(
        "", "y@=" + "".join(f"sum(i{n}) w[i{n}]*" for n in range(90)) + "x\n"
    ),
    "deep sums, often": lambda: full("", "y@=" + "(1+" * 99 + "x" + ")" * 99 + "\n"),
    "deep sums of sums": lambda: full("y = x", "+" + "(1+" * 60 + "x" + ")" * 60),
}
"""As long as may be read, so that all of the time goes into reading."""

DEEP: Mapping[str, Callable[[], str]] = {
    "parentheses": lambda: beyond("(", 900_000, "x" + ")" * 900_000),
    "parentheses never closed": lambda: beyond("(", 1_900_000),
    "parentheses never opened": lambda: beyond(")", 1_900_000),
    "deep enough to pass the count of signs": lambda: beyond("(", 29_000, "x" + ")" * 29_000),
    "square brackets": lambda: beyond("[", 29_000, "x" + "]" * 29_000),
    "calls": lambda: beyond("exp(", 19_000, "x" + ")" * 19_000),
    "minus": lambda: beyond("-", 190_000, "x"),
    "minus, too many signs": lambda: beyond("-", 1_900_000, "x"),
    "minus with spaces": lambda: beyond("- ", 190_000, "x"),
    "minus with comments": lambda: beyond("(\n", 1, "-#\n" * 55_000 + "x)"),
    "minus on lines": lambda: beyond("(", 1, "-\n" * 55_000 + "x)"),
    "plus": lambda: beyond("+", 55_000, "x"),
    "stars": lambda: beyond("*", 55_000, "x"),
    "powers": lambda: beyond("x^", 90_000, "x"),
    "powers of entries": lambda: beyond("w[0]^", 11_000, "x"),
    "powers of parentheses": lambda: beyond("(x)^", 14_000, "x"),
    "powers of calls": lambda: beyond("exp(x)^", 11_000, "x"),
    "powers and comments": lambda: beyond("(", 1, "x^#\n" * 28_000 + "x)"),
    "powers and signs": lambda: beyond("x^-", 19_000, "x"),
    "not": lambda: beyond("[", 1, "not " * 190_000 + "x > 0]"),
    "not with comments": lambda: beyond("[", 1, "not#\n" * 55_000 + "x > 0]"),
    "reductions": lambda: beyond("sum(i) ", 11_000, "w[i]"),
    "reductions by subscript": lambda: beyond("Σ_i ", 14_000, "w[i]"),
    "reductions and signs": lambda: beyond("-sum(i)", 7_000, "w[i]"),
    "choices": lambda: beyond("where(x>0,x,", 7_000, "x" + ")" * 7_000),
    "extrema in doubt, in each other": lambda: beyond("max(i) (", 190, "w[i]*x" + ")" * 190),
    "bodies in doubt, in each other": lambda: beyond("1/(sum(i) x*", 90, "x" + ")" * 90),
}
"""Nested without end: refused, except where the nesting is none to the parser."""

OVERSIZED: Mapping[str, Callable[[], str]] = {
    "two megabytes of a sum": lambda: beyond("+x", 999_000),
    "a million equations": lambda: "\n".join([f"y{n}=1" for n in range(1_000_000)]),
    "a quarter of a million equations": lambda: "\n".join([f"y{n}=1" for n in range(200_000)]),
    "equations of one letter": lambda: "y=1\n" * 490_000,
    "comments": lambda: "# no\n" * 390_000 + "data x",
    "one long comment": lambda: HEAD + "y = x #" + "(" * 1_900_000,
    "comments inside brackets": lambda: HEAD + "y = (x\n" + "# (\n" * 450_000 + ")",
    "empty lines": lambda: "\n" * 1_900_000 + "data x",
    "empty lines inside parentheses": lambda: HEAD + "y = (" + "\n" * 1_900_000 + "x)",
    "spaces": lambda: HEAD + "y = x" + " " * 1_900_000 + "+ x",
    "spaces before an error": lambda: HEAD + "y = x" + " " * 1_900_000 + "$",
    "spaces inside brackets": lambda: HEAD + "y = w[" + " " * 1_900_000 + "i",
    "spaces between letters": lambda: HEAD + "y = w[" + "i , " * 60_000 + "]",
    "a word and spaces": lambda: "dat " + "a" * 199 + " " * 1_800_000 + "b",
    "minus and spaces": lambda: HEAD + "y = " + ("-" + " " * 90_000) * 20 + "x",
    "not and spaces": lambda: HEAD + "y = [" + ("not" + " " * 90_000) * 20 + "x>0]",
    "powers and spaces": lambda: HEAD + "y = " + ("x^" + " " * 90_000) * 20 + "x",
    "many minus and spaces": lambda: HEAD + "y = " + ("-" + " " * 9_000) * 199 + "x",
    "many not and spaces": lambda: HEAD + "y = [" + ("not" + " " * 9_000) * 190 + "x>0]",
    "many powers and spaces": lambda: HEAD + "y = " + ("x^" + " " * 9_000) * 199 + "x",
    "powers of long words": lambda: HEAD + "y = " + ("x" * 199 + "^") * 9_000 + "x",
    "not that is part of a word": lambda: HEAD + "y = " + "not_" * 49 + "+" + "notnot" * 33,
    "a derivative and spaces": lambda: (
        "param w, x\ncost C = w\n∂C/∂w = 1\ny = (∂C" + " " * 900_000 + "/∂w + ∂C/∂w)" + " + ∂C/∂x"
    ),
    "a derivative among brackets": lambda: (
        "param w[i], x\ncost C = sum(i) w[i]\n∂C/∂w[i] = 1\ny[i] = ∂C/∂w[i]" + " + ∂C/∂w[i]" * 10_000 + " + ∂C/∂x"
    ),
    "words of 200 letters": lambda: HEAD + "y = " + " ".join(["x" * 200] * 9_900),
    "spaces and comments": lambda: HEAD + "y = (" + " # \n" * 480_000 + "x)",
    "carriage returns": lambda: "\r" * 1_900_000 + "data x",
    "an exponent of a million digits": lambda: HEAD + "y = 1e" + "9" * 1_000_000,
    "a million digits": lambda: HEAD + "y = " + "9" * 1_000_000,
    "a million digits behind the point": lambda: HEAD + "y = 0." + "9" * 1_000_000,
    "a million points": lambda: HEAD + "y = " + "." * 1_000_000,
    "digits in pieces": lambda: HEAD + "y = " + "9" * 199 + (".9" * 90_000),
    "a huge exponent": lambda: HEAD + "y = 1e999999",
    "a tiny exponent": lambda: HEAD + "y = 1e-999999",
    "a superscript of many digits": lambda: HEAD + "y = x" + "⁹" * 600_000,
    "a superscript of nine digits": lambda: HEAD + "y = x⁹⁹⁹⁹⁹⁹⁹⁹⁹",
    "a power of a power": lambda: HEAD + "y = 9^9^9^9^9^9^9^9",
    "a large index": lambda: "index i = " + "9" * 200 + "\ny[i] = extent(i)",
    "a large position": lambda: HEAD + "y = w[" + "9" * 200 + "]",
    "an index of 400 digits": lambda: "index i = 1e400\ny[i] = i",
    "a long name": lambda: HEAD + "y = " + "a" * 1_900_000,
    "half of a derivative": lambda: HEAD + "y = " + "∂" * 190_000,
    "braces": lambda: HEAD + "y = Σ_{" + "i," * 90_000 + "i} x",
    "brackets that cross": lambda: HEAD + "y = " + "([" * 90 + ")]" * 90,
    "an open bracket before much": lambda: "y = (\n" + "y=x\n" * 60_000,
    "quotes": lambda: HEAD + "y = " + "'\"" * 90_000,
}
"""Long in ways that count for little, or far beyond a limit."""

ODD: Mapping[str, Callable[[], str]] = {
    "NUL": lambda: "data x\0",
    "NUL after much": lambda: "#" * 1_999_000 + "\0",
    "NULs": lambda: "\0" * 1_900_000,
    "a lone surrogate": lambda: "data \ud800",
    "lone surrogates": lambda: "\udfff" * 1_900_000,
    "two surrogates": lambda: "data \ud835\udc65",
    "byte order marks": lambda: "\ufeff" * 600_000,
    "right to left": lambda: "data \u202ex\u202c",
    "zero width": lambda: "data x" + "\u200b" * 600_000,
    "combining marks": lambda: "data x" + "\u0301" * 900_000,
    "letters beyond the first plane": lambda: "data " + "𝔵" * 199 + ", 𝒚",
    "digits of other scripts": lambda: "data x\ny = x*٣ + ३^२ + ¹²³",
    "digits of other scripts in a position": lambda: "data x[i]\ny = x[٣]",
    "digits of other scripts in an exponent": lambda: "data x\ny = x*1e٣",
    "circled digits": lambda: "data x①, x½\ny = x①",
    "separators of lines": lambda: "data x\u2028y = x\u2029\x85\x0b\x0cz = x",
    "emoji": lambda: "data 🦜\ny = 🦜",
    "noncharacters": lambda: "data \uffff\ufffe\U0010ffff",
    "control characters": lambda: "data " + "".join(map(chr, range(1, 32))),
    "every character in a row": lambda: "".join(chr(n) for n in range(1, 0xD800)),
    "every character behind a name": lambda: "\n".join(f"y{n} = x{chr(n)}" for n in range(33, 19_000)),
    "escapes of a terminal": lambda: "data \x1b[31mx\x1b]0;title\x07",
    "wide letters": lambda: "data ｘ\ny = ｘ + ＋",
    "letters that fold": lambda: "data ﬀ, ff, ſ, s, K, K\ny = ﬀ",
    "letters whose lower case is two": lambda: "data İ\ny = İ̇",
    "nothing": lambda: "",
    "only a keyword": lambda: "data",
    "only spaces": lambda: " \t\n" * 500_000,
    "an import": lambda: "y = __import__('os').system('false')",
    "a call of eval": lambda: "data x\ny = eval(x)",
    "an attribute": lambda: "data x\ny = x.__class__",
    "a format string": lambda: "data x\ny = {x} + %s + ${x}",
}
"""Characters, and other people's languages."""

HOSTILE: Mapping[str, Callable[[], str]] = {
    f"{kind}: {name}": make
    for kind, cases in (("long", LONG), ("deep", DEEP), ("oversized", OVERSIZED), ("odd", ODD))
    for name, make in cases.items()
}
