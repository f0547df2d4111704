"""Every error of the notation: its line and column, the line of text with a caret, and what it says."""

from __future__ import annotations

import pytest

from chainrule.errors import NotationError
from chainrule.notation import parse

HEAD = "data x[i], y[k]\nparam W[j,i], b[j]\n"


def refused(text: str) -> NotationError:
    with pytest.raises(NotationError) as caught:
        parse(text)
    return caught.value


def test_the_error_of_the_design_reads_word_for_word() -> None:
    assert str(refused("data x[b,i]\nparam W[i,k]\nz[b,j] = sum(i) W[i,k]*x[b,i]")) == (
        "index j has no extent: it stands on the left only\n"
        "  z[b,j] = sum(i) W[i,k]*x[b,i]\n"
        "      ^\n"
        "  free on the right are b, k.\n"
        "  Did you mean z[b,k]?"
    )


SYNTAX = [
    ("z[j] = b[j] ** 2", 14, "'*' cannot stand here", "A power is written b[j]^2"),
    ("z[j] == b[j]", 7, "'=' cannot stand here", "Equality is written with one =."),
    ("z[j] = W[j,i] @ x[i]", 15, "'@' cannot stand here", "Write the sum out: sum(i) W[j,i]*x[i]"),
    ("z[j] = [j < 2 && j > 0]", 15, "'&' cannot stand here", "Conditions are joined: [j < 2 and j > 0]"),
    ("given x[i] > 0 and y[k] > 0", 16, "'and' cannot stand here", "Two facts are two given lines."),
    ("z[j] = [!b[j] > 0]", 9, "'!' cannot stand here", "The opposite of a condition is written [not b[j] > 0]"),
    ("z[j] = max(b[j], 0)", 13, "'[j]' cannot stand here", "The larger of two numbers is maximum(b[j], 0)"),
    (
        "z[j] = max b[j]",
        12,
        "'b' cannot stand here",
        "A reduction names its indices and stands before its term: max(j) b[j]",
    ),
    ("z = max(i, j)", 14, "ends too early", "The larger of two numbers is maximum(i, j)"),
    ("z[j] = sum(i)", 14, "ends too early", "What is reduced stands behind: sum(i) x[i]"),
    ("z[j] = Σ_i", 11, "ends too early", "What is reduced stands behind: sum(i) x[i]"),
    (
        "z[j] = sum b[j]",
        12,
        "'b' cannot stand here",
        "A reduction names its indices and stands before its term: sum(j) b[j]",
    ),
    ("z[j] = where(b[j] > 0, 1)", 25, "')' cannot stand here", "A choice has a condition and two values"),
    ("z[j] = [b[j]]", 13, "']' cannot stand here", "Brackets that follow no name hold a condition"),
    ("z[j] = b[:]", 10, "':' cannot stand here", "There are no slices"),
    ("z[j] = b[j] > 0", 13, "'>' cannot stand here", "A condition stands in brackets, [b[j] > 0]"),
    ("z[j] = b[j] = 0", 13, "'=' cannot stand here", "An equation has one ="),
    ("params q[j]", 8, "'q' cannot stand here", "Write param q[j]"),
    ("z[j] = b₁[j]", 9, "'₁' cannot stand here", "Names have plain digits: b1"),
    ("z[j] = 2b[j]", 9, "'b' cannot stand here", "Between factors stands a *"),
    ("z[j] = 2 (b[j] + 1)", 10, "'(' cannot stand here", "Between factors stands a *"),
    ("z[j] = b[j]'", 12, "''' cannot stand here", "Such a statement reads, for example: z[j] = "),
    ("z[j] = b[j] + §", 15, "'§' cannot stand here", "Such a statement reads, for example: z[j] = "),
    ("z[j]  # unfinished", 5, "ends too early", "Such a statement reads, for example: z[j] = "),
    ("data = 1", 6, "'=' cannot stand here", "Such a statement reads, for example: data x[i], y[k]"),
    ("index i", 8, "ends too early", "Such a statement reads, for example: index i = 784"),
    (
        "index i = extent(x) +",
        22,
        "ends too early",
        "A size is a formula of extents: index t = floor((extent(x) - 1)/2) + 1",
    ),
    ("index i = max(extent(x), 3)", 21, "'(' cannot stand here", "A size is the least that several allow, minimum(…)"),
    ("index i = min(extent(x), 3)", 21, "'(' cannot stand here", "index t = minimum(extent(x), 3)"),
    ("index i = extent(x)//2", 21, "'/' cannot stand here", "index t = floor(extent(x)/2)"),
    ("index i = extent(x) % 2", 21, "'%' cannot stand here", "there are no remainders"),
    ("z[j] = b[j] + and", 15, "'and' is a word of the notation", "Choose another name."),
    ("sum = 1", 1, "'sum' is a word of the notation", "Choose another name."),
    ("param det", 7, "'det' is a word of the notation", "Choose another name."),
    ("z[sum] = b[sum]", 2, "'sum' is a word of the notation", "Choose another letter."),
    ("z = sum(data) x[0]", 9, "'data' is a word of the notation", "Choose another letter."),
    ("index det = 3", 7, "'det' is a word of the notation", "Choose another letter."),
    ("batch inv", 7, "'inv' is a word of the notation", "Choose another letter."),
    ("z[j] = b[j] + given", 15, "'given' is a word of the notation", ""),
    ("z[j] = (b[j] + 1", 8, "'(' is never closed", "A statement ends with its line once all are."),
    ("z[j] = b[j]) + 1", 12, "')' closes nothing", "Take it away, or open it before."),
    ("z[j] = (b[j] + 1]", 17, "']' closes '('", "Close '(' first."),
]

