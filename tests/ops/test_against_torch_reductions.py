"""Reductions, scans and order statistics against PyTorch: every dim, keepdim, dtype; ties, zeros, infinities,
nan, empty, refusals.
"""

import numpy as np
import pytest

import mytorch
from mytorch.ops.reduce import spread
from tests.draws import draws
from tests.referee import INF, NAN, agree, answer, torch

rng = draws(0)

pytestmark = pytest.mark.filterwarnings("ignore")

ARRAYS = {
    "float64": rng.standard_normal((3, 5)),
    "float32, 3-d": rng.standard_normal((2, 3, 4)).astype("float32"),
    "transposed": rng.standard_normal((2, 3, 4)).T,
    "int64": np.array([[1, 2], [-3, 0]]),
    "bool": np.array([True, False]),
    "uint8": np.array([1, 200], "uint8"),
    "0-d": np.float32(0.7),
    "no rows": np.zeros((0, 3), "float32"),
    "no columns": np.zeros((3, 0), "float32"),
    "zeros": np.array([[0.0, 2, 3], [0, 0, 1], [1, 2, 0.0]]),
    "ties": np.array([[1.0, 2, 2], [3, 3, 3], [2, 1, 1]], "float32"),
    "one": np.array([[1.5]]),
}

NANS = {
    "nan": np.array([1.0, 2, NAN, 4, 3, NAN, 0], "float32"),
    "nan rows": np.array([[1.0, NAN, 2], [NAN] * 3, [3, 1, 2]]),
}

INFINITIES = {
    "infinities": np.array([[-INF, -INF, 1], [INF, 1, 2], [INF, INF, INF]]),
    "all -inf": np.array([[-INF, -INF], [0.0, -INF]]),
}

OVER_ALL = [
    "sum",
    "mean",
    "prod",
    "std",
    "var",
    "max",
    "min",
    "amax",
    "amin",
    "argmax",
    "argmin",
    "all",
    "any",
    "norm",
    "nansum",
    "nanmean",
    "median",
    "nanmedian",
    "mode",
    "count_nonzero",
    "aminmax",
]

ALONG = [
    "prod",
    "max",
    "min",
    "argmax",
    "argmin",
    "median",
    "nanmedian",
    "mode",
    "cumsum",
    "cumprod",
    "cummax",
    "cummin",
    "logcumsumexp",
    "softmax",
    "log_softmax",
]

OVER_DIMS = [
    "sum",
    "mean",
    "std",
    "var",
    "amax",
    "amin",
    "all",
    "any",
    "logsumexp",
    "nansum",
    "nanmean",
    "count_nonzero",
    "norm",
    "std_mean",
    "var_mean",
    "aminmax",
]

# there torch makes nan of infinities that have a limit
ROUGH = {"std_mean", "var_mean", "cumprod", "logcumsumexp"}

