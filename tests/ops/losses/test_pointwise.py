"""Losses of pairs of elements, against PyTorch: values, gradients, weights, the ends of the range."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, torch

REDUCTIONS = ["mean", "sum", "none"]

rng = draws(0)


def real(*shape):
    return rng.standard_normal(shape)


def unit(*shape):
    return rng.uniform(0.02, 0.98, shape)


PAIRS = {
    "mse_loss": (real, real),
    "l1_loss": (real, real),
    "smooth_l1_loss": (real, real),
    "huber_loss": (real, real),
    "binary_cross_entropy": (unit, unit),
    "binary_cross_entropy_with_logits": (real, unit),
}

SETTINGS = {
    "smooth_l1_loss": [{"beta": 0.5}, {"beta": 0.0}],
    "huber_loss": [{"delta": 0.5}],
    "mse_loss": [{"size_average": False}, {"reduce": False}],
    "l1_loss": [{"reduce": False}],
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name, reduction):
    for settings in [{}, *SETTINGS.get(name, [])]:
        for shape in [(4, 5), (), (0, 3), (2, 3, 4)]:
            for dtype in ("float64", "float32"):
                arrays = [np.asarray(make(*shape)) for make in PAIRS[name]]
                compare(
                    lambda lib, x, y: getattr(lib.nn.functional, name)(x, y, reduction=reduction, **settings),
                    arrays,
                    dtype,
                )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_of_elements(reduction):
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        compare(
            lambda lib, x, y, w: getattr(lib.nn.functional, name)(
                x, y, reduction=reduction, weight=w.detach()
            ),
            [real(3, 4), real(3, 4), unit(3, 4)],
        )
    compare(
        lambda lib, x, y, w: lib.nn.functional.binary_cross_entropy(x, y, w.detach(), reduction=reduction),
        [unit(3, 4), unit(3, 4), unit(4)],
    )
    for w, p in [((3, 4), (4,)), ((4,), (3, 4)), ((1,), (1, 4))]:
        compare(
            lambda lib, x, y, w, p: lib.nn.functional.binary_cross_entropy_with_logits(
                x, y, w.detach(), reduction=reduction, pos_weight=p.detach()
            ),
            [real(3, 4), unit(3, 4), unit(*w), 1 + unit(*p)],
        )


def test_old_flags_warn():
    for lib in (mytorch, torch):
        for make in (
            lib.nn.MSELoss,
            lambda **flags: lib.nn.functional.l1_loss(lib.ones(2), lib.ones(2), **flags),
        ):
            with pytest.warns(
                UserWarning,
                match="size_average and reduce args will be deprecated, please use reduction='sum' instead.",
            ):
                make(size_average=False)


def test_losses_broadcast_with_a_warning():
    with pytest.warns(UserWarning, match="Using a target size"):
        import mytorch

        mytorch.nn.functional.mse_loss(mytorch.zeros(3, 4), mytorch.zeros(4))
    compare(lambda lib, x, y: lib.nn.functional.mse_loss(x, y), [real(3, 4), real(4)])
    compare(lambda lib, x, y: lib.nn.functional.huber_loss(x, y), [real(3, 1), real(1, 4)])


def test_binary_cross_entropy_at_the_ends():
    compare(
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy(x, y.detach()),
        [np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])],
    )
    ends = np.array([200.0, -200, 30, -30])
    compare(
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy_with_logits(x, y),
        [ends, np.array([0.0, 1, 1, 0])],
        "float32",
    )


ENDS = [np.inf, -np.inf, 0.0, 1.0, 800.0, -800.0, np.nan]


@pytest.mark.parametrize("pos_weight", [None, 0.0, 3.0])
@pytest.mark.parametrize("target", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("x", ENDS)
@pytest.mark.parametrize(
    "name",
    [
        "binary_cross_entropy_with_logits",
        "soft_margin_loss",
        "multilabel_soft_margin_loss",
        "poisson_nll_loss",
    ],
)
def test_logits_at_the_ends(name, x, target, pos_weight):
    """As torch, or a number where torch's is nan for a target that has no share in the infinite part."""
    options = {}
    if pos_weight is not None:
        if name != "binary_cross_entropy_with_logits":
            return
        options = {"pos_weight": pos_weight}
    found = []
    for lib in (mytorch, torch):
        given = {key: lib.tensor([value], dtype=lib.float64) for key, value in options.items()}
        logits = lib.tensor([x], dtype=lib.float64, requires_grad=True)
        loss = getattr(lib.nn.functional, name)(logits, lib.tensor([target], dtype=lib.float64), **given)
        loss.sum().backward()
        found.append((loss.item(), logits.grad.item()))
    for ours, theirs in zip(*found):
        overflows = np.isinf(theirs) and np.isfinite(x)  # torch's soft margin loss
        assert np.isnan(theirs) or overflows or ours == pytest.approx(theirs, rel=1e-12)