MATRICES = [
    ("z = det(b)", 9, "det(b) is of a matrix, but b has 1 index", "K[i,j] = …, and write det(K)"),
    ("z = inv(W)", 9, "inv(W) is a matrix: it has 2 indices, not 0", "an entry of it, inv(W)[i,j]"),
    ("z[i] = inv(W)[i]", 12, "inv(W) is a matrix: it has 2 indices, not 1", "an entry of it, inv(W)[i,j]"),
    ("z = det(W)[0]", 5, "the value of a function is a number, it has no entries", ""),
    ("z = exp(b[0])[0]", 5, "the value of a function is a number, it has no entries", ""),
    ("z = det(2*W)", 5, "det is of a matrix, named without brackets", "gets an equation of its own"),
    ("z = det(W[i,j])", 5, "det is of a matrix, named without brackets", "gets an equation of its own"),
    ("z = inv(W, W)[0,0]", 5, "inv is of a matrix, named without brackets", "gets an equation of its own"),
    ("z = det(Q)", 9, "nothing is named Q", "Declare it: data Q"),
    ("index i = 2, j = 3\nz = det(W)", 9, "W is not square: its indices have the extents 2 and 3", "a square matrix"),
    ("z = det(K)\nK[i,m] = x[i]*x[m]", 9, "K is used before it is defined", "Move the equation of K up"),
]

FAMILY = [
    ("for l = 1..3:", 1, "nothing is repeated for l"),
    ("z[j] = b[2;j]", 8, "no tensor is named b[2;]"),
    ("z[j] = b[2*i;j]", 10, "this is no superscript"),
]

