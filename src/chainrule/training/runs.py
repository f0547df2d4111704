"""How an epoch is run: step by step through any executor, or whole, by one that compiles training.

Both keep params and states on their way, count the seconds of training alone, and stop where a number is not finite
any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, TrainingError
from chainrule.execute.finite import NotFinite, all_finite, first_not_finite, not_finite
from chainrule.execute.protocol import Executable, Executor, Trainer, TrainingSession
from chainrule.execute.reference.evaluation import start_values
from chainrule.lower.program import Unsupported
from chainrule.network.network import Network
from chainrule.system.batching import batch
from chainrule.system.model import System
from chainrule.training.history import Epoch
from chainrule.training.masks import Masks
from chainrule.training.metrics import with_hits
from chainrule.training.streamed import AnySamples
from chainrule.training.supply import InMemory, ShuffleBuffer, Supply
from chainrule.training.training_data import Samples

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Progress:
    """Where training is: `step` of `steps` in `epoch` of `epochs`, all from 1, and the mean cost of the epoch so far.

    `steps` is 0 as long as nobody knows how many there are: in the first epoch of an iterable that does not say it.
    `finished` is the epoch's result, in the last report of each.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    cost: float
    finished: Epoch | None = None


Report = Callable[[Progress], None]


class Run(Protocol):
    """Params and states in training. `note` says what a user should know of how it is run.

    `accuracy` is that of the samples of the last epoch, each before it was learned from; None unless it is measured.
    """

    note: str
    seconds: float
    accuracy: float | None

    @property
    def steps(self) -> int:
        """The steps of an epoch, 0 as long as nobody knows how many."""

    @property
    def params(self) -> dict[str, Array]:
        """The params as they are now, in float64."""

    @property
    def kept(self) -> dict[str, Array]:
        """All that steps change, params and states, as it is now, in float64: with it a run can be taken up again."""

    def put(self, kept: Mapping[str, npt.ArrayLike]) -> None:
        """Set params and states by name; what is not named stays. Raises InputError for what does not fit."""

    def epoch(self, generator: np.random.Generator, start: Progress) -> Iterator[Progress]:
        """Run through all samples once, in an order drawn from the generator, and report on the way."""


def run_of(
    engine: Executor,
    network: Network,
    system: System,
    samples: AnySamples,
    batch_size: int,
    report: Report | None,
    threads: int | None = None,
    buffer_size: int | None = None,
) -> Run:
    """Return whole epochs in machine code where the executor can, else steps; the note says where it could not."""
    note, hits = "", []
    for one in samples.classes:
        width = 1 if one.axis is None else network.shape_of(one.pair.output, samples.sizes)[one.pair.axis or 0]
        system, name = with_hits(system, one.pair, width, network.ends.samples)
        hits.append(name)
    batch_size = batch_size if samples.counted else 1
    if isinstance(engine, Trainer):
        supply = _supply(samples, batch_size, buffer_size, np.float32)
        masks = Masks(network, supply.rows, np.float32, samples.sizes)
        data, values = {**supply.data, **masks.arrays}, network.values
        if not samples.counted:
            data, values = {}, {**values, **data}
        try:
            session = engine.compile_training(
                system, values, data, batch_size=batch_size, threads=threads, metrics=hits
            )
        except Unsupported as missing:
            note = f"{engine.name} has no code for {missing}: the steps are run one by one"
        else:
            supply.data = session.data
            return WholeEpochs(session, supply, batch_size, hits, report, masks)
    supply = _supply(samples, batch_size, buffer_size, np.float64)
    masks = Masks(network, supply.rows, np.uint8, samples.sizes)
    return Steps(network, engine.compile(system), hits, supply, batch_size, masks, note)


def _supply(samples: AnySamples, batch_size: int, buffer_size: int | None, dtype: Any) -> Supply:
    if isinstance(samples, Samples):
        return InMemory(samples)
    return ShuffleBuffer(samples, samples.buffer_rows(buffer_size, batch_size), dtype)


def _refuse(lost: NotFinite, epoch: int, steps: int, before: int = 0) -> TrainingError:
    """Return the error for a number that is not finite any more, after so many steps of the epoch before."""
    step = f", step {before + lost.step}" + (f" of {steps}" if steps else "") if lost.step else ""
    return TrainingError(
        f"{lost.what}, in epoch {epoch}{step}",
        where=lost.where,
        expected="finite numbers",
        advice="A smaller learning rate helps, or x scaled to numbers between -1 and 1.",
    )


