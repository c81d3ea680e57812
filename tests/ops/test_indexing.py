"""Reading and writing by index in every form that torch takes, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mytorch
from tests.draws import draws
from tests.referee import agree, answer, live, torch

pytestmark = pytest.mark.filterwarnings(
    "ignore:Using a non-tuple sequence", "ignore:indexing with dtype torch.uint8"
)

X = np.arange(24.0, dtype="float32").reshape(2, 3, 4) - 7.5

INDICES = {  # name -> the index, given the module that makes tensors
    "int": lambda m: 1,
    "negative": lambda m: -1,
    "numpy int": lambda m: np.int64(1),
    "two ints": lambda m: (0, -2),
    "all ints": lambda m: (1, 2, 3),
    "slice": lambda m: slice(1, None),
    "empty slice": lambda m: slice(1, 1),
    "beyond": lambda m: slice(-100, 100),
    "step": lambda m: (slice(None), slice(None), slice(None, None, 3)),
    "tensor bounds": lambda m: slice(m.tensor(0), m.tensor(1)),
    "ellipsis": lambda m: ...,
    "ellipsis last": lambda m: (..., 1),
    "ellipsis middle": lambda m: (0, ..., slice(0, 2)),
    "none": lambda m: None,
    "nones": lambda m: (None, slice(None), None, 1),
    "empty tuple": lambda m: (),
    "true": lambda m: True,
    "false": lambda m: False,
    "true inside": lambda m: (0, True),
    "0-d tensor": lambda m: m.tensor(1),
    "0-d tensors": lambda m: (m.tensor(1), slice(None), m.tensor(-1)),
    "0-d bool": lambda m: m.tensor(True),
    "list": lambda m: [1, 0, 1],
    "empty list": lambda m: [],
    "list in the middle": lambda m: (slice(None), [2, 0]),
    "nested list": lambda m: ([[0, 1], [1, 0]],),
    "list of lists": lambda m: [[0, 1], [1, 0]],
    "list with slice": lambda m: [slice(None), 1],
    "range": lambda m: (slice(None), range(2)),
    "range and list": lambda m: (range(2), [0, 2]),
    "tensor": lambda m: m.tensor([1, 1, 0]),
    "int32 tensor": lambda m: m.tensor([1, 0], dtype=m.int32),
    "uint8 mask": lambda m: m.tensor([1, 0], dtype=m.uint8),
    "negative tensor": lambda m: m.tensor([-1, 0]),
    "2-d tensor": lambda m: m.tensor([[1, 0], [0, 0]]),
    "two tensors": lambda m: (m.tensor([1, 0]), m.tensor([2, 2])),
    "two that broadcast": lambda m: (m.tensor([[1], [0]]), m.tensor([2, 0, 1])),
    "three tensors": lambda m: (m.tensor([1, 0]), m.tensor([2, 2]), m.tensor([3, 0])),
    "tensors apart": lambda m: (m.tensor([1, 0]), slice(None), m.tensor([3, 0])),
    "tensors after a slice": lambda m: (slice(None), m.tensor([1, 0]), m.tensor([3, 0])),
    "tensors apart by none": lambda m: (m.tensor([1, 0]), None, m.tensor([2, 0])),
    "int then tensor": lambda m: (0, slice(None), m.tensor([3, 0])),
    "tensor then int": lambda m: (m.tensor([1, 0, 1]), 0),
    "tensor, slice, int": lambda m: (m.tensor([1, 0, 1]), slice(1, 3), 0),
    "slice, int, tensor": lambda m: (slice(None), 1, m.tensor([0, 3])),
    "tensor, ellipsis, tensor": lambda m: (m.tensor([1, 0]), ..., m.tensor([0, 3])),
    "tensor and step": lambda m: (slice(None), m.tensor([0, 2]), slice(None, None, 2)),
    "mask": lambda m: m.tensor(X > 0),
    "numpy mask": lambda m: X > 0,
    "mask of rows": lambda m: m.tensor([True, False]),
    "list mask": lambda m: [False, True],
    "mask of two dims": lambda m: m.tensor(X[:, :, 0] > 0),
    "mask after a slice": lambda m: (slice(None), m.tensor(X[0] > -5)),
    "mask and int": lambda m: (m.tensor([True, True]), 1),
    "mask and tensor": lambda m: (m.tensor([True, True]), m.tensor([0, 2])),
    "mask and tensor apart": lambda m: (m.tensor([True, True]), slice(None), m.tensor([0, 2])),
    "empty mask": lambda m: m.tensor(X > 100),
    "numpy array": lambda m: np.array([1, 0]),
    "true and tensor": lambda m: (True, m.tensor([1, 0])),
    "tensor of no rows": lambda m: m.zeros(0, dtype=m.int64),
    "zero-size 2-d": lambda m: m.zeros((2, 0), dtype=m.int64),
    # what has to be refused
    "too large": lambda m: 5,
    "too negative": lambda m: (0, -4),
    "too many": lambda m: (0, 0, 0, 0),
    "too many with tensors": lambda m: (m.tensor([0]), 0, 0, 0),
    "negative step": lambda m: slice(None, None, -1),
    "zero step": lambda m: slice(None, None, 0),
    "float": lambda m: 0.5,
    "float bound": lambda m: slice(0.5, None),
    "float tensor": lambda m: m.tensor([0.5]),
    "int16 tensor": lambda m: m.tensor([0], dtype=m.int16),
    "mask of another size": lambda m: m.tensor([True, False, True]),
    "mask of another 2-d size": lambda m: m.tensor(X[0] > 0),
    "tensor too large": lambda m: m.tensor([2]),
    "tensor too negative": lambda m: (slice(None), m.tensor([0, -4])),
    "tensors that do not broadcast": lambda m: (m.tensor([0, 1]), m.tensor([0, 1, 2])),
    "string": lambda m: "a",
}
every_index = pytest.mark.parametrize("name", INDICES)


@every_index
def test_read(name):
    agree(lambda m, x: x[INDICES[name](m)], [X], name)


@every_index
def test_read_of_a_transposed_tensor(name):
    agree(
        lambda m, x: x.permute(2, 1, 0).permute(2, 1, 0)[INDICES[name](m)],
        [X.transpose(2, 1, 0).copy().transpose(2, 1, 0)],
        name,
    )


# torch only reads by those
every_write = pytest.mark.parametrize("name", [name for name in INDICES if name != "uint8 mask"])


def written(index, make):
    def call(m, x, *y):
        x = x * 1
        x[index(m)] = make(m, x, *y)
        return x

    return call


@every_write
def test_write_a_number(name):
    agree(written(INDICES[name], lambda m, x: 3.5), [X], name)


@every_write
def test_write_a_tensor(name):
    # repeated places: torch keeps any of the values
    if name in ("two tensors", "list", "tensor", "2-d tensor", "nested list"):
        return
    try:
        shape = torch.tensor(X)[INDICES[name](torch)].shape
    except Exception:
        shape = (2,)
    y = draws(0).standard_normal(shape).astype("float32")
    agree(written(INDICES[name], lambda m, x, y: y), [X, y], name)


@every_write
@pytest.mark.parametrize("shape", [(), (1,), (4,), (1, 1, 1, 4), (3,), (5, 5)], ids=str)
def test_write_what_broadcasts(name, shape):
    y = draws(0).standard_normal(shape).astype("float32")
    if name in ("two tensors", "list", "tensor", "2-d tensor", "nested list") and shape not in (
        (),
        (1,),
        (5, 5),
    ):
        return
    agree(
        written(INDICES[name], lambda m, x, y: y), [X, y], f"{name} {shape}", gradient="repeated" not in name
    )


@every_write
def test_add_in_place(name):
    def call(m, x):
        x = x * 1
        x[INDICES[name](m)] += 2
        return x

    agree(call, [X], name)


@every_write
def test_index_of_a_view(name):
    def call(m, x):
        whole = x * 1
        whole.mul_(2)
        part = whole[:, :, :]
        part[INDICES[name](m)] = -1
        return whole, part

    agree(call, [X], name)


DTYPES = ["float32", "float64", "float16", "int64", "int32", "uint8", "bool"]


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("index", ["int", "slice", "tensor", "mask"])
@pytest.mark.parametrize("shape", [(), (1,), (3,)], ids=str)
def test_write_other_dtypes(index, target, source, shape):
    index = {"int": 0, "slice": slice(0, 2), "tensor": np.array([1]), "mask": np.array([True, False])}[index]
    x, y = np.array([[0, 1, 1], [1, 0, 0]]).astype(target), np.array([1, 0, 1]).astype(source)
    y = y[:1].reshape(shape) if shape != (3,) else y

    def call(m, x, y):
        x[m.tensor(index) if isinstance(index, np.ndarray) else index] = y
        return x

    agree(call, [x, y], gradient=False)


@pytest.mark.parametrize("value", [1, 2.7, True, -1, 300, float("inf"), 1j, None, "a", [1.0]], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "bool"])
def test_write_python_values(dtype, value):
    def call(m, x):
        x[0] = value
        return x

    agree(call, [np.zeros(3, dtype)], gradient=False)


@pytest.mark.parametrize("name", ["int", "0-d tensor", "ellipsis", "empty tuple", "slice", "true"])
def test_scalars(name):
    agree(lambda m, x: x[INDICES[name](m)], [np.float32(3)], name)


def test_iteration_len_and_in():
    agree(lambda m, x: list(x), [X])
    agree(lambda m, x: list(x[0, 0]), [X])
    agree(lambda m, x: [row.sum() for row in x], [X])
    agree(lambda m, x: (len(x), 0.5 in x, 100 in x, list(reversed(x))), [X])
    agree(lambda m, x: list(x), [np.float32(1)])
    agree(lambda m, x: len(x), [np.float32(1)])


def test_a_tensor_as_a_position_in_a_list():
    t = mytorch.tensor(1)
    assert [1, 2, 3][t] == 2
    assert [1, 2, 3][mytorch.tensor(0) : t] == [1]
    assert "abc"[t] == "b"


def test_messages_are_torchs():
    x = mytorch.zeros(3, 4)
    for index, text in [
        (5, "index 5 is out of bounds for dimension 0 with size 3"),
        ((0, 0, 0), "too many indices for tensor of dimension 2"),
        (mytorch.tensor([5]), "index 5 is out of bounds for dimension 0 with size 3"),
        (
            mytorch.tensor([True, False]),
            r"The shape of the mask \[2\] at index 0 does not match the shape of the indexed tensor "
            r"\[3, 4\] at index 0",
        ),
    ]:
        with pytest.raises(IndexError, match=text):
            x[index]
        with pytest.raises(IndexError, match=text):
            x[index] = 0
    with pytest.raises(
        RuntimeError,
        match=r"shape mismatch: value tensor of shape \[3\] cannot be broadcast to indexing result of shape "
        r"\[2, 4\]",
    ):
        x[[0, 1]] = mytorch.zeros(3)


def test_an_index_that_changes_later_does_not_change_the_gradient():
    x, i = mytorch.zeros(3, requires_grad=True), mytorch.tensor([0, 0])
    y = x[i].sum()
    i[:] = 2
    y.backward()
    assert x.grad.tolist() == [2, 0, 0]
    for index in (mytorch.tensor([0, 1]), np.array([0, 1]), mytorch.tensor([True, True, False])):
        x, v = mytorch.zeros(3), mytorch.ones(2, requires_grad=True)
        x[index] = v
        index[:] = index[1] * 0
        (x * mytorch.tensor([1.0, 2.0, 3.0])).sum().backward()
        assert v.grad.tolist() == [1, 2]


# ---- random indices ------------------------------------------------------------------------------


@st.composite
def indexed(draw):
    """A shape and an index for it, valid for NumPy's and torch's common forms."""
    shape = tuple(draw(st.lists(st.integers(0, 4), min_size=1, max_size=4)))
    parts, dims, tensors = [], len(shape), draw(st.lists(st.integers(1, 3), min_size=0, max_size=2))
    dim = 0
    while dim < dims:
        n = shape[dim]
        kind = draw(
            st.sampled_from(["int", "slice", "slice", "tensor", "mask", "none", "full", "stop", "bool"])
        )
        if kind == "int" and n:
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "tensor" and n:
            sizes = draw(st.sampled_from([(), (1,), tuple(tensors)]))
            parts.append(
                np.array(
                    draw(
                        st.lists(
                            st.integers(-n, n - 1), min_size=int(np.prod(sizes)), max_size=int(np.prod(sizes))
                        )
                    )
                ).reshape(sizes)
            )
        elif kind == "mask" and not any(isinstance(p, np.ndarray) for p in parts):
            parts.append(np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool))
        elif kind == "none":
            parts.append(None)
            continue
        elif kind == "bool":
            parts.append(True)
            continue
        elif kind == "stop":
            break
        elif kind == "slice":
            bound = st.one_of(st.none(), st.integers(-5, 5))
            parts.append(slice(draw(bound), draw(bound), draw(st.one_of(st.none(), st.integers(1, 3)))))
        else:
            parts.append(slice(None))
        dim += 1
    if dim == dims or draw(st.booleans()):
        return shape, tuple(parts)
    return shape, (*parts, Ellipsis)


@live
@settings(max_examples=400, deadline=None)
@given(indexed())
def test_random_indices(case):
    shape, index = case

    def make(m):
        return tuple(m.tensor(p) if isinstance(p, np.ndarray) else p for p in index)

    x = np.arange(float(np.prod(shape)), dtype="float32").reshape(shape)
    agree(lambda m, x: x[make(m)], [x], str(case))

    def write(m, x):
        x = x * 2
        x[make(m)] = -1
        return x

    agree(write, [x], str(case))


@pytest.mark.parametrize("shape", [(0,), (1, 0), (2, 0, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "bool", "float32", "int32", "int64"])
def test_an_empty_index_may_have_any_dtype(dtype, shape):
    index = np.zeros(shape, dtype)
    for x in (X[0, 0], X[0], np.float32(2)):
        agree(lambda m, x, i: m.gather(x, 0, i), [x, index], gradient=x.ndim > 0 and dtype != "float32")
        agree(
            lambda m, x, i, s: m.scatter(x, 0, i, s), [x, index, np.zeros(shape, "float32")], gradient=False
        )
        agree(
            lambda m, x, i, s: x.scatter_add(0, i, s), [x, index, np.zeros(shape, "float32")], gradient=False
        )


@pytest.mark.parametrize("reduce", ["amax", "amin"])
@pytest.mark.parametrize("name", ["scatter_reduce", "index_reduce"])
@pytest.mark.filterwarnings("ignore:index_reduce")
def test_equal_extremes_share_the_gradient(name, reduce):
    index = np.array([0, 0, 1, 1, 1])
    for x, include_self in (([5.0, 6, 7], True), ([50.0, -6, 7], False)):

        def call(m, x, i, s, include_self=include_self):
            return getattr(m, name)(x, 0, i, s, reduce, include_self=include_self)

        agree(call, [np.array(x), index, np.array([5.0, 5, 4, 6, 6])])


@pytest.mark.parametrize("reduce", ["amax", "amin"])
@pytest.mark.parametrize("name", ["scatter_reduce", "index_reduce"])
def test_an_element_that_does_not_count_gets_no_share_of_the_gradient(name, reduce):
    """PyTorch takes a share for it where it is equal to the extreme."""
    x = mytorch.tensor([5.0, 6.0], requires_grad=True)
    source = mytorch.tensor([5.0, 5.0, 6.0], requires_grad=True)
    index = mytorch.tensor([0, 0, 1])
    getattr(mytorch, name)(x, 0, index, source, reduce, include_self=False).sum().backward()
    assert source.grad.tolist() == [0.5, 0.5, 1] and x.grad.tolist() == [0, 0]


PICKS = {
    "pairs": lambda x, i: x[i, i],
    "negative": lambda x, i: x[i - 3, i],
    "broadcast": lambda x, i: x[i[:, None], i],
    "fewer_than_dimensions": lambda x, i: x[i, i - 1],
    "out_of_range": lambda x, i: x[i, i + 9],
    "too_far_below": lambda x, i: x[i, i - 9],
    "sizes_that_differ": lambda x, i: x[i, i[:2]],
    "too_many": lambda x, i: x[i, i, i, i],
}


def picked(lib, name):
    """The elements and the gradient, or the error."""
    x, i = lib.arange(27.0).reshape(3, 3, 3), lib.tensor([0, 2, 1])
    x.requires_grad_()
    try:
        out = PICKS[name](x, i)
    except IndexError:
        return "IndexError"
    out.sum().backward()
    return out.tolist(), x.grad.tolist()


@pytest.mark.parametrize("name", PICKS)
def test_indices_that_are_all_vectors(name):
    assert picked(mytorch, name) == answer(picked, name)