NAMES = [
    ("z[j] = b[j] + c", 15, "nothing is named c", "Declare it: data c, or const c."),
    ("z[j] = b[j] + bb", 15, "nothing is named bb", "Did you mean b?"),
    ("z[j] = dW*b[j]", 8, "nothing is named dW", "A derivative is written with ∂: ∂W/∂…"),
    ("z[j] = sum(i) W[j,i]*q[i]", 22, "no tensor is named q", "Declare it: data q, or param q."),
    ("z[j] = sigmoyd(b[j])", 8, "no function is named sigmoyd", "Did you mean sigmoid?"),
    ("z[j] = qqqq(b[j])", 8, "no function is named qqqq", "Define it: def qqqq(t) = …"),
    ("z[j] = b(j)", 8, "b is a tensor, not a function of a number", "Its entries stand in square brackets, b[j]"),
    ("z[j] = exp(b[j])[j]", 8, "the value of a function is a number, it has no entries", ""),
    ("z[j] = clip(b[j])", 8, "clip takes 3 arguments, not 1", ""),
    ("z[j] = exp'(b[j])", 8, "exp' is not a derivative that stays unknown", "Write its derivative out."),
    ("z[j] = sum(i) W[j]*x[i]", 15, "W has 2 indices, not 1", "it is W[j,i]"),
    ("z[j] = b + x[0]", 8, "b has 1 index, not 0", "it is b[j]"),
    ("z[j] = sum(i) j[i]", 15, "no tensor is named j", ""),
    ("x[i] = 1", 1, "x is defined twice", "each tensor is assigned once"),
    ("exp[j] = b[j]", 1, "exp names a function already", "Choose another name."),
    ("def b(t) = t", 5, "b names a tensor already", "Choose another name."),
    ("def exp(t) = t", 5, "exp is defined twice", "Choose another name"),
    ("def f(t,t) = t", 7, "two parameters of f are named t", ""),
    ("def f(t) = t*q", 14, "nothing is named q", ""),
    ("def f(t) = t*b", 14, "f cannot depend on b", "it may read t"),
    ("def f(t) = sum(i) t", 11, "f cannot depend on an index", "Write it as an equation."),
    ("def f(t) = g(t)\ndef g(t) = t", 12, "g is used before it is defined", ""),
    ("const c = b", 11, "c cannot depend on b", "it may read no tensor"),
    ("const c[i] = 3", 7, "c is one number, but has indices", ""),
    ("abstract f(b[j], t)", 18, "f could be a function of numbers or of tensors: t is no tensor", "either all tensors"),
    ("abstract f[k](g)\nabstract g[k](b[j])", 15, "f could be a function of numbers or of tensors", ""),
    ("abstract f[k](q[j])", 15, "no tensor is named q", ""),
    ("abstract f[k](b[2])", 17, "an axis is labelled by a letter", ""),
    ("abstract f[k](b)", 15, "b has 1 index, not 0", "it is b[j]"),
    ("abstract a[k](c[k])\nabstract c[k](b[j])", 15, "c is used before it is declared", "Move its abstract line"),
    ("z[j] = ∂C/∂b[j]", 9, "no tensor is named C", "The cost has a line: cost C = …"),
    ("data D\nz[j] = ∂D/∂b[j]", 8, "∂D/∂b is not defined", "the derivative of what an equation above defines"),
    ("z[j] = ∂v/∂b[j]\nv = 1", 8, "∂v/∂b is not defined", "the derivative of what an equation above defines"),
    ("∂²W/∂b[j] = b[j]", 6, "a derivative of order 2 is taken by 2, not 1", "as many ∂ as the order above says"),
    ("∂W[j]/∂b[j] = 1", 2, "W has 2 indices, not 1", "positions stand behind each tensor, or all of them"),
    ("∂W/∂b[j,i,0] = 1", 1, "on the left stand plain index letters", "∂C/∂z[j] = …"),
    ("abstract a[k](b[j])\nz[j] = ∂a/∂b[j]", 9, "∂a/∂b has 2 positions, not 1", "they are those of a, then of b"),
]

