"""Linear layers, activations, dropout and initial values against PyTorch."""

import copy
import inspect
import math
import pickle
import warnings

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import answer, compare, same_error, torch

from .test_recurrent import agree, twins

rng = draws(7)


def real(*shape):
    return rng.standard_normal(shape)


# ---- linear --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_linear(bias, dtype):
    modules = twins("Linear", 3, 4, bias=bias, dtype=dtype)
    for shape in [(5, 3), (3,), (2, 5, 3), (0, 3), (2, 0, 3)]:
        agree(modules, lambda m, x: m(x), [real(*shape)], dtype)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("sizes", [(0, 4), (3, 0)], ids=str)
def test_linear_without_features(sizes):
    modules = twins("Linear", *sizes)
    for shape in [(2, sizes[0]), (sizes[0],), (2, 5, sizes[0])]:
        agree(modules, lambda m, x: m(x), [real(*shape)])


def test_linear_function():
    compare(lambda lib, x, w, b: lib.nn.functional.linear(x, w, b), [real(2, 4, 3), real(5, 3), real(5)])
    compare(lambda lib, x, w: lib.nn.functional.linear(x, w), [real(2, 4, 3), real(3)])
    compare(lambda lib, x, w, b: lib.nn.functional.linear(x.mT, w, b), [real(2, 3, 4), real(5, 3), real(5)])


def test_bilinear_and_shapes():
    modules = twins("Bilinear", 3, 4, 5)
    agree(modules, lambda m, x, y: m(x, y), [real(6, 3), real(6, 4)])
    agree(modules, lambda m, x, y: m(x, y), [real(2, 6, 3), real(2, 6, 4)])
    for settings in [(), (0, 1), (1, 2)]:
        compare(lambda lib, x: lib.nn.Flatten(*settings)(x), [real(2, 3, 4)])
    compare(lambda lib, x: lib.nn.Unflatten(1, (2, 3))(x), [real(2, 6)])
    assert [
        repr(lib.nn.Unflatten(1, (2, 3))) + repr(lib.nn.Flatten()) + repr(lib.nn.Identity(3, x=4))
        for lib in (mytorch,)
    ] == [repr(torch.nn.Unflatten(1, (2, 3))) + repr(torch.nn.Flatten()) + repr(torch.nn.Identity(3, x=4))]


# ---- activations ---------------------------------------------------------------------------------

SETTINGS = {
    "Softmax": [(), (1,)],
    "Softmin": [(0,)],
    "LogSoftmax": [(1,)],
    "GELU": [("none",), ("tanh",)],
    "GLU": [(), (0,)],
    "ELU": [(), (0.5,)],
    "CELU": [(), (2.0,)],
    "LeakyReLU": [(), (0.2,)],
    "Softplus": [(), (2.0, 1.0)],
    "Hardshrink": [(), (0.3,)],
    "Softshrink": [(), (0.3,)],
    "Hardtanh": [(), (-0.5, 2.0)],
    "Threshold": [(0.1, 20.0)],
    "PReLU": [(), (4,)],
    "RReLU": [()],
    "Softmax2d": [()],
}
PLAIN = [
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Mish",
    "Sigmoid",
    "Tanh",
    "LogSigmoid",
    "Softsign",
    "Tanhshrink",
    "Hardsigmoid",
    "Hardswish",
]
CASES = [(name, args) for name, all_args in SETTINGS.items() for args in all_args] + [
    (name, ()) for name in PLAIN
]
IN_PLACE = [
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Mish",
    "Hardsigmoid",
    "Hardswish",
    "ELU",
    "CELU",
    "LeakyReLU",
    "Hardtanh",
    "RReLU",
]


@pytest.mark.filterwarnings("ignore:Implicit dimension choice")
@pytest.mark.parametrize("name, args", CASES, ids=str)
def test_activations(name, args):
    mine, theirs = getattr(mytorch.nn, name)(*args), getattr(torch.nn, name)(*args)
    assert repr(mine) == repr(theirs) == repr(copy.deepcopy(mine)) == repr(pickle.loads(pickle.dumps(mine)))
    for m in (mine, theirs):
        m.eval()
    for shape in [(6, 4), (2, 4, 2, 2)] if name != "Softmax2d" else [(2, 4, 2, 2), (4, 2, 2)]:
        # torch's slope is the float32 number next to 1/6
        dtype = "float32" if name == "Hardsigmoid" else "float64"
        modules = {mytorch: mine.to(getattr(mytorch, dtype)), torch: theirs.to(getattr(torch, dtype))}
        agree(modules, lambda m, x: m(x), [real(*shape) * 3], dtype)


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name):
    assert repr(getattr(mytorch.nn, name)(inplace=True)) == repr(getattr(torch.nn, name)(inplace=True))

    def call(lib, x):
        y = x * 1
        result = getattr(lib.nn, name)(inplace=True).eval()(y)
        assert result is y
        return y

    compare(call, [real(6, 4) * 3], "float32")


