"""Scaled dot-product attention, against PyTorch."""

import numpy as np
import pytest

import mytorch
from mytorch.ops.layers.attention import attention
from tests.draws import draws
from tests.referee import compare

rng = draws(4)


def real(*shape):
    return rng.standard_normal(shape)


MASKS = {
    "none": None,
    "bool": rng.random((5, 4)) < 0.6,
    "float": real(5, 4),
    "batched": rng.random((3, 1, 5, 4)) < 0.6,
}

MASKS["bool"][1] = False


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("settings", [{}, {"is_causal": True}, {"scale": 0.3}], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scaled_dot_product_attention(mask, settings, dtype):
    arrays = [real(3, 2, 5, 6), real(3, 2, 4, 6), real(3, 2, 4, 6)] + (
        [] if mask == "none" else [MASKS[mask]]
    )
    kept = "is_causal" not in settings  # with both, torch takes no mask that wants a gradient

    def call(lib, q, k, v, *m):
        return lib.nn.functional.scaled_dot_product_attention(
            q, k, v, *(m if kept else [t.detach() for t in m]), **settings
        )

    compare(call, arrays, dtype)


def test_other_dimensions_and_grouped_heads():
    compare(
        lambda lib, *x: lib.nn.functional.scaled_dot_product_attention(*x),
        [real(5, 6), real(4, 6), real(4, 3)],
    )
    compare(
        lambda lib, *x: lib.nn.functional.scaled_dot_product_attention(*x),
        [real(2, 5, 6), real(2, 4, 6), real(2, 4, 3)],
    )
    compare(
        lambda lib, *x: lib.nn.functional.scaled_dot_product_attention(*x, enable_gqa=True),
        [real(2, 4, 5, 6), real(2, 2, 4, 6), real(2, 2, 4, 6)],
    )


def test_dropout_of_weights():
    q = mytorch.tensor(real(2, 2, 50, 8).astype("float32"))
    one = mytorch.ones(2, 2, 50, 8)
    out = mytorch.nn.functional.scaled_dot_product_attention(q * 0, q, one, dropout_p=0.3)
    # each is the share of weights kept, over 0.7
    assert abs(out.mean().item() - 1) < 0.05 and out.std().item() > 0.01
    assert not mytorch.nn.functional.scaled_dot_product_attention(q, q, one, dropout_p=1.0).any()


others = draws(5)


def large(*shape):
    return others.standard_normal(shape).astype("float32")


LARGE = {
    "none": None,
    "of all": others.random((70, 70)) < 0.6,
    "of samples": others.random((8, 1, 1, 70)) < 0.6,
    "of heads": others.random((1, 4, 70, 70)) < 0.6,
    "numbers": large(8, 4, 70, 70),
}


@pytest.mark.parametrize("size", [0.3, 40], ids=["small scores", "large scores"])
@pytest.mark.parametrize("mask", LARGE)
@pytest.mark.parametrize("causal", [False, True])
def test_large_ones_are_cut_in_parts_of_the_batch(threads, mask, causal, size):
    q, k, v, g = (large(8, 4, 70, 16) * size for _ in range(4))
    keep = (others.random((8, 4, 70, 70)) < 0.9).astype("float32")

    def results(part):
        inputs = [mytorch.tensor(a[part], requires_grad=True) for a in (q, k, v)]
        m = LARGE[mask]
        m = m[part] if m is not None and m.ndim == 4 and len(m) > 1 else m
        m = m if m is None else mytorch.tensor(m, requires_grad=m.dtype == np.float32)
        y = attention(*inputs, m, mytorch.tensor(keep[part]), scale=0.25, causal=causal)
        y.backward(mytorch.tensor(g[part]))
        given = inputs if m is None or m.grad is None else [*inputs, m]
        return [y.detach().numpy(), *(t.grad.numpy() for t in given)]

    threads(1)
    expected, alone = results(slice(None)), [results(slice(i, i + 1)) for i in range(8)]
    for mine, theirs in zip(expected, zip(*alone), strict=True):
        np.testing.assert_allclose(mine, np.concatenate(theirs), rtol=1e-4, atol=1e-4 * size)
    threads(2)
    for mine, theirs in zip(results(slice(None)), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)
