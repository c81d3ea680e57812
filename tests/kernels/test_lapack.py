"""Large calls of LAPACK get threads of the BLAS while they last."""

import threading
import time

import numpy as np
import pytest
import threadpoolctl

import mytorch
from mytorch.core import blas
from mytorch.kernels import threads as parallel
from mytorch.kernels.lapack import lapack, several_threads
from tests.core.test_blas import counts


@pytest.mark.parametrize(
    ("shape", "several"),
    [((512, 512), True), ((2, 1024, 300), True), ((500, 500), False), ((300_000,), False)],
)
@pytest.mark.parametrize("count", [1, 3])
def test_lapack_gets_threads_for_large_matrices(threads, shape, several, count):
    threads(count)
    blas.use_one_thread()
    assert lapack(lambda x: counts(), np.ones(shape)) <= {count if several else 1}
    assert counts() <= {1}


def test_lapack_keeps_the_number_of_the_user(threads):
    threads(2)
    with threadpoolctl.threadpool_limits(3, user_api="blas"):
        assert lapack(lambda x: counts(), np.ones((512, 512))) <= {3}
        assert counts() <= {3}


def test_lapack_calls_that_overlap_leave_one_thread(threads):
    threads(2)
    together = threading.Barrier(2)

    def call(pause):
        with several_threads(2):
            together.wait(30)
            time.sleep(pause)

    callers = [threading.Thread(target=call, args=(pause,)) for pause in (0, 0.02)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert counts() <= {1}


def test_lapack_gives_them_back_after_an_error(threads):
    threads(2)
    with pytest.raises(mytorch.linalg.LinAlgError):
        mytorch.linalg.inv(mytorch.zeros(512, 512))
    assert counts() <= {1}


def test_lapack_in_a_piece_keeps_to_one_thread(threads):
    threads(2)
    seen, together = {}, threading.Barrier(2)

    def work(i):
        together.wait(30)
        name = threading.current_thread().name
        if name.startswith("mytorch"):
            seen[name] = lapack(lambda x: counts(), np.ones((512, 512)))

    parallel.parallel_for(work, [0, 1])
    assert len(seen) == 1 and all(found <= {1} for found in seen.values())
