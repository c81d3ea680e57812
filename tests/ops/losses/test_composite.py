"""Losses made of simpler operations against PyTorch, and what they and CTC refuse."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, compare, same_error

REDUCTIONS = ["mean", "sum", "none"]

rng = draws(1)


def real(*shape):
    return np.asarray(rng.standard_normal(shape))


def signs(*shape):
    return np.asarray(rng.integers(0, 2, shape) * 2 - 1)


def shares(*shape):
    e = np.exp(rng.standard_normal(shape))
    return e / e.sum(-1, keepdims=True)


def counts(*shape):
    return rng.poisson(2.0, shape) * 1.0


LABELS = np.array([[1, 3, -1, 0, 2], [-1, 1, 1, 1, 1], [4, 0, 1, 2, 3], [2, -1, -1, 2, 0]])

PARTLY = shares(4, 5)

PARTLY[1, 2] = 0

ROWS = [
    ("hinge_embedding_loss", {}, [real(4, 5), signs(4, 5)]),
    ("hinge_embedding_loss", {"margin": 0.4}, [real(4, 5), signs(5)]),
    ("margin_ranking_loss", {"margin": 0.3}, [real(6), real(6), signs(6)]),
    ("margin_ranking_loss", {}, [real(3, 4), real(3, 4), signs(3, 4) * 1.0]),
    ("cosine_embedding_loss", {}, [real(6, 3), real(6, 3), signs(6)]),
    ("cosine_embedding_loss", {"margin": 0.2}, [real(6, 3), real(6, 3), signs(6)]),
    ("cosine_embedding_loss", {}, [real(3), real(3), np.asarray(1)]),
    ("soft_margin_loss", {}, [real(4, 5) * 5, signs(4, 5)]),
    ("multi_margin_loss", {}, [real(4, 5), rng.integers(0, 5, 4)]),
    ("multi_margin_loss", {"p": 2, "margin": 0.5}, [real(4, 5), rng.integers(0, 5, 4)]),
    ("multi_margin_loss", {}, [real(5), np.asarray(2)]),
    ("multilabel_margin_loss", {}, [real(4, 5), LABELS]),
    ("multilabel_margin_loss", {}, [real(5), LABELS[0]]),
    ("multilabel_soft_margin_loss", {}, [real(4, 5), rng.integers(0, 2, (4, 5)) * 1.0]),
    ("triplet_margin_loss", {}, [real(4, 5), real(4, 5), real(4, 5)]),
    ("triplet_margin_loss", {"p": 1, "swap": True, "margin": 2.0}, [real(4, 5), real(4, 5), real(4, 5)]),
    ("triplet_margin_loss", {"p": 3}, [real(5), real(5), real(5)]),
    ("triplet_margin_with_distance_loss", {"swap": True}, [real(4, 5), real(4, 5), real(4, 5)]),
    ("kl_div", {}, [np.log(shares(4, 5)), PARTLY]),
    ("kl_div", {"log_target": True}, [np.log(shares(4, 5)), np.log(shares(4, 5))]),
    ("poisson_nll_loss", {}, [real(4, 5), counts(4, 5)]),
    ("poisson_nll_loss", {"full": True}, [real(4, 5), counts(4, 5).astype(int)]),
    ("poisson_nll_loss", {"log_input": False, "eps": 1e-4}, [np.abs(real(4, 5)), counts(4, 5)]),
    ("gaussian_nll_loss", {}, [real(4, 5), real(4, 5), np.abs(real(4, 5)) + 0.1]),
    ("gaussian_nll_loss", {"full": True}, [real(4, 5), real(4, 5), np.abs(real(4, 1))]),
    ("gaussian_nll_loss", {"eps": 0.5}, [real(4, 5), real(4, 5), np.abs(real(4))]),
]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name, settings, arrays", ROWS, ids=lambda v: v if isinstance(v, str) else "")
def test_functions(name, settings, arrays, reduction):
    for dtype in ("float64", "float32"):
        compare(
            lambda lib, *x: getattr(lib.nn.functional, name)(*x, reduction=reduction, **settings),
            arrays,
            dtype,
        )


def test_class_weights():
    weight = np.linspace(0.5, 2, 5)
    compare(
        lambda lib, x, t: lib.nn.functional.multi_margin_loss(x, t, weight=lib.tensor(weight), p=2),
        [real(4, 5), rng.integers(0, 5, 4)],
    )
    compare(
        lambda lib, x, t: lib.nn.functional.multilabel_soft_margin_loss(x, t, lib.tensor(weight)),
        [real(4, 5), rng.integers(0, 2, (4, 5)) * 1.0],
    )


def test_kl_div_batchmean_and_number_as_variance():
    compare(
        lambda lib, x, y: lib.nn.functional.kl_div(x, y, reduction="batchmean"),
        [np.log(shares(4, 5)), shares(4, 5)],
    )
    compare(lambda lib, x, y: lib.nn.functional.gaussian_nll_loss(x, y, 0.3), [real(4, 5), real(4, 5)])
    with pytest.warns(UserWarning, match="batchmean"):
        mytorch.nn.functional.kl_div(mytorch.zeros(2, 3), mytorch.ones(2, 3))


LOGP = np.log(shares(9, 4, 6))

TARGETS = rng.integers(1, 6, (4, 3))

TARGETS[0] = 2

REFUSED = {
    "ctc length": (
        lambda lib, x, t: lib.nn.functional.ctc_loss(x, t, (10, 9, 9, 9), (3, 3, 3, 3)),
        [LOGP, TARGETS],
        "Expected input_lengths to have value at most 9",
    ),
    "ctc batch": (
        lambda lib, x, t: lib.nn.functional.ctc_loss(x, t, (9, 9, 9), (3, 3, 3, 3)),
        [LOGP, TARGETS],
        "input_lengths must be of size batch_size",
    ),
    "ctc blank": (
        lambda lib, x, t: lib.nn.functional.ctc_loss(x, t, (9,) * 4, (3,) * 4, 6),
        [LOGP, TARGETS],
        "blank must be in label range",
    ),
    "margin": (
        lambda lib, x: lib.nn.functional.triplet_margin_loss(x, x, x, margin=0.0),
        [real(4, 5)],
        "margin must be greater than 0, got 0.0",
    ),
    "ranking": (
        lambda lib, x, t: lib.nn.functional.margin_ranking_loss(x, x, t),
        [real(4, 5), signs(4)],
        "All input tensors should have same dimension",
    ),
    "cosine": (
        lambda lib, x, t: lib.nn.functional.cosine_embedding_loss(x, x, t),
        [real(4, 5), signs(4, 5)],
        "multi-target not supported",
    ),
    "p": (
        lambda lib, x, t: lib.nn.functional.multi_margin_loss(x, t, p=3),
        [real(4, 5), rng.integers(0, 5, 4)],
        "only p == 1 and p == 2 supported",
    ),
    "var": (
        lambda lib, x: lib.nn.functional.gaussian_nll_loss(x, x, -1.0),
        [real(4)],
        "var has negative entry/entries",
    ),
    "var size": (
        lambda lib, x, v: lib.nn.functional.gaussian_nll_loss(x, x, v),
        [real(4, 5), shares(3)],
        "var is of incorrect size",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, arrays, match = REFUSED[name]
    same_error(call, *arrays, match=match)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize(
    "x, target",
    [(2.0, 0), ([2.0], 0), (2.0, [0]), ([2.0, 3], 1), ([2.0, 3], [1]), ([[2.0]], [0]), ([[2.0, 1]], 0)],
    ids=str,
)
def test_multi_margin_loss_of_numbers_and_single_rows(x, target, p, reduction):
    agree(
        lambda m, x, t: m.nn.functional.multi_margin_loss(x, t, p=p, reduction=reduction),
        [np.array(x), np.array(target)],
    )
