"""Scaled dot-product attention, against PyTorch."""

import pytest

import mytorch
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
