"""The same call in mytorch and in PyTorch: values, dtypes, shapes, gradients, and refusals must agree."""

import math

import numpy as np
import pytest

import mytorch

torch = pytest.importorskip("torch")

INF, NAN = math.inf, math.nan
TOLERANCE = {"float16": 2e-3, "float32": 2e-6, "float64": 1e-12}


def flat(result):
    """The tensors and numbers of a result, in order."""
    if isinstance(result, (tuple, list)):
        return [leaf for part in result for leaf in flat(part)]
    return [result]


def name_of(dtype):
    return str(dtype).rsplit(".", 1)[-1]


def compare_values(ours, theirs, where, tolerance):
    """One result: dtype, shape, values."""
    if not isinstance(theirs, torch.Tensor):
        if isinstance(theirs, torch.dtype):
            assert name_of(ours) == name_of(theirs), where
            return
        assert type(ours) is type(theirs), where
        assert ours == theirs or (ours != ours and theirs != theirs), where
        return
    assert name_of(ours.dtype) == name_of(theirs.dtype), f"{where}: dtype {ours.dtype}, torch {theirs.dtype}"
    assert tuple(ours.shape) == tuple(theirs.shape), (
        f"{where}: shape {tuple(ours.shape)}, torch {tuple(theirs.shape)}"
    )
    bound = tolerance if theirs.is_floating_point() else 0
    np.testing.assert_allclose(
        ours.detach().numpy(), theirs.detach().numpy(), rtol=bound, atol=bound, err_msg=where
    )


def attempt(function, *args):
    try:
        return function(*args), None
    except Exception as error:
        return None, error


def agree(call, arrays, where="", gradient=True, tolerance=None, weights_seed=0):
    """Run ``call(module, *tensors)`` in both and compare; where torch refuses, mytorch must with an error of
    the same kind.
    """
    theirs_in = [torch.tensor(a) if isinstance(a, (np.ndarray, np.generic)) else a for a in arrays]
    ours_in = [mytorch.tensor(a) if isinstance(a, (np.ndarray, np.generic)) else a for a in arrays]
    for ours, theirs in zip(ours_in, theirs_in):
        if gradient and isinstance(theirs, torch.Tensor) and theirs.is_floating_point():
            ours.requires_grad_(), theirs.requires_grad_()
    theirs, refused = attempt(call, torch, *theirs_in)
    ours, error = attempt(call, mytorch, *ours_in)
    if refused is not None:
        assert error is not None, (
            f"{where}: torch refuses ({type(refused).__name__}: {refused}), mytorch gives {ours}"
        )
        kinds = (RuntimeError,) if isinstance(refused, NotImplementedError) else (type(refused),)
        assert isinstance(error, kinds), (
            f"{where}: torch raises {type(refused).__name__} ({refused}), mytorch "
            f"{type(error).__name__} ({error})"
        )
        return
    if error is not None:
        raise AssertionError(f"{where}: mytorch refuses what torch takes: {error}") from error
    if tolerance is None:  # as exact as the coarsest dtype involved
        kinds = [name_of(t.dtype) for t in (*flat(theirs), *theirs_in) if isinstance(t, torch.Tensor)]
        tolerance = max((TOLERANCE.get(kind, 0) for kind in kinds), default=0)
    ours, theirs = flat(ours), flat(theirs)
    assert len(ours) == len(theirs), where
    for mine, other in zip(ours, theirs):
        compare_values(mine, other, where, tolerance)
    pairs = [(m, o) for m, o in zip(ours, theirs) if isinstance(o, torch.Tensor) and o.requires_grad]
    for mine, other in zip(ours, theirs):
        if isinstance(other, torch.Tensor) and gradient:
            assert mine.requires_grad == other.requires_grad, (
                f"{where}: requires_grad {mine.requires_grad}, torch {other.requires_grad}"
            )
    if not gradient or not pairs:
        return
    rng = np.random.default_rng(weights_seed)
    weights = [rng.uniform(0.5, 2, tuple(o.shape)).astype(name_of(o.dtype)) for _, o in pairs]
    try:
        torch.autograd.backward([o for _, o in pairs], [torch.tensor(w) for w in weights])
    except RuntimeError:
        return  # torch has no derivative here
    mytorch.autograd.backward([m for m, _ in pairs], [mytorch.tensor(w) for w in weights])
    for i, (mine, other) in enumerate(zip(ours_in, theirs_in)):
        if isinstance(other, torch.Tensor) and other.requires_grad:
            if other.grad is None:  # torch leaves out gradients that are zero
                assert mine.grad is None or not mine.grad.array.any(), (
                    f"{where}: gradient of input {i}: {mine.grad}, torch None"
                )
            else:
                compare_values(mine.grad, other.grad, f"{where}: gradient of input {i}", 4 * tolerance)
