"""float16 and bfloat16 lose no more than their own rounding: values and gradients of every operation, layer
and loss, also over dimensions of 4,096, against the same numbers in float64.

The bound is 4 times what rounding the inputs once more does to the exact result, and the rounding of the
result.
"""

import numpy as np
import pytest

import mytorch
from mytorch import nn
from mytorch.func import functional_call
from mytorch.testing.samples import Int, Real, rows
from tests.referee import torch

ml_dtypes = pytest.importorskip("ml_dtypes")
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7}
LARGEST, SMALLEST = 65504, 6e-8  # of float16
LONG = 4096


def rounded(array):
    """``array`` with numbers that both 16-bit dtypes have."""
    return array.astype(ml_dtypes.bfloat16).astype("float64") if array.dtype.kind == "f" else array


def evaluate(call, arrays, live, dtype, incoming=None):
    """The outputs of ``call`` on tensors and the gradients of those in ``live``, as float64; the gradients of
    the outputs that they come from.
    """
    tensors = [mytorch.tensor(a, dtype=dtype if a.dtype.kind == "f" else None) for a in arrays]
    for i in live:
        tensors[i].requires_grad_()
    mytorch.manual_seed(0)
    outputs = call(*tensors)
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    outputs = [o for o in outputs if isinstance(o, mytorch.Tensor) and o.is_floating_point()]
    ends = [o for o in outputs if o.requires_grad]
    if incoming is None:
        rng = np.random.default_rng(1)
        incoming = [rounded(rng.uniform(0.5, 1.5, o.shape)) for o in ends]
    mytorch.autograd.backward(ends, [mytorch.tensor(g, dtype=o.dtype) for g, o in zip(incoming, ends)])
    results = outputs + [tensors[i].grad for i in live if tensors[i].grad is not None]
    return [np.asarray(r.detach().array).astype("float64") for r in results], incoming


def perturbed(arrays, rng):
    """The numbers half a unit of bfloat16's last place up or down."""
    signs = (rng.choice([-1, 1], a.shape) for a in arrays)
    return [a * (1 + EPS["bfloat16"] / 2 * s) if a.dtype.kind == "f" else a for a, s in zip(arrays, signs)]


@np.errstate(all="ignore")
def check(call, arrays, live):
    arrays = [rounded(a) for a in arrays]
    exact, incoming = evaluate(call, arrays, live, "float64")
    responses, rng = [0.0] * len(exact), np.random.default_rng(2)
    for _ in range(2):
        moved, _ = evaluate(call, perturbed(arrays, rng), live, "float64", perturbed(incoming, rng))
        changes = [abs(m - e) if m.shape == e.shape else np.inf * abs(e) for m, e in zip(moved, exact)]
        responses = [max(r, np.nanmax(c[np.isfinite(c)], initial=0)) for r, c in zip(responses, changes)]
    for dtype, eps in EPS.items():
        found, _ = evaluate(call, arrays, live, dtype, incoming)
        for i, (value, wanted, response) in enumerate(zip(found, exact, responses, strict=True)):
            bound = 4 * (eps * abs(wanted) + response * eps / EPS["bfloat16"] + SMALLEST)
            within = (abs(value - wanted) <= bound) | ~(abs(wanted) < LARGEST)
            worst = np.nanmax(np.where(within, 0, abs(value - wanted) / bound), initial=0)
            assert within.all(), f"result {i} in {dtype}: {worst:.3g} times the bound"


# ---- every operation -----------------------------------------------------------------------------

