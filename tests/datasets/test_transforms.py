"""Transforms, against what torchvision defines."""

import numpy
import pytest

import mytorch
from mytorch.datasets import transforms

GREY = numpy.arange(12, dtype="uint8").reshape(3, 4) * 20
RGB = numpy.arange(24, dtype="uint8").reshape(2, 4, 3) * 10


@pytest.mark.parametrize(
    "image, expected",
    [
        (GREY, GREY[None] / numpy.float32(255)),
        (GREY[:, :, None], GREY[None] / numpy.float32(255)),
        (RGB, RGB.transpose(2, 0, 1) / numpy.float32(255)),
        (RGB[::-1, ::2], RGB[::-1, ::2].transpose(2, 0, 1) / numpy.float32(255)),
        (GREY > 100, (GREY > 100)[None].astype("float32")),
        (GREY.astype("float64"), GREY[None].astype("float64")),
        (GREY.astype("int32"), GREY[None].astype("int32")),
    ],
)
def test_to_tensor(image, expected):
    got = transforms.ToTensor()(image)
    assert (
        isinstance(got, mytorch.Tensor)
        and got.array.dtype == expected.dtype
        and (got.array == expected).all()
        and got.array.flags.c_contiguous
    )
    got.array[:] = 0  # the tensor is a copy
    assert image.any()


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "RGBA"])
def test_to_tensor_of_pil_images(mode):
    image = pytest.importorskip("PIL.Image").fromarray(RGB).convert(mode)
    got = transforms.ToTensor()(image)
    channels = numpy.asarray(image, "float32").reshape(2, 4, -1).transpose(2, 0, 1)
    assert (
        got.dtype == mytorch.float32
        and (got.array == channels / numpy.float32(1 if mode == "1" else 255)).all()
    )


@pytest.mark.parametrize(
    "image, error",
    [
        ([1, 2], TypeError),
        ("a", TypeError),
        (mytorch.zeros(2, 2), TypeError),
        (GREY[0], ValueError),
        (GREY[None, None], ValueError),
    ],
)
def test_to_tensor_refuses(image, error):
    with pytest.raises(error, match="pic should be"):
        transforms.ToTensor()(image)


def test_the_default_dtype_counts():
    mytorch.set_default_dtype(mytorch.float64)
    try:
        assert transforms.ToTensor()(GREY).dtype == mytorch.float64
    finally:
        mytorch.set_default_dtype(mytorch.float32)


@pytest.mark.parametrize("mean, std", [((0.5,), (0.25,)), ([0.1, 0.2, 0.3], [1.0, 2.0, 3.0]), (0.5, 2)])
@pytest.mark.parametrize("shape", [(3, 2, 2), (5, 3, 2, 2)])
def test_normalize(mean, std, shape):
    x = mytorch.rand(*shape)
    expected = (x.array - numpy.float32(mean).reshape(-1, 1, 1)) / numpy.float32(std).reshape(-1, 1, 1)
    got = transforms.Normalize(mean, std)(x)
    assert got is not x and got.dtype == mytorch.float32 and (got.array == expected).all()
    assert transforms.Normalize(mean, std, inplace=True)(x) is x and (x.array == expected).all()


@pytest.mark.parametrize(
    "image, std, error, message",
    [
        (GREY, [1.0], TypeError, "img should be Tensor Image. Got <class 'numpy.ndarray'>"),
        (
            mytorch.zeros(1, 2, 2, dtype=mytorch.uint8),
            [1.0],
            TypeError,
            "Input tensor should be a float tensor. Got mytorch.uint8",
        ),
        (
            mytorch.zeros(2, 2),
            [1.0],
            ValueError,
            r"Expected tensor to be a tensor image of size \(..., C, H, W\)",
        ),
        (mytorch.zeros(1, 2, 2), [0.0], ValueError, "std evaluated to zero"),
    ],
)
def test_normalize_refuses(image, std, error, message):
    with pytest.raises(error, match=message):
        transforms.Normalize([0.0], std)(image)


def test_compose_and_lambda():
    both = transforms.Compose(
        [transforms.ToTensor(), transforms.Lambda(lambda x: x + 1), transforms.Normalize([0.5], [0.5])]
    )
    assert both(GREY).shape == (1, 3, 4) and both(GREY).array[0, 0, 0] == 1
    assert repr(both) == "Compose(\n    ToTensor()\n    Lambda()\n    Normalize(mean=[0.5], std=[0.5])\n)"
    with pytest.raises(TypeError, match="Argument lambd should be callable, got 'int'"):
        transforms.Lambda(3)
