"""Every row of the samples table: values, first and second gradients, broadcasting, layouts, zero sizes,
dtypes.
"""

import numpy as np
import pytest

import mytorch
from mytorch.autograd import gradcheck, gradgradcheck
from mytorch.core.graph import Leaf
from mytorch.core.primitive import primitives
from mytorch.core.walk import Walk
from mytorch.testing.samples import rows
from tests.referee import Numbers, answer, leaves

ROWS = rows()
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
smooth_rows = pytest.mark.parametrize("row", [r for r in ROWS if r.smooth], ids=lambda row: row.id)


@pytest.fixture(autouse=True)
def _here(device, request):
    row = getattr(request.node, "callspec", None) and request.node.callspec.params.get("row")
    if device.type == "cuda" and row and not row.gpu:
        pytest.skip("CuPy lacks what it needs")
    with device:  # also what a row makes itself
        yield


def tensors(row, dtype, device, arrays=None, grad=True):
    made = []
    for maker, array in zip(row.makers(), row.arrays(dtype) if arrays is None else arrays):
        wants = grad and array.dtype.kind in "fc" and getattr(maker, "grad", True) and row.smooth
        made.append(mytorch.tensor(array, device=device, requires_grad=wants))
    return made


def outputs(result):
    return [
        r
        for r in (result if isinstance(result, (tuple, list)) else (result,))
        if isinstance(r, mytorch.Tensor)
    ]


def expected(row, arrays):
    """What the reference gives, as a list of Numbers."""
    if row.reference is not None:
        return [Numbers.of(np.asarray(r)) for r in leaves(row.reference(*arrays))]
    return answer(of_torch, row.torch, *arrays)


def of_torch(torch, call, *arrays):
    return [
        Numbers.of(r.detach().resolve_conj().numpy())
        for r in leaves(call(*[torch.tensor(a) for a in arrays]))
    ]


def compare(results, wanted, tolerance):
    assert len(results) == len(wanted)
    for r, w in zip(results, wanted):
        w.check(r.detach().cpu().numpy(), tolerance, tolerance, "value")


@every_row
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_value_and_dtype(row, dtype, device):
    arrays = row.arrays(dtype)
    results = outputs(row.call(*tensors(row, dtype, device)))
    compare(results, expected(row, arrays), row.tolerance if dtype == "float32" else 1e-9)
    for r in results:
        assert not r.is_floating_point() or r.array.dtype == dtype, f"{row.id} turned {dtype} into {r.dtype}"
    for given, t in zip(arrays, tensors(row, dtype, device, arrays)):
        np.testing.assert_array_equal(given, t.detach().cpu().numpy(), err_msg="an input was changed")


@smooth_rows
def test_first_order(row, device):
    assert gradcheck(row.call, tensors(row, "float64", device))


@pytest.mark.parametrize("row", [r for r in ROWS if r.smooth and r.second], ids=lambda row: row.id)
def test_second_order(row, device):
    assert gradgradcheck(row.call, tensors(row, "float64", device))


@smooth_rows
def test_the_row_proves_its_operation(row, device):
    names, stack = (
        set(),
        [r.grad_fn for r in outputs(row.call(*tensors(row, "float64", device))) if r.grad_fn is not None],
    )
    while stack:
        node = stack.pop()
        made = getattr(node, "parent", node)  # by an operation, or a leaf
        names.add(made.plan.op.name if made.plan else None)
        stack.extend(n for n, _ in node.next_functions if n is not None)
    assert row.op in names


@smooth_rows
def test_float32_gradients_follow_float64(row, device):
    found = []
    for dtype in ("float64", "float32"):
        kinds = {"f": dtype, "c": "complex64" if dtype == "float32" else "complex128"}
        arrays = [a.astype(kinds.get(a.dtype.kind, a.dtype)) for a in row.arrays("float32")]
        inputs = tensors(row, dtype, device, arrays)
        results = [r for r in outputs(row.call(*inputs)) if r.requires_grad]
        sums = [r.sum() for r in results]
        sum(s.real + s.imag if s.is_complex() else s for s in sums).backward()
        found.append([t.grad for t in inputs if t.requires_grad])
    for exact, single in zip(*found):
        assert (exact is None) == (single is None)
        if single is not None:
            assert single.dtype in (mytorch.float32, mytorch.complex64)
            np.testing.assert_allclose(
                single.cpu().numpy(),
                exact.cpu().numpy(),
                rtol=max(1e-3, row.tolerance),
                atol=max(1e-4, row.tolerance),
            )


@smooth_rows
def test_a_formula_gives_the_dtype_of_its_input(row, device, monkeypatch):
    """Leaves cast what reaches them; other operations would have to compute in a wider dtype."""
    given, whole = [], Walk.gradients_of

    def gradients_of(self, node, g):
        found = whole(self, node, g)
        given.extend(
            (node.name, d.dtype, e.dtype)
            for e, d in zip(node.edges, found)
            if type(e) is Leaf and d is not None
        )
        return found

    monkeypatch.setattr(Walk, "gradients_of", gradients_of)
    results = [r for r in outputs(row.call(*tensors(row, "float32", device))) if r.requires_grad]
    mytorch.autograd.backward(results, [mytorch.ones_like(r) for r in results])
    assert [name for name, mine, wanted in given if mine != wanted] == []


@every_row
def test_other_layouts(row, device):
    arrays = row.arrays("float64")
    # the same values, neither C- nor F-contiguous
    spread = [np.repeat(a.T, 2, axis=0)[::2].T if a.ndim else a for a in arrays]
    made = [mytorch.from_numpy(a).to(device) for a in spread]
    plain = [mytorch.tensor(a, device=device) for a in arrays]
    wanted = [Numbers.of(r.detach().cpu().numpy()) for r in outputs(row.call(*plain))]
    compare(outputs(row.call(*made)), wanted, 1e-12)


BROADCASTS = [((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 1, 3), (4, 1)), ((1,), (3, 1))]


@pytest.mark.parametrize("shapes", BROADCASTS, ids=str)
@pytest.mark.parametrize("row", [r for r in ROWS if r.broadcast], ids=lambda row: row.id)
def test_broadcasting(row, shapes, device):
    arrays = row.arrays("float64", shapes)
    compare(outputs(row.call(*tensors(row, "float64", device, arrays))), expected(row, arrays), 1e-9)
    if row.smooth:
        assert gradcheck(row.call, tensors(row, "float64", device, arrays))


@pytest.mark.parametrize("row", [r for r in ROWS if r.empty is not None], ids=lambda row: row.id)
def test_zero_size(row, device):
    arrays = row.arrays("float32", row.empty)
    inputs = tensors(row, "float32", device, arrays)
    results = outputs(row.call(*inputs))
    compare(results, expected(row, arrays), 1e-6)
    if row.smooth and results[0].requires_grad:
        results[0].sum().backward()
        assert all(t.grad is None or t.grad.shape == t.shape for t in inputs)


def test_every_operation_has_a_row():
    # other tests make some of their own
    own = {name for name, op in primitives.items() if op.forward.__module__.startswith("mytorch.")}
    missing = own - {row.op for row in ROWS}
    assert not missing, f"operations without a row in mytorch/testing/samples: {sorted(missing)}"