SCANS = {"cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "softmax", "log_softmax"}


def arrays_for(name):
    chosen = dict(ARRAYS)
    if name != "mode":  # torch's sort does not order nan there
        chosen |= NANS
    if name not in ROUGH:
        chosen |= INFINITIES
    return chosen.items()


@pytest.mark.parametrize("name", OVER_ALL)
def test_of_all_elements(name):
    for kind, x in arrays_for(name):
        agree(lambda t, x: getattr(t, name)(x), [x], f"{name} of {kind}")
        agree(lambda t, x: getattr(x, name)(), [x], f"method {name} of {kind}")


@pytest.mark.parametrize("name", ALONG)
def test_along_one_dimension(name):
    for kind, x in arrays_for(name):
        for dim in (0, -1, 1, 3):
            if dim == 3 and not x.size and name in ("cummax", "cummin"):
                continue  # torch looks at the size first
            agree(lambda t, x: getattr(t, name)(x, dim), [x], f"{name} of {kind} along {dim}")
            if name not in SCANS:
                agree(
                    lambda t, x: getattr(x, name)(dim=dim, keepdim=True),
                    [x],
                    f"{name} of {kind} along {dim}, keepdim",
                )


def keywords(name, dim, keep):
    return {"dim": dim} if name == "count_nonzero" else {"dim": dim, "keepdim": keep}


@pytest.mark.parametrize("name", OVER_DIMS)
def test_over_several_dimensions(name):
    for kind, x in arrays_for(name):
        for dim in (0, -1, 2, (0, 1), (-1,), (0, 0), [0, -1], (0, 5)):
            if (name == "aminmax" and not isinstance(dim, int)) or (dim == (0, 0) and not x.size):
                continue  # torch looks at the size first
            for keep in (False, True):
                agree(
                    lambda t, x: getattr(t, name)(x, **keywords(name, dim, keep)),
                    [x],
                    f"{name} of {kind} over {dim} {keep}",
                )


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.sum(x, 0, dtype=t.float64),
        lambda t, x: t.sum(x.detach(), dtype=t.int64),
        lambda t, x: t.mean(x, dtype=t.float64),
        lambda t, x: t.prod(x, dtype=t.float64),
        lambda t, x: t.cumsum(x, 0, dtype=t.float64),
        lambda t, x: t.cumprod(x, 0, dtype=t.float64),
        lambda t, x: t.softmax(x, 0, dtype=t.float64),
        lambda t, x: t.log_softmax(x, 0, dtype=t.float32),
        lambda t, x: t.nansum(x, dtype=t.float64),
        lambda t, x: x.std(unbiased=False),
        lambda t, x: x.std(0, False),
        lambda t, x: x.std(False),
        lambda t, x: x.var(0, True, True),
        lambda t, x: x.var(0, correction=0),
        lambda t, x: x.std(0, correction=3),
        lambda t, x: x.var(correction=2.5),
        lambda t, x: t.var(x, (0, 1)),
        lambda t, x: t.std(x, dim=None, correction=0, keepdim=True),
        lambda t, x: t.sum(x, ()),
        lambda t, x: t.amax(x, ()),
        lambda t, x: t.all(x, ()),
        lambda t, x: t.argmax(x, keepdim=True),
        lambda t, x: t.argmin(x, None, True),
        lambda t, x: t.sum(x, None),
        lambda t, x: t.mean(x, None, True),
        lambda t, x: x.norm(1),
        lambda t, x: x.norm(3, 0),
        lambda t, x: x.norm(INF),
        lambda t, x: x.norm(-INF, 0),
        lambda t, x: x.norm(0, 0),
        lambda t, x: x.norm(0.5, 0),
        lambda t, x: x.norm(1.5),
        lambda t, x: x.norm(2, (0, 1), True),
        lambda t, x: t.norm(x, "fro", 0),
        lambda t, x: t.norm(x, dim=0, dtype=t.float64),
        lambda t, x: t.norm(x, "other"),
        lambda t, x: t.max(x, dim=0, keepdim=True).values,
        lambda t, x: t.min(x, 0).indices,
        lambda t, x: t.max(x, x * 2),
        lambda t, x: x.min(1 - x),
        lambda t, x: t.max(x, other=-x),
        lambda t, x: t.max(x, 0.5),
        lambda t, x: t.max(x, None),
        lambda t, x: t.sum(x, 0.5),
        lambda t, x: t.argmax(x, (0, 1)),
        lambda t, x: t.median(x, 0).values,
        lambda t, x: t.var_mean(x, correction=0),
        lambda t, x: t.cumsum(x),
        lambda t, x: t.logsumexp(x, (0, 1)),
        lambda t, x: t.histc(x),
        lambda t, x: t.histc(x, 5),
        lambda t, x: t.histc(x, 5, -1, 1),
        lambda t, x: t.histc(x, 0),
        lambda t, x: t.histc(x, 3, 2, 1),
        lambda t, x: t.dist(x, x * 2 + 1),
        lambda t, x: t.dist(x, x + 1, 3),
        lambda t, x: t.dist(x, x),
    ],
)
def test_settings(call):
    for kind, x in ARRAYS.items():
        if kind != "no rows":
            agree(call, [x], kind)


@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest", "other"])
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantiles(name, interpolation):
    rough = 2e-6 if name == "nanquantile" else None  # torch computes its ranks in float32
    for kind, x in (ARRAYS | NANS).items():
        for q in (0, 0.3, 1, 1.5):
            for dim in (None, 0, -1):
                for keep in (False, True):
                    call = lambda t, x: getattr(t, name)(x, q, dim, keep, interpolation=interpolation)
                    agree(call, [x], f"{kind} {q} {dim} {keep}", tolerance=rough)
        if x.dtype.kind == "f":
            call = lambda t, x: getattr(t, name)(
                x, t.tensor([0.1, 0.9, 0.5], dtype=x.dtype), 0, interpolation=interpolation
            )
            agree(call, [x], kind, tolerance=rough)


def test_ties_share_or_choose_the_gradient():
    x = np.array([[2.0, 2, 1], [0, 3, 3]])
    for call in (
        lambda t, x: x.max(),
        lambda t, x: x.min(),
        lambda t, x: x.amax(1),
        lambda t, x: x.amax((0, 1)),
        lambda t, x: x.amin(0),
        lambda t, x: x.max(1),
        lambda t, x: x.min(0),
        lambda t, x: x.median(),
        lambda t, x: x.cummax(1),
        lambda t, x: x.norm(INF),
        lambda t, x: x.norm(-INF, 1),
        lambda t, x: t.maximum(x, x.flip(1)),
        lambda t, x: t.fmax(x, x * 1),
        lambda t, x: x.max(1, keepdim=True)[0] * x.max(),
    ):
        agree(call, [x])


def test_named_results():
    x = mytorch.tensor([[1.0, 5.0, 2.0]])
    for name in ("max", "min", "median", "mode", "cummax", "cummin", "nanmedian"):
        result = getattr(x, name)(1)
        assert result.values is result[0] and result.indices is result[1]
        assert len(result) == 2 and result.indices.dtype == mytorch.int64
    assert mytorch.aminmax(x).max.item() == 5


