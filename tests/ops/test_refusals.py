"""Arguments at the edge of what PyTorch takes: what it refuses is refused with the same type of exception,
what it takes gives the same.
"""

import inspect
import math
import warnings

import numpy as np
import pytest

import mytorch
from tests.referee import agree, torch

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own deprecations

X = np.arange(6.0, dtype="float32").reshape(2, 3) - 2
REAL = X.astype("float64") + 0.25


def check(call, dtypes=("float32",)):
    for dtype in dtypes:
        agree(call, [X.astype(dtype)], f"{dtype}: {inspect.getsource(call).strip()}")


FLAGS = [
    lambda m, x: x.sum(0, keepdim=1),
    lambda m, x: x.sum(0, 1),
    lambda m, x: m.mean(x, 0, keepdim=0),
    lambda m, x: x.amax(0, keepdim="no"),
    lambda m, x: x.argmax(0, keepdim=None),
    lambda m, x: x.all(0, keepdim=1),
    lambda m, x: x.max(0, keepdim=1),
    lambda m, x: x.logsumexp(0, keepdim=1),
    lambda m, x: x.sort(descending=1),
    lambda m, x: x.argsort(descending=0),
    lambda m, x: x.topk(1, largest=1),
    lambda m, x: x.topk(1, sorted=1),
    lambda m, x: x.sum(0, dim=0),
    lambda m, x: x.amax(0, dim=0),
    lambda m, x: x.argmax(None, dim=0),
    lambda m, x: x.all(0, dim=1),
]
DIMS = [
    lambda m, x: x.size(True),
    lambda m, x: x.stride(True),
    lambda m, x: (x.size(9), x.size(-3)),
    lambda m, x: x.stride(9),
    lambda m, x: (x.size(-1), x.stride(-2)),
    lambda m, x: x.sum(True),
    lambda m, x: x.softmax(True),
    lambda m, x: x.argmax(dim=False),
    lambda m, x: x.transpose(True, 0),
    lambda m, x: x.unsqueeze(True),
    lambda m, x: x.squeeze(False),
    lambda m, x: x.amin(dim=False),
    lambda m, x: x.aminmax(dim=True),
    lambda m, x: x.cumsum(True),
    lambda m, x: m.flip(x, 1),
    lambda m, x: m.flip(x, dims=1),
    lambda m, x: m.flip(x, (1,)),
    lambda m, x: x.flip(1),
    lambda m, x: x.flip(0, 1),
    lambda m, x: m.flip(x, [True]),
]
NUMBER_FIRST = [
    (lambda m, x, name=name: getattr(m, name)(2, x))
    for name in """
    eq ne lt le gt ge maximum minimum fmax fmin atan2 hypot copysign fmod logaddexp nextafter gcd
    lcm isclose ldexp heaviside rsub logical_and logical_or clamp clamp_min add sub mul div pow
    remainder floor_divide bitwise_and xlogy float_power
""".split()
]
NUMBERS = [
    lambda m, x: m.cos(2),
    lambda m, x: m.acos(0.5),
    lambda m, x: m.add(x, x, alpha=True),
    lambda m, x: m.add(x, 1, alpha=True),
    lambda m, x: m.sub(x, x, alpha=True),
    lambda m, x: m.add(x > 1, x > 2, alpha=True),
    lambda m, x: m.add(x.int(), x.int(), alpha=1.0),
    lambda m, x: m.clamp(x, 1, m.tensor(2)),
    lambda m, x: m.clamp(x, m.tensor(1.0), 2),
    lambda m, x: m.clamp(x.int(), m.tensor(1.0), 2),
    lambda m, x: m.clamp(x, 1, m.tensor([2.0, 2, 2])),
    lambda m, x: x.masked_fill(x > 1, 1e300),
    lambda m, x: x.half().masked_fill(x > 1, 1e30),
    lambda m, x: x.masked_fill(x > 1, None),
    lambda m, x: (x > 0).masked_fill(x > 1, "a"),
    lambda m, x: (x > 0).masked_fill(x > 1, [1]),
    lambda m, x: x.int().masked_fill(x > 1, m.tensor(3e10)),
    lambda m, x: x.int().masked_fill(x > 1, m.tensor(2.5)),
    lambda m, x: x.int().masked_fill(x > 1, m.tensor(np.inf)),
    lambda m, x: x.half().masked_fill(x > 1, m.tensor(1e30)),
    lambda m, x: x.int().index_fill(0, m.tensor([0]), m.tensor(3e10)),
    lambda m, x: x.half() ** 1e300,
    lambda m, x: m.where(x > 1, 1e300, x),
    lambda m, x: m.lerp(x, x, 1e300),
    lambda m, x: x.half().clamp(max=1e6),
]
NUMPY_NUMBERS = [
    lambda m, x: x.long() * np.float64(2.5),
    lambda m, x: np.float64(2.5) * x.long(),
    lambda m, x: m.add(x.long(), np.float32(2)),
    lambda m, x: m.tensor(1) * np.float64(2),
    lambda m, x: x.half() * np.float32(2),
    lambda m, x: x ** np.float64(2.5),
    lambda m, x: x.long() ** np.float64(0.5),
    lambda m, x: x.long() ** np.int32(-2),
    lambda m, x: m.true_divide(np.float32(1.5), x.half()),
    lambda m, x: m.remainder(np.float64(2.5), x.to(m.uint8) + 1),
    lambda m, x: m.special.xlog1py(x.to(m.uint8), np.float64(2.5)),
    lambda m, x: m.lerp(x, x, np.float64(2.5)),
    lambda m, x: x.int() * np.int64(2),
    lambda m, x: (x > 0) * np.int32(2),
    lambda m, x: m.where(x > 1, np.float64(1), x.long()),
]
RESULTS = [  # what is easily given in another dtype or shape
    lambda m, x: m.trapezoid(m.tensor([200, 100, 3], dtype=m.uint8)),
    lambda m, x: m.trapezoid(*[m.tensor([200, 100, 3], dtype=m.uint8)] * 2),
    lambda m, x: m.cumulative_trapezoid(*[m.tensor([200, 100, 3], dtype=m.uint8)] * 2),
    lambda m, x: m.trapezoid(x, dx=2, dim=0),
    lambda m, x: m.trapezoid(x.detach()[:, :0]),
    lambda m, x: m.cumulative_trapezoid(x, x**2),
    lambda m, x: m.diff(x, 0, 1, x, x),
    lambda m, x: m.linspace(4.3, -3, 50, dtype=m.int64),
    lambda m, x: m.logspace(0.5, 3.5, 4, dtype=m.int32),
    lambda m, x: m.linalg.vander(m.tensor(2.0), N=3),
    lambda m, x: m.linalg.vander(m.tensor(2.0)),
    lambda m, x: m.triu_indices(2, 3, dtype=None),
    lambda m, x: m.linalg.vander(m.tensor([200, 3], dtype=m.uint8), N=3),
    lambda m, x: m.linalg.pinv(x[:, :2], hermitian=True),
    lambda m, x: m.linalg.pinv(m.stack([x, x]), m.tensor([0.1, 0.5])),
    lambda m, x: m.linalg.matrix_rank(m.stack([x, x]), tol=m.tensor([0.1, 5])),
    lambda m, x: m.linalg.matrix_rank(x[:, :2], hermitian=True),
    lambda m, x: m.linalg.eigvalsh(x[:, :2] * 0),
    lambda m, x: m.linalg.eigvalsh(x[:, :2], 1),
    lambda m, x: m.diagonal_scatter(x.long(), m.tensor([2.5, 3.5])),
    lambda m, x: m.diagonal_scatter(x / 0, m.tensor([2.5, 3.5])),
    lambda m, x: m.index_add(m.tensor(True), 0, m.tensor([0]), m.tensor(True)),
    lambda m, x: x.index_fill(1, m.tensor([0, 2, 0, -1]), x[0, 0]),
    lambda m, x: (x > 0).scatter_reduce(1, m.tensor([[0, 0, 1]]), x[:1] > 9, "amax", include_self=False),
    lambda m, x: m.cov(x.half(), aweights=m.tensor([0.5, 1, 2])),
    lambda m, x: m.nan_to_num(x / 0),
    lambda m, x: m.sign(x / 0),
    lambda m, x: m.nn.functional.l1_loss(x.to(m.uint8), x.to(m.uint8) + 3, reduction="sum"),
    lambda m, x: m.nn.functional.margin_ranking_loss(*[x.to(m.uint8)] * 3, reduction="none"),
    lambda m, x: m.nn.functional.smooth_l1_loss(x, x + 0.5, 0),
    lambda m, x: m.nn.functional.multi_margin_loss(x, m.tensor([1, 2])),
    lambda m, x: m.nn.functional.adaptive_avg_pool1d(m.tensor([[[1.0, 2, 3, 4, np.inf, 6, np.nan]]]), 3),
    lambda m, x: m.nn.functional.multilabel_margin_loss(m.tensor(1.0), m.tensor(0)),
    lambda m, x: m.nn.functional.cosine_similarity(x.int(), x),
    lambda m, x: m.nn.functional.dropout2d(x[0], training=False),
    lambda m, x: m.nn.functional.rrelu(x[0, 0], 0.5, 0.5, training=True),
    lambda m, x: m.special.xlog1py(x, 2.5),
    lambda m, x: m.sqrt(m.relu(x)),
    lambda m, x: m.sqrt(x.max(1).values + 2),
    lambda m, x: m.sqrt(x.abs().min(1).values),
    lambda m, x: m.nn.functional.lp_pool1d(x * 0, 2, 2),
    lambda m, x: m.nn.functional.multi_margin_loss(x / 0, m.tensor([1, 2])),
    lambda m, x: m.nanquantile(x, m.tensor([0.3, 0.8])),
    lambda m, x: m.quantile(x.detach(), x[1, 2] / 10 - 0.1),
    lambda m, x: m.nanquantile(x.detach(), x[1, 2] / 10 - 0.1, dim=1),
    lambda m, x: m.nansum(x, np.int64(1)),
    lambda m, x: x.std(np.int32(0)),
    lambda m, x: x.norm(1.5, np.int32(-1)),
    lambda m, x: m.addbmm(*[m.ones(2, 2, dtype=m.uint8)], *[m.ones(3, 2, 2, dtype=m.uint8)] * 2),
    lambda m, x: m.tensordot(m.ones(2, 1, dtype=m.uint8), m.ones(2, 3, dtype=m.uint8), ([1], [0])),
    lambda m, x: x.double(memory_format=m.contiguous_format),
    lambda m, x: x[0].broadcast_to(3),
    lambda m, x: m.linalg.matrix_rank(x, 2.5),
    lambda m, x: m.cholesky(m.eye(2) * 2, True),
    lambda m, x: m.meshgrid(x[0], x[1], indexing=None),
    lambda m, x: m.linalg.cross(x, x * x, axis=1),
    lambda m, x: m.take_along_dim(x, m.tensor([[4000]]), 0),
    lambda m, x: m.take_along_dim(x, m.tensor([[-1]]), 1),
    lambda m, x: m.take_along_dim(x, m.tensor([[1]], dtype=m.int32), 1),
    lambda m, x: m.index_reduce(m.tensor(2.0), 0, m.tensor([0]), m.tensor(3.0), "amax"),
]


