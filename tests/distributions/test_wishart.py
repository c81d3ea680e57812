"""Random covariance matrices: density, entropy and moments are PyTorch's; samples follow them."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, answer, same_error

ROOTS = np.tril(draws(3).standard_normal((2, 3, 3))) + 2 * np.eye(3)
V = ROOTS @ np.swapaxes(ROOTS, -2, -1)
DF = np.array([3.5, 7.0])
GIVEN = {"covariance_matrix": V, "precision_matrix": np.linalg.inv(V), "scale_tril": np.tril(ROOTS)}


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize(
    "what", ["log_prob", "entropy", "mean", "variance", "scale_tril", "precision_matrix"]
)
def test_as_in_torch(name, what):
    def found(lib, df, matrix, value):
        wishart = lib.distributions.Wishart(df, **{name: matrix})
        result = getattr(wishart, what)
        return result(value @ value.mT) if what == "log_prob" else result() if what == "entropy" else result

    agree(
        found, [DF, np.abs(GIVEN[name]) if name == "scale_tril" else GIVEN[name], ROOTS + 1], tolerance=1e-8
    )


def shapes(lib):
    wishart = lib.distributions.Wishart(lib.tensor([4.0, 6.0]), lib.eye(3))
    expanded = wishart.expand((5, 2))
    mode = lib.distributions.Wishart(6.0, lib.eye(2)).mode.tolist()
    return [list(wishart.batch_shape), list(wishart.event_shape), list(expanded.mean.shape), mode]


def test_shapes_and_mode():
    assert shapes(mytorch) == answer(shapes)
    wishart = mytorch.distributions.Wishart(mytorch.tensor([4.0, 6.0]), mytorch.eye(3)).expand((5, 2))
    assert wishart.rsample((4,)).shape == (4, 5, 2, 3, 3)
    assert mytorch.distributions.Wishart(2.5, mytorch.eye(2)).mode.isnan().all()


def test_refusals():
    same_error(lambda lib: lib.distributions.Wishart(3.0))
    same_error(lambda lib: lib.distributions.Wishart(1.0, lib.eye(3)))
    same_error(lambda lib: lib.distributions.Wishart(3.0, lib.ones(3)))


def test_samples():
    mytorch.manual_seed(0)
    wishart = mytorch.distributions.Wishart(4.5, mytorch.tensor(V[0]))
    drawn = wishart.rsample((20000,)).numpy()
    assert np.allclose(drawn, np.swapaxes(drawn, -2, -1))
    assert np.allclose(drawn.mean(0), wishart.mean.numpy(), rtol=0.03, atol=0.3)
    assert np.allclose(drawn.var(0), wishart.variance.numpy(), rtol=0.1)


def test_divergence():
    def found(lib, df, root):
        matrix = root @ root.mT
        p, q = (
            lib.distributions.Wishart(df, matrix),
            lib.distributions.Wishart(df.flip(0) + 1, matrix.flip(0)),
        )
        return lib.distributions.kl_divergence(p, q), lib.distributions.kl_divergence(p, p)

    tensors = [mytorch.tensor(a, requires_grad=True) for a in (DF, ROOTS)]
    mine = found(mytorch, *tensors)
    assert mytorch.autograd.gradcheck(lambda *x: found(mytorch, *x)[0], tensors)
    # torch's divergence has no covariance of a batch
    for i, j in ((0, 1), (1, 0)):
        theirs = answer(_divergence, DF[i], V[i], DF[j] + 1, V[j])
        np.testing.assert_allclose(mine[0][i].item(), theirs, rtol=1e-10)
    np.testing.assert_allclose(mine[1].detach().numpy(), 0, atol=1e-12)


def _divergence(lib, *given):
    df, matrix, other_df, other = (lib.tensor(x) for x in given)
    p, q = lib.distributions.Wishart(df, matrix), lib.distributions.Wishart(other_df, other)
    return lib.distributions.kl_divergence(p, q).item()
