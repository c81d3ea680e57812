"""What a call that fails still gives: keywords may have other names in PyTorch, and arguments that are no
tensors may have ``__torch_function__``.
"""

from __future__ import annotations

import sys

from ..core.compiled_call import MISSING
from ..core.errors import explain
from ..ops.argument_errors import no_tensor
from ..ops.interpose import HIDDEN
from .creation import tensor
from .dispatching import ROOT, look
from .keywords import respelled
from .tensor import Tensor
from .torch_function import among, asked, dispatch

# operations that also take two numbers, and give a tensor
_OF_NUMBERS = {"add", "sub", "mul", "true_divide", "floor_divide", "trunc_divide"}
# where the parts of one call are
_PARTS = ("<call of", HIDDEN, f"{ROOT}.core.compiled_call", f"{ROOT}.core.primitive", f"{ROOT}.ops.interpose")
# functions there return what the operation returns that they call
_PASSING_ON = f"{ROOT}.nn.functional", f"{ROOT}.tensors.operators"


def answer_instead(called, args, kwargs, error):
    """What an argument that is no tensor, but has ``__torch_function__``, says of a call that failed with
    ``error``: of the call by the user, which may be of a function around. Else the error is raised.
    """
    function = getattr(called, "function", called)
    if function.__name__ in _OF_NUMBERS and args and all(isinstance(a, (int, float, complex)) for a in args):
        return called(tensor(args[0]), *args[1:], **kwargs)
    if kwargs and isinstance(error, TypeError) and (again := respelled(function, kwargs)) is not None:
        return function(*args, **again)
    if function is not called:  # an operation
        try:
            explain(called, args, kwargs, error)
        except Exception as explained:
            error, known = explained, called.signature.when_left_out
            kwargs = {name: v for name, v in kwargs.items() if v is not known.get(name, MISSING)}
    elif isinstance(error, AttributeError):
        error = no_tensor(called, args, kwargs, error, called.__qualname__.rpartition(".")[2])
    objects = [o for o in among(args, kwargs) if not isinstance(o, Tensor)]
    if not objects or "subclasses" not in asked.get():
        raise error
    look()  # from now on such arguments are found before the call
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith(_PARTS) or _room(frame) in _PARTS:
        frame = frame.f_back
    frame = frame.f_back if _is_wrapper(frame) and function is called else frame
    if _room(frame) in _PASSING_ON:
        code, given = frame.f_code, frame.f_locals
        function = vars(sys.modules[_room(frame)]).get(code.co_name) or getattr(Tensor, code.co_name)
        args, kwargs = [given[name] for name in code.co_varnames[: code.co_argcount]], {}
        frame = frame.f_back
    if not _room(frame).startswith(f"{ROOT}."):
        return dispatch(function, (), objects, args, kwargs)
    while frame := frame.f_back:
        if _is_wrapper(frame) and any(o is objects[0] for o in _given(frame)):
            raise AttributeError(f"{type(objects[0]).__name__} is no tensor", obj=objects[0]) from error
    raise error


def _room(frame):
    return frame.f_globals.get("__name__") or ""


def _is_wrapper(frame):
    """Whether it is a call of a function that takes the answer in the place of its error."""
    return frame.f_code.co_name in ("call", "first_call") and _room(frame).startswith(f"{ROOT}.ops.composite")


def _given(frame):
    """The arguments with ``__torch_function__`` of such a call."""
    named = [value for value in frame.f_locals.values() if isinstance(value, dict)]
    return among(frame.f_locals.values(), dict(item for values in named for item in values.items()))
