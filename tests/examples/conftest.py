"""One thread of the BLAS: the products here are small, and more threads only wait for each other when the
machine is busy.
"""

import pytest

import mytorch


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    before = mytorch.get_num_threads()
    mytorch.set_num_threads(1)
    yield
    mytorch.set_num_threads(before)
