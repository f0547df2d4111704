"""The metrics that have a name, as equations over what comes out and what should.

A line without the letter of the samples is written for one sample, as everything is in a system with `batch n`; one
with it is over all of them. Ties share: of two largest outputs each is the answer by half.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LOWER, HIGHER = -1, 1
_TOP = re.compile(r"top[-_ ]?(\d+)(?:[-_ ]?(?:categorical[-_ ])?acc(?:uracy)?)?")


@dataclass(frozen=True)
class OutputAndTarget:
    """An output and its target, by name and letters; `samples` are the letters that count samples.

    `axis` is the place of the class axis, None where the output has none; of `labels` the target has all other axes.
    `width` is how many classes there are; `batch` is the letter of samples that stand in no entry, "" for none. Of
    `scores` a softmax is still to be taken: the cost is seen to be that of one. `separate` outputs each say yes or no.
    """

    output: str
    target: str
    letters: tuple[str, ...]
    axis: int | None
    labels: bool
    width: int
    batch: str
    samples: tuple[str, ...]
    scores: bool = False
    separate: bool = False

    @property
    def a(self) -> str:
        """An entry of the output."""
        return entry(self.output, self.letters)

    @property
    def y(self) -> str:
        """The entry of the target that belongs to it, in which a label has the place of a class."""
        return entry(self.target, self.others if self.labels else self.letters)

    @property
    def others(self) -> tuple[str, ...]:
        """All letters of the output but that of the classes."""
        return tuple(letter for place, letter in enumerate(self.letters) if place != self.axis)

    @property
    def k(self) -> str:
        """The letter of the classes, "" without any."""
        return "" if self.axis is None else self.letters[self.axis]

    @property
    def single(self) -> bool:
        """Whether an output says yes or no, and no class of several."""
        return self.axis is None or (self.width == 1 and not self.labels)


@dataclass(frozen=True)
class NamedMetric:
    """A metric by its name: which way is better, what it is of, and its lines; the last defines it.

    `of` is "classes", "probabilities" or "numbers".
    """

    better: int
    of: str
    lines: Callable[[OutputAndTarget], list[str]]


def named(name: str) -> tuple[str, NamedMetric] | None:
    """Return the metric of a name, and what it is called; None for a name that none has.

    >>> named("R²")[0], named("top5")[0], named("Accuracy")[0], named("speed")
    ('r2', 'top-5 accuracy', 'accuracy', None)
    """
    plain = re.sub(r"[-_ ]+", " ", name.casefold().replace("²", "2")).strip()
    top = _TOP.fullmatch(plain)
    if top and int(top[1]) > 0:
        count = int(top[1])
        return f"top-{count} accuracy", NamedMetric(HIGHER, "classes", lambda pair: _hits(pair, count))
    short = _ALIASES.get(plain, plain)
    return (short, NAMED[short]) if short in NAMED else None


def takes_probabilities(name: object) -> bool:
    """Say whether a name is that of a metric that takes outputs for probabilities."""
    found = named(name) if isinstance(name, str) else None
    return found is not None and found[1].of == "probabilities"


def entry(name: str, letters: tuple[str, ...]) -> str:
    """Return an entry of a tensor: a[t,k]."""
    return f"{name}[{','.join(letters)}]" if letters else name


def over(reduction: str, letters: tuple[str, ...], body: str) -> str:
    """Return a reduction over letters in parentheses; of none the body alone."""
    return f"({reduction}({','.join(letters)}) ({body}))" if letters else f"({body})"


def _hits(pair: OutputAndTarget, count: int) -> list[str]:
    """Return 1 where the target is among so many of the largest outputs."""
    if pair.separate:
        hit = f"{pair.y}*[{pair.a} > 1/2] + (1 - {pair.y})*[{pair.a} <= 1/2]"
        return [f"metric = {over('mean', pair.letters, hit)}"]
    if pair.single:
        ones = (pair.k,) if pair.k else ()
        hit = over("sum", ones, f"{pair.y}*[{pair.a} > 1/2] + (1 - {pair.y})*[{pair.a} <= 1/2]")
        return [f"metric = {over('mean', pair.others, hit)}"]
    own = entry("own", pair.others)
    above, equal = (f"(sum({pair.k}) [{pair.a} {sign} {own}])" for sign in (">", "="))
    hit = f"clip(({count} - {above})/maximum(1, {equal}), 0, 1)"
    return [f"{own} = {_own(pair)}", f"metric = {over('mean', pair.others, hit)}"]


def _own(pair: OutputAndTarget) -> str:
    """Return the output of the target's class."""
    if not pair.labels:
        return f"sum({pair.k}) [{pair.y} = 1]*{pair.a}"
    place = [pair.y if letter == pair.k else letter for letter in pair.letters]
    return entry(pair.output, tuple(place))


