"""Loops that numba compiles: when they run, and that nothing depends on it."""

import importlib
import subprocess
import sys

import numpy as np
import pytest

import mytorch
from tests import stand_in


def test_they_run_over_arrays_of_numpys_floats(loops):
    loops(True)
    found = {
        kind: mytorch.kernels.numba_loops.run_over(np.zeros(3, kind))
        for kind in ("float16", "float32", "float64", "int64", "complex64")
    }
    assert found == {"float16": False, "float32": True, "float64": True, "int64": False, "complex64": False}
    assert not mytorch.kernels.numba_loops.run_over(mytorch.zeros(3, dtype=mytorch.bfloat16).array)
    with stand_in.installed():
        assert not mytorch.kernels.numba_loops.run_over(mytorch.zeros(3, device="cuda").array)


def test_the_environment_turns_them_off(loops, capsys):
    loops(True)
    assert "loops: compiled by numba" in mytorch.show_config()
    loops(False)
    assert not mytorch.kernels.numba_loops.run_over(np.zeros(3, "float32"))
    assert "MYTORCH_NUMBA=0" in mytorch.show_config()


@pytest.mark.parametrize("error", [None, ImportError("Numba needs NumPy 2.4 or less")])
def test_numba_may_be_missing_or_too_old(loops, monkeypatch, error):
    loops(True)
    if error is None:
        monkeypatch.setitem(sys.modules, "numba", None)
    else:
        monkeypatch.setattr(
            mytorch.kernels.numba_loops.importlib, "import_module", lambda name: (_ for _ in ()).throw(error)
        )
    assert not mytorch.kernels.numba_loops.run_over(np.zeros(3, "float32"))
    p = mytorch.nn.Parameter(mytorch.ones(3))
    p.grad = mytorch.ones(3)
    mytorch.optim.Adam([p]).step()
    assert p.tolist() == pytest.approx([0.999] * 3)


def test_a_loop_runs_where_nothing_can_be_kept(loops):
    loops(True)
    space = {}
    exec("def double(x):\n    for i in range(x.size):\n        x[i] *= 2", space)  # a function without a file
    x = np.arange(4.0)
    mytorch.kernels.numba_loops.loop(space["double"])(x)
    assert x.tolist() == [0, 2, 4, 6]


def test_without_its_compiler_numba_is_of_no_use(loops, monkeypatch):
    loops(True)
    monkeypatch.setattr(importlib.import_module("numba").config, "DISABLE_JIT", 1)
    assert not mytorch.kernels.numba_loops.run_over(np.zeros(3, "float32"))


def test_numba_is_imported_when_a_loop_is_first_run(loops):
    code = """if True:
        import sys, mytorch
        p = mytorch.nn.Parameter(mytorch.ones(3))
        p.sum().backward()
        mytorch.optim.SGD([p]).step()
        assert "numba" not in sys.modules
        mytorch.optim.Adam([p]).step()
        assert "numba" in sys.modules
    """
    loops(True)
    subprocess.run([sys.executable, "-c", code], check=True)
