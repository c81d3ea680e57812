"""Losses as modules, and what losses refuse, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, same_error, torch

rng = draws(0)


def real(*shape):
    return rng.standard_normal(shape)


def unit(*shape):
    return rng.uniform(0.02, 0.98, shape)


def classes(count, *shape):
    return rng.integers(0, count, shape)


x45, t4 = real(4, 5), classes(5, 4)

REFUSED = {
    "batch sizes": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, classes(5, 3)],
        "Expected input batch_size (4) to match target batch_size (3).",
    ),
    "class too high": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, np.array([0, 7, 1, 2])],
        "Target 7 is out of bounds.",
    ),
    "class negative": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, np.array([0, -1, 1, 2])],
        "Target -1 is out of bounds.",
    ),
    "int32": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, t4.astype("int32")],
        "expected target dtype to be Long or Byte, but got",
    ),
    "float classes": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, t4 * 1.0],
        "expected target dtype to be Long or Byte, but got",
    ),
    "int probabilities": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, classes(2, 4, 5)],
        "Expected floating point type",
    ),
    "column": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, classes(5, 4, 1)],
        "multi-target not supported",
    ),
    "weight": (
        lambda lib, x, t, w: lib.nn.functional.cross_entropy(x, t, w.detach()),
        [x45, t4, unit(3)],
        "all 5 classes or no classes",
    ),
    "smoothing": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t, label_smoothing=1.5),
        [x45, t4],
        "label_smoothing must be between",
    ),
    "reduction": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t, reduction="foo"),
        [x45, t4],
        "foo is not a valid value for reduction",
    ),
    "1d": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45[0], t4],
        "For 1D input, 1D target must have size 1",
    ),
    "spatial": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [real(2, 3, 4), classes(3, 2, 5)],
        "Expected target size [2, 4], got [2, 5]",
    ),
    "a list": (
        lambda lib, x: lib.nn.functional.cross_entropy(x, [1, 2, 3, 4]),
        [x45],
        "must be Tensor, not list",
    ),
    "nll int32": (
        lambda lib, x, t: lib.nn.functional.nll_loss(x, t),
        [x45, t4.astype("int32")],
        "expected target dtype to be Long or Byte",
    ),
    "mse int": (lambda lib, x: lib.nn.functional.mse_loss(x, x), [t4], "not implemented for"),
    "mse shapes": (lambda lib, x, y: lib.nn.functional.mse_loss(x, y), [x45, real(3, 5)], ""),
    "bce range": (
        lambda lib, x: lib.nn.functional.binary_cross_entropy(x, x),
        [x45],
        "all elements of input should be between 0 and 1",
    ),
    "bce sizes": (
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy(x, y),
        [unit(4, 5), unit(5)],
        "different to the input size",
    ),
    "bce dtype": (
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy(x, y),
        [unit(4), unit(4).astype("float32")],
        "Found dtype",
    ),
    "logits sizes": (
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy_with_logits(x, y),
        [x45, x45[0]],
        "must be the same as input size",
    ),
    "logits int": (
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy_with_logits(x, y),
        [x45[0], t4[:1].repeat(5)],
        "",
    ),
    "huber delta": (
        lambda lib, x: lib.nn.functional.huber_loss(x, x, delta=0.0),
        [x45],
        "non-positive values for delta",
    ),
    "smooth beta": (
        lambda lib, x: lib.nn.functional.smooth_l1_loss(x, x, beta=-1.0),
        [x45],
        "does not support negative values for beta",
    ),
}


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, arrays, match = REFUSED[name]
    same_error(call, *arrays, match=match)


MODULES = [
    ("CrossEntropyLoss", {}),
    ("CrossEntropyLoss", {"label_smoothing": 0.1, "reduction": "sum", "ignore_index": 1}),
    ("NLLLoss", {"reduction": "none"}),
]


@pytest.mark.parametrize("name, settings", MODULES, ids=str)
def test_modules(name, settings):
    compare(lambda lib, x, t: getattr(lib.nn, name)(**settings)(x, t), [real(4, 5), classes(5, 4)])
    compare(
        lambda lib, x, t: getattr(lib.nn, name)(lib.tensor(np.arange(1.0, 6)), **settings)(x, t),
        [real(4, 5), classes(5, 4)],
    )


def test_weights_are_buffers():
    import mytorch

    for lib in (mytorch, torch):
        assert list(lib.nn.CrossEntropyLoss(lib.ones(3)).state_dict()) == ["weight"]
        assert list(lib.nn.BCEWithLogitsLoss(pos_weight=lib.ones(3)).state_dict()) == ["pos_weight"]
        assert not list(lib.nn.CrossEntropyLoss(lib.ones(3)).parameters())


def signs(*shape):
    return np.asarray(rng.integers(0, 2, shape) * 2 - 1)


def shares(*shape):
    e = np.exp(rng.standard_normal(shape))
    return e / e.sum(-1, keepdims=True)


def counts(*shape):
    return rng.poisson(2.0, shape) * 1.0


LABELS = np.array([[1, 3, -1, 0, 2], [-1, 1, 1, 1, 1], [4, 0, 1, 2, 3], [2, -1, -1, 2, 0]])

COMPOSITE = [
    ("HingeEmbeddingLoss", {"margin": 0.5}, [real(4), signs(4)]),
    ("MarginRankingLoss", {"margin": 0.5}, [real(4), real(4), signs(4)]),
    ("CosineEmbeddingLoss", {"margin": 0.5}, [real(4, 3), real(4, 3), signs(4)]),
    ("SoftMarginLoss", {}, [real(4), signs(4)]),
    ("MultiMarginLoss", {"p": 2}, [real(4, 5), rng.integers(0, 5, 4)]),
    ("MultiLabelMarginLoss", {}, [real(4, 5), LABELS]),
    ("MultiLabelSoftMarginLoss", {}, [real(4, 5), rng.integers(0, 2, (4, 5)) * 1.0]),
    ("KLDivLoss", {"reduction": "batchmean"}, [real(4, 5), shares(4, 5)]),
    ("TripletMarginLoss", {"margin": 2.0, "swap": True}, [real(4, 5)] * 3),
    ("TripletMarginWithDistanceLoss", {}, [real(4, 5)] * 3),
    ("PoissonNLLLoss", {"full": True}, [real(4), counts(4).astype(int)]),
    ("GaussianNLLLoss", {"full": True}, [real(4), real(4), shares(4)]),
    ("MSELoss", {"reduction": "sum"}, [real(4), real(4)]),
    ("L1Loss", {}, [real(4), real(4)]),
    ("SmoothL1Loss", {"beta": 0.3}, [real(4), real(4)]),
    ("HuberLoss", {"delta": 0.3}, [real(4), real(4)]),
    ("BCELoss", {}, [shares(4), shares(4)]),
    ("BCEWithLogitsLoss", {}, [real(4), shares(4)]),
    ("PairwiseDistance", {"p": 3.0, "keepdim": True}, [real(4, 5), real(4, 5)]),
    ("CosineSimilarity", {"dim": -1}, [real(4, 5), real(4, 5)]),
]


@pytest.mark.parametrize("name, settings, arrays", COMPOSITE, ids=lambda v: v if isinstance(v, str) else "")
def test_modules_of_composite_losses(name, settings, arrays):
    compare(lambda lib, *x: getattr(lib.nn, name)(**settings)(*x), arrays)
    assert repr(getattr(mytorch.nn, name)(**settings)) == repr(
        getattr(torch.nn, name)(**settings)
    ) or "distance_function" in repr(getattr(torch.nn, name)(**settings))