WITHOUT = {  # operations that refuse 16-bit numbers, as PyTorch's do
    *(
        "inv",
        "solve",
        "solve_triangular",
        "pinv",
        "det",
        "slogdet",
        "cholesky",
        "cholesky_solve",
        "qr",
        "svd",
        "svdvals",
    ),
    *(
        "eig",
        "eigvals",
        "eigh",
        "eigvalsh",
        "lu",
        "geqrf",
        "view_as_complex",
        "view_as_real",
        "conj",
        "nextafter",
    ),
    *("lerp-quantile linear None", "lerp-quantile linear 0", "lerp-quantile linear 1"),
    *("lerp-quantile midpoint None", "lerp-quantile midpoint 0", "lerp-quantile midpoint 1"),
    "lerp-nanquantile",
    # SciPy's functions
    *"airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1".split(),
    *"modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1".split(),
    *"spherical_bessel_j0 chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v".split(),
    *"chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l".split(),
    *"legendre_polynomial_p shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u".split(),
    *"shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w".split(),
}
APART = {
    "erfinv": "erf rounds to 1 first",
    "erfcx": "exp(x²) overflows",
    "digamma-negative": "poles overflow",
}
SHORT = {  # their shapes depend on each other, or they are quadratic
    *("recurrent", "attention", "ctc", "unbind", "diagonal_in_zeros", "mul-householder_product"),
    *("diag_embed", "topk"),  # 4,096 numbers of 16 bits have ties
}
ROWS = [r for r in rows() if not {r.op, r.id} & {*WITHOUT, *APART} and "complex" not in r.id]


def _lengthened(row):
    """The shapes with all dimensions of one size made long, for each size that the inputs have."""
    shapes = [maker.shape for maker in row.makers()]
    for size in () if {row.op, row.id} & SHORT else sorted({n for shape in shapes for n in shape}):
        longer = [tuple(LONG if n == size else n for n in shape) for shape in shapes]
        if sum(map(np.prod, longer)) < 40_000:
            yield longer


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_operations(row):
    live = [i for i, m in enumerate(row.makers()) if isinstance(m, Real) and m.grad and row.smooth]
    check(row.call, row.arrays("float64"), live)
    for shapes in _lengthened(row):
        arrays = [rounded(a) for a in row.arrays("float64", shapes)]
        try:  # some calls are for their own shapes alone
            row.call(*map(mytorch.tensor, arrays))
        except (RuntimeError, ValueError, IndexError, TypeError):
            continue
        check(row.call, arrays, live)


# ---- every layer ---------------------------------------------------------------------------------

ROW, COLUMN, IMAGE = Real((3, LONG)), Real((LONG, 3)), Real((1, 2, 64, 64))
SEQUENCE = Real((64, 64, 3), -1, 1)
VOLUME = Real((1, 2, 16, 16, 16))
POSITIVE = Real((3, LONG), 0.1, 0.9)
SIGNS = np.where(np.arange(3 * LONG).reshape(3, LONG) % 3, 1.0, -1.0)


def signs(shape=(3, LONG)):
    return mytorch.tensor(SIGNS.reshape(-1)[: int(np.prod(shape))].reshape(shape))


def _pool_back(pool, unpool):
    def call(x):
        values, indices = pool(x)
        return unpool(values, indices)

    return call