def _float64(arrays: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
    return {name: np.array(array, np.float64) for name, array in arrays.items()}


class WholeEpochs:
    """Epochs run by machine code, which calls back between stretches of bounded time."""

    def __init__(
        self,
        session: TrainingSession,
        supply: Supply,
        batch_size: int,
        hits: Sequence[str],
        report: Report | None,
        masks: Masks,
    ) -> None:
        self.note = ""
        self.seconds = 0.0
        self.accuracy: float | None = None
        self._session = session
        self._supply = supply
        self._batch_size = batch_size
        self._hits = hits
        self._report = report
        self._masks = masks

    @property
    def steps(self) -> int:
        """The steps of an epoch, 0 as long as nobody knows how many."""
        return -(-self._supply.count // self._batch_size)

    @property
    def params(self) -> dict[str, Array]:
        """The params as they are now, in float64."""
        return _float64(self._session.params())

    @property
    def kept(self) -> dict[str, Array]:
        """Params and states as they are now, in float64."""
        return _float64(self._session.kept())

    def put(self, kept: Mapping[str, npt.ArrayLike]) -> None:
        """Set params and states by name."""
        self._session.put(kept)

    def epoch(self, generator: np.random.Generator, start: Progress) -> Iterator[Progress]:
        """Run through all samples once; progress goes to the report given, the epoch's end is yielded."""
        seen, total = 0, 0.0
        hits = dict.fromkeys(self._hits, 0.0)

        def tell(done: int, cost: float) -> None:
            step = -(-(seen + done) // self._batch_size)
            if self._report is not None and (step < self.steps or not self.steps):
                mean = (total + cost) / max(seen + done, 1)
                self._report(Progress(start.epoch, start.epochs, step, self.steps, mean))

        began = time.perf_counter()
        for order in self._supply.orders(generator, self._session.data):
            self._masks.draw(generator, self._session.data)
            try:
                total += self._session.run_epoch(order, tell)
            except NotFinite as lost:
                raise _refuse(lost, start.epoch, self.steps, seen // self._batch_size) from None
            seen += len(order)
            hits = {name: found + self._session.sums[name] for name, found in hits.items()}
        self.seconds = time.perf_counter() - began
        sums = [found / seen for found in hits.values()]
        self.accuracy = sum(sums) / len(sums) if sums else None
        yield Progress(start.epoch, start.epochs, self.steps, self.steps, total / seen)


class Steps:
    """One call of the executable for each mini-batch."""

    def __init__(
        self,
        network: Network,
        executable: Executable,
        hits: Sequence[str],
        supply: Supply,
        batch_size: int,
        masks: Masks,
        note: str,
    ) -> None:
        self.note = note
        self.seconds = 0.0
        self.accuracy: float | None = None
        self._kept = {**_float64(network.params), **start_values(executable.system, network.values)}
        self._network = network
        self._executable = executable
        self._hits = hits
        self._right = 0.0
        self._supply = supply
        self._batch_size = batch_size
        self._masks = masks

    @property
    def steps(self) -> int:
        """The steps of an epoch, 0 as long as nobody knows how many."""
        return -(-self._supply.count // self._batch_size)

    @property
    def params(self) -> dict[str, Array]:
        """The params as they are now."""
        return {name: self._kept[name].copy() for name in self._executable.system.params}

    @property
    def kept(self) -> dict[str, Array]:
        """Params and states as they are now."""
        return {name: array.copy() for name, array in self._kept.items()}

    def put(self, kept: Mapping[str, npt.ArrayLike]) -> None:
        """Set params and states by name. Raises InputError for another shape, and numbers that are not finite."""
        for name, value in _float64({n: np.asarray(kept[n]) for n in self._kept if n in kept}).items():
            if value.shape != self._kept[name].shape:
                expected = f"{list(self._kept[name].shape)}"
                raise InputError(f"{name} has the shape {list(value.shape)}", expected=expected)
            if not all_finite(value):
                raise InputError(f"{name} holds numbers that are not finite", expected="finite numbers")
            self._kept[name] = value

    def epoch(self, generator: np.random.Generator, start: Progress) -> Iterator[Progress]:
        """Step through all samples once, in an order drawn from the generator, and report after each step."""
        self.seconds = 0.0
        total = self._right = 0.0
        step = seen = 0
        for order in self._supply.orders(generator, self._supply.data):
            self._masks.draw(generator)
            for first in range(0, len(order), self._batch_size):
                began = time.perf_counter()
                step, chosen = step + 1, order[first : first + self._batch_size]
                masks = {name: array[chosen] for name, array in self._masks.arrays.items()}
                total += len(chosen) * self._step({**self._supply.some(chosen), **masks}, start.epoch, step)
                self.seconds += time.perf_counter() - began
                seen += len(chosen)
                self.accuracy = self._right / (seen * len(self._hits)) if self._hits else None
                yield Progress(start.epoch, start.epochs, step, self.steps, total / seen)

    def _step(self, data: Mapping[str, npt.ArrayLike], epoch: int, step: int) -> float:
        """Learn from one mini-batch and return its mean cost."""
        values, updated = self._executable.step({**self._network.consts, **self._kept, **data})
        system = self._executable.system
        cost = float(np.mean(values[system.cost]))
        wrong = not_finite(cost, updated)
        if wrong:
            lost = NotFinite(step, wrong, first_not_finite(batch(system), values, updated))
            raise _refuse(lost, epoch, self.steps)
        self._right += sum(float(values[name].sum()) for name in self._hits)
        self._kept = {**self._kept, **updated}
        return cost
