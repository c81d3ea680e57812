"""vmap, against PyTorch."""

import copy
import threading

import numpy as np
import pytest

import mytorch
from mytorch.func.entrywise import same_draws
from mytorch.tensors.generator import default_generator
from tests.referee import agree_on, table


def x1(t):
    return t.tensor([0.5, -1.0, 2.0], dtype=t.float64)


def x2(t):
    return t.tensor([[1.0, 2.0, 3.0], [0.1, 0.2, -0.3]], dtype=t.float64)


def s_vmap(t):
    f = lambda x, y: (x * y).sum()
    return (
        t.vmap(f)(x2(t), x2(t)),
        t.vmap(f, in_dims=(0, None))(x2(t), x1(t)),
        t.vmap(f, in_dims=1)(x2(t), x2(t)),
    )


def s_vmap_out_dims(t):
    return t.vmap(lambda x: (x * 2, x.sum()), out_dims=(1, 0))(x2(t)), t.vmap(
        lambda x: x, in_dims=1, out_dims=1
    )(x2(t))


def s_vmap_nested(t):
    return t.vmap(t.vmap(lambda x, y: x * y, in_dims=(0, None)), in_dims=(None, 0))(x1(t), x1(t))


def s_vmap_of_trees(t):
    return t.vmap(lambda p, x: p["w"] * x, in_dims=({"w": None}, 0))({"w": x1(t)}, x2(t))


def s_vmap_differentiable(t):
    x = x2(t).requires_grad_()
    t.vmap(lambda x: (x**3).sum())(x).sum().backward()
    return x.grad


def s_vmap_of_different_sizes(t):
    return t.vmap(lambda x, y: x)(x1(t), x2(t))


def s_vmap_of_no_tensor(t):
    return t.vmap(lambda x: x)(3)


def s_vmap_of_a_missing_dimension(t):
    return t.vmap(lambda x: x, in_dims=2)(x2(t))


def s_vmap_random_error(t):
    return t.vmap(lambda x: x + t.rand(3))(x2(t))


def s_vmap_random_same(t):
    out = t.vmap(lambda x: x * 0 + t.rand(3, dtype=t.float64), randomness="same")(x2(t))
    return bool((out[0] == out[1]).all())


def s_vmap_random_different(t):
    out = t.vmap(lambda x: x * 0 + t.rand(3, dtype=t.float64), randomness="different")(x2(t))
    return bool((out[0] == out[1]).any())


def s_vmap_of_jacobians(t):
    return t.vmap(t.func.jacrev(lambda x: x.exp()))(x2(t)), t.vmap(t.func.grad(lambda x: (x**3).sum()))(x2(t))


def s_vmap_of_nothing(t):
    return t.vmap(lambda x, y: (x * y, x @ y), in_dims=(1, None), out_dims=(1, 0))(x2(t)[:, :0], x2(t)[:, 0])


# ---- what is refused, as in PyTorch --------------------------------------------------------------


def s_vmap_of_a_condition(t):
    return t.vmap(lambda x: x if x.sum() > 0 else -x)(x2(t))


def s_vmap_of_an_item(t):
    return t.vmap(lambda x: x * x.sum().item())(x2(t))


def s_vmap_of_a_mask(t):
    return t.vmap(lambda x: x[x > 0])(x2(t))


def s_vmap_in_place_on_what_is_not_batched(t):
    def f(x):
        total = t.zeros(3, dtype=t.float64)
        total.add_(x)
        return total

    return t.vmap(f)(x2(t))


def s_vmap_of_other_structures(t):
    return t.vmap(lambda x, y: x, in_dims=(0,))(x2(t), x2(t))


def s_vmap_of_dims_that_are_no_numbers(t):
    return t.vmap(lambda x: x, in_dims="0")(x2(t))


def s_vmap_of_no_function_of_tensors(t):
    return t.vmap(lambda x: 3)(x2(t))


def s_vmap_chunk_size_of_zero(t):
    return t.vmap(lambda x: x, chunk_size=0)(x2(t))


def s_vmap_of_random_words(t):
    return t.vmap(lambda x: x, randomness="some")(x2(t))


# ---- backward inside -----------------------------------------------------------------------------


def summing(w, times=1):
    """A function whose calls of backward reach ``w``, which all entries share, and a tensor of each entry."""

    def f(x):
        own = x.detach().requires_grad_()
        for _ in range(times):
            loss = ((w * own) ** 2).sum() + (w**3).sum()
            loss.backward()
        return own.grad

    return f


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("before", [None, 5.0])
def test_backward_sums_gradients_of_what_all_share(before, times):
    x, results = x2(mytorch), []
    for mapped in (mytorch.vmap, lambda f: lambda x: mytorch.stack([f(row) for row in x])):
        w = x1(mytorch).requires_grad_()
        w.grad = None if before is None else mytorch.full_like(w, before)
        results.append([mapped(summing(w, times))(x), w.grad])
    for found, wanted in zip(*results):
        assert type(found.array) is np.ndarray
        np.testing.assert_allclose(found.numpy(), wanted.numpy())


