"""Threads: every piece once, errors reach the caller, the BLAS gets its threads back, forks start afresh."""

import os
import threading
import time

import numpy as np
import pytest
import threadpoolctl

import mytorch
from mytorch.kernels import gemm as products
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


def test_the_blas_keeps_to_one_thread(threads):
    threads(2)
    counts = []
    parallel.parallel_for(
        lambda i: counts.extend(
            pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"
        ),
        [0, 1],
    )
    assert set(counts) <= {1}


def test_the_blas_gets_its_threads_back_after_many_small_products(threads, monkeypatch):
    def count():
        return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}

    threads(2)
    monkeypatch.setattr(parallel, "_PATIENCE", 10)
    x = np.ones((128, 128))
    for _ in range(2):
        parallel.parallel_for(lambda i: None, [0, 1])
        for _ in range(10):
            products.product(x, x)
            products.product(x[:2], x)  # far too small to count
            assert count() <= {1}
        products.product(x, x)
        assert count() <= {2}


def test_the_blas_gets_back_the_threads_that_it_had(threads):
    threads(3)
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        parallel.parallel_for(lambda i: None, [0, 1])
        parallel._free_blas()
        assert {
            pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"
        } <= {1}


def test_a_flag_is_waited_for_briefly(threads):
    threads(1)
    flag = parallel._Flag()
    flag.wait()  # never raised: returns all the same
    assert not flag.seen.any()
    flag.up[0] = True
    flag.wait()
    assert flag.seen.all()


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
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(threads):
    threads(2)
    parallel.parallel_for(lambda i: None, [0, 1])
    child = os.fork()
    if child == 0:
        done = []
        parallel.parallel_for(done.append, [0, 1, 2])
        os._exit(0 if sorted(done) == [0, 1, 2] else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_floating_point_warnings_are_off_in_threads(threads):
    threads(2)
    zeros, token = np.zeros(4), mytorch.core.arrays.float_errors.set(mytorch.core.arrays.QUIET)
    try:
        parallel.parallel_for(lambda i: np.divide(1.0, zeros), list(range(50)))
    finally:
        mytorch.core.arrays.float_errors.reset(token)


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