def _perplexity(pair: OutputAndTarget) -> list[str]:
    """Return e to the mean of −log of the probability of the target."""
    if pair.scores:
        logarithm = _log_softmax(pair)
    elif pair.labels:
        logarithm = f"log({_own(pair)})"
    else:
        yes = f"[{pair.y} > 0]*{pair.y}*log({pair.a})"
        no = f" + [{pair.y} < 1]*(1 - {pair.y})*log(1 - {pair.a})" if pair.single else ""
        logarithm = over("sum", (pair.k,) if pair.k else (), yes + no)
    surprise = f"surprise = -{over('mean', pair.others, logarithm)}"
    return [surprise, f"metric = exp({over('mean', (pair.batch,) if pair.batch else (), 'surprise')})"]


def perplexity_of_scores(pair: OutputAndTarget) -> str:
    """Return the perplexity of outputs that a softmax is still to be taken of, as a line."""
    surprise = f"-{over('mean', pair.others, _log_softmax(pair))}"
    return f"perplexity = exp({over('mean', (pair.batch,) if pair.batch else (), surprise)})"


def _log_softmax(pair: OutputAndTarget) -> str:
    """Return the logarithm of the probability of the target, by scores."""
    own = _own(pair) if pair.labels else f"(sum({pair.k}) {pair.y}*{pair.a})"
    return f"{own} - log(sum({pair.k}) exp({pair.a}))"


def _r2(pair: OutputAndTarget) -> list[str]:
    """Return the mean over outputs of 1 − Σ (y − a)²/Σ (y − mean y)²; where all y are one number, whether a is."""
    samples = pair.samples
    columns = tuple(letter for letter in pair.letters if letter not in samples)
    mean, left, all_ = (entry(name, columns) for name in ("mean_y", "left", "variation"))
    share = f"where({all_} > 0, 1 - {left}/{all_}, [{left} = 0])"
    return [
        f"{mean} = {over('mean', samples, pair.y)}",
        f"{left} = {over('sum', samples, f'({pair.y} - {pair.a})^2')}",
        f"{all_} = {over('sum', samples, f'({pair.y} - {mean})^2')}",
        f"metric = {over('mean', columns, share)}",
    ]


def _mae(pair: OutputAndTarget) -> list[str]:
    return [f"metric = {over('mean', pair.letters, f'abs({pair.a} - {pair.y})')}"]


def _mse(pair: OutputAndTarget) -> list[str]:
    return [f"metric = {over('mean', pair.letters, f'({pair.a} - {pair.y})^2')}"]


def _rmse(pair: OutputAndTarget) -> list[str]:
    square = f"square = {over('mean', pair.letters, f'({pair.a} - {pair.y})^2')}"
    return [square, f"metric = sqrt({over('mean', (pair.batch,) if pair.batch else (), 'square')})"]


NAMED: Mapping[str, NamedMetric] = {
    "accuracy": NamedMetric(HIGHER, "classes", lambda pair: _hits(pair, 1)),
    "perplexity": NamedMetric(LOWER, "probabilities", _perplexity),
    "r2": NamedMetric(HIGHER, "numbers", _r2),
    "mae": NamedMetric(LOWER, "numbers", _mae),
    "mse": NamedMetric(LOWER, "numbers", _mse),
    "rmse": NamedMetric(LOWER, "numbers", _rmse),
}
_ALIASES: Mapping[str, str] = {
    "acc": "accuracy",
    "r2 score": "r2",
    "r squared": "r2",
    "mean absolute error": "mae",
    "mean squared error": "mse",
    "root mean squared error": "rmse",
}