def test_numpys_spellings():
    x = mytorch.tensor(rng.standard_normal((2, 3)))
    for name in (
        "sum",
        "mean",
        "std",
        "var",
        "amax",
        "argmax",
        "all",
        "prod",
        "logsumexp",
        "median",
        "nansum",
        "nanmean",
    ):
        ours = getattr(x, name)(axis=1, keepdims=True)
        theirs = getattr(x, name)(dim=1, keepdim=True)
        for a, b in zip(*((r if isinstance(r, tuple) else (r,)) for r in (ours, theirs))):
            assert a.shape == b.shape and mytorch.equal(a, b)
    assert mytorch.equal(x.cumsum(axis=1), x.cumsum(1)) and mytorch.equal(x.softmax(axis=0), x.softmax(0))


@pytest.mark.parametrize(
    ("shape", "dim"),
    [((4000, 3), 0), ((300, 5, 7), 0), ((20, 30, 9), (0, 1)), ((257,), 0), ((70, 5), 0), ((3, 40000), 1)],
)
def test_long_float32_sums_keep_their_digits(shape, dim):
    x = (rng.random(shape) + 100).astype("float32")
    exact = x.astype("float64").sum(dim)
    for ours in (mytorch.tensor(x).sum(dim), mytorch.tensor(x).mean(dim) * (x.size // exact.size)):
        np.testing.assert_allclose(ours.numpy(), exact, rtol=1e-6)
    assert mytorch.tensor(x).sum(dim, keepdim=True).shape == torch.tensor(x).sum(dim, keepdim=True).shape


@pytest.mark.parametrize("name", "softmax log_softmax cumsum cumprod sum prod mean".split())
@pytest.mark.parametrize(
    ("given", "computed"), [("float32", "float64"), ("float64", "float32"), ("float16", "float32")]
)
def test_the_gradient_has_the_dtype_of_the_input(name, given, computed):
    """With ``dtype=`` the operation casts, and its gradient casts back, also within a graph."""

    def gradients(m):
        x = m.linspace(0.5, 2, 6, dtype=getattr(m, given)).view(2, 3).requires_grad_()
        seen = []
        inner = x * 2
        inner.register_hook(lambda g: seen.append(str(g.dtype).split(".")[1]))
        out = getattr(inner, name)(1, dtype=getattr(m, computed))
        (out * out).sum().backward()
        return [*seen, str(out.dtype).split(".")[1]], x.grad.double().numpy()

    (kinds, mine), (expected, theirs) = gradients(mytorch), answer(gradients)
    assert kinds == expected
    np.testing.assert_allclose(mine, theirs, rtol=5e-3 if "float16" in given else 1e-4, atol=1e-3)


def test_the_gradient_of_a_sum_over_pixels_has_the_batch_last():
    """As those of convolutions, so that sums of the two do not mix orders in memory."""
    g = np.arange(12.0).reshape(4, 3)
    for keepdim, given in ((False, g), (True, g[:, :, None, None])):
        found = spread(given, (4, 3, 5, 6), (2, 3), keepdim)
        np.testing.assert_array_equal(found, np.broadcast_to(g[:, :, None, None], (4, 3, 5, 6)))
        assert found.strides == (8, 32, 0, 0)
    assert spread(g[:0], (0, 3, 5, 6), (2, 3), False).shape == (0, 3, 5, 6)


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [None, 0, 1, -1, -2])
@pytest.mark.parametrize("shape", [(8, 16), (3, 3), (1, 7), (40, 3), (64, 33)])
def test_var_and_std_of_few_numbers_and_of_many(shape, dim, keepdim):
    """Few numbers go a shorter way."""
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    if x.size == 7 and dim in (0, -2):  # no degrees of freedom
        return
    for name in ("var", "std"):
        found = getattr(mytorch.tensor(x), name)(dim, keepdim=keepdim)
        wanted = getattr(x.astype("float64"), name)(dim, ddof=1, keepdims=keepdim)
        assert found.dtype is mytorch.float32 and found.shape == np.shape(wanted)
        np.testing.assert_allclose(found.numpy(), wanted, 1e-5)


@pytest.mark.parametrize("n", [3, 7, 10, 16])
def test_few_equal_numbers_have_no_deviation(n):
    x = mytorch.full((n, n), 0.1, requires_grad=True)
    for dim in (None, 0, 1):
        out = x.std() if dim is None else x.std(dim)
        assert (out == 0).all()
        (gradient,) = mytorch.autograd.grad(out.sum(), x)
        assert (gradient == 0).all()


def test_nan_and_infinity_spoil_only_their_own_row():
    x = np.ones((4, 4), "float32")
    x[0, 1], x[2, 2] = np.nan, np.inf
    for dim, spoilt in ((1, [0, 2]), (0, [1, 2])):
        found = mytorch.tensor(x).var(dim).isnan().numpy()
        assert found.nonzero()[0].tolist() == spoilt
