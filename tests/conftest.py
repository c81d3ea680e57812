"""Options and fixtures: ``pytest --device cuda`` runs the suite on a GPU."""

import importlib.util
import os

# the loops have tests of their own, which hold them to the last bit of NumPy's results
os.environ.setdefault("MYTORCH_NUMBA", "0")

import hypothesis
import pytest

import mytorch
from tests import stand_in

# Every run tests the same examples; `pytest --hypothesis-profile=default` looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.load_profile("same")

if importlib.util.find_spec("torch"):
    import torch

    torch.set_num_threads(1)  # the referee's threads spin between its calls, on the cores that the tests need


def pytest_addoption(parser):
    parser.addoption("--device", default="cpu", help="the device to run the tests on: cpu or cuda")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--device") != "cpu" and not mytorch.cuda.is_available():
        raise pytest.UsageError("--device cuda: CuPy or a GPU is missing")


@pytest.fixture(scope="session")
def device(request):
    """The device under test."""
    return mytorch.device(request.config.getoption("--device"))


@pytest.fixture
def gpu(request):
    """The GPU with ``--device cuda``; without, a stand-in for CuPy that refuses NumPy's arrays."""
    if request.config.getoption("--device") == "cuda":
        yield mytorch.device("cuda:0")
    else:
        with stand_in.installed():
            yield mytorch.device("cuda:0")


@pytest.fixture
def threads():
    """``set_num_threads``; afterwards the number is as before."""
    before = mytorch.get_num_threads()
    yield mytorch.set_num_threads
    mytorch.set_num_threads(before)


@pytest.fixture
def loops(monkeypatch):
    """``loops(True)`` lets numba run loops where there are some, ``loops(False)`` leaves all to NumPy."""
    pytest.importorskip("numba")

    def switch(on):
        monkeypatch.setenv("MYTORCH_NUMBA", str(int(on)))
        mytorch.kernels.numba_loops.numba.cache_clear()

    yield switch
    switch(False)


@pytest.fixture(autouse=True)
def _seeded():
    mytorch.manual_seed(0)
