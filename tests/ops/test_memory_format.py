"""The order of elements in memory: strides and values as in PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import numbers
from tests.referee import agree

FORMATS = "channels_last channels_last_3d contiguous_format preserve_format".split()
RANKS = {"matrix": (3, 4), "images": (2, 3, 4, 5), "one channel": (2, 1, 4, 5), "volumes": (2, 3, 4, 5, 2)}
WAYS = {
    "to": lambda m, x, form: x.to(memory_format=form),
    "contiguous": lambda m, x, form: x.contiguous(memory_format=form),
    "clone": lambda m, x, form: x.clone(memory_format=form),
    "double": lambda m, x, form: x.double(memory_format=form),
    "zeros_like": lambda m, x, form: m.zeros_like(x, memory_format=form),
    "ones": lambda m, x, form: m.ones_like(x, memory_format=form),
}


def strides(x):  # those of dimensions of one element say nothing
    return [s for s, n in zip(x.stride(), x.shape) if n > 1]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("way", WAYS)
def test_each_way(way, form):
    if way == "contiguous" and form == "preserve_format":
        pytest.skip("PyTorch has no order to make of it")
    for name, shape in RANKS.items():
        # PyTorch's ``to`` leaves what is in neither order as it is when it is asked for that of the indices
        for swapped in (False,) if (way, form) == ("to", "contiguous_format") else (False, True):

            def call(m, x):
                x = x.transpose(-1, -2) if swapped else x
                y = WAYS[way](m, x, getattr(m, form))
                return [*strides(y), y.is_contiguous()], y

            agree(call, [numbers(shape)], f"{name}, swapped: {swapped}")


@pytest.mark.parametrize("form", FORMATS[:3])
def test_questions(form):
    def call(m, x):
        views = (x, x.transpose(1, -1), x.to(memory_format=m.channels_last), x.flip(0), x[:, :1])
        return [v.is_contiguous(memory_format=getattr(m, form)) for v in views]

    agree(call, [numbers((2, 3, 4, 5))], gradient=False)


def test_operations_keep_the_order():
    def call(m, x):
        y = x.to(memory_format=m.channels_last)
        return [strides(z) for z in (y + 1, y.relu(), y * y, y.clone(), m.empty_like(y), y.detach())]

    agree(call, [numbers((2, 3, 4, 5))], gradient=False)


def test_layers_take_it():
    def call(m, x):
        m.manual_seed(0)
        net = m.nn.Sequential(m.nn.Conv2d(3, 4, 3), m.nn.BatchNorm2d(4), m.nn.ReLU(), m.nn.MaxPool2d(2))
        for p in net.parameters():
            p.data = m.linspace(-1, 1, p.numel()).reshape(p.shape)
        net = net.to(memory_format=m.channels_last)
        order = strides(net[0].weight)
        return net(x.to(memory_format=m.channels_last)), net(x), order

    agree(call, [numbers((2, 3, 8, 8))], tolerance=1e-4)


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.ones(2, 3).contiguous(memory_format=5),
        lambda m: m.ones(2, 3).to(memory_format="channels_last"),
        lambda m: m.empty(2, 3, memory_format=m.channels_last),
        lambda m: m.nn.Conv1d(2, 3, 1).to(memory_format=m.channels_last).weight.stride(),
    ],
)
def test_what_is_refused(call):
    agree(lambda m, x: call(m), [np.ones(1, "float32")], gradient=False)


def test_the_memory_is_another_one():
    x = mytorch.ones(2, 3, 4, 5)
    y = x.to(memory_format=mytorch.channels_last)
    assert y.data_ptr() != x.data_ptr() and y.contiguous(memory_format=mytorch.channels_last) is y
