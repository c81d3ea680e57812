"""``torch.ops``: the operations that packages register, as ``torch.ops.namespace.name(…)``."""

from __future__ import annotations

import inspect
import os
import sys

from ...autograd.function import Function
from .. import torchaudio_ops, torchvision_ops

_NAMESPACES: dict = {}


class Operation:
    """``namespace::name``: what was registered under it, or NotImplementedError when it is called."""

    def __init__(self, name):
        self.name, self.function, self._gradient = name, None, None
        self.differentiable = False  # whether autograd sees through the function
        self.__name__ = name.partition("::")[2]
        self.default = self  # the only overload

    def __call__(self, *args, **kwargs):
        if self.function is None:
            raise NotImplementedError(f"{self.name} is written for PyTorch in C++, and not here")
        if self._gradient is None or self.differentiable:
            return self.function(*args, **kwargs)
        names = inspect.signature(self.function)
        return self._gradient.apply(*names.bind(*args, **kwargs).args)

    def __getattr__(self, name):  # PyTorch's own operations have overloads: they are one function here
        if name.startswith("_") or not self.name.startswith("aten::"):
            raise AttributeError(name)
        return self

    def __repr__(self):
        return f"<op {self.name}>"

    def __str__(self):
        return self.name.replace("::", ".")

    def __hash__(self):
        return hash(str(self))

    def __eq__(self, other):  # also to its name, by which ``utils.flop_counter`` counts
        return str(self) == str(other) if isinstance(other, (str, Operation)) else NotImplemented

    def set_gradient(self, backward, setup_context):
        """``backward(ctx, *grads)``, with ``setup_context(ctx, inputs, output)`` before it."""
        members = {"forward": staticmethod(lambda *args: self.function(*args))}
        members["setup_context"] = staticmethod(setup_context or (lambda ctx, inputs, output: None))
        members["backward"] = staticmethod(backward)
        self._gradient = type(self.__name__, (Function,), members)


class Namespace:
    """The operations of one package."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        if self._name != "aten" or name.startswith("__"):
            raise AttributeError(
                f"torch.ops.{self._name} has no operation {name!r}: nobody registered it here"
            )
        operation = find(f"aten::{name}")  # PyTorch's own: those that are functions of torch are here, too
        operation.function = getattr(sys.modules["torch"], name, None)
        operation.differentiable = True
        return operation


def find(qualname):
    """The operation ``"namespace::name"`` (an overload's name is left out), which exists from here on."""
    space, _, name = qualname.partition("::")
    name = name.partition(".")[0]
    held = vars(_NAMESPACES.setdefault(space, Namespace(space)))
    return held.setdefault(name, Operation(f"{space}::{name}"))


def load_library(path):
    """OSError: compiled libraries call PyTorch's C++. Instead of torchvision's and torchaudio's there is what
    is written here.
    """
    folder, name = os.path.split(path)
    if name.startswith("_C") and os.path.basename(folder) == "torchvision":
        return torchvision_ops.register(find)
    if os.path.dirname(folder).endswith("torchaudio") and "torchaudio" in name:
        return torchaudio_ops.register(find)
    raise OSError(f"{path} is compiled for PyTorch and cannot be loaded by mytorch")


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return _NAMESPACES.setdefault(name, Namespace(name))
