"""default_collate and default_convert, compared with torch's on the same samples."""

import collections

import numpy
import pytest

import mytorch
from mytorch.utils.data import default_collate, default_convert
from tests.referee import answer, equal, facts, torch

Point = collections.namedtuple("Point", "x y")


class Frozen(collections.abc.Mapping):
    """A mapping that can be neither copied with changes nor built from a dict of tensors and extras."""

    def __init__(self, **pairs):
        self.pairs = pairs

    def __getitem__(self, key):
        return self.pairs[key]

    def __iter__(self):
        return iter(self.pairs)

    def __len__(self):
        return len(self.pairs)


def array(*values, dtype="float32"):
    return numpy.array(values, dtype)


BATCHES = {
    "float": [1.5, 2.0],
    "int": [1, 2**40],
    "bool": [True, False],
    "int then float": [1, 2.5],
    "str": ["a", "bc"],
    "bytes": [b"a", b"b"],
    "array": [array(1, 2), array(3, 4)],
    "array 0-d": [numpy.array(1.0), numpy.array(2.0)],
    "array empty": [numpy.zeros((0, 2)), numpy.zeros((0, 2))],
    "array mixed dtypes": [array(1, dtype="int64"), array(2.5)],
    "array not contiguous": [numpy.arange(6).reshape(2, 3).T, numpy.ones((3, 2), "int64")],
    "array big endian": [array(1, 2, dtype=">f4"), array(3, 4, dtype=">f4")],
    "float32 scalar": [numpy.float32(1), numpy.float32(2)],
    "float64 scalar": [numpy.float64(1), numpy.float64(2)],
    "uint8 scalar": [numpy.uint8(1), numpy.uint8(255)],
    "bool scalar": [numpy.bool_(True), numpy.bool_(False)],
    "tuple": [(1, "a", array(1)), (2, "b", array(2))],
    "list": [[1, 2.0], [3, 4.0]],
    "dict": [{"a": 1, "b": array(1)}, {"a": 2, "b": array(2)}],
    "ordered": [collections.OrderedDict(a=1), collections.OrderedDict(a=2)],
    "default": [collections.defaultdict(list, a=1), collections.defaultdict(list, a=2)],
    "named tuple": [Point(1, array(2)), Point(3, array(4))],
    "frozen": [Frozen(a=1), Frozen(a=2)],
    "range": [range(3), range(3, 6)],
    "nested": [{"p": Point([1, (2,)], {"q": "s"})}, {"p": Point([3, (4,)], {"q": "t"})}],
    "deque": [collections.deque([1, 2]), collections.deque([3, 4])],
}


def described(value):
    """A structure with the names of its types."""
    if isinstance(value, collections.abc.Mapping):
        return [type(value).__name__, *((k, described(v)) for k, v in value.items())]
    if isinstance(value, collections.abc.Sequence) and not isinstance(value, (str, bytes)):
        return [type(value).__name__, *map(described, value)]
    return value


def collated(lib, name, batch):
    return facts(described(getattr(lib.utils.data, name)(batch)))


@pytest.mark.parametrize(
    "batch", [pytest.param(b, id=name) for name, b in BATCHES.items() if name != "array big endian"]
)
def test_collate_as_torch(batch):
    equal(collated(mytorch, "default_collate", batch), answer(collated, "default_collate", batch))


@pytest.mark.parametrize(
    "batch",
    [pytest.param(b, id=name) for name, b in BATCHES.items() if name not in ("array big endian", "frozen")],
)
def test_convert_as_torch(batch):
    equal(collated(mytorch, "default_convert", batch), answer(collated, "default_convert", batch))


def test_big_endian_arrays_become_native():
    assert default_collate(BATCHES["array big endian"]).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "batch",
    [
        [array(1, 2), array(1)],
        [(1, 2), (1,)],
        [object(), object()],
        [None],
        [array("a", dtype="U1")],
        [numpy.array([None])],
        [{1, 2}],
        [],
    ],
)
def test_refusals_are_torchs(batch):
    with pytest.raises(Exception) as theirs:
        torch.utils.data.default_collate(batch)
    with pytest.raises(type(theirs.value)) as ours:
        default_collate(batch)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("shapes", [[(2,), (3,)], [(), (1,)], [(2, 3), (2, 3), (3, 2)]])
def test_tensors_of_different_shapes(shapes):
    with pytest.raises(RuntimeError) as theirs:
        torch.utils.data.default_collate([torch.zeros(s) for s in shapes])
    for requires_grad in (False, True):
        with pytest.raises(RuntimeError) as ours:
            default_collate([mytorch.zeros(s, requires_grad=requires_grad) for s in shapes])
        assert str(ours.value).endswith(str(theirs.value))


def test_pil_images_are_stacked():
    image = pytest.importorskip("PIL.Image").new("L", (2, 3), color=7)
    batch = default_collate([image, image])
    assert batch.shape == (2, 3, 2) and batch.dtype == mytorch.uint8 and (batch == 7).all()
    assert default_convert(image).shape == (3, 2)


def test_tensors():
    x, y = mytorch.tensor([1.0, 2.0], requires_grad=True), mytorch.tensor([3.0, 4.0])
    batch = default_collate([x, y])
    (batch * mytorch.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert batch.tolist() == [[1, 2], [3, 4]] and x.grad.tolist() == [1, 2]
    assert default_collate([y, y]).requires_grad is False
    assert default_convert(x) is x


class OnlyArrayProtocol:
    def __array__(self, dtype=None, copy=None):
        return numpy.array([1, 2], dtype or "int16")


class OnlyDLPack:
    def __init__(self):
        self.array = numpy.array([1, 2], "int16")

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("kind", [OnlyArrayProtocol, OnlyDLPack])
def test_arrays_of_other_libraries(kind):
    batch = default_collate([(kind(), 1), (kind(), 2)])
    assert batch[0].tolist() == [[1, 2], [1, 2]] and batch[0].dtype == mytorch.int16
    converted = default_convert({"a": kind()})["a"]
    assert isinstance(converted, mytorch.Tensor) and converted.tolist() == [1, 2]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool", "float16"])
def test_torch_tensors(dtype):
    samples = [(torch.arange(4).reshape(2, 2).to(getattr(torch, dtype)), i) for i in range(3)]
    images, labels = default_collate(samples)
    assert isinstance(images, mytorch.Tensor) and images.shape == (3, 2, 2) and labels.tolist() == [0, 1, 2]
    assert str(images.dtype) == f"mytorch.{dtype}" and images.tolist() == [s[0].tolist() for s in samples]
    images.array[:] = 0  # the batch is its own


def test_torch_tensors_that_require_a_gradient():
    assert default_collate([torch.ones(2, requires_grad=True)]).tolist() == [[1, 1]]
    assert default_convert(torch.ones(2, requires_grad=True)).tolist() == [1, 1]
