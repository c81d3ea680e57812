"""Calling a module: hooks before and after ``forward`` and in the backward pass, and errors that name the
module which raised them.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

from ..core.arrays import xp
from ..core.graph import Variable, wrap
from ..core.primitive import primitive
from ..ops.argument_errors import no_tensor
from ..tensors.compilation import compile
from ..tensors.tensor import RemovableHandle, Tensor


class _Hook(NamedTuple):
    function: object
    with_kwargs: bool = False
    always_call: bool = False


def _add(module, attribute, hook, prepend):
    handle = RemovableHandle.add(module, attribute, hook)
    module._mytorch_hooked = True
    hooks = getattr(module, attribute)
    if prepend:
        for key in [key for key in hooks if key != handle.id]:
            hooks[key] = hooks.pop(key)
    return handle


class Everywhere:
    """The hooks of all modules. They run before the module's own."""

    _forward_pre_hooks: dict = {}
    _forward_hooks: dict = {}
    _backward_pre_hooks: dict = {}
    _backward_hooks: dict = {}


class HookedCall:
    """What ``module(x)`` does: pre-hooks, ``forward``, hooks. Without hooks it only calls ``forward``."""

    _mytorch_hooked = False  # whether a hook was ever registered; most modules have none

    def __call__(self, *args, **kwargs):
        try:
            if self._mytorch_hooked:
                return _call_with_hooks(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            name_place(self, error, args, kwargs)
            raise

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call ``hook(module, args)`` before forward; it may return new arguments.

        ``with_kwargs``: ``hook(module, args, kwargs)``. ``prepend``: before the hooks that are there. Returns
        a handle whose ``remove()`` removes the hook.
        """
        return _add(self, "_forward_pre_hooks", _Hook(hook, with_kwargs), prepend)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Call ``hook(module, args, output)`` after forward; it may return a new output.

        ``with_kwargs``: ``hook(module, args, kwargs, output)``. ``always_call``: also when forward raised an
        error, with None as ``output``. ``prepend``: before the hooks that are there. Returns a handle whose
        ``remove()`` removes the hook.
        """
        return _add(self, "_forward_hooks", _Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are computed; it
        may return new ones for the inputs.

        Both are tuples, with one entry per positional argument and per output. ``prepend``: before the hooks
        that are there. Returns a handle whose ``remove()`` removes the hook.
        """
        return _add(self, "_backward_hooks", hook, prepend)

    register_backward_hook = register_full_backward_hook

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call ``hook(module, grad_output)`` before the gradients of the module are computed; it may return
        new ``grad_output``. ``prepend``: before the hooks that are there.
        """
        return _add(self, "_backward_pre_hooks", hook, prepend)

    def compile(self, *args, **kwargs) -> None:
        """Nothing but to check ``args`` and ``kwargs``, as :func:`mytorch.compile`: there is no compiler."""
        compile(self, *args, **kwargs)


def _call_with_hooks(module, args, kwargs):
    result, done = None, set()
    hooks = [*Everywhere._forward_hooks.items(), *module._forward_hooks.items()]
    try:
        for hook in [*Everywhere._forward_pre_hooks.values(), *module._forward_pre_hooks.values()]:
            args, kwargs = _run_pre_hook(module, hook, args, kwargs)
        backward = None
        if (
            module._backward_hooks
            or module._backward_pre_hooks
            or Everywhere._backward_hooks
            or Everywhere._backward_pre_hooks
        ):
            backward = BackwardHooks(module)
            args = backward.watch_inputs(args)
        result = module.forward(*args, **kwargs)
        for key, hook in hooks:
            done.add(key)
            result = _run_hook(module, hook, args, kwargs, result)
        return result if backward is None else backward.watch_outputs(result)
    except Exception:
        for key, hook in hooks:
            if hook.always_call and key not in done:
                try:
                    result = _run_hook(module, hook, args, kwargs, result)
                except Exception as error:
                    warnings.warn(
                        "module forward hook with ``always_call=True`` raised an exception that was "
                        f"silenced as another error was raised in forward: {error}",
                        stacklevel=3,
                    )
        raise


class _HandleEverywhere(RemovableHandle):
    def remove(self):
        super().remove()
        # without hooks, modules are called directly again
        HookedCall._mytorch_hooked = any(
            hooks for name, hooks in vars(Everywhere).items() if name.endswith("_hooks")
        )


def _add_everywhere(attribute, hook):
    HookedCall._mytorch_hooked = True
    return _HandleEverywhere.add(Everywhere, attribute, hook)


def register_module_forward_pre_hook(hook):
    """Call ``hook(module, args)`` before the forward of every module; it may return new arguments. Returns a
    handle with ``remove()``.
    """
    return _add_everywhere("_forward_pre_hooks", _Hook(hook))


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """Call ``hook(module, args, output)`` after the forward of every module; it may return a new output.
    Returns a handle with ``remove()``.
    """
    return _add_everywhere("_forward_hooks", _Hook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook):
    """Call ``hook(module, grad_output)`` before the gradients of any module are computed.

    Returns a handle with ``remove()``.
    """
    return _add_everywhere("_backward_pre_hooks", hook)


def register_module_full_backward_hook(hook):
    """Call ``hook(module, grad_input, grad_output)`` when the gradients of any module are computed.

    Returns a handle with ``remove()``.
    """
    return _add_everywhere("_backward_hooks", hook)


register_module_backward_hook = register_module_full_backward_hook


def _run_pre_hook(module, hook, args, kwargs):
    if not hook.with_kwargs:
        new = hook.function(module, args)
        return (args if new is None else new if isinstance(new, tuple) else (new,)), kwargs
    new = hook.function(module, args, kwargs)
    if new is None:
        return args, kwargs
    if not isinstance(new, tuple) or len(new) != 2:
        raise RuntimeError(
            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {new}."
        )
    return new


def _run_hook(module, hook, args, kwargs, result):
    new = (
        hook.function(module, args, kwargs, result)
        if hook.with_kwargs
        else hook.function(module, args, result)
    )
    return result if new is None else new


# ---- the backward pass ---------------------------------------------------------------------------


@primitive(complex=True, joint=lambda g, on_gradient: on_gradient(g))
def boundary(*xs, on_gradient):
    """The identity. In the backward pass ``on_gradient`` gets the tuple of gradients and returns the tuple
    that is passed on.
    """
    return xs


def _through(tensors, on_gradient):
    """``tensors`` through a :func:`boundary`, with the same memory and version counters."""
    results = boundary(*tensors, on_gradient=on_gradient)
    for new, old in zip(results, tensors):
        new._counter = old._counter
    return results


class BackwardHooks:
    """One call of a module with backward hooks: collects the gradients of its inputs and outputs, and runs
    the hooks.
    """

    def __init__(self, module):
        self.module, self.grad_outputs = module, None
        self.hooks = [*Everywhere._backward_hooks.values(), *module._backward_hooks.values()]
        self.pre_hooks = [*Everywhere._backward_pre_hooks.values(), *module._backward_pre_hooks.values()]

    def watch_inputs(self, args):
        """The positional arguments, with a boundary around those that require a gradient."""
        self.inputs = _Ends(args)
        return self._watched(args, self.inputs, self._at_inputs)

    def watch_outputs(self, result):
        """The result, a tensor or a tuple, with a boundary around its tensors."""
        single = isinstance(result, Tensor)
        if not single and not isinstance(result, tuple):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                f"received {type(result)}",
                stacklevel=5,
            )
            return result
        outputs = (result,) if single else result
        self.outputs = _Ends(outputs)
        outputs = self._watched(outputs, self.outputs, self._at_outputs)
        return outputs[0] if single else outputs

    @staticmethod
    def _watched(values, ends, on_gradient):
        if not ends.places:
            return values
        values = list(values)
        for i, new in zip(ends.places, _through([values[i] for i in ends.places], on_gradient)):
            values[i] = new
        return tuple(values)

    def _at_outputs(self, gradients):
        given = self.outputs.filled(gradients)
        for hook in self.pre_hooks:
            given = _replaced(given, hook(self.module, given), "grad_output")
        self.grad_outputs = given
        if not self.inputs.places:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs "
                "since no inputs require gradients. See "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.register_full_backward_hook for more details.",
                stacklevel=5,
            )
            nothing = (None,) * len(self.inputs.arrays)
            for hook in self.hooks:
                if hook(self.module, nothing, given) not in (None, nothing):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always return "
                        "None or None for all gradients."
                    )
        return _like(gradients, [given[i] for i in self.outputs.places])

    def _at_inputs(self, gradients):
        found = self.inputs.filled(gradients)
        for hook in self.hooks if self.grad_outputs is not None else ():
            found = _replaced(found, hook(self.module, found, self.grad_outputs), "grad_input")
        self.grad_outputs = None
        return _like(gradients, [found[i] for i in self.inputs.places])


