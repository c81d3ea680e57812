"""What linear layers, activations, dropout and initial values refuse, as PyTorch does."""

import warnings

import pytest

import mytorch
from tests.referee import same_error

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


# ---- the place of the error ----------------------------------------------------------------------

SHAPES = [(2, 5), (2, 3, 5), (5,), (2, 2, 7, 5, 5), (1,) * 6]
LAYERS = {
    "attention": lambda: mytorch.nn.MultiheadAttention(4, 2),
    "encoder layer": lambda: mytorch.nn.TransformerEncoderLayer(8, 2),
    "decoder layer": lambda: mytorch.nn.TransformerDecoderLayer(8, 2),
    "LSTM": lambda: mytorch.nn.LSTM(3, 4),
    "cell": lambda: mytorch.nn.GRUCell(3, 4),
    "convolution": lambda: mytorch.nn.Conv2d(3, 4, 3),
    "normalization": lambda: mytorch.nn.BatchNorm2d(3),
    "bilinear": lambda: mytorch.nn.Bilinear(3, 3, 4),
    "embedding": lambda: mytorch.nn.Embedding(3, 4),
    "loss": lambda: mytorch.nn.CTCLoss(),
    "adaptive softmax": lambda: mytorch.nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3]),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", LAYERS)
def test_errors_name_the_path_of_the_module(name):
    outer, refused = mytorch.nn.Module(), 0
    outer.inner = LAYERS[name]()
    outer.forward = lambda *args: outer.inner(*args)
    calls = [(mytorch.ones(shape),) * n for shape in SHAPES for n in (1, 2, 3)] + [(), ("a",), (None,)]
    for args in calls:
        try:
            outer(*args)
        except Exception as error:
            refused += 1
            assert str(error).startswith("in inner"), error
    assert refused >= 5
