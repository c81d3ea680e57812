"""Tensors of a module that take the place of others."""

_MISSING = object()


def swap_tensor(module, name, tensor, allow_missing=False):
    """Put ``tensor`` in the place of the parameter, buffer or attribute ``name``, and return what was there.

    AttributeError if nothing was and ``allow_missing`` is false.
    """
    for held in (module._parameters, module._buffers, vars(module)):
        if name in held:
            old, held[name] = held[name], tensor
            return old
    if not allow_missing:
        raise AttributeError(f"{type(module).__name__} has no attribute {name!r}")
    setattr(module, name, tensor)
    return _MISSING


def set_tensor(module, name, tensor):
    """:func:`swap_tensor` of one that need not be there."""
    swap_tensor(module, name, tensor, allow_missing=True)
