"""The Tensor: an array and its place in the graph.

Its operators are in ``operators.py``, conversions to numbers and NumPy in ``conversion.py``, to other dtypes
and devices in ``casting.py``.
"""

from __future__ import annotations

import importlib
import warnings
import weakref
from types import FunctionType

import numpy

from ..core.arrays import device_of
from ..core.backward import backward
from ..core.dtypes import by_numpy, category, default_numpy
from ..core.grad_mode import is_inference_mode_enabled
from ..core.graph import Leaf, Node, Output, Variable, refresh, wrap
from ..core.primitive import Primitive
from ..ops.shape_arguments import check_dim
from .casting import CastingMethods
from .conversion import ConversionMethods, state
from .from_data import constructed
from .new_like import NewMethods
from .operators import LateMethod, TensorMethods  # type: ignore[attr-defined]
from .removable_handle import RemovableHandle
from .storage import StorageMethods

_new_tuple = tuple.__new__


def _late(module, name):
    """A name of a module that most programs never need."""
    return getattr(importlib.import_module(f".{module}", __package__), name)


Primitive.instead = staticmethod(lambda *call: _late("foreign_arguments", "answer_instead")(*call))


def no_torch_function(func, types, args=(), kwargs=None):
    """The ``__torch_function__`` of classes that want none: they are plain tensors for ``func``."""
    with _late("torch_function", "Only")("modes"):
        return func(*args, **(kwargs or {}))


class Size(tuple):
    """The shape of a tensor: a tuple with ``numel()``.

    Args:
        iterable (iterable of int, default ()): the sizes of the dimensions

    Example:
        >>> mytorch.zeros(2, 3).shape
        mytorch.Size([2, 3])
        >>> mytorch.zeros(2, 3).shape.numel()
        6
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        return numpy.prod(self, dtype=int).item()

    def __repr__(self):
        return f"mytorch.Size({list(self)})"

    def __getitem__(self, index):
        part = super().__getitem__(index)
        return Size(part) if isinstance(index, slice) else part

    def __add__(self, other):
        return Size(super().__add__(tuple(other)))

    def __radd__(self, other):
        return Size(tuple(other) + tuple(self))

    def __mul__(self, times):
        return Size(super().__mul__(times))

    __rmul__ = __mul__


class Tensor(
    TensorMethods,
    ConversionMethods,
    CastingMethods,
    NewMethods,
    StorageMethods,
    Variable,
    results=True,
):
    """An n-dimensional array on a device, with reverse-mode differentiation.

    ``mytorch.tensor`` makes one. ``Tensor(2, 3)`` is uninitialised memory of that shape and
    ``Tensor([1, 2])`` holds data, both in the default dtype, as in torch.

    Args:
        *data: sizes as integers, for uninitialised memory, or one sequence of values

    Example:
        >>> x = mytorch.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """

    __array_priority__ = 1000  # NumPy's operators leave an expression with a Tensor to the Tensor
    __hash__ = object.__hash__

    def __new__(cls, *data):
        return wrap(constructed(data, default_numpy()), cls=cls)

    # ---- what it is ------------------------------------------------------------------------------

    shape = property(lambda self: _new_tuple(Size, self.array.shape), doc="The sizes of the dimensions.")
    dtype = property(
        lambda self: by_numpy[self.array.dtype], doc="The element type, such as ``mytorch.float32``."
    )
    device = property(lambda self: device_of(self.array), doc="The device that holds the elements.")
    ndim = property(lambda self: self.array.ndim, doc="The number of dimensions.")
    itemsize = property(lambda self: self.array.itemsize, doc="Bytes of one element.")
    nbytes = property(lambda self: self.array.nbytes, doc="Bytes of all elements.")
    is_cuda = property(lambda self: self.device.type == "cuda", doc="Whether it lives on a GPU.")
    __dict__ = property(
        lambda self: _late("attributes", "Attributes")(self),
        lambda self, attributes: _late("attributes", "replace")(self, attributes),
        doc="The attributes that a user has set.",
    )

    def dim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def size(self, dim=None):
        """The shape, or the size of the dimension ``dim``."""
        return self.shape if dim is None else self.shape[check_dim(dim, self.array.ndim)]

    def numel(self) -> int:
        """The number of elements."""
        return self.array.size

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.array.itemsize

    def is_floating_point(self) -> bool:
        """Whether the elements are floating-point numbers."""
        return category(self.array.dtype) == 2

    def __len__(self):
        if self.array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self.array.shape[0]

    def __format__(self, spec):
        if self.array.ndim == 0:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    # ---- the graph -------------------------------------------------------------------------------

    def __fresh_node(self):
        """Its node, refreshed if its base was changed in place."""
        if self._base is not None and self._base._node is not self._base_node:
            refresh(self)
        return self._node

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are recorded: set on leaves, True for all tensors computed from them."""
        return self.__fresh_node() is not None

    @requires_grad.setter
    def requires_grad(self, flag):
        self.requires_grad_(flag)

    def requires_grad_(self, requires_grad=True):
        """Record operations on this leaf, or with ``requires_grad=False`` do not; returns the tensor.

        RuntimeError for integers and for non-leaves.
        """
        if requires_grad is not True and requires_grad is not False:
            raise TypeError(
                f"requires_grad_(): argument 'requires_grad' must be bool, not {type(requires_grad).__name__}"
            )
        if not self.is_leaf:
            if requires_grad:
                return self
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed "
                "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if not requires_grad:
            self._mytorch_freeze()
        elif self._node is None:
            if category(self.array.dtype) < 2:
                raise RuntimeError(
                    "only Tensors of floating point and complex dtype can require gradients, got "
                    f"{self.dtype}"
                )
            if self._inference and not is_inference_mode_enabled():
                raise RuntimeError(
                    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
                )
            self._node = self._leaf = self._leaf or Leaf(self.array)
            self._leaf.variable_ref = weakref.ref(self)
            self._leaf.frozen = False
        return self

    def _mytorch_freeze(self):
        """Leave the graph; nodes recorded before no longer accumulate a gradient here."""
        self._node = None
        if self._leaf is not None:
            self._leaf.frozen = True

    @property
    def is_leaf(self) -> bool:
        """Whether it was not computed from tensors that require a gradient."""
        node = self.__fresh_node()
        return node is None or type(node) is Leaf

    @property
    def grad_fn(self):
        """The node that computed it; None for a leaf."""
        if self.is_leaf:
            return None
        return (self._node.parent if type(self._node) is Output else self._node).shown()

    @property
    def grad(self):
        """The gradient that backward accumulated, or None."""
        if self._leaf is not None:
            return self._leaf.grad
        found = state(self).get("_grad")
        if found is None and not self.is_leaf and not self.retains_grad:
            _warn_of_no_grad()
        return found

    @grad.setter
    def grad(self, value):
        if value is not None:
            _check_grad(self, value)
        if self._leaf is not None:
            self._leaf.grad = value
        else:
            self._grad = value

    grad = grad.deleter(lambda self: setattr(self, "grad", None))  # type: ignore[attr-defined]

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Accumulate the gradients of this tensor in the ``.grad`` of every leaf, or of ``inputs`` alone.

        gradient: the gradient with respect to this tensor, of its shape; 1 for a scalar by default.
        retain_graph: keep the saved values for another backward; as ``create_graph`` if None.
        create_graph: the gradients are themselves differentiable.
        """
        backward(self, gradient, retain_graph, create_graph, inputs)

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad()`` was called on this non-leaf."""
        return self._mytorch_retaining is not None

    def register_hook(self, hook):
        """Call ``hook(grad)`` when the gradient of this tensor is computed; a result replaces it."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return RemovableHandle.add(self.__fresh_node(), "hooks", hook)

    def register_post_accumulate_grad_hook(self, hook):
        """Call ``hook(tensor)`` after a gradient was accumulated in this leaf's ``.grad``."""
        if not (self.requires_grad and self.is_leaf):
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        mine = weakref.ref(self)
        return RemovableHandle.add(self._node, "post_hooks", lambda: hook(mine()))

    def detach(self):
        """A tensor on the same memory, outside of the graph."""
        new = wrap(self.array)
        new._counter, new._inference = self._counter, self._inference
        return new

    def detach_(self):
        """Take this tensor out of the graph, and return it. RuntimeError for a view."""
        if self._base is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._mytorch_freeze()
        self._mytorch_retaining = None
        return self

    @property
    def data(self):
        """A tensor on the same memory, outside of the graph; autograd does not notice changes through it."""
        return wrap(self.array)

    @data.setter
    def data(self, value):
        if value.array.dtype != self.array.dtype and self._leaf is not None:
            self._leaf.dtype = value.array.dtype
        self.array = value.array
        if self._leaf is not None:
            self._leaf.shape = value.array.shape

    @property
    def _version(self):
        """How many times the memory was changed in place."""
        if self._inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._counter[0]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__torch_function__ is not no_torch_function:
            cls.array = _late("dispatching", "FirstArray")()

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        """What ``func(*args, **kwargs)`` gives where one of ``types``, those of arguments, is ``cls``: its
        result, with tensors as ones of ``cls``. NotImplemented if a type is no class above ``cls``.
        """
        return _late("torch_function", "default")(cls, func, types, args, kwargs)

    output_nr = 0

    def is_inference(self) -> bool:
        """Whether it was made under :class:`inference_mode`."""
        return self._inference


