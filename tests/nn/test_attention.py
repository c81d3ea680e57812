"""The choice among kernels of attention, of which there is one."""

import pytest

import mytorch
from mytorch.nn.attention import SDPBackend, sdpa_kernel
from tests.draws import draws

rng = draws(4)

X, W = rng.standard_normal((3, 4)).astype("float32"), rng.standard_normal(4).astype("float32")


def test_one_kernel_of_attention():
    q = mytorch.tensor(X)[None]
    with sdpa_kernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION]):
        assert mytorch.nn.functional.scaled_dot_product_attention(q, q, q).shape == (1, 3, 4)
    with pytest.raises(AssertionError, match="SDPBackend"), sdpa_kernel("math"):
        pass
