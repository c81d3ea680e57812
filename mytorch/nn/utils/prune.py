"""Pruning: a parameter ``name`` becomes the product of ``name_orig`` and the buffer ``name_mask``.

A forward pre-hook computes the product before every call of the module.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable

from ...ops.join import cat
from ...ops.linalg.matrix_norm import norm
from ...ops.statistics.sort import topk
from ...tensors.creation import ones_like, zeros_like
from ...tensors.public_names import lookup as _lookup
from ...tensors.random_creation import rand
from .convert_parameters import parameters_to_vector


def _methods(module, name=None):
    """The pruning methods among the hooks of ``module`` (for the parameter ``name``), each with its key."""
    hooks = ((key, hook.function) for key, hook in module._forward_pre_hooks.items())
    return [
        (key, hook)
        for key, hook in hooks
        if isinstance(hook, BasePruningMethod) and name in (None, hook._tensor_name)
    ]


class BasePruningMethod(ABC):
    """How to choose what is pruned. A subclass defines ``compute_mask`` and ``PRUNING_TYPE``:
    "unstructured", "structured" or "global".
    """

    PRUNING_TYPE = "unstructured"
    _tensor_name: str

    def __call__(self, module, inputs):
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t, default_mask):
        """The mask for the importance scores ``t``, of their shape: ``default_mask`` with more zeros."""

    def apply_mask(self, module):
        """The product of the original parameter and the mask, of the shape of both."""
        name = self._tensor_name
        original = getattr(module, f"{name}_orig")
        return getattr(module, f"{name}_mask").to(original.dtype) * original

    @classmethod
    def apply(cls, module, name, *args, importance_scores=None, **kwargs):
        """Prune the parameter ``name`` of ``module``, after earlier pruning; returns the method in use.

        AssertionError unless ``importance_scores`` has the parameter's shape.
        """
        method, earlier = cls(*args, **kwargs), None
        method._tensor_name = name
        for key, hook in _methods(module, name):
            earlier = hook
            del module._forward_pre_hooks[key]
        pruned = getattr(module, name)  # without the elements that are masked already
        if importance_scores is not None and importance_scores.shape != pruned.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}: "
                f"{importance_scores.shape} vs {pruned.shape}"
            )
        if earlier is None:
            mask = ones_like(pruned.detach())
        else:
            container = earlier if isinstance(earlier, PruningContainer) else PruningContainer(earlier)
            container.add_pruning_method(method)
            method, mask = container, getattr(module, f"{name}_mask").to(pruned.dtype)
        scores = pruned if importance_scores is None else importance_scores
        # this may raise an error, so the module is changed after it
        mask = method.compute_mask(scores.detach(), default_mask=mask)
        if earlier is None:
            module.register_parameter(f"{name}_orig", pruned)
            del module._parameters[name]
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t, default_mask=None, importance_scores=None):
        """The pruned version of a tensor of any shape, by ``importance_scores`` (its own elements by
        default).
        """
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as tensor t: {scores.shape} vs {t.shape}"
            )
        return t * self.compute_mask(scores, ones_like(t) if default_mask is None else default_mask)

    def remove(self, module):
        """Make the pruned values an ordinary parameter again, without mask."""
        name = self._tensor_name
        weight = self.apply_mask(module)
        original = module._parameters.pop(f"{name}_orig")
        del module._buffers[f"{name}_mask"]
        delattr(module, name)
        original.data = weight.detach()
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several methods for one parameter; each prunes what those before it have left."""

    def __init__(self, *methods):
        self._pruning_methods: tuple = ()
        if methods:
            self._tensor_name = methods[0]._tensor_name
        for method in methods:
            self.add_pruning_method(method)

    def add_pruning_method(self, method):
        """Add a method. TypeError for anything else, ValueError if it prunes another parameter."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method._tensor_name != self._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}'. "
                f"Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self):
        return len(self._pruning_methods)

    def __iter__(self):
        return iter(self._pruning_methods)

    def __getitem__(self, index):
        return self._pruning_methods[index]

    def compute_mask(self, t, default_mask):
        method, mask = self._pruning_methods[-1], default_mask.clone()
        if method.PRUNING_TYPE == "unstructured":
            left = mask == 1
        elif method.PRUNING_TYPE == "structured":
            dim = method.dim % t.ndim
            alive = (mask.movedim(dim, 0).flatten(1) != 0).any(1) if t.ndim > 1 else mask != 0
            left = (*(slice(None),) * dim, alive)
        elif method.PRUNING_TYPE == "global":
            left = ...
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask[left] = method.compute_mask(t[left], default_mask=mask[left]).to(mask.dtype)
        return mask


def _count(amount, size):
    """The number of elements, of ``size``, that ``amount`` (an int, or a fraction in [0, 1]) means.

    ValueError or TypeError for another ``amount``.
    """
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if (isinstance(amount, numbers.Integral) and amount < 0) or (
        not isinstance(amount, numbers.Integral) and not 0 <= float(amount) <= 1
    ):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer"
        )
    count = amount if isinstance(amount, numbers.Integral) else round(amount * size)
    if count > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
    return count


class _Unstructured(BasePruningMethod):
    """Prunes the elements of least importance."""

    def __init__(self, amount):
        _count(amount, float("inf")) if isinstance(amount, numbers.Integral) else _count(amount, 1)
        self.amount = amount

    def _importance(self, t):
        raise NotImplementedError

    def compute_mask(self, t, default_mask):
        count, mask = _count(self.amount, t.numel()), default_mask.clone()
        if count:
            mask.view(-1)[topk(self._importance(t).reshape(-1), count, largest=False).indices] = 0
        return mask

    @classmethod
    def apply(cls, module, name, amount, importance_scores=None):
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class RandomUnstructured(_Unstructured):
    """``amount`` of the elements (an int, or a fraction in [0, 1]) at random."""

    def _importance(self, t):
        return rand(t.shape, device=t.device)

    @classmethod
    def apply(cls, module, name, amount):
        return super().apply(module, name, amount)


class L1Unstructured(_Unstructured):
    """``amount`` of the elements (an int, or a fraction in [0, 1]) with the smallest absolute values."""

    def _importance(self, t):
        return t.abs()


class _Structured(BasePruningMethod):
    """Prunes whole slices along ``dim``."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount, dim=-1):
        _count(amount, float("inf")) if isinstance(amount, numbers.Integral) else _count(amount, 1)
        self.amount, self.dim = amount, dim

    def _importance(self, t):
        raise NotImplementedError

    def compute_mask(self, t, default_mask):
        if t.ndim <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor of "
                f"shape {t.shape} with {t.ndim} dims"
            )
        if not -t.ndim <= self.dim < t.ndim:
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        size = t.shape[self.dim]
        count = _count(self.amount, size)
        if not count:
            return default_mask
        keep = zeros_like(t)
        keep.movedim(self.dim, 0)[topk(self._importance(t), size - count).indices] = 1
        return keep * default_mask.to(keep.dtype)