@pytest.mark.parametrize(
    "call", FLAGS + DIMS + NUMBERS + NUMPY_NUMBERS, ids=lambda call: inspect.getsource(call).strip()[14:60]
)
def test_arguments(call):
    check(call)


@pytest.mark.parametrize("call", NUMBER_FIRST, ids=lambda call: call.__defaults__[0])
def test_number_first(call):
    check(call, ("float32", "int64"))


@pytest.mark.parametrize("call", RESULTS, ids=lambda call: inspect.getsource(call).strip()[14:60])
def test_results(call):
    check(call)


BETWEEN = [  # arguments that do not go together
    lambda m, x: x + m.ones(4, 2),
    lambda m, x: m.where(x > 0, x, m.ones(4)),
    lambda m, x: m.addcmul(x, x, m.ones(4)),
    lambda m, x: m.bmm(x[None], [1]),
    lambda m, x: m.cross(x, x.double()),
    lambda m, x: m.linalg.cross(x, x.int()),
    lambda m, x: m.linalg.vecdot(x, x.double()),
    lambda m, x: m.cdist(x, x, 2.0, "other"),
    lambda m, x: m.linalg.solve_triangular(x, x, upper=True),
    lambda m, x: m.topk(x > 0, 1),
    lambda m, x: m.linalg.vector_norm(x, dtype=m.float16),
    lambda m, x: m.linalg.vector_norm(x, dtype=m.float64),
    lambda m, x: m.index_reduce(x, 1, m.tensor([0, 1, 2]), m.ones(3, 3), "amax"),
    lambda m, x: x.detach().clone().put_(m.tensor([0]), m.tensor([1.0], dtype=m.float64)),
    lambda m, x: m.add(x, x, alpha=1j),
    lambda m, x: m.diff(x, prepend=x[0]),
    lambda m, x: m.isin(x > 0, x > 0),
    lambda m, x: float(x),
    lambda m, x: int(x),
    lambda m, x: complex(x),
    lambda m, x: x.sum(dtype=m.int64),
    lambda m, x: x.detach().sum(dtype=m.int64),
    lambda m, x: x.cumsum(1, dtype=m.int32),
    lambda m, x: x.prod(1, dtype=m.bool),
    lambda m, x: m.index_add(x, 0, m.tensor([0]), "abc"),
    lambda m, x: m.nanmean([1.0]),
    lambda m, x: m.sort([2.0, 1.0]),
    lambda m, x: m.gather(None, 0, m.tensor([0])),
    lambda m, x: m.var(x, 0, dim=0),
    lambda m, x: m.var(x, True, unbiased=True),
    lambda m, x: m.ones(2, device=True),
    lambda m, x: m.ones(2, requires_grad=1),
    lambda m, x: m.allclose(x, x, rtol=np.nan),
    lambda m, x: m.cov(x, fweights=m.tensor([1])),
    lambda m, x: m.cov(x, aweights=m.tensor([[0.1, 0.2, 0.3]])),
    lambda m, x: m.trapezoid(x, x[0, :2]),
    lambda m, x: m.trapezoid(x, x > 0),
    lambda m, x: m.cumulative_trapezoid(x > 0),
    lambda m, x: m.trapezoid(x, dx=True),
    lambda m, x: m.linalg.lstsq(x, x, driver="other"),
    lambda m, x: m.linalg.lstsq(x, x, driver=1),
    lambda m, x: m.linalg.vander(x > 0),
    lambda m, x: m.linalg.vecdot(x.int(), x.int()),
    lambda m, x: m.cdist(x.int(), x.int()),
    lambda m, x: m.nn.functional.pdist(x, -1),
    lambda m, x: m.nn.functional.kl_div(x.int(), x),
    lambda m, x: m.nn.functional.binary_cross_entropy(m.sigmoid(x), x),
    lambda m, x: m.nn.functional.bilinear(x, x.double(), m.ones(4, 3, 3)),
    lambda m, x: m.nn.functional.bilinear(x, x, m.ones(4, 3, 3), m.ones(1)),
    lambda m, x: m.nn.functional.dropout(x.int()),
    lambda m, x: m.nn.functional.l1_loss(x > 0, x),
    lambda m, x: m.nn.functional.binary_cross_entropy(m.sigmoid(x), m.sigmoid(x).double()),
    lambda m, x: m.nn.functional.avg_pool1d(x.int(), 2),
    lambda m, x: m.nn.functional.adaptive_max_pool1d(x.int(), 2),
    lambda m, x: m.nn.functional.pad(x, (-4, -4), "reflect"),
    lambda m, x: m.nn.functional.batch_norm(x, None, None, training=True, eps=-1e-3),
    lambda m, x: m.nn.functional.dropout2d(m.ones(1, 2, 3, 3, dtype=m.int64)),
    lambda m, x: m.nn.functional.alpha_dropout(x.int(), training=True),
    lambda m, x: m.nn.functional.glu(m.ones(2, 2, dtype=m.int64)),
    lambda m, x: m.nn.functional.nll_loss(x.long(), m.tensor([0, 1])),
    lambda m, x: m.nn.functional.multi_margin_loss(x.long(), m.tensor([0, 1])),
    lambda m, x: m.nn.functional.multilabel_margin_loss(x.long(), x.long()),
    lambda m, x: m.nn.functional.adaptive_avg_pool1d(x.long(), 2),
    lambda m, x: m.nn.functional.unfold(m.ones(1, 1, 3, 3, dtype=m.int64), 2),
]