LAYERS = {
    "Linear": [(lambda: nn.Linear(LONG, 2), ROW), (lambda: nn.Linear(3, 2), COLUMN)],
    "Bilinear": [(lambda: nn.Bilinear(3, 2, 2), COLUMN, Real((LONG, 2)))],
    "Conv1d": [(lambda: nn.Conv1d(2, 3, 3, padding=1), Real((2, 2, LONG)))],
    "Conv2d": [(lambda: nn.Conv2d(2, 3, 3, padding=1), IMAGE), (lambda: nn.Conv2d(2, 1, 64), IMAGE)],
    "Conv3d": [(lambda: nn.Conv3d(2, 2, 2), VOLUME)],
    "ConvTranspose1d": [(lambda: nn.ConvTranspose1d(2, 3, 3), Real((2, 2, LONG)))],
    "ConvTranspose2d": [(lambda: nn.ConvTranspose2d(2, 3, 3, stride=2), IMAGE)],
    "ConvTranspose3d": [(lambda: nn.ConvTranspose3d(2, 2, 2), VOLUME)],
    "BatchNorm1d": [(lambda: nn.BatchNorm1d(3), COLUMN), (lambda: nn.BatchNorm1d(3).eval(), COLUMN)],
    "BatchNorm2d": [(lambda: nn.BatchNorm2d(2), IMAGE)],
    "BatchNorm3d": [(lambda: nn.BatchNorm3d(2), VOLUME)],
    "SyncBatchNorm": [(lambda: nn.SyncBatchNorm(2), IMAGE)],
    "LayerNorm": [(lambda: nn.LayerNorm(LONG), ROW), (lambda: nn.LayerNorm(3), COLUMN)],
    "RMSNorm": [(lambda: nn.RMSNorm(LONG), ROW), (lambda: nn.RMSNorm(3), COLUMN)],
    "GroupNorm": [(lambda: nn.GroupNorm(2, 4), Real((2, 4, LONG)))],
    "InstanceNorm1d": [(lambda: nn.InstanceNorm1d(2, affine=True), Real((2, 2, LONG)))],
    "InstanceNorm2d": [(lambda: nn.InstanceNorm2d(2, track_running_stats=True), IMAGE)],
    "InstanceNorm3d": [(lambda: nn.InstanceNorm3d(2, affine=True), VOLUME)],
    "LocalResponseNorm": [(lambda: nn.LocalResponseNorm(2), Real((1, LONG, 2)))],
    "Embedding": [
        (lambda: nn.Embedding(3, 4), Int((LONG,), 3)),
        (lambda: nn.Embedding(3, 40), Int((LONG,), 3)),
    ],
    "EmbeddingBag": [
        (lambda mode=mode: nn.EmbeddingBag(3, 4, mode=mode), Int((2, LONG), 3)) for mode in ("sum", "mean")
    ]
    + [(lambda: nn.EmbeddingBag(LONG, 4, mode="max"), Int((2, 4), LONG))],
    "Softmax": [(lambda: nn.Softmax(1), ROW)],
    "Softmax2d": [(lambda: nn.Softmax2d(), Real((1, LONG, 1, 2)))],
    "Softmin": [(lambda: nn.Softmin(1), ROW)],
    "LogSoftmax": [(lambda: nn.LogSoftmax(1), ROW)],
    "PReLU": [(lambda: nn.PReLU(), ROW), (lambda: nn.PReLU(3), COLUMN)],
    "AvgPool1d": [(lambda: nn.AvgPool1d(LONG), Real((1, 2, LONG)))],
    "AvgPool2d": [(lambda: nn.AvgPool2d(64), IMAGE), (lambda: nn.AvgPool2d(9, 1, 4), IMAGE)],
    "AvgPool3d": [(lambda: nn.AvgPool3d(16), VOLUME)],
    "AdaptiveAvgPool1d": [(lambda: nn.AdaptiveAvgPool1d(1), Real((1, 2, LONG)))],
    "AdaptiveAvgPool2d": [(lambda: nn.AdaptiveAvgPool2d(3), IMAGE)],
    "AdaptiveAvgPool3d": [(lambda: nn.AdaptiveAvgPool3d(1), VOLUME)],
    "LPPool1d": [(lambda: nn.LPPool1d(2, LONG), Real((1, 2, LONG), 0.5, 1.5))],
    "LPPool2d": [(lambda: nn.LPPool2d(2, 64), Real((1, 2, 64, 64), 0.5, 1.5))],
    "LPPool3d": [(lambda: nn.LPPool3d(2, 16), Real((1, 2, 16, 16, 16), 0.5, 1.5))],
    "MaxPool1d": [(lambda: nn.MaxPool1d(9, 1), Real((1, 2, LONG)))],
    "MaxPool2d": [(lambda: nn.MaxPool2d(9, 1), IMAGE)],
    "MaxPool3d": [(lambda: nn.MaxPool3d(5, 1), VOLUME)],
    "AdaptiveMaxPool1d": [(lambda: nn.AdaptiveMaxPool1d(5), Real((1, 2, LONG)))],
    "AdaptiveMaxPool2d": [(lambda: nn.AdaptiveMaxPool2d(3), IMAGE)],
    "AdaptiveMaxPool3d": [(lambda: nn.AdaptiveMaxPool3d(3), VOLUME)],
    "Unfold": [(lambda: nn.Unfold(9, padding=4), Real((1, 1, 64, 64)))],
    "Fold": [(lambda: nn.Fold(64, 9, padding=4), Real((1, 81, LONG)))],
    "Upsample": [
        (lambda: nn.Upsample(scale_factor=LONG, mode="nearest"), Real((1, 2, 1))),
        (lambda: nn.Upsample(LONG, mode="linear"), Real((1, 2, 3))),
        (lambda: nn.Upsample(64, mode="bilinear"), Real((1, 2, 3, 3))),
        (lambda: nn.Upsample(64, mode="bicubic"), Real((1, 2, 3, 3))),
        (lambda: nn.Upsample(16, mode="trilinear"), Real((1, 2, 3, 3, 3))),
    ],
    "UpsamplingBilinear2d": [(lambda: nn.UpsamplingBilinear2d(64), Real((1, 2, 3, 3)))],
    "UpsamplingNearest2d": [(lambda: nn.UpsamplingNearest2d(64), Real((1, 2, 1, 1)))],
    "ReplicationPad1d": [(lambda: nn.ReplicationPad1d(LONG), Real((1, 2, 3)))],
    "ReplicationPad2d": [(lambda: nn.ReplicationPad2d(32), Real((1, 2, 3, 3)))],
    "ReplicationPad3d": [(lambda: nn.ReplicationPad3d(8), Real((1, 2, 2, 2, 2)))],
    "CosineSimilarity": [(lambda: nn.CosineSimilarity(), ROW, ROW)],
    "PairwiseDistance": [(lambda: nn.PairwiseDistance(p), ROW, ROW) for p in (1, 2, 3)],
    "AdaptiveLogSoftmaxWithLoss": [
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(16, 9, [3, 6]), Real((500, 16)), Int((500,), 9))
    ],
    "MultiheadAttention": [(lambda: nn.MultiheadAttention(4, 2), *[Real((512, 2, 4))] * 3)],
    "RNN": [(lambda: nn.RNN(3, 4), SEQUENCE), (lambda: nn.RNN(3, 4, nonlinearity="relu"), SEQUENCE)],
    "LSTM": [
        (lambda: nn.LSTM(3, 4, bidirectional=True), SEQUENCE),
        (lambda: nn.LSTM(3, 4, proj_size=2), SEQUENCE),
    ],
    "GRU": [(lambda: nn.GRU(3, 4, num_layers=2), SEQUENCE)],
    "RNNCell": [(lambda: nn.RNNCell(3, 4), COLUMN)],
    "LSTMCell": [(lambda: nn.LSTMCell(3, 4), COLUMN)],
    "GRUCell": [(lambda: nn.GRUCell(3, 4), COLUMN)],
    "TransformerEncoderLayer": [(lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0), Real((512, 2, 4)))],
    "TransformerDecoderLayer": [
        (lambda: nn.TransformerDecoderLayer(4, 2, 8, dropout=0), Real((128, 2, 4)), Real((128, 2, 4)))
    ],
    "TransformerEncoder": [
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0), 2), Real((128, 2, 4)))
    ],
    "TransformerDecoder": [
        (lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8, 0), 2), *[Real((128, 2, 4))] * 2)
    ],
    "Transformer": [(lambda: nn.Transformer(4, 2, 1, 1, 8, 0), Real((128, 2, 4)), Real((128, 2, 4)))],
    "Sequential": [  # a small convolutional net
        (
            lambda: nn.Sequential(
                nn.Conv2d(1, 4, 3),
                nn.GroupNorm(2, 4),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(196, 10),
            ),
            Real((24, 1, 16, 16)),
        )
    ],
    # losses
    "L1Loss": [(lambda r=r: nn.L1Loss(reduction=r), ROW, ROW) for r in ("mean", "sum")],
    "LinearCrossEntropyLoss": [(lambda: nn.LinearCrossEntropyLoss(4, 3), Real((LONG, 4)), Int((LONG,), 3))],
    "MSELoss": [(lambda r=r: nn.MSELoss(reduction=r), ROW, ROW) for r in ("mean", "sum")],
    "SmoothL1Loss": [(lambda r=r: nn.SmoothL1Loss(reduction=r), ROW, ROW) for r in ("mean", "sum")],
    "HuberLoss": [(lambda r=r: nn.HuberLoss(reduction=r), ROW, ROW) for r in ("mean", "sum")],
    "BCELoss": [(lambda r=r: nn.BCELoss(reduction=r), POSITIVE, POSITIVE) for r in ("mean", "sum")],
    "BCEWithLogitsLoss": [
        (lambda r=r: nn.BCEWithLogitsLoss(reduction=r), ROW, POSITIVE) for r in ("mean", "sum")
    ],
    "NLLLoss": [(lambda r=r: nn.NLLLoss(reduction=r), COLUMN, Int((LONG,), 3)) for r in ("mean", "sum")],
    "CrossEntropyLoss": [
        (lambda: nn.CrossEntropyLoss(), COLUMN, Int((LONG,), 3)),
        (lambda: nn.CrossEntropyLoss(reduction="sum"), COLUMN, Int((LONG,), 3)),
        (
            lambda: nn.CrossEntropyLoss(mytorch.tensor([1.0, 2, 3]), label_smoothing=0.25),
            COLUMN,
            Int((LONG,), 3),
        ),
        (lambda: nn.CrossEntropyLoss(mytorch.tensor([1.0, 2, 3])), COLUMN, Int((LONG,), 3)),
        (lambda: nn.CrossEntropyLoss(), Real((3, LONG)), Int((3,), LONG)),
        (lambda: nn.CrossEntropyLoss(), COLUMN, Real((LONG, 3), 0.1, 0.9)),
    ],
    "KLDivLoss": [(lambda r=r: nn.KLDivLoss(reduction=r), ROW, POSITIVE) for r in ("batchmean", "sum")],
    "PoissonNLLLoss": [(lambda r=r: nn.PoissonNLLLoss(reduction=r), ROW, POSITIVE) for r in ("mean", "sum")],
    "GaussianNLLLoss": [(lambda: nn.GaussianNLLLoss(), ROW, ROW, POSITIVE)],
    "CTCLoss": [
        (
            lambda: lambda x, t: nn.CTCLoss()(x, t, [60, 50], [20, 10]),
            Real((60, 2, 5), -2.0, -1.0),
            Int((2, 20), 5, 1),
        )
    ],
    "HingeEmbeddingLoss": [(lambda: lambda x: nn.HingeEmbeddingLoss()(x, signs().to(x.dtype)), ROW)],
    "SoftMarginLoss": [(lambda: lambda x: nn.SoftMarginLoss()(x, signs().to(x.dtype)), ROW)],
    "MarginRankingLoss": [(lambda: lambda x, y: nn.MarginRankingLoss()(x, y, signs().to(x.dtype)), ROW, ROW)],
    "CosineEmbeddingLoss": [
        (lambda: lambda x, y: nn.CosineEmbeddingLoss()(x, y, signs((3,)).to(x.dtype)), ROW, ROW),
        (lambda: lambda x, y: nn.CosineEmbeddingLoss()(x, y, signs((LONG,)).to(x.dtype)), COLUMN, COLUMN),
    ],
    "MultiMarginLoss": [
        (lambda: nn.MultiMarginLoss(), ROW, Int((3,), LONG)),
        (lambda: nn.MultiMarginLoss(2), COLUMN, Int((LONG,), 3)),
    ],
    "MultiLabelMarginLoss": [(lambda: nn.MultiLabelMarginLoss(), COLUMN, Int((LONG, 3), 3, -1))],
    "MultiLabelSoftMarginLoss": [(lambda: nn.MultiLabelSoftMarginLoss(), x, y) for x, y in [(ROW, POSITIVE)]],
    "TripletMarginLoss": [
        (lambda: nn.TripletMarginLoss(50), ROW, ROW, ROW),
        (lambda: nn.TripletMarginLoss(50), *[COLUMN] * 3),
    ],
    "TripletMarginWithDistanceLoss": [(lambda: nn.TripletMarginWithDistanceLoss(margin=50), ROW, ROW, ROW)],
}
ELEMENTWISE = set(
    "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish ReLU ReLU6 SELU "
    "SiLU Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink Threshold Identity".split()
)
NO_SUMS = set(  # they move numbers, or drop some at random
    "AlphaDropout ChannelShuffle CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d "
    "ConstantPad3d Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout Flatten FractionalMaxPool2d "
    "FractionalMaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d PixelShuffle PixelUnshuffle RReLU "
    "ReflectionPad1d ReflectionPad2d ReflectionPad3d Unflatten ZeroPad1d ZeroPad2d ZeroPad3d".split()
)
CONTAINERS = set(
    "DataParallel Module ModuleDict ModuleList ParameterDict ParameterList RNNBase RNNCellBase".split()
)


