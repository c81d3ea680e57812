"""``autocast``: products in 16 bits, losses and what needs the range in float32, as torch's lists say.

While a context is entered anywhere, the listed functions cast their tensors first (``ops/interpose.py``);
at other times nothing is asked. The mode is local to a thread and to an asyncio task.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from importlib import import_module
from types import MappingProxyType
from typing import NamedTuple

from ..core.arrays import cuda_is_available, device_of
from ..core.dtypes import as_dtype
from ..core.grad_mode import is_grad_enabled
from ..core.graph import Leaf, Variable
from ..core.sums import FLOAT32
from ..ops.cast import to_dtype
from ..ops.interpose import While, resumed
from ..ops.layers.recurrent import recurrent
from .policies import CPU, GPU

LISTS = {"cpu": CPU, "cuda": GPU}
DEFAULTS = {"cpu": "bfloat16", "cuda": "float16"}


class Mode(NamedTuple):
    """What holds in a context, for one type of device."""

    enabled: bool
    dtype: str
    # id of a weight -> (the weight, its version, the cast), which serves all its uses; None without a cache
    casts: dict | None


_modes: ContextVar = ContextVar("autocast", default=MappingProxyType({}))  # type of device -> Mode
_inside: ContextVar = ContextVar("autocast_inside", default=False)  # a listed function runs as it is written


class autocast:
    """A context manager and decorator in which listed functions run in a lower precision (or float32).

    device_type: "cpu" or "cuda", where the tensors are.
    dtype: bfloat16 or float16; by default that of the context around, else bfloat16 on a CPU and float16 on a
        GPU.
    enabled: False switches it off within another context.
    cache_enabled: a float32 parameter is cast once and not once per use, until the outermost context ends.

    As in torch, "cuda" without a GPU and other dtypes warn and disable it. Source: Micikevicius et al., Mixed
    Precision Training, 2017 (https://arxiv.org/abs/1710.03740).
    """

    def __init__(self, device_type, dtype=None, enabled=True, cache_enabled=None):
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = checked_device(device_type)
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else as_dtype(dtype)
        if enabled and device_type == "cuda" and not cuda_is_available():
            warnings.warn(
                "User provided device_type of 'cuda', but CUDA is not available. Disabling", stacklevel=2
            )
            enabled = False
        if enabled and str(self.fast_dtype.numpy) not in ("bfloat16", "float16"):
            name = device_type.upper()
            warnings.warn(
                f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"{name} Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
                stacklevel=2,
            )
            enabled = False
        cached = is_autocast_cache_enabled() if cache_enabled is None else cache_enabled
        self._enabled, self._cached, self._entered = enabled, cached, []

    def __enter__(self):
        modes = _modes.get()
        around = modes.get(self.device)
        casts = around.casts if around and around.casts is not None else {}
        mode = Mode(self._enabled, str(self.fast_dtype.numpy), casts if self._cached else None)
        leave = ExitStack()
        leave.callback(_modes.reset, _modes.set({**modes, self.device: mode}))
        if self._enabled:
            leave.enter_context(_listed)
        self._entered.append(leave)
        return self

    def __exit__(self, *exc_info):
        self._entered.pop().close()

    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with autocast(self.device, self.fast_dtype, self._enabled, self._cached):
                return function(*args, **kwargs)

        return wrapped


# ---- the listed functions ------------------------------------------------------------------------


@functools.cache
def _arounds():
    """{function: what is done around it}."""
    policies: dict = {recurrent: {"cpu": "recurrent", "cuda": "low"}}
    for device, lists in LISTS.items():
        for policy, names in lists.items():
            for name in names.split():
                policies.setdefault(_named(name), {})[device] = policy
    arounds = {function: _around(by_device) for function, by_device in policies.items()}
    return {**arounds, _named("nn.RNNBase").forward: _around_recurrent_layer}


_listed = While(_arounds)  # the functions of the lists take part as long as any context is entered


def _resumed():
    """The contexts that are entered now, for later; each time with casts of its own."""
    modes = _modes.get()

    @contextmanager
    def again():
        fresh = {
            device: mode if mode.casts is None else mode._replace(casts={}) for device, mode in modes.items()
        }
        token = _modes.set(fresh)
        try:
            with _listed if any(mode.enabled for mode in modes.values()) else nullcontext():
                yield
        finally:
            _modes.reset(token)

    return again


resumed.append(_resumed)


def _named(name):
    """The function whose public name is ``name``, such as "nn.functional.linear", as layers call it."""
    module, _, function = f"{__package__.partition('.')[0]}.{name}".rpartition(".")
    found = getattr(import_module(module), function)
    return inspect.unwrap(found, stop=lambda f: hasattr(f, "takes_out"))  # not into composites


def _around_recurrent_layer(inner, args, kwargs):
    """A layer takes an input in 16 bits beside its weights in float32, and answers in its dtype."""
    layer, *given = args
    tensors, weight = _tensors([*given, *kwargs.values()]), next(layer.parameters(), None)
    mode = _modes.get().get(device_of(tensors[0].array).type) if tensors else None
    if mode is None or not mode.enabled or weight is None or tensors[0].dtype == weight.dtype:
        return inner(*args, **kwargs)
    given, kwargs = _cast(given, FLOAT32, None), {name: _cast(v, FLOAT32, None) for name, v in kwargs.items()}
    output, state = inner(layer, *given, **kwargs)
    return _cast((output, state), mode.dtype, None)


def _around(policies):
    def around(inner, args, kwargs):
        if _inside.get() or not (modes := _modes.get()):
            return inner(*args, **kwargs)
        tensors = _tensors([*args, *kwargs.values()])
        device = device_of(tensors[0].array).type if tensors else None
        mode, policy = modes.get(device), policies.get(device)
        if mode is None or not mode.enabled or policy is None:
            return inner(*args, **kwargs)
        kind = None if "out" in kwargs else POLICIES[policy](mode, tensors, args, kwargs)
        entered = _inside.set(True)
        try:
            if kind is not None:
                args = [_cast(value, kind, mode.casts) for value in args]
                kwargs = {name: _cast(value, kind, mode.casts) for name, value in kwargs.items()}
            return inner(*args, **kwargs)
        finally:
            _inside.reset(entered)

    return around


def _tensors(values):
    """The tensors among ``values``, and in lists among them."""
    found = []
    for value in values:
        if isinstance(value, Variable):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += [v for v in value if isinstance(v, Variable)]
    return found


def is_eligible(x):
    """Whether ``x`` is a tensor that is cast: float32 or 16 bits."""
    return isinstance(x, Variable) and x.array.dtype.kind in "fV" and x.array.dtype.itemsize <= 4


def _cast(value, kind, casts):
    """``value`` in the dtype ``kind``, if it is an eligible tensor or a list of them."""
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(v, kind, casts) for v in value) if type(value) in (list, tuple) else value
    if not is_eligible(value) or value.array.dtype == kind:
        return value
    if casts is None or type(value._node) is not Leaf or value.array.dtype != FLOAT32 or kind == FLOAT32:
        return to_dtype(value, kind)
    key, version = (id(value), str(kind), is_grad_enabled()), value._counter[0]
    if key not in casts or casts[key][1] != version:
        casts[key] = value, version, to_dtype(value, kind)
    return casts[key][2]


def _widest(mode, tensors, args, kwargs):
    """float32 if one of the tensors has it, else the low precision."""
    kinds = {str(x.array.dtype) for x in tensors if is_eligible(x)}
    return "float32" if "float32" in kinds or len(kinds) > 1 else None


def _edges(mode, tensors, args, kwargs):
    """float32 for padding that repeats or reflects the edges."""
    how = kwargs.get("mode", args[2] if len(args) > 2 else "constant")
    return "float32" if how in ("reflect", "replicate") else None


def _refused(mode, tensors, args, kwargs):
    raise RuntimeError(
        "torch.nn.functional.binary_cross_entropy and torch.nn.BCELoss are unsafe to autocast.\n"
        "Many models use a sigmoid layer right before the binary cross entropy layer.\n"
        "In this case, combine the two layers using torch.nn.functional.binary_cross_entropy_with_logits\n"
        "or torch.nn.BCEWithLogitsLoss.  binary_cross_entropy_with_logits and BCEWithLogits are\n"
        "safe to autocast."
    )


POLICIES = {  # the dtype to cast to, None for none
    "low": lambda mode, tensors, args, kwargs: mode.dtype,
    "float32": lambda mode, tensors, args, kwargs: "float32",
    "edges in float32": _edges,
    "widest": _widest,
    "as given": lambda mode, tensors, args, kwargs: None,
    "recurrent": lambda mode, tensors, args, kwargs: None if kwargs.get("cell") == "GRU" else mode.dtype,
    "refused": _refused,
}


# ---- queries -------------------------------------------------------------------------------------

OTHER_DEVICES = (
    "ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia".split()
)


def checked_device(device_type):
    """``device_type`` if it can be one. RuntimeError for a word that names no device; there are no tensors on
    others than cpu and cuda, and so nothing to cast.
    """
    if device_type not in LISTS and device_type not in OTHER_DEVICES:
        raise RuntimeError(f"User specified an unsupported autocast device_type {device_type!r}: cpu or cuda")
    return device_type


def is_autocast_enabled(device_type="cuda") -> bool:
    """Whether autocast is on here for tensors on ``device_type``."""
    mode = _modes.get().get(checked_device(device_type))
    return mode is not None and mode.enabled


def get_autocast_dtype(device_type):
    """The low precision of the context, or the one that a context would have by default."""
    mode = _modes.get().get(checked_device(device_type))
    return as_dtype(DEFAULTS.get(device_type, "float16") if mode is None else mode.dtype)


def is_autocast_available(device_type) -> bool:
    """Whether ``device_type`` has lists of functions to cast: "cpu" and "cuda"."""
    return checked_device(device_type) in LISTS


def is_autocast_cache_enabled() -> bool:
    """Whether casts of parameters are kept until the outermost context ends."""
    return all(mode.casts is not None for mode in _modes.get().values())


def clear_autocast_cache() -> None:
    """Forget the casts of parameters."""
    for mode in _modes.get().values():
        if mode.casts is not None:
            mode.casts.clear()
