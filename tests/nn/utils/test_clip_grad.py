"""Clipping of gradients, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, torch

rng = draws(6)

GRADS = [rng.standard_normal((3, 4)), rng.standard_normal(5), None, np.zeros(2)]


def parameters(lib, dtype="float64"):
    made = []
    for g in GRADS:
        p = lib.nn.Parameter(lib.zeros(3 if g is None else g.shape, dtype=getattr(lib, dtype)))
        p.grad = None if g is None else lib.tensor(g, dtype=p.dtype)
        made.append(p)
    return made


@pytest.mark.parametrize("order", [2, 1, 3, 0.5, float("inf"), 0, float("-inf")])
@pytest.mark.parametrize("limit", [0.1, 2.0, 1e6])
def test_clip_grad_norm(order, limit):
    def call(lib):
        ps = parameters(lib)
        total = lib.nn.utils.clip_grad_norm_(iter(ps), limit, order)
        return [total, *(p.grad for p in ps if p.grad is not None)]

    compare(call, [])


def test_gradients_within_the_norm_stay_untouched():
    p = mytorch.nn.Parameter(mytorch.ones(3))
    p.grad = mytorch.tensor([0.1, 0.2, 0.2])
    versions = []
    for limit in (0.31, 0.15):
        mytorch.nn.utils.clip_grad_norm_([p], limit)
        versions.append(p.grad._version)
    assert versions == [0, 1]
    np.testing.assert_allclose(p.grad.numpy(), [0.05, 0.1, 0.1], rtol=1e-4)


def test_clip_grad_others():
    def call(lib):
        ps = parameters(lib, "float32")
        lib.nn.utils.clip_grad_value_(ps, 0.5)
        total = lib.nn.utils.get_total_norm([p.grad for p in ps if p.grad is not None])
        lib.nn.utils.clip_grads_with_norm_(ps, 0.3, total)
        return [total, *(p.grad for p in ps if p.grad is not None), lib.nn.utils.clip_grad_norm_(ps[0], 0.1)]

    compare(call, [], "float32")
    for none in ([], [mytorch.nn.Parameter(mytorch.ones(2))]):
        assert mytorch.nn.utils.clip_grad_norm_(none, 1.0).item() == 0
    with pytest.warns(UserWarning, match="empty generator"):
        mytorch.nn.utils.clip_grad_norm_((p for p in []), 1.0)
    p = mytorch.nn.Parameter(mytorch.ones(2))
    p.grad = mytorch.tensor([1.0, float("nan")])
    assert mytorch.nn.utils.clip_grad_norm_([p], 1.0).isnan()
    p.grad = mytorch.tensor([1.0, float("inf")])
    mytorch.nn.utils.clip_grad_norm_([p], 1.0)
    assert p.grad.isnan().tolist() == [False, True]
    with pytest.raises(
        RuntimeError, match=r"The total norm of order 2\.0 for gradients from `parameters` is non-finite"
    ):
        mytorch.nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)


@pytest.mark.parametrize("value", [0.0, 1e-45, 1e20, 1e38, -1e38, np.inf, np.nan], ids=str)
@pytest.mark.parametrize("order", [0, 0.5, 1, 2, 3, np.inf, -np.inf], ids=str)
def test_clipping_at_the_ends_of_the_range(value, order):
    """As torch, and without NumPy's warnings, which would fail the test."""
    found = []
    for lib in (mytorch, torch):
        p = lib.ones(3, requires_grad=True)
        p.grad = lib.tensor([value, value, 1.0])
        total = lib.nn.utils.clip_grad_norm_([p], 1.0, norm_type=order)
        by_norm = p.grad.numpy().copy()
        lib.nn.utils.clip_grad_value_([p], 0.5)
        found.append([total.item(), *by_norm, *p.grad.numpy()])
    np.testing.assert_allclose(*found, rtol=1e-5)
