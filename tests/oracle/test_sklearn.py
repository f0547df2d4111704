"""The estimators by scikit-learn's own checks, and where it uses them: pipelines, searches, pickles."""

from __future__ import annotations

import doctest
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.notation import parse
from chainrule.training import EarlyStopping
from docs.pages import ROOT, blocks
from unit.network.builders import clusters

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule.sklearn import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.oracle
ESTIMATORS = [NetworkClassifier(epochs=60, random_state=0), NetworkRegressor(epochs=60, random_state=0)]


@pytest.mark.filterwarnings("default")
@parametrize_with_checks(ESTIMATORS)
def test_what_scikit_learn_asks_of_an_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_classes_may_be_texts_and_frames_may_be_given() -> None:
    x, labels = clusters(40)
    names = np.array(["ant", "bee", "cat"])[labels]
    model = NetworkClassifier((8,), activation="tanh", epochs=40, random_state=1).fit(x, names)
    assert model.score(x, names) == 1.0
    assert model.predict(x[:3]).tolist() == ["ant", "bee", "cat"]
    assert np.allclose(model.predict_proba(x).sum(axis=1), 1.0)
    assert model.n_iter_ == len(model.history_.epochs) == 40
    assert "δ1[j] = ∂C/∂z1[j]" in str(model.network_.equations())


def test_the_same_state_gives_the_same_network() -> None:
    x, labels = clusters(40)
    weights = [NetworkClassifier(epochs=3, random_state=n).fit(x, labels).network_.params["W1"] for n in (5, 5, 6)]
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_numbers_of_any_scale_are_learned() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2)) * [1e-3, 1e4] + [5.0, 0.0]
    y = np.stack([1e6 * x[:, 0], 1e-4 * x[:, 1]], axis=1)
    model = NetworkRegressor((16,), activation="tanh", epochs=60, random_state=0).fit(x, y)
    assert model.predict(x).shape == (200, 2)
    assert model.score(x, y) > 0.98
    plain = NetworkRegressor((), scale=False, epochs=1, random_state=0).fit(x / 1e4, y[:, 1])
    assert plain.predict(x).shape == (200,)


def test_in_pipelines_and_searches() -> None:
    x, labels = clusters(60)
    pipeline = make_pipeline(MinMaxScaler(), NetworkClassifier(epochs=20, random_state=0))
    assert cross_val_score(pipeline, x, labels, cv=3).min() > 0.9
    search = GridSearchCV(NetworkClassifier(epochs=8, random_state=0), {"hidden_layer_sizes": [(), (4,), 8]}, cv=2)
    assert search.fit(x, labels).best_score_ > 0.9


def test_early_stopping_holds_back_some_samples() -> None:
    x, labels = clusters(60)
    early = EarlyStopping(patience=1, min_delta=9.0)
    model = NetworkClassifier(early_stopping=early, validation_fraction=0.25, random_state=0).fit(x, labels)
    assert model.n_iter_ == 2
    assert model.history_.restored == 1
    assert model.network_.trained["samples"] == 45


def test_settings_of_the_network_itself() -> None:
    x, labels = clusters(30)
    model = NetworkClassifier(
        activation="swish", optimizer=nn.SGD(0.2, 0.01), executor="reference", epochs=2, random_state=0
    ).fit(x, labels)
    assert model.network_.layers == ("Linear(4, 30)", "Swish(beta=1.0)", "Linear(30, 3)", "Softmax()")
    assert "learning_rate = 0.2\n" in model.network_.updates
    with pytest.raises(OptionError, match="activation is 'step'\n  one of sigmoid, tanh"):
        NetworkClassifier(activation="step").fit(x, labels)
    with pytest.raises(OptionError, match="all labels are of one class, 0"):
        NetworkClassifier().fit(x, labels * 0)


def test_an_optimizer_is_no_name() -> None:
    x, labels = clusters(30)
    name: Any = "adam"
    with pytest.raises(OptionError) as caught:
        NetworkClassifier(optimizer=name).fit(x, labels)
    assert str(caught.value) == (
        "the optimizer is 'adam'\n  for example optimizer=nn.Adam()\n  With from chainrule import nn."
    )


def test_too_few_samples_for_early_stopping() -> None:
    with pytest.raises(OptionError) as caught:
        NetworkClassifier(early_stopping=True).fit([[0.0], [1.0], [2.0]], [0, 1, 0])
    assert str(caught.value) == (
        "validation_fraction is 0.1, which makes 0 of 3 samples\n  one or more for each of the two\n"
        "  early_stopping holds back that part of the samples, and stops by it. Leave it out for few samples."
    )
    assert NetworkClassifier(early_stopping=EarlyStopping(monitor="cost"), epochs=2).fit([[0.0], [1.0]], [0, 1])


