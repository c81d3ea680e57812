"""Threads: every piece once, errors reach the caller, the BLAS gets its threads back, forks start afresh."""

import os
import threading

import numpy as np
import pytest
import threadpoolctl

import mytorch
from mytorch import parallel


@pytest.fixture
def threads():
    before = mytorch.get_num_threads()
    yield mytorch.set_num_threads
    mytorch.set_num_threads(before)


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
        lambda i: counts.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"), [0, 1]
    )
    assert set(counts) <= {1}


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((40, 30), (30, 50)), ((50, 30), (30, 4)), ((1, 30), (30, 2)), ((6, 40, 30), (6, 30, 20)), ((6, 1, 5, 4), (3, 4, 5)), ((4, 5), (7, 5, 3)),
        ((5,), (5, 3)), ((2, 5), (5,)),
    ],
    ids=str,
)  # fmt: skip
def test_products_in_parts(threads, monkeypatch, count, x, y):
    threads(count)
    monkeypatch.setattr(parallel, "_LARGE", 0)
    monkeypatch.setattr(parallel, "UNPACKED", 0)
    parallel._hold_blas()
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(x), rng.standard_normal(y)
    np.testing.assert_allclose(parallel.product(x, y), x @ y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        parallel.product(np.asfortranarray(x), np.asfortranarray(y).astype("float32")), x @ y.astype("float32"), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("count", [1, 3])
def test_several_products_at_once(threads, monkeypatch, count):
    threads(count)
    monkeypatch.setattr(parallel, "_LARGE", 2000)
    parallel._hold_blas()
    rng = np.random.default_rng(0)
    pairs = [(rng.standard_normal(a), rng.standard_normal(b)) for a, b in [((9, 30), (30, 20)), ((30, 9), (9, 4))]]
    for found, (x, y) in zip(parallel.products(*pairs), pairs):
        np.testing.assert_allclose(found, x @ y, rtol=1e-12, atol=1e-12)
    x, y = pairs[0]
    for plus in (rng.standard_normal(20), None):
        np.testing.assert_allclose(parallel.product(x, y, plus), x @ y + (0 if plus is None else plus), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rows", [8, 16, 20, 24])
def test_stacks_of_eight_rows(threads, monkeypatch, rows):
    threads(1)
    monkeypatch.setattr(parallel, "UNPACKED", 0)
    monkeypatch.setattr(parallel, "unpacked", lambda: 8 * 30 * 50)
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(shape) for shape in ((rows, 30), (50, 30), (50,)))
    assert parallel._packs_in_vain(x, weight.T) == (rows % 8 == 0)
    assert not parallel._packs_in_vain(x, np.ascontiguousarray(weight.T))
    assert not parallel._packs_in_vain(np.asfortranarray(x), weight.T)
    out = parallel.product(x, weight.T, bias)
    assert out.flags.c_contiguous
    np.testing.assert_allclose(out, x @ weight.T + bias, rtol=1e-12, atol=1e-12)


def test_the_blas_gets_its_threads_back_after_many_small_products(threads, monkeypatch):
    def count():
        return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}

    threads(2)
    monkeypatch.setattr(parallel, "_PATIENCE", 10)
    x = np.ones((128, 128))
    for _ in range(2):
        parallel.parallel_for(lambda i: None, [0, 1])
        for _ in range(10):
            parallel.product(x, x)
            parallel.product(x[:2], x)  # far too small to count
            assert count() <= {1}
        parallel.product(x, x)
        assert count() <= {2}


def test_the_blas_gets_back_the_threads_that_it_had(threads):
    threads(3)
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        parallel.parallel_for(lambda i: None, [0, 1])
        parallel._free_blas()
        assert {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"} <= {1}


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
    zeros, token = np.zeros(4), mytorch.backend.float_errors.set(mytorch.backend.QUIET)
    try:
        parallel.parallel_for(lambda i: np.divide(1.0, zeros), list(range(50)))
    finally:
        mytorch.backend.float_errors.reset(token)


@pytest.mark.parametrize(("value", "kind"), [(0, RuntimeError), (-1, RuntimeError), (1.5, TypeError), (True, TypeError), ("2", TypeError)])
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
