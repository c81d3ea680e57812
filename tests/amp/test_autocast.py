"""autocast against PyTorch: the dtype of every listed function's result, and of those that are not listed."""

import importlib
import threading

import numpy as np
import pytest

import mytorch
from mytorch.amp import policies
from mytorch.amp.autocast import _named
from mytorch.ops.interpose import _chains
from tests.draws import draws
from tests.referee import agree_on, answer, table
from tests.tape import session

FLOATS = {
    "x": (8, 16),
    "y": (8, 16),
    "b": (16,),
    "w": (4, 16),
    "w4": (4,),
    "sq": (8, 8),
    "img": (2, 3, 8, 8),
    "k": (4, 3, 3, 3),
    "seq": (2, 3, 16),
    "k1": (4, 3, 3),
    "q": (2, 2, 5, 4),
    "e": (10, 4),
}
# with p > 0, probabilities u and v, t: 8 classes, i: 8 rows, m: a mask, and the tensors above
CALLS = """
x + y
x + 1.0
x - y
x * y
x * 2.0
x / p
-x
x ** 2
torch.pow(p, 0.5)
x @ y.T
torch.mm(x, y.t())
torch.bmm(q[0], q[0].transpose(1, 2))
torch.einsum('ij,kj->ik', x, y)
torch.addmm(sq, x, y.T)
torch.addcmul(x, y, p)
torch.lerp(x, y, 0.5)
x.exp()
p.log()
p.sqrt()
p.rsqrt()
x.abs()
torch.sin(x)
torch.tanh(x)
torch.sigmoid(x)
torch.erf(x)
F.relu(x)
F.leaky_relu(x, 0.1)
F.elu(x)
F.gelu(x)
F.silu(x)
F.softplus(x)
F.softmax(x, dim=-1)
F.log_softmax(x, dim=1)
torch.logsumexp(x, 1)
x.clamp(-1, 1)
x.clamp(min=0.0)
torch.where(m, x, y)
torch.maximum(x, y)
x.sum()
x.sum(dim=1)
x.mean()
x.mean(1, keepdim=True)
x.var()
x.std(0)
x.max()
x.max(dim=1).values
x.amax(1)
p.prod()
x.norm()
torch.linalg.vector_norm(x, dim=1)
x.cumsum(1)
x.sort(dim=1).values
x.topk(3, dim=1).values
x.reshape(4, 32)
x.view(-1)
x.flatten()
x.transpose(0, 1)
x.t()
img.permute(0, 2, 3, 1)
x.unsqueeze(1)
x.squeeze()
b.expand(8, 16)
b.repeat(2, 2)
torch.cat([x, y], 1)
torch.stack([x, y])
x.split(4, dim=1)[0]
torch.chunk(x, 2, 1)[1]
x[2]
x[1:5, ::2]
x[i]
x[i, i]
x[m]
x[:, None]
x.gather(1, t.unsqueeze(1))
x.index_select(0, i)
x.masked_fill(m, 0.0)
x.tril()
x.flip(0)
x.roll(1, 0)
x.clone()
y.T.contiguous()
torch.ones_like(x)
F.linear(x, w, w4)
F.embedding(t, e)
F.layer_norm(x, (16,), b, b)
F.batch_norm(x, None, None, b, b, training=True)
F.group_norm(img, 3)
F.normalize(x, dim=1)
F.conv2d(img, k, padding=1)
F.conv1d(seq, k1)
F.max_pool2d(img, 2)
F.avg_pool2d(img, 2)
F.adaptive_avg_pool2d(img, 1)
F.interpolate(img, scale_factor=2)
F.pad(x, (1, 1))
F.scaled_dot_product_attention(q, q, q)
F.cosine_similarity(x, y)
F.cross_entropy(x, t)
F.nll_loss(x, t)
F.mse_loss(x, y)
F.l1_loss(x, y)
F.smooth_l1_loss(x, y)
F.binary_cross_entropy_with_logits(x, u)
F.binary_cross_entropy(u, v)
F.kl_div(x, u)
torch.mv(x, b)
torch.dot(b, b)
torch.baddbmm(q[0], q[0], torch.ones(2,4,4))
torch.addbmm(torch.ones(5,4), q[0], torch.ones(2,4,4))
F.conv_transpose1d(seq, torch.ones(3,4,3))
F.conv_transpose2d(img, torch.ones(3,4,3,3))
F.conv3d(img[None], torch.ones(4,2,3,3,3))
F.prelu(x, torch.ones(1))
torch.tensordot(x, y, dims=([1],[1]))
torch.linalg.multi_dot([x, y.T, x])
torch.chain_matmul(x,y.T)
torch.kron(x[:2,:2],y[:2,:2])
torch.outer(b,b)
torch.inner(b,b)
torch.linalg.vecdot(x,y)
F.bilinear(x,y,torch.ones(3,16,16))
torch.cdist(x,y)
torch.linalg.svdvals(x)
torch.linalg.inv(sq)
torch.linalg.solve(sq,sq)
torch.linalg.cholesky(sq@sq.T)
torch.linalg.qr(sq)[0]
torch.linalg.eigh(sq)[0]
torch.linalg.matrix_power(sq,2)
torch.fft.rfft(x)
torch.stft(x,8,return_complex=True)
torch.quantile(x,.5)
torch.nanquantile(x,.5)
torch.trace(sq)
x.cumprod(1)
F.huber_loss(x,y)
F.soft_margin_loss(x,y.sign())
F.hinge_embedding_loss(x,y.sign())
F.cosine_embedding_loss(x,y,torch.ones(8))
F.margin_ranking_loss(b,b,b)
F.triplet_margin_loss(x,y,p)
F.multi_margin_loss(x,t)
F.multilabel_soft_margin_loss(x,u)
F.poisson_nll_loss(x,u)
F.gaussian_nll_loss(x,u,v)
F.avg_pool3d(img[None],2)
F.adaptive_avg_pool3d(img[None],1)
F.adaptive_max_pool3d(img[None],2)
F.max_pool3d(img[None],2)
F.pad(img,(1,1,1,1),mode='reflect')
F.pad(img,(1,1,1,1),mode='replicate')
F.interpolate(img,scale_factor=2,mode='bicubic')
F.interpolate(img,scale_factor=2,mode='bilinear')
F.interpolate(img[None],scale_factor=2,mode='trilinear')
F.grid_sample(img,torch.zeros(2,3,3,2))
F.fold(torch.ones(1,4,9),(4,4),2)
F.unfold(img,2)
F.instance_norm(img)
F.rms_norm(x,(16,))
F.local_response_norm(img,2)
torch.polar(x,y)
torch.view_as_complex(torch.ones(3,2))
torch.logdet(sq@sq.T+torch.eye(8))
torch.linalg.lstsq(sq,sq)[0]
torch.linalg.matrix_norm(sq)
torch.linalg.cond(sq)
torch.linalg.tensorinv(sq.reshape(2,4,8),2)
torch.linalg.householder_product(sq,b[:8])
torch.linalg.cross(x[:,:3],y[:,:3])
x.index_copy(0,i,y)
x.index_put((i,),y[:8])
x.scatter_add(1,t[:,None],y)
torch.atan2(x,y)
F.embedding_bag(t[None],e)
torch.corrcoef(x)
torch.cov(x)
torch.vander(b)
torch.ger(b,b)
F.softmin(x,1)
F.logsigmoid(x)
F.glu(x)
torch.geqrf(sq)[0]
torch.msort(x)
"""


