"""Datasets and random_split, with torch as the referee for values, lengths and refusals."""

import numpy
import pytest

import mytorch
from mytorch.utils import data
from tests.referee import answer, torch

X, Y = numpy.arange(12.0, dtype="float32").reshape(6, 2), numpy.arange(6)


class Squares(data.Dataset):
    def __init__(self, n=10):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        if not 0 <= i < self.n:
            raise IndexError(i)
        return i * i


class Count(data.IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self):
        return self.n


def test_tensor_dataset():
    both = data.TensorDataset(mytorch.tensor(X), mytorch.tensor(Y))
    assert len(both) == 6
    x, y = both[2]
    assert x.tolist() == [4, 5] and y.item() == 2
    assert [t.tolist() for t in data.TensorDataset(X, Y)[-1]] == [[10, 11], 5]
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        data.TensorDataset(mytorch.zeros(3), mytorch.zeros(4))


def test_stack_dataset():
    pair, named = data.StackDataset(Squares(), range(10)), data.StackDataset(square=Squares(), i=range(10))
    assert pair[3] == (9, 3) and named[3] == {"square": 9, "i": 3} and len(pair) == len(named) == 10
    assert pair.__getitems__([1, 2]) == [(1, 1), (4, 2)]
    assert named.__getitems__([1, 2]) == [{"square": 1, "i": 1}, {"square": 4, "i": 2}]
    assert data.StackDataset(data.Subset(Squares(), [5, 6]), range(2)).__getitems__([1]) == [(36, 1)]


class TooFew(Squares):
    def __getitems__(self, indices):
        return [0]


@pytest.mark.parametrize(
    "make",
    [
        lambda d: d.StackDataset(),
        lambda d: d.StackDataset(range(2), a=range(2)),
        lambda d: d.StackDataset(TooFew(), range(10)).__getitems__([1, 2]),
        lambda d: d.ConcatDataset([]),
        lambda d: d.ConcatDataset([range(3)])[-4],
        lambda d: list(d.ChainDataset([range(3)])),
        lambda d: d.Dataset()[0],
        lambda d: d.random_split(range(10), [3, 4]),
        lambda d: d.random_split(range(10), [1.5, -0.5]),
    ],
)
def test_refusals_are_torchs(make):
    with pytest.raises(Exception) as theirs:
        answer(lambda torch: make(torch.utils.data))
    with pytest.raises(type(theirs.value)) as ours:
        make(data)
    assert str(ours.value).replace(" ", "").startswith(str(theirs.value).replace(" ", ""))


def test_concat_and_chain():
    joined = Squares(3) + Squares(2) + Squares(4)
    assert (
        len(joined) == 9
        and list(joined) == [0, 1, 4, 0, 1, 0, 1, 4, 9]
        and joined[-1] == 9
        and joined[-9] == 0
    )
    assert joined.datasets[0].cumulative_sizes == [3, 5]
    with pytest.raises(IndexError):
        joined[9]
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        data.ConcatDataset([Count(2)])
    chained = Count(2) + Count(3)
    assert list(chained) == [0, 1, 0, 1, 2] and len(chained) == 5


def test_subset():
    part = data.Subset(data.TensorDataset(X, Y), [4, 0])
    assert len(part) == 2 and part[0][1].item() == 4
    assert [t.tolist() for t in part.__getbatch__([1, 0])] == [[[0, 1], [8, 9]], [0, 4]]
    assert data.Subset(part, [1]).__getbatch__([0])[1].tolist() == [0]
    assert data.Subset(Squares(), [2, 3]).__getitems__([1]) == [9]
    assert data.Subset(Squares(), [2, 3]).__getbatch__([1]) is NotImplemented

    class HalfDone(data.Subset):
        def __getitem__(self, i):
            return 0

    with pytest.raises(NotImplementedError, match="HalfDone overrides __getitem__ but not __getitems__"):
        HalfDone(Squares(), [1])


@pytest.mark.parametrize(
    "n, lengths",
    [(10, [3, 7]), (10, [0.3, 0.7]), (11, [0.5, 0.5]), (29, [0.3, 0.3, 0.4]), (7, [7]), (3, [1, 1, 1])],
)
def test_random_split(n, lengths):
    parts = data.random_split(range(n), lengths, generator=mytorch.Generator().manual_seed(1))
    assert [len(p) for p in parts] == [len(p) for p in torch.utils.data.random_split(range(n), lengths)]
    assert sorted(i for p in parts for i in p) == list(range(n))
    again = data.random_split(range(n), lengths, generator=mytorch.Generator().manual_seed(1))
    assert [list(p) for p in parts] == [list(p) for p in again]


def test_random_split_warns_of_an_empty_part():
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        data.random_split(range(3), [1.0, 0.0])


class Shifted(data.TensorDataset):
    """Redefines the samples only: the fast path of its base must not be taken for them."""

    def __getitem__(self, i):
        return tuple(t + 1 for t in super().__getitem__(i))


class Doubled(Shifted):
    def __getbatch__(self, indices):
        return ["its own"]


@pytest.mark.parametrize(
    "dataset", [Shifted(X, Y), data.Subset(Shifted(X, Y), range(6)), data.StackDataset(Shifted(X, Y))]
)
def test_fast_path_gives_way_to_a_subclass(dataset):
    batch = next(iter(data.DataLoader(dataset, 6)))
    x = batch[0] if len(batch) == 2 else batch[0][0]
    assert x.tolist() == (X + 1).tolist()


def test_fast_path_of_a_subclass_counts():
    assert next(iter(data.DataLoader(Doubled(X, Y), 2))) == ["its own"]
    assert len(next(iter(data.DataLoader(Doubled(X, Y), 2, collate_fn=list)))) == 2


@pytest.mark.parametrize(
    "indices", [[4, 1, 1], numpy.array([5, 0]), [mytorch.tensor(2), mytorch.tensor(0)], [-1, 0]]
)
def test_fast_path_equals_one_by_one(indices):
    pairs = data.TensorDataset(X, Y)
    fast = next(iter(data.DataLoader(pairs, batch_sampler=[indices])))
    slow = next(
        iter(
            data.DataLoader(
                pairs, batch_sampler=[indices], collate_fn=lambda samples: data.default_collate(samples)
            )
        )
    )
    assert [t.dtype for t in fast] == [t.dtype for t in slow] and [t.tolist() for t in fast] == [
        t.tolist() for t in slow
    ]


def test_tensors_stay_on_their_device(device):
    pairs = data.TensorDataset(mytorch.tensor(X, device=device), mytorch.tensor(Y, device=device))
    for dataset in (pairs, Shifted(*pairs.tensors)):  # at once, and one by one
        x, y = next(iter(data.DataLoader(dataset, 3, sampler=[2, 0, 1])))
        assert x.device.type == y.device.type == device.type and (y % 7).tolist() in ([2, 0, 1], [3, 1, 2])


def test_fast_path_copies():
    pairs = data.TensorDataset(X.copy())
    next(iter(data.DataLoader(pairs, 6)))[0].array[:] = -1
    assert pairs[0][0].tolist() == [0, 1]


def test_fast_path_keeps_the_graph():
    x = mytorch.tensor(X, requires_grad=True)
    (batch,) = next(iter(data.DataLoader(data.TensorDataset(x), 2)))
    batch.sum().backward()
    assert x.grad.tolist() == [[1, 1], [1, 1], [0, 0], [0, 0], [0, 0], [0, 0]]
