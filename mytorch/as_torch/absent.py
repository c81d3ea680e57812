"""Parts of torch of which nothing is here: what packages import from them is found, and refused when used."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from .refused import classes, functions

_WHOLE = "every rank holds whole tensors: DistributedDataParallel trains on several"
_GRAPH = "functions and models run as they are: there are no graphs of them"
_COMPILED = "nothing is compiled"
_QUANTIZED = "there are no quantized tensors"

REASONS = {
    "_C": "nothing is written in C++",
    "_decomp": _GRAPH,
    "_dynamo": _COMPILED,
    "_export": _GRAPH,
    "_functorch": _GRAPH,
    "_guards": _COMPILED,
    "_higher_order_ops": _GRAPH,
    "_inductor": _COMPILED,
    "_logging": _COMPILED,
    "_prims": _GRAPH,
    "_prims_common": _GRAPH,
    "_refs": _GRAPH,
    "_subclasses": _GRAPH,
    "ao": _QUANTIZED,
    "distributed._composable": _WHOLE,
    "distributed._functional_collectives": "collectives are functions of torch.distributed",
    "distributed._shard": _WHOLE,
    "distributed._state_dict_utils": _WHOLE,
    "distributed._symmetric_memory": _WHOLE,
    "distributed._tensor": _WHOLE,
    "distributed._tools": _WHOLE,
    "distributed.checkpoint": "a checkpoint is one file, that torch.save writes on rank 0",
    "distributed.elastic": "mpiexec or mytorch.distributed.run starts the processes",
    "distributed.fsdp": _WHOLE,
    "distributed.launcher": "mpiexec or mytorch.distributed.run starts the processes",
    "distributed.pipelining": _WHOLE,
    "distributed.tensor": _WHOLE,
    "export": _GRAPH,
    "fx": _GRAPH,
    "jit": "there is no TorchScript",
    "masked": "masks are tensors of booleans: there are no masked tensors",
    "nn.attention.flex_attention": "use scaled_dot_product_attention with a mask",
    "nn.intrinsic": _QUANTIZED,
    "nn.qat": _QUANTIZED,
    "nn.quantizable": _QUANTIZED,
    "onnx": "models are not exported",
    "package": "models are saved by torch.save",
    "testing._internal": "PyTorch's own tests are not here",
    "utils._python_dispatch": "operations are function calls: use TorchFunctionMode",
    "utils.bundled_inputs": "there is no TorchScript",
    "utils.cpp_extension": "extensions are compiled against PyTorch's C++",
    "utils.data.datapipes": "data comes from a Dataset or an IterableDataset",
    "utils.data.graph": "data comes from a Dataset or an IterableDataset",
    "utils.data.graph_settings": "data comes from a Dataset or an IterableDataset",
    "utils.mobile_optimizer": "there is no TorchScript",
}


def _is_here(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # nor is what it would be in
        return False


class Absent(ModuleType):
    """A module that has every name: a class or function that raises NotImplementedError when it is used."""

    __path__: list = []

    def __init__(self, name, reason):
        super().__init__(f"torch.{name}", f"NotImplementedError: {reason}.")
        self.reason = reason

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if _is_here(f"{__package__}.names.{self.__name__[6:]}.{name}"):
            return importlib.import_module(f"{self.__name__}.{name}")
        make = classes if name.lstrip("_")[:1].isupper() else functions
        value = make(self.__name__, name, self.reason)[name]
        setattr(self, name, value)
        return value


def absent(name):
    """The module ``torch.name`` if it is one of those parts, else None."""
    part = name
    while part not in REASONS:
        part, dot, _ = part.rpartition(".")
        if not dot:
            return None
    return Absent(name, REASONS[part])
