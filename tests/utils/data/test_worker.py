"""Worker processes: nothing lost, nothing hung, nothing left behind."""

import collections
import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
import types
from pathlib import Path

import numpy
import pytest

import mytorch
from mytorch.utils import data
from mytorch.utils.data import worker as worker_module
from tests.referee import answer, live, torch

METHODS = multiprocessing.get_all_start_methods()
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


class Odd(Exception):
    """Cannot be made from a message."""

    def __init__(self, a, b):
        super().__init__(f"{a} {b}")


class Does(data.Dataset):
    """16 samples; sample 5 is what ``action`` does."""

    def __init__(self, action=None, n=16):
        self.action, self.n = action, n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return globals()[self.action](i) if i == 5 and self.action else i


def raise_value_error(i):
    raise ValueError(f"sample {i} is bad")


def raise_key_error(i):
    raise KeyError("missing")


def raise_odd(i):
    raise Odd(1, 2)


def raise_local(i):
    class Local(Exception):
        pass

    raise Local("of this process")


def raise_stop_iteration(i):
    raise StopIteration


def unpicklable(i):
    return lambda: i


def kill_self(i):
    os.kill(os.getpid(), signal.SIGKILL)


def exit_self(i):
    sys.exit(3)


def hang(i):
    time.sleep(60)


class Slow(Does):
    """The first worker is slow."""

    def __getitem__(self, i):
        time.sleep(0.02 if data.get_worker_info().id == 0 else 0)
        return i


class Structures(Does):
    """Every kind of thing that travels."""

    def __getitem__(self, i):
        return {
            "x": numpy.full((50, 50), i, "float32"),
            "t": mytorch.tensor([i]),
            "s": f"s{i}",
            "b": bytes([i]),
            "p": Pair(i, [i * 1.5, True]),
        }


Pair = collections.namedtuple("Pair", "a b")


class Who(Does):
    """Which worker, its seed, and what the generators give."""

    def __getitem__(self, i):
        info = data.get_worker_info()
        return (
            info.id,
            info.num_workers,
            info.seed,
            info.dataset.n,
            mytorch.rand(1).item(),
            numpy.random.rand(),
            random.random(),
            os.getpid(),
        )


class WhoStream(data.IterableDataset):
    """Worker ``id`` gives ``lengths[id]`` samples."""

    def __init__(self, lengths):
        self.lengths = lengths

    def __iter__(self):
        info = data.get_worker_info()
        return iter([info.id * 100 + i for i in range(self.lengths[info.id])])


def same(batch):
    """A collate_fn that keeps the list of samples."""
    return batch


def first_of(samples):
    return samples[0]


def set_n(worker_id):
    data.get_worker_info().dataset.n = 100 + worker_id


def fail_to_start(worker_id):
    raise OSError("no such file")


def flat(loader):
    return [i for batch in loader for i in batch.tolist()]


def children():
    if multiprocessing.active_children():
        gc.collect()
    return multiprocessing.active_children()


@pytest.fixture(autouse=True)
def _nothing_left():
    before = set(children())
    yield
    left = set(children()) - before
    assert not left, f"processes left behind: {left}"


# ---- what arrives --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_everything_arrives_by_every_start_method(method):
    loader = data.DataLoader(Structures(n=6), 2, num_workers=2, multiprocessing_context=method, timeout=30)
    batches = list(loader)
    assert len(batches) == 3
    last = batches[-1]
    assert (
        last["x"].shape == (2, 50, 50)
        and last["x"].array[:, 0, 0].tolist() == [4, 5]
        and last["x"].dtype == mytorch.float32
    )
    assert last["t"].tolist() == [[4], [5]] and last["s"] == ["s4", "s5"] and last["b"] == [b"\4", b"\5"]
    assert (
        isinstance(last["p"], Pair)
        and last["p"].b[0].tolist() == [6, 7.5]
        and last["p"].b[1].tolist() == [True, True]
    )
    last["x"].array += 1  # a batch is its owner's


@pytest.mark.parametrize("n, workers, prefetch", [(40, 2, None), (3, 2, 5), (11, 1, 1), (0, 2, None)])
def test_order_is_kept(n, workers, prefetch):
    assert flat(data.DataLoader(Slow(n=n), 3, num_workers=workers, prefetch_factor=prefetch)) == list(
        range(n)
    )


def test_out_of_order_where_that_is_allowed():
    got = flat(data.DataLoader(Slow(n=40), 1, num_workers=2, in_order=False, timeout=30))
    assert sorted(got) == list(range(40)) and got != list(range(40))


