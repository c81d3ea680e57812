"""The shape as a tensor, so that an export can follow it."""

from .._root import _shape_as_tensor as shape_as_tensor


def reshape_from_tensor_shape(x, shape):
    """``x`` in the shape that the tensor ``shape`` holds."""
    return x.reshape(shape.tolist())
