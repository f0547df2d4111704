"""What a network has no method for, as other libraries have one: each name with what does it here.

A network computes; what trains and measures it are functions. It is called itself, and its params are a dict.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TRAINED = "Training is a function: cr.train(network, x, y)"
_MEASURED = "Measuring is a function: cr.measure(network, x, y)"
_PARAMS = "The params are a dict of arrays: network.params"
_MODES = "There are no modes: what is drawn is drawn in training only"
_GRADIENTS = "Gradients are returned, not kept: cr.value_and_grad(network.system, network.inputs(x, y))"
_ALWAYS = "Nothing is to be done before: cr.train(network, x, y, optimizer=nn.SGD(0.5)) compiles what it needs"
_DEVICE = "It runs on the processor"

_HERE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("fit", "train", "train_on_batch", "partial_fit", "train_step"), _TRAINED),
        **dict.fromkeys(("evaluate", "score", "test", "test_on_batch", "measure"), _MEASURED),
        **dict.fromkeys(("parameters", "named_parameters", "weights", "trainable_weights", "coefs_"), _PARAMS),
        **dict.fromkeys(("get_weights", "variables", "trainable_variables"), _PARAMS),
        "set_weights": 'The params are a dict: network.params["W1"] = array, or network.load_state_dict(state)',
        **dict.fromkeys(("eval", "training"), _MODES),
        **dict.fromkeys(("zero_grad", "backward", "grad", "gradients"), _GRADIENTS),
        **dict.fromkeys(("compile", "build"), _ALWAYS),
        **dict.fromkeys(("to", "cuda", "cpu"), _DEVICE),
        **dict.fromkeys(("predict_classes", "predict_label"), "The labels: network.classify(x)"),
        **dict.fromkeys(("predict_proba", "predict_on_batch"), "What comes out: network.predict(x)"),
        **dict.fromkeys(("float", "half", "double"), 'Arrays of another type: network.state_dict(dtype="float32")'),
        "requires_grad_": 'What is not to be learned: network.freeze("W1")',
        "save_weights": "With its params it is saved whole: network.save(path)",
        "load_weights": "It is loaded whole: cr.load(path)",
    }
)


def missing(kind: str, name: str) -> str:
    """Return the message that there is no such attribute, with what there is instead.

    >>> print(missing("Network", "fit"))
    'Network' object has no attribute 'fit'
      Training is a function: cr.train(network, x, y)
    """
    said = _HERE.get(name)
    return f"{kind!r} object has no attribute {name!r}" + (f"\n  {said}" if said else "")