def test_backward_inside_of_two_levels():
    x, w = mytorch.stack([x2(mytorch), 2 * x2(mytorch)]), x1(mytorch).requires_grad_()
    mytorch.vmap(mytorch.vmap(summing(w)))(x)
    found, w.grad = w.grad, None
    for row in x.reshape(-1, x.shape[-1]):
        summing(w)(row)
    np.testing.assert_allclose(found.numpy(), w.grad.numpy())


# ---- what stands for all entries -----------------------------------------------------------------


def s_vmap_sees_one_entry(t):
    seen = []

    def f(x):
        seen.append((tuple(x.shape), x.dim(), x.numel(), len(x), str(x.dtype).split(".")[-1]))
        return x.reshape(-1, 1).mT.squeeze(0)[1:] + x.size(0)

    return t.vmap(f)(x2(t)), seen


def s_vmap_in_chunks(t):
    calls = []

    def f(x):
        calls.append(1)
        return x.cumsum(0), x.max()

    x = t.arange(14.0, dtype=t.float64).reshape(7, 2)
    return t.vmap(f, chunk_size=3)(x), t.vmap(f, chunk_size=3, out_dims=(1, 0))(x), len(calls)


def s_vmap_in_place(t):
    def f(x):
        x = x * 1
        x.mul_(2)
        x[0] = x[1] + 1
        x[1:] += 1
        x.clamp_(max=4)
        return x

    return t.vmap(f)(x2(t))


def s_vmap_in_place_differentiable(t):
    x = x2(t).requires_grad_()

    def f(x):
        y = x.sin()
        y[0] = x[1] * x[2]
        y[1:].mul_(x[0])
        return (y * y).sum()

    t.vmap(f)(x).sum().backward()
    return x.grad


def s_vmap_by_an_index_of_each_entry(t):
    index = t.tensor([[2, 0], [1, 1]])
    return (
        t.vmap(lambda x, i: x[i])(x2(t), index),
        t.vmap(lambda i: x1(t)[i])(index),
        t.vmap(lambda x, i: x.gather(0, i))(x2(t), index),
        t.vmap(lambda x, i: x.index_select(0, i), in_dims=(None, 0))(x1(t), index),
    )


def s_vmap_of_what_is_captured(t):
    w = x1(t).requires_grad_()
    b = t.tensor(0.5, dtype=t.float64).requires_grad_()
    t.vmap(lambda x: ((x * w).tanh() + b).prod())(x2(t)).sum().backward()
    return w.grad, b.grad


def s_vmap_of_results_that_are_not_batched(t):
    w = x1(t).requires_grad_()
    out = t.vmap(lambda x: (w * 2, x1(t)))(x2(t))
    out[0].sum().backward()
    return out, w.grad


def s_vmap_nested_with_what_is_captured(t):
    w = x1(t).requires_grad_()
    inner = lambda x: t.vmap(lambda y: (x * y * w).sin().sum())(x2(t))
    out = t.vmap(inner)(x2(t) * 2)
    out.pow(2).sum().backward()
    return out, w.grad


def s_vmap_of_three(t):
    f = lambda x, y, z: x * y - z
    x = x1(t)
    once = t.vmap(f, in_dims=(0, None, None))
    twice = t.vmap(once, in_dims=(None, 0, None), out_dims=1)
    return t.vmap(twice, in_dims=(None, None, 0), out_dims=-1)(x, x[:2], x + 1)


def s_grad_of_vmap_of_grad(t):
    inner = t.func.grad(lambda x, w: ((x * w).tanh()).sum())
    outer = lambda w: t.vmap(inner, in_dims=(0, None))(x2(t), w).pow(2).sum()
    return t.func.grad(outer)(x1(t)), t.func.hessian(outer)(x1(t))


def s_vmap_of_derivatives(t):
    f = lambda x: (x.exp() * x.sum(), x.prod())
    x = x2(t)
    return (
        t.vmap(t.func.jacrev(f))(x),
        t.vmap(t.func.jacfwd(f))(x),
        t.vmap(t.func.hessian(lambda x: (x**3).sum() * x[0]))(x),
        t.vmap(lambda x, v: t.func.jvp(f, (x,), (v,)))(x, x * 2),
        t.vmap(lambda x, v: t.func.vjp(lambda x: x.exp(), x)[1](v))(x, x * 2),
    )