def test_functions_of_torchs_names():
    x = real(6, 4) * 3
    for name in ("relu_", "leaky_relu_", "elu_", "celu_", "selu_", "hardtanh_"):
        compare(lambda lib, x: getattr(lib.nn.functional, name)(x * 1), [x])
    compare(lambda lib, x: lib.nn.functional.threshold_(x * 1, 0.5, 2.0), [x])
    compare(
        lambda lib, x: lib.nn.functional.softmax(x, dim=0, dtype=lib.float64),
        [x.astype("float32")],
        "float32",
    )
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax has been deprecated"):
        mytorch.nn.functional.softmax(mytorch.ones(2, 3))


OLD = ("min_value", "max_value", "args", "kwargs")


def arguments(lib, name):
    parameters = inspect.signature(getattr(lib.nn, name)).parameters.values()
    return [(p.name, None if p.default is p.empty else p.default) for p in parameters if p.name not in OLD]


def test_constructors_take_torchs_arguments():
    for name in [*SETTINGS, *PLAIN]:
        assert arguments(mytorch, name) == answer(arguments, name), name
    with pytest.raises(TypeError):
        mytorch.nn.ELU(1.0, False, 3)


def test_random_slopes():
    x = -mytorch.ones(10000)
    y = -mytorch.nn.RReLU(0.2, 0.4)(x)
    assert y.min() >= 0.2 and y.max() <= 0.4 and abs(y.mean().item() - 0.3) < 0.01
    assert mytorch.equal(mytorch.nn.RReLU()(-x), -x)


def test_gumbel_softmax_of_half_precision_is_finite():
    sample = mytorch.nn.functional.gumbel_softmax(mytorch.zeros(20000, 4, dtype=mytorch.float16))
    assert sample.dtype is mytorch.float16 and sample.isfinite().all()


def test_gumbel_softmax():
    logits = mytorch.tensor([[1.0, 2.0, 0.0]]).expand(20000, 3).clone().requires_grad_()
    soft, hard = (
        mytorch.nn.functional.gumbel_softmax(logits),
        mytorch.nn.functional.gumbel_softmax(logits, tau=0.5, hard=True),
    )
    assert np.allclose(soft.sum(1).detach().numpy(), 1, atol=1e-5) and set(
        np.unique(hard.detach().numpy().round(5))
    ) == {0, 1}
    np.testing.assert_allclose(
        hard.mean(0).detach().numpy(), np.exp([1, 2, 0]) / np.exp([1, 2, 0]).sum(), atol=0.02
    )
    (hard * hard.detach()).sum().backward()
    assert logits.grad.abs().sum() > 0


# ---- dropout -------------------------------------------------------------------------------------

DROPOUTS = {
    "Dropout": (200, 300),
    "Dropout1d": (200, 300, 2),
    "Dropout2d": (200, 300, 2, 2),
    "Dropout3d": (50, 300, 2, 1, 2),
}


@pytest.mark.parametrize("name", DROPOUTS)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout(name, p):
    layer = getattr(mytorch.nn, name)(p)
    assert repr(layer) == repr(getattr(torch.nn, name)(p))
    x = mytorch.ones(DROPOUTS[name], requires_grad=True)
    y = layer(x)
    values = np.unique(y.detach().numpy())
    np.testing.assert_allclose(values, [0, 1 / (1 - p)], rtol=1e-6)
    share = float((y == 0).float().mean())
    assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / (DROPOUTS[name][0] * 300))
    if y.ndim > 2:  # whole channels
        flat = y.detach().numpy().reshape(*y.shape[:2], -1)
        assert (flat == flat[:, :, :1]).all()
    y.sum().backward()
    assert mytorch.equal(x.grad, y.detach())
    layer.eval()
    assert layer(x) is x
    assert getattr(mytorch.nn, name)(0.0)(x) is x and not getattr(mytorch.nn, name)(1.0)(x).any()


def test_dropout_in_place_and_unbatched():
    x = mytorch.ones(1000)
    assert mytorch.nn.Dropout(0.5, inplace=True)(x) is x and set(x.tolist()) == {0.0, 2.0}
    y = mytorch.nn.functional.dropout1d(mytorch.ones(100, 5)).numpy()
    assert (y == y[:, :1]).all()
    with pytest.warns(UserWarning, match="Received a 3D input to dropout2d"):
        mytorch.nn.functional.dropout2d(mytorch.ones(2, 3, 4))


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout", "FeatureAlphaDropout"])
@pytest.mark.parametrize("p", [0.0, 1.0])
def test_all_or_nothing_drops_also_integers_and_vectors(name, p):
    for x in (np.arange(3), np.arange(6).reshape(2, 3)):
        compare(lambda lib, x: getattr(lib.nn, name)(p)(x), [x])


