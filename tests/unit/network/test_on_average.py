"""What is drawn, outside of training: probabilities and means in its place."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import OptionError
from chainrule.network.on_average import not_averaged, on_average
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
        ("[uniform(7, n, j) < q]", "1"),
        ("[normal(7, n, j) > b[j]]", "1/2 − 1/2·erf(b[j]/sqrt(2))"),
        ("[uniform(7, n, j) = p] + [uniform(7, n, j) != p]", "1"),
        ("a[j] + exp(b[j])*normal(7, n, j)", "a[j]"),
        ("a[j]*uniform(7, n, j)", "a[j]·(1/2)"),
        ("where(uniform(7, n, j) < p, a[j], b[j])", "p·a[j] + (1 − p)·b[j]"),
        ("where(a[j] > 0, normal(7, n, j), b[j])", "where(a[j] > 0, 0, b[j])"),
        ("[uniform(7, n, j) < p and a[j] > 0]", "[a[j] > 0]·p"),
        ("[0.3 < uniform(7, n, j) < 0.8]", "1/2"),
        ("[not uniform(7, n, j) > 0.3]", "3/10"),
        ("[2*uniform(7, n, j) - 1 > 0.2]", "2/5"),
        ("[1 - uniform(7, n, j) > 0.2]", "4/5"),
        ("[uniform(7, n, j) > 0.5 or uniform(7, n, j) < 0.2]", "7/10"),
        ("[uniform(7, n, j) > 0.5]*[uniform(7, n, j) > 0.5]", "1/2"),
        ("[uniform(7, n, j) > 0.5]*[uniform(8, n, j) > 0.5]", "1/2·(1/2)"),
        ("[uniform(7, n, j) > uniform(8, n, j)]", "1/2"),
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


CONDITIONS = (
    "0.3 < u[j] < 0.8",
    "not u[j] > 0.3",
    "2*u[j] - 1 > 0.2",
    "0.4 - u[j] >= a[j]*u[j]",
    "a[j]*u[j] > 0.3",
    "a[j]*u[j] > 0.3 and u[j] < b[j]",
    "u[j] > 0.5 or u[j] < 0.2 or v[j] < 0.1",
    "not (u[j] > 0.5 and v[j] > b[j])",
    "u[j] > v[j]",
    "u[j] > b[j] and u[j] > 0.6 and v[j] < 0.7",
    "u[j] < 0.3 and u[j] > 0.6",
    "3*g[j] < b[j] or g[j] > 1",
    "abs(a[j]) > 1 and g[j] < 0",
    "0 <= 3*u[j] and 3*u[j] < 1",
)
DRAWS = """data a[j], b[j]
index k = 40000
u[k,j] = uniform(7, k, j)
v[k,j] = uniform(8, k, j)
g[k,j] = normal(9, k, j)
"""


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_probability_of_a_condition_is_how_often_it_holds(condition: str) -> None:
    spelled = condition.replace("u[j]", "u[k,j]").replace("v[j]", "v[k,j]").replace("g[j]", "g[k,j]")
    system = cr.parse(DRAWS + f"m[j] = mean(k) [{spelled}]*(1 + b[j])")
    values = {"a": [0.7, -2.0, 0.0, 1.5], "b": [0.4, -0.3, 0.9, 0.6]}
    drawn, mean = (cr.evaluate(s, values)["m"] for s in (system, on_average(system)))
    assert not_averaged(system) == ()
    assert_close(mean, drawn, rtol=0, atol=0.015)


UNKNOWN = (
    "[normal(7, j)^2 < 1]*a[j]",
    "exp(normal(7, j))*a[j]",
    "u[j]*[u[j] > p]",
    "where(u[j] > p, u[j], 0)",
    "[u[j] + v[j] > 1]",
    "[u?[j+1] > p]",
)


@pytest.mark.parametrize("value", UNKNOWN)
def test_what_has_no_known_mean_is_told(value: str) -> None:
    text = f"data a[j]\nconst p = 0.2\nu[j] = uniform(7, j)\nv[j] = uniform(8, j)\nd[j] = {value}"
    assert not_averaged(cr.parse(text)) == ("d",)


@pytest.mark.parametrize(
    "value", ["relu([u[j] > p]*a[j]/(1 - p))", "exp(a[j])*v[j]", "a[j] + sqrt(b)*v[j]", "u[j]*v[j]"]
)
def test_what_is_linear_in_its_draws_is_not_told(value: str) -> None:
    text = f"data a[j], b\nconst p = 0.2\nu[j] = uniform(7, j)\nv[j] = normal(8, j)\nd[j] = {value}"
    assert not_averaged(cr.parse(text)) == ()


def test_dropout_whose_draw_has_a_name_predicts_the_mean_and_what_has_no_known_mean_is_noted() -> None:
    text = """data x[i], y
param W[i]
const p = 0.3
batch n
u[i] = uniform(3, step, n, i)
d[i] = [u[i] >= p]*x[i]/(1 - p)
a = sum(i) W[i]*d[i]
cost C = (a - y)^2"""
    made = cr.Network.from_system(cr.parse(text), {"W": [1.0, 2.0]})
    assert_close(made.predict([[1.0, 1.0]]), [3.0])
    x, y = [[1.0, 1.0], [0.5, 2.0]], [1.0, 2.0]
    assert cr.train(made, x, y, epochs=1).note == ""
    squared = cr.parse(text.replace("[u[i] >= p]", "[normal(4, n, i)^2 >= p]"))
    noted = cr.train(cr.Network.from_system(squared, {"W": [1.0, 2.0]}), x, y, epochs=1).note
    assert noted.startswith("the mean of d is not known")
