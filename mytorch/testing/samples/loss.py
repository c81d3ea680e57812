"""Rows of ops/losses/."""

import numpy as np

from mytorch.nn import functional as F

from . import Int, Real, Sample


def log_softmax(x):
    z = x - x.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def nll(x, t):
    return -np.take_along_axis(x, t[:, None], 1)[:, 0]


def smoothed(x, t):
    weight = np.arange(1.0, 6)
    logp = log_softmax(x)
    losses = 0.9 * nll(logp, t) * weight[t] - 0.1 / 5 * (logp * weight).sum(1)
    return losses.sum() / weight[t].sum()


def weights(x):
    from mytorch import arange

    return arange(1.0, 6).to(x.dtype).to(x.device)


def softplus(x):
    return np.logaddexp(0, x)


SCORES, CLASSES, SHARE = (4, 5), Int((4,), 5), Real((4, 5), 0.1, 0.9)
CE, NLL, PICK, SOFT = "cross_entropy_of_classes", "nll", F.cross_entropy, "cross_entropy_of_probabilities"
ROWS = [
    Sample(CE, PICK, (SCORES, CLASSES), lambda x, t: nll(log_softmax(x), t).mean()),
    Sample(
        CE,
        lambda x, t: PICK(x, t, reduction="none"),
        (SCORES, CLASSES),
        lambda x, t: nll(log_softmax(x), t),
        note="none",
        empty=((0, 5), (0,)),
    ),
    Sample(
        CE,
        lambda x, t: PICK(x, t, weights(x), label_smoothing=0.1),
        (SCORES, CLASSES),
        smoothed,
        note="weighted and smoothed",
    ),
    Sample(
        CE,
        lambda x, t: PICK(x, t, ignore_index=2, reduction="sum"),
        ((2, 5, 3), Int((2, 3), 5)),
        lambda x, t: (
            nll(log_softmax(x.transpose(0, 2, 1).reshape(-1, 5)), t.reshape(-1)) * (t.reshape(-1) != 2)
        ).sum(),
        note="spatial, ignoring",
    ),
    Sample(SOFT, PICK, (SCORES, SHARE), lambda x, y: -(y * log_softmax(x)).sum(1).mean()),
    Sample(
        SOFT,
        lambda x, y: PICK(x, y, weights(x), reduction="none", label_smoothing=0.1),
        ((2, 5, 3), Real((2, 5, 3), 0.1, 0.9)),
        lambda x, y: -((0.9 * y + 0.02) * log_softmax(x) * np.arange(1.0, 6)[:, None]).sum(1),
        note="weighted, smoothed, spatial",
    ),
    Sample(NLL, F.nll_loss, (SCORES, CLASSES), lambda x, t: nll(x, t).mean()),
    Sample(
        NLL,
        lambda x, t: F.nll_loss(x, t, weights(x), reduction="none"),
        (SCORES, CLASSES),
        lambda x, t: nll(x, t) * (t + 1.0),
        note="weighted",
    ),
    Sample("mse", F.mse_loss, ((3, 4), (3, 4)), lambda x, y: ((x - y) ** 2).mean()),
    Sample(
        "mse",
        lambda x, y: F.mse_loss(x, y, reduction="none"),
        ((3, 4), (3, 4)),
        lambda x, y: (x - y) ** 2,
        note="none",
        empty=((0, 4), (0, 4)),
    ),
    Sample(
        "mse",
        lambda x, y: F.mse_loss(x, y, reduction="sum"),
        ((3, 4), (3, 4)),
        lambda x, y: ((x - y) ** 2).sum(),
        note="sum",
        empty=((0, 4), (0, 4)),
    ),
    Sample("l1", F.l1_loss, ((3, 4), (3, 4)), lambda x, y: np.abs(x - y).mean()),
    Sample(
        "huber",
        lambda x, y: F.huber_loss(x, y, delta=0.7),
        ((3, 4), (3, 4)),
        lambda x, y: np.where(np.abs(x - y) < 0.7, (x - y) ** 2 / 2, 0.7 * (np.abs(x - y) - 0.35)).mean(),
    ),
    Sample(
        "huber",
        lambda x, y: F.smooth_l1_loss(x, y, beta=0.7, reduction="none"),
        ((3, 4), (3, 4)),
        lambda x, y: np.where(np.abs(x - y) < 0.7, (x - y) ** 2 / 1.4, np.abs(x - y) - 0.35),
        note="smooth l1",
    ),
    Sample(
        "bce",
        F.binary_cross_entropy,
        (SHARE, SHARE),
        lambda x, y: -(y * np.log(x) + (1 - y) * np.log(1 - x)).mean(),
    ),
    Sample(
        "bce",
        lambda x, y, w: F.binary_cross_entropy(x, y, w, reduction="none"),
        (SHARE, SHARE, Real((5,), grad=False)),
        lambda x, y, w: -(y * np.log(x) + (1 - y) * np.log(1 - x)) * w,
        note="weighted",
    ),
    Sample(
        "bce_with_logits",
        F.binary_cross_entropy_with_logits,
        (SCORES, SHARE),
        lambda x, y: ((1 - y) * x + softplus(-x)).mean(),
    ),
    Sample(
        "bce_with_logits",
        lambda x, y, w, p: F.binary_cross_entropy_with_logits(x, y, w, pos_weight=p, reduction="none"),
        (SCORES, SHARE, Real((5,), grad=False), Real((5,), 0.5, 2, grad=False)),
        lambda x, y, w, p: ((1 - y) * x + ((p - 1) * y + 1) * softplus(-x)) * w,
        note="weighted",
    ),
]


def ctc(x, t):
    """By summing over all alignments of two labels in three steps."""
    p, total = np.exp(log_softmax(x.reshape(-1, 4)).reshape(x.shape)), np.zeros(x.shape[1])
    for path in np.ndindex(4, 4, 4):
        labels = [c for i, c in enumerate(path) if c and (i == 0 or path[i - 1] != c)]
        for n in range(x.shape[1]):
            total[n] += np.prod([p[i, n, c] for i, c in enumerate(path)]) * (labels == list(t[n]))
    return -np.log(total)


def ctc_loss(x, t):
    return F.ctc_loss(F.log_softmax(x, -1), t, (3, 3), (2, 2), reduction="none")


ROWS.append(Sample("ctc", ctc_loss, ((3, 2, 4), Int((2, 2), 4, 1)), ctc))
