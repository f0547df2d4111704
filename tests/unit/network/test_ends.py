"""What goes in, what comes out and what it is compared with, read off the equations."""

from __future__ import annotations

import pytest

from chainrule.errors import OptionError
from chainrule.network.compared import Compared
from chainrule.network.ends import Ends, ends_of
from chainrule.notation import parse

HEAD = "param W[k,i]\nbatch n\nz[k] = sum(i) W[k,i]*x[i]\n"
HINGE = "cost C = sum(k) (1 - y[k])*relu(1 + z[k] - s)"
SOFTMAX = "a[k] = exp(z[k])/(sum(m) exp(z[m]))\n"


def ends(text: str, output: object = None, masks: dict[str, str] | None = None) -> Ends:
    return ends_of(parse(text), output, masks or {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "inputs", "outputs", "targets"),
    [
        (f"data x[i], y[k]\n{HEAD}cost C = sum(k) (z[k] - y[k])^2", "x", "z", "y"),
        (f"data x[i], y : int(k)\n{HEAD}{SOFTMAX}cost C = -log(a[y])", "x", "a", "y"),
        (f"data x[i], y[k], m[k]\n{HEAD}a[k] = m[k]*z[k]\ncost C = sum(k) (a[k] - y[k])^2", "x m", "a", "y"),
        (f"data x[i], y[k], m[k]\n{HEAD}l[k] = (z[k] - y[k])^2\ncost C = sum(k) m[k]*l[k]", "x", "z", "y m"),
        (f"data x[i], y[k]\n{HEAD}t[k] = 2*y[k] - 1\ncost C = sum(k) (z[k] - t[k])^2", "x", "z", "y"),
        (f"data x[i], y[k]\n{HEAD}cost C = sum(k) (softplus(z[k]) - y[k]*z[k])", "x", "z", "y"),
        (f"data x[i], y[k]\n{HEAD}s = sum(k) y[k]*z[k]\n{HINGE}", "x", "z", "y"),
        (f"data x[i]\n{HEAD}r[i] = sum(k) W[k,i]*tanh(z[k])\ncost C = sum(i) (r[i] - x[i])^2", "x", "r", ""),
        (f"data x[i]\n{HEAD}cost C = sum(k) z[k]^2", "x", "", ""),
        ("data x[i]\nparam W[k,i], b[k]\nbatch n\nr = sum(k) b[k]\ncost C = r^2 + (sum(k,i) W[k,i]*x[i])", "x", "", ""),
    ],
)
def test_data_are_told_apart_by_where_they_meet_what_is_learned(
    text: str, inputs: str, outputs: str, targets: str
) -> None:
    found = ends(text)
    assert (" ".join(found.inputs), " ".join(found.outputs), " ".join(found.targets)) == (inputs, outputs, targets)


def test_of_two_heads_none_is_the_output_and_both_are_compared() -> None:
    text = (
        f"data x[i], y[k], v\n{HEAD}h = sum(k) z[k]\na[k] = tanh(z[k])\ncost C = (h - v)^2 + (sum(k) (a[k] - y[k])^2)"
    )
    found = ends(text)
    assert (found.outputs, found.candidates) == ((), ("h", "a"))
    assert (found.inputs, found.targets) == (("x",), ("y", "v"))
    assert [(pair.output, pair.target) for pair in found.pairs] == [("h", "v"), ("a", "y")]
    assert ends(text, "a").pairs == (Compared("a", "y", 0),)
    assert ends(text, ("a", "h")).outputs == ("a", "h")
    assert ends(text, "a").targets == ("y", "v")


def test_what_is_named_comes_out_and_what_it_reads_goes_in() -> None:
    head = "data x, f\nparam w[j], V[j]\nbatch n\n"
    text = head + "u = sum(j) V[j]*tanh(w[j]*x)\nr = sum(j) V[j]*w[j]^2*x\ncost C = (r - f)^2"
    found = ends(text, "u")
    assert (found.inputs, found.outputs, found.targets) == (("x",), ("u",), ("f",))