def test_the_tables_have_every_layer():
    layers = {
        name
        for name, kind in vars(nn).items()
        if isinstance(kind, type) and issubclass(kind, nn.Module) and not name.startswith("Lazy")
    }
    assert layers == {*LAYERS, *ELEMENTWISE, *NO_SUMS, *CONTAINERS}


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_layers(name):
    for number, (make, *makers) in enumerate(LAYERS[name]):
        rng = np.random.default_rng(number)
        inputs = [maker.make(rng, "float64") for maker in makers]
        mytorch.manual_seed(number)
        layer = make()
        parameters = dict(layer.named_parameters()) if isinstance(layer, nn.Module) else {}

        def call(*tensors, make=make, names=tuple(parameters), count=len(inputs)):
            layer, given = make(), tensors[:count]
            if not isinstance(layer, nn.Module):
                return layer(*given)
            kind = tensors[-1].dtype if names else given[0].dtype
            outputs = functional_call(layer.to(kind), dict(zip(names, tensors[count:])), given)
            return [o for o in _flat(outputs) if o is not None]

        arrays = inputs + [p.detach().array.astype("float64") for p in parameters.values()]
        differentiable = len(inputs) if not name.endswith("Loss") else 1
        live = [
            i for i, a in enumerate(arrays) if a.dtype.kind == "f" and not differentiable <= i < len(inputs)
        ]
        check(call, arrays, live)


