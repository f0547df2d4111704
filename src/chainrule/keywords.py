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
    ("NetworkClassifier.alpha NetworkRegressor.alpha", ("weight_decay",)),
    ("lr learning_rate_init", ("learning_rate",)),
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
    ("random_state rng random_seed generator key", ("seed",)),
    ("seed rng random_seed", ("random_state",)),
    (
        "hidden hidden_layers hidden_sizes hidden_units hidden_dims hidden_dim n_hidden layers units",
        ("hidden_layer_sizes", "layers"),
    ),
    ("normalize standardize", ("scale",)),
    ("tol n_iter_no_change patience", ("early_stopping",)),
    ("device backend engine", ("executor",)),
    ("precision type", ("dtype",)),
    ("n_jobs num_threads n_threads workers num_workers", ("threads",)),
    ("callback", ("callbacks",)),
    ("metric scoring eval_metric", ("metrics",)),
    ("param_groups groups learning_rates rates lrs lr_mult lr_multipliers", ("rate_factors",)),
    ("early_stop earlystopping stopping", ("early_stopping",)),
    ("verbose verbosity progress_bar tqdm", ("progress",)),
    ("checkpoint_path ckpt resume_from save_path", ("checkpoint",)),
    ("weights params param initial init state state_dict parameters", ("values",)),
    ("out outputs returns", ("output",)),
    ("weights state_dict", ("state",)),
    ("params values data args arguments feed_dict x", ("inputs",)),
    ("argnums with_respect_to respect_to by variable variables var param params", ("wrt",)),
    ("solution derivative derivation gradient formula expected", ("answer",)),
    ("tensor name variable output outputs", ("of", "tensor")),
    ("index indices entry place position", ("at",)),
    ("n k count limit max_terms most max_paths", ("top",)),
    ("file filename file_name filepath fname f", ("path",)),
    ("log_dir logdir folder dir path", ("directory",)),
    ("source string equations notation code", ("text",)),
    ("equations model graph sys", ("system",)),
    ("model net system", ("network_or_system",)),
    ("X inputs data features", ("x",)),
    ("x data features", ("X",)),
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
_ESTIMATOR = "It is the estimator's: NetworkClassifier"
_BELONGING: Mapping[str, str] = MappingProxyType(
    {
        "from_system.cost": "It is a line of the system: cost C = sum(k) (a[k] - y[k])^2",
        "from_system.learning_rate": "cr.train takes an optimizer: optimizer=nn.SGD(learning_rate=0.5)",
        "fit.epochs": f"{_ESTIMATOR}(epochs=100)",
        "fit.batch_size": f"{_ESTIMATOR}(batch_size=16)",
        "fit.early_stopping": f"{_ESTIMATOR}(early_stopping=True)",
        "fit.x_validation": f"{_ESTIMATOR}(early_stopping=True, validation_fraction=0.1)",
        "fit.sample_weight": "All samples count alike.",
        "train.sample_weight": "It is data of the system: data weight, and cost C = weight*(…)",
        "train.class_weight": "They are a const of the system: const weight[k], and cost C = weight[y]*(…)",
        "predict.batch_size": "Samples are run in parts, so that memory does not grow.",
        "gradient_check.epsilon": "The steps of central differences are chosen for each entry.",
        "epochs": "cr.train takes it: cr.train(network, x, y, epochs=10)",
        "batch_size": "cr.train takes it: cr.train(network, x, y, batch_size=32)",
        "optimizer": "cr.train takes one: cr.train(network, x, y, optimizer=nn.SGD(0.5))",
        "callbacks": "cr.train takes them: cr.train(network, x, y, callbacks=[…])",
        "progress": "cr.train shows it: cr.train(network, x, y, progress=True)",
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
    """Return a function that names what is meant by an unknown keyword argument, in an OptionError.

    A method does so, too; under `classmethod`, where it is one of the class.
    """
    known = _keywords(function)

    @wraps(function)
    def answering(*args: P.args, **kwargs: P.kwargs) -> T:
        refuse_unknown(function.__name__, known, kwargs)
        return function(*args, **kwargs)

    return answering


def answering_class(kind: type[T]) -> type[T]:
    """Return a class that names what is meant by an unknown keyword argument, in an OptionError."""
    make = kind.__init__
    known = _keywords(make)

    @wraps(make)
    def answering(self: T, *args: object, **kwargs: object) -> None:
        refuse_unknown(type(self).__name__, known, kwargs)
        make(self, *args, **kwargs)

    kind.__init__ = answering  # type: ignore[method-assign, assignment]
    return kind


def _keywords(function: Callable[..., object]) -> tuple[str, ...]:
    """Return the names of the arguments that can be given by name, and *names for any number without one."""
    parameters = signature(function).parameters.values()
    written = {Parameter.POSITIONAL_OR_KEYWORD: "", Parameter.KEYWORD_ONLY: "", Parameter.VAR_POSITIONAL: "*"}
    named = (written[p.kind] + p.name for p in parameters if p.kind in written)
    return tuple(name for name in named if name not in ("self", "cls"))


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
        advice=_advice(owner, unknown, known),
    )


def _advice(owner: str, unknown: str, known: Collection[str]) -> str:
    called = {unknown, f"{owner}.{unknown}"}
    elsewhere = [names for words, names in _NAMES if called & set(words.split())]
    here = next((found for names in elsewhere if (found := [name for name in names if name in known])), [])
    if here:
        return f"Did you mean {' and '.join(here)}?"
    named = [unknown, *(name for names in elsewhere for name in names)]
    owned = (_BELONGING.get(f"{owner}.{name}") for name in named)
    said = next((sentence for sentence in (*owned, *map(_BELONGING.get, named)) if sentence), "")
    close = get_close_matches(unknown.lower(), list(known), 1)
    return said or (f"Did you mean {close[0]}?" if close else "")
