"""Making tensors: values, dtypes, shapes and errors are torch's; memory is shared where torch shares it."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mytorch
from tests.referee import answer, live, torch

SAME = """
T.tensor([1, 2.0])
T.tensor([True, 2])
T.tensor([True, 2.5])
T.tensor([1, 2j])
T.tensor([])
T.tensor([[], []])
T.tensor([[[]]])
T.tensor(range(3))
T.tensor(True)
T.tensor(3)
T.tensor(2.5)
T.tensor(1j, dtype=T.complex128)
T.tensor(((1,),))
T.tensor([[1, 2], (3, 4)])
T.tensor([[1.0, True], [2, 3]])
T.tensor(np.float32(1))
T.tensor(np.float64(1))
T.tensor(np.int8(1))
T.tensor([np.float32(1)])
T.tensor([np.float64(1)])
T.tensor([np.float64(1), np.float32(1)])
T.tensor([np.float16(1), 2.5])
T.tensor([np.float32(1), 3])
T.tensor([np.int8(1), np.int8(2)])
T.tensor([np.int8(1), 2])
T.tensor([np.bool_(True)])
T.tensor([np.array([1, 2]), np.array([3, 4])])
T.tensor([np.array([1, 2], np.int8), [3, 4]])
T.tensor([np.array([1.5], np.float32)])
T.tensor([np.zeros((0,))])
T.tensor([T.tensor(1), T.tensor(2)])
T.tensor([T.tensor(1.5), 2])
T.tensor([[T.tensor(1.5, dtype=T.float64)], [2]])
T.tensor([T.tensor(1, dtype=T.int8), 2])
T.tensor([T.tensor([1]), T.tensor([3])])
T.tensor([T.tensor(True), 2])
T.tensor(-2**63)
T.tensor(-1, dtype=T.uint8)
T.tensor([-255], dtype=T.uint8)
T.tensor(1.7, dtype=T.int32)
T.tensor([1.7, -1.7], dtype=T.int32)
T.tensor([float('nan'), 0.0, 2.0], dtype=T.bool)
T.tensor([1e50])
T.tensor([70000.0], dtype=T.half)
T.tensor([2**70], dtype=T.float32)
T.tensor([2**53 + 1], dtype=T.float64)
T.tensor(np.array([1, 2], np.uint16))
T.tensor(np.array(5))
T.tensor(np.zeros((2, 0)))
T.tensor(np.arange(4)[::-1].copy(), dtype=float)
T.tensor(np.array([1.5, -1.5]), dtype=T.int64)
T.tensor(1, dtype=float)
T.tensor(1, dtype=int)
T.tensor(1, dtype=bool)
T.tensor([1, 2], dtype=T.float16, requires_grad=True)
T.tensor(data=[1])
T.as_tensor([1, 2])
T.as_tensor(3)
T.as_tensor(np.zeros(2), dtype=T.float64)
T.as_tensor(np.zeros(2), dtype=T.int8)
T.asarray([1, 2])
T.asarray(np.arange(3), copy=True)
T.asarray(3.5, dtype=T.float64)
T.asarray(T.ones(2), copy=True)
T.asarray(T.ones(2), requires_grad=True)
T.frombuffer(bytearray(b'abcd'), dtype=T.uint8)
T.frombuffer(bytearray(b'abcdefgh'), dtype=T.int32, count=1, offset=4)
T.scalar_tensor(3)
T.from_numpy(np.arange(3))
T.zeros(())
T.zeros([2, 3])
T.zeros(size=(2, 3))
T.zeros(T.tensor(2), 3)
T.zeros(np.int64(2))
T.zeros(2, dtype=float)
T.zeros(2, device='cpu', requires_grad=True)
T.zeros(2, 3, out=T.ones(2, 3))
T.zeros(2, layout=T.strided) if hasattr(T, 'strided') else T.zeros(2)
T.ones(2, 3, dtype=T.bool)
T.ones(2, out=T.zeros(2, dtype=T.int64))
T.full((2,), 3)
T.full((2,), 3.5)
T.full((2,), True)
T.full((2,), T.tensor(3.5))
T.full((2,), 1j)
T.full([], 3)
T.full((2,), -1, dtype=T.uint8)
T.full((2,), 3.7, dtype=T.int64)
T.full((2,), float('inf'), dtype=T.float16)
T.full(size=(2,), fill_value=2)
T.eye(2)
T.eye(2, 3)
T.eye(2, 0)
T.eye(2, dtype=T.int64)
T.arange(3)
T.arange(0)
T.arange(3.0)
T.arange(1, 2, 0.3)
T.arange(5, 2, -1)
T.arange(5, 2, -2)
T.arange(1, 1)
T.arange(True)
T.arange(0, 5, 1.5, dtype=T.int64)
T.arange(0, 5, dtype=T.float16)
T.arange(T.tensor(3))
T.arange(T.tensor(3.0))
T.arange(start=1, end=4, step=2)
T.arange(end=4)
T.arange(1, end=4)
T.arange(0, 1, 0.1)
T.arange(2**60, 2**60 + 3)
T.arange(300, dtype=T.uint8)
T.range(0, 3)
T.range(1, 2, 0.5)
T.linspace(0, 1, 5)
T.linspace(0, 1, 1)
T.linspace(0, 1, 0)
T.linspace(0, 10, 4, dtype=T.int64)
T.linspace(-10, 10, 7, dtype=T.int32)
T.linspace(0, 1, 5, dtype=T.float64)
T.linspace(T.tensor(0.), T.tensor(1.), 3)
T.linspace(start=0, end=1, steps=3)
T.logspace(0, 2, 3)
T.logspace(0, 2, 3, base=2)
T.logspace(0, 2, 3, 2.0)
T.logspace(0, 1, 0)
T.logspace(0, 3, 4, dtype=T.int64)
T.zeros_like(T.ones(2, requires_grad=True))
T.zeros_like(T.ones(2, 3, dtype=T.int8))
T.ones_like(T.zeros(2), dtype=T.int8)
T.full_like(T.ones(2, dtype=T.int64), 2.5)
T.full_like(T.ones(2), 3)
T.zeros(2).new_tensor([1, 2])
T.zeros(2).new_tensor(np.arange(2))
T.zeros(2, dtype=T.int64).new_tensor(3.5)
T.zeros(2).new_tensor([1, 2], dtype=T.int8)
T.zeros(2, dtype=T.int8).new_zeros(2, 3)
T.zeros(2).new_zeros((2, 3), dtype=T.int64)
T.zeros(2).new_zeros(2, 3, requires_grad=True)
T.zeros(2).new_ones((2,), dtype=T.int8)
T.zeros(2).new_full((2,), 3)
T.zeros(2).new_full((2,), True)
T.zeros(2, dtype=T.int64).new_full((2,), 3.5)
T.zeros(2).new_empty(0)
T.zeros(2).new([3, 4])
T.zeros(2).new()
T.FloatTensor([1, 2])
T.FloatTensor()
T.FloatTensor((2, 3))
T.FloatTensor(np.array([1, 2], np.float64))
T.FloatTensor(T.ones(2))
T.LongTensor([1.5, 2])
T.LongTensor([[1, 2], [3, 4]])
T.IntTensor([1])
T.ShortTensor([1])
T.CharTensor([1])
T.DoubleTensor([1])
T.ByteTensor([1, 0])
T.BoolTensor([1, 0])
T.HalfTensor([1, 0])
T.ones(2).type(T.DoubleTensor)
T.Tensor()
T.Tensor([3])
T.Tensor((3, 2))
T.Tensor([T.tensor(1), T.tensor(2)])
T.Tensor(np.arange(3))
T.Tensor(range(3))
T.Tensor(T.arange(3))
np.add(T.ones(2), np.ones(2))
np.sin(T.ones(2))
np.maximum(T.ones(2), 2)
np.sqrt(T.tensor(4.))
np.float32(2) * T.ones(2)
np.float64(2) * T.ones(2)
T.ones(2) * np.float64(2)
""".strip().splitlines()

SAME_SHAPE = """
T.empty(2, 3)
T.empty_like(T.ones(2, 3))
T.zeros(2).new_empty(2, dtype=T.int8)
T.zeros(2).new(2, 3)
T.zeros(2).new(3)
T.FloatTensor(2, 3)
T.FloatTensor(T.Size([2]))
T.LongTensor(2)
T.Tensor(3)
T.Tensor(T.Size([3, 2]))
T.Tensor(np.array(5))
T.Tensor(np.int64(5))
""".strip().splitlines()

REFUSED = """
T.tensor([[1, 2], [3]])
T.tensor([[1], [3, 4]])
T.tensor([1, [2]])
T.tensor([[1], 2])
T.tensor([[1], []])
T.tensor([[[1, 2], [3, 4]], [[1, 2], [3]]])
T.tensor('a')
T.tensor(['a'])
T.tensor(b'a')
T.tensor(None)
T.tensor([None])
T.tensor([1, None])
T.tensor([float])
T.tensor({1: 2})
T.tensor({1, 2})
T.tensor(object())
T.tensor((x for x in range(3)))
T.tensor([T.zeros(2), T.zeros(3)])
T.tensor(2**63)
T.tensor([2**63])
T.tensor(10**400)
T.tensor([10**400], dtype=T.float32)
T.tensor(300, dtype=T.uint8)
T.tensor([300], dtype=T.uint8)
T.tensor([-256], dtype=T.uint8)
T.tensor([128], dtype=T.int8)
T.tensor([-129], dtype=T.int8)
T.tensor([2**40], dtype=T.int32)
T.tensor([float('nan')], dtype=T.int32)
T.tensor([float('inf')], dtype=T.int64)
T.tensor([1e20], dtype=T.int64)
T.tensor([1 + 0j], dtype=T.float32)
T.tensor([1, 2], requires_grad=True)
T.tensor([1], 2)
T.tensor(np.array(['a']))
T.tensor(np.array([object()]))
T.tensor(np.array([1, 2], '>i4'))
T.tensor(np.datetime64('2020-01-01'))
T.tensor(np.array([1], np.longdouble))
T.tensor(np.arange(4)[::-1])
T.as_tensor(np.arange(4)[::-1])
T.as_tensor('3')
T.from_numpy(np.arange(4)[::-1])
T.from_numpy(np.array([1, 2], '>i4'))
T.from_numpy(np.array(['a']))
T.from_numpy([1])
T.from_numpy(np.float32(1))
T.zeros()
T.zeros(-1)
T.zeros(2.5)
T.zeros(2, [3])
T.zeros('a')
T.zeros(None)
T.zeros(2, nonsense=1)
T.zeros(T.tensor(2.0))
T.zeros(2, dtype=T.int8, requires_grad=True)
T.ones(2, dtype=T.float32, out=T.ones(2, dtype=T.int64))
T.full(2, 3)
T.full((2,), 300, dtype=T.uint8)
T.full((2,), float('nan'), dtype=T.int64)
T.full((2,), 1e50)
T.full((2,), 'a')
T.full_like(T.ones(2, dtype=T.uint8), 256)
T.eye(-1)
T.eye(1, -1)
T.arange(2, 5, -1)
T.arange(-3)
T.arange(0, 1, 0)
T.arange(3, dtype=T.bool)
T.arange(float('nan'))
T.arange(float('inf'))
T.arange('a')
T.linspace(0, 1, -1)
T.linspace(0, 1)
T.linspace(0, 1, 3.0)
T.linspace(T.tensor([0., 1.]), T.tensor(1.), 3)
T.zeros_like([1, 2])
T.zeros(2, dtype=T.uint8).new_full((2,), 300)
T.zeros(2, dtype=T.float64).new(T.ones(2))
T.FloatTensor(T.ones(2, dtype=T.float64))
T.FloatTensor(2.5)
T.FloatTensor('a')
T.FloatTensor(None)
T.Tensor(2.5)
T.Tensor([[1, 2], [3]])
T.is_nonzero(T.ones(2))
T.numel(3)
T.set_default_dtype(T.int64)
T.finfo(T.int8)
T.iinfo(T.float32)
T.from_dlpack(T.ones(2, requires_grad=True))
np.exp(T.ones(2, requires_grad=True))
np.asarray(T.ones(2, requires_grad=True))
""".strip().splitlines()


def run(expression, package):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(expression, {"T": package, "np": np})


@pytest.mark.parametrize("expression", SAME)
def test_same_as_torch(expression):
    mine, theirs = run(expression, mytorch), answer(lambda torch: run(expression, torch))
    assert isinstance(mine, mytorch.Tensor)
    assert (mine.dtype.name, mine.requires_grad, mine.is_leaf) == (
        str(theirs.dtype)[6:],
        theirs.requires_grad,
        theirs.is_leaf,
    )
    assert mine.shape == tuple(theirs.shape)
    if mine.is_floating_point():
        np.testing.assert_array_max_ulp(mine.detach().array, theirs.detach().numpy(), 1)
    else:
        np.testing.assert_array_equal(mine.array, theirs.numpy())


@pytest.mark.parametrize("expression", SAME_SHAPE)
def test_uninitialised_memory(expression):
    mine, theirs = run(expression, mytorch), answer(lambda torch: run(expression, torch))
    assert (mine.dtype.name, mine.shape) == (str(theirs.dtype)[6:], tuple(theirs.shape))


@pytest.mark.parametrize("expression", REFUSED)
def test_refused_as_torch_refuses(expression):
    with pytest.raises(Exception) as theirs:
        run(expression, torch)
    with pytest.raises(type(theirs.value)) as mine:
        run(expression, mytorch)
    assert len(str(mine.value)) > 10


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("T.tensor([[1, 2], [3]])", r"expected sequence of length 2 at dim 1 \(got 1\)"),
        ("T.tensor([[[1, 2], [3, 4]], [[1, 2], [3]]])", r"expected sequence of length 2 at dim 2 \(got 1\)"),
        ("T.tensor(None)", "Could not infer dtype of NoneType"),
        ("T.tensor(['a'])", "too many dimensions 'str'"),
        ("T.tensor([300], dtype=T.uint8)", "value cannot be converted to type uint8 without overflow"),
        ("T.from_numpy(np.arange(4)[::-1])", "negative strides are not currently supported"),
        ("T.zeros(-1)", "Dimension size must be non-negative"),
        ("T.arange(2, 5, -1)", "upper bound and lower bound inconsistent with step sign"),
        (
            "T.linspace(T.tensor([0., 1.]), T.tensor(1.), 3)",
            "only supports 0-dimensional start and end tensors, but got start",
        ),
    ],
)
def test_messages(expression, message):
    for package in (torch, mytorch):
        with pytest.raises(Exception, match=message):
            run(expression, package)


@live
@settings(max_examples=200, deadline=None)
@given(
    st.integers(-50, 50),
    st.integers(-50, 50),
    st.sampled_from([1, -1, 3, -7, 0.5, -0.25, 0.1]),
    st.sampled_from(["float32", "float64", "int64", None]),
)
def test_ranges(start, end, step, dtype):
    options = [{} if dtype is None else {"dtype": getattr(package, dtype)} for package in (torch, mytorch)]
    if dtype == "int64" and abs(step) < 1:
        return
    try:
        theirs = torch.arange(start, end, step, **options[0])
    except RuntimeError:
        with pytest.raises(RuntimeError):
            mytorch.arange(start, end, step, **options[1])
        return
    mine = mytorch.arange(start, end, step, **options[1])
    assert (mine.dtype.name, mine.shape) == (str(theirs.dtype)[6:], tuple(theirs.shape))
    np.testing.assert_allclose(mine.array, theirs.numpy(), rtol=1e-6, atol=1e-6)
    for steps in (2, 7, 24):
        mine, theirs = (
            mytorch.linspace(start, end, steps, **options[1]),
            torch.linspace(start, end, steps, **options[0]),
        )
        np.testing.assert_array_equal(mine.array, theirs.numpy())


# ---- memory --------------------------------------------------------------------------------------


def test_out_is_written_to():
    out = mytorch.zeros(3, dtype=mytorch.int64)
    before = out._version
    assert mytorch.ones(3, out=out) is out and out.tolist() == [1, 1, 1] and out._version > before
    assert mytorch.arange(4, out=mytorch.zeros(0, dtype=mytorch.int64)).tolist() == [0, 1, 2, 3]


# ---- dtypes --------------------------------------------------------------------------------------


def test_devices(device):
    assert mytorch.zeros(2, device=device).device.type == device.type
    assert mytorch.tensor([1.0], device=device).tolist() == [1]
    assert mytorch.zeros_like(mytorch.ones(2, device=device)).device.type == device.type
    assert mytorch.ones(2, device=device).new_full((2,), 3).device.type == device.type
    with device:
        assert (
            mytorch.tensor([1.0]).device.type
            == mytorch.arange(3).device.type
            == mytorch.ones(2).device.type
            == device.type
        )