def _flat(outputs):
    if isinstance(outputs, (tuple, list)):
        return [o for part in outputs for o in _flat(part)]
    return [outputs]


@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
def test_activations(name):
    layer = nn.Threshold(0.1, 20.0) if name == "Threshold" else getattr(nn, name)()
    check(layer, [Real((4, 64)).make(np.random.default_rng(0), "float64")], [0])


# ---- by hand -------------------------------------------------------------------------------------


def _ones(*shape, dtype):
    return mytorch.ones(shape, dtype=dtype)


def _gradient(call, x):
    call(x.requires_grad_()).sum().backward()
    return x.grad


CLASSES, ZEROS = mytorch.arange(2 * LONG) % 2, mytorch.zeros(LONG, dtype=mytorch.int64)
EXACT = {  # what 16 bits have exactly, if it is rounded once
    "index_add": (lambda d: _ones(1, dtype=d).index_add(0, ZEROS, _ones(LONG, dtype=d), alpha=2), 8193),
    "index_put": (
        lambda d: _ones(1, dtype=d).index_put((ZEROS,), _ones(LONG, dtype=d), accumulate=True),
        4097,
    ),
    "index_put in place": (
        lambda d: _ones(1, 2, dtype=d).index_put_((ZEROS,), _ones(LONG, 2, dtype=d), accumulate=True),
        4097,
    ),
    "put": (lambda d: _ones(1, dtype=d).put_(ZEROS, _ones(LONG, dtype=d), accumulate=True), 4097),
    "scatter_add": (lambda d: _ones(1, dtype=d).scatter_add(0, ZEROS, _ones(LONG, dtype=d)), 4097),
    "scatter_reduce": (lambda d: _ones(1, dtype=d).scatter_reduce(0, ZEROS, _ones(LONG, dtype=d), "mean"), 1),
    "mean of large numbers": (
        lambda d: (_ones(1, dtype=d) * 512).scatter_reduce(0, ZEROS, _ones(LONG, dtype=d) * 512, "mean"),
        512,
    ),
    "w[index]": (lambda d: _gradient(lambda w: w[ZEROS], _ones(1, dtype=d)), 4096),
    "index_select": (lambda d: _gradient(lambda w: w.index_select(0, ZEROS), _ones(1, dtype=d)), 4096),
    "gather": (lambda d: _gradient(lambda w: w.gather(0, ZEROS), _ones(1, dtype=d)), 4096),
    "take": (lambda d: _gradient(lambda w: w.take(ZEROS), _ones(1, dtype=d)), 4096),
    "expand": (lambda d: _gradient(lambda w: w.expand(LONG), _ones(1, dtype=d)), 4096),
    "repeat": (lambda d: _gradient(lambda w: w.repeat(LONG), _ones(1, dtype=d)), 4096),
    "repeat_interleave": (lambda d: _gradient(lambda w: w.repeat_interleave(LONG), _ones(1, dtype=d)), 4096),
    "tile": (lambda d: _gradient(lambda w: w.tile(LONG, 2), _ones(1, dtype=d)), 8192),
    "as_strided": (lambda d: _gradient(lambda w: w.as_strided((LONG,), (0,)), _ones(1, dtype=d)), 4096),
    "unfold": (lambda d: _gradient(lambda w: w.unfold(0, LONG, 1)[:, -1:], _ones(2 * LONG, dtype=d))[-1], 1),
    "where": (
        lambda d: _gradient(lambda w: mytorch.where(CLASSES == 0, w, 0), _ones(1, dtype=d)),
        4096,
    ),
    "nll_loss": (lambda d: nn.functional.nll_loss(-_ones(LONG, 2, dtype=d), ZEROS), 1),
    "l1_loss": (lambda d: nn.functional.l1_loss(512 * _ones(LONG, dtype=d), 0 * _ones(LONG, dtype=d)), 512),
    "mean": (lambda d: (_ones(LONG, dtype=d) * 512).mean(), 512),
    "cosine_embedding_loss": (
        lambda d: nn.functional.cosine_embedding_loss(*[_ones(1, LONG, dtype=d)] * 2, -_ones(1, dtype=d)),
        1,
    ),
    "std": (lambda d: mytorch.tensor([2048.0, -2048.0] * LONG, dtype=d).std(correction=0), 2048),
    "std of large numbers": (lambda d: mytorch.tensor([32768.0, -32768.0], dtype=d).std(correction=0), 32768),
    "norm": (lambda d: _ones(LONG, dtype=d).norm(), 64),
    "clip_grad_norm_": (lambda d: _clipped(_ones(LONG, dtype=d), 2), 64),
    "clip_grad_norm_ of order 1": (lambda d: _clipped(_ones(LONG, dtype=d), 1), 4096),
    "matmul": (lambda d: _ones(1, LONG, dtype=d) @ _ones(LONG, 1, dtype=d), 4096),
    "dot": (lambda d: _ones(LONG, dtype=d).dot(_ones(LONG, dtype=d)), 4096),
    "einsum": (lambda d: mytorch.einsum("ij,ij->", *[_ones(64, 64, dtype=d)] * 2), 4096),
    "trace": (lambda d: mytorch.eye(LONG).to(d).trace(), 4096),
    "cumsum": (lambda d: _ones(LONG, dtype=d).cumsum(0)[-1], 4096),
    "trapezoid": (lambda d: mytorch.trapezoid(_ones(LONG + 1, dtype=d)), 4096),
    "a bias": (lambda d: _bias_gradient(d), 43264),
}


