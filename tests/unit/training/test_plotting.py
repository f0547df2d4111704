"""The picture of a training: what is drawn, told by the figure itself, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import data, nn
from chainrule.errors import OptionError
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.training import EarlyStopping, History, train
from chainrule.training.plotting import check_plot, figure_of, plot, values_text
from chainrule.training.training_data import Samples
from chainrule.training.worst import sample_costs, worst_of
from unit.network.builders import classifier, clusters, samples_of

matplotlib = pytest.importorskip("matplotlib")


def trained(**options: Any) -> tuple[History, Network]:
    network, (x, labels) = classifier(), clusters(30)
    given = {"epochs": 4, "optimizer": nn.SGD(1.0), "validation_fraction": 0.3, **options}
    return train(network, x, labels, **given), network


def samples(count: int = 12) -> Samples:
    x, labels = clusters(count, seed=2)
    return samples_of(x, np.eye(3)[labels])


def test_the_curves_are_those_of_the_history() -> None:
    history, network = trained(early_stopping=EarlyStopping(9))
    figure = figure_of(history, network, samples(), (), "test")
    cost, accuracy, confusions = figure.subfigs[0].axes
    drawn = {line.get_label(): line for line in cost.get_lines()}
    assert list(drawn) == ["training", "validation", f"best, epoch {history.restored}"]
    assert drawn["training"].get_ydata().tolist() == [epoch.cost for epoch in history.epochs]
    assert drawn["validation"].get_ydata().tolist() == [epoch.validation_cost for epoch in history.epochs]
    assert drawn["training"].get_xdata().tolist() == [1, 2, 3, 4]
    lines = {line.get_label(): line.get_ydata() for line in accuracy.get_lines()[:2]}
    assert lines["training"].tolist() == [epoch.training_accuracy for epoch in history.epochs]
    assert (cost.get_xlabel(), cost.get_ylabel(), accuracy.get_ylabel()) == ("epoch", "cost", "accuracy")
    assert (confusions.get_xlabel(), confusions.get_ylabel()) == ("predicted class", "true class")


def test_the_matrix_counts_and_the_worst_are_named() -> None:
    history, network = trained(epochs=60)
    some = samples(9)
    swapped = samples_of(some.data["x"], np.roll(some.data["y"], 1, axis=1))
    swapped.data["y"][0] = some.data["y"][0]
    figure = figure_of(history, network, swapped, (), "test")
    confusions = figure.subfigs[0].axes[2]
    counts = {tuple(map(int, reversed(text.get_position()))): text.get_text() for text in confusions.texts}
    assert counts == {(0, 0): "1", (0, 2): "3", (1, 0): "2", (2, 1): "3"}
    worst = [axes.get_title() for axes in figure.subfigs[1].axes if axes.get_title()]
    assert len(worst) == 9
    assert worst[-1] == "sample 0: is 0, right"
    assert all("taken for" in title for title in worst[:-1])
    assert figure.subfigs[1].get_suptitle() == "The worst samples (8 of 9 wrong)"


def test_numbers_are_drawn_beside_their_targets() -> None:
    network = Network([nn.Linear(3, 2)], cost=nn.QuadraticCost())
    x = np.arange(12.0).reshape(4, 3) / 10
    history = train(network, x, x[:, :2], epochs=2)
    figure = figure_of(history, network, samples_of(x, x[:, :2], "z1"), (), "test")
    _, error, outputs = figure.subfigs[0].axes
    assert error.get_ylabel() == "mean absolute error"
    assert error.get_lines()[0].get_ydata().tolist() == [epoch.error for epoch in history.epochs]
    assert outputs.get_lines()[1].get_ydata().tolist() == network.predict(x).ravel().tolist()
    assert figure.subfigs[1].axes[0].texts[0].get_text().split() == [f"{value:.3g}" for value in x[0]]


def test_a_square_is_an_image() -> None:
    digits = data.digits_split()
    network = Network([nn.Linear(64, 10), nn.Softmax()], cost=nn.CrossEntropy())
    history = train(network, digits.x_train, digits.y_train, epochs=1)
    some = samples_of(digits.x_train[:20], np.eye(10)[digits.y_train[:20]], "a1")
    figure = figure_of(history, network, some, (), "test")
    (image,) = figure.subfigs[1].axes[0].get_images()
    assert image.get_array().shape == (8, 8)


def test_the_worst_are_those_classified_wrong_then_those_that_cost_most() -> None:
    _, network = trained(epochs=40)
    some = samples(6)
    costs = sample_costs(network, some)
    expected = -np.log(np.sum(network.predict(some.data["x"]) * some.data["y"], axis=1))
    assert np.allclose(costs, expected, rtol=1e-9)
    wrong = np.array([True, False, True, True, False, True])
    order = worst_of(np.array([0.1, 9.0, 0.3, np.nan, 8.0, 0.2]), wrong, 5)
    assert order.tolist() == [3, 2, 5, 0, 1]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".PNG"])
def test_a_file_is_written_and_the_same_each_time(tmp_path: Path, suffix: str) -> None:
    history, network = trained()
    some = samples(4)
    for name in ("one", "other"):
        plot(tmp_path / f"{name}{suffix}", history, network, some.data)
    content = (tmp_path / f"one{suffix}").read_bytes()
    assert content[:5] == (b"<?xml" if suffix == ".svg" else b"\x89PNG\r")
    assert content == (tmp_path / f"other{suffix}").read_bytes()


def test_long_samples_are_cut() -> None:
    assert values_text(np.arange(100.0)).split()[-2:] == ["13", "…"]


def test_what_cannot_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        OptionError, match=r"plot.txt has no format that a plot can have\n  a name that ends in .png or"
    ):
        check_plot(tmp_path / "plot.txt")
    with pytest.raises(OptionError, match="there is no folder"):
        check_plot(tmp_path / "none" / "plot.png")
    monkeypatch.setattr("chainrule.training.plotting.find_spec", lambda name: None)
    with pytest.raises(
        OptionError, match=r"matplotlib, which is not installed\n  Install it: pip install 'chainrule\["
    ):
        plot(tmp_path / "plot.png", History(), classifier(), [[0.0] * 4], [0])


def test_a_plot_leaves_the_users_own_settings_alone(tmp_path: Path) -> None:
    before = matplotlib.rcParams.copy()
    history, network = trained()
    plot(tmp_path / "plot.svg", history, network, samples().data)
    assert matplotlib.rcParams.copy() == before
    assert "matplotlib.pyplot" not in sys.modules


def test_a_training_without_an_epoch_and_a_network_with_one_output() -> None:
    network = Network([nn.Linear(4, 1), nn.Sigmoid()], cost=nn.BinaryCrossEntropy())
    x, labels = clusters(6)
    some = samples_of(x, (labels == 1).astype(float)[:, None], "a1")
    figure = figure_of(History(), network, some, (), "test")
    cost, _, confusions = figure.subfigs[0].axes
    assert len(cost.get_lines()) == 0
    assert sum(int(text.get_text()) for text in confusions.texts) == 6
    assert confusions.get_images()[0].get_array().shape == (2, 2)


def test_samples_are_called_what_they_are() -> None:
    history, network = trained()
    for on, said in (("test", "What was taken for what (test data)"), ("", "What was taken for what")):
        titles = [axes.get_title() for axes in figure_of(history, network, samples(), (), on).get_axes()]
        assert said in titles


def test_one_epoch_stands_in_the_middle_below_the_frame() -> None:
    network = classifier()
    history = train(network, samples(1).data, epochs=1)
    cost = figure_of(history, network, samples(), (), "").get_axes()[0]
    assert cost.get_xlim() == (0, 2)
    assert cost.get_ylim()[1] > history.epochs[0].cost * 1.02


def test_whatever_data_a_network_has_is_drawn(tmp_path: Path) -> None:
    text = "data tok[t] : int(v), nxt[t] : int(v)\nparam E[v,u]\nindex v = 3, u = 3\nbatch n\nz[t,u] = E[tok[t],u]\n"
    text += "p[t,u] = exp(z[t,u])/(sum(m) exp(z[t,m]))\ncost C = -(mean(t) log(p[t,nxt[t]]))"
    tok = np.arange(12).reshape(4, 3) % 3
    pairs = "data x[n,i], w[n,i]\nparam v[i]\nc[n] = sum(i) v[i]*x[n,i]*w[n,i]\ncost C = mean(n) exp(-c[n])"
    whole = "data A[n,m], y[n]\nparam v[n]\na[n] = sum(m) A[n,m]*v[m]\ncost C = mean(n) (a[n] - y[n])^2"
    for system, given in (
        (text, {"tok": tok, "nxt": (tok + 1) % 3}),
        (pairs, {"x": np.ones((4, 2)), "w": np.ones((4, 2))}),
        (whole, {"A": np.eye(3), "y": np.ones(3)}),
    ):
        network = Network.from_system(parse(system))
        plot(tmp_path / "plot.png", train(network, given, epochs=1), network, given)
        assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"
