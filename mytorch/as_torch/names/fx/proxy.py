"""``torch.fx.proxy``: the symbols of a trace."""

from ....as_torch.refused import classes
from . import _REASON, Proxy

globals().update(classes("torch.fx.proxy", "Attribute ParameterProxy TracerBase", _REASON))
