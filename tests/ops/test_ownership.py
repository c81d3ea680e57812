"""What shares memory: a result lies in the memory of an input, or of another result, exactly where it does in
PyTorch; and a view is tied to its base.
"""

import numpy as np
import pytest

import mytorch
from mytorch.core.primitive import primitives
from mytorch.testing.samples import rows
from tests.referee import answer

# Calls on a tensor ``x`` of a shape, most with settings that change nothing: there a copy is soon forgotten.
CALLS = {
    (1, 1, 12): """
        nn.MaxPool1d(1)(x)  nn.AvgPool1d(1)(x)  nn.AdaptiveAvgPool1d(12)(x)  nn.LPPool1d(1,1)(x)
        nn.ConstantPad1d(0,0)(x)  nn.ReflectionPad1d(0)(x)  nn.ReplicationPad1d(0)(x)  nn.ZeroPad1d(0)(x)
        nn.CircularPad1d(0)(x)  nn.BatchNorm1d(1,affine=False).eval()(x)  nn.InstanceNorm1d(1)(x)
        F.conv1d(x,t.ones(1,1,1))  F.pad(x,(-1,0))  F.pad(x,(-1,0),mode='replicate')
    """,
    (1, 1, 1, 12): "nn.Unfold((1,3),stride=(1,3))(x)  nn.Unfold((1,12))(x)  nn.Unfold((1,4))(x)",
    (1, 1, 4, 4): """
        nn.MaxPool2d(1)(x)  nn.AvgPool2d(1)(x)  nn.AdaptiveAvgPool2d(4)(x)  nn.AdaptiveMaxPool2d(4)(x)
        nn.LPPool2d(1,1)(x)  nn.ConstantPad2d(0,0)(x)  nn.ReflectionPad2d(0)(x)  nn.ReplicationPad2d(0)(x)
        nn.CircularPad2d(0)(x)  nn.Unfold(1)(x)  nn.Unfold(4)(x)  nn.Unfold(2,stride=2)(x)
        nn.PixelShuffle(1)(x)  nn.PixelUnshuffle(1)(x)  nn.Upsample(scale_factor=1)(x)
        F.interpolate(x,size=(4,4),mode='bilinear')  F.interpolate(x,size=(4,4),mode='area')
        F.dropout2d(x,0.)  F.local_response_norm(x,1)  F.conv2d(x,t.ones(1,1,1,1))
        F.max_pool2d(x,1,return_indices=True)  F.scaled_dot_product_attention(x,x,x)
    """,
    (1, 4, 1, 1): "nn.PixelShuffle(2)(x)  nn.ChannelShuffle(1)(x)  nn.ChannelShuffle(4)(x)",
    (1, 1, 16): "nn.Fold((4,4),1)(x)",
    (1, 16, 1): "nn.Fold((4,4),4)(x)",
    (4, 4): """
        nn.Identity()(x)  nn.Flatten()(x)  nn.Flatten(0)(x)  nn.Unflatten(1,(2,2))(x)  nn.Dropout(0.)(x)
        nn.Dropout(0.5).eval()(x)  nn.AlphaDropout(0.)(x)  nn.ReLU()(x)  nn.Hardtanh(-99.,99.)(x)
        nn.LeakyReLU(1.)(x)  nn.Softshrink(0.)(x)  nn.Hardshrink(0.)(x)  nn.Threshold(-99.,0.)(x)
        nn.RReLU().eval()(x)  nn.L1Loss(reduction='none')(x,t.zeros(4,4))  nn.LayerNorm(4)(x)
        F.normalize(x)  F.embedding(t.arange(4),x)  F.linear(x,t.eye(4))  F.glu(x)
        x.sum(())  x[:1].sum(0)  x[:1].sum(0,keepdim=True)  x[:1].mean(0)  x[:1].prod(0)  x[:1].amax(0)
        x[:1].max(0)  x[:1].median(0)  x[:1].kthvalue(1,0)  x[:1].topk(1,0)  x[:1].mode(0)  x[:1].sort(0)
        x[:1].msort()  x[:1].logsumexp(0)  x[:1].quantile(0.5,0)  x[:1].norm(1,0)  x[:1].nansum(0)
        x[:1].aminmax(dim=0)  x[:1].unique(dim=0)  x[:1].cumsum(0)  x[:1].cumprod(0)  x[:1].cummax(0)
        x[:1].logcumsumexp(0)  x.diff(n=0)  x[:1].diff(dim=0,n=0)  x.renorm(2,0,1e9)  x.sum_to_size(4,4)
        x[0,0].sum()  x[0,0].mean()  x[0,0].max()  x[0,0].cumsum(0)  x[0,0].sort()  x[0,0].median()
        x.roll(0)  x.roll(0,0)  x.roll(4,0)  x.flip(())  x.flip(0)  x.rot90(0)  x.rot90(4)  x.repeat(1,1)
        x.repeat_interleave(1,0)  x.repeat_interleave(1)  x.tile(1)  x.tile((1,1))
        t.cat([x])  t.cat([x,t.zeros(0)])  t.stack([x])  t.hstack([x])  t.vstack([x])  t.column_stack([x])
        t.block_diag(x)  t.cartesian_prod(x[0])  t.combinations(x[0],1)  t.meshgrid(x[0],indexing='ij')
        t.meshgrid(x[0],x[1],indexing='xy')  x.broadcast_to((4,4))  x.expand(2,4,4)  x.expand(-1,-1)
        x.tril(9)  x.triu(-9)  x.diag()  x[0].diag()  x.diagonal()  t.diag_embed(x)
        x.select_scatter(x[0],0,0)  x.slice_scatter(x)  x.diagonal_scatter(x[0])
        x.index_select(0,t.arange(4))  x.take(t.arange(4))  x.masked_select(t.tensor(True))
        x.masked_fill(t.tensor(False),0)  x.index_add(0,t.arange(0),x[:0])  x.index_copy(0,t.arange(0),x[:0])
        x.scatter(0,t.zeros(0,0).long(),x)  t.where(t.tensor(True),x,x)  x[t.arange(4)]  x[[0,1,2,3]]
        x[t.tensor(True)]  x[True]  x[None]  x[...]  x[:]  x[0]  x[0,0]  x[()]  x[:,[0,1,2,3]]
        x.clamp(-99,99)  x.pow(1)  x**1  x+0  x*1  x/1  x.positive()  +x  x.round(decimals=2)  x.nan_to_num()
        x.real  x.conj()  x.conj_physical()  x.resolve_conj()  x.resolve_neg()  x.lerp(x,0)
        x.addmm(x,x,alpha=0)  x.addcmul(x,x,value=0)  x.maximum(x)  x.float()  x.to('cpu')  x.to(t.float32)
        x.to(t.float32,copy=True)  x.type_as(x)  x.cpu()  x.clone()  x.contiguous()  x.mT.contiguous()
        x.detach()  x.data  t.as_tensor(x)  t.asarray(x)  x.view_as(x)  x.view(16)  x.view(t.int32)
        x.reshape(4,4)  x.reshape(16)  x.mT.reshape(16)  x.flatten()  x.ravel()  x.mT.flatten()
        x.flatten(0,0)  x[0].flatten()  x[0].ravel()  x.unflatten(0,(2,2))  x.squeeze()  x.squeeze(0)
        x.unsqueeze(0)  x.t()  x.T  x.mT  x.H  x.adjoint()  x.transpose(0,0)  x.permute(0,1)  x.movedim(0,0)
        x.swapaxes(0,1)  x.split(2)  x.split(4)  x.chunk(1)  x.tensor_split(1)  x.hsplit(2)  x.unbind()
        x.unfold(0,2,1)  x.unfold(0,4,1)  x.as_strided((2,2),(1,1))  t.atleast_1d(x)  t.atleast_3d(x)
        x.mm(x)  t.chain_matmul(x)  t.linalg.multi_dot([x,x])  t.matrix_power(x,1)  t.matrix_power(x,2)
        t.kron(x,t.ones(1,1))  t.einsum('ij->ij',x)  t.einsum('ij->ji',x)  t.einsum('ii->i',x)
        t.einsum('ij->i',x)  t.einsum('ij->j',x[:1])  t.einsum('...->...',x)  t.tensordot(x,x,0)
        t.trace(x[:1,:1])  t.linalg.diagonal(x)  t.vander(x[0],1)  t.cov(x[:1])
        nn.utils.parameters_to_vector([x])  nn.utils.rnn.pad_sequence([x])
        nn.utils.rnn.pack_sequence([x]).data  nn.utils.rnn.unpad_sequence(x[:,None],t.tensor([4]))
        nn.utils.rnn.pad_packed_sequence(nn.utils.rnn.pack_sequence([x]))[0]
        nn.RNN(4,4)(x[:,None])  nn.LSTM(4,4)(x[:,None])  nn.GRU(4,4)(x[:,None])  nn.LSTMCell(4,4)(x)
    """,
}
ALL = [(call, shape) for shape, calls in CALLS.items() for call in calls.split()]


