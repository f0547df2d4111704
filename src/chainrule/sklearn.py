"""Networks as estimators of scikit-learn: `NetworkClassifier` and `NetworkRegressor`.

They fit into pipelines, grid searches and cross-validation as any other; inside is a `Network` that is trained with the
equations derived from it, `network_`, which can be shown, saved and explained. scikit-learn is an extra, `sklearn`, and
only imported with this module.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule import nn
from chainrule.errors import OptionError, listed
from chainrule.expr.sizes import Literal
from chainrule.keywords import answering_class, answers
from chainrule.network.ends import ends_of
from chainrule.network.network import Network
from chainrule.network.shifted import may_be_shifted
from chainrule.nn.activations import NAMED
from chainrule.nn.layer import Layer
from chainrule.reading import parse
from chainrule.system.given_system import check_system
from chainrule.system.model import System
from chainrule.system.printing import system_text
from chainrule.training.history import History
from chainrule.training.loop import train
from chainrule.training.stopping import EarlyStopping
from chainrule.training.training_data import marks_of

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "sklearn":
        raise
    raise ModuleNotFoundError(
        "chainrule.sklearn needs scikit-learn, which is not installed: pip install 'chainrule[sklearn]'", name="sklearn"
    ) from None

Array = npt.NDArray[np.float64]


@answering_class
class _NetworkEstimator(BaseEstimator):  # type: ignore[misc]
    """What both estimators share: the settings, and the training of a network on scaled samples."""

    network_: Network
    history_: History

    def __init__(
        self,
        hidden_layer_sizes: tuple[int, ...] = (30,),
        *,
        activation: str = "relu",
        optimizer: nn.Optimizer | None = None,
        learning_rate: float = 0.1,
        weight_decay: float = 0.0,
        epochs: int = 100,
        batch_size: int = 16,
        scale: bool = True,
        early_stopping: EarlyStopping | bool | None = None,
        validation_fraction: float = 0.1,
        executor: str = "native",
        threads: int | None = None,
        random_state: Any = None,
        model: System | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.scale = scale
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.executor = executor
        self.threads = threads
        self.random_state = random_state
        self.model = model

    def _layers(self, features: int, outputs: int) -> list[Layer]:
        if self.activation not in NAMED:
            raise OptionError(f"activation is {self.activation!r}", expected="one of " + ", ".join(NAMED))
        sizes: Any = self.hidden_layer_sizes
        hidden: list[Any] = [sizes] if isinstance(sizes, int | np.integer) else list(sizes)
        layers: list[Layer] = []
        for before, after in pairwise([features, *hidden]):
            layers += [nn.Linear(before, after), NAMED[self.activation]()]
        return [*layers, nn.Linear(hidden[-1] if hidden else features, outputs)]

    def _validated(self, *given: Any, **options: Any) -> Any:
        """Return samples, and answers if they are given, as scikit-learn checks them; of a model with any axes."""
        if self.model is not None:
            check_system(self.model)
        whole = self.model is not None and self._reads_whole_numbers(self.model)
        kind = np.int64 if whole else np.float64
        return validate_data(self, *given, dtype=kind, allow_nd=self.model is not None, **options)

    @staticmethod
    def _reads_whole_numbers(model: System) -> bool:
        return any(model.declared[name].values is not None for name in ends_of(model, None, {}).inputs)

    def _network(self, model: System, seed: int) -> Network:
        """Return the network of a system of one's own. Raises OptionError unless it has one input and one target."""
        network = Network.from_system(model, seed=seed)
        if len(network.ends.inputs) != 1 or len(network.ends.targets) != 1:
            raise OptionError(
                f"the model takes {listed(network.ends.data)}",
                expected="one input, X, and one target, y",
                advice="cr.train takes data by name, any number of them.",
            )
        return network

    def _of_data(self, model: System, y: Array) -> System:
        """Return the model for answers in rows."""
        return model

    def _fit(self, x: Array, y: Array, cost: nn.Cost, *ends: Layer) -> None:
        """Train a network on samples whose features are brought to mean 0 and deviation 1, if they are to be."""
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self._learn_scale(x)
        if self.model is not None:
            network = self._network(self._of_data(self.model, y), seed)
        else:
            network = Network([*self._layers(x.shape[1], y.shape[1]), *ends], cost=cost, seed=seed)
        early = EarlyStopping() if self.early_stopping is True else self.early_stopping or None
        watched = getattr(early, "monitor", "cost") != "cost"
        if watched:
            self._check_held_back(len(x))
        self.history_ = train(
            network,
            self._scaled(x),
            y if self.model is None else self._answers(network, y),
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self._optimizer(network),
            executor=self.executor,
            threads=self.threads,
            seed=seed,
            validation_fraction=self.validation_fraction if watched else None,
            early_stopping=early,
        )
        self.network_ = network
        self.n_iter_ = len(self.history_.epochs)

    def _optimizer(self, network: Network) -> nn.Optimizer | None:
        """Return the optimizer; a system with updates of its own has none beside it."""
        made = self.optimizer or nn.SGD(self.learning_rate, self.weight_decay)
        return None if network.system.updates and self.optimizer is None else made

    @staticmethod
    def _answers(network: Network, y: Array) -> Array:
        """Return answers in rows as a model takes them: whole numbers for labels, a number where it has no axis.

        Of two classes that number is 1 for the second.
        """
        declared = network.system.declared[network.ends.targets[0]]
        if declared.values is not None and y.ndim == 2:
            return np.asarray(y.argmax(axis=1))
        if declared.indices or y.ndim != 2:
            return y
        if y.shape[1] > 2:
            raise OptionError(
                f"the model has one output, and there are {y.shape[1]} classes", expected="an output for each class"
            )
        return y[:, -1]

    def _check_held_back(self, count: int) -> None:
        """Raise OptionError where early stopping leaves no samples to watch, or none to learn from."""
        try:
            marks_of("validation_fraction", self.validation_fraction, count)
        except OptionError as error:
            advice = (
                "early_stopping holds back that part of the samples, and stops by it. Leave it out for few samples."
            )
            raise OptionError(error.what, expected=error.expected, advice=advice) from None

    def _learn_scale(self, x: Array) -> None:
        scaled = self.scale and x.dtype.kind == "f"
        zeros, ones = np.zeros(x.shape[1:]), np.ones(x.shape[1:])
        mean, deviation = (x.mean(axis=0), x.std(axis=0)) if scaled else (zeros, ones)
        self.mean_ = mean
        self.deviation_ = np.where(deviation > 1e-12 * np.maximum(np.abs(mean), 1e-300), deviation, 1.0)

    def _scaled(self, x: Array) -> Array:
        scaled: Array = (x - self.mean_) / self.deviation_ if x.dtype.kind == "f" else x
        return scaled

    def _outputs(self, X: Any) -> Array:
        """Return what comes out of the network."""
        check_is_fitted(self)
        x = self._validated(X, reset=False)
        found: Array = self.network_.predict(self._scaled(x))
        return found


