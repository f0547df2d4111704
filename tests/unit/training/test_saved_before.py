"""A network and a checkpoint that an earlier version has written are read, and training goes on with them.

The files in `saved` are of commit 23f4eb6. They are compared up to rounding: bits are those of one version.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from chainrule import nn
from chainrule.network import Network, load
from chainrule.training import train
from support import assert_close

SAVED = Path(__file__).with_name("saved")
X, LABELS = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, -1.0]], [0, 1, 1, 0]
PREDICTED = [
    [0.3836817926136657, 0.6163182073863342],
    [0.3790268459963679, 0.6209731540036321],
    [0.23573020824418342, 0.7642697917558167],
    [0.7244896651016962, 0.2755103348983038],
]
AFTER_FOUR_EPOCHS = {
    "W1": [
        [0.8105524436562539, 0.569175448504142],
        [-0.40540941595648655, -0.9701074384878925],
        [1.1290838576935657, 0.19057340544436746],
    ],
    "b1": [-0.33065550244079195, -0.11278221228749019, -0.614808841159134],
    "W2": [
        [-0.48844743782450367, 0.332859714632346, -0.4095632056700501],
        [0.3482548189684872, 0.01905856793103125, 0.9356940667373482],
    ],
    "b2": [0.322903075128902, -0.3229030751289018],
}


def test_a_network_saved_before_predicts_what_it_did() -> None:
    assert_close(load(SAVED / "network.safetensors").predict(X), PREDICTED, rtol=1e-12)


def test_training_goes_on_from_a_checkpoint_written_before(tmp_path: Path) -> None:
    path = tmp_path / "training.run"
    shutil.copy(SAVED / "training.run", path)
    network = Network([nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2), nn.Softmax()], cost=nn.CrossEntropy(), seed=1)
    options = {"batch_size": 2, "executor": "reference", "seed": 5, "optimizer": nn.Adam(0.1)}
    history = train(network, X, LABELS, epochs=4, checkpoint=path, resume=True, **options)
    assert len(history.epochs) == 4
    for name, values in AFTER_FOUR_EPOCHS.items():
        assert_close(network.params[name], values, rtol=1e-10)
