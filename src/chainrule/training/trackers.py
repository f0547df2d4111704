"""Trainings told to TensorBoard, MLflow, Weights & Biases and Trackio: callbacks, each of a few lines.

What they are told is the last epoch of the history, under the names of its fields, with the number of the epoch. Their
packages are imported when somebody asks for one. All is written after every epoch, so that nothing is lost where a
training is ended; `close` ends what was begun, and so does the end of a `with`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.network.network import Network
from chainrule.training.history import History, measured


class _Tracker(ABC):
    """What all of them do: begin when the first epoch is told, note each, and end."""

    def __init__(self) -> None:
        self._begun = False

    def on_epoch_end(self, history: History, network: Network) -> None:
        """Note what was measured of the last epoch."""
        if not self._begun:
            self._begin(network)
            self._begun = True
        self._note(len(history.epochs), dict(_finite(measured(history.epochs[-1]))))

    def close(self) -> None:
        """End what was begun; a training that follows begins anew."""
        if self._begun:
            self._end()
            self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _begin(self, network: Network) -> None: ...

    @abstractmethod
    def _note(self, epoch: int, values: Mapping[str, float]) -> None: ...

    @abstractmethod
    def _end(self) -> None: ...


@answering_class
@final
class TensorBoard(_Tracker):
    """A callback that writes the curves of a training as event files, which `tensorboard --logdir DIR` shows.

    Raises OptionError where tensorboard is not installed.
    """

    def __init__(self, directory: str | Path) -> None:
        super().__init__()
        self._summary = _package("tensorboard.summary", "TensorBoard")
        self.directory = Path(directory)
        self._writer: Any = None

    def _begin(self, network: Network) -> None:
        self._writer = self._summary.Writer(str(self.directory))

    def _note(self, epoch: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def _end(self) -> None:
        self._writer.close()


@final
class MLflow(_Tracker):
    """A callback that notes a training in MLflow: in the run that is active, else in one of its own with these options.

    The options are those of `mlflow.start_run`, such as run_name="first". Raises OptionError where mlflow is not
    installed.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._mlflow = _package("mlflow", "MLflow")
        self._options = options
        self._own = False

    def _begin(self, network: Network) -> None:
        self._own = self._mlflow.active_run() is None
        if self._own:
            self._mlflow.start_run(**self._options)
        self._mlflow.log_params(_described(network))

    def _note(self, epoch: int, values: Mapping[str, float]) -> None:
        self._mlflow.log_metrics(dict(values), step=epoch)

    def _end(self) -> None:
        if self._own:
            self._mlflow.end_run()


class _Run(_Tracker):
    """A tracker whose package is used as wandb is: init, log, finish."""

    def __init__(self, package: str, tracker: str, project: str, options: Mapping[str, Any]) -> None:
        super().__init__()
        self._package = _package(package, tracker)
        self._options = {"project": project, **options}
        self._run: Any = None

    def _begin(self, network: Network) -> None:
        config = {**_described(network), **self._options.get("config", {})}
        self._run = self._package.init(**{**self._options, "config": config})

    def _note(self, epoch: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=epoch)

    def _end(self) -> None:
        self._run.finish()


@final
class WandB(_Run):
    """A callback that notes a training in a project of Weights & Biases; the options are those of `wandb.init`.

    Raises OptionError where wandb is not installed.
    """

    def __init__(self, project: str, **options: Any) -> None:
        super().__init__("wandb", "WandB", project, options)


@final
class Trackio(_Run):
    """A callback that notes a training in a project of Trackio; the options are those of `trackio.init`.

    Raises OptionError where trackio is not installed.
    """

    def __init__(self, project: str, **options: Any) -> None:
        super().__init__("trackio", "Trackio", project, options)


def _package(name: str, tracker: str) -> Any:
    """Return a module. Raises OptionError where its package is not installed."""
    top = name.partition(".")[0]
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != top:
            raise
        raise OptionError(
            f"{tracker} needs {top}, which is not installed", advice=f"Install it: pip install 'chainrule[{top}]'"
        ) from None


def _described(network: Network) -> dict[str, Any]:
    """Return what is noted of a network: how it was made, and how many numbers it learns."""
    return {"network": repr(network), "params": sum(array.size for array in network.params.values())}


def _finite(values: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    yield from ((name, float(value)) for name, value in values.items() if math.isfinite(value))
