"""The BLAS keeps to one thread from the first product on, but for large decompositions; users can free it."""

import subprocess
import sys

import pytest
import threadpoolctl

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
        "mytorch.kernels.sums.row_sums(x.numpy())",
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
