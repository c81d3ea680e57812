# Names only: there is nothing to read here.
"""``torch._subclasses``: tensors without data."""

from .fake_tensor import FakeTensor, FakeTensorMode
