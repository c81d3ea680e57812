"""What is left of a traced model."""

from ....as_torch.refused import classes, functions
from . import _REASON, GraphModule

_USER_PRESERVED_ATTRIBUTES_KEY = "_user_preserved_attributes"
globals().update(classes("torch.fx.graph_module", "_CodeOnlyModule", _REASON))
globals().update(functions("torch.fx.graph_module", "_copy_attr _assign_attr", _REASON))
