"""Threads: every piece once, errors reach the caller, nobody waits for a busy worker, forks start afresh."""

import os
import signal
import threading
import time
import weakref

import numpy as np
import pytest

import mytorch
from mytorch.kernels import threads as parallel


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("pieces", [0, 1, 3, 100])
def test_every_piece_runs_once(threads, count, pieces):
    threads(count)
    done, names = np.zeros(pieces, int), set()

    def work(i):
        done[i] += 1
        names.add(threading.current_thread().name)

    parallel.parallel_for(work, list(range(pieces)))
    assert (done == 1).all()
    assert len(names) <= count


def test_the_first_error_reaches_the_caller(threads):
    threads(2)

    def work(i):
        raise ValueError(f"piece {i}")

    for _ in range(3):  # and the threads live on
        with pytest.raises(ValueError, match="piece"):
            parallel.parallel_for(work, list(range(8)))
    done = []
    parallel.parallel_for(done.append, list(range(8)))
    assert sorted(done) == list(range(8))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_jobs_that_are_begun_before_they_are_needed(threads, count):
    threads(count)
    done = np.zeros((20, 3), int)

    def work(piece):
        done[piece] += 1

    jobs = [
        parallel.begin(work, [(i, k) for k in range(3)]) for i in range(20)
    ]  # more than a worker remembers
    for i, job in enumerate(jobs):
        job.finish()
        assert (done[i] == 1).all()
    assert (done == 1).all()


def test_a_worker_begins_while_the_caller_goes_on(threads):
    threads(2)
    names, begun = [], threading.Event()

    def work(i):
        names.append(threading.current_thread().name)
        begun.set()

    job = parallel.begin(work, [0])
    assert begun.wait(30)
    job.finish()
    assert names == ["mytorch-1"]


def test_an_error_is_raised_where_a_job_is_finished(threads):
    threads(2)

    def work(i):
        raise ValueError(f"piece {i}")

    job = parallel.begin(work, [7])
    with pytest.raises(ValueError, match="piece 7"):
        job.finish()


def test_inside_a_piece_there_are_no_further_threads(threads):
    threads(3)
    names = []

    def outer(_):
        mine = threading.current_thread().name

        def inner(_):
            names.append((mine, threading.current_thread().name))

        if mine.startswith("mytorch"):
            parallel.parallel_for(inner, [0, 1])

    parallel.parallel_for(outer, list(range(6)))
    assert all(a == b for a, b in names)


def test_a_signal_is_waited_for_briefly(threads):
    threads(1)
    ready = parallel._Signal()
    ready.spin()  # never raised: returns all the same
    assert not ready.seen.any()
    ready.up[0] = True
    ready.spin()
    assert ready.seen.all()


@pytest.fixture
def stuck_worker(threads):
    """The one worker is busy with a piece of another caller until the test ends."""
    threads(2)
    begun, release = threading.Event(), threading.Event()

    def work(i):
        if threading.current_thread().name.startswith("mytorch"):
            begun.set()
            release.wait(60)
        else:
            begun.wait(60)

    other = threading.Thread(target=parallel.parallel_for, args=(work, [0, 1]))
    other.start()
    assert begun.wait(60)
    yield
    release.set()
    other.join()


def test_the_caller_does_not_wait_for_a_worker_that_does_not_come(stuck_worker):
    for _ in range(3):
        names = []
        parallel.parallel_for(lambda i: names.append(threading.current_thread().name), list(range(8)))
        assert names == [threading.current_thread().name] * 8
        job = parallel.begin(lambda i: names.append(threading.current_thread().name), [0])
        job.finish()
        assert names == [threading.current_thread().name] * 9


def test_a_worker_that_comes_too_late_holds_no_array(stuck_worker):
    array = np.ones(3)
    gone = weakref.ref(array)
    parallel.parallel_for(lambda i, array=array: array.sum(), [0, 1])
    del array
    assert gone() is None


def test_workers_that_fell_asleep_take_jobs(threads):
    threads(2)
    for pause in (0, 0.02, 0.02):
        time.sleep(pause)
        names, together = set(), threading.Barrier(2)

        def work(i):
            together.wait(10)  # only two threads get past it
            names.add(threading.current_thread().name)

        parallel.parallel_for(work, [0, 1])
        assert len(names) == 2


