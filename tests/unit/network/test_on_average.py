"""What is drawn, outside of training: probabilities and means in its place."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import OptionError
from chainrule.network.on_average import on_average
from support import assert_close


def averaged(value: str) -> str:
    text = f"data a[j], b[j]\nconst p = 0.2, q = 7\nbatch n\nd[j] = {value}"
    return str(on_average(cr.parse(text)).defined["d"]).removeprefix("d[j] = ")


@pytest.mark.parametrize(
    ("drawn", "mean"),
    [
        ("[uniform(7, n, j) >= p]*a[j]/(1 - p)", "a[j]"),
        ("[uniform(7, n, j) < p]*a[j]/p", "a[j]"),
        ("[p <= uniform(7, n, j)]*a[j]", "(1 − p)·a[j]"),
        ("[uniform(7, n, j) > 0.5]*a[j]/0.5", "a[j]"),
        ("[uniform(7, n, j) >= a[j]]", "1 − clip(a[j], 0, 1)"),
        ("[uniform(7, n, j) < q]", "clip(q, 0, 1)"),
        ("[normal(7, n, j) > b[j]]", "1/2 − 1/2·erf(b[j]/sqrt(2))"),
        ("[uniform(7, n, j) = p] + [uniform(7, n, j) != p]", "1"),
        ("a[j] + exp(b[j])*normal(7, n, j)", "a[j]"),
        ("a[j]*uniform(7, n, j)", "a[j]·(1/2)"),
        ("where(uniform(7, n, j) < p, a[j], b[j])", "p·a[j] + (1 − p)·b[j]"),
        ("where(a[j] > 0, normal(7, n, j), b[j])", "where(a[j] > 0, 0, b[j])"),
        ("[uniform(7, n, j) < p and a[j] > 0]", "[1/2 < p and a[j] > 0]"),
        ("a[j]*b[j]", "a[j]·b[j]"),
    ],
)
def test_what_stands_in_the_place_of_what_is_drawn(drawn: str, mean: str) -> None:
    assert averaged(drawn) == mean


def test_what_is_linear_in_what_is_drawn_becomes_its_mean() -> None:
    text = """data a[j]
const p = 0.3
index k = 40000
d[k,j] = [uniform(7, k, j) >= p]*a[j]/(1 - p) + 0.5*normal(8, k, j) + where(uniform(9, k, j) < p, a[j], 2)
m[j] = mean(k) d[k,j]"""
    system = cr.parse(text)
    drawn, mean = (cr.evaluate(s, {"a": [3.0, -1.0]})["m"] for s in (system, on_average(system)))
    assert_close(mean, [5.3, 0.1])
    assert_close(drawn, mean, rtol=0, atol=0.05)


def test_nothing_of_what_was_counted_remains() -> None:
    system = cr.parse("data a[j]\nbatch n\nd[j] = a[j] + normal(7, step, n, j)")
    mean = on_average(system)
    assert [d.tensor for d in mean.declarations] == ["a"]
    assert cr.parse(str(mean)) == mean
    assert on_average(mean) is mean


NOISY = """data x[i], y[k]
param W[k,i], V[k,i]
batch n
m[k] = sum(i) W[k,i]*x[i]
a[k] = m[k] + exp(sum(i) V[k,i]*x[i])*normal(7, step, n, k)
cost C = sum(k) (a[k] - y[k])^2"""
PARAMS = {"W": [[1.0, 2.0]], "V": [[0.1, -0.2]]}


def test_a_network_predicts_measures_and_explains_with_the_mean() -> None:
    made = cr.Network.from_system(cr.parse(NOISY), PARAMS, output="a")
    assert_close(made.predict([[1.0, 1.0]]), [[3.0]])
    assert_close(cr.explain(made, {"x": [1.0, 1.0], "y": [1.0]}, of="m", at=0).value, 4.0)


def test_a_system_with_updates_of_its_own_has_its_steps_counted() -> None:
    text = NOISY + "\nupdate W[k,i] = W[k,i] - 0.01*∂C/∂W[k,i]"
    made = cr.Network.from_system(cr.parse(text), PARAMS, output="a")
    found = []
    for executor in ("reference", "native"):
        made = cr.Network.from_system(cr.parse(text), PARAMS, output="a")
        cr.train(made, [[1.0, 1.0], [0.5, 2.0]], [[1.0], [2.0]], epochs=3, executor=executor)
        found.append(made.params["W"])
        assert made.updates == "update step = step + 1"
    assert_close(found[0], found[1], rtol=1e-5)


def test_more_steps_than_float32_counts_are_refused_where_their_number_is_read() -> None:
    made = cr.Network.from_system(cr.parse(NOISY), PARAMS, output="a")
    with pytest.raises(OptionError, match="33554432 steps are too many for native, which counts them in float32"):
        cr.train(made, [[1.0, 1.0], [0.5, 2.0]], [[1.0], [2.0]], epochs=2**24, batch_size=1)