def test_an_estimator_can_be_pickled_with_its_network() -> None:
    x, labels = clusters(30)
    model = NetworkClassifier(epochs=5, random_state=0).fit(x, labels)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 -- our own
    assert np.array_equal(again.predict_proba(x), model.predict_proba(x))
    assert str(again.network_.equations()) == str(model.network_.equations())
    assert again.network_.trained == model.network_.trained


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="src")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_chainrule_does_not_import_it_and_says_what_is_missing() -> None:
    assert run("import sys, chainrule, chainrule.training; print('sklearn' in sys.modules)") == "False\n"
    missing = "import sys; sys.modules['sklearn'] = None\ntry:\n    import chainrule.sklearn\nexcept ImportError as e:"
    assert run(f"{missing}\n    print(e)") == (
        "chainrule.sklearn needs scikit-learn, which is not installed: pip install 'chainrule[sklearn]'\n"
    )


def test_the_example_of_the_page_is_true() -> None:
    page = (ROOT / "docs/training.md").read_text(encoding="utf-8")
    (example,) = [block.text for block in blocks(page) if "NetworkClassifier" in block.text]
    test = doctest.DocTestParser().get_doctest(example, {}, "training.md", None, 0)
    told: list[str] = []
    assert len(test.examples) == 7
    assert doctest.DocTestRunner(verbose=False).run(test, out=told.append).failed == 0, "".join(told)


def test_early_stopping_may_be_true_as_it_is_elsewhere() -> None:
    x, labels = clusters(60)
    model = NetworkClassifier(early_stopping=True, epochs=400, random_state=0).fit(x, labels)
    assert model.network_.trained["samples"] == 54
    assert NetworkClassifier(early_stopping=False, epochs=2).fit(x, labels).network_.trained["samples"] == 60
    wrong: Any = 3
    with pytest.raises(OptionError, match="early_stopping is 3\n  for example EarlyStopping"):
        NetworkClassifier(early_stopping=wrong).fit(x, labels)


IMAGES = """
data  x[p,q], y : int(k)
param W[a,u,v], V[k,a,p,q]
index k = 3, a = 2, u = 2, v = 2
batch n
h[a,p,q] = relu(sum(u,v) W[a,u,v]*x?[p+u,q+v])
z[k] = sum(a,p,q) V[k,a,p,q]*h[a,p,q]
f[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -log(f[y])
"""
LOGISTIC = "data x[i], y\nparam w[i], b\nbatch n\na = sigmoid(sum(i) w[i]*x[i] + b)\n"
LOGISTIC += "cost C = -(y*log(a) + (1 - y)*log(1 - a))"


def test_a_system_of_ones_own_stands_in_the_place_of_layers() -> None:
    labels = np.arange(30) % 3
    x = np.random.default_rng(0).normal(size=(30, 4, 4)) / 4
    x[np.arange(30), labels, labels] += 2
    names = np.array(["ant", "bee", "cat"])[labels]
    model = NetworkClassifier(model=parse(IMAGES), epochs=40, optimizer=nn.Adam(0.02), random_state=0)
    assert clone(model).fit(x, names).predict(x).tolist() == names.tolist()
    assert cross_val_score(model, x, names, cv=3).mean() > 0.8
    yes = labels == 0
    logistic = NetworkClassifier(model=parse(LOGISTIC), epochs=60, learning_rate=1.0, random_state=0)
    logistic.fit(x.reshape(30, -1), np.where(yes, "yes", "no"))
    assert logistic.score(x.reshape(30, -1), np.where(yes, "yes", "no")) == 1.0
    assert logistic.predict_proba(x.reshape(30, -1)).shape == (30, 2)
    with pytest.raises(OptionError, match="the model has one output, and there are 3 classes"):
        logistic.fit(x.reshape(30, -1), names)
    line = parse("data x[i], y\nparam w[i]\nbatch n\na = sum(i) w[i]*x[i]\ncost C = (a - y)^2")
    assert NetworkRegressor(model=line, random_state=0).fit(x[:, 0], x[:, 0] @ [1.0, 2.0, 3.0, 4.0]).score(
        x[:, 0], x[:, 0] @ [1.0, 2.0, 3.0, 4.0]
    ) > 0.99  # fmt: skip
    two = parse("data x[i], w[i], y\nparam v[i]\nbatch n\na = sum(i) v[i]*x[i]*w[i]\ncost C = (a - y)^2")
    with pytest.raises(OptionError, match="the model takes x, w, y\n  one input, X, and one target, y"):
        NetworkRegressor(model=two).fit(x[:, 0], x[:, 0, 0])