INDICES = [
    ("z[m] = x[i]", 3, "index m has no extent: it stands on the left only", "free on the right is i."),
    ("z[q] = 1", 3, "index q has no extent: it stands on the left only", "If it is meant: index q = 10"),
    ("z[j] = b[j]*x[i]", 15, "index i is free on the right, but does not stand on the left", "or define z[j,i]"),
    ("z = (sum(i) x[i])*x[i]", 21, "index i is free on the right", "No sum(i) reaches so far: it ends before + and −."),
    ("cost C = sum(i) exp(x[i])+log(x[i])", 33, "index i is free", "Write sum(i) (… + …)."),
    ("z = (sum(i) x[i]*W[0,i])*x[2]*x[i]", 33, "index i is free on the right", "No sum(i) reaches so far"),
    ("z = sum(i<=2) x[i]", 11, "'=' cannot stand here", "bounded by the number it stays below: sum(i<3) x[i]"),
    ("z = sum(i≤2) x[i]", 10, "'≤' cannot stand here", "bounded by the number it stays below: sum(i<3) x[i]"),
    ("z = 2*j", 7, "index j is free on the right, but does not stand on the left", "Sum over it, sum(j) …"),
    ("z = sum(m) m", 9, "index m has no extent: it labels no axis of a tensor", "Declare it: index m = 10"),
    ("z = sum(i) x[i]*extent(m)", 24, "index m has no extent", "Declare it: index m = 10"),
    ("z = (sum(m) x[m])*(sum(m) b[m])*extent(m)", 10, "extent(m) could be either of two extents", ""),
    ("z[j,j] = b[j]", 3, "index j stands twice on the left", "[i = j] on the right picks the entries"),
    ("z[0] = b[0]", 3, "an axis is labelled by a letter", "expected are plain index letters, as in W[j,i]"),
    ("z = sum(i,i) x[i]", 11, "index i stands twice under the sum", "Give each index its letter."),
    ("z[j] = b[2*j/3]", 10, "this is no position of an entry", "or a sum of multiples of them"),
    ("z = exp[b]", 5, "exp is a function, not a tensor", "Its argument stands in parentheses: exp(b)"),
    ("z = extent(W)", 12, "extent(W) could be that of any of 2 axes", "Say which: extent(W, 0) or extent(W, 1)"),
    ("z = extent(b, 1)", 12, "b has no axis 1", "b has 1 index: its axis is 0"),
    ("z = extent(q)", 12, "index q has no extent", "Declare it: index q = 10"),
    ("z = extent(v, 0)", 12, "no tensor is named v", "Declare it: data v"),
    (
        "z = where(b[0], 1, 2)",
        15,
        "',' cannot stand here",
        "begins with a condition, without brackets: where(t > 0, a, b)",
    ),
    (
        "z = sum_i x[i]",
        11,
        "'x' cannot stand here",
        "A reduction names its indices and stands before its term: sum(i) x[i]",
    ),
    ("z = max(u<2) x[u]*3", 5, "of the max has", "it could mean max(u<2) (x[u]*3) or (max(u<2) x[u])*3"),
    ("z = sum(i) x[extent(i)-1-i]", 14, "this is no position of an entry", "The extent is not known here: declare it"),
    (
        "data tok[s] : int(4)\nz = sum(s) x[tok[s]+1]",
        14,
        "this is no position of an entry",
        "An entry of whole numbers stands alone as a position",
    ),
    ("z[j] = W[j,-1]", 8, "W has no entry at -1", "positions run from 0"),
    ("index i = 3\nz[j] = W[j,3]", 8, "W has no entry at 3", "positions run from 0 to 2"),
    ("index i = 3, j = 4\nz[i] = x[i] + b[i]", 10, "index i would have two extents, 3 and 4", "Use another letter"),
    ("index i = 3\nindex i = 4", 7, "index i is declared already", ""),
    ("index i = 2.5", 11, "2.5 is no number of values", "expected is a whole number, 0 or more"),
    ("param A[i,i]", 9, "two axes of A are labelled i", "Label each axis by a letter of its own"),
    ("data j\nz[j] = b[j]*j", 13, "j could be the index or the tensor j", "Rename one of the two."),
    ("batch n\nbatch m", 7, "the sample index is n already", "One batch line is enough."),
    ("batch n\ndata u[n]", 8, "u has the sample index n", "Leave n out of u, or take the batch line away."),
    ("batch n\nindex n = 3", 7, "index n is declared already", ""),
]

POSITIONS = [
    ("z = sum(q,r) x[q+r]", 9, "index q has no extent: x[q+r] leaves q, r open", "Declare it: index q = 10"),
    ("z[q] = x?[q-1]", 11, "index q has no extent", "Declare it: index q = 10"),
    ("z = max(m<2.5) x[m]", 11, "the range of m is bounded by what is no number", "expected is a whole number"),
    ("z[j] = sum(i<j) x[i]", 14, "the range of i is bounded by what is no number", "sum(i) [i < j]*x[i]"),
    ("z = E[b[0]]", 7, "this is no position of an entry", "data b[…] : int(V)"),
    ("data t[i] : float(3)", 13, "this is no type of a tensor", "expected is int(V): 0, 1 … V - 1"),
    ("data t[i] : int(V)", 17, "int(V) does not say how many values there are", "index V = 10, or write int(10)"),
    ("data t[i] : int(0)", 17, "0 is no number of values", "expected is a whole number, 1 or more"),
    ("param t[i] : int(3)", 14, "whole numbers cannot be learned", "data tok[t] : int(V)"),
    ("data t : int(3)\nz = sum(t) x[t]", 9, "t could be the index or the tensor t", "Rename one of the two."),
]

