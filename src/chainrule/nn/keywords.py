"""Keyword arguments by the names that they have elsewhere: whoever writes `lr=0.1` is told that it is learning_rate.

Python says only that an argument is unexpected. The table has what PyTorch, Keras and scikit-learn call the arguments
here; another name is compared with those there are. What belongs to another function has a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from chainrule.errors import OptionError, listed

P = ParamSpec("P")
T = TypeVar("T")

_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lr eta step_size stepsize base_lr init_lr alpha", ("learning_rate", "initial", "peak")),
    ("validation_data val_data valid_data eval_set validation dev_data", ("x_validation", "y_validation")),
    ("x_val X_val val_x x_valid X_valid X_validation validation_x", ("x_validation",)),
    ("y_val val_y y_valid validation_y", ("y_validation",)),
    ("test_data test", ("x_test", "y_test")),
    ("X_test test_x", ("x_test",)),
    ("validation_split val_split val_fraction", ("validation_fraction",)),
    ("n_epochs num_epochs nepochs nb_epoch max_epochs epoch max_iter iterations", ("epochs",)),
    ("batch bs minibatch_size mini_batch_size n_batch batchsize", ("batch_size",)),
    ("opt optim solver", ("optimizer",)),
    ("random_state rng random_seed generator", ("seed",)),
    ("device backend engine", ("executor",)),
    ("n_jobs num_threads n_threads workers num_workers", ("threads",)),
    ("callback", ("callbacks",)),
    ("metric scoring eval_metric", ("metrics",)),
    ("param_groups groups learning_rates rates lrs lr_mult lr_multipliers", ("rate_factors",)),
    ("early_stop earlystopping stopping", ("early_stopping",)),
    ("verbose verbosity progress_bar tqdm", ("progress",)),
    ("checkpoint_path ckpt resume_from save_path", ("checkpoint",)),
    ("X inputs data features", ("x",)),
    ("targets target labels label Y", ("y",)),
    ("model net", ("network",)),
    ("loss criterion objective loss_fn", ("cost",)),
    ("eps", ("epsilon",)),
    ("betas", ("beta1", "beta2")),
    ("beta_1 b1", ("beta1",)),
    ("beta_2 b2", ("beta2",)),
    ("rho decay smoothing", ("alpha",)),
    ("l2 wd decay l2_penalty", ("weight_decay", "strength")),
    ("mu", ("momentum",)),
    ("clipnorm max_norm max_grad_norm gradient_clip grad_clip global_clipnorm", ("clip_norm",)),
    ("clipvalue clip_grad_value", ("clip_value",)),
    ("p rate dropout drop_prob", ("probability",)),
    ("negative_slope a", ("slope",)),
    ("inputs in_dim input_dim input_size n_in fan_in in_channels", ("in_features",)),
    ("units outputs out_dim output_dim output_size n_out fan_out out_channels", ("out_features",)),
    ("kernel_initializer init initializer weight_init", ("weights",)),
    ("gamma decay_rate", ("factor",)),
    ("T_max total_steps decay_steps step_size num_steps", ("steps",)),
    ("eta_min min_lr alpha", ("minimum",)),
    ("max_lr", ("peak",)),
    ("pct_start warmup", ("warm_up",)),
    ("warmup_steps num_warmup_steps", ("steps",)),
    ("final_div", ("final_div_factor",)),
    ("lam lambda_ weight", ("strength",)),
    ("delta_min", ("min_delta",)),
)
_BELONGING: Mapping[str, str] = MappingProxyType(
    {
        "learning_rate": "It is the optimizer's: optimizer=nn.SGD(learning_rate=0.5)",
        "momentum": "It is the optimizer's: optimizer=nn.SGD(0.5, momentum=0.9)",
        "weight_decay": "It is the optimizer's: optimizer=nn.SGD(0.5, weight_decay=0.001)",
        "clip_norm": "It is the optimizer's: optimizer=nn.SGD(0.5, clip_norm=1.0)",
        "cost": "It is the network's: cr.Network(layers, cost=nn.CrossEntropy())",
        "seed": "cr.train takes one, and so does cr.Network.",
        "shuffle": "Samples come in a new order in each epoch, drawn from the seed.",
        "metrics": 'They are measured in training: cr.train(network, x, y, metrics=["r2"])',
        "rate_factors": 'They are the optimizer\'s: optimizer=nn.SGD(0.5, rate_factors={"W1": 0.1})',
        "bias": "A layer of your own without one: nn.Activation, or a system in the notation.",
        "reduction": "A cost is that of one sample; training takes the mean over the samples.",
        "from_logits": "Behind Softmax or Sigmoid logarithms are computed so that nothing overflows.",
        "dim": "It is over the outputs of one sample.",
        "axis": "It is over the outputs of one sample.",
        "inplace": "Equations define each tensor once.",
    }
)
"""What is said of an argument where it does not belong."""


def answers(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that names what is meant by an unknown keyword argument, in an OptionError."""
    known = _keywords(function)

    @wraps(function)
    def answering(*args: P.args, **kwargs: P.kwargs) -> T:
        refuse_unknown(function.__name__, known, kwargs)
        return function(*args, **kwargs)

    return answering


def answering_class(kind: type[T]) -> type[T]:
    """Return a class that names what is meant by an unknown keyword argument, in an OptionError."""
    make = kind.__init__
    known = _keywords(make)[1:]

    @wraps(make)
    def answering(self: T, *args: object, **kwargs: object) -> None:
        refuse_unknown(kind.__name__, known, kwargs)
        make(self, *args, **kwargs)

    kind.__init__ = answering  # type: ignore[method-assign, assignment]
    return kind


def _keywords(function: Callable[..., object]) -> tuple[str, ...]:
    """Return the names of the arguments that can be given by name."""
    parameters = signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY))


def refuse_unknown(owner: str, known: Collection[str], given: Collection[str]) -> None:
    """Raise OptionError for the first keyword argument that is not known, with the name that is meant.

    >>> refuse_unknown("SGD", ("learning_rate", "momentum"), ["lr"])
    Traceback (most recent call last):
        ...
    chainrule.errors.OptionError: SGD has no argument lr
      learning_rate, momentum
      Did you mean learning_rate?
    """
    unknown = next((name for name in given if name not in known), None)
    if unknown is None:
        return
    raise OptionError(
        f"{owner} has no argument {unknown}",
        expected=listed(known) if known else "no arguments",
        advice=_advice(unknown, known),
    )


def _advice(unknown: str, known: Collection[str]) -> str:
    elsewhere = [names for words, names in _NAMES if unknown in words.split()]
    here = next((found for names in elsewhere if (found := [name for name in names if name in known])), [])
    if here:
        return f"Did you mean {' and '.join(here)}?"
    named = [unknown, *(name for names in elsewhere for name in names)]
    said = next((_BELONGING[name] for name in named if name in _BELONGING), "")
    close = get_close_matches(unknown.lower(), list(known), 1)
    return said or (f"Did you mean {close[0]}?" if close else "")
