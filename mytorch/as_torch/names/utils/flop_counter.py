"""What ``torch.utils.flop_counter`` has beside its counter."""

from ....as_torch.refused import functions

__all__ = ["register_flop_formula"]

globals().update(functions("torch.utils.flop_counter", *__all__, "only PyTorch's own operations are counted"))
