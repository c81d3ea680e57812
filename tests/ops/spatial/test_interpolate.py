"""Interpolation against PyTorch: values, gradients, the pixels that are chosen."""

import itertools

import numpy as np
import pytest

import mytorch
from mytorch.nn import functional as F
from mytorch.ops.spatial import resample
from tests.draws import draws
from tests.referee import compare, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take


def draw(shape):
    return draws(0).standard_normal(shape)


def call(name, **settings):
    return lambda library, *tensors: getattr(library.nn.functional, name)(*tensors, **settings)


SIZES = [
    {"size": 3},
    {"size": (8, 3, 9)},
    {"size": 1},
    {"size": (5, 7, 4)},
    {"scale_factor": 2},
    {"scale_factor": (1.5, 0.7, 2.3)},
    {"scale_factor": 1.3, "recompute_scale_factor": True},
    {"scale_factor": 1},
]

MODES = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "area": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "bicubic": (2,),
    "trilinear": (3,),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_interpolation(mode, dtype):
    for n, settings in itertools.product(MODES[mode], SIZES):
        settings = {k: v[:n] if isinstance(v, tuple) else v for k, v in settings.items()}
        for corners in (
            (None, False, True) if mode in ("linear", "bilinear", "bicubic", "trilinear") else (None,)
        ):
            compare(
                call("interpolate", mode=mode, align_corners=corners, **settings),
                [draw((2, 3, *(5, 7, 4)[:n]))],
                dtype,
            )


def test_awkward_scale_factors_choose_the_same_pixels():
    for n, factor in itertools.product((5, 7, 13), (0.3, 0.6, 1.1, 1.7, 2.3, 3.7)):
        for mode in ("nearest", "nearest-exact"):
            # then torch's backward takes the resizing for the identity, which it need not be
            unchanged = int(n * factor) == n
            compare(
                call("interpolate", mode=mode, scale_factor=factor),
                [draw((1, 1, n))],
                "float32",
                backward=not unchanged,
            )


def test_bytes_resize_to_the_nearest():
    x = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
    assert (
        F.interpolate(mytorch.tensor(x), size=3).tolist()
        == torch.nn.functional.interpolate(torch.tensor(x), size=3).tolist()
    )


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {"size": (4, 3)},
        {"size": (12, 3)},
        {"scale_factor": 0.5},
        {"scale_factor": (0.37, 1.7)},
        {"size": (1, 1)},
    ],
)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_antialiasing(mode, settings, corners):
    compare(
        call("interpolate", mode=mode, align_corners=corners, antialias=True, **settings),
        [draw((2, 3, 9, 7))],
    )


@pytest.mark.parametrize("n, count", [(2, 41), (3, 41), (2, 7), (5, 13), (7, 98), (41, 2), (6, 9)])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_that_are_equally_near(mode, n, count, dtype):
    x = np.arange(float(n)).astype(dtype).reshape(1, 1, n)
    ours = F.interpolate(mytorch.tensor(x), size=count, mode=mode)
    theirs = torch.nn.functional.interpolate(torch.tensor(x), size=count, mode=mode)
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize(
    "mode, shape",
    [
        ("linear", (3,)),
        ("bilinear", (3, 3)),
        ("bilinear", (3, 10)),
        ("trilinear", (3, 10, 3)),
        ("bicubic", (3, 10)),
    ]
    + [
        (mode, shape)
        for mode in ("nearest", "nearest-exact", "area")
        for shape in [(3,), (3, 10), (3, 3, 10)]
    ],
    ids=str,
)
@pytest.mark.parametrize("recompute", [None, False, True])
@pytest.mark.parametrize("factor", [1.3, 0.7, 1.9, 2.0])
def test_scale_factors_that_change_few_sizes(mode, shape, recompute, factor):
    x = np.random.default_rng(0).standard_normal((1, 2, *shape))
    settings = dict(scale_factor=factor, mode=mode, recompute_scale_factor=recompute)
    ours = F.interpolate(mytorch.tensor(x), **settings)
    theirs = torch.nn.functional.interpolate(torch.tensor(x), **settings)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-12)


@pytest.mark.parametrize("size", [2.0, 2.5, [2.0], [2.5], "a", None], ids=str)
def test_sizes_are_integers(size):
    with pytest.raises(ValueError if size is None else TypeError):
        F.interpolate(mytorch.ones(1, 1, 3), size=size)


@pytest.mark.parametrize("many", [0, 32])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_table_is_a_sparse_matrix(monkeypatch, many, axis):
    monkeypatch.setattr(resample, "_MANY", many)
    rng = np.random.default_rng(0)
    places, weights = rng.integers(0, 5, (3, 7)), rng.standard_normal((3, 7))
    places[places == 2] = 3  # a place that no result reads
    matrix = np.zeros((7, 5))
    for k in range(3):
        np.add.at(matrix, (np.arange(7), places[k]), weights[k])
    table = resample.Table.of(5, list(places), list(weights))
    for t, m in ((table, matrix), (table.transposed, matrix.T)):
        x = rng.standard_normal((2, 3, 4)[:axis] + (m.shape[1],) + (2, 3, 4)[axis:])
        expected = np.moveaxis(np.tensordot(m, x, (1, axis)), 0, axis)
        np.testing.assert_allclose(t.apply(x, axis), expected, atol=1e-12)