class _Ends:
    """The arguments or results of a call: which are tensors, and which of these require a gradient."""

    def __init__(self, values):
        self.arrays = [v.array if isinstance(v, Tensor) else None for v in values]
        self.places = [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad]

    def filled(self, gradients):
        """A tuple with the ``gradients`` in their places, zeros for the other tensors, None for the rest."""
        result = [None if a is None else wrap(xp(a).zeros_like(a)) for a in self.arrays]
        for i, g in zip(self.places, gradients):
            result[i] = g if isinstance(g, Variable) else wrap(g)
        return tuple(result)


def _like(gradients, results):
    """``results`` as arrays if ``gradients``, those of the backward pass, are arrays."""
    if isinstance(gradients[0], Variable):
        return tuple(results)
    return tuple(r if r is None else r.array for r in results)


def _replaced(old, new, what):
    if new is None:
        return old
    new = new if isinstance(new, tuple) else (new,)
    if len(new) != len(old):
        raise RuntimeError(
            f"Backward hook returned an invalid number of {what}, got {len(new)}, but expected {len(old)}"
        )
    return new


# ---- errors that name the module -----------------------------------------------------------------

# exactly these classes: a user's own error is not changed
_PLAIN_ERRORS = (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, AssertionError)


def name_place(module, error, args=(), kwargs=None):
    """Prepend the path of the innermost module to the message of ``error``: ``in net.2 Linear(5 -> 2): …``.

    Each module that the error passes through, here ``module``, adds its part of the path. Where an argument
    is no tensor, what it lacks becomes a TypeError that says so.
    """
    if type(error) is AttributeError:
        better = no_tensor(module.forward, args, kwargs or {}, error, type(module).__name__)
        if better is not error:
            name_place(module, better)
            raise better from error
    if type(error) not in _PLAIN_ERRORS or len(error.args) != 1 or not isinstance(error.args[0], str):
        return
    innermost, last, path, text = getattr(error, "place", (module, module, "", error.args[0]))
    name = next((name for name, child in module.named_modules() if child is last), "")
    path = ".".join(part for part in (name, path) if part)
    error.place = (innermost, module, path, text)
    error.args = (f"in {path + ' ' if path else ''}{innermost._mytorch_describe()}: {text}",)
