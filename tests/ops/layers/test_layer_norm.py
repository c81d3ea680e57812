"""Layer, root-mean-square and local response normalisation, against PyTorch."""

import pytest

from mytorch.kernels import windows
from tests.draws import draws
from tests.referee import compare, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take


def draw(*shapes):
    rng = draws(0)
    return [rng.standard_normal(shape) * 2 + 1 for shape in shapes]


@pytest.fixture(params=[64, windows.BLOCK], ids=["many blocks", "one block"])
def blocks(request, monkeypatch):
    monkeypatch.setattr(windows, "BLOCK", request.param)


@pytest.mark.parametrize(
    ("shape", "last"),
    [((4, 5), 1), ((2, 3, 4), 1), ((2, 3, 4), 2), ((30, 8), 1), ((5,), 1), ((3, 1), 1), ((0, 3), 1)],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_layer_and_rms_norm(shape, last, dtype, blocks):
    normalized = shape[-last:]
    x, weight, bias = draw(shape, normalized, normalized)
    rough = 1e-3 if (shape, dtype) == ((3, 1), "float32") else None  # torch's rounding, divided by sqrt(eps)
    for arrays in ([x], [x, weight], [x, weight, bias]):
        compare(
            lambda library, *a: library.nn.functional.layer_norm(a[0], normalized, *a[1:]),
            arrays,
            dtype,
            tolerance=rough,
        )
    for arrays in ([x], [x, weight]):
        compare(lambda library, *a: library.nn.functional.rms_norm(a[0], normalized, *a[1:]), arrays, dtype)
        compare(
            lambda library, *a: library.nn.functional.rms_norm(a[0], normalized, *a[1:], eps=0.1),
            arrays,
            dtype,
        )


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_local_response_norm(size):
    for shape in ((2, 6, 3), (2, 6, 2, 3), (1, 6, 2, 1, 2)):
        compare(
            lambda library, x: library.nn.functional.local_response_norm(x, size, 0.1, 0.6, 1.5), draw(shape)
        )
