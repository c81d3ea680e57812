"""Transforms: values, gradients and volumes are torch's."""

import pytest

import mytorch
from mytorch import distributions as mine
from tests.distributions.test_distributions import build, close
from tests.referee import torch

TRANSFORMS = {  # expression: x
    "ExpTransform()": [-1.0, 0.0, 2.5],
    "PowerTransform(2.0)": [0.3, 1.0, 2.5],
    "PowerTransform(-more)": [0.3, 1.0, 2.5],
    "SigmoidTransform()": [-40.0, 0.0, 2.5],
    "SoftplusTransform()": [-1.0, 0.0, 30.0],
    "TanhTransform()": [-1.0, 0.0, 2.5],
    "AffineTransform(loc, -2.0)": [-1.0, 0.0, 2.5],
    "AffineTransform(loc, scale, event_dim=1)": [-1.0, 0.0, 2.5],
    "StickBreakingTransform()": [-1.0, 0.0, 2.5],
    "CorrCholeskyTransform()": [0.3, -1.0, 2.0, 0.5, -0.2, 0.9],
    "LowerCholeskyTransform()": [[1.0, 2.0], [3.0, -1.0]],
    "PositiveDefiniteTransform()": [[1.0, 2.0], [3.0, -1.0]],
    "ReshapeTransform((3,), (3, 1))": [-1.0, 0.0, 2.5],
    "IndependentTransform(ExpTransform(), 1)": [-1.0, 0.0, 2.5],
    "ComposeTransform([AffineTransform(loc, scale), SigmoidTransform(), PowerTransform(2.0)])": [
        -1.0,
        0.0,
        2.5,
    ],
    "ComposeTransform([StickBreakingTransform(), ReshapeTransform((4,), (2, 2)), ExpTransform()])": [
        -1.0,
        0.0,
        2.5,
    ],
    "CumulativeDistributionTransform(Normal(loc, scale))": [-1.0, 0.0, 2.5],
    "AbsTransform()": [-1.0, 0.0, 2.5],
    "SoftmaxTransform()": [-1.0, 0.0, 2.5],
    "ExpTransform().inv": [0.3, 1.0, 2.5],
    "ComposeTransform([ExpTransform(), AffineTransform(0.0, scale)]).inv": [0.3, 1.0, 2.5],
}


@pytest.mark.parametrize("expression", TRANSFORMS)
def test_transforms(expression):
    found = []
    for library in (mytorch, torch):
        t, _ = build(expression, library, requires_grad=True)
        x = library.tensor(TRANSFORMS[expression], dtype=library.float64, requires_grad=True)
        y = t(x)
        parts = [y, t.inv(y)]
        if expression not in (
            "AbsTransform()",
            "SoftmaxTransform()",
            "LowerCholeskyTransform()",
            "PositiveDefiniteTransform()",
        ):
            parts.append(t.log_abs_det_jacobian(x, y))
        if "AffineTransform" not in expression and "Compose" not in expression and t.bijective:
            assert t.inv.inv is t
        sum(part.sum() for part in parts).backward()
        shapes = (
            tuple(t.forward_shape(x.shape)),
            tuple(t.inverse_shape(y.shape)),
            t.domain.event_dim,
            t.codomain.event_dim,
            t.bijective,
        )
        found.append((parts, x.grad, shapes))
    (parts, grad, shapes), (wanted, wanted_grad, wanted_shapes) = found
    assert shapes == wanted_shapes
    for a, b in zip(parts, wanted):
        close(a, b, 1e-9)
    close(grad, wanted_grad, 1e-8)


def test_transforms_compare_and_keep_their_last_pair():
    assert mine.ExpTransform() == mine.ExpTransform() and mine.ExpTransform() != mine.TanhTransform()
    assert mine.AffineTransform(0, 1) == mine.AffineTransform(0.0, 1) and mine.AffineTransform(
        0, 1
    ) != mine.AffineTransform(0, 2)
    assert mine.ExpTransform().inv == mine.ExpTransform().inv
    t, x = mine.TanhTransform(cache_size=1), mytorch.tensor([0.5, 30.0])
    assert t.inv(t(x)) is x and t.with_cache(0).inv(t(x)) is not x
    assert mine.ComposeTransform([t]).with_cache(1).inv(mine.ComposeTransform([t])(x)) is x
    with pytest.raises(ValueError, match="cache_size"):
        mine.ExpTransform(cache_size=2)


def test_a_transform_that_is_a_module():
    class Scale(mine.Transform, mytorch.nn.Module):
        def __init__(self):
            super().__init__(cache_size=1)
            self.factor = mytorch.nn.Parameter(mytorch.tensor(2.0))

        def _call(self, x):
            return self.factor * x

    scale = Scale()
    x = mytorch.ones(2)
    y = scale(x)
    assert list(dict(scale.named_parameters())) == ["factor"] and scale._cached_x_y == (x, y)


def test_correlation_of_a_wrong_number_of_values():
    with pytest.raises(ValueError, match="lower-diagonal"):
        mine.CorrCholeskyTransform()(mytorch.ones(4))
    with pytest.raises(ValueError, match="square"):
        mine.CorrCholeskyTransform().inverse_shape((3, 4))
    assert type(mine.biject_to(mine.constraints.corr_cholesky)) is mine.CorrCholeskyTransform