def tensors(result, kind):
    if isinstance(result, kind):
        return [result]
    return [x for part in result for x in tensors(part, kind)] if isinstance(result, (tuple, list)) else []


def sharing(t, call, shape):
    """For each result whether it is ``x``, a view of it or memory of its own; and whether two share any."""
    x = (t.arange(float(np.prod(shape))) * 0.5 + 1).reshape(shape).clone()
    results = tensors(eval(call, {"t": t, "x": x, "nn": t.nn, "F": t.nn.functional}), t.Tensor)
    arrays = [r.detach().numpy() for r in results]
    kinds = [
        "x" if r is x else "view" if np.shares_memory(a, x.numpy()) else "own"
        for r, a in zip(results, arrays)
    ]
    return kinds, any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


@pytest.mark.filterwarnings("ignore")  # of what PyTorch deprecates
@pytest.mark.parametrize(("call", "shape"), ALL, ids=[call for call, _ in ALL])
def test_memory_is_shared_as_in_torch(call, shape):
    assert sharing(mytorch, call, shape) == answer(sharing, call, shape)


# The operations that may lie in the memory of their input. All but the last are declared views.
VIEWS = set(
    """
    as_strided diagonal expand getitem permute reshape split squeeze transpose unbind unfold unsqueeze view
    view_as_dtype write_view real imag view_as_real view_as_complex
""".split()
)
# No views, and yet no copies: the input itself where nothing is to do, the two sides of a module's hooks, and
# a sample that was drawn before.
PASSING = {"boundary", "contiguous", "transfer", "standard_gamma"}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
@pytest.mark.parametrize("transposed", [False, True], ids=["in order", "transposed"])
def test_only_views_share_memory(row, transposed):
    inputs = [mytorch.tensor(a) for a in row.arrays("float64")]
    if transposed:
        inputs = [x.mT.contiguous().mT if x.ndim > 1 else x for x in inputs]
    results = tensors(row.call(*inputs), mytorch.Tensor)
    for i, r in enumerate(results):
        assert not any(np.shares_memory(r.array, other.array) for other in results[:i])
        for x in inputs:
            if r is not x and np.shares_memory(r.array, x.array):
                assert row.op in VIEWS | PASSING
                base = x if x._base is None else x._base
                assert row.op in PASSING or (r._base is base and r._counter is x._counter)


