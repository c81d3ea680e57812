"""Module: the base class of all layers and models. Calling it is in ``hooks.py``, saving and loading in
``state.py``.
"""

from __future__ import annotations

from typing import NamedTuple

from ..core.dtypes import as_dtype
from ..core.grad_mode import no_grad
from ..core.graph import Variable
from ..tensors.creation import empty_like
from ..tensors.tensor import Tensor
from .hooks import HookedCall
from .parameter import Buffer, Parameter
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


class _Registered:
    """Finds a parameter or buffer of a common name at once: ``__getattr__``, which finds all others, is
    called only after a search that failed.
    """

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, module, owner=None):
        try:
            parameters = module._parameters
            return parameters[self.name] if self.name in parameters else module._buffers[self.name]
        except (AttributeError, KeyError):
            raise AttributeError(self.name) from None


class Module(HookedCall, State):
    """The base class of layers and models.

    Assign parameters and other modules to attributes in ``__init__`` (after ``super().__init__()``) and
    define ``forward``; then ``model(x)`` runs it, and ``parameters()``, ``state_dict()``, ``to()``,
    ``train()`` reach everything inside.
    """

    training: bool
    weight, bias = _Registered(), _Registered()

    def __init__(self, *args, **kwargs):
        if kwargs:
            raise TypeError(
                f"{type(self).__name__}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
            )
        if args:
            raise TypeError(
                f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )
        own = self.__dict__  # past __setattr__, which reads what is made here
        own["training"] = True
        own["_parameters"], own["_buffers"], own["_modules"], own["_non_persistent_buffers_set"] = (
            {},
            {},
            {},
            set(),
        )
        for name in _HOOKS:
            own[name] = {}

    def forward(self, *inputs):
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    # ---- attributes ------------------------------------------------------------------------------

    def __getattr__(self, name):  # only for names that are not found otherwise
        own = self.__dict__
        for kind in ("_parameters", "_buffers", "_modules"):
            if kind in own and name in own[kind]:
                return own[kind][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name, value):
        own = self.__dict__
        for kind in _KINDS:
            registered = own.get(kind.attribute)
            if isinstance(value, kind.cls):
                if registered is None:
                    raise AttributeError(f"cannot assign {kind.many} before Module.__init__() call")
            elif registered is None or name not in registered:
                continue
            elif value is not None and not isinstance(value, kind.replaced_by):
                raise TypeError(
                    f"cannot assign '{typename(value)}' as {kind.name} '{name}' ({kind.expected} or "
                    "None expected)"
                )
            if name not in registered:
                self.__forget(name)
            kind.register(self, name, value)
            return
        object.__setattr__(self, name, value)

    def __forget(self, name):
        """Drop ``name`` wherever it is, before it becomes something of another kind."""
        for place in (self.__dict__, self._parameters, self._buffers, self._modules):
            place.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name):
        for registered in (self._parameters, self._buffers, self._modules):
            if name in registered:
                del registered[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self):
        names = {name for name in super().__dir__() if not isinstance(vars(Module).get(name), _Registered)}
        names |= {*self.__dict__, *self._parameters, *self._modules, *self._buffers}
        return sorted(name for name in names if not name[0].isdigit())

    def __check_name(self, kind, name, registered):
        if registered is None:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if hasattr(self, name) and name not in registered:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def register_parameter(self, name, param):
        """Add a Parameter (or None, to keep the name free for one) under ``name``.

        KeyError for a bad name, TypeError for another type.
        """
        self.__check_name("parameter", name, self.__dict__.get("_parameters"))
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' (torch.nn.Parameter "
                "or None required)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a "
                "function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name, tensor, persistent=True):
        """Add a tensor that is moved with the module but not trained; ``persistent=False`` leaves it out of
        the state_dict.
        """
        self.__check_name("buffer", name, self.__dict__.get("_buffers"))
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch Tensor or None "
                "required)"
            )
        self._buffers[name] = tensor
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(
            name
        )

    def add_module(self, name, module):
        """Add a child module (or None) under ``name``."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self.__check_name("module", name, self.__dict__.get("_modules"))
        self._modules[name] = module

    def register_module(self, name, module):
        """The same as :meth:`add_module`."""
        self.add_module(name, module)

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
        """(full name, module) of itself and all modules inside, each once (unless
        ``remove_duplicate=False``).
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
        seen = set()
        for path, module in (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse
            else [(prefix, self)]
        ):
            for name, member in get_members_fn(module):
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield f"{path}.{name}" if path else name, member

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """(full name, parameter) of all parameters inside, each once."""
        yield from self._named_members(lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """All parameters inside, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """(full name, buffer) of all buffers inside, each once."""
        yield from self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """All buffers inside, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def apply(self, fn):
        """Call ``fn`` on every module inside, children first, then on itself; returns itself."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode=True):
        """Training mode (dropout drops, batch norm uses the batch) for itself and all inside; returns
        itself."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self):
        """Evaluation mode: ``train(False)``. It does not turn gradients off."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Whether the parameters collect gradients; returns itself."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Drop the gradients of all parameters, or fill them with zeros."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else parameter.grad.detach() * 0

    # ---- dtype and device ------------------------------------------------------------------------

    def _apply(self, fn, recurse=True):
        """Replace every parameter and buffer by ``fn`` of it.

        Parameters stay the same objects, so that optimizers keep working.
        """
        for child in self.children() if recurse else ():
            child._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    grad = parameter.grad
                    parameter.grad = None
                    parameter.data = fn(parameter.detach())
                    parameter.grad = None if grad is None else fn(grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args, dtype=None, device=None, non_blocking=False, memory_format=None):
        """Move to a device and/or cast floating-point parameters and buffers, in place: ``to(device)``,
        ``to(dtype)``, ``to(tensor)``.

        Returns itself. TypeError for a dtype that is not floating point or complex.
        """
        for value in args:
            if isinstance(value, Variable):
                dtype, device = value.dtype, value.device
            elif (isinstance(value, (str, int)) and not isinstance(value, bool)) or (
                hasattr(value, "index") and hasattr(value, "type")
            ):
                device = value
            elif value is not None and not isinstance(value, bool):
                dtype = value
        if dtype is not None:
            dtype = as_dtype(dtype)
            if not (dtype.is_floating_point or dtype.is_complex):
                raise TypeError(
                    "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                    f"dtype={dtype}"
                )
        return self._apply(lambda t: t.to(device=device, dtype=dtype if t.is_floating_point() else None))

    def cpu(self):
        """Move everything to host memory; returns itself."""
        return self.to("cpu")

    def cuda(self, device=None):
        """Move everything to a GPU, the current one by default; returns itself."""
        return self.to("cuda" if device is None else device)

    def type(self, dst_type):
        """Cast all parameters and buffers, integers too; returns itself."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self):
        """Floating-point parameters and buffers in float32; returns itself."""
        return self.to(dtype="float32")

    def double(self):
        """Floating-point parameters and buffers in float64; returns itself."""
        return self.to(dtype="float64")

    def half(self):
        """Floating-point parameters and buffers in float16; returns itself."""
        return self.to(dtype="float16")

    def bfloat16(self):
        """Floating-point parameters and buffers in bfloat16; returns itself."""
        return self.to(dtype="bfloat16")

    def to_empty(self, *, device, recurse=True):
        """Move to ``device`` without the values, which are left as memory holds them; returns itself."""
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def share_memory(self):
        """As :meth:`Tensor.share_memory_`, of everything."""
        return self._apply(lambda t: t.share_memory_())

    # ---- text ------------------------------------------------------------------------------------

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self):
        """The settings that stand in the brackets of ``repr``."""
        return ""

    def __repr__(self):
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(child))}" for name, child in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"

    def _mytorch_describe(self):
        """A short name for messages: the settings of a layer, the class of what has children."""
        return self._get_name() if self._modules else f"{self._get_name()}({self.extra_repr()})"


