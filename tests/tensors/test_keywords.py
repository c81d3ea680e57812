"""Arguments by the names that PyTorch's functions and methods know them by."""

import pytest

import mytorch
from tests.referee import answer

CALLS = """
    t.tensor_split(x, indices=(1, 2)) | x.tensor_split(sections=2, dim=1)
    x.tensor_split(tensor_indices_or_sections=t.tensor(2)) | t.hsplit(x, sections=2)
    x.vsplit(indices=(1,)) | t.dsplit(input=x[None], sections=2) | t.broadcast_to(x, size=(2, 4, 4))
    x.broadcast_to(size=(2, 4, 4)) | t.cholesky_solve(input=x, input2=x) | x.cholesky_solve(input2=x)
    t.cholesky_inverse(input=x) | x.clone().copy_(other=y) | x.new_empty(size=(2,)).shape
    x.new_zeros(size=(2, 3)) | x.new_ones(size=(2, 3), pin_memory=False)
    x.new_full((2,), fill_value=2, layout=t.strided) | x.new_zeros((2, 3), layout=t.strided)
    x.new_empty_strided((2, 3), (3, 1), pin_memory=False).stride() | t.orgqr(input=x, input2=x[0])
    x.orgqr(input2=x[0]) | t.ormqr(x, input2=x[0], input3=x) | t.qr(x, some=True) | x.qr(some=False)
    t.qr(input=x[:3], some=False) | x.clone().random_(to=1) | x.clone().random_(**{"from": 2, "to": 3})
    x.clone().uniform_(**{"from": 1.0, "to": 1.0}) | x.clone().resize_(size=(2, 2))
    x.sum_to_size(size=(1, 4)) | x.clone().resize_as_(the_template=y)
    t.resize_as_(input=x.clone(), the_template=y) | x.swapaxes(axis0=0, axis1=1)
    t.swapaxes(x, axis0=0, axis1=1) | x.clone().swapaxes_(axis0=0, axis1=1) | x.view(size=(2, 8))
    t.detach(input=x) | t.get_device(input=x) | t.dropout(x, p=0.5, train=False)
    t.alpha_dropout(x, p=0.5, train=False) | t.fill_(input=x.clone(), value=2) | t.zero_(input=x.clone())
    t.is_signed(input=x) | t.group_norm(x, 2, cudnn_enabled=False)
    t.layer_norm(x, (4,), cudnn_enable=False) | t.inverse(input=x) | t.is_conj(input=x)
    t.matrix_exp(input=y) | t.isin(element=2.0, test_elements=x) | t.isin(elements=x, test_element=2.0)
    t.lu_solve(input=x, LU_data=x, LU_pivots=t.ones(4, dtype=t.int32))
    t.scalar_tensor(2.0, layout=t.strided, pin_memory=False) | t.tril_indices(3, 3, pin_memory=False)
    t.unsafe_split(input=x, split_size=2) | t.linalg.vector_norm(input=x)
    t.linalg.lstsq(input=x, b=x)[0] | t.linalg.tensorsolve(input=x, other=x[0])
    t.pow(self=2, exponent=x) | t.triangular_solve(input=x, A=x) | list(reversed(x[0]))
    reversed(t.tensor(3)) | reversed(x) | t.view_copy(x, dtype=t.int32) | x.to_sparse(sparse_dim=2).indices()
    t.from_dlpack(x, device="cpu", copy=True) | t.from_dlpack(x, copy=False)
"""
CALLS = [call.strip() for line in CALLS.strip().splitlines() for call in line.split("|")]


def numbers(result):
    if isinstance(result, (tuple, list)):
        return [numbers(part) for part in result]
    return [str(result.dtype).split(".")[-1], result.tolist()] if hasattr(result, "tolist") else result


def called(lib, call):
    x = lib.eye(4) * 2 + lib.tril(lib.ones(4, 4))
    return numbers(eval(call, {"t": lib, "x": x, "y": lib.arange(16.0).reshape(4, 4) / 16}))


@pytest.mark.filterwarnings("ignore:.*is deprecated")
@pytest.mark.parametrize("call", CALLS)
def test_by_pytorchs_names(call):
    mine, theirs = called(mytorch, call), answer(called, call)

    def same(a, b):
        if isinstance(b, list):
            return len(a) == len(b) and all(map(same, a, b))
        return a == pytest.approx(b, abs=2e-6) if isinstance(b, float) else a == b

    assert same(mine, theirs), (mine, theirs)


@pytest.mark.parametrize(
    "call",
    [
        "x.tensor_split(parts=2)",
        "x.new_zeros(2, out=x)",
        "x.copy_(source=x)",
        "t.hann_window(4, layuot=None)",
    ],
)
def test_other_keywords_are_refused(call):
    with pytest.raises(TypeError, match="keyword"):
        called(mytorch, call)


@pytest.mark.parametrize(
    ("call", "named"),
    [("t.pow(x)", "exponent"), ("x.pow()", "exponent"), ("t.heaviside(x)", "values"), ("t.add(x)", "other")],
)
def test_a_missing_argument_is_called_as_in_pytorch(call, named):
    with pytest.raises(TypeError, match=named):
        called(mytorch, call)


@pytest.mark.parametrize("call", ["signal.windows.hann(4", "hann_window(4", "zeros(2", "rand(2", "eye(2"])
def test_sparse_tensors_are_made_by_their_own_function(call):
    with pytest.raises((ValueError, NotImplementedError), match="strided tensors only"):
        called(mytorch, f"t.{call}, layout=t.sparse_coo)")


def test_deleting_a_gradient():
    x = mytorch.ones(2, requires_grad=True)
    x.sum().backward()
    del x.grad
    assert x.grad is None
    x.sum().backward()
    assert x.grad.tolist() == [1, 1]
