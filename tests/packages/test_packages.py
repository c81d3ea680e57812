"""Packages that were written for PyTorch, unchanged, in a process in which ``import torch`` means mytorch:
their values and gradients are PyTorch's.
"""

import importlib
import warnings

import numpy as np
import pytest

from tests.packages import (
    books,
    frameworks,
    language,
    many,
    more,
    more_packages,
    running,
    sciences,
    timm_networks,
    vision,
)
from tests.referee import Numbers, answer

MODULES = (vision, timm_networks, many, more, books, sciences, language, frameworks, more_packages)
PROGRAMS = [(module, name) for module in MODULES for name in module.PROGRAMS]
# sums in another order, and what is left where large numbers cancel
TOLERANCE = {"torchmetrics": 2e-4, "nflows": 1e-4}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """All programs run on mytorch, a process for each module of programs, side by side."""
    return running.with_mytorch([module.__name__ for module in MODULES], tmp_path_factory.mktemp("results"))


def recorded(value):
    """``value`` with (dtype, the largest of the numbers, :class:`Numbers`) for arrays."""
    if isinstance(value, np.ndarray):
        largest = np.abs(value[np.isfinite(value)]).max(initial=0) if value.dtype.kind in "fc" else 0
        return (value.dtype.name, float(largest), Numbers.of(value))
    if isinstance(value, dict):
        return {key: recorded(v) for key, v in value.items()}
    return [recorded(v) for v in value] if isinstance(value, list) else value


def of_torch(torch, module, name):
    running.compiled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return recorded(running.plain(importlib.import_module(module).PROGRAMS[name][1]()))


def same(mine, theirs, where, tolerance):
    if isinstance(theirs, tuple):
        dtype, largest, numbers = theirs
        assert isinstance(mine, np.ndarray) and mine.dtype.name == dtype, f"{where}: {mine!r:.200}"
        numbers.check(mine, tolerance if largest else 0, tolerance * largest, where)
    elif isinstance(theirs, dict):
        assert list(mine) == list(theirs), where
        for key in theirs:
            same(mine[key], theirs[key], f"{where}.{key}", tolerance)
    elif isinstance(theirs, list):
        assert isinstance(mine, list) and len(mine) == len(theirs), f"{where}: {mine!r:.200}"
        for i, (m, t) in enumerate(zip(mine, theirs)):
            same(m, t, f"{where}[{i}]", tolerance)
    elif isinstance(theirs, float):
        assert mine == pytest.approx(theirs, rel=tolerance, abs=tolerance * 1e-2, nan_ok=True), where
    else:
        assert mine == theirs, where


@pytest.mark.parametrize(("module", "name"), PROGRAMS, ids=lambda value: getattr(value, "__name__", value))
def test_a_package_unchanged(module, name, results):
    packages, _ = module.PROGRAMS[name]
    if missing := running.absent(packages):
        pytest.skip(f"not installed: {' '.join(missing)}, see tests/packages/requirements.txt")
    mine = results[module.__name__][name]
    assert not (isinstance(mine, str) and mine.startswith("failed")), mine
    same(mine, answer(of_torch, module.__name__, name), name, TOLERANCE.get(name, 5e-5))