def test_large_batches_and_reused_buffers():
    class Reusing(Does):
        buffer = numpy.zeros(300_000)

        def __getitem__(self, i):
            self.buffer[:] = i
            return self.buffer

    got = [
        b.array[0]
        for b in data.DataLoader(
            Reusing(n=8), None, num_workers=1, prefetch_factor=4, multiprocessing_context="fork"
        )
    ]
    assert got == list(range(8))


def test_a_batch_of_very_many_indices_does_not_block():
    indices = [list(range(100_000))] * 6
    got = list(
        data.DataLoader(range(100_000), batch_sampler=indices, num_workers=1, prefetch_factor=6, timeout=60)
    )
    assert len(got) == 6 and got[-1].array[-1] == 99_999


@pytest.mark.parametrize("lengths", [[4, 4], [1, 6], [6, 1], [0, 3], [0, 0], [3]])
@pytest.mark.parametrize("batch_size", [2, None])
def test_streams_of_several_workers_are_torchs(lengths, batch_size):

    ours = data.DataLoader(WhoStream(lengths), batch_size, num_workers=len(lengths), persistent_workers=True)
    first = [b.tolist() if batch_size else b for b in ours]
    again = [b.tolist() if batch_size else b for b in ours]
    assert first == again == answer(batches_of_streams, lengths, batch_size)


def batches_of_streams(torch, lengths, batch_size):
    class Theirs(torch.utils.data.IterableDataset):
        def __iter__(self):
            worker = torch.utils.data.get_worker_info().id
            return iter([worker * 100 + i for i in range(lengths[worker])])

    loader = torch.utils.data.DataLoader(Theirs(), batch_size, num_workers=len(lengths))
    return [b.tolist() if batch_size else b for b in loader]


