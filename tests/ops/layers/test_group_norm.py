"""Group norm against PyTorch: values, gradients."""

import pytest

import mytorch
from mytorch.kernels import windows
from tests.draws import draws
from tests.referee import compare


def draw(*shapes):
    rng = draws(0)
    return [rng.standard_normal(shape) * 2 + 1 for shape in shapes]


@pytest.fixture(params=[64, windows.BLOCK], ids=["many blocks", "one block"])
def blocks(request, monkeypatch):
    monkeypatch.setattr(windows, "BLOCK", request.param)
    monkeypatch.setattr(windows, "_SMALL", 0)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize("shape", [(2, 6), (2, 6, 3), (2, 6, 2, 3), (1, 6, 2, 1, 2), (9, 6, 5, 4)], ids=str)
def test_group_norm(groups, shape, blocks):
    if groups == 6 and len(shape) == 2:
        return  # one value per group: all of them are the bias
    for dtype in ("float64", "float32"):
        compare(
            lambda library, *x: library.nn.functional.group_norm(x[0], groups, *x[1:]),
            draw(shape, (6,), (6,)),
            dtype,
        )
    compare(lambda library, x: library.nn.functional.group_norm(x, groups), draw(shape))


def test_the_gradient_of_a_batch_of_nothing_can_be_recorded():
    x = mytorch.zeros(0, 4, 3, requires_grad=True)
    out = mytorch.nn.functional.group_norm(x, 2)
    (g,) = mytorch.autograd.grad(out.sum(), x, create_graph=True)
    assert g.shape == (0, 4, 3)
