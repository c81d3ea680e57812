"""``torch._dynamo``: PyTorch's compiler of Python. Nothing is compiled here: functions stay as they are."""

from __future__ import annotations

from ....compiler import allow_in_graph, disable, is_compiling, reset
from ...absent import absent
from ...refused import classes
from . import config

globals().update(classes("torch._dynamo", "OptimizedModule", "nothing is compiled"))


def mark_dynamic(tensor, index=None, **limits):
    """Nothing: no program is made for one shape."""


mark_static = maybe_mark_dynamic = mark_static_address = mark_unbacked = mark_dynamic
assume_constant_result = nonstrict_trace = allow_in_graph
graph_break = disallow_in_graph = forbid_in_graph = disable


def explain(f, *args, **kwargs):
    """NotImplementedError: nothing is compiled."""
    raise NotImplementedError("torch._dynamo.explain: nothing is compiled")


__getattr__ = absent("_dynamo").__getattr__  # type: ignore[union-attr]