# ---- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action, kind, text",
    [
        ("raise_value_error", ValueError, "sample 5 is bad"),
        ("raise_key_error", KeyError, "'missing'"),
        ("raise_odd", RuntimeError, "Odd: 1 2"),
        ("raise_local", RuntimeError, "of this process"),
        ("raise_stop_iteration", RuntimeError, "the dataset raised StopIteration"),
    ],
)
def test_an_exception_reaches_the_caller(action, kind, text):
    batches = iter(data.DataLoader(Does(action), 2, num_workers=2))
    assert [next(batches).tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(kind) as caught:
        next(batches)
    message = str(caught.value)
    assert (
        text in message
        and "in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n" in message
    )
    assert action in message and "\\n" not in message
    assert next(batches).tolist() == [6, 7]  # the loader goes on, as in torch


def test_what_cannot_be_pickled_says_so():
    with pytest.raises(Exception, match=r"(?s)pickle.*local object"):
        list(data.DataLoader(Does("unpicklable"), 1, collate_fn=same, num_workers=1))


@pytest.mark.parametrize("persistent", [True, False])
def test_a_failing_worker_init_fn(persistent):
    loader = data.DataLoader(
        Does(), num_workers=2, worker_init_fn=fail_to_start, persistent_workers=persistent
    )
    for _ in range(2):
        with pytest.raises(OSError, match="no such file"):
            list(loader)


@posix
@pytest.mark.parametrize(
    "action, how", [("kill_self", "killed by signal SIGKILL"), ("exit_self", "exit code 3")]
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_dead_worker_is_an_error(action, how, workers, capfd):
    loader = data.DataLoader(Does(action), 2, num_workers=workers, persistent_workers=True)
    for _ in range(2):  # new workers are started for the second epoch
        with pytest.raises(
            RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly: " + how
        ):
            list(loader)
        assert not children()


@posix
@pytest.mark.parametrize("method", METHODS)
def test_a_worker_killed_from_outside(method):
    batches = iter(
        data.DataLoader(Does(n=1000), 1, num_workers=2, multiprocessing_context=method, timeout=30)
    )
    next(batches)
    for process in multiprocessing.active_children():
        os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="killed by signal SIGKILL"):
        list(batches)


def test_timeout():
    started = time.monotonic()
    batches = iter(data.DataLoader(Does("hang"), 5, num_workers=2, timeout=0.3))
    assert next(batches).tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.3 seconds"):
        next(batches)
    assert 0.3 <= time.monotonic() - started < 5
    del batches  # the hanging worker is ended by force
    assert not children() and time.monotonic() - started < 5


def test_a_script_without_a_main_guard_is_told(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from mytorch.utils.data import DataLoader\nlist(DataLoader(range(3), num_workers=1, "
        "multiprocessing_context='spawn'))\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, env=environment()
    )
    assert done.returncode == 1 and "must be under `if __name__ == '__main__':`" in done.stderr


# ---- the end -------------------------------------------------------------------------------------


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("taken", [0, 1, 100])
def test_nothing_is_left_of_an_iterator(taken):
    def run():
        for n, _ in enumerate(data.DataLoader(Structures(n=40), 4, num_workers=2), 1):
            if n == taken:
                break

    run()
    files, threads = open_files(), threading.active_count()
    for _ in range(3):
        run()
    assert not children() and open_files() <= files and threading.active_count() == threads


def test_persistent_workers_are_reused_and_go_with_the_loader():
    loader = data.DataLoader(Who(n=4), 1, num_workers=2, persistent_workers=True, collate_fn=first_of)
    pids = {sample[-1] for _ in range(3) for sample in loader}
    assert len(pids) == 2 and {p.pid for p in multiprocessing.active_children()} >= pids
    del loader
    assert not pids & {p.pid for p in children()}


def test_an_epoch_of_persistent_workers_may_be_left_early():
    loader = data.DataLoader(Does(n=40), 1, num_workers=2, persistent_workers=True, prefetch_factor=3)
    for _ in range(3):
        assert next(iter(loader)).tolist() == [0]
    assert flat(loader) == list(range(40))


def test_loaders_do_not_keep_each_others_workers():
    loaders = [data.DataLoader(Does(), 4, num_workers=1, persistent_workers=True) for _ in range(3)]
    assert [flat(loader) for loader in loaders] == [list(range(16))] * 3
    workers = [loader._iterator._workers[0].process for loader in loaders]
    while loaders:
        del loaders[0]
        gc.collect()
        assert workers.pop(0).exitcode == 0  # it ended by itself, not by force


def environment():
    return os.environ | {"PYTHONPATH": str(Path(mytorch.__file__).parents[1])}


SCRIPT = """
    import os, signal, sys, time, multiprocessing
    from mytorch.utils.data import DataLoader, Dataset
    class Sleepy(Dataset):
        def __len__(self): return 1000
        def __getitem__(self, i):
            time.sleep(0.02)
            return i
    if __name__ == "__main__":
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
        method = {"multiprocessing_context": sys.argv[1], "persistent_workers": True}
        batches = iter(DataLoader(Sleepy(), num_workers=2, **method))
        next(batches)
        print(*(p.pid for p in multiprocessing.active_children()), flush=True)
        for _ in batches: pass
"""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    "method, how",
    [
        ("fork", signal.SIGINT),
        ("fork", signal.SIGTERM),
        ("fork", signal.SIGKILL),
        ("forkserver", signal.SIGKILL),
    ],
)
def test_workers_end_with_the_main_process(tmp_path, method, how):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, script, method]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment(),
    ) as main:
        workers = [int(pid) for pid in main.stdout.readline().split()]
        assert len(workers) == 2
        if how == signal.SIGINT:
            os.killpg(main.pid, how)  # as Ctrl-C does
        else:
            main.send_signal(how)
        errors = main.communicate(timeout=20)[1]
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(alive(pid) for pid in workers)
    assert errors.count("Traceback") == (how == signal.SIGINT) and ("KeyboardInterrupt" in errors) == (
        how == signal.SIGINT
    )


# ---- seeds and information -----------------------------------------------------------------------


def test_worker_info_and_init_fn():
    assert data.get_worker_info() is None
    samples = list(data.DataLoader(Who(n=4), None, num_workers=2, worker_init_fn=set_n))
    assert [(s[0], s[1], s[3]) for s in samples] == [(0, 2, 100), (1, 2, 101), (0, 2, 100), (1, 2, 101)]
    assert samples[1][2] == samples[0][2] + 1


@pytest.mark.parametrize("own", [True, False])
def test_random_numbers_in_workers(own):
    def epochs(persistent, method=None):
        mytorch.manual_seed(4)
        generator = mytorch.Generator().manual_seed(8) if own else None
        loader = data.DataLoader(
            Who(n=6),
            None,
            num_workers=2,
            generator=generator,
            persistent_workers=persistent,
            multiprocessing_context=method,
        )
        return [[sample[:-1] for sample in loader] for _ in range(2)]

    first, second = epochs(False)
    assert epochs(True) == [first, second]
    for drawn in (4, 5, 6):
        assert len({sample[drawn] for sample in first + second}) == 12


