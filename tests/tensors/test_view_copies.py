"""Copying forms of views, and functions that say how large their results are."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, agree_on, same_error

X = draws(0).normal(size=(3, 4, 2))
CALLS = {
    "alias_copy": (),
    "as_strided_copy": ((2, 2), (1, 2), 1),
    "detach_copy": (),
    "diagonal_copy": (0, 0, 1),
    "expand_copy": ((5, 3, 4, 2),),
    "narrow_copy": (1, 1, 2),
    "permute_copy": ((2, 0, 1),),
    "select_copy": (1, 2),
    "slice_copy": (1, -3, None, 2),
    "split_copy": (3, 1),
    "split_with_sizes_copy": ([1, 3], 1),
    "squeeze_copy": (),
    "transpose_copy": (0, 2),
    "unbind_copy": (1,),
    "unfold_copy": (1, 2, 1),
    "unsqueeze_copy": (1,),
    "view_copy": ((6, 4),),
}


@pytest.mark.parametrize("name", CALLS)
def test_copies(name):
    agree(lambda lib, x: getattr(lib, name)(x, *CALLS[name]), [X])
    x = mytorch.tensor(X)
    results = getattr(mytorch, name)(x, *CALLS[name])
    for result in results if isinstance(results, tuple) else (results,):
        result.zero_()
    assert (x.numpy() == X).all()


def test_matrix_and_unsafe_forms():
    agree(lambda lib, x: lib.t_copy(x), [X[0]])
    agree(lambda lib, x: lib.unsafe_chunk(x, 2, 1), [X])
    agree(lambda lib, x: lib.unsafe_split(x, 3, 1), [X])


def test_parts_and_complex_numbers():
    agree(lambda lib, x: lib.view_as_real_copy(lib.complex(x, 2 * x)), [X])
    agree(lambda lib, x: lib.view_as_complex_copy(x), [X], gradient=False)
    agree(lambda lib, x: (lib.slice_copy(x), lib.slice_copy(x, 0, 0, 2)), [X])
    same_error(lambda lib, x: lib.slice_copy(x, 0, 0, 2, 0), X)
    same_error(lambda lib, x: lib.slice_copy(x, 5), X)
    agree(lambda lib, x: x.narrow_copy(1, 1, 2), [X])
    agree(lambda lib, x: x.as_strided_scatter(lib.ones(2).double(), (2,), (2,)), [X], gradient=False)


def test_fill_and_scatter():
    agree(lambda lib, x: lib.fill(x, 2.5), [X])
    agree(lambda lib, x, v: lib.fill(x, v), [X, np.array(2.5)])
    agree(lambda lib, x, y: lib.as_strided_scatter(x, y, (2, 2), (1, 2), 1), [X, X[0, :2]], gradient=False)
    same_error(lambda lib, x: lib.as_strided_scatter(x, x, (2, 2), (1, 2)), X)
    x, y = (mytorch.tensor(a, requires_grad=True) for a in (X[0], X[1, :2]))
    # torch's gradient of the first input is at the wrong places
    assert mytorch.autograd.gradcheck(lambda x, y: mytorch.as_strided_scatter(x, y, (2, 2), (1, 3)), (x, y))


def test_sizes_that_the_caller_gives():
    agree(lambda lib, x: lib.nonzero_static(x, size=3), [np.array([[0, 1], [2, 3]])])
    agree(lambda lib, x: lib.nonzero_static(x, size=6, fill_value=7), [np.array([[0, 1], [2, 3]])])
    same_error(lambda lib, x: lib.nonzero_static(x, size=-1), X)


def test_memory_in_another_order():
    agree_on(lambda lib: lib.empty_permuted((2, 3, 4), (1, 2, 0)).stride())
    agree_on(lambda lib: lib.ones(1).new_empty_strided((2, 3), (5, 1), dtype=lib.float64).stride())
    same_error(lambda lib: lib.empty_permuted((2, 3), (0, 0)))