for _name, _home in (("retain_grad", "node_hooks"), ("as_subclass", "dispatching")):
    setattr(Tensor, _name, LateMethod(_name, f"tensors.{_home}", _name, owner=Tensor))
for _kind in (Node, Leaf):
    for _name in ("register_hook", "register_prehook"):
        setattr(_kind, _name, LateMethod(_name, "tensors.node_hooks", _name, owner=_kind))
Node.metadata = property(lambda node: vars(node).setdefault("_metadata", {}))  # type: ignore[attr-defined]
# the leaf that an edge ends at, None if it is gone
Leaf.variable = property(lambda edge: edge.variable_ref())  # type: ignore[attr-defined]


for _part in Tensor.__mro__[:-1]:  # errors name a method as users know it
    for _name, _method in vars(_part).items():
        _method = getattr(_method, "__wrapped__", _method)
        if isinstance(_method, FunctionType) and _method.__qualname__.startswith(_part.__name__):
            _method.__qualname__ = f"Tensor.{_name}"


def _warn_of_no_grad():
    warnings.warn(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
        "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
        "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
        "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead.",
        stacklevel=3,
    )


def _check_grad(tensor, value):
    """TypeError or RuntimeError unless ``value`` can be the gradient of ``tensor``."""
    if not (isinstance(value, Tensor) or getattr(value, "is_sparse", False)):
        raise TypeError(
            f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
        )
    if value is tensor:
        raise RuntimeError("can't assign Variable as its own grad")
    if value.array.shape != tensor.array.shape:
        raise RuntimeError(
            f"assigned grad has data of a different size: expected {list(tensor.shape)}, got "
            f"{list(value.shape)}"
        )
    if value.array.dtype != tensor.array.dtype:
        raise RuntimeError(
            f"assigned grad has data of a different type: expected {tensor.dtype}, got {value.dtype}"
        )
    if value.device != tensor.device:
        raise RuntimeError(
            f"assigned grad has data located on a different device: expected {tensor.device}, "
            f"got {value.device}"
        )
