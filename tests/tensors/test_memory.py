"""Taking the memory of another tensor, and the order of dimensions in it, against PyTorch."""

import pytest

import mytorch
from tests.referee import agree_on, table


def start(lib):
    return lib.arange(6.0).reshape(2, 3)


def s_set_to_a_tensor(lib):
    x, y = start(lib), lib.zeros(3)
    same = y.set_(x) is y
    y[0, 0] = 9
    return x, y, same, y.is_set_to(x)


def s_set_to_a_storage(lib):
    x = start(lib)
    return (
        lib.zeros(3).set_(x.storage(), 1, (2, 2), (2, 1)),
        lib.zeros(3).set_(x.untyped_storage()),
        lib.zeros(3).set_(x.untyped_storage(), 1, (2, 2)),
        lib.zeros(3).set_(x, 1, (2,), (1,)),
        lib.zeros(3).set_(),
    )


def s_set_a_parameter(lib):
    w = lib.nn.Parameter(lib.zeros(3))
    with lib.no_grad():
        w.set_(start(lib))
    (w * w).sum().backward()
    return w, w.grad


def s_is_set_to(lib):
    x = start(lib)
    return [x.is_set_to(y) for y in (x, x.view(6), x.view(2, 3), x.clone(), x.t(), x.detach(), x[1:])]


def s_dim_order(lib):
    x, images = start(lib), lib.zeros(2, 3, 4, 5)
    last = images.contiguous(memory_format=lib.channels_last)
    views = x, x.t(), last, last[:, :, 1:], images.permute(3, 1, 0, 2), lib.zeros(()), x.expand(2, 2, 3)
    return [list(view.dim_order()) for view in (*views, lib.zeros(2, 1, 3))]


def s_dim_order_of_one_format(lib):
    both = [lib.contiguous_format, lib.channels_last]
    last = lib.zeros(2, 3, 4, 5).contiguous(memory_format=lib.channels_last)
    return list(last.dim_order(ambiguity_check=both)), list(start(lib).dim_order(ambiguity_check=True))


def s_dense(lib):
    x = start(lib)
    return x.to_dense() is x, x.dense_dim(), x.sparse_dim()


REFUSED = {
    "dtype": lambda lib: lib.zeros(3).set_(lib.zeros(3).double()),
    "recorded": lambda lib: lib.zeros(3, requires_grad=True).set_(start(lib)),
    "outside": lambda lib: lib.zeros(3).set_(start(lib).storage(), 50, (2, 2)),
    "several orders": lambda lib: lib.zeros(2, 1, 3).dim_order(ambiguity_check=True),
    "repeated": lambda lib: start(lib).expand(2, 2, 3).dim_order(ambiguity_check=True),
    "no list": lambda lib: start(lib).dim_order(ambiguity_check=3),
}


@table(globals())
def test_as_torch(scenario):
    agree_on(scenario)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    # torch writes over the memory behind a storage that is too small
    if name == "outside":
        with pytest.raises(RuntimeError, match="out of bounds"):
            REFUSED[name](mytorch)
    else:
        assert agree_on(REFUSED[name]).startswith("raises")