@pytest.mark.parametrize("name", ["AlphaDropout", "FeatureAlphaDropout"])
def test_alpha_dropout_keeps_mean_and_variance(name):
    x = mytorch.randn(2000, 300)
    y = getattr(mytorch.nn, name)(0.2)(x)
    assert abs(y.mean().item()) < 0.02 and abs(y.std().item() - 1) < 0.02 and (y != x).all()
    assert repr(getattr(mytorch.nn, name)(0.2)) == repr(getattr(torch.nn, name)(0.2))
    assert not getattr(mytorch.nn, name)(1.0)(x).any() and getattr(mytorch.nn, name)(0.2).eval()(x) is x
    x.requires_grad_()
    assert getattr(mytorch.nn, name)(0.2, inplace=True).eval()(x) is x  # nothing is written


# ---- initial values ------------------------------------------------------------------------------


def draws(function, shape, **settings):
    """Mean, standard deviation and extremes of an initialisation in both libraries."""
    found = []
    torch.manual_seed(0)
    for lib in (mytorch, torch):
        t = getattr(lib.nn.init, function)(lib.empty(*shape), **settings)
        assert tuple(t.shape) == shape
        found.append([t.mean().item(), t.std().item(), t.min().item(), t.max().item()])
    return found


RANDOM = [
    ("uniform_", {}),
    ("uniform_", {"a": -2.0, "b": 3.0}),
    ("normal_", {}),
    ("normal_", {"mean": 1.0, "std": 0.5}),
    ("xavier_uniform_", {"gain": 2.0}),
    ("xavier_normal_", {}),
    ("kaiming_uniform_", {}),
    ("kaiming_uniform_", {"a": math.sqrt(5), "mode": "fan_out"}),
    ("kaiming_normal_", {"nonlinearity": "relu"}),
    ("kaiming_normal_", {"nonlinearity": "tanh", "mode": "fan_out"}),
    ("trunc_normal_", {}),
    ("trunc_normal_", {"std": 0.5, "a": 0.6, "b": 2.0}),
    ("trunc_normal_", {"mean": 0.5, "std": 2.0, "a": -1.0, "b": 1.0}),
]


@pytest.mark.parametrize("function, settings", RANDOM, ids=str)
@pytest.mark.parametrize("shape", [(200, 300), (40, 50, 5, 6)], ids=str)
def test_random_initial_values(function, settings, shape):
    mine, theirs = draws(function, shape, **settings)
    scale = theirs[1]
    assert abs(mine[0] - theirs[0]) < 0.03 * scale and abs(mine[1] - theirs[1]) < 0.02 * scale
    slack = 0.2 if "uniform" in function or "trunc" in function else 2
    assert abs(mine[2] - theirs[2]) < slack * scale and abs(mine[3] - theirs[3]) < slack * scale


def test_fixed_initial_values():
    for name, shape, args in [
        ("constant_", (2, 3), (4.5,)),
        ("ones_", (2,), ()),
        ("zeros_", (2,), ()),
        ("eye_", (3, 4), ()),
        ("dirac_", (4, 2, 3), ()),
        ("dirac_", (4, 2, 3, 3), (2,)),
        ("dirac_", (2, 2, 3, 4, 5), ()),
    ]:
        compare(lambda lib: getattr(lib.nn.init, name)(lib.full(shape, 7.0, dtype=lib.float64), *args), [])


@pytest.mark.parametrize("shape", [(5, 5), (3, 6), (6, 3), (4, 3, 2)], ids=str)
def test_orthogonal(shape):
    w = mytorch.nn.init.orthogonal_(mytorch.empty(*shape), gain=2).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_sparse():
    w = mytorch.nn.init.sparse_(mytorch.empty(50, 40), 0.3, std=2.0)
    assert ((w == 0).sum(0) == 15).all() and 1.5 < w[w != 0].std() < 2.5


