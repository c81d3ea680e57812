"""Tensors that have a shape and no data, which are not here."""

from ....as_torch.refused import classes

globals().update(
    classes("torch._subclasses", "FakeTensor FakeTensorMode", "there are no tensors without data")
)


def is_fake(x):
    """False: every tensor has data."""
    return False
