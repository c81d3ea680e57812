"""What scripts ask a tensor about itself: the same answers as PyTorch's."""

import numpy as np
import pytest

import mytorch
from tests.referee import torch

DTYPES = ("float32", "float64", "float16", "int64", "uint8", "bool", "complex64")

ATTRIBUTES = """
    name is_cpu is_cuda is_sparse is_sparse_csr is_quantized is_mkldnn is_nested is_meta is_mps
    is_xpu is_xla is_ipu is_mtia is_vulkan
""".split()

METHODS = (
    "nelement ndimension is_complex is_signed is_floating_point is_conj is_neg is_pinned is_shared "
    "is_distributed get_device"
).split()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_about_itself(dtype):
    mine, theirs = (
        mytorch.ones(2, 3, dtype=getattr(mytorch, dtype)),
        torch.ones(2, 3, dtype=getattr(torch, dtype)),
    )
    for name in ATTRIBUTES:
        assert getattr(mine, name) == getattr(theirs, name), name
    for name in METHODS:
        assert getattr(mine, name)() == getattr(theirs, name)(), name
        assert getattr(mine, name).__name__ == name
    assert mine.layout == mytorch.strided
    assert mine.is_same_size(mytorch.zeros(2, 3)) and not mine.is_same_size(mytorch.zeros(3))
    assert mine[0, 0].is_nonzero()
    with pytest.raises(RuntimeError, match="ambiguous"):
        mine.is_nonzero()


def test_memory_formats_are_accepted():
    x = mytorch.rand(2, 3, 4, 5)
    for moved in (
        x.to(memory_format=mytorch.channels_last),
        x.contiguous(memory_format=mytorch.contiguous_format),
        x.pin_memory(),
    ):
        assert (moved == x).all()
    assert mytorch.zeros_like(x, memory_format=mytorch.preserve_format).shape == x.shape
    assert repr(mytorch.channels_last) == "mytorch.channels_last"
    assert isinstance(mytorch.channels_last, mytorch.memory_format) and isinstance(
        mytorch.strided, mytorch.layout
    )
    net = mytorch.nn.Conv2d(3, 2, 2).to(memory_format=mytorch.channels_last)
    assert net(x).shape == (2, 2, 3, 4)


IN_PLACE = [n for n in dir(mytorch) if n.endswith("_") and not n.startswith("_") and hasattr(torch, n)]

OF_MORE = "addmv gcd lcm index_put clamp clip detach resize_as threshold".split()  # they take other arguments


@pytest.mark.parametrize("name", [n for n in IN_PLACE if n[:-1] not in OF_MORE])
def test_functions_that_change_their_argument(name):
    values = np.array([0.5, 0.25, 0.75], "float32") + (1 if name[:-1] in ("acosh", "arccosh") else 0)
    others = {"clamp_max_": 0.5, "clamp_min_": 0.5, "fill_": 2.0}
    mine, theirs = mytorch.tensor(values), torch.tensor(values)
    more = [others[name]] if name in others else []
    two = name in ("ldexp_", "xlogy_")
    result = getattr(mytorch, name)(mine, *([mytorch.tensor(2)] if two else more))
    getattr(torch, name)(theirs, *([torch.tensor(2)] if two else more))
    assert result is mine
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5)


def test_constants():
    for name in ("e", "pi", "inf", "newaxis"):
        assert getattr(mytorch, name) == getattr(torch, name)
    assert mytorch.nan != mytorch.nan
    assert len(IN_PLACE) > 50
