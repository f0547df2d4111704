"""`chainrule explain`: one number of a backward pass, opened into its sum and into all paths to the cost."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.arguments import NamesOption, as_utf8, read_size
from chainrule.cli.terminal import FORM_HELP, check_form, columns, show_document
from chainrule.errors import escaped

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.data.dataset import Answers, Samples
    from chainrule.explanation import Explanation
    from chainrule.explanation.entry import At
    from chainrule.explanation.of_steps import Question
    from chainrule.explanation.why import Why
    from chainrule.network import Network
    from chainrule.system.model import System

DIGITS, MNIST = 64, 784
"""How many pixels the digits and those of MNIST have."""

HELP = """Open one derivative into its sum, term by term, with numbers.

\b
  chainrule train digits --save digits.safetensors
  chainrule explain digits.safetensors --of z1 --at j=3 --sample 7
  chainrule explain digits.safetensors --of z2 --at k=0 --paths
  chainrule explain digits.safetensors --of W2 --at k=4 --at j=11
  chainrule explain mnist.safetensors --data-dir DIR --of z1 --at j=3
  chainrule explain system.eq --data values.json --of w --at i=0 --paths
  chainrule explain system.eq --data values.json --of z --at j=1 --why

The derivative is that of the cost of one sample. FILE.npz holds x_test and y_test, or x_train and y_train, as
for training, or for a network of other data an array for each, by its name. For a system in the notation it is
FILE.npz or FILE.json with a value for each tensor.

