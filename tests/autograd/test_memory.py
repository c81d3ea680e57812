"""A dropped graph is freed by reference counting alone: the cycle collector finds nothing."""

import gc
import tracemalloc

import numpy as np
import pytest

import mytorch
from mytorch import nn, optim


class Cube(mytorch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = x * x * x
        ctx.save_for_backward(x, out)
        return out, x + 1

    @staticmethod
    def backward(ctx, g, h):
        x, _ = ctx.saved_tensors
        return g * 3 * x * x + h


def forward_only(x):
    (x.exp() * x).sum()


def backward(x):
    (x.exp() * x).sum().backward()
    x.grad = None


def with_views(x):
    y = (x * 2).reshape(-1)[1:].unsqueeze(0)
    (y.transpose(0, 1) * 3).sum().backward()
    x.grad = None


def in_place_on_views(x):
    y = x * 2
    y[1:].mul_(3)
    v = y.view(-1)
    y.add_(1)
    v[0] = 5.0
    (v * y).sum().backward()
    x.grad = None


def with_hooks(x):
    y = x * 2
    y.register_hook(lambda g: g * 2)
    y.retain_grad()
    with x.register_hook(lambda g: g):
        y.sum().backward()
    x.grad = None


def second_order(x):
    (g,) = mytorch.autograd.grad((x.exp() * x).sum(), x, create_graph=True)
    (h,) = mytorch.autograd.grad((g * g).sum(), x, create_graph=True)
    h.sum().backward()
    x.grad = None


def second_order_dropped(x):
    mytorch.autograd.grad((x.exp() * x).sum(), x, create_graph=True)


def create_graph_backward(x):
    (x * x).sum().backward(create_graph=True)
    x.grad = None  # as in torch, .grad holds the graph, which holds the leaf


def user_function(x):
    a, b = Cube.apply(x)
    (g,) = mytorch.autograd.grad((a * b).sum(), x, create_graph=True)
    g.sum().backward()
    x.grad = None


def user_function_dropped(x):
    Cube.apply(x)


def several_outputs(x):
    a, b = x.split(2)
    values, _ = (a * b).sort()
    (g,) = mytorch.autograd.grad((values * values).sum(), x, create_graph=True)
    g.sum().backward()
    x.grad = None


def several_outputs_dropped(x):
    x.split(2)
    x.sort()


def fused(x):
    (g,) = mytorch.autograd.grad((mytorch.softmax(x, 0) ** 2).sum(), x, create_graph=True)
    g.sum().backward()
    x.grad = None


def raising(x):
    y = x.exp()
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()


GRAPHS = [
    forward_only,
    backward,
    with_views,
    in_place_on_views,
    with_hooks,
    second_order,
    second_order_dropped,
    create_graph_backward,
    user_function,
    user_function_dropped,
    several_outputs,
    several_outputs_dropped,
    fused,
]


@pytest.mark.filterwarnings("ignore:Using backward.* with create_graph=True")
@pytest.mark.parametrize("graph", GRAPHS, ids=lambda f: f.__name__)
def test_a_thousand_dropped_graphs_leave_nothing(graph):
    x = mytorch.tensor(np.linspace(0.1, 1, 4), requires_grad=True)
    for _ in range(20):
        graph(x)
    gc.collect()
    gc.disable()
    spare = [tuple([None] * n) for n in range(1, 20) for _ in range(2000)]
    del spare  # CPython keeps up to 2000 dropped tuples of each size for later: have that over with
    tracemalloc.start()
    try:
        for _ in range(20):
            graph(x)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            graph(x)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        left = gc.collect()
        gc.enable()
    assert left == 0, f"{left} objects were in reference cycles"
    # one tensor kept per graph would be 300,000
    assert grown < 100_000, f"{grown} bytes more after a thousand graphs"


def test_backward_frees_what_was_saved_as_it_goes():
    x = mytorch.ones(1000, 1000, requires_grad=True)
    y = x
    for _ in range(20):
        y = y.exp().tanh()  # each saves its result
    z = y.sum()
    del y
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        z.backward()
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 6 * x.nbytes


def convolutions():
    return nn.Sequential(*[nn.Conv2d(384, 384, 3, padding=1) for _ in range(8)]), mytorch.ones(4, 384, 4, 4)


def perceptron():
    layers = [layer for _ in range(5) for layer in (nn.Linear(768, 768), nn.ReLU())]
    return nn.Sequential(*layers), mytorch.ones(32, 768)


def lstm():
    return nn.LSTM(256, 256, num_layers=6), mytorch.ones(4, 8, 256)


def encoder():
    layer = nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.0, batch_first=True)
    return nn.TransformerEncoder(layer, 6), mytorch.ones(2, 32, 256)


def training_step(model, x, optimizer):
    """The memory of what the graph saved for a step of ``model``."""
    optimizer.zero_grad()
    y = model(x)
    loss = (y[0] if isinstance(y, tuple) else y).square().mean()
    saved = bytes_saved(loss, {id(p.array) for p in model.parameters()})
    loss.backward()
    optimizer.step()
    return saved


def bytes_saved(loss, known):
    """The bytes of all arrays that the graph of ``loss`` keeps, without those in ``known``."""
    found, seen, rest = {}, set(), [loss.grad_fn]
    while rest:
        value = rest.pop()
        if isinstance(value, (tuple, list)):
            rest.extend(value)
        elif isinstance(value, np.ndarray):
            while isinstance(value.base, np.ndarray):
                value = value.base
            found[id(value)] = value.nbytes
        elif value is not None and hasattr(value, "next_functions") and id(value) not in seen:
            seen.add(id(value))
            rest += [getattr(value, name, None) for name in ("parent", "edges", "saved", "definition")]
    return sum(size for key, size in found.items() if key not in known)


@pytest.mark.parametrize("model", [convolutions, perceptron, lstm, encoder], ids=lambda f: f.__name__)
def test_a_step_takes_little_more_memory_than_what_it_must_keep(model):
    small = nn.Linear(2, 2)
    training_step(small, mytorch.ones(2, 2), optim.Adam(small.parameters()))  # imports and compiles
    threads = mytorch.get_num_threads()
    mytorch.set_num_threads(2)
    tracemalloc.start()
    try:
        model, x = model()
        optimizer = optim.Adam(model.parameters())
        training_step(model, x, optimizer)
        tracemalloc.reset_peak()
        saved = training_step(model, x, optimizer)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        mytorch.set_num_threads(threads)
    parameters = sum(p.nbytes for p in model.parameters())
    assert saved < parameters / 2  # activations, no copies of the weights
    assert peak < 1.1 * (4 * parameters + saved)  # with the gradients and Adam's two averages