def s_vmap_of_pulls(t):
    _, pull = t.func.vjp(lambda x: t.vmap(lambda row: row.sin() * row.sum())(x), x2(t))
    return t.vmap(pull)(t.stack([x2(t), x2(t) * 2, x2(t) - 1]))


def s_vmap_same_draws_beside_batched_tensors(t):
    t.manual_seed(0)
    out = t.vmap(lambda x: t.nn.functional.dropout(x * 0 + 1, 0.5), randomness="same")(t.ones(3, 50))
    return bool((out[0] == out[1]).all()), bool(out.sum() > 0)


def s_vmap_different_draws(t):
    t.manual_seed(0)

    def f(x):
        return (
            t.nn.functional.dropout(x * 0 + 1, 0.5),
            t.randn(50),
            t.randint(0, 100, (50,)),
            t.rand_like(x),
            t.bernoulli(x * 0 + 0.5),
            t.randperm(50),
        )

    out = t.vmap(f, randomness="different")(t.ones(3, 50))
    return [bool((o[0] == o[1]).all()) for o in out], [tuple(o.shape) for o in out]


# ---- the tutorials of torch.func -----------------------------------------------------------------


def weights(t, *shapes):
    return [
        t.linspace(-1, 1, int(np.prod(s)), dtype=t.float64).sin().mul(1.7 + i).reshape(s)
        for i, s in enumerate(shapes)
    ]


class Net:
    """The tutorials' convolutional network, made of functions so that both libraries take it."""

    @staticmethod
    def make(t):
        class CNN(t.nn.Module):
            def __init__(self):
                super().__init__()
                self.conv1 = t.nn.Conv2d(1, 2, 3, 1)
                self.conv2 = t.nn.Conv2d(2, 4, 3, 1)
                self.fc1 = t.nn.Linear(4 * 3 * 3, 6)
                self.fc2 = t.nn.Linear(6, 5)

            def forward(self, x):
                x = t.nn.functional.relu(self.conv1(x))
                x = t.nn.functional.relu(self.conv2(x))
                x = t.nn.functional.max_pool2d(x, 2)
                x = t.flatten(x, 1)
                x = t.nn.functional.relu(self.fc1(x))
                return t.nn.functional.log_softmax(self.fc2(x), dim=1)

        net = CNN().double()
        with t.no_grad():
            for p in net.parameters():
                p.copy_(weights(t, tuple(p.shape))[0])
        return net

    @staticmethod
    def data(t, n=4):
        x = t.linspace(0, 5, n * 100, dtype=t.float64).cos().reshape(n, 1, 10, 10)
        return x, t.arange(n) % 5


def s_tutorial_gradients_per_sample(t):
    net, (data, targets) = Net.make(t), Net.data(t)
    params = {k: v.detach() for k, v in net.named_parameters()}
    buffers = {k: v.detach() for k, v in net.named_buffers()}

    def compute_loss(params, buffers, sample, target):
        batch, targets = sample.unsqueeze(0), target.unsqueeze(0)
        predictions = t.func.functional_call(net, (params, buffers), (batch,))
        return t.nn.functional.nll_loss(predictions, targets)

    ft_compute_sample_grad = t.vmap(t.func.grad(compute_loss), in_dims=(None, None, 0, 0))
    return ft_compute_sample_grad(params, buffers, data, targets)


def s_tutorial_ensembles(t):
    models = [copy.deepcopy(model) for model in [Net.make(t)] * 3]
    with t.no_grad():
        for i, model in enumerate(models):
            for p in model.parameters():
                p.mul_(1 + 0.1 * i)
    params, buffers = t.func.stack_module_state(models)
    base_model = models[0]

    def fmodel(params, buffers, x):
        return t.func.functional_call(base_model, (params, buffers), (x,))

    data, _ = Net.data(t, 6)
    minibatches = data.reshape(3, 2, 1, 10, 10)
    return (
        t.vmap(fmodel)(params, buffers, minibatches),
        t.vmap(fmodel, in_dims=(0, 0, None))(params, buffers, minibatches[0]),
    )


def s_tutorial_jacobians(t):
    weight, bias = weights(t, (4, 4), (4,))
    x = x2(t)[0].repeat(2)[:4]
    predict = lambda weight, bias, x: t.nn.functional.linear(x, weight, bias).tanh()
    unit_vectors = t.eye(4, dtype=t.float64)
    _, vjp_fn = t.func.vjp(lambda x: predict(weight, bias, x), x)
    (ft_jacobian,) = t.vmap(vjp_fn)(unit_vectors)
    return (
        ft_jacobian,
        t.func.jacrev(predict, argnums=2)(weight, bias, x),
        t.func.jacfwd(predict, argnums=2)(weight, bias, x),
        t.func.jacrev(predict, argnums=(0, 1), chunk_size=2)(weight, bias, x),
        t.func.jacfwd(predict, argnums=(0, 1))(weight, bias, x),
        t.func.hessian(predict, argnums=2)(weight, bias, x),
        t.func.jacfwd(t.func.jacfwd(predict, argnums=2), argnums=2)(weight, bias, x),
        t.vmap(t.func.jacrev(predict, argnums=2), in_dims=(None, None, 0))(weight, bias, t.stack([x, -x])),
        t.vmap(t.func.hessian(predict, argnums=2), in_dims=(None, None, 0))(weight, bias, t.stack([x, -x])),
    )


