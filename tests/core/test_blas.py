"""The BLAS keeps to one thread from the first product on, but for large decompositions; users can free it."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import threadpoolctl

import mytorch
from mytorch.core import blas
from mytorch.kernels import threads as parallel


def counts():
    """The numbers of threads of NumPy's BLAS; SciPy, loaded by another test, has one of its own."""
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    return {pool["num_threads"] for pool in pools if "scipy" not in pool["filepath"]}


FREE = """
import numpy, threadpoolctl
def counts():
    return {p["num_threads"] for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"}
threadpoolctl.threadpool_limits(3, user_api="blas")
import mytorch
from mytorch import nn
x = mytorch.ones(8, 8)
assert counts() <= {3}, counts()
"""


@pytest.mark.parametrize(
    "first",
    [
        "x @ x",
        "nn.functional.linear(x, x)",
        "nn.functional.conv2d(x[None, None], mytorch.ones(1, 1, 3, 3))",
        "nn.functional.scaled_dot_product_attention(x[None], x[None], x[None])",
        "nn.LSTM(8, 4)(x)",
        "mytorch.linalg.inv(mytorch.eye(512))",
        "mytorch.kernels.row_sums.row_sums(x.numpy())",
    ],
)
def test_one_thread_from_the_first_product_on(first):
    code = f"{FREE}\n{first}\nassert counts() <= {{1}}, counts()"
    subprocess.run([sys.executable, "-c", code], check=True)


TOUCH = """
import threading
from mytorch.core import blas
from mytorch.kernels import threads
touched = []
def touch(): touched.append(threading.current_thread().name)
blas.touch_packing_buffer = threads.touch_packing_buffer = touch
x @ x
assert touched == ["MainThread"], touched
mytorch.set_num_threads(3)
threads.parallel_for(lambda piece: None, range(3))
threads.parallel_for(lambda piece: None, range(3))
assert sorted(touched) == ["MainThread", "MainThread", "mytorch-1", "mytorch-2"], touched
"""


def test_each_thread_touches_its_packing_buffer_once():
    subprocess.run([sys.executable, "-c", FREE + TOUCH], check=True)


def test_users_can_give_the_blas_its_threads():
    again = "x @ x\nthreadpoolctl.threadpool_limits(2, user_api='blas')\nx @ x\nassert counts() <= {2}"
    subprocess.run([sys.executable, "-c", FREE + again], check=True)
    kept = "import os\nos.environ['MYTORCH_ONE_BLAS_THREAD'] = '0'\n"
    late = "x @ x\nmytorch.linalg.inv(mytorch.eye(512))\nassert counts() <= {3}, counts()"
    subprocess.run([sys.executable, "-c", kept + FREE + late], check=True)


def test_pieces_see_one_thread(threads):
    threads(2)
    seen = []
    parallel.parallel_for(lambda i: seen.append(counts()), [0, 1])
    assert all(found <= {1} for found in seen)


@pytest.mark.parametrize(
    ("shape", "several"),
    [((512, 512), True), ((2, 1024, 300), True), ((500, 500), False), ((300_000,), False)],
)
@pytest.mark.parametrize("count", [1, 3])
def test_lapack_gets_threads_for_large_matrices(threads, shape, several, count):
    threads(count)
    blas.use_one_thread()
    assert parallel.lapack(lambda x: counts(), np.ones(shape)) <= {count if several else 1}
    assert counts() <= {1}


def test_lapack_keeps_the_number_of_the_user(threads):
    threads(2)
    with threadpoolctl.threadpool_limits(3, user_api="blas"):
        assert parallel.lapack(lambda x: counts(), np.ones((512, 512))) <= {3}
        assert counts() <= {3}


def test_lapack_calls_that_overlap_leave_one_thread(threads):
    threads(2)
    together = threading.Barrier(2)

    def call(pause):
        with parallel.several_threads(2):
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
            seen[name] = parallel.lapack(lambda x: counts(), np.ones((512, 512)))

    parallel.parallel_for(work, [0, 1])
    assert len(seen) == 1 and all(found <= {1} for found in seen.values())
