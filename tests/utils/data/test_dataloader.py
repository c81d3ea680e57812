"""The DataLoader: what it gives, what it refuses, how it resumes. With workers and without where both must
agree.
"""

import itertools

import numpy
import pytest

import mytorch
from mytorch.core.arrays import cuda_is_available
from mytorch.utils import data
from tests.referee import answer


class Squares(data.Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return i * i


class Stream(data.IterableDataset):
    def __init__(self, n=10):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


class SizedStream(Stream):
    def __len__(self):
        return self.n


class Noisy(Squares):
    """Every sample draws from the default generator."""

    def __getitem__(self, i):
        return i, mytorch.rand(1).item()


def lists(loader):
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    "dataset, kwargs",
    [
        (Squares(), {}),
        (Squares(), {"batch_size": 4}),
        (Squares(), {"batch_size": 4, "drop_last": True}),
        (Squares(), {"batch_size": 5}),
        (Squares(), {"batch_size": None}),
        (Squares(), {"batch_size": 3, "sampler": [3, 1, 2, 0]}),
        (Squares(), {"batch_sampler": [[0, 1], [5], [2, 2, 2]]}),
        (Squares(), {"batch_size": None, "sampler": [4, 5], "collate_fn": str}),
        (Squares(), {"batch_size": 4, "collate_fn": sum}),
        (Stream(), {"batch_size": 4}),
        (Stream(), {"batch_size": 4, "drop_last": True}),
        (Stream(), {"batch_size": None}),
        (Stream(0), {"batch_size": 4}),
        (SizedStream(), {"batch_size": 4}),
        (SizedStream(), {"batch_size": 4, "drop_last": True}),
        (data.TensorDataset(numpy.arange(10.0)), {"batch_size": 4}),
        (data.Subset(Squares(), [7, 8, 9]), {"batch_size": 2}),
        (range(5), {"batch_size": 2}),
        ([("a", 1), ("b", 2)], {"batch_size": 2}),
    ],
)
def test_batches_and_lengths_are_torchs(dataset, kwargs, workers):
    ours = data.DataLoader(dataset, num_workers=workers, **kwargs)
    batches, length = answer(batches_and_length, dataset, kwargs, workers)
    assert plain(list(ours)) == batches
    assert plain(list(ours)) == batches  # a second epoch
    if length is None:
        with pytest.raises(TypeError):
            len(ours)
    else:
        assert len(ours) == length


def batches_and_length(torch, dataset, kwargs, workers):
    """Those of torch's loader, over the same dataset or one of torch's own."""
    other = dataset
    if isinstance(dataset, data.IterableDataset):
        other = stream_of(torch)(dataset.n)
        if isinstance(dataset, SizedStream):
            type(other).__len__ = lambda _: dataset.n
    elif isinstance(dataset, data.TensorDataset):
        other = torch.utils.data.TensorDataset(torch.arange(10.0, dtype=torch.float64))
    workers = 0 if other is dataset else workers
    theirs = torch.utils.data.DataLoader(other, num_workers=workers, **kwargs)
    try:
        return plain(list(theirs)), len(theirs)
    except (TypeError, NotImplementedError):
        return plain(list(theirs)), None


def stream_of(torch):
    class Theirs(torch.utils.data.IterableDataset):
        def __init__(self, n=3):
            self.n = n

        def __iter__(self):
            return iter(range(self.n))

    return Theirs


def plain(batch):
    if isinstance(batch, (list, tuple)):
        return [plain(b) for b in batch]
    return (str(batch.dtype).split(".")[-1], batch.tolist()) if hasattr(batch, "tolist") else batch


@pytest.mark.parametrize(
    "iterable, kwargs",
    [
        (False, {"num_workers": -1}),
        (False, {"timeout": -1}),
        (False, {"prefetch_factor": 2}),
        (False, {"num_workers": 1, "prefetch_factor": -1}),
        (False, {"persistent_workers": True}),
        (False, {"sampler": [1], "shuffle": True}),
        (False, {"batch_sampler": [[1]], "batch_size": 2}),
        (False, {"batch_sampler": [[1]], "shuffle": True}),
        (False, {"batch_sampler": [[1]], "drop_last": True}),
        (False, {"batch_sampler": [[1]], "sampler": [1]}),
        (False, {"batch_size": None, "drop_last": True}),
        (False, {"batch_size": 0}),
        (False, {"batch_size": 2.5}),
        (False, {"drop_last": 1}),
        (False, {"multiprocessing_context": "fork"}),
        (False, {"num_workers": 1, "multiprocessing_context": "spoon"}),
        (False, {"num_workers": 1, "multiprocessing_context": 3}),
        (True, {"shuffle": True}),
        (True, {"sampler": [1]}),
        (True, {"batch_sampler": [[1]]}),
    ],
)
def test_refusals_are_torchs(iterable, kwargs):
    with pytest.raises(Exception) as theirs:
        answer(lambda t: t.utils.data.DataLoader(stream_of(t)() if iterable else range(10), **kwargs))
    with pytest.raises(type(theirs.value)) as ours:
        data.DataLoader(Stream() if iterable else range(10), **kwargs)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"]
)
def test_what_must_not_be_set(name):
    loader = data.DataLoader(range(3))
    with pytest.raises(
        ValueError, match=f"{name} attribute should not be set after DataLoader is initialized"
    ):
        setattr(loader, name, 3)
    loader.num_workers = 0