@pytest.mark.parametrize("call", BETWEEN, ids=lambda call: inspect.getsource(call).strip()[14:60])
def test_arguments_that_do_not_fit(call):
    check(call)


def test_words_of_broadcasting():
    with pytest.raises(
        RuntimeError,
        match=r"The size of tensor a \(3\) must match the size of tensor b \(2\) at non-singleton dimension 1",  # noqa: E501
    ) as error:
        mytorch.ones(2, 3) * mytorch.ones(4, 2)
    assert "mul(float32[2, 3], float32[4, 2])" in str(error.value)


SIXTEEN_BITS = [
    lambda m, x: m.nn.functional.mse_loss(x, x * 2),
    lambda m, x: m.nn.functional.mse_loss(x, x * 2, reduction="none"),
    lambda m, x: m.nn.functional.l1_loss(x, x * 2),
    lambda m, x: m.nn.functional.smooth_l1_loss(x, x * 2),
    lambda m, x: m.nn.functional.huber_loss(x, x * 2, reduction="none"),
    lambda m, x: m.nn.functional.binary_cross_entropy_with_logits(x, x * 0),
    lambda m, x: m.nn.functional.avg_pool1d(x, 2),
    lambda m, x: m.nn.functional.adaptive_avg_pool1d(x, 2),
    lambda m, x: m.nn.functional.max_pool1d(x, 2, padding=1),
    lambda m, x: m.nn.functional.adaptive_max_pool1d(x, 2),
    lambda m, x: m.nn.functional.interpolate(x[None], 5),
    lambda m, x: m.nn.functional.linear(x, x, x[:, 0]),
    lambda m, x: m.nn.functional.scaled_dot_product_attention(*[x[None]] * 3, is_causal=True),
    lambda m, x: m.nn.functional.scaled_dot_product_attention(
        *[x[None, None]] * 3, m.ones(2, 2, dtype=x.dtype)
    ),
    lambda m, x: m.addcdiv(x, x + 1, x + 3.5, value=0.5),
    lambda m, x: m.addcmul(x, x + 1, x + 3.5, value=0.5),
    lambda m, x: m.lerp(x, x + 1, 0.25),
    lambda m, x: m.round(x / 3, decimals=2),
    lambda m, x: m.nan_to_num(x / 0),
    lambda m, x: m.sign(x / 0),
    lambda m, x: x.scatter_reduce(1, m.tensor([[0, 0, 1]]), x[:1], "mean"),
]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("call", SIXTEEN_BITS, ids=lambda call: inspect.getsource(call).strip()[14:60])
def test_sixteen_bits(call, dtype):
    pytest.importorskip("ml_dtypes")

    def widened(m, x):
        x = x.to(getattr(m, dtype))
        out = call(m, x)
        assert out.dtype == x.dtype, f"{out.dtype}"
        return out.float()

    agree(widened, [X], inspect.getsource(call).strip(), tolerance=1e-2)


