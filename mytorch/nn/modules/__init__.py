# Names only: there is nothing to read here.
"""The layers under the names of torch's files, such as ``nn.modules.batchnorm._BatchNorm``."""

import sys
import types

from .. import (
    activation,
    adaptive,
    container,
    conv,
    distance,
    dropout,
    fractional,
    hooks,
    lazy,
    linear,
    linear_cross_entropy,
    loss,
    margin_loss,
    module,
    multihead_attention,
    normalization,
    padding,
    parameter_containers,
    pooling,
    recurrent,
    recurrent_cells,
    sparse,
    state,
    sync_batch_norm,
    transformer,
    upsampling,
)
from ..module import Module
from . import utils

# torch's file -> where its names are
FILES = {
    "activation": (activation, multihead_attention),
    "adaptive": (adaptive,),
    "batchnorm": (normalization, sync_batch_norm, lazy),
    "channelshuffle": (upsampling,),
    "container": (container, parameter_containers),
    "conv": (conv, lazy),
    "distance": (distance,),
    "dropout": (dropout,),
    "flatten": (linear,),
    "fold": (upsampling,),
    "instancenorm": (normalization, lazy),
    "lazy": (lazy,),
    "linear": (linear, lazy),
    "loss": (loss, margin_loss, linear_cross_entropy),
    "module": (module, hooks, state),
    "normalization": (normalization,),
    "padding": (padding,),
    "pixelshuffle": (upsampling,),
    "pooling": (pooling, fractional),
    "rnn": (recurrent, recurrent_cells),
    "sparse": (sparse,),
    "transformer": (transformer,),
    "upsampling": (upsampling,),
}

for _name, _sources in FILES.items():
    _file = globals()[_name] = sys.modules[f"{__name__}.{_name}"] = types.ModuleType(
        f"{__name__}.{_name}", _sources[0].__doc__
    )
    for _source in _sources:
        vars(_file).update(
            (name, value) for name, value in vars(_source).items() if not name.startswith("__")
        )
        globals().update(
            (name, value)
            for name, value in vars(_source).items()
            if isinstance(value, type) and name[0] != "_" and Module in value.__mro__
        )