def test_iterators_have_a_length():
    def length(lib):
        return len(iter(lib.utils.data.DataLoader(range(5), batch_size=2)))

    assert length(mytorch) == answer(length) == 3


def test_timeout_needs_workers():
    with pytest.raises(AssertionError, match="needs workers"):
        iter(data.DataLoader(range(3), timeout=1))


def test_warnings():
    with pytest.warns(UserWarning, match="will create 5000 worker processes in total"):
        data.DataLoader(range(3), num_workers=5000)
    if not cuda_is_available():
        with pytest.warns(
            UserWarning, match="'pin_memory' argument is set as true but no accelerator is found"
        ):
            list(data.DataLoader(range(3), pin_memory=True))


def test_errors_of_the_dataset_are_its_own():
    with pytest.raises(IndexError):
        list(data.DataLoader(data.TensorDataset(mytorch.zeros(3)), sampler=[7]))
    with pytest.raises(RuntimeError, match="dataset raised StopIteration"):
        list(data.DataLoader([iter(())], collate_fn=lambda samples: next(samples[0])))


def test_a_loader_is_a_generic_type():
    def count(loader: data.DataLoader[int], dataset: data.Dataset[int]) -> int:
        return len(loader)

    assert count(data.DataLoader(range(3)), Squares()) == 3


# ---- randomness ----------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("own", [True, False])
def test_a_generator_state_decides_the_epoch(workers, own):
    generator = mytorch.Generator() if own else None
    loader = data.DataLoader(range(20), 3, shuffle=True, generator=generator, num_workers=workers)
    get, put = (
        (generator.get_state, generator.set_state) if own else (mytorch.get_rng_state, mytorch.set_rng_state)
    )
    start = get()
    first, second = lists(loader), lists(loader)
    assert first != second and sorted(itertools.chain(*first)) == sorted(itertools.chain(*second)) == list(
        range(20)
    )
    put(start)
    assert lists(loader) == first and lists(loader) == second
    put(start)
    assert (
        lists(data.DataLoader(range(20), 3, shuffle=True, generator=generator, num_workers=2 - workers))
        == first
    )


def test_a_generator_leaves_the_default_one_alone():
    before = mytorch.get_rng_state()
    list(data.DataLoader(range(5), shuffle=True, generator=mytorch.Generator()))
    assert before.tolist() == mytorch.get_rng_state().tolist()


def resumed(make, stop, default_state, own_state=True):
    """(the rest of an epoch that goes on, the same rest after an interruption), each with the epoch after."""
    loader = make()
    list(loader)  # an epoch before
    batches = iter(loader)
    for _ in range(stop):
        next(batches)
        mytorch.rand(3)  # as dropout would
    saved, rng = loader.state_dict(), mytorch.get_rng_state()
    rest = [plain(batch) for batch in batches], [plain(batch) for batch in loader]
    mytorch.manual_seed(99)
    again = make()
    again.load_state_dict(saved)
    mytorch.set_rng_state(rng)
    return rest, ([plain(batch) for batch in again], [plain(batch) for batch in again])


SAMPLERS = {
    "shuffle": lambda g: {"shuffle": True},
    "in order": lambda g: {},
    "replacement": lambda g: {"sampler": data.RandomSampler(range(10), True, 64, generator=g)},
    "weighted": lambda g: {"sampler": data.WeightedRandomSampler([1.0] * 10, 30, generator=g)},
}


@pytest.mark.parametrize("stop", [0, 1, 2, 4])
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    "workers, sampler", [(0, s) for s in SAMPLERS] + [(1, "shuffle"), (1, "replacement")]
)
def test_resuming_within_an_epoch(stop, own, workers, sampler):
    def make():
        g = mytorch.Generator().manual_seed(3) if own else None
        return data.DataLoader(
            Noisy() if workers == 0 else range(10),
            3,
            num_workers=workers,
            generator=g,
            **SAMPLERS[sampler](g),
        )

    uninterrupted, after = resumed(make, stop, own)
    assert uninterrupted == after and len(after[0]) == len(make()) - stop


def test_resuming_a_stream():
    uninterrupted, after = resumed(lambda: data.DataLoader(Stream(), 3), 2, False)
    assert uninterrupted == after and len(after[0]) == 2


def test_resuming_between_epochs():
    def make():
        return data.DataLoader(range(10), 3, shuffle=True, generator=mytorch.Generator().manual_seed(3))

    loader = make()
    list(loader)
    saved = loader.state_dict()
    again = make()
    again.load_state_dict(saved)
    assert saved["batches"] == 0 and lists(again) == lists(loader)


# ---- cost ----------------------------------------------------------------------------------------


def test_a_batch_of_tensors_is_indexed_at_once():
    class Watched(data.TensorDataset):
        calls = 0

        def __getbatch__(self, indices):
            self.calls += 1
            return super().__getbatch__(indices)

    dataset = Watched(mytorch.zeros(64, 3), mytorch.zeros(64))
    batches = list(data.DataLoader(dataset, 16, shuffle=True))
    assert dataset.calls == len(batches) == 4 and batches[0][0].shape == (16, 3)
