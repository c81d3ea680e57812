"""``torch._custom_ops``: for tensors without data, which are not here."""

from ..refused import functions

globals().update(
    functions("torch._custom_ops", "get_ctx custom_op impl", "there are no tensors without data")
)
