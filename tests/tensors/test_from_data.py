"""Tensors from data: nested lists, arrays, other libraries; memory is shared where PyTorch shares it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mytorch
from tests.referee import answer, live, torch

NUMBERS = st.one_of(
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(width=32),
    st.sampled_from([np.float32(1.5), np.int16(3), np.float64(0.1)]),
)


@live
@settings(max_examples=300, deadline=None)
@given(st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=3), max_leaves=8))
def test_any_nested_list(data):
    try:
        theirs = torch.tensor(data)
    except (ValueError, TypeError, RuntimeError) as error:
        with pytest.raises(type(error)):
            mytorch.tensor(data)
        return
    if theirs.numel() == 0:  # torch takes the first empty list for all others
        return
    mine = mytorch.tensor(data)
    assert (mine.dtype.name, mine.shape) == (str(theirs.dtype)[6:], tuple(theirs.shape))
    np.testing.assert_array_equal(mine.array, theirs.numpy())


# ---- memory --------------------------------------------------------------------------------------


def test_who_shares_memory():
    array = np.zeros(3)
    for share in (mytorch.from_numpy, mytorch.as_tensor, mytorch.asarray, mytorch.from_dlpack):
        assert np.shares_memory(share(array).array, array)
    assert np.shares_memory(mytorch.as_tensor(array, dtype=mytorch.float64).array, array)
    assert not np.shares_memory(mytorch.as_tensor(array, dtype=mytorch.float32).array, array)
    for copy in (
        mytorch.tensor,
        lambda a: mytorch.asarray(a, copy=True),
        mytorch.zeros(2, dtype=mytorch.float64).new_tensor,
    ):
        assert not np.shares_memory(copy(array).array, array)
    t = mytorch.ones(2, requires_grad=True)
    assert mytorch.as_tensor(t) is t and mytorch.asarray(t) is t
    assert mytorch.as_tensor(t, dtype=mytorch.float64).requires_grad
    with pytest.raises(ValueError, match="can't alias"):
        mytorch.asarray([1], copy=False)
    with pytest.raises(ValueError, match="can't alias"):
        mytorch.asarray(array, copy=False, dtype=mytorch.float32)
    assert np.shares_memory(mytorch.asarray(array, copy=False).array, array)


def test_layout_is_kept():
    array = np.arange(6.0).reshape(2, 3).T
    for make in (mytorch.tensor, mytorch.as_tensor, mytorch.from_numpy):
        assert make(array).array.strides == array.strides
    assert mytorch.zeros_like(mytorch.from_numpy(array)).array.strides == array.strides


def test_read_only_arrays_warn():
    array = np.zeros(3)
    array.flags.writeable = False
    mytorch.set_default_device("cpu")  # the device that it is anyway
    for make in (mytorch.from_numpy, mytorch.as_tensor):
        with pytest.warns(UserWarning, match="not writable"):
            t = make(array)
    with pytest.raises(ValueError, match="read-only"):
        t.array[0] = 1
    assert mytorch.tensor(array).array.flags.writeable


def test_copy_of_a_tensor_warns():
    t = mytorch.ones(2)
    with pytest.warns(UserWarning, match="copy construct"):
        assert mytorch.tensor(t) is not t
    with pytest.warns(UserWarning, match="copy construct"):
        t.new_tensor(t)


def test_array_subclasses_become_plain():
    class Mine(np.ndarray):
        pass

    array = np.arange(3.0).view(Mine)
    t = mytorch.from_numpy(array)
    assert type(t.array) is np.ndarray and np.shares_memory(t.array, array)


# ---- other libraries -----------------------------------------------------------------------------

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64"]


@live
def test_dlpack_with_torch():
    for dtype in DTYPES:
        answer(share_memory, dtype)


def share_memory(torch, dtype):
    theirs = torch.arange(6).reshape(2, 3).to(getattr(torch, dtype)).t()
    mine = mytorch.from_dlpack(theirs)
    assert mine.dtype.name == dtype and mine.array.strides == tuple(
        s * theirs.element_size() for s in theirs.stride()
    )
    theirs[0, 1] = 0
    assert mine.tolist() == theirs.tolist()
    back = torch.from_dlpack(mine)
    assert back.data_ptr() == theirs.data_ptr() and back.tolist() == theirs.tolist()


def test_dlpack_with_numpy_and_itself():
    mine = mytorch.arange(4.0)
    assert np.shares_memory(np.from_dlpack(mine), mine.array)
    assert np.shares_memory(mytorch.from_dlpack(mine).array, mine.array)
    with pytest.raises(BufferError, match="require gradient"):
        np.from_dlpack(mytorch.ones(2, requires_grad=True))
    with pytest.raises(BufferError, match="require gradient"):
        answer(lambda torch: np.from_dlpack(torch.ones(2, requires_grad=True)))
    with pytest.raises(TypeError, match="__dlpack__"):
        mytorch.from_dlpack([1, 2])


@live
def test_torch_tensors_are_data():
    answer(read_without_a_copy)


def read_without_a_copy(torch):
    theirs = torch.arange(3.0)
    assert np.shares_memory(mytorch.as_tensor(theirs).array, theirs.numpy())
    assert not np.shares_memory(mytorch.tensor(theirs).array, theirs.numpy())
    assert mytorch.tensor(torch.ones(2, requires_grad=True)).tolist() == [1, 1]
    assert mytorch.tensor([theirs, theirs]).tolist() == [[0, 1, 2], [0, 1, 2]]


def test_numpy_takes_tensors():
    t = mytorch.arange(3.0)
    assert np.shares_memory(np.asarray(t), t.array)
    assert np.asarray(t, dtype=np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(t), t.array)
    assert type(np.concatenate([t, t])) is np.ndarray
    assert np.zeros(3)[mytorch.tensor([0, 2])].shape == (2,)
    assert np.array([mytorch.tensor(1.0), mytorch.tensor(2.0)]).tolist() == [1, 2]
    assert np.isnan(t).dtype is mytorch.bool
    x = np.ones(3)
    x += t
    assert x.tolist() == [1, 2, 3]


def test_images():
    image = pytest.importorskip("PIL.Image").new("RGB", (4, 3), (1, 2, 3))
    t = mytorch.tensor(image)
    assert t.dtype is mytorch.uint8 and t.shape == (3, 4, 3) and t[0, 0].tolist() == [1, 2, 3]


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_writing_to_read_only_memory_says_so():
    array = np.ones(3)
    array.flags.writeable = False
    x = mytorch.from_numpy(array)
    for change in (lambda: x.add_(1), lambda: x.copy_(mytorch.zeros(3)), lambda: x.__setitem__(0, 2.0)):
        with pytest.raises(RuntimeError, match="read-only"):
            change()
