"""What holds for all shapes, dtypes and values: broadcasting, reductions, promotion, in-place forms (found by
hypothesis).
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mytorch
from tests.referee import agree, live

FEW = settings(max_examples=60, deadline=None)
DTYPES = ["float32", "float64", "int64", "int32", "uint8", "bool"]


def arrays(shape, dtype):
    kind = np.dtype(dtype).kind
    low, high = (0, 10) if kind == "u" else (-5, 5)
    elements = (
        st.booleans()
        if kind == "b"
        else st.integers(low, high)
        if kind in "iu"
        else st.integers(-12, 12).map(lambda n: n / 4)
    )
    return hnp.arrays(dtype, shape, elements=elements)


@st.composite
def two_that_broadcast(draw, dtypes=DTYPES):
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4, min_side=0)
    ).input_shapes
    return [draw(arrays(shape, draw(st.sampled_from(dtypes)))) for shape in shapes]


@st.composite
def one_and_dims(draw, dtypes=DTYPES):
    x = draw(
        arrays(
            draw(hnp.array_shapes(min_dims=0, max_dims=4, max_side=4, min_side=0)),
            draw(st.sampled_from(dtypes)),
        )
    )
    dims = draw(
        st.one_of(
            st.none(), st.integers(-4, 4), st.lists(st.integers(-4, 3), min_size=1, max_size=3).map(tuple)
        )
    )
    return x, dims, draw(st.booleans())


@live
@FEW
@given(
    two_that_broadcast(),
    st.sampled_from(
        [
            "add",
            "sub",
            "mul",
            "true_divide",
            "maximum",
            "minimum",
            "lt",
            "eq",
            "pow",
            "atan2",
            "remainder",
            "logical_and",
            "hypot",
            "copysign",
        ]
    ),
)
def test_broadcasting_and_promotion(pair, name):
    if name == "atan2" and pair[0].dtype == "uint8":
        return  # torch negates the unsigned numbers in its gradient
    agree(
        lambda t, x, y: getattr(t, name)(x, y),
        pair,
        f"{name} {[(a.dtype, a.shape) for a in pair]}",
        tolerance=1e-5,
    )


@FEW
@given(two_that_broadcast(["float64"]), st.sampled_from(["add", "mul", "true_divide", "maximum", "sub"]))
def test_the_gradient_of_a_broadcast_input_has_its_shape(pair, name):
    x, y = (mytorch.tensor(a, requires_grad=True) for a in pair)
    getattr(mytorch, name)(x, y).sum().backward()
    assert x.grad.shape == x.shape and y.grad.shape == y.shape


@live
@FEW
@given(two_that_broadcast(["float64", "float32"]), st.data())
def test_where_and_clamp(pair, data):
    condition = data.draw(arrays(pair[0].shape, "bool"))
    agree(lambda t, c, x, y: t.where(c, x, y), [condition, *pair])
    agree(lambda t, x, y: t.clamp(x, min=y), pair)
    agree(lambda t, x, y: t.clamp(x, max=y), pair)


@live
@FEW
@given(
    one_and_dims(),
    st.sampled_from(
        ["sum", "mean", "std", "var", "amax", "amin", "all", "any", "logsumexp", "nansum", "norm"]
    ),
)
def test_reductions(case, name):
    x, dims, keep = case
    if name == "logsumexp" and dims is None:
        dims = 0
    if isinstance(dims, tuple) and len(set(dims)) < len(dims):
        return  # where two things are wrong, torch's order of checks differs
    if x.size == 0 and name in ("amax", "amin", "std", "var", "norm"):
        return  # torch's order of checks differs
    if name in ("std", "var"):
        folded = (
            x.size
            if dims is None
            else np.prod([x.shape[d] for d in np.atleast_1d(dims) if -x.ndim <= d < x.ndim])
        )
        if folded < 2:
            return  # nan or infinite, by rounding
    agree(
        lambda t, x: getattr(t, name)(x, dim=dims, keepdim=keep),
        [x],
        f"{name} {x.dtype}{x.shape} {dims} {keep}",
        tolerance=1e-5,
    )


@live
@FEW
@given(
    one_and_dims(["float64", "int64"]),
    st.sampled_from(["cumsum", "cumprod", "prod", "argmax", "max", "min", "cummax", "softmax"]),
)
def test_along_a_dimension(case, name):
    x, dims, _ = case
    if x.size and isinstance(dims, int):
        agree(lambda t, x: getattr(t, name)(x, dims), [x], f"{name} {x.dtype}{x.shape} {dims}")


@live
@FEW
@given(
    two_that_broadcast(["float64", "float32", "int64"]),
    st.sampled_from(["add_", "mul_", "sub_", "div_", "maximum", "copysign_"]),
)
def test_in_place_forms_equal_the_others_or_are_refused(pair, name):
    agree(lambda t, x, y: getattr(x.clone(), name)(y), pair, f"{name} {[(a.dtype, a.shape) for a in pair]}")


@FEW
@given(hnp.array_shapes(max_dims=3, max_side=40), st.integers(0, 2**32 - 1))
def test_selection_by_bits_is_selection(shape, seed):
    rng = np.random.default_rng(seed)
    shape = (*shape, 64)
    x, y = rng.standard_normal((2, *shape)).astype(rng.choice(["float32", "float64"]))
    x.flat[::11], y.flat[::7], x.flat[3::13] = np.nan, -np.inf, -0.0
    condition = rng.random(shape) < 0.5
    for a, b in ((x, y), (x, 0), (0, y), (2.5, y), (x, np.nan)):
        ours = mytorch.where(
            mytorch.tensor(condition),
            *(mytorch.tensor(v) if isinstance(v, np.ndarray) else v for v in (a, b)),
        ).numpy()
        np.testing.assert_array_equal(ours, np.where(condition, a, b).astype(x.dtype))
