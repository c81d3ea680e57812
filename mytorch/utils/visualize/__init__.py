# Names only: there is nothing to read here.
"""Pictures, tables and web pages of a model and its computation graph."""

from ...tensors.public_names import lookup as _lookup
from .drawing import draw_graph
from .explain import explain
from .summary import ModelStatistics, summary
from .text import graph_text
from .trace import Trace

__getattr__ = _lookup(__name__)