--paths follows every path from the entry to the cost, W1[3,5] to z1[3] to a1[3] and so on: how many there are,
what they add up to, and the largest products of local derivatives. --why moves the entry a little, and shows what
moves with it, what each of that changes the cost by, and that the changes add up.
"""


def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A saved network, or a system in the notation.")],
    of: Annotated[
        str, typer.Option(metavar="NAME", callback=as_utf8, help="The tensor whose derivative is opened, such as z1.")
    ],
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="j=3", callback=as_utf8, help="The entry: a value for each index; may be repeated."),
    ] = None,
    sample: Annotated[int, typer.Option(help="Which sample of the data, counted from 0.")] = 0,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="The samples. Default: the test part of the digits.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder of MNIST, for a network of its digits.")
    ] = None,
    paths: Annotated[
        bool,
        typer.Option("--paths", help="Show all paths too: to the next tensor, and through all layers to the cost."),
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Show why the chain rule is a sum: what moves, and what the cost changes by.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many terms of each sum, and how many paths, are shown.")] = 12,
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="L=3", callback=as_utf8, help="Of families: how many steps there are."),
    ] = None,
    quantiles: Annotated[
        str, typer.Option(metavar="0.05,0.5,…", help="Quantiles of each sum's terms. Default: quartiles of long sums.")
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help="Print the same as JSON, for programs, with all digits of the numbers.")
    ] = False,
    form: Annotated[str, typer.Option(help=FORM_HELP)] = "index",
    names: NamesOption = "",
) -> None:
    """Open one derivative into its sum, term by term, with numbers."""
    from chainrule.cli.printed_as import named_document
    from chainrule.cli.systems import is_saved, read_network
    from chainrule.errors import OptionError
    from chainrule.execute.inputs import is_batched
    from chainrule.explanation import explain as open_sum
    from chainrule.explanation.why import why as explain_why
    from chainrule.render.document import Group, Line
    from chainrule.system.model import System

    levels = _levels(quantiles)
    check_form(form)
    if why and (paths or levels):
        raise OptionError("--why cannot be combined with other options", advice="Leave --paths and --quantiles out.")
    source: Network | System
    entry: At | None = entry_named(at or [])
    if is_saved(file):
        source = read_network(file)
        inputs, name = _one_sample(source, data, data_dir, sample)
        which = [Group((Line((f"Sample {sample} of {escaped(name)}{_answers(source, inputs)}.",)),), apart=True)]
        chosen = None
    else:
        asked = _with_values(file, data, of, entry, dict(map(read_size, size or [])))
        source, inputs, of, entry = asked.of_what, asked.inputs or {}, asked.tensor, asked.at
        which = []
        batched = isinstance(source, System) and is_batched(source, inputs)
        chosen = sample if sample or batched else None
    if why:
        found: Explanation | Why = explain_why(source, of, inputs, entry, chosen, top=top)
    else:
        found = open_sum(source, inputs, of, entry, chosen, paths=paths, top=top, quantiles=levels)
    document = named_document(found.document(), names, source)
    shown = Group((*which, document), role="sample") if which else document
    show_document(shown, json=json, width=columns() if why else None, form=form)


def _with_values(file: str, data: Path | None, of: str, entry: At | None, steps: Mapping[str, int]) -> Question:
    """Return what is explained of a system in the notation, with the values of a file."""
    from chainrule.cli.systems import read_notation
    from chainrule.cli.values import read_values
    from chainrule.explanation.of_steps import question
    from chainrule.families.families import Families

    found = read_notation(file)
    values = read_values(found.head if isinstance(found, Families) else found, file, data)
    return question(found, values, of, entry, steps)


def _levels(text: str) -> tuple[float, ...]:
    """Return the levels that `--quantiles 0.05,0.5,0.95` names."""
    from chainrule.errors import OptionError

    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise OptionError(
            f"--quantiles {text!r} is no list of levels", expected="numbers from 0 to 1, such as 0.05,0.5,0.95"
        ) from None


def _one_sample(
    network: Network, data: Path | None, data_dir: Path | None, sample: int
) -> tuple[Mapping[str, npt.ArrayLike], str]:
    """Return all that the network is given for one sample, and which samples it is of, in words."""
    from chainrule.cli.named_arrays import is_named, read_shown
    from chainrule.errors import OptionError

    ends = network.ends
    rows = [len(network.system.axes(name)) for name in ends.data] == [1, 1] and len(ends.targets) == 1
    if rows and (data is None or not is_named(str(data), ends.data)):
        x, y, name = _samples(network, data, data_dir)
        _check_sample(sample, len(x), name)
        return network.inputs(x[sample], y[sample]), name
    if data is None and data_dir is None and (len(ends.inputs), len(ends.targets)) != (1, 1):
        raise OptionError("the network needs data to be explained on", expected="--data FILE.npz, an array for each")
    source = str(data) if data is not None else "mnist" if data_dir else "digits"
    named, name = read_shown(source, network, data_dir, ends.data)
    if not ends.samples.in_front:
        return network.inputs(named), name
    _check_sample(sample, len(next(iter(named.values()))), name)
    return network.inputs({tensor: array[sample] for tensor, array in named.items()}), name


def _check_sample(sample: int, count: int, name: str) -> None:
    from chainrule.errors import OptionError

    if not 0 <= sample < count:
        raise OptionError(f"there is no sample {sample}", expected=f"0 … {count - 1}, of {name}")


def _samples(network: Network, data: Path | None, data_dir: Path | None) -> tuple[Samples, Answers, str]:
    """Return samples and answers: those to test with, where there are any."""
    from chainrule.cli.sources import DATA, read_dataset
    from chainrule.data import load_npz
    from chainrule.errors import OptionError

    if data is not None and data_dir is not None:
        raise OptionError(
            "both --data and --data-dir are given", expected="one of them: a file, or the folder of MNIST"
        )
    source = "mnist" if data_dir or (network.width == MNIST and os.environ.get(DATA)) else "digits"
    if data is None and source == "digits" and network.width != DIGITS:
        raise OptionError(
            f"the network takes {network.width} numbers, and the digits have {DIGITS}",
            expected="the samples that it was made for",
            advice="Give them: --data FILE.npz, or --data-dir DIR for MNIST.",
        )
    found = read_dataset(source, data_dir) if data is None else load_npz(data)
    part = "train" if found.x_test is None else "test"
    return *found.shown, f"the {'training' if part == 'train' else part} samples, {found.name}"


def entry_named(places: Sequence[str]) -> dict[str, int]:
    """Return the entry that `--at j=3 --at k=2`, or `--at j=3,k=2`, names."""
    from chainrule.errors import OptionError

    entry: dict[str, int] = {}
    for part in (part.strip() for place in places for part in place.split(",")):
        letter, equal, number = (piece.strip() for piece in part.partition("="))
        if not (letter and equal and number.isdecimal()):
            raise OptionError(f"--at {part!r} is no entry", expected="a letter and a whole number, such as j=3")
        if letter in entry:
            raise OptionError(f"--at gives {letter} twice", expected="one value for each index")
        entry[letter] = int(number)
    return entry


def _answers(network: Network, inputs: Mapping[str, npt.ArrayLike]) -> str:
    """Say what the sample is and what the network takes it for, where it is one of several classes."""
    import numpy as np

    from chainrule.network.answers import answers_of

    data = {name: np.asarray(inputs[name]) for name in network.ends.data}
    classes, _ = answers_of(network.ends.pairs, 0, data)
    told = [one for one in classes if network.ends.outputs == (one.pair.output,)]
    if len(classes) != 1 or not told or told[0].labels(data[told[0].pair.target]).ndim or network.outputs < 2:
        return ""
    found = network.classify({name: data[name] for name in network.ends.inputs})
    return f": its class is {classes[0].labels(data[classes[0].pair.target])}, and the network predicts {found}"
