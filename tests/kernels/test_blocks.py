"""Work in blocks against its plain definition; that neither blocks nor results depend on the threads."""

import numpy as np
import pytest

import mytorch
from mytorch.kernels import blocks
from mytorch.nn import functional as F


@pytest.mark.parametrize("size", [7, 500])  # one block, several
@pytest.mark.parametrize(
    "layout", [lambda x: x, lambda x: x[:, ::-1], lambda x: x.T], ids=["plain", "reversed", "T"]
)
def test_functions_fill_several_results(size, layout):
    x = layout(np.random.default_rng(0).standard_normal((size, 700)).astype("float32"))

    def work(double, square, x):
        np.multiply(x, 2, out=double)
        np.multiply(x, x, out=square)

    double, square = blocks.filled(work, x, count=2)
    np.testing.assert_array_equal(double, x * 2)
    np.testing.assert_array_equal(square, x * x)


@pytest.mark.parametrize("rows, size", [(0, 5), (7, 5), (5, 0), (3000, 100), (3, 300_000)])
def test_blocks_cover_the_rows(rows, size):
    seen = []
    blocks.over_rows(lambda a, b: seen.extend(range(a, b)), rows, size, 0, np.zeros(0))
    assert seen == list(range(rows))


@pytest.mark.parametrize("rows, size", [(3, 4), (300, 70), (30, 700)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outer_products(rows, size, dtype):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(rows).astype(dtype), rng.standard_normal(size).astype(dtype)
    np.testing.assert_array_equal(blocks.outer(a, b), a[:, None] * b)


@pytest.mark.parametrize(
    "lead", [((64,), (64,)), ((2, 3), (2, 3)), ((4, 1), (1, 5)), ((0,), (0,)), ((), (3,))]
)
@pytest.mark.parametrize("rows, size", [(3, 4), (130, 70), (30, 700), (0, 3)])
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
@pytest.mark.parametrize("on", [True, False], ids=["loop", "NumPy"])
def test_outer_products_of_stacks(lead, rows, size, dtype, on, loops):
    loops(on)
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((*s, n)).astype(dtype) for s, n in zip(lead, (rows, size)))
    for threads in (1, 2):
        before = mytorch.get_num_threads()
        mytorch.set_num_threads(threads)
        found = blocks.outer(a, b)
        mytorch.set_num_threads(before)
        np.testing.assert_array_equal(found, a[..., None] * b[..., None, :])
        assert found.base is None  # so a parameter keeps it as its gradient


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exponentials(fast, dtype, monkeypatch):
    monkeypatch.setattr(blocks, "_is_fast", lambda name: fast)
    x = np.linspace(-60, 60, 1001).astype(dtype)
    for scale in (1.0, -0.5):
        wanted = np.exp(x.astype("float64") * scale)
        found = blocks.exponential(x, np.empty_like(x), scale)
        error = abs(found / wanted - 1)
        assert (error <= 3e-7 + 8e-8 * abs(x * scale)).all()
    np.testing.assert_array_equal(
        blocks.exponential(np.array([-np.inf, np.inf, 0], dtype), x[:3]), [0, np.inf, 1]
    )


@pytest.mark.parametrize("size", [50, 5000])
@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logarithms_of_one_plus(fast, dtype, size, monkeypatch):
    monkeypatch.setattr(blocks, "_is_fast", lambda name: fast)
    x = np.concatenate([np.logspace(-45, 0, size - 2), [0, np.nan]]).astype(dtype)
    wanted = np.log1p(x.astype("float64"))
    np.testing.assert_allclose(blocks.log_one_plus(x), wanted, rtol=4e-7 if dtype == "float32" else 4e-16)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_one_plus_writes_to_an_array_without_dimensions(dtype):
    x = np.array(0.5, dtype)
    assert blocks.log_one_plus(x) is x
    assert blocks.log_one_plus(x[()]) == np.log1p(x) and x == np.log1p(np.asarray(0.5, dtype))


FAMILIES = {
    "softmax": lambda x, w: mytorch.softmax(x, -1),
    "log_softmax": lambda x, w: mytorch.log_softmax(x, -1),
    "layer_norm": lambda x, w: F.layer_norm(x, (96,), w, w),
    "group_norm": lambda x, w: F.group_norm(x.reshape(-1, 96, 5), 8, w, w),
    "gelu": lambda x, w: F.gelu(x),
    "silu": lambda x, w: F.silu(x),
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("compiled", [True, False])
def test_results_do_not_depend_on_the_number_of_threads(name, compiled, loops):
    loops(compiled)
    rng, found, before = np.random.default_rng(0), [], mytorch.get_num_threads()
    array = rng.standard_normal((6000, 96)).astype("float32")
    array[::7] *= 30
    try:
        for threads in (1, 2, 3):
            mytorch.set_num_threads(threads)
            x = mytorch.tensor(array, requires_grad=True)
            w = mytorch.tensor(array[0, :96].copy(), requires_grad=True)
            y = FAMILIES[name](x, w)
            y.backward(y.detach() * 0.5 + 1)
            found.append([y.detach().numpy(), x.grad.numpy(), *([] if w.grad is None else [w.grad.numpy()])])
    finally:
        mytorch.set_num_threads(before)
    for other in found[1:]:
        for a, b in zip(found[0], other):
            np.testing.assert_array_equal(a, b)


GATES = {
    "gelu": F.gelu,
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
}


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("dtype", [mytorch.float16, mytorch.float32, mytorch.float64])
def test_one_number_is_as_good_as_an_array(name, dtype):
    found = []
    for value in (0.7, [0.7]):
        x = mytorch.tensor(value, dtype=dtype, requires_grad=True)
        y = GATES[name](x)
        y.sum().backward()
        assert y.shape == x.grad.shape == x.shape
        found.append((y.item(), x.grad.item()))
    assert found[0] == found[1]
