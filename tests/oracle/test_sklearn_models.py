"""Estimators with a system of one's own: the classes that y has, and targets on the scale of the cost."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import OptionError
from chainrule.notation import parse

pytest.importorskip("sklearn")

from sklearn.metrics import r2_score

from chainrule.sklearn import NetworkClassifier, NetworkRegressor

SOFTMAX = """data x[i], y : int(k)
param W[k,i], b[k]
batch n
z[k] = sum(i) W[k,i]*x[i] + b[k]
f[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -log(f[y])
"""
ROWS = SOFTMAX.replace("y : int(k)", "y[k]").replace("-log(f[y])", "-(sum(k) y[k]*log(f[k]))")
POISSON = "data x[i], y\nparam w[i], b\nbatch n\nu = sum(i) w[i]*x[i] + b\nrate = exp(u)\ncost C = rate - y*log(rate)\n"
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(90, 2))
THREE = np.array(["ant", "bee", "cat"])[np.where(X[:, 0] > 0.4, 2, (X[:, 1] > 0).astype(int))]


@pytest.mark.parametrize("text", [SOFTMAX, ROWS])
def test_an_index_without_a_size_has_as_many_values_as_y_has_classes(text: str) -> None:
    model = NetworkClassifier(model=parse(text), epochs=60, learning_rate=0.5, random_state=0)
    for classes in (THREE, np.where(X[:, 0] > 0, "yes", "no")):
        assert model.fit(X, classes).score(X, classes) > 0.9
        assert model.predict_proba(X).shape == (90, len(set(classes)))


@pytest.mark.parametrize("text", [SOFTMAX, ROWS])
def test_a_model_of_another_number_of_classes_is_refused_when_it_is_fitted(text: str) -> None:
    model = NetworkClassifier(model=parse(text + "index k = 3\n"), epochs=2, random_state=0)
    assert model.fit(X, THREE).predict(X).shape == (90,)
    with pytest.raises(OptionError, match="the model tells 3 classes, and y has 2: ant, bee\n  index k = 3"):
        model.fit(X, np.where(THREE == "cat", "bee", THREE))


def test_counts_stay_counts_for_a_cost_that_is_no_difference() -> None:
    counts = DRAW.poisson(np.exp(0.8 * X[:, 0] - 0.5 * X[:, 1] + 1.0))
    model = NetworkRegressor(model=parse(POISSON), epochs=200, learning_rate=0.02, random_state=0).fit(X, counts)
    assert (model.target_mean_, model.target_deviation_) == (0.0, 1.0)
    assert model.predict(X).min() > 0
    assert r2_score(counts, model.predict(X)) > 0.6


def test_targets_of_a_squared_difference_are_scaled() -> None:
    line = parse("data x[i], y\nparam w[i], b\nbatch n\na = sum(i) w[i]*x[i] + b\ncost C = (a - y)^2")
    far = 1000 * X[:, 0] + 5000
    model = NetworkRegressor(model=line, random_state=0).fit(X, far)
    assert model.target_deviation_[0] > 100
    assert model.score(X, far) > 0.99