WEIGHTS = [
    lambda m, x: m.cov(x, fweights=m.ones(3)),
    lambda m, x: m.cov(x, fweights=m.tensor([1, 2, 0])),
    lambda m, x: m.cov(x, fweights=m.tensor([1, 2, -1])),
    lambda m, x: m.cov(x, fweights=m.tensor([True, True, True])),
    lambda m, x: m.cov(x, aweights=m.tensor([1, 2, 3])),
    lambda m, x: m.cov(x, aweights=m.tensor([1.0, 2, 0])),
    lambda m, x: m.cov(x, aweights=m.tensor([1.0, 2, -1])),
    lambda m, x: m.gradient(x, dim=(1, 1)),
    lambda m, x: m.gradient(x, dim=(1, -1)),
    lambda m, x: m.gradient(x, dim=2),
    lambda m, x: m.gradient(x, dim=()),
    lambda m, x: m.gradient(x, dim=(1, 0)),
]
TENSORS_ONLY = [
    lambda m, x: m.igamma(1.0, 2.0),
    lambda m, x: m.igamma(x, 2.0),
    lambda m, x: m.igammac(1.0, x),
    lambda m, x: m.igamma(x.double().abs(), x.double().abs() + 1),
    lambda m, x: m.special.gammainc(1.0, x),
    lambda m, x: m.polar(1.0, 2.0),
    lambda m, x: m.polar(x, 2.0),
    lambda m, x: m.polar(2.0, x),
    lambda m, x: m.complex(1.0, x),
    lambda m, x: m.complex(x, 1.0),
    lambda m, x: m.real(1.0),
    lambda m, x: m.imag([1.0]),
    lambda m, x: m.conj(1.0),
    lambda m, x: m.gradient(1.0),
]
STARTS = [
    lambda m, x: x.narrow(1, True, 1),
    lambda m, x: x.narrow(1, 0, True),
    lambda m, x: x.narrow(1, m.tensor(True), 1),
    lambda m, x: x.narrow(1, m.tensor(1), 1),
    lambda m, x: x.narrow(1, m.tensor(1.0), 1),
    lambda m, x: x.narrow(1, m.tensor([1]), 1),
]
MEMBERS = [
    lambda m, x: "a" in x,
    lambda m, x: None in x,
    lambda m, x: [1.0] in x,
    lambda m, x: (1.0,) in x,
    lambda m, x: np.ones(3) in x,
    lambda m, x: object() in x,
    lambda m, x: 1 in x,
    lambda m, x: 9 in x,
    lambda m, x: True in x,
    lambda m, x: np.float32(1) in x,
    lambda m, x: x[0] in x,
    lambda m, x: m.ones(4) in x,
]
DATA = [
    lambda m, x, data=data, make=make: make(m, data)
    for data in (
        [1, "a"],
        ["a"],
        "a",
        ["a", 1],
        [1, b"a"],
        [[1], ["a"]],
        [["a"], [1]],
        [1.0, "a"],
        [True, "a"],
        [None],
        [1, None],
        [1, {}],
        {},
    )
    for make in (
        lambda m, data: m.tensor(data),
        lambda m, data: m.as_tensor(data),
        lambda m, data: m.tensor(data, dtype=m.float32),
        lambda m, data: m.tensor(data, dtype=m.int64),
    )
]
HISTOGRAMS = [
    lambda m, x: m.histogram(x.sin())[0],
    lambda m, x: m.histogram(x.sin(), density=True)[0],
    lambda m, x: x.sin().histogram(range=(0.0, 1.0))[0],
]


