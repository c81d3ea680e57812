"""Normalisation against PyTorch: values, gradients, running statistics, refusals."""

import numpy as np
import pytest

import mytorch
from mytorch.kernels import windows
from mytorch.nn import functional as F
from tests.draws import draws
from tests.referee import agree, compare, same_error, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take


def draw(*shapes):
    rng = draws(0)
    return [rng.standard_normal(shape) * 2 + 1 for shape in shapes]


@pytest.fixture(params=[64, windows.BLOCK], ids=["many blocks", "one block"])
def blocks(request, monkeypatch):
    monkeypatch.setattr(windows, "BLOCK", request.param)


@pytest.mark.parametrize(
    "shape", [(5, 3), (2, 3, 4), (2, 3, 4, 5), (3, 2, 2, 3, 4), (20, 6, 4, 4), (0, 3, 2)], ids=str
)
@pytest.mark.parametrize("affine", [0, 1, 2])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_batch_norm(shape, affine, dtype, blocks):
    x, weight, bias, mean = draw(shape, *[(shape[1],)] * 3)
    for training in (True, False):

        def call(library, x, mean, variance, *affine, training=training):
            mean, variance = mean.detach().clone(), variance.detach().clone()
            out = library.nn.functional.batch_norm(
                x, mean, variance, *affine, training=training, momentum=0.3
            )
            return out, mean, variance

        if 0 in shape and training:  # torch divides 0 by 0 into the statistics
            call = lambda library, x, m, v, *affine: library.nn.functional.batch_norm(
                x, None, None, *affine, training=True
            )
        compare(call, [x, mean, np.abs(mean) + 0.1, weight, bias][: 3 + affine], dtype)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 2), (1, 3, 2, 1, 2)], ids=str)
def test_instance_norm(shape):
    def call(library, x, mean, variance, weight, bias, use_input_stats):
        mean, variance = mean.detach().clone(), variance.detach().clone()
        return (
            library.nn.functional.instance_norm(x, mean, variance, weight, bias, use_input_stats, 0.3),
            mean,
            variance,
        )

    x, mean, weight, bias = draw(shape, (3,), (3,), (3,))
    for use_input_stats in (True, False):
        compare(lambda *a, use=use_input_stats: call(*a, use), [x, mean, np.abs(mean) + 0.1, weight, bias])
    compare(lambda library, x: library.nn.functional.instance_norm(x), [x])


def test_large_means_lose_no_precision():
    x = (draws(0).standard_normal((64, 3, 8, 8)) + 1000).astype("float32")
    exact = (x.astype("float64") - x.astype("float64").mean((0, 2, 3), keepdims=True)) / x.astype(
        "float64"
    ).std((0, 2, 3), keepdims=True)
    np.testing.assert_allclose(
        F.batch_norm(mytorch.tensor(x), None, None, training=True).numpy(), exact, atol=1e-3
    )


def test_half_precision_computes_in_single():
    x = (draws(0).standard_normal((6, 4, 5)) * 30).astype("float16")
    for call in (
        lambda f, x: f.layer_norm(x, (5,)),
        lambda f, x: f.batch_norm(x, None, None, training=True),
        lambda f, x: f.group_norm(x, 2),
    ):
        ours, theirs = call(F, mytorch.tensor(x)), call(torch.nn.functional, torch.tensor(x))
        assert ours.dtype == mytorch.float16
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=4e-3)


def fn(name, *args, **settings):
    return lambda library, x, *rest: getattr(library.nn.functional, name)(x, *args, *rest, **settings)


REFUSED = [
    (
        fn("batch_norm", None, None, training=True),
        ((1, 3),),
        "Expected more than 1 value per channel when training",
    ),
    (fn("batch_norm", None, None), ((2, 3),), "running_mean must be defined in evaluation mode"),
    (fn("batch_norm"), ((2, 3), (4,), (4,)), "running_mean should contain 3 elements not 4"),
    (fn("batch_norm"), ((2, 3), (3,), (3,), (4,), (4,)), "weight should contain 3 elements not 4"),
    (
        fn("layer_norm", (4,)),
        ((2, 3),),
        "Given normalized_shape=[4], expected input with shape [*, 4], but got input of size[2, 3]",
    ),
    (
        fn("layer_norm", (3,)),
        ((2, 3), (4,)),
        "Expected weight to be of same shape as normalized_shape, but got weight of shape [4]",
    ),
    (fn("layer_norm", ()), ((2, 3),), "Expected normalized_shape to be at least 1-dimensional"),
    (fn("layer_norm", 3), ((2, 3),), "must be tuple of ints, not int"),
    (fn("rms_norm", (3,)), ((2, 3), (2,)), "Expected weight to be of same shape as normalized_shape"),
    (fn("group_norm", 2), ((2, 3, 4),), "Expected number of channels in input to be divisible by num_groups"),
    (
        fn("group_norm", 3),
        ((1, 3),),
        "Expected more than 1 value per channel when training, got input size [1, 3]",
    ),
    (fn("group_norm", 3), ((3,),), "Expected at least 2 dimensions for input tensor but received 1"),
    (fn("instance_norm"), ((1, 3, 1),), "Expected more than 1 spatial element when training"),
    (fn("local_response_norm", 3), ((2, 3),), "Expected 3D or higher dimensionality"),
]


@pytest.mark.parametrize(("call", "shapes", "match"), REFUSED, ids=[match for _, _, match in REFUSED])
def test_refusals(call, shapes, match):
    same_error(call, *draw(*shapes), match=match)


def test_integers_and_mixed_dtypes_are_refused():
    with pytest.raises(NotImplementedError, match="not implemented for"):
        F.batch_norm(mytorch.zeros(2, 3, dtype=mytorch.int64), None, None, training=True)
    with pytest.raises(NotImplementedError, match="not implemented for"):
        F.layer_norm(mytorch.zeros(2, 3, dtype=mytorch.int64), (3,))
    with pytest.raises(RuntimeError, match="mixed dtype"):
        F.layer_norm(mytorch.zeros(2, 3), (3,), mytorch.zeros(3, dtype=mytorch.float64))
    with pytest.raises(RuntimeError, match="mixed dtype"):
        F.batch_norm(mytorch.zeros(2, 3, dtype=mytorch.float64), mytorch.zeros(3), mytorch.ones(3))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (1, 0), (0, 3, 2), (2, 3, 0)], ids=str)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("stats", [False, True])
def test_batch_norm_of_nothing(shape, training, stats):
    def call(m, x, mean, variance, weight, bias):
        mean, variance = (mean.detach(), variance.detach()) if stats else (None, None)
        affine = (weight, bias) if len(weight) else (None, None)
        return m.nn.functional.batch_norm(x, mean, variance, *affine, training=training)

    channels = (shape[1:2] or (0,))[0]
    agree(call, [np.zeros(shape, "float32"), *(np.ones(channels, "float32") for _ in range(4))])