@pytest.mark.parametrize("base, worker_id", [(0, 0), (12345, 1), (2**61 + 12345678901, 7), (2**32 - 1, 3)])
def test_numpys_seed_is_torchs(base, worker_id):
    expected = torch.utils.data._utils.worker._generate_state(base, worker_id)
    states = (
        [s.getstate() if s is random else s.get_state() for s in (random, numpy.random)],
        mytorch.get_rng_state(),
        worker_module._info,
    )
    try:
        worker_module._begin_epoch(
            base + worker_id, worker_id, worker_module.Task(range(3), False, same, False, None, 8)
        )
        assert data.get_worker_info().seed == base + worker_id
        drawn = numpy.random.rand(3).tolist()
    finally:
        random.setstate(states[0][0])
        numpy.random.set_state(states[0][1])
        mytorch.set_rng_state(states[1])
        worker_module._info = states[2]
    assert drawn == numpy.random.RandomState(expected).rand(3).tolist()


# ---- how they start ------------------------------------------------------------------------------


linux = pytest.mark.skipif(sys.platform != "linux", reason="where the default is a fork")


def run_script(script):
    """What a script prints; it has to end within two minutes."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@linux
def test_a_plain_script_with_threads_and_a_lambda(tmp_path):
    """No guard, no dataset that can be pickled, threads of Python and of mytorch alive; the workers
    multiply, decompose and share nothing out.
    """
    path = tmp_path / "script.py"
    path.write_text(
        textwrap.dedent("""
        import threading
        import mytorch
        from mytorch.kernels import threads
        from mytorch.utils.data import DataLoader, Dataset

        print("once")
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        mytorch.set_num_threads(2)
        threads.parallel_for(lambda i: None, [0, 1])

        class Made(Dataset):
            def __init__(self, make):
                self.make = make
            def __len__(self):
                return 8
            def __getitem__(self, i):
                return self.make(i)

        def make(i):
            square = mytorch.eye(300) * i
            assert mytorch.get_num_threads() == 1
            return (square @ square).sum() + mytorch.linalg.svd(mytorch.eye(20)).S.sum()

        for epoch in range(2):
            for x in DataLoader(Made(lambda i: make(i)), 4, num_workers=2, timeout=60):
                print(*x.tolist())
        threads.parallel_for(lambda i: None, [0, 1])
        """)
    )
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    epoch = [str(300.0 * i * i + 20) for i in range(8)]
    assert done.stdout.split() == ["once", *epoch, *epoch]


@linux
def test_the_default_is_a_fork():
    script = "from mytorch.utils.data import worker; print(worker.start_context(None).get_start_method())"
    assert run_script(script) == ["fork"]


@pytest.mark.parametrize("method", METHODS)
def test_a_start_method_that_the_user_names_is_used(method):
    script = f"""
        import multiprocessing
        from mytorch.utils.data import worker
        multiprocessing.set_start_method({method!r})
        print(worker.start_context(None).get_start_method())
    """
    assert run_script(script) == [method]
    named = multiprocessing.get_context(method)
    assert worker_module.start_context(named) is named


@linux
@pytest.mark.parametrize("library", ["CUDA", "MPI"])
def test_no_fork_after_cuda_or_mpi(monkeypatch, library):
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda allow_none: None)
    if library == "CUDA":
        monkeypatch.setattr(worker_module, "cuda_is_initialized", lambda: True)
    else:
        monkeypatch.setitem(sys.modules, "mpi4py.MPI", types.SimpleNamespace(Is_initialized=lambda: True))
    loader = data.DataLoader(Does(), 4, num_workers=1, timeout=60)
    with pytest.warns(UserWarning, match=f"{library} has been initialised.*spawned") as caught:
        batches = iter(loader)
    assert caught[0].filename == __file__
    assert flat(batches) == list(range(16))
    fork = multiprocessing.get_context("fork")
    assert worker_module.start_context(fork) is fork


def test_whether_cuda_is_initialized(gpu):
    assert worker_module.cuda_is_initialized()


def test_progress_bars_do_not_change_how_workers_start():
    tqdm = pytest.importorskip("tqdm")
    with tqdm.tqdm(total=1, file=open(os.devnull, "w")) as bar:
        assert flat(data.DataLoader(Does(), 4, num_workers=2, timeout=60)) == list(range(16))
    bar.fp.close()


@live  # the workers ask
def test_a_dataset_of_torchs():
    pairs = torch.utils.data.TensorDataset(torch.arange(12.0).reshape(6, 2), torch.arange(6))
    for workers in (0, 1):
        x, y = list(data.DataLoader(pairs, 4, num_workers=workers))[1]
        assert isinstance(x, mytorch.Tensor) and x.tolist() == [[8, 9], [10, 11]] and y.tolist() == [4, 5]