def _clipped(g, order):
    p = nn.Parameter(g.detach().clone())
    p.grad = g
    return nn.utils.clip_grad_norm_([p], 1000.0, order)


def _bias_gradient(dtype):
    b = nn.Parameter(mytorch.zeros(1, dtype=dtype))
    x, w = mytorch.ones(64, 1, 28, 28, dtype=dtype), mytorch.ones(1, 1, 3, 3, dtype=dtype)
    nn.functional.conv2d(x, w, b).sum().backward()
    return b.grad


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize("name", EXACT)
def test_sums_that_are_exact(name, dtype):
    call, wanted = EXACT[name]
    out = call(getattr(mytorch, dtype))
    assert str(out.dtype) == f"mytorch.{dtype}"
    assert set(out.reshape(-1).tolist()) == {mytorch.tensor(float(wanted), dtype=out.dtype).item()}


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("dtype", EPS)
def test_means_of_what_would_overflow(dtype):
    large, one = mytorch.full((LONG,), 512.0, dtype=getattr(mytorch, dtype)), _ones(LONG, dtype=dtype)
    for name in ("kl_div", "poisson_nll_loss"):
        assert getattr(nn.functional, name)(-large, one).item() == 512
    assert nn.functional.hinge_embedding_loss(large, one).item() == 512


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize("loss", ["l1_loss", "smooth_l1_loss", "binary_cross_entropy_with_logits"])
def test_gradients_of_means_over_more_numbers_than_float16_counts(dtype, loss):
    x = mytorch.full((100_000,), 3.0, dtype=dtype, requires_grad=True)
    (getattr(nn.functional, loss)(x, mytorch.zeros_like(x)) * 2048).backward()
    wanted = 2048 / 100_000 * (1 / (1 + np.exp(-3)) if loss.startswith("binary") else 1)
    assert abs(x.grad.float() / wanted - 1).max().item() < 8 * EPS[dtype]


