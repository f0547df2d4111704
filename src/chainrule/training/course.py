"""The course of a training: epoch after epoch, with what is measured, kept, told and written after each.

The order is what makes a break harmless: an epoch is in the history and in the checkpoint before anybody is told of it.
What runs an epoch is in `runs`; nothing here knows what the equations are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.network.atomic import check_writable, remove_leftovers
from chainrule.network.files import Fact, checksum
from chainrule.network.locks import owned
from chainrule.network.network import Network
from chainrule.system.printing import system_text
from chainrule.training.callbacks import Function, asked_to_stop
from chainrule.training.checkpoint import (
    UPDATES,
    Checkpoint,
    check_settings,
    check_tensors,
    fingerprint,
    put_generator,
    read_checkpoint,
    write_checkpoint,
)
from chainrule.training.history import Epoch, History
from chainrule.training.measured import Measured
from chainrule.training.runs import Progress, Run
from chainrule.training.scores import Scores
from chainrule.training.stopping import Best, EarlyStopping
from chainrule.training.streamed import AnySamples
from chainrule.training.training_data import Samples


@dataclass
class Course:
    """A training on its way; `settings` says what it is of, for its checkpoints, `facts` the same for people."""

    network: Network
    updates: str
    run: Run
    generator: np.random.Generator
    scores: Scores
    validation: Scores
    history: History
    facts: Mapping[str, Fact]
    metrics: Measured
    validation_metrics: Measured
    early: EarlyStopping | None = None
    callbacks: Sequence[tuple[str, Function]] = ()
    progress: Callable[[Progress], None] | None = None
    file: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    best: Best = field(default_factory=Best)
    unwritten: Checkpoint | None = None

    def resume(self) -> None:
        """Go back to where the checkpoint was written.

        Raises ModelFileError for a file that is none, and OptionError for one of another training.
        """
        assert self.file is not None
        found = read_checkpoint(self.file)
        check_settings(self.file, found.settings, self.settings)
        check_tensors(self.file, found.kept, self.run.kept)
        if found.best.params is not None:
            check_tensors(self.file, found.best.params, self.network.params)
        put_generator(self.file, self.generator, found.generator)
        self.run.put(found.kept)
        self.history.epochs = list(found.epochs)
        self.best = found.best
        self._take()

    def finish(self, epochs: int) -> History:
        """Run what is left of so many epochs, and leave the network with what was learned, however it ends."""
        history = self.history
        done = len(history.epochs)
        if done >= epochs:
            history.note = f"the checkpoint has {done} epochs already: of {epochs} none is left"
        history.stopped = self.best.waited(self.early, done) if self.early else ""
        try:
            for number in range(done + 1, epochs + 1):
                if history.stopped:
                    break
                history.stopped = self._epoch(number, epochs)
        except KeyboardInterrupt:
            self._take()
            history.interrupted = True
            self._write()
        finally:
            if self.early is not None and self.best.params is not None:
                self.network.params = {name: array.copy() for name, array in self.best.params.items()}
                history.restored = self.best.number
            self._describe()
        return history

    def _epoch(self, number: int, epochs: int) -> str:
        """Run one epoch; return why it should be the last, "" where it should not."""
        run = self.run
        for report in run.epoch(self.generator, Progress(number, epochs, 0, run.steps, 0.0)):
            if self.progress is not None and (report.step < run.steps or not report.steps):
                self.progress(report)
        self._take()
        finished = self._measured(report.cost)
        self.history.epochs.append(finished)
        stopped = self.best.saw(self.early, number, finished, self.network.params) if self.early else ""
        if self.file is not None:
            self.unwritten = Checkpoint(
                self.settings, tuple(self.history.epochs), self.generator.bit_generator.state, run.kept, self.best
            )
            self._write()
        if self.progress is not None:
            self.progress(Progress(number, epochs, run.steps, run.steps, report.cost, finished))
        asked = asked_to_stop(self.callbacks, self.history, self.network)
        return stopped or asked

    def _write(self) -> None:
        """Write the checkpoint of the last whole epoch, if that was not done yet."""
        if self.file is not None and self.unwritten is not None:
            write_checkpoint(self.file, self.unwritten)
            self.unwritten = None

    def _measured(self, cost: float) -> Epoch:
        values = {**self.network.params, **self._states()}
        score, validation = self.scores.of(values), self.validation.of(values)
        return Epoch(
            cost,
            score.accuracy,
            self.run.seconds,
            validation.accuracy,
            self.run.accuracy,
            validation.cost,
            score.error,
            validation.error,
            self.metrics.of(values),
            self.validation_metrics.of(values),
        )

    def _states(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return the states of the network's own equations as they are now, the number of steps among them."""
        own = self.network.system.states
        return {name: array for name, array in self.run.kept.items() if name in own} if own else {}

    def _take(self) -> None:
        """Give the network what was learned so far."""
        self.network.params = {**self.network.params, **self.run.params}
        self.network.updates = self.updates

    def _describe(self) -> None:
        """Note in the network how it was trained."""
        epochs = self.history.epochs
        if not epochs:
            return
        number = self.history.restored or len(epochs)
        last = epochs[number - 1]
        measured = {"cost": last.cost, "accuracy": last.accuracy, "error": last.error}
        told = {name: value for name, value in measured.items() if value is not None}
        self.network.trained = {**self.facts, "epochs": number, **told, "measured_on": self.history.accuracy_on}


def file_of(checkpoint: str | Path | None, resume: bool) -> Path | None:
    """Return the file of a checkpoint, if there shall be one. Raises OptionError where it cannot be written."""
    if checkpoint is None:
        if resume:
            raise OptionError("resume is given, and no checkpoint", expected="the file to go on from: checkpoint=…")
        return None
    file = Path(checkpoint)
    check_writable(file)
    if file.exists() and not resume:
        raise OptionError(
            f"there is a checkpoint already, {file}",
            expected="a new file, or resume to go on with this one",
            advice="Go on with resume=True, --resume on the command line; or delete the file, or name another.",
        )
    with owned(file, "checkpoint"):
        remove_leftovers(file)
    return file


def settings_of(
    network: Network,
    updates: str,
    executor: str,
    batch_size: int,
    seed: int,
    early: EarlyStopping | None,
    data: tuple[AnySamples, AnySamples | None, AnySamples | None],
) -> dict[str, Any]:
    """Return what a training is of, under the names that an error says: texts, numbers, and hashes of the data.

    What the others can be the cause of stands last: the steps in an epoch go into the updates of some.
    """
    samples, validation, test = data
    frozen = {name: network.params[name] for name in network.frozen}
    return {
        "the equations of the network": fingerprint(_sizes_apart(system_text(network.system)), *network.ends.outputs),
        "the executor": executor,
        "batch_size": batch_size,
        "seed": seed,
        "early_stopping": {name: value for name, value in asdict(early).items() if value != ""} if early else None,
        **({"the consts": fingerprint(Samples(network.consts, 0, {}))} if network.consts else {}),
        "x and y": fingerprint(samples),
        "the validation data": fingerprint(validation),
        "the test data": fingerprint(test),
        **({"the frozen params": checksum({}, frozen)} if frozen else {}),
        UPDATES: fingerprint(updates),
    }


def _sizes_apart(text: str) -> str:
    """Return the text of a system with a line for each size: by that earlier versions knew what they trained."""
    return re.sub(
        r"^index (\w+ = \d+(?:, \w+ = \d+)+)$",
        lambda line: "\n".join(f"index {size}" for size in line[1].split(", ")),
        text,
        flags=re.MULTILINE,
    )
