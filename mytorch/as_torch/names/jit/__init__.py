"""What TorchScript's compiler would be told."""

import builtins
import contextlib

from ....jit import ScriptModule, script
from ...refused import functions
from ..futures import Future

__all__ = """
    Attribute Future ONNXTracedModule RecursiveScriptModule TracedModule TracerWarning _get_trace_graph
    _isinstance _overload
    _overload_method _script_if_tracing _unwrap_optional fork freeze isinstance optimize_for_inference
    optimized_execution wait
""".split()

globals().update(functions("torch.jit", "_get_trace_graph", "nothing is traced"))
_overload = _overload_method = _script_if_tracing = script
isinstance = _isinstance = builtins.isinstance


class TracerWarning(Warning):
    """What tracing would warn of."""


class RecursiveScriptModule(ScriptModule):
    """The class of compiled modules, of which there are none."""


TracedModule = ONNXTracedModule = RecursiveScriptModule


def Attribute(value, type):
    """``value`` itself; the type would be for a compiler."""
    return value


def freeze(mod, *args, **kwargs):
    """``mod`` itself: nothing is compiled."""
    return mod


optimize_for_inference = freeze


def optimized_execution(should_optimize):
    """A context manager that changes nothing."""
    return contextlib.nullcontext()


def fork(func, *args, **kwargs):
    """The :class:`Future` of ``func(*args, **kwargs)``, which runs at once."""
    done = Future()
    done.set_result(func(*args, **kwargs))
    return done


def wait(future):
    """The value that :func:`fork` computed."""
    return future.wait()


def _unwrap_optional(x):
    """``x``, which must not be None."""
    assert x is not None, "Unwrapping null optional"
    return x
