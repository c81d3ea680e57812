"""Reductions over segments, against PyTorch: values, gradients, dtypes, refusals."""

import numpy as np
import pytest

from tests.referee import agree, agree_on

X = np.array([[1.0, 5.0], [2.0, 5.0], [2.0, 3.0], [4.0, 1.0]])
Y = np.arange(24.0).reshape(2, 4, 3) % 7
REDUCTIONS = "sum mean max min prod".split()
SEGMENTS = {
    "lengths": lambda lib: {"lengths": lib.tensor([1, 0, 3])},
    "int32 lengths": lambda lib: {"lengths": lib.tensor([1, 0, 3], dtype=lib.int32)},
    "offsets": lambda lib: {"offsets": lib.tensor([0, 1, 4])},
    "offsets of a part": lambda lib: {"offsets": lib.tensor([1, 2, 3])},
    "unsafe": lambda lib: {"lengths": lib.tensor([1, 1]), "unsafe": True},
}


@pytest.mark.parametrize("segments", SEGMENTS)
@pytest.mark.parametrize("initial", [None, 2.0, 0])
@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_as_torch(reduce, initial, segments):
    def call(lib, x):
        options = {"initial": initial, **SEGMENTS[segments](lib)}
        out = lib.segment_reduce(x, reduce, **options)
        return out[lib.isfinite(out)]

    agree(call, [X])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_other_dtypes(reduce, dtype):
    def scenario(lib):
        x = lib.tensor(X, dtype=getattr(lib, dtype))
        return lib.segment_reduce(x / 3, reduce, lengths=lib.tensor([3, 0, 1]))

    agree_on(scenario, close=1e-6 if dtype == "float32" else 1e-2)  # torch rounds every step


@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_along_another_dimension(reduce):
    for axis in (1, -1):
        x = Y if axis == 1 else Y.reshape(len(Y), -1)[:, :4]
        agree(
            lambda lib, x: lib.segment_reduce(x, reduce, lengths=lib.tensor([[1, 3], [2, 2]]), axis=axis), [x]
        )


REFUSED = {
    "no segments": lambda lib: {},
    "another reduction": lambda lib: {"reduce": "foo", "lengths": lib.tensor([4])},
    "too short": lambda lib: {"lengths": lib.tensor([1, 1])},
    "negative": lambda lib: {"lengths": lib.tensor([-1, 5])},
    "float lengths": lambda lib: {"lengths": lib.tensor([4.0])},
    "indices": lambda lib: {"indices": lib.tensor([0, 0, 1, 1])},
    "another axis": lambda lib: {"lengths": lib.tensor([4]), "axis": 1},
    "lengths of rows": lambda lib: {"lengths": lib.tensor([[1, 1], [1, 1]])},
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    def call(lib):
        return lib.segment_reduce(lib.tensor(X), **{"reduce": "sum", **REFUSED[name](lib)})

    assert agree_on(call).startswith("raises")


def test_integers_are_refused():
    assert agree_on(lambda lib: lib.segment_reduce(lib.tensor([1]), "sum", lengths=lib.tensor([1]))) == (
        "raises NotImplementedError"
    )