@pytest.mark.parametrize(
    "call",
    WEIGHTS + TENSORS_ONLY + STARTS + MEMBERS + HISTOGRAMS,
    ids=lambda call: inspect.getsource(call).strip()[14:60],
)
def test_weights_tensors_starts_members(call):
    agree(call, [X], inspect.getsource(call).strip(), gradient=False)


@pytest.mark.parametrize("call", DATA)
def test_data_that_is_no_number(call):
    agree(call, [X], gradient=False)


OPERATORS = [
    lambda m, x: x @ np.ones(3),
    lambda m, x: x @ np.ones((3, 2), "float32"),
    lambda m, x: x.long() @ np.ones(3),
    lambda m, x: x.half() @ np.ones(3),
    lambda m, x: x + np.ones(3),
    lambda m, x: x * np.ones((2, 1)),
    lambda m, x: x / np.ones(3, "float32"),
    lambda m, x: x @ 2.0,
    lambda m, x: x @ np.float64(2),
    lambda m, x: 2.0 @ x,
    lambda m, x: x @ "a",
    lambda m, x: x @ None,
    lambda m, x: x @ np.ones(4),
]


@pytest.mark.parametrize("call", OPERATORS, ids=lambda call: inspect.getsource(call).strip()[14:60])
def test_operators_with_arrays(call):
    if "ones(4)" in inspect.getsource(call):
        with pytest.raises(RuntimeError):
            call(mytorch, mytorch.tensor(X))
    else:
        agree(call, [X], inspect.getsource(call).strip(), gradient=False)


