"""``torch._C._functorch``: questions about the tensors of function transforms."""

from ...absent import absent


def is_legacy_batchedtensor(tensor):
    """False: there are none."""
    return False


is_batchedtensor = is_gradtrackingtensor = is_functorch_wrapped_tensor = is_legacy_batchedtensor


def maybe_get_bdim(tensor):
    """-1: the tensor has no hidden batch dimension."""
    return -1


def get_unwrapped(tensor):
    """The tensor, which is not wrapped."""
    return tensor


__getattr__ = absent("_C").__getattr__  # type: ignore[union-attr]
