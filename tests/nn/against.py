"""Run the same call in mytorch and in PyTorch and compare what comes out: values, dtypes, gradients, errors,
warnings.
"""

import warnings

import numpy as np
import pytest

import mytorch

torch = pytest.importorskip("torch")

TOLERANCE = {"float64": 1e-10, "float32": 2e-5, "float16": 4e-3}


def pair(array, grad=True):
    """An array as a tensor of each library; floating-point ones collect gradients."""
    wants = grad and array.dtype.kind == "f"
    return mytorch.tensor(array, requires_grad=wants), torch.tensor(array, requires_grad=wants)


def flat(result):
    """The tensors in a nested result, in order."""
    if isinstance(result, (mytorch.Tensor, torch.Tensor)):
        return [result]
    if isinstance(result, dict):
        result = list(result.values())
    return [t for part in result for t in flat(part)] if isinstance(result, (tuple, list)) else []


def close(mine, theirs, tolerance, what="value"):
    """Same shape, dtype and values."""
    assert tuple(mine.shape) == tuple(theirs.shape), (
        f"{what}: shape {tuple(mine.shape)}, expected {tuple(theirs.shape)}"
    )
    assert str(mine.dtype).split(".")[1] == str(theirs.dtype).split(".")[1], (
        f"{what}: {mine.dtype}, expected {theirs.dtype}"
    )
    np.testing.assert_allclose(
        mine.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance, err_msg=what
    )


def compare(call, arrays, dtype="float64", parameters=((), ()), backward=True):
    """``call(library, *tensors)`` in both; then the gradients of all inputs (and of ``parameters``) from a
    weighted sum of the results.
    """
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays]
    mine, theirs = zip(*map(pair, arrays)) if arrays else ((), ())
    tolerance = TOLERANCE[dtype]
    results = []
    for library, tensors in ((mytorch, mine), (torch, theirs)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.append(flat(call(library, *tensors)))
    assert len(results[0]) == len(results[1])
    for i, (m, t) in enumerate(zip(*results)):
        close(m, t, tolerance, f"result {i}")
    pairs = [(m, t) for m, t in zip(*results) if t.requires_grad]
    assert [m.requires_grad for m in results[0]] == [t.requires_grad for t in results[1]]
    if not backward or not pairs:
        return
    rng = np.random.default_rng(5)
    for m, t in pairs:
        seed = np.asarray(rng.standard_normal(tuple(t.shape))).astype(dtype)
        m.backward(mytorch.tensor(seed), retain_graph=True)
        t.backward(torch.tensor(seed), retain_graph=True)
    for i, (m, t) in enumerate([*zip(mine, theirs), *zip(*parameters)]):
        assert (m.grad is None) == (t.grad is None), f"input {i}"
        if t.grad is not None:
            close(m.grad, t.grad, tolerance * 10, f"gradient {i}")


def same_error(call, *arrays, match=None):
    """Both refuse, with the same type; ``match`` (or the whole message of torch) is in the message of
    mytorch.
    """
    mine, theirs = zip(*map(pair, arrays)) if arrays else ((), ())
    with pytest.raises(Exception) as expected:
        call(torch, *theirs)
    with pytest.raises(type(expected.value)) as found:
        call(mytorch, *mine)
    assert type(found.value) is type(expected.value)
    if match:
        assert match in str(found.value)
        assert match in str(expected.value), f"torch says: {expected.value}"
