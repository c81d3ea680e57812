"""Options and fixtures: ``pytest --device cuda`` runs the suite on a GPU."""

import gc
import os
import sys

# the loops have tests of their own, which hold them to the last bit of NumPy's results
os.environ.setdefault("MYTORCH_NUMBA", "0")

import hypothesis
import numpy as np
import pytest

import mytorch
from tests import stand_in
from tests.tape import INSTALLED
from tests.tape import session as referee

# Every run tests the same examples; `pytest --hypothesis-profile=default` looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.load_profile("same")


_imported = {}  # of each test file, its draws and their states after the import


def pytest_addoption(parser):
    parser.addoption("--device", default="cpu", help="the device to run the tests on: cpu or cuda")
    parser.addoption("--failures", type=int, default=5, help="how many runs with a rank that fails")
    parser.addoption(
        "--torch",
        default="live" if INSTALLED else "recorded",
        choices=("live", "recorded", "record"),
        help="where PyTorch's answers come from, see tests/referee.py",
    )


def pytest_configure(config):
    referee.mode = config.getoption("--torch")
    config.addinivalue_line(
        "markers", "live: compares with a live PyTorch alone, what it asks is not recorded"
    )


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    if not isinstance(collector, pytest.Module):
        return (yield)
    referee.importing(collector.path)
    report = yield
    if report.passed:
        referee.tape.finish()
        generators = [g for g in vars(collector.obj).values() if isinstance(g, np.random.RandomState)]
        _imported[collector.path] = [(g, g.get_state()) for g in generators]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    referee.testing(item.path, item.nodeid.partition("::")[2], recorded=not item.get_closest_marker("live"))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    result = yield
    referee.tape.finish()
    return result


def pytest_collection_finish():
    gc.collect()
    gc.freeze()  # a million objects of collected tests, which gc.collect() in a test need not look through


def pytest_deselected(items):
    referee.whole = False


def pytest_sessionfinish(session):
    if referee.mode == "record":
        referee.save(whole=referee.whole and not any("::" in argument for argument in session.config.args))


def pytest_collection_modifyitems(config, items):
    if config.getoption("--device") != "cpu" and not mytorch.cuda.is_available():
        raise pytest.UsageError("--device cuda: CuPy or a GPU is missing")
    for item in items:
        if referee.mode == "recorded" and item.get_closest_marker("live"):
            item.add_marker(pytest.mark.skip(reason="needs a live PyTorch"))


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
def _nobody_is_asked():
    """Functions that look for ``__torch_function__``, since a test made a tensor of a subclass, stop that."""
    yield
    if dispatching := sys.modules.get("mytorch.tensors.dispatching"):
        dispatching.look_no_more()


@pytest.fixture(autouse=True)
def _seeded(request):
    """Random numbers do not depend on the tests before: mytorch's, and those of the file's generators."""
    mytorch.manual_seed(0)
    for generator, state in _imported[request.path]:
        generator.set_state(state)
