"""``out=``: the result is written into a tensor that is there; what PyTorch refuses is refused."""

import warnings

import numpy as np
import pytest

import mytorch
from tests.autograd.agree import agree

A = np.random.default_rng(0).uniform(0.1, 0.3, (3, 3)).astype("float32") + np.eye(3, dtype="float32") / 2
CALLS = {
    **{name: (lambda lib, x, out, name=name: getattr(lib, name)(x, x, out=out)) for name in
       "add sub mul div true_divide floor_divide pow remainder fmod atan2 maximum minimum matmul mm hypot".split()},
    **{name: (lambda lib, x, out, name=name: getattr(lib, name)(x, out=out)) for name in
       "exp log sqrt abs neg sigmoid tanh sin floor ceil round sign square reciprocal rsqrt erf tril inverse".split()},
    "alpha": lambda lib, x, out: lib.add(x, x, alpha=2, out=out),
    "clamp": lambda lib, x, out: lib.clamp(x, 0.3, 0.5, out=out),
    "cumsum": lambda lib, x, out: lib.cumsum(x, 1, out=out),
    "addmm": lambda lib, x, out: lib.addmm(x, x, x, beta=2, out=out),
    "outer": lambda lib, x, out: lib.outer(x[0], x[1], out=out),
}  # fmt: skip
OTHER_SHAPES = {
    "sum": lambda lib, x, out: lib.sum(x, 0, out=out),
    "mean": lambda lib, x, out: lib.mean(x, 0, True, out=out),
    "var": lambda lib, x, out: lib.var(x, 1, out=out),
    "std": lambda lib, x, out: lib.std(x, 1, out=out),
    "norm": lambda lib, x, out: lib.norm(x, 2, 0, out=out),
    "bmm": lambda lib, x, out: lib.bmm(x[None], x[None], out=out),
    "mv": lambda lib, x, out: lib.mv(x, x[0], out=out),
    "dot": lambda lib, x, out: lib.dot(x[0], x[0], out=out),
    "cat": lambda lib, x, out: lib.cat([x, x], 1, out=out),
    "stack": lambda lib, x, out: lib.stack([x, x], out=out),
}


@pytest.mark.parametrize("name", CALLS)
def test_into_a_tensor_of_the_shape(name):
    def scenario(lib):
        x, out = lib.tensor(A), lib.zeros(3, 3)
        part = out[1:]  # sees the change
        return CALLS[name](lib, x, out) is out, out, part

    agree(scenario)


@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_into_an_empty_tensor(name):
    def scenario(lib):
        out = lib.empty(0)
        return OTHER_SHAPES[name](lib, lib.tensor(A), out) is out, out

    agree(scenario)


def test_into_another_dtype():
    for kind in ("float64", "float16"):
        agree(lambda lib, kind=kind: lib.exp(lib.tensor(A), out=lib.zeros(3, 3, dtype=getattr(lib, kind))))
    agree(lambda lib: lib.exp(lib.tensor(A), out=lib.zeros(3, 3, dtype=lib.int64)))  # refused
    agree(lambda lib: lib.nonzero(lib.tensor(A), out=lib.zeros(0, dtype=lib.int64)))


def test_what_is_refused():
    agree(lambda lib: lib.exp(lib.tensor(A, requires_grad=True), out=lib.zeros(3, 3)))
    agree(lambda lib: lib.exp(lib.tensor(A), out=lib.zeros(3, 3, requires_grad=True)))
    agree(lambda lib: lib.stack([lib.tensor(A, requires_grad=True)], out=lib.zeros(1, 3, 3)))
    agree(lambda lib: lib.exp(lib.tensor(A), out=3))
    agree(lambda lib: lib.add(lib.tensor(A), 1, out=None))
    with pytest.warns(UserWarning, match="was resized"):
        assert mytorch.exp(mytorch.tensor(A), out=mytorch.zeros(2)).shape == (3, 3)


def test_without_recording():
    def scenario(lib):
        x, out = lib.tensor(A, requires_grad=True), lib.zeros(3, 3)
        with lib.no_grad():
            lib.mul(x, 2, out=out)
        return out, out.requires_grad

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agree(scenario)


def test_a_saved_value_that_is_overwritten():
    def scenario(lib):
        x, saved = lib.tensor(A, requires_grad=True), lib.ones(3, 3)
        y = x * saved
        lib.exp(lib.tensor(A), out=saved)
        y.sum().backward()

    agree(scenario)
