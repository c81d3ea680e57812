"""``vmap`` of what writes to arrays that all entries share, or to views of them: every choice of what is
batched, and its gradients, as a loop over the entries.
"""

import itertools

import numpy as np
import pytest

import mytorch
import mytorch.nn.functional as F
from mytorch.func import grad, vmap


def wave(*shape):
    return mytorch.arange(float(np.prod(shape)), dtype=mytorch.float64).reshape(*shape).sin() + 0.1


def norm(function, *options):
    return lambda x, w, b: function(x, *options, weight=w, bias=b)


def train(x, w, b):
    return F.batch_norm(x, None, None, w, b, training=True)


def unpooled(pool, unpool):
    return lambda x: unpool(*pool(x, 2, return_indices=True), 2)


def entropy(**options):
    return lambda x, y, w: F.cross_entropy(x, y, weight=w, **options)


classes = mytorch.tensor([[0, 1, 2, 1], [2, 2, 0, 1]])
images = mytorch.tensor([[[0, 1], [2, 2]], [[2, 1], [0, 0]]])

# name: (the function of one entry, what is its first argument and the others: two entries of each)
ROWS = {
    "batch_norm-matrix": (train, wave(2, 5, 4), wave(2, 4), wave(2, 4).cos()),
    "batch_norm-images": (train, wave(2, 3, 4, 2, 2), wave(2, 4), wave(2, 4).cos()),
    "instance_norm": (norm(F.instance_norm), wave(2, 3, 4, 3), wave(2, 4), wave(2, 4).cos()),
    "group_norm": (norm(F.group_norm, 2), wave(2, 3, 4, 3), wave(2, 4), wave(2, 4).cos()),
    "group_norm-large": (norm(F.group_norm, 2), wave(2, 8, 4, 90), wave(2, 4), wave(2, 4).cos()),
    "layer_norm": (norm(F.layer_norm, (4,)), wave(2, 3, 4), wave(2, 4), wave(2, 4).cos()),
    "cross_entropy": (entropy(), wave(2, 4, 3), classes, wave(2, 3).abs()),
    "cross_entropy-ignored": (entropy(ignore_index=1), wave(2, 4, 3), classes, wave(2, 3).abs()),
    "cross_entropy-smooth": (entropy(label_smoothing=0.1), wave(2, 4, 3), classes, wave(2, 3).abs()),
    "cross_entropy-image": (entropy(), wave(2, 1, 3, 2, 2), images[:, None], wave(2, 3).abs()),
    "cross_entropy-images": (
        entropy(reduction="none"),
        wave(2, 2, 3, 2, 2),
        mytorch.stack([images, images.flip(0)]),
        wave(2, 3).abs(),
    ),
    "cross_entropy-no weight": (F.cross_entropy, wave(2, 1, 3, 2, 2), images[:, None]),
    "nll_loss": (lambda x, y, w: F.nll_loss(x, y, weight=w), wave(2, 4, 3), classes, wave(2, 3)),
    "max_unpool1d": (unpooled(F.max_pool1d, F.max_unpool1d), wave(2, 1, 2, 4)),
    "max_unpool1d-flipped": (
        lambda x: unpooled(F.max_pool1d, F.max_unpool1d)(x),
        mytorch.tensor([[[[1.0, 5, 2, 0], [3, 1, 0, 9]]], [[[0.0, 2, 5, 1], [9, 0, 1, 3]]]]).double(),
    ),
    "max_unpool2d": (unpooled(F.max_pool2d, F.max_unpool2d), wave(2, 2, 3, 4, 4)),
    "max_unpool1d-shared": (
        lambda x, i: F.max_unpool1d(x, i, 2),
        wave(2, 1, 2, 2),
        mytorch.tensor([[[[1, 2], [0, 3]]], [[[0, 2], [1, 2]]]]),
    ),
}


def looped(function, args, dims):
    results = [function(*(a if d is None else a.select(d, i) for a, d in zip(args, dims))) for i in range(2)]
    return mytorch.stack(results)


@pytest.mark.parametrize("name", ROWS)
def test_as_one_by_one(name):
    function, *pairs = ROWS[name]

    def slope(x, *others):
        return grad(lambda x: (function(x, *others) * 1.3).sin().sum())(x)

    def curvature(x, *others):
        return grad(lambda x: slope(x, *others).sin().sum())(x)

    for dims in itertools.product((0, 1, None), repeat=len(pairs)):
        if any(d is not None for d in dims):
            args = [x[0] if d is None else x.movedim(0, d).contiguous() for x, d in zip(pairs, dims)]
            for f in (function, slope, curvature):
                found, wanted = vmap(f, dims)(*args), looped(f, args, dims)
                np.testing.assert_allclose(found.numpy(), wanted.numpy(), 1e-9, 1e-9, err_msg=f"{dims}")


def test_a_shared_array_that_is_written_to():
    """Never lost: an error, so that what writes runs entry by entry."""
    x, shared = mytorch.func.batched_array.batched(np.ones((2, 3)), (1,)), np.zeros(3)
    for write in (
        lambda: np.add(shared, x, out=shared),
        lambda: np.add(shared[:], x, out=shared[:]),
        lambda: np.put_along_axis(shared, np.arange(3), x, 0),
        lambda: np.copyto(shared, x),
    ):
        with pytest.raises(mytorch.func.batched_array.SharedWrite):
            write()
    assert not shared.any()