@pytest.mark.parametrize(
    ("cost", "direct"),
    [
        ("sum(k) (z[k] - y[k])^2", True),
        ("sum(k) ((z[k] - y[k])/3)^2", True),
        ("-(sum(k) y[k]*log(z[k]))", True),
        ("sum(k) (tanh(z[k]) - y[k])^2", False),
        ("sum(k) (softplus(z[k]) - y[k]*z[k])", False),
        ("sum(k) (2*z[k] - y[k])^2", False),
    ],
)
def test_only_what_is_compared_as_it_stands_can_be_measured(cost: str, direct: bool) -> None:
    [pair] = ends(f"data x[i], y[k]\n{HEAD}cost C = {cost}").pairs
    assert pair.direct == direct


PIXELS = "data x[i,t], {y}\nparam W[k,i]\nbatch n\nz[k,t] = sum(i) W[k,i]*x[i,t]\n"
SHARES = "a[k,t] = exp(z[k,t])/(sum(m) exp(z[m,t]))\n"
SQUARES = "cost C = sum(k,t) (z[k,t] - y[k,t])^2"
ROWS = "data x[n,i], y[n,k]\nparam W[k,i]\na[n,k] = sum(i) W[k,i]*x[n,i]\ncost C = sum(n,k) (a[n,k] - y[n,k])^2"
LINE = "data x[n,i], y[n]\nparam w[i]\na[n] = sum(i) w[i]*x[n,i]\ncost C = sum(n) (a[n] - y[n])^2"


@pytest.mark.parametrize(
    ("text", "axis", "labels"),
    [
        (PIXELS.format(y="y[k,t]") + SHARES + "cost C = -(sum(k,t) y[k,t]*log(a[k,t]))", 0, False),
        (PIXELS.format(y="y[k,t]") + "given onehot(k) y[k,t]\n" + SQUARES, 0, False),
        (PIXELS.format(y="y[k,t]") + SQUARES, 1, False),
        (PIXELS.format(y="y[t] : int(k)") + SHARES + "cost C = -(sum(t) log(a[y[t],t]))", 0, True),
        (ROWS, 1, False),
        (LINE, None, False),
    ],
)
def test_the_axis_of_the_classes(text: str, axis: int | None, labels: bool) -> None:
    [pair] = ends(text).pairs
    assert (pair.axis, pair.labels) == (axis, labels)


def test_an_unknown_output_is_refused_with_what_was_meant() -> None:
    with pytest.raises(OptionError, match="no equation defines the output Z\n  one of z, C"):
        ends(f"data x[i], y[k]\n{HEAD}cost C = sum(k) (z[k] - y[k])^2", ("z", "Z"))


@pytest.mark.parametrize(
    ("text", "letter", "coupled"),
    [
        ("data x[i], y\nparam w[i]\nbatch n\na = sum(i) w[i]*x[i]\ncost C = (a - y)^2", "n", False),
        ("data x[n,i], y[n]\nparam w[i]\na[n] = sum(i) w[i]*x[n,i]\ncost C = mean(n) (a[n] - y[n])^2", "n", True),
        ("data x[n,i]\nparam w[i]\na[n] = sum(i) w[i]*x[n,i]\ncost C = sum(n,m) [n != m]*a[n]*a[m]", "n", True),
        (
            "data x[n,i], y[k]\nparam w[k,i]\na[n,k] = sum(i) w[k,i]*x[n,i]\ncost C = sum(n,k) (a[n,k] - y[k])^2",
            "",
            False,
        ),
        ("data x[t,i]\nparam w[i]\na[t] = sum(i) w[i]*x[t,i]\ncost C = sum(t) (a[t] - a?[t-1])^2", "", False),
        ("data x[t,i]\nparam w[i]\na[t] = sum(i) w[i]*x[t,i]\ncost C = sum(t,u) [u < t]*a[t]*a[u]", "", False),
        ("data x[t,i]\nparam w[i]\na[t] = sum(i) w[i]*x[t,i]\ncost C = sum(t) t*a[t]", "", False),
        ("data x[t,i]\nparam w[t,i]\ncost C = sum(t,i) w[t,i]*x[t,i]", "", False),
        ("data x[t,i]\nparam w[i]\na[t] = sum(i) w[i]*x[t,i]\ncost C = a[0]^2", "", False),
        ("data x[t,i]\nparam w[i]\nindex t = 5\ncost C = sum(t,i) w[i]*x[t,i]", "", False),
        ("param w\ncost C = (w - 1)^2", "", False),
    ],
)
def test_mini_batches_run_over_what_counts_all_data_alike(text: str, letter: str, coupled: bool) -> None:
    found = ends(text).samples
    assert (found.letter, found.coupled) == (letter, coupled)