def operands(lib, dtype):
    rng = draws(4)
    found = {name: lib.tensor(rng.standard_normal(shape)).to(dtype) for name, shape in FLOATS.items()}
    for name in "puv":
        found[name] = lib.tensor(rng.uniform(0.1, 0.9, (8, 16))).to(dtype)
    for name in "ti":
        found[name] = lib.tensor(rng.integers(0, 8, 8))
    found["m"] = lib.tensor(rng.integers(0, 2, (8, 16)) > 0)
    return {**found, "torch": lib, "F": lib.nn.functional}


def kinds(lib, dtype, low, calls):
    """The dtype of each call's result under autocast, or that it is refused."""
    found, names = {}, operands(lib, getattr(lib, dtype))
    for call in calls:
        try:
            with lib.autocast("cpu", dtype=getattr(lib, low)):
                found[call] = str(eval(call, names).dtype).rpartition(".")[2]
        except (RuntimeError, TypeError, ValueError):
            found[call] = "refused"
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("low", ["bfloat16", "float16"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
def test_dtypes_are_those_of_pytorch(dtype, low):
    calls = [line.strip() for line in CALLS.strip().splitlines()]
    theirs = answer(kinds, dtype, low, calls)
    mine = kinds(mytorch, dtype, low, calls)
    # where PyTorch refuses, a function that works is no fault
    wrong = {c: (mine[c], kind) for c, kind in theirs.items() if kind not in (mine[c], "refused")}
    assert not wrong
    assert sum(kind != "refused" for kind in theirs.values()) > 70


def test_every_name_in_the_lists_is_there():
    for lists in (policies.CPU, policies.GPU):
        for names in lists.values():
            assert all(callable(_named(name)) for name in names.split())


def trained(t, step, **options):
    """Losses and gradients of a small model that is trained under autocast."""
    rng = draws(8)
    model = t.nn.Sequential(t.nn.Linear(6, 8), t.nn.ReLU(), t.nn.LayerNorm(8), t.nn.Linear(8, 3))
    for p in model.parameters():
        p.data = t.tensor(rng.standard_normal(tuple(p.shape)).astype("float32"))
    x, y = t.tensor(rng.standard_normal((5, 6)).astype("float32")), t.tensor(rng.integers(0, 3, 5))
    optimizer, losses = t.optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(3):
        optimizer.zero_grad()
        with t.autocast("cpu", **options):
            loss = t.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        step(t, optimizer)
        losses.append(loss)
    return losses, [p.grad for p in model.parameters()]


def test_training_is_that_of_pytorch():
    """To the precision of bfloat16: products are rounded at other places."""
    agree_on(trained, lambda t, optimizer: optimizer.step(), close=0.05)


LAYERS = {
    "LSTM": lambda t: t.nn.LSTM(16, 4),
    "GRU": lambda t: t.nn.GRU(16, 4, bidirectional=True),
    "RNN": lambda t: t.nn.RNN(16, 4, 2),
    "LSTMCell": lambda t: t.nn.LSTMCell(16, 4),
    "GRUCell": lambda t: t.nn.GRUCell(16, 4),
    "Linear": lambda t: t.nn.Linear(16, 4),
    "MultiheadAttention": lambda t: t.nn.MultiheadAttention(16, 4),
    "Conv1d": lambda t: t.nn.Conv1d(8, 2, 3),
    "TransformerEncoderLayer": lambda t: t.nn.TransformerEncoderLayer(16, 4, 32),
    "BatchNorm1d": lambda t: t.nn.BatchNorm1d(16),
}


def kinds_of_a_layer(t, name, dtype):
    """The dtypes of a layer's results, and of its gradients."""
    layer = LAYERS[name](t)
    shape = (8, 16) if "Cell" in name or "Norm" in name else (3, 8, 16)
    x = t.ones(shape).to(getattr(t, dtype)).requires_grad_()
    with t.autocast("cpu"):
        out = layer(x, x, x) if name == "MultiheadAttention" else layer(x)
    first = out
    while isinstance(first, tuple):
        first = first[0]
    first.sum().backward()
    kinds = [str(v.dtype).rpartition(".")[2] for v in (first, x.grad, *(p.grad for p in layer.parameters()))]
    return kinds


def has_bfloat16_lstm():
    """Whether the answer is recorded, or PyTorch can give it on this processor."""
    return (
        session.mode == "recorded" or importlib.import_module("torch").ops.mkldnn._is_mkldnn_bf16_supported()
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, dtype):
    if name == "LSTM" and dtype == "float32" and not has_bfloat16_lstm():
        pytest.skip("PyTorch's LSTM of bfloat16 needs AVX-512")
    assert kinds_of_a_layer(mytorch, name, dtype) == answer(kinds_of_a_layer, name, dtype)


# ---- contexts ------------------------------------------------------------------------------------


def dtype_of_a_product(t):
    return str((t.ones(2, 2) @ t.ones(2, 2)).dtype).rpartition(".")[2]


def s_nested(t):
    found = []
    with t.autocast("cpu"):
        found.append(dtype_of_a_product(t))
        with t.autocast("cpu", enabled=False):
            found.append(dtype_of_a_product(t))
            with t.autocast("cpu", dtype=t.float16):
                found.append(dtype_of_a_product(t))
                with t.autocast("cpu"):
                    found.append(dtype_of_a_product(t))
        found.append(dtype_of_a_product(t))
    return [*found, dtype_of_a_product(t)]


def s_queries(t):
    def asked():
        return (
            t.is_autocast_enabled("cpu"),
            t.is_autocast_enabled("cuda"),
            t.is_autocast_cache_enabled(),
            str(t.get_autocast_dtype("cpu")).rpartition(".")[2],
            str(t.get_autocast_dtype("cuda")).rpartition(".")[2],
        )

    found = [asked()]
    with t.autocast("cpu", t.float16, cache_enabled=False):
        found.append(asked())
        with t.autocast("cpu", enabled=False):
            found.append(asked())
    return found, t.amp.is_autocast_available("cpu"), t.amp.is_autocast_available("cuda")


def s_decorator(t):
    @t.autocast("cpu", dtype=t.float16)
    def f():
        return dtype_of_a_product(t)

    return f(), f(), dtype_of_a_product(t)


def s_an_exception_ends_it(t):
    try:
        with t.autocast("cpu"):
            raise KeyError
    except KeyError:
        return dtype_of_a_product(t), t.is_autocast_enabled("cpu")


def s_disabled(t):
    with t.autocast("cpu", enabled=False):
        return dtype_of_a_product(t)


def s_unsupported_dtype(t):
    with t.autocast("cpu", dtype=t.float64):
        return dtype_of_a_product(t), t.is_autocast_enabled("cpu")


def s_out(t):
    with t.autocast("cpu"):
        return t.mm(t.ones(2, 2), t.ones(2, 2), out=t.zeros(2, 2))


def s_no_such_device(t):
    t.autocast("gpu")


def s_a_device_object(t):
    t.autocast(t.device("cpu"))


def s_weights_get_gradients_in_float32(t):
    w = t.full((2, 2), 1 + 2**-10, requires_grad=True)
    with t.autocast("cpu"):
        y = (w @ w).sum() + (w @ t.ones(2, 2)).sum()
    y.backward()
    return w.grad


def s_a_weight_that_changes_is_cast_anew(t):
    w = t.ones(2, 2, requires_grad=True)
    with t.autocast("cpu"):
        first = (w @ w).float().sum()
        with t.no_grad():
            second = (w @ w).float().sum()
    with t.no_grad():
        w.mul_(2)
    with t.autocast("cpu"):
        return first, second, (w @ w).float().sum()


def s_custom_function(t):
    class Product(t.autograd.Function):
        @staticmethod
        @t.amp.custom_fwd(device_type="cpu")
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x @ y

        @staticmethod
        @t.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g @ y.T, x.T @ g

    x = t.ones(2, 2, requires_grad=True)
    with t.autocast("cpu"):
        out = Product.apply(x, x * 2)
    out.sum().backward()
    return out, x.grad


def s_custom_function_that_casts(t):
    class Seen(t.autograd.Function):
        @staticmethod
        @t.amp.custom_fwd(device_type="cpu", cast_inputs=t.float16)
        def forward(ctx, x, y):
            return x.clone() @ y

        @staticmethod
        @t.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            return g, None

    x = t.ones(2, 2, requires_grad=True)
    with t.autocast("cpu"):
        inside = Seen.apply(x, t.ones(2, 2))
    return inside, Seen.apply(x, t.ones(2, 2))


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_a_weight_is_cast_once_a_context():
    w, x = mytorch.ones(3, 3, requires_grad=True), mytorch.ones(2, 3)
    with mytorch.autocast("cpu"):
        first, second = (x @ w).grad_fn.next_functions, (x @ w).grad_fn.next_functions
        assert first[1][0] is second[1][0] and first[1][0].name() == "ToCopyBackward0"
    with mytorch.autocast("cpu", cache_enabled=False):
        first, second = (x @ w).grad_fn.next_functions, (x @ w).grad_fn.next_functions
        assert first[1][0] is not second[1][0]


def test_another_thread_has_its_own_mode():
    found = []
    with mytorch.autocast("cpu"):
        thread = threading.Thread(target=lambda: found.append(dtype_of_a_product(mytorch)))
        thread.start()
        thread.join()
        assert dtype_of_a_product(mytorch) == "bfloat16"
    assert found == ["float32"]


def test_one_context_can_be_entered_twice():
    mode = mytorch.autocast("cpu")
    with mode:
        with mode:
            assert dtype_of_a_product(mytorch) == "bfloat16"
        assert dtype_of_a_product(mytorch) == "bfloat16"
    assert dtype_of_a_product(mytorch) == "float32"


def test_nothing_is_left_behind():
    functions = [_named(name) for name in ("matmul", "nn.functional.linear", "nn.functional.cross_entropy")]
    mytorch.matmul(mytorch.ones(1, 1), mytorch.ones(1, 1))
    before = [(f, f.__code__, f.__kwdefaults__) for f in functions]
    with mytorch.autocast("cpu"):
        assert all(f.__code__ is not code for f, code, _ in before)
    assert not _chains
    mytorch.nn.functional.linear(mytorch.ones(1, 1), mytorch.ones(1, 1))
    assert [(f, f.__code__, f.__kwdefaults__) for f in functions][:2] == before[:2]


def test_a_device_that_is_not_here_has_nothing_to_cast():
    with mytorch.autocast("mps"):
        assert dtype_of_a_product(mytorch) == "float32"
    assert not mytorch.is_autocast_enabled("mps") and mytorch.get_autocast_dtype("mps") == mytorch.float16
    with pytest.raises(RuntimeError, match="unsupported autocast device_type 'gpu': cpu or cuda"):
        mytorch.autocast("gpu")


def test_values_are_rounded_where_pytorch_rounds():
    x, w = (draws(1).standard_normal((4, 4)).astype("float32") for _ in range(2))
    with mytorch.autocast("cpu"):
        y = mytorch.tensor(x) @ mytorch.tensor(w)
    exact = x.astype("float64") @ w
    assert np.abs(y.double().numpy() - exact).max() < 0.02 * np.abs(exact).max()