class NetworkClassifier(ClassifierMixin, _NetworkEstimator):  # type: ignore[misc]
    """A network that tells classes: hidden layers, a softmax, and the cross-entropy.

    `hidden_layer_sizes` are the widths between; `activation` is that of the hidden layers, by the names of the command
    line; `optimizer` is one of `nn`, by default `nn.SGD(learning_rate, weight_decay)`. With `scale` every feature is
    brought to mean 0 and deviation 1 first. With `early_stopping`, a `cr.EarlyStopping` or True for its
    defaults, a `validation_fraction` of the samples is held back. `model` is a system of your own in the place of
    layers, with one input, of which X may have all axes, and one target: labels, one-hot rows, or 0 and 1.
    After `fit`: `classes_`, `network_`, `history_`, `n_iter_` (epochs), `mean_` and `deviation_` of the features.

    >>> import numpy as np
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> model = NetworkClassifier((8,), activation="tanh", epochs=300, batch_size=4, random_state=0)
    >>> model.fit(x, ["even", "odd", "odd", "even"]).predict(x).tolist()
    ['even', 'odd', 'odd', 'even']
    """

    @answers
    def fit(self, X: Any, y: Any) -> NetworkClassifier:
        """Train a new network on samples of shape (samples, features) and a label for each; return the estimator."""
        x, y = self._validated(X, y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise OptionError(
                f"all labels are of one class, {self.classes_[0]}", expected="two classes or more to tell apart"
            )
        self._fit(x, np.eye(len(self.classes_))[labels], nn.CrossEntropy(), nn.Softmax())
        return self

    @answers
    def _of_data(self, model: System, y: Array) -> System:
        """Return the model for so many classes, which an index without a size takes. Raises OptionError for others."""
        ends = ends_of(model, None, {})
        if len(ends.targets) != 1:
            return model
        declared = model.declared[ends.targets[0]]
        index = declared.values or (declared.indices[-1] if declared.indices else None)
        if index is None:
            return model
        count = index.extent.count if isinstance(index.extent, Literal) else model.size.get(index.extent)
        if count is None and declared.values is not None:
            return parse(f"{system_text(model)}\nindex {index.name} = {y.shape[1]}")
        if count not in (None, y.shape[1]):
            raise OptionError(
                f"the model tells {count} classes, and y has {y.shape[1]}: {listed(self.classes_)}",
                where=f"index {index.name} = {count}",
                expected="as many classes as the model has",
                advice=f"Leave that line out, and {index.name} is as many as y has." if declared.values else "",
            )
        return model

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, in the order of `classes_`: shape (samples, classes)."""
        found = self._outputs(X)
        return np.stack([1 - found, found], axis=1) if found.ndim == 1 else found

    @answers
    def predict(self, X: Any) -> Any:
        """Return the most probable class of each sample."""
        found = self.predict_proba(X).argmax(axis=1)
        return self.classes_[found]


class NetworkRegressor(RegressorMixin, _NetworkEstimator):  # type: ignore[misc]
    """A network that tells numbers: hidden layers, linear outputs, and the quadratic cost.

    Settings and attributes are those of `NetworkClassifier`. With `scale` the targets are brought to mean 0 and
    deviation 1 too, and what comes out is brought back; with a `model` they are where its cost reads only how far the
    output is from them, and the output may be any number. Targets may have the shape (samples,) or (samples, outputs).

    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 40)[:, None]
    >>> model = NetworkRegressor(activation="tanh", epochs=300, random_state=0).fit(x, x[:, 0] ** 2)
    >>> model.score(x, x[:, 0] ** 2) > 0.9
    True
    """

    @answers
    def fit(self, X: Any, y: Any) -> NetworkRegressor:
        """Train a new network on samples of shape (samples, features) and their targets; return the estimator."""
        x, targets = self._validated(X, y, multi_output=True, y_numeric=True)
        targets = np.asarray(targets, np.float64)
        self._flat = targets.ndim == 1
        rows = targets.reshape(len(targets), -1)
        scaled = self.scale and self._may_scale_targets()
        ends = (rows.mean(axis=0), rows.std(axis=0)) if scaled else (np.zeros(rows.shape[1]), np.ones(rows.shape[1]))
        self.target_mean_, self.target_deviation_ = ends[0], np.where(ends[1] > 0, ends[1], 1.0)
        self._fit(x, (rows - self.target_mean_) / self.target_deviation_, nn.QuadraticCost())
        return self

    @answers
    def _may_scale_targets(self) -> bool:
        """Say whether the cost is the same for targets on another scale: that of the layers is."""
        if self.model is None:
            return True
        pairs = ends_of(self.model, None, {}).pairs
        return len(pairs) == 1 and may_be_shifted(self.model, pairs[0].output, pairs[0].target)

    def predict(self, X: Any) -> Array:
        """Return what comes out for each sample, in the shape that the targets had."""
        outputs = self._outputs(X)
        found: Array = outputs.reshape(len(outputs), -1) * self.target_deviation_ + self.target_mean_
        return found[:, 0] if self._flat else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
