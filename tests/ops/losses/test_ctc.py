"""Connectionist temporal classification, against PyTorch."""

import numpy as np
import pytest

from tests.draws import draws
from tests.referee import compare

REDUCTIONS = ["mean", "sum", "none"]

rng = draws(1)


def shares(*shape):
    e = np.exp(rng.standard_normal(shape))
    return e / e.sum(-1, keepdims=True)


LOGP = np.log(shares(9, 4, 6))

TARGETS = rng.integers(1, 6, (4, 3))

TARGETS[0] = 2


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("sizes", [(3, 3, 3, 3), (3, 2, 1, 0)], ids=str)
@pytest.mark.parametrize("steps", [(9, 9, 9, 9), (9, 8, 5, 3)], ids=str)
def test_ctc(steps, sizes, reduction):
    compare(
        lambda lib, x, t: lib.nn.functional.ctc_loss(
            x, t, lib.tensor(steps), lib.tensor(sizes), reduction=reduction
        ),
        [LOGP, TARGETS],
    )
    compare(
        lambda lib, x, t: lib.nn.CTCLoss(reduction=reduction)(x.log_softmax(-1), t, steps, sizes),
        [LOGP * 2, TARGETS],
        "float32",
    )
    joined = np.concatenate([row[:n] for row, n in zip(TARGETS, sizes)])
    compare(
        lambda lib, x, t: lib.nn.functional.ctc_loss(x, t, steps, sizes, 5, reduction), [LOGP, joined - 1]
    )


@pytest.mark.parametrize("zero_infinity", [True, False])
def test_ctc_of_targets_that_do_not_fit(zero_infinity):
    compare(
        lambda lib, x, t: lib.nn.functional.ctc_loss(
            x, t, (4, 9, 9, 2), (3, 3, 3, 3), zero_infinity=zero_infinity, reduction="none"
        ),
        [LOGP, TARGETS],
    )


def test_ctc_without_a_batch():
    compare(
        lambda lib, x, t: lib.nn.functional.ctc_loss(x, t, lib.tensor(9), lib.tensor(3), reduction="none"),
        [LOGP[:, 0], TARGETS[0]],
    )