def s_tutorial_neural_tangent_kernels(t):
    net, (x, _) = Net.make(t), Net.data(t, 5)
    x_train, x_test = x[:3], x[3:]
    params = {k: v.detach() for k, v in net.named_parameters()}

    def fnet_single(params, x):
        return t.func.functional_call(net, params, (x.unsqueeze(0),)).squeeze(0)

    def empirical_ntk_jacobian_contraction(x1, x2):
        jac1 = t.vmap(t.func.jacrev(fnet_single), (None, 0))(params, x1)
        jac2 = t.vmap(t.func.jacrev(fnet_single), (None, 0))(params, x2)
        jac1, jac2 = ([j.flatten(2) for j in jac.values()] for jac in (jac1, jac2))
        return t.stack([t.einsum("Naf,Mbf->NMab", j1, j2) for j1, j2 in zip(jac1, jac2)]).sum(0)

    def empirical_ntk_ntk_vps(x1, x2):
        def get_ntk(x1, x2):
            output, vjp_fn = t.func.vjp(lambda params: fnet_single(params, x1), params)

            def get_ntk_slice(vec):
                vjps = vjp_fn(vec)
                _, jvps = t.func.jvp(lambda params: fnet_single(params, x2), (params,), vjps)
                return jvps

            return t.vmap(get_ntk_slice)(t.eye(output.numel(), dtype=t.float64))

        result = t.vmap(t.vmap(get_ntk, (None, 0)), (0, None))(x1, x2)
        return result.permute(0, 1, 3, 2)

    return empirical_ntk_jacobian_contraction(x_train, x_test), empirical_ntk_ntk_vps(x_train, x_test)


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_a_function_is_called_once():
    calls = []
    mytorch.vmap(lambda x: calls.append(1) or x.sin().sum())(mytorch.ones(64, 3))
    mytorch.vmap(mytorch.func.grad(lambda x: calls.append(1) or x.sin().sum()))(mytorch.ones(64, 3))
    assert len(calls) == 2


def test_what_reads_its_entries_is_called_for_each():
    calls, ends = [], mytorch.tensor([1.0, 30.0])
    found = mytorch.vmap(lambda end: calls.append(1) or mytorch.linspace(0, end, 4))(ends)
    assert len(calls) > 1 and mytorch.equal(found, mytorch.stack([mytorch.linspace(0, e, 4) for e in ends]))


def test_outside_of_vmap_the_generator_is_as_it_was():
    for randomness in ("error", "different"):
        mytorch.vmap(lambda x: x + 1, randomness=randomness)(mytorch.ones(2))
        assert type(default_generator.numpy) is np.random.Generator
    with pytest.raises(RuntimeError, match="randomness error mode"):
        mytorch.vmap(lambda x: x + mytorch.rand(2))(mytorch.ones(2))
    assert type(default_generator.numpy) is np.random.Generator


def test_other_threads_draw_as_ever():
    drawn = []

    def f(x):
        thread = threading.Thread(target=lambda: drawn.append(mytorch.rand(3)))
        thread.start()
        thread.join()
        return x

    for randomness in ("error", "different"):
        mytorch.vmap(f, randomness=randomness)(mytorch.ones(2))
    assert [d.shape for d in drawn] == [(3,), (3,)]


def test_printed_inside():
    shown = []
    mytorch.vmap(lambda x: shown.append(repr(x)) or x)(mytorch.ones(2, 1))
    assert shown[0].startswith("BatchedTensor(levels=(") and "tensor([[1.],\n            [1.]])" in shown[0]


@pytest.mark.parametrize("name", ["floor", "sort", "relu"])
def test_complex_numbers_are_refused_with_the_name(name):
    with pytest.raises(NotImplementedError, match=rf"{name}\(\) is not implemented for complex64"):
        mytorch.vmap(getattr(mytorch, name))(mytorch.ones(3, 2, dtype=mytorch.complex64))


def test_a_failed_call_leaves_no_draws_shared():
    with pytest.raises(ZeroDivisionError):
        mytorch.vmap(lambda x: x / 1 + 1 / 0, randomness="same")(mytorch.ones(2))
    assert not same_draws.get()