def indented(text):
    """``text`` with all lines but the first (and blank ones) two spaces further in."""
    first, *rest = text.split("\n")
    return "\n".join([first, *("  " + line if line.strip() else "" for line in rest)])


def typename(value):
    """How messages name the type of ``value``."""
    if isinstance(value, Tensor):
        return value.type()
    module = type(value).__module__
    return type(value).__qualname__ if module == "builtins" else f"{module}.{type(value).__qualname__}"


# ---- where assigned values go --------------------------------------------------------------------


def _assign_buffer(module, name, value):
    persistent = (
        value.persistent if isinstance(value, Buffer) else name not in module._non_persistent_buffers_set
    )
    module.register_buffer(name, value, persistent)


class _Kind(NamedTuple):
    """Attributes of one kind: where they are kept, which class goes there by itself, which may replace one
    that is there.
    """

    attribute: str
    cls: type
    replaced_by: type
    register: object
    name: str
    many: str
    expected: str


_KINDS = (
    _Kind(
        "_parameters",
        Parameter,
        Parameter,
        Module.register_parameter,
        "parameter",
        "parameters",
        "torch.nn.Parameter",
    ),
    _Kind("_modules", Module, Module, Module.add_module, "child module", "module", "torch.nn.Module"),
    _Kind("_buffers", Buffer, Tensor, _assign_buffer, "buffer", "buffer", "torch.nn.Buffer, torch.Tensor"),
)