ORDER = [
    ("z[j] = a[j]\na[j] = b[j]", 8, "a is used before it is defined", "Move the equation of a up, before that of z."),
    (
        "z[j] = z[j] + b[j]",
        8,
        "z is defined by itself",
        "z1[j] = z0[j] + b[j]. What an optimizer keeps from step to step is a state.",
    ),
    ("abstract a[k](u[k])\nz[k] = a[k]\nu[k] = 2*y[k]", 8, "a is used before it is defined", ""),
    ("cost C[j] = b[j]", 6, "the cost C has 1 index", "Sum over what is left."),
    ("cost C = 1\ncost D = 2", 6, "the cost is C already", "Add the two up in one cost."),
    (
        "update x[i] = x[i]",
        8,
        "x cannot be updated: it is neither a param nor a state",
        "one of the params and states: W, b",
    ),
    ("state v[j] = 0", 7, "the state v has no update", "a line: update v = …"),
    ("state v[j]", 7, "nothing says how the state v begins", "Give it a value: state v = 0"),
    ("state v[j] = b[j]\nupdate v[j] = 1", 14, "v cannot depend on b", "it may read no tensor"),
    ("state v, b2 = 0\nupdate b2 = 1", 7, "nothing says how the state v begins", ""),
    ("state v = 0\nupdate v[j] = b[j]", 8, "v has no index, not 1", "it is v without brackets"),
    ("state v = 0\nupdate v = v\nupdate v = 1", 8, "v is updated twice", "Write it as one update."),
    ("state 0", 7, "'0' cannot stand here", "state v[j,i] = 0"),
    ("update W[j,i] = W[j,i]\nupdate W[j,i] = 0", 8, "W is updated twice", "Write it as one update."),
    (
        "cost E = sum(j) b[j]*∂E/∂b[j]",
        6,
        "the cost E depends on its own derivatives",
        "are for updates, and for equations",
    ),
    ("g[j] = ∂E/∂b[j]\nh = sum(j) g[j]\ncost E = h", 6, "the cost E depends on its own derivatives", "are for updates"),
    ("update b[j] = b[j]\nupdate b[j] = 2*b[j]", 8, "b is updated twice", "Write it as one update."),
    ("update b[j] = b[i]*x[i]", 17, "index i is free on the right", ""),
]

BODIES = [
    ("z = y[0]/sum(i) x[i]*x[i]", 10, "after / has", "/(sum(i) x[i]*x[i]) or /(sum(i) x[i])*x[i]"),
    ("z = y[0]/-Σ_i x[i]/y[0] + 1", 11, "after / has", "/(Σ_i x[i]/y[0]) or /(Σ_i x[i])/y[0]"),
    ("z = y[0]^sum(i) x[i]*x[i]", 10, "after ^ has", "^(sum(i) x[i]*x[i]) or ^(sum(i) x[i])*x[i]"),
    ("z = 2*max(i) x[i]*y[0] - 1", 7, "of the max has", "max(i) (x[i]*y[0]) or (max(i) x[i])*y[0]"),
    ("z = prod(i) sum(k) x[i]*y[k]", 5, "of the prod has", "prod(i) (sum(k) x[i]*y[k]) or (prod(i) sum(k) x[i])*y[k]"),
    ("z = min(i) -x[i]*(2 - y[0])", 5, "of the min has", "min(i) (-x[i]*(2 - y[0])) or (min(i) -x[i])*(2 - y[0])"),
]
PARTS = [(text, column, f"the body {what} more than one factor", said) for text, column, what, said in BODIES]

LATER = [(text, column, what, "") for text, column, what in FAMILY]
ALL = [*SYNTAX, *LATER, *NAMES, *INDICES, *POSITIONS, *ORDER, *PARTS, *MATRICES]


@pytest.mark.parametrize(("text", "column", "what", "said"), ALL, ids=[text for text, *_ in ALL])
def test_an_error_says_what_where_and_what_to_do(text: str, column: int, what: str, said: str) -> None:
    error = refused(HEAD + text)
    assert what in error.what
    assert said in str(error)
    lines = (HEAD + text).split("\n")
    assert error.line in range(3, len(lines) + 1)
    assert error.column == column
    shown, caret = error.where.split("\n")
    assert shown == lines[error.line - 1].rstrip()
    assert caret == " " * (column - 1) + "^"


def test_the_line_of_an_error_counts_comments_and_continued_lines() -> None:
    error = refused("# one\ndata x[i]\n\ny = sum(i) (x[i]\n   + q)\n")
    assert (error.line, error.column) == (5, 6)


def test_a_long_line_is_shown_around_the_caret_only() -> None:
    error = refused("data x\ny = " + "x + " * 500 + "q + " + "x + " * 500 + "x")
    shown, caret = error.where.split("\n")
    assert len(shown) < 110
    assert shown[len(caret) - 1] == "q"
    assert (error.line, error.column) == (2, 2005)


def test_text_that_is_no_text_is_refused() -> None:
    nul = refused("data x\ny = \0")
    assert "NUL byte" in nul.what
    assert (nul.line, nul.column) == (2, 5)
    assert "lone surrogate" in refused("data x\ud800").what
