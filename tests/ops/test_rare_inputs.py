"""Dtypes, sizes and layouts that few programs use: each call was refused or wrong once."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, compare

X = draws(0).normal(size=(4, 5))
# the angles add up to more than half a turn
TURNS_ROUND = np.array([4.48 + 2.69j, 6.02 - 0.14j, 6.81 + 8.45j, 6.50 - 4.57j, 6.04 + 6.24j])
Z = X + 1j * draws(1).normal(size=(4, 5))
NAN = np.array([[1, np.nan, 3, 2, 5.0], [4, 1, np.nan, np.nan, 0]])

COMPLEX = {
    "tanhshrink": lambda lib, z: lib.nn.functional.tanhshrink(z),
    "rms_norm": lambda lib, z: lib.nn.functional.rms_norm(z, (5,)),
    "lerp": lambda lib, z: lib.lerp(z, z * z, 0.3 + 0.6j),
    "logcumsumexp": lambda lib, z: lib.logcumsumexp(lib.tensor(TURNS_ROUND), 0) + 0 * z[0, 0],
    "lstsq": lambda lib, z: lib.linalg.lstsq(z, z[:, :2], driver="gelsd")[:2],
}
BFLOAT16 = {
    "alpha_dropout": lambda lib, x: lib.nn.functional.alpha_dropout(x, 0.5, True).dtype,
    "gaussian_nll_loss": lambda lib, x: lib.nn.functional.gaussian_nll_loss(
        x[:, :1], x[:, :1] * 2, x[:, :1] + 1
    ),
    "nextafter": lambda lib, x: lib.nextafter(x, x.flip(0)),
    "sort": lambda lib, x: lib.sort(x, stable=True, dim=1),
    "topk": lambda lib, x: lib.topk(x, 2, 1)[0],
    "nanmedian": lambda lib, x: (lib.nanmedian(x), lib.nanmedian(x, 1)[0]),
    "median": lambda lib, x: (lib.median(x), lib.median(x, 1)[0]),
    "mode": lambda lib, x: lib.mode(x.nan_to_num(), 1)[0],
    "searchsorted": lambda lib, x: lib.searchsorted(lib.sort(x.nan_to_num()[0])[0], x.nan_to_num()[1]),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_numbers(name):
    def parts(lib, x, y):
        results = COMPLEX[name](lib, lib.complex(x, y))
        results = results if isinstance(results, tuple) else (results,)
        return [lib.view_as_real(r) if r.is_complex() else r for r in results]

    agree(parts, [Z.real, Z.imag], tolerance=1e-10)


@pytest.mark.parametrize("name", BFLOAT16)
def test_bfloat16(name):
    pytest.importorskip("ml_dtypes")

    def call(lib, x):
        result = BFLOAT16[name](lib, x.bfloat16())
        parts = result if isinstance(result, tuple) else (result,)
        if name == "alpha_dropout":
            return str(result).rpartition(".")[2]
        return [(str(part.dtype).rpartition(".")[2], part.double()) for part in parts]

    agree(call, [NAN], gradient=False, tolerance=1e-2)


@pytest.mark.parametrize("kind", ["uint8", "int8", "int16", "int32"])
def test_small_integers(kind):
    x = np.arange(6).reshape(2, 3).astype(kind)
    agree(lambda lib, x: lib.nn.functional.bilinear(x, x, x[None, 0, :, None].expand(4, 3, 3)), [x])
    agree(lambda lib, x: lib.unravel_index(x, (4, 1 << 30)), [x])


def test_no_elements_and_a_batch_of_samples():
    x, samples = np.zeros((0, 1, 4, 5, 4)), np.full((2, 4, 3), 0.3)
    agree(lambda lib, x: lib.nn.functional.fractional_max_pool3d(x, 2, 2), [x])
    agree(
        lambda lib, x: lib.nn.functional.fractional_max_pool3d(x, 2, 2, _random_samples=lib.tensor(samples)),
        [draws(0).normal(size=(4, 5, 5, 5))],
    )


def test_products_from_the_right():
    agree(lambda lib, x: x.mT.__rmatmul__(x), [X])


def test_results_that_lie_in_another_order_have_views():
    image, weight = draws(0).normal(size=(4, 1, 8, 8)), draws(1).normal(size=(3, 1, 3, 3))

    def slopes(lib, x, w):
        y = lib.nn.functional.conv2d(x, w, padding=1)
        (g,) = lib.autograd.grad(y.pow(2).sum(), x, create_graph=True)
        return g.view(4, -1)

    compare(slopes, [image, weight])

    def patches(lib, x):
        cut = lib.nn.functional.unfold(x, 3, padding=1).view(4, 1, 9, 8, 8)
        return (cut.softmax(2)[:, 0].unsqueeze(1) * cut).sum(2).view(2, 2, 8, 8)

    compare(patches, [image])
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        mytorch.tensor(X).t().view(-1)


def test_matrix_exp_of_16_bits_is_that_of_float32():
    x = mytorch.tensor(X[:, :4]).half()
    assert mytorch.matrix_exp(x).equal(mytorch.matrix_exp(x.float()).half())


def test_polygamma_has_its_poles_at_small_integers_too():
    assert mytorch.polygamma(1, mytorch.tensor([0, -3], dtype=mytorch.int8)).isinf().all()


NOTHING = {
    **{
        f"{name} of {dtype}": (
            lambda lib, name=name, dtype=dtype: getattr(lib.nn.functional, name)(
                lib.zeros(0, 3, dtype=getattr(lib, dtype))
            )
        )
        for name in ("silu", "gelu", "hardswish", "elu")
        for dtype in ("float16", "bfloat16", "float32")
    },
    "attention without features": lambda lib: lib.nn.functional.scaled_dot_product_attention(
        lib.zeros(1, 3, 0), lib.zeros(1, 2, 0), lib.ones(1, 2, 2)
    ),
    "cross entropy without classes": lambda lib: lib.nn.functional.cross_entropy(
        lib.zeros(2, 0), lib.zeros(2, 0), label_smoothing=0.1
    ),
}


@pytest.mark.parametrize("name", NOTHING)
def test_nothing(name):
    agree(NOTHING[name], [], name, gradient=False)


@pytest.mark.parametrize("draw", [mytorch.bernoulli, mytorch.poisson])
def test_no_number_is_no_chance(draw):
    with pytest.raises(RuntimeError, match=r"p to be in|invalid Poisson rate"):
        draw(mytorch.tensor([np.nan], dtype=mytorch.bfloat16))


def test_pivots_are_integers():
    with pytest.raises(RuntimeError, match="LU_pivots"):
        mytorch.lu_unpack(mytorch.eye(2), mytorch.tensor([np.nan, np.nan]))