@pytest.mark.parametrize("dtype", EPS)
def test_gradients_of_small_norms_are_finite(dtype):
    x = mytorch.full((64,), 1e-7, dtype=dtype, requires_grad=True)
    x.norm().backward()
    np.testing.assert_allclose(x.grad.float().tolist(), 0.125, rtol=8 * EPS[dtype])


@pytest.mark.parametrize("values", [[1e38, -1e38], [3e38, 3e38, 2e38], [1e-30, -1e-30, 2e-30]], ids=str)
def test_the_spread_of_large_and_small_numbers(values):
    x = mytorch.tensor(values, requires_grad=True)
    x.std().backward()
    exact = np.std(values, ddof=1)
    assert x.std().item() == pytest.approx(exact, rel=1e-6)
    if sum(values) < 1e38:  # else the mean is infinite
        slope = (values - np.mean(values)) / exact / (len(values) - 1)
        np.testing.assert_allclose(x.grad.tolist(), slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", EPS)
def test_contributions_to_one_gradient_are_added_as_pytorch_adds_them(dtype):
    found = []
    for module in (mytorch, torch):
        w = module.ones(1, dtype=getattr(module, dtype), requires_grad=True)
        for _ in range(2):
            sum((w * 1 for _ in range(300)), start=w).backward()  # several uses, then a second micro-batch
        found.append(w.grad.item())
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sinc_of_large_angles(dtype):
    """PyTorch rounds the angle to 16 bits, and is far off; the derivative is that in float64, rounded."""
    x = mytorch.tensor([0.25, 3.3, 100.3, 1000.0, 30000.0], dtype=getattr(mytorch, dtype), requires_grad=True)
    exact = x.detach().double().requires_grad_()
    (wanted,) = mytorch.autograd.grad(mytorch.sinc(exact).sum(), exact)
    for create in (False, True):
        (g,) = mytorch.autograd.grad(mytorch.sinc(x).sum(), x, create_graph=create)
        assert g.detach().double().numpy() == pytest.approx(wanted.numpy(), rel=1e-2, abs=1e-6)
