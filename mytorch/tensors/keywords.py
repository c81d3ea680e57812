"""PyTorch's other names for parameters: looked for when a call fails that has a keyword nobody knows."""

from __future__ import annotations

import inspect

_PLACES = dict.fromkeys(("indices", "sections", "tensor_indices_or_sections"), "indices_or_sections")
_TRAIN = {"train": "training"}
# a function: {PyTorch's name: that of the parameter here, None for one that changes nothing}
NAMES = {
    **dict.fromkeys(("tensor_split", "hsplit", "vsplit", "dsplit"), _PLACES),
    **dict.fromkeys(("dropout", "alpha_dropout", "feature_alpha_dropout"), _TRAIN),
    "broadcast_to": {"size": "shape"},
    "cholesky_solve": {"input2": "L"},
    "copy_": {"other": "src"},
    "group_norm": {"cudnn_enabled": None},
    "householder_product": {"input2": "tau"},
    "isin": {"element": "elements", "test_element": "test_elements"},
    "layer_norm": {"cudnn_enable": None},
    "lstsq": {"b": "B"},
    "ormqr": {"input2": "tau", "input3": "other"},
    "resize_as_": {"the_template": "other"},
    "tensorsolve": {"other": "B"},
    "tril_indices": {"pin_memory": None},
    "triu_indices": {"pin_memory": None},
    "random_": {"from": "from_"},
    "uniform_": {"from": "from_"},
}


def respelled(function, kwargs):
    """``kwargs`` by the names that ``function`` knows; None if they are that already.

    The first tensor is ``input`` or, of methods that are functions as well, ``self``.
    """
    parameters = list(inspect.signature(function).parameters)
    names = {**dict.fromkeys(("input", "self"), parameters[0]), **NAMES.get(function.__name__, {})}
    change = {name: ours for name, ours in names.items() if name in kwargs and name not in parameters}
    if not change:
        return None
    kept = {name: value for name, value in kwargs.items() if name not in change}
    return kept | {ours: kwargs[name] for name, ours in change.items() if ours is not None}