def test_several_callers_at_once(threads):
    threads(3)
    sums = {}

    def caller(name):
        out = np.zeros(50)

        def work(i):
            out[i] = i

        for _ in range(20):
            parallel.parallel_for(work, list(range(50)))
        sums[name] = out.sum()

    callers = [threading.Thread(target=caller, args=(i,)) for i in range(4)]
    for t in callers:
        t.start()
    for t in callers:
        t.join(30)
    assert sums == dict.fromkeys(range(4), 1225)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_both_processes_have_threads_after_a_fork(threads):
    threads(2)
    parallel.parallel_for(lambda i: None, [0, 1])
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        _exit_with(
            lambda: _two_threads_share_work() and mytorch.linalg.inv(mytorch.eye(512)).isfinite().all()
        )
    assert os.waitpid(child, 0)[1] == 0
    assert _two_threads_share_work()


def _exit_with(check):
    """End a forked process; with 0 if ``check()``."""
    try:
        os._exit(0 if check() else 1)
    finally:
        os._exit(2)


def _two_threads_share_work():
    names, together = set(), threading.Barrier(2)

    def work(i):
        together.wait(30)
        names.add(threading.current_thread().name)

    parallel.parallel_for(work, [0, 1])
    return len(names) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_no_thread_of_ours_is_alive_during_a_fork(threads):
    threads(3)
    parallel.parallel_for(lambda i: None, list(range(6)))
    assert _our_threads()
    found = []
    os.register_at_fork(before=lambda: None, after_in_parent=lambda: found.append(_our_threads()))
    child = os.fork()
    if child == 0:
        _exit_with(lambda: not _our_threads())
    assert os.waitpid(child, 0)[1] == 0
    assert found == [[]]


def _our_threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("mytorch-")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_fork_while_another_thread_works(threads):
    """The child shares work, multiplies, decomposes and runs backward; none of it waits for a lock that was
    held during the fork.
    """
    threads(2)
    weight, stop = mytorch.ones(300, 300, requires_grad=True), threading.Event()

    def train():
        while not stop.is_set():
            (mytorch.ones(1000, 300) @ weight).sum().backward()

    def child_works():
        (mytorch.ones(1000, 300) @ weight).sum().backward()
        mytorch.linalg.inv(mytorch.eye(64))
        return _two_threads_share_work()

    trainer = threading.Thread(target=train)
    trainer.start()
    try:
        for _ in range(50):
            child = os.fork()
            if child == 0:
                signal.alarm(60)  # a child that hangs is killed
                _exit_with(child_works)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        trainer.join()


def test_floating_point_warnings_are_off_in_threads(threads):
    threads(2)
    zeros, token = np.zeros(4), mytorch.core.arrays.float_errors.set(mytorch.core.arrays.QUIET)
    try:
        parallel.parallel_for(lambda i: np.divide(1.0, zeros), list(range(50)))
    finally:
        mytorch.core.arrays.float_errors.reset(token)


@pytest.mark.parametrize(
    ("value", "count"),
    [("1", 1), ("2", 2), ("99", 4), ("3,2", 3), (" 2 ", 2), ("", 4), ("0", 4), ("-1", 4), ("many", 4)],
)
def test_the_default_follows_omp_num_threads(monkeypatch, value, count):
    monkeypatch.setattr(parallel, "_CORES", 4)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert parallel._default_threads() == count
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert parallel._default_threads() == 4


@pytest.mark.parametrize(
    ("value", "kind"),
    [(0, RuntimeError), (-1, RuntimeError), (1.5, TypeError), (True, TypeError), ("2", TypeError)],
)
def test_bad_counts_are_refused(value, kind):
    with pytest.raises(kind, match="set_num_threads"):
        mytorch.set_num_threads(value)


def test_spans_cover_a_range_without_overlap():
    for n in range(12):
        for count in range(1, 8):
            spans = parallel.spans(n, count)
            assert [i for a, b in spans for i in range(a, b)] == list(range(n))
            assert all(a < b for a, b in spans)
            assert len(spans) == min(n, count)
