"""A scenario is a function of the library; ``agree`` runs it in mytorch and in PyTorch and compares what
comes out.
"""

import warnings

import numpy as np
import pytest

import mytorch


def plain(value):
    """Tensors as (dtype, array), errors as their type; containers kept."""
    if hasattr(value, "detach"):
        return str(value.dtype).split(".")[-1], np.asarray(value.detach().cpu().numpy())
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    return value


def outcome(scenario, lib, *args):
    try:
        return plain(scenario(lib, *args))
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        return f"raises {type(error).__name__}"


def equal(mine, theirs, path="result", close=1e-6):
    if isinstance(theirs, list):
        assert isinstance(mine, list) and len(mine) == len(theirs), f"{path}: {mine} != {theirs}"
        for i, (m, t) in enumerate(zip(mine, theirs)):
            equal(m, t, f"{path}[{i}]", close)
    elif isinstance(theirs, tuple) and isinstance(theirs[1], np.ndarray):
        assert isinstance(mine, tuple), f"{path}: {mine} != {theirs}"
        assert mine[0] == theirs[0], f"{path}: dtype {mine[0]} != {theirs[0]}"
        assert mine[1].shape == theirs[1].shape, f"{path}: shape {mine[1].shape} != {theirs[1].shape}"
        np.testing.assert_allclose(mine[1], theirs[1], rtol=close, atol=close / 10, err_msg=path)
    else:
        assert mine == theirs, f"{path}: {mine!r} != {theirs!r}"


def agree(scenario, *args, close=1e-6):
    """Run ``scenario(lib, *args)`` in both libraries; values (to ``close``), dtypes, shapes and types of
    errors must be the same.
    """
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = outcome(scenario, torch, *args)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Using backward\(\) with create_graph=True")
        mine = outcome(scenario, mytorch, *args)
    equal(mine, theirs, close=close)


def table(namespace):
    """Every scenario (function ``s_...``) of a test file, for ``pytest.mark.parametrize``."""
    found = [f for name, f in namespace.items() if name.startswith("s_")]
    return pytest.mark.parametrize("scenario", found, ids=lambda f: f.__name__[2:])
