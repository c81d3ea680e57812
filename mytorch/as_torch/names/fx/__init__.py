"""``torch.fx``: models as graphs of symbols. ``wrap`` marks functions; tracing is refused."""

from __future__ import annotations

import importlib

from ....tensors.public_names import NoSuchName
from ...refused import classes, functions

_REASON = "there are no symbolic traces of models; forward hooks see what every layer returns"
globals().update(classes("torch.fx", "Tracer Graph GraphModule Interpreter Transformer Node Proxy", _REASON))
globals().update(functions("torch.fx", "symbolic_trace replace_pattern", _REASON))


def wrap(fn_or_name):
    """The function itself: it would be one step of a trace."""
    return fn_or_name


has_side_effect = wrap


def __getattr__(name):
    if name in ("experimental", "graph_module", "node", "proxy"):
        return importlib.import_module(f"torch.fx.{name}")
    raise NoSuchName(__name__, name)
