"""``torch.library``: packages register operations of their own, which ``torch.ops`` then calls."""

from __future__ import annotations

from .ops import find

__all__ = ["CustomOpDef", "Library", "custom_op", "define", "impl", "register_autograd", "register_fake"]


def _name(op):
    return op if isinstance(op, str) else op.name


class Library:
    """Declares and implements operations of a namespace; only those for CPU and GPU are kept."""

    def __init__(self, ns, kind, dispatch_key=""):
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key

    def define(self, schema, alias_analysis="", *, tags=()):
        """Declare the operation of a schema like ``"scale(Tensor x, float s) -> Tensor"``."""
        name = schema.partition("(")[0].strip()
        find(f"{self.ns}::{name}")
        return name

    def impl(self, op_name, fn, dispatch_key="", *, with_keyset=False, allow_override=False):
        """``fn`` is what the operation does, unless ``dispatch_key`` is for something that is not here."""
        key = dispatch_key or self.dispatch_key
        name = _name(op_name)
        if key in ("", "CPU", "CUDA", "CompositeImplicitAutograd", "CompositeExplicitAutograd"):
            find(name if "::" in name else f"{self.ns}::{name}").function = fn


def define(qualname, schema, *, lib=None, tags=()):
    """Declare the operation ``"namespace::name"``."""
    find(qualname)


def impl(qualname, types, func=None, *, lib=None):
    """``func`` is what the operation does on the devices ``types``; without it, a decorator."""

    def keep(function):
        if {types} if isinstance(types, str) else {*types} & {"default", "cpu", "cuda", "CPU", "CUDA"}:
            find(_name(qualname)).function = function
        return function

    return keep if func is None else keep(func)


def register_fake(op, func=None, /, *, lib=None, _stacklevel=1, allow_override=False):
    """``func`` unused: it would say which shapes come out, for tensors without data."""
    return (lambda function: function) if func is None else func


impl_abstract = register_fake


def register_autograd(op, backward, /, *, setup_context=None, lib=None):
    """``backward(ctx, *grads)`` gives the gradients of the operation's arguments."""
    find(_name(op)).set_gradient(backward, setup_context)


def register_kernel(op, device_types, func=None, /, *, lib=None):
    """``func`` is what the operation does on ``device_types``."""
    return impl(op, "default" if device_types is None else device_types, func)


class CustomOpDef:
    """An operation with an implementation and perhaps a gradient, which is called like a function."""

    def __init__(self, name, function):
        self._op = find(name)
        self._op.function, self._name, self.__doc__ = function, name, function.__doc__

    def __call__(self, *args, **kwargs):
        return self._op(*args, **kwargs)

    def register_autograd(self, backward, /, *, setup_context=None):
        """``backward(ctx, *grads)`` gives the gradients of the arguments."""
        self._op.set_gradient(backward, setup_context)

    def register_fake(self, fn, /):
        """``fn`` unused, as in :func:`register_fake`."""
        return fn

    def register_kernel(self, device_types, fn=None, /):
        """``fn`` is what it does on ``device_types``."""
        return register_kernel(self._name, device_types, fn)


def custom_op(name, fn=None, /, *, mutates_args=(), device_types=None, schema=None, tags=None):
    """A decorator: the function becomes the operation ``"namespace::name"``."""
    return (lambda function: CustomOpDef(name, function)) if fn is None else CustomOpDef(name, fn)
