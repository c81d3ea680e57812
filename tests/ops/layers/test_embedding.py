"""Sparse gradients of tables, against PyTorch's: where they come from, how they add up, who takes them."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree_on, table

WEIGHT = draws(3).standard_normal((6, 3))
PLACES = [[0, 2], [2, 5]]


def weight_of(lib):
    return lib.nn.Parameter(lib.tensor(WEIGHT))


def read(lib, weight, index=PLACES, **options):
    return (lib.nn.functional.embedding(lib.tensor(index), weight, sparse=True, **options) ** 3).sum()


def told(g):
    """What is compared of a gradient."""
    if g is None or not g.is_sparse:
        return g
    found = g.coalesce()
    return list(g.shape), found.indices(), found.values(), g.dtype


def after(lib, *losses):
    """The gradient after a backward of each of ``losses``, functions of the table."""
    weight = weight_of(lib)
    for loss in losses:
        loss(weight).backward()
    return told(weight.grad)


def s_options(lib):
    options = [{}, {"padding_idx": 2}, {"padding_idx": -1}, {"max_norm": 1.0}]
    return [after(lib, lambda w, o=o: read(lib, w, **o)) for o in options]


def s_indices(lib):
    return [after(lib, lambda w, i=i: read(lib, w, i)) for i in (3, [3], [[[1]], [[1]]], [[]], PLACES[0])[:3]]


def s_no_indices(lib):
    none = lib.tensor(np.zeros((0, 2), "int64"))
    return after(lib, lambda w: lib.nn.functional.embedding(none, w, sparse=True).sum())


def s_bags(lib):
    def bag(mode, **options):
        index = lib.tensor(PLACES)
        return after(
            lib,
            lambda w: (
                lib.nn.functional.embedding_bag(index, w, sparse=True, mode=mode, **options) ** 2
            ).sum(),
        )

    factors = lib.tensor(WEIGHT[:2, :2], requires_grad=True)
    return bag("sum"), bag("mean", padding_idx=2), bag("sum", per_sample_weights=factors), factors.grad


def s_meets_sparse(lib):
    return after(lib, *[lambda w: read(lib, w)] * 2), after(lib, lambda w: read(lib, w) + 2 * read(lib, w))


def s_meets_dense(lib):
    def sparse(w):
        return read(lib, w)

    def dense(w):
        return (w * w).sum()

    orders = [sparse, dense], [dense, sparse], [lambda w: sparse(w) + dense(w)]
    return [after(lib, *losses) for losses in (*orders, [lambda w: dense(w) + sparse(w)])]


def s_grad(lib):
    weight = weight_of(lib)
    (g,) = lib.autograd.grad(read(lib, weight), weight)
    return told(g), weight.grad


def s_second_order(lib):
    weight = weight_of(lib)
    (g,) = lib.autograd.grad(read(lib, weight), weight, create_graph=True)
    (second,) = lib.autograd.grad((g.to_dense() ** 2).sum(), weight)
    return g.requires_grad, g.to_dense(), second.to_dense()


def s_hooks(lib):
    weight, seen = weight_of(lib), []
    weight.register_hook(lambda g: seen.append(g.to_dense()))
    weight.register_hook(lambda g: g * 2)
    weight.register_post_accumulate_grad_hook(lambda w: seen.append(w.grad.to_dense()))
    read(lib, weight).backward()
    return seen, told(weight.grad)


def s_anomaly_mode(lib):
    with lib.autograd.set_detect_anomaly(True):
        return after(lib, lambda w: read(lib, w))


def s_assigned_and_zeroed(lib):
    weight, other = weight_of(lib), weight_of(lib)
    read(lib, weight).backward()
    other.grad = weight.grad
    lib.optim.SGD([other], lr=1.0).zero_grad(set_to_none=False)
    return told(other.grad)


def s_module_in_another_dtype(lib):
    layer = lib.nn.Embedding(6, 3, sparse=True, _weight=lib.tensor(WEIGHT))
    read(lib, layer.weight).backward()
    layer.float()
    return told(layer.weight.grad)


def s_scaled_loss(lib):
    weight = weight_of(lib)
    scaler, optimizer = lib.amp.GradScaler("cpu", init_scale=4.0), lib.optim.SGD([weight], lr=0.1)
    scaler.scale(read(lib, weight)).backward()
    scaler.step(optimizer)
    return weight


@table(globals())
def test_as_torch(scenario):
    agree_on(scenario)


REFUSED = {
    "by frequency": lambda lib: after(lib, lambda w: read(lib, w, scale_grad_by_freq=True)),
    "maxima of bags": lambda lib: lib.nn.functional.embedding_bag(
        lib.tensor(PLACES), weight_of(lib), mode="max", sparse=True
    ),
    "another shape": lambda lib: setattr(
        lib.nn.Parameter(lib.ones(2, 2)), "grad", lib.ones(2, 3).to_sparse()
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    assert agree_on(REFUSED[name]).startswith("raises")


@pytest.mark.parametrize("clip", ["clip_grad_norm_", "clip_grad_value_"])
def test_clipping_is_refused(clip):
    weight = weight_of(mytorch)
    read(mytorch, weight).backward()
    with pytest.raises(NotImplementedError, match="sparse"):
        getattr(mytorch.nn.utils, clip)([weight], 1.0)


def test_the_gradient_of_a_computed_table_is_dense():
    weight = weight_of(mytorch)
    read(mytorch, weight * 2).backward()
    assert not weight.grad.is_sparse