def test_an_array_before_a_tensor():
    product = np.ones((4, 2)) @ mytorch.tensor(X)
    assert product.dtype == mytorch.float64
    np.testing.assert_array_equal(product.numpy(), np.ones((4, 2)) @ X)


FREEDOM = [
    lambda m, x, name=name, case=case: case(getattr(m, name), m)
    for name in ("std", "var", "std_mean", "var_mean")
    for case in (
        lambda f, m: f(m.ones(1)),
        lambda f, m: f(m.tensor(1.0)),
        lambda f, m: f(m.ones(2, 1), dim=1),
        lambda f, m: f(m.ones(3), correction=3),
        lambda f, m: f(m.ones(0)),
        lambda f, m: f(m.ones(1), unbiased=False),
        lambda f, m: f(m.ones(3), correction=2),
    )
] + [
    lambda m, x: m.cov(m.ones(2, 1)),
    lambda m, x: m.cov(x, correction=5),
    lambda m, x: m.cov(x),
    lambda m, x: m.corrcoef(m.ones(2, 1)),
]


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize("call", FREEDOM)
def test_warned_of_too_few_degrees_of_freedom(call):
    messages = []
    for lib in (torch, mytorch):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            call(lib, lib.tensor(X))
        messages.append([str(w.message).partition(" (Triggered")[0] for w in found])
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    ("kernel", "dilation", "warned"), [(2, 1, True), (4, 3, True), (2, 2, False), (3, 1, False)]
)
def test_warned_of_padding_on_one_side(kernel, dilation, warned):
    """torch warns once for a process, mytorch as Python's filters say."""
    text = "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy"
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        mytorch.nn.functional.conv1d(
            mytorch.ones(1, 1, 9), mytorch.ones(1, 1, kernel), padding="same", dilation=dilation
        )
        mytorch.nn.Conv2d(1, 1, (3, kernel), padding="same", dilation=dilation)(mytorch.ones(1, 1, 9, 9))
    assert [str(w.message).startswith(text) for w in found] == [True] * 2 * warned


HUGE = [2**63, 2**70, -(2**70), 2**63 - 1, math.inf, math.nan, 2.0]
INTEGERS = {
    "triu": lambda m, x, n: m.triu(x, n),
    "tril": lambda m, x, n: x.tril(diagonal=n),
    "tril_": lambda m, x, n: x.clone().tril_(n),
    "diag": lambda m, x, n: m.diag(x, n),
    "diagonal": lambda m, x, n: x.diagonal(n),
    "diag_embed of more": lambda m, x, n: m.diag_embed(x, n) if abs(n) > 2**63 else 0,
    "round": lambda m, x, n: m.round(x, decimals=n),
    "cov": lambda m, x, n: m.cov(x, correction=n),
    "triu_indices": lambda m, x, n: m.triu_indices(2, 3, n) if n != 2**63 - 1 else 0,
}


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("number", HUGE, ids=str)
def test_integers_that_are_too_large_or_none(name, number):
    agree(lambda m, x: INTEGERS[name](m, x, number), [X], gradient=False)
