"""``torch.fx.experimental.proxy_tensor``: tracing with tensors that note what is done to them."""

from ....refused import functions

globals().update(functions("torch.fx.experimental.proxy_tensor", "make_fx", "there are no symbolic traces"))


def get_proxy_mode():
    """None: nothing is traced."""
