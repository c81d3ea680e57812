"""The one place that adds up: 16-bit numbers in float32, long float32 columns in blocks; nobody else adds."""

import ast
import pathlib
import re

import numpy as np
import pytest

import mytorch
from mytorch.core import sums
from mytorch.kernels.scatter import scatter_add
from mytorch.kernels.sums import column_sums, row_sums, running_sum

ROOT = pathlib.Path(mytorch.__file__).parent
HALVES = ["float16", "bfloat16"]


def half(values, dtype):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    return np.asarray(values).astype(dtype)


# ---- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("shape", [(5000,), (5000, 3), (5000, 2, 3), (3, 5000), (2, 5000, 3)], ids=str)
def test_16_bit_numbers_are_summed_in_float32(dtype, shape):
    x = half(np.ones(shape), dtype)
    exact = half(5000, dtype)
    axis = shape.index(5000)
    for keepdims in (False, True):
        total = sums.summed(x, axis, keepdims=keepdims)
        assert total.dtype == x.dtype and (np.asarray(total) == exact).all()
        assert np.shape(total) == np.ones(shape, bool).any(axis, keepdims=keepdims).shape
    assert float(sums.summed(x, dtype="float32")) == x.size
    assert (row_sums(np.moveaxis(x, axis, -1)) == exact).all()
    assert (column_sums(np.moveaxis(x, axis, 0).reshape(5000, -1)) == exact).all()
    running = running_sum(x, axis)
    assert running.dtype == x.dtype and (running.take(-1, axis) == exact).all()


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("lead", [(), (2,)], ids=str)
@pytest.mark.parametrize("rest", [(), (3,), (40,)], ids=str)
def test_16_bit_numbers_are_added_at_indices_in_float32(dtype, lead, rest):
    target = half(np.ones((*lead, 4, *rest)), dtype)
    index = (*[slice(None)] * len(lead), np.arange(20_000) % 4)
    scatter_add(target, index, half(np.ones((*lead, 20_000, *rest)), dtype))
    assert (target == half(5001, dtype)).all()


@pytest.mark.parametrize(
    "shape", [(3, 4, 50, 60), (8, 32, 2560), (2, 3, 4, 50, 60), (0, 3, 5, 6), (70, 4, 50, 50)]
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "complex64"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_over_the_pixels_of_a_view_with_the_batch_last(shape, dtype, keepdims):
    x = np.random.default_rng(0).standard_normal((*shape[1:], shape[0])).astype(dtype)
    x = np.moveaxis(x, -1, 0)
    for axes in (tuple(range(2, len(shape))), (2,), (1, 2)):
        exact = x.sum(axes, dtype=np.promote_types(dtype, "float64"), keepdims=keepdims)
        found = sums.summed(x, axes, keepdims=keepdims)
        assert found.shape == exact.shape and found.dtype == x.dtype
        np.testing.assert_allclose(found, exact, rtol=2e-3, atol=0.2 if dtype == "float16" else 2e-3)


@pytest.mark.parametrize("axes", [0, (0,), (0, 1), (1,), None], ids=str)
@pytest.mark.parametrize("dtype", [None, "float32", "float64"])
def test_long_columns_lose_no_digit(axes, dtype):
    x = np.full((1000, 100, 3), 0.1, "float32")
    exact = x.sum(axes, dtype="float64")
    found = sums.summed(x, axes, dtype)
    assert found.dtype == (dtype or "float32") and found.shape == exact.shape
    assert np.abs(found / exact - 1).max() < 1e-5


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (300, 0), (0,), ()], ids=str)
def test_sums_of_nothing(shape):
    x = np.zeros(shape, "float32")
    for axis in range(len(shape)):
        np.testing.assert_array_equal(sums.summed(x, axis), x.sum(axis))
    assert sums.summed(x) == 0


def test_a_tensor_sums_itself():
    x = mytorch.ones(4, 5, requires_grad=True)
    total = sums.summed(x, (0, 1), keepdims=True)
    assert total.tolist() == [[20.0]] and total.requires_grad


# ---- nobody else adds ----------------------------------------------------------------------------

SUMMING = {"sum", "mean", "cumsum", "std", "var", "nansum", "nanmean", "average", "einsum", "trapezoid"}
AT = {"at", "reduce", "reduceat", "accumulate"}  # of numpy.add
# These rooms work on Tensors, whose methods come back to sums.py; on arrays they may not sum either.
OF_TENSORS = ("distributions/", "nn/", "optim/", "tensors/operators.py", "linalg/low_rank.py")
ALLOWED = {
    "core/sums.py": "the place itself",
    "kernels/sums.py": "the place itself, for rows and columns as products",
    "kernels/scatter.py": "the place itself, for sums at indices",
    "ops/diagonal.py: xp(x).einsum('...ii->...i', matrices[..., :n, :n])": "a view, nothing is summed",
    "kernels/blocks.py: numpy.einsum('na,nb->nab', a, b, out=out)": "a column times a row: no sums",
    "kernels/depthwise.py: numpy.einsum(kernels[a:b], [0, 1, *axes], runs[:b - a], [0, 2, *axes, 3], "
    "[0, 1, 2, 3], out=target)": "over the positions of a kernel; 16-bit numbers arrive widened",
    "testing/close.py": "counts of booleans",
    "optim/blocks.py: numpy.cumsum([arrays[i].size for i in members])": "integers",
    "tensors/operators.py: reduce.sum(self, dims)": "the operation",
}


def _sums_of_arrays(path):
    """(place: source) of each call that sums and is neither of a Tensor nor allowed."""
    name = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        receiver, method, source = ast.unparse(node.func.value), node.func.attr, ast.unparse(node)
        if not (method in SUMMING or (method in AT and receiver.endswith(".add"))):
            continue
        of_array = re.search(r"numpy|\bxp\(|array", receiver)
        if (of_array or not name.startswith(OF_TENSORS)) and f"{name}: {source}" not in ALLOWED:
            yield f"{name}, line {node.lineno}: {source}"


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in sorted(ROOT.rglob("*.py"))
        if "samples" not in p.parts and p.relative_to(ROOT).as_posix() not in ALLOWED
    ],
    ids=lambda p: p.relative_to(ROOT).as_posix(),
)
def test_only_sums_adds_arrays(path):
    assert not list(_sums_of_arrays(path)), "use summed, running_sum or scatter_add of sums.py"
