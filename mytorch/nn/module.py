"""Module: the base class of all layers and models.

Beside it stand ``registration.py`` (what assigning an attribute does), ``hooks.py`` (calling a module),
``state.py`` (saving and loading) and ``moving.py`` (device and dtype).
"""

from __future__ import annotations

import functools
from types import FunctionType

from .hooks import HookedCall
from .moving import Moving
from .parameter import Parameter
from .registration import Registration
from .state import State

_HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


class Module(HookedCall, Registration, Moving, State):
    """The base class of layers and models.

    Assign parameters and other modules to attributes in ``__init__`` (after ``super().__init__()``) and
    define ``forward``; then ``model(x)`` runs it, and ``parameters()``, ``state_dict()``, ``to()``,
    ``train()`` reach everything inside.

    Args:
        args: none; anything is refused
        kwargs: none; anything is refused

    Example:
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = nn.Linear(4, 8)
        ...         self.out = nn.Linear(8, 2)
        ...     def forward(self, x):
        ...         return self.out(self.hidden(x).relu())
        >>> model = Net()
        >>> model(mytorch.ones(3, 4)).shape
        mytorch.Size([3, 2])
        >>> sum(p.numel() for p in model.parameters())
        58
    """

    training: bool

    def __init_subclass__(cls, **kwargs):
        """Errors of a constructor that is written in a private class of ours name the class that is made."""
        super().__init_subclass__(**kwargs)
        init = cls.__init__
        inherited = "__init__" not in vars(cls) and isinstance(init, FunctionType)
        if inherited and init.__qualname__.startswith("_") and init.__module__.startswith(__package__):
            own = FunctionType(init.__code__, init.__globals__, None, init.__defaults__, init.__closure__)
            cls.__init__ = functools.update_wrapper(own, init, updated=())
            own.__kwdefaults__, own.__qualname__ = init.__kwdefaults__, f"{cls.__qualname__}.__init__"

    def __init__(self, *args, **kwargs):
        if kwargs:
            name = next(iter(kwargs))
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument '{name}'")
        if args:
            raise TypeError(
                f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )
        own = self.__dict__  # not by assignment: __setattr__ needs these dicts
        own["training"] = True
        own["_parameters"], own["_buffers"], own["_modules"] = {}, {}, {}
        own["_non_persistent_buffers_set"] = set()
        for name in _HOOKS:
            own[name] = {}

    def forward(self, *inputs):
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    # ---- what is inside, by its path -----------------------------------------------------------------

    def get_submodule(self, target):
        """The module at the dotted path ``target``; itself for "". AttributeError if there is none."""
        module = self
        for part in target.split(".") if target else ():
            if not hasattr(module, part):
                raise AttributeError(f"{module._get_name()} has no attribute `{part}`")
            module = getattr(module, part)
            if not isinstance(module, Module):
                raise AttributeError(f"`{part}` is not an nn.Module")
        return module

    def set_submodule(self, target, module, strict=False):
        """Put ``module`` at the dotted path ``target``. strict: AttributeError if nothing is there yet."""
        if not target:
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        parent, _, name = target.rpartition(".")
        owner = self.get_submodule(parent)
        if strict and not hasattr(owner, name):
            raise AttributeError(f"{owner._get_name()} has no attribute `{name}`")
        setattr(owner, name, module)

    def get_parameter(self, target):
        """The parameter at the dotted path ``target``. AttributeError if there is none."""
        _, name, found = self.__get_attribute(target)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target):
        """The buffer (a tensor or None) at the dotted path ``target``. AttributeError if there is none."""
        module, name, found = self.__get_attribute(target)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return found

    def __get_attribute(self, target):
        """(the module that holds the dotted path ``target``, the last name, its value)."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return module, name, getattr(module, name)

    # ---- everything inside -----------------------------------------------------------------------

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """(full name, module) of itself and all modules inside; with ``remove_duplicate`` each once.

        ``prefix`` stands in front of each name; ``memo`` is a set of modules to leave out.
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate=True):
        """Itself and all modules inside, each once (unless ``remove_duplicate=False``)."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self):
        """(name, module) of the direct children, each once."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self):
        """The direct children, each once."""
        for _, child in self.named_children():
            yield child

    def _named_members(self, get_members_fn, prefix="", recurse=True, remove_duplicate=True):
        if recurse:
            modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        else:
            modules = [(prefix, self)]
        seen = set()
        for path, module in modules:
            for name, member in get_members_fn(module):
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield f"{path}.{name}" if path else name, member

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """(full name, parameter) of all parameters inside; with ``remove_duplicate`` each once.

        ``prefix`` stands in front of each name; ``recurse=False`` leaves out those of modules inside.
        """
        yield from self._named_members(lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """All parameters inside, each once; ``recurse=False`` leaves out those of modules inside."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """(full name, buffer) of all buffers inside; with ``remove_duplicate`` each once.

        ``prefix`` stands in front of each name; ``recurse=False`` leaves out those of modules inside.
        """
        yield from self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """All buffers inside, each once; ``recurse=False`` leaves out those of modules inside."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def apply(self, fn):
        """Call ``fn`` on every module inside, children first, then on itself; returns itself."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode=True):
        """Set training mode, in which dropout drops and batch norm uses the batch, here and in all modules
        inside; returns itself.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self):
        """Set evaluation mode: ``train(False)``. Gradients are still recorded. Returns itself."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Compute gradients for the parameters, or with ``requires_grad=False`` do not; returns itself."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Drop the gradients of all parameters, or unless ``set_to_none`` fill them with zeros."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else parameter.grad.detach() * 0

    # ---- text ------------------------------------------------------------------------------------

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self):
        """The settings that ``repr`` shows in brackets."""
        return ""

    def __repr__(self):
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(child))}" for name, child in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"

    def _mytorch_describe(self):
        """A short name for messages: the class, with the settings unless it has children."""
        return self._get_name() if self._modules else f"{self._get_name()}({self.extra_repr()})"


def indented(text):
    """``text`` with two spaces before all lines but the first and blank ones."""
    first, *rest = text.split("\n")
    return "\n".join([first, *("  " + line if line.strip() else "" for line in rest)])