@pytest.mark.parametrize("row", [r for r in rows() if r.smooth], ids=lambda row: row.id)
def test_writing_into_a_result_never_changes_a_gradient_in_silence(row):
    """Backward gives the same as without the write, or refuses since a value that it needs has changed."""
    expected = gradients_after(row, lambda results: None)

    def write(results):
        for r in results:
            r.detach().copy_(mytorch.full(r.shape, 1e3, dtype=r.dtype))

    try:
        found = gradients_after(row, write)
    except RuntimeError as error:
        assert "modified by an inplace operation" in str(error) or "more than one element" in str(error)
        return
    for g, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(g.numpy(), wanted.numpy())


def gradients_after(row, change):
    """The gradients of the sum of the results, which ``change`` is given between forward and backward."""
    mytorch.manual_seed(0)
    leaves = [mytorch.tensor(a) for a in row.arrays("float64")]
    for x, maker in zip(leaves, row.makers()):
        if (x.is_floating_point() or x.is_complex()) and getattr(maker, "grad", True):
            x.requires_grad_()
    inputs = [x * 1 if x.requires_grad else x for x in leaves]
    results = [r for r in tensors(row.call(*inputs), mytorch.Tensor) if r.requires_grad]
    loss = sum((mytorch.view_as_real(r) if r.is_complex() else r).sum() for r in results)
    change(results)
    return mytorch.autograd.grad(loss, [x for x in leaves if x.requires_grad], materialize_grads=True)


def test_declared_views_are_these():
    assert {name for name, op in primitives.items() if op.view} <= VIEWS