def test_initialisation_stays_out_of_the_graph_and_takes_a_generator():
    p = mytorch.nn.Parameter(mytorch.zeros(3, 3))
    mytorch.nn.init.normal_(p)
    assert p.is_leaf and p.requires_grad and p._version == 1
    one, two = (
        mytorch.nn.init.kaiming_uniform_(mytorch.empty(3, 3), generator=mytorch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert mytorch.equal(one, two)
    with pytest.warns(FutureWarning, match="now deprecated in favor of `nn.init.xavier_uniform_`"):
        mytorch.nn.init.xavier_uniform(p)
    with pytest.warns(UserWarning, match="zero-element"):
        mytorch.nn.Linear(0, 3)


def test_gains():
    for name in ("linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"):
        assert mytorch.nn.init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    assert mytorch.nn.init.calculate_gain("leaky_relu", 0.3) == pytest.approx(
        torch.nn.init.calculate_gain("leaky_relu", 0.3)
    )


def test_linear_initial_values():
    layer = mytorch.nn.Linear(100, 400)
    for p in layer.parameters():
        assert 0.09 < abs(p).max().item() <= 0.1 and abs(p.std().item() - 0.1 / math.sqrt(3)) < 0.004


REFUSED = {
    "linear": (
        lambda lib: lib.nn.Linear(5, 2)(lib.ones(2, 4)),
        "mat1 and mat2 shapes cannot be multiplied (2x4 and 5x2)",
    ),
    "linear dtype": (
        lambda lib: lib.nn.Linear(5, 2)(lib.ones(2, 5).double()),
        "mat1 and mat2 must have the same dtype",
    ),
    "bilinear": (lambda lib: lib.nn.Bilinear(2, 3, 4)(lib.ones(5, 2), lib.ones(6, 3)), ""),
    "bilinear size": (lambda lib: lib.nn.Bilinear(0, 3, 4), "in1_features must be > 0"),
    "flatten": (lambda lib: lib.nn.Flatten(3)(lib.ones(2, 3)), ""),
    "unflatten": (lambda lib: lib.nn.Unflatten(1, (2, 2))(lib.ones(2, 6)), ""),
    "unflatten sizes": (lambda lib: lib.nn.Unflatten(1, 3), "unflattened_size must be"),
    "dropout": (
        lambda lib: lib.nn.Dropout(1.5),
        "dropout probability has to be between 0 and 1, but got 1.5",
    ),
    "dropout function": (
        lambda lib: lib.nn.functional.dropout(lib.ones(2), -0.1),
        "dropout probability has to be between 0 and 1, but got -0.1",
    ),
    "dropout1d": (
        lambda lib: lib.nn.functional.dropout1d(lib.ones(2)),
        "Expected 2D or 3D input, but received a 1D input",
    ),
    "softmax2d": (
        lambda lib: lib.nn.Softmax2d()(lib.ones(2, 3)),
        "Softmax2d: expected input to be 3D or 4D, got 2D instead",
    ),
    "softmax": (lambda lib: lib.nn.Softmax(2)(lib.ones(2, 3)), ""),
    "hardtanh": (
        lambda lib: lib.nn.functional.hardtanh(lib.ones(2), 2.0, 1.0),
        "min_val cannot be greater than max_val",
    ),
    "prelu": (lambda lib: lib.nn.PReLU(3)(lib.ones(2, 4)), ""),
    "glu": (lambda lib: lib.nn.GLU()(lib.ones(2, 3)), "Halving dimension must be even"),
    "softshrink": (lambda lib: lib.nn.Softshrink(-1.0)(lib.ones(2)), "lambda must be "),
    "gain": (lambda lib: lib.nn.init.calculate_gain("step"), "Unsupported nonlinearity step"),
    "slope": (
        lambda lib: lib.nn.init.calculate_gain("leaky_relu", "x"),
        "negative_slope x not a valid number",
    ),
    "fan": (
        lambda lib: lib.nn.init.xavier_uniform_(lib.ones(3)),
        "can not be computed for tensor with fewer than 2 dimensions",
    ),
    "mode": (lambda lib: lib.nn.init.kaiming_normal_(lib.ones(3, 3), mode="in"), "Mode in not supported"),
    "eye": (lambda lib: lib.nn.init.eye_(lib.ones(3)), "Only tensors with 2 dimensions are supported"),
    "dirac": (
        lambda lib: lib.nn.init.dirac_(lib.ones(3, 3)),
        "Only tensors with 3, 4, or 5 dimensions are supported",
    ),
    "uniform": (
        lambda lib: lib.nn.init.uniform_(lib.ones(3), 2, 1),
        "uniform_ expects to return a [from, to) range, but found from=2 > to=1",
    ),
    "normal": (
        lambda lib: lib.nn.init.normal_(lib.ones(3), 0, -1),
        "normal expects std >= 0.0, but found std -1",
    ),
    "truncated": (
        lambda lib: lib.nn.init.trunc_normal_(lib.ones(3), 0, 1, 2, -2),
        "but found from=2 > to=-2",
    ),
    "orthogonal": (
        lambda lib: lib.nn.init.orthogonal_(lib.ones(3)),
        "Only tensors with 2 or more dimensions are supported",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, match = REFUSED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same_error(call, match=match)
