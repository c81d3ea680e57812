"""torch.fft against PyTorch: values, gradients, dtypes, sizes, norms, and what both refuse."""

import itertools

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, same_error

rng = draws(5)
X = rng.standard_normal((3, 4, 5))
Z = X + 1j * rng.standard_normal((3, 4, 5))
ONE = "fft ifft rfft irfft hfft ihfft".split()
SEVERAL = "fft2 ifft2 rfft2 irfft2 hfft2 ihfft2 fftn ifftn rfftn irfftn hfftn ihfftn".split()
OF_REAL = {"rfft", "ihfft", "rfft2", "ihfft2", "rfftn", "ihfftn"}
NORMS = (None, "backward", "forward", "ortho")


def inputs(name):
    return [X] if name in OF_REAL else [X, Z]


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("norm", NORMS)
def test_over_one_dimension(name, norm):
    for x, n, dim in itertools.product(inputs(name), (None, 1, 2, 6, 9), (-1, 0, 1)):
        agree(
            lambda lib, t, n=n, dim=dim: getattr(lib.fft, name)(t, n, dim, norm).resolve_conj(),
            [x],
            f"{name} n={n} dim={dim} norm={norm} {x.dtype}",
            tolerance=1e-12,
        )


@pytest.mark.parametrize("name", SEVERAL)
def test_over_several_dimensions(name):
    options = [
        {},
        {"norm": "ortho"},
        {"dim": (0, 2), "norm": "forward"},
        {"dim": (2, 0)},
        {"s": (4, 6), "dim": (1, 0)},
        {"s": (3, -1), "dim": (0, 1)},
        {"s": (2, 7), "norm": "backward"},
        {"dim": (1,)},
    ]
    if name.endswith("n"):
        options += [{"dim": (0, 1, 2)}, {"s": (2, 3, 4)}, {"s": (4,)}, {"dim": 1}]
    for x, kwargs in itertools.product(inputs(name), options):
        agree(
            lambda lib, t, kwargs=kwargs: getattr(lib.fft, name)(t, **kwargs).resolve_conj(),
            [x],
            f"{name} {kwargs} {x.dtype}",
            tolerance=1e-12,
        )


@pytest.mark.parametrize("name", ONE + SEVERAL)
@pytest.mark.parametrize("dtype", "float32 float64 complex64 complex128 int32 int64 uint8 bool".split())
def test_the_dtype_of_the_result(name, dtype):
    x = (3 * abs(X)).astype(dtype)
    agree(lambda lib, t: getattr(lib.fft, name)(t).resolve_conj(), [x], f"{name} of {dtype}", tolerance=1e-5)


REFUSED = {
    "size 0": lambda lib, t: lib.fft.fft(t, 0),
    "size below -1": lambda lib, t: lib.fft.fftn(t, s=(2, -2)),
    "one frequency": lambda lib, t: lib.fft.irfft(t[..., :1]),
    "norm": lambda lib, t: lib.fft.fft(t, norm="bad"),
    "norm of real": lambda lib, t: lib.fft.hfft(t, norm="bad"),
    "float16": lambda lib, t: lib.fft.fft(t.half()),
    "bfloat16": lambda lib, t: lib.fft.rfft(t.bfloat16()),
    "complex to rfft": lambda lib, t: lib.fft.rfft(t + 0j),
    "complex to ihfftn": lambda lib, t: lib.fft.ihfftn(t + 0j),
    "a dimension twice": lambda lib, t: lib.fft.fftn(t, dim=(0, -3)),
    "more sizes": lambda lib, t: lib.fft.fftn(t, s=(2,), dim=(0, 1)),
    "more sizes than dimensions": lambda lib, t: lib.fft.fftn(t, s=(2, 2, 2, 2)),
    "no such dimension": lambda lib, t: lib.fft.fft(t, dim=3),
    "no dimension": lambda lib, t: lib.fft.fft(t.sum()),
    "two of one": lambda lib, t: lib.fft.fft2(t[0, 0]),
    "a list": lambda lib, t: lib.fft.fft([1.0, 2.0]),
    "half a number": lambda lib, t: lib.fft.fft(t, n=4.0),
    "no axis": lambda lib, t: lib.fft.rfftn(t, dim=()),
    "no axis back": lambda lib, t: lib.fft.irfftn(t, dim=()),
    "integer frequencies": lambda lib, t: lib.fft.fftfreq(4, dtype=lib.int64),
    "shift": lambda lib, t: lib.fft.fftshift(t, dim=5),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    same_error(REFUSED[case], X)


def test_no_dimension_is_no_transform():
    agree(lambda lib, t: lib.fft.fftn(t, dim=()), [X])
    agree(lambda lib, t: lib.fft.fftn(t, dim=()), [X.astype("float32")])


def test_the_result_can_be_written_into_a_tensor():
    x = mytorch.tensor(X)
    out = mytorch.empty(X.shape, dtype=mytorch.complex128)
    assert mytorch.fft.fft(x, out=out) is out
    assert np.array_equal(out.numpy(), np.fft.fft(X))


def test_a_convolution_is_a_product_of_spectra():
    a, b = rng.standard_normal((2, 16))
    product = mytorch.fft.rfft(mytorch.tensor(a), 31) * mytorch.fft.rfft(mytorch.tensor(b), 31)
    assert np.allclose(mytorch.fft.irfft(product, 31).numpy(), np.convolve(a, b))
