"""``torch._jit_internal``: what packages tell TorchScript's compiler, which is not here."""

from typing import Final, Optional

from ...jit import export, ignore, is_scripting, script, unused
from .jit import _isinstance
from .jit.annotations import BroadcastingList1, BroadcastingList2, BroadcastingList3

_overload = _overload_method = _copy_to_script_wrapper = weak_script = script


def boolean_dispatch(arg_name, arg_index, default, if_true, if_false, module_name, func_name):
    """A function that calls one of two, as its argument ``arg_name`` says."""

    def function(*args, **kwargs):
        flag = args[arg_index] if arg_index < len(args) else kwargs.get(arg_name, default)
        return (if_true if flag else if_false)(*args, **kwargs)

    return function
