"""``torch.utils.flop_counter``: counting operations as they run."""

from ....as_torch.refused import classes, functions

_REASON = "mytorch.utils.visualize.summary(model, x) counts the multiply-adds of the layers"
globals().update(classes("torch.utils.flop_counter", "FlopCounterMode", _REASON))
globals().update(functions("torch.utils.flop_counter", "register_flop_formula", _REASON))