class RandomStructured(_Structured):
    """``amount`` of the slices along ``dim`` (an int, or a fraction in [0, 1]) at random."""

    def _importance(self, t):
        return rand(t.shape[self.dim], device=t.device)

    @classmethod
    def apply(cls, module, name, amount, dim=-1):
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Structured):
    """``amount`` of the slices along ``dim``, an int or a fraction, with the smallest ``n``-norms."""

    def __init__(self, amount, n, dim=-1):
        super().__init__(amount, dim)
        self.n = n

    def _importance(self, t):
        return norm(t.movedim(self.dim, 0).flatten(1), self.n, 1)

    @classmethod
    def apply(cls, module, name, amount, n, dim, importance_scores=None):
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class Identity(BasePruningMethod):
    """Prunes nothing: the mask is all ones."""

    def compute_mask(self, t, default_mask):
        return default_mask


class CustomFromMask(BasePruningMethod):
    """Prunes where ``mask``, of the tensor's shape, is 0."""

    PRUNING_TYPE = "global"

    def __init__(self, mask):
        self.mask = mask

    def compute_mask(self, t, default_mask):
        if default_mask.shape != self.mask.shape:
            raise AssertionError(f"the mask has shape {self.mask.shape}, the tensor {default_mask.shape}")
        return default_mask * self.mask.to(default_mask.dtype)

    @classmethod
    def apply(cls, module, name, mask):
        return super().apply(module, name, mask=mask)


# ---- functions that prune and return the module --------------------------------------------------


def identity(module, name):
    """A mask of ones for the parameter ``name``, of its shape."""
    Identity.apply(module, name)
    return module


def random_unstructured(module, name, amount):
    """Prune ``amount`` (an int, or a fraction in [0, 1]) of the elements at random; returns the module."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module, name, amount, importance_scores=None):
    """Prune ``amount`` (an int, or a fraction in [0, 1]) of the elements, those with the smallest absolute
    values; returns the module.
    """
    L1Unstructured.apply(module, name, amount, importance_scores)
    return module


def random_structured(module, name, amount, dim):
    """Prune ``amount`` (an int, or a fraction in [0, 1]) of the slices along ``dim`` at random; returns the
    module.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module, name, amount, n, dim, importance_scores=None):
    """Prune ``amount`` (an int, or a fraction in [0, 1]) of the slices along ``dim``, those with the smallest
    ``n``-norms; returns the module.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module, name, mask):
    """Prune where ``mask``, of the parameter's shape, is 0; returns the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters, pruning_method, importance_scores=None, **kwargs):
    """Prune the parameters, pairs (module, name), as one vector by the unstructured class ``pruning_method``.

    ``importance_scores``: {(module, name): tensor}, of the parameters' shapes. TypeError for other arguments.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    parameters = list(parameters)
    flat = parameters_to_vector(
        [scores.get((module, name), getattr(module, name)) for module, name in parameters]
    )
    masks = [
        getattr(module, f"{name}_mask", ones_like(getattr(module, name).detach()))
        for module, name in parameters
    ]
    container = PruningContainer()
    container._tensor_name = "temp"
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    container.add_pruning_method(method)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    final, start = container.compute_mask(flat.detach(), cat([m.reshape(-1) for m in masks])), 0
    for module, name in parameters:
        parameter = getattr(module, name)
        custom_from_mask(module, name, final[start : start + parameter.numel()].view_as(parameter))
        start += parameter.numel()


def remove(module, name):
    """Make the pruned values of ``name`` an ordinary parameter again; returns the module.

    ValueError if it is not pruned.
    """
    for key, hook in _methods(module, name):
        hook.remove(module)
        del module._forward_pre_hooks[key]
        return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module) -> bool:
    """Whether a parameter of the module or of one inside it is pruned."""
    return any(_methods(inner) for inner in module.modules())


__getattr__ = _lookup(__name__)
