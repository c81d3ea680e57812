"""Transforms of images, as in torchvision.transforms, for NumPy arrays, tensors and PIL images.

A transform with a ``batch`` method can transform a whole batch of images (N, ...) at once, with exactly the
result of one by one.
"""

from __future__ import annotations

import numpy

from ..core.dtypes import get_default_dtype
from ..tensors.creation import as_tensor
from ..tensors.public_names import lookup as _lookup
from ..tensors.tensor import Tensor
from ..utils.data.dataset import fast_path


class Compose:
    """Apply ``transforms`` one after the other.

    Args:
        transforms (list of callable): the transforms

    Example:
        >>> steps = mytorch.datasets.transforms.Compose([lambda x: x + 1, lambda x: 2 * x])
        >>> steps(1)
        4
    """

    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image

    @property
    def batch(self):
        """The composition for a whole batch; None if one of the transforms has no ``batch``."""
        steps = [batch_form(t) for t in self.transforms]
        return Compose(steps) if all(steps) else None

    def __repr__(self):
        return "Compose(" + "".join(f"\n    {t}" for t in self.transforms) + "\n)"


class ToTensor:
    """An image (H, W) or (H, W, C), PIL's or an array, as a tensor (C, H, W).

    uint8 and boolean images become numbers of the default dtype in [0, 1]; other dtypes are kept. TypeError
    for what is not an image, ValueError for another number of dimensions.

    Example:
        >>> mytorch.datasets.transforms.ToTensor()(np.full((2, 2), 255, "uint8"))
        tensor([[[1., 1.],
                 [1., 1.]]])
    """

    def __call__(self, image):
        is_array = hasattr(image, "__array_interface__") or hasattr(image, "__array__")
        if isinstance(image, Tensor) or not is_array:
            raise TypeError(f"pic should be PIL Image or ndarray. Got {type(image)}")
        image = numpy.asarray(image)
        if image.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {image.ndim} dimensions.")
        return self.batch(image[None])[0]

    def batch(self, images):
        """Images (N, H, W) or (N, H, W, C) as a tensor (N, C, H, W)."""
        images = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
        default = get_default_dtype().numpy
        if images.dtype == numpy.uint8:
            return as_tensor(numpy.true_divide(images, 255, dtype=default, order="C"))
        return as_tensor(numpy.array(images, default if images.dtype == bool else None, order="C"))

    def __repr__(self):
        return "ToTensor()"


class Normalize:
    """(image - mean) / std for each channel of a floating-point tensor (..., C, H, W).

    Raises TypeError for another dtype, ValueError for fewer dimensions or a zero in ``std``.

    Args:
        mean (sequence of float): the mean of each channel
        std (sequence of float): the standard deviation of each channel
        inplace (bool): whether to write the result into the memory of the image

    Example:
        >>> mytorch.datasets.transforms.Normalize([0.5], [0.5])(mytorch.ones(1, 2, 2))
        tensor([[[1., 1.],
                 [1., 1.]]])
    """

    def __init__(self, mean, std, inplace=False):
        self.mean, self.std, self.inplace = mean, std, inplace

    def __call__(self, image):
        if not isinstance(image, Tensor):
            raise TypeError(f"img should be Tensor Image. Got {type(image)}")
        if not image.is_floating_point():
            raise TypeError(f"Input tensor should be a float tensor. Got {image.dtype}.")
        if image.ndim < 3:
            raise ValueError(
                "Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = "
                f"{image.size()}"
            )
        mean, std = (
            as_tensor(numpy.asarray(v, image.dtype.numpy).reshape(-1, 1, 1)) for v in (self.mean, self.std)
        )
        if not std.array.all():
            raise ValueError(
                f"std evaluated to zero after conversion to {image.dtype}, leading to division by zero."
            )
        mean, std = mean.to(image.device), std.to(image.device)
        return image.sub_(mean).div_(std) if self.inplace else (image - mean) / std

    batch = __call__

    def __repr__(self):
        return f"Normalize(mean={self.mean}, std={self.std})"


class Lambda:
    """Apply the function ``lambd``. TypeError if ``lambd`` is not callable.

    Args:
        lambd (callable): the function

    Example:
        >>> mytorch.datasets.transforms.Lambda(lambda x: -x)(3)
        -3
    """

    def __init__(self, lambd):
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, image):
        return self.lambd(image)

    def __repr__(self):
        return "Lambda()"


def batch_form(transform):
    """The function that applies ``transform`` to a whole batch of images at once, or None."""
    return fast_path(transform, "batch", "__call__")


__getattr__ = _lookup(__name__)
