"""autograd.functional and func against PyTorch."""

import numpy as np
import pytest

import mytorch
from mytorch import nn
from tests.draws import draws
from tests.referee import agree_on, table


def x1(t):
    return t.tensor([0.5, -1.0, 2.0], dtype=t.float64)


def x2(t):
    return t.tensor([[1.0, 2.0, 3.0], [0.1, 0.2, -0.3]], dtype=t.float64)


def two(x, y):
    return (x.exp() * y).sum(1), y.sum() * x


def scalar(x, y=None):
    return (x * x * x).sum() + (0 if y is None else (x * y).sum() ** 2)


# ---- autograd.functional -------------------------------------------------------------------------


def s_grad_with_torchs_older_argument(t):
    x = x1(t).requires_grad_()
    y = (x.exp() * 2).sum()
    named = t.autograd.grad(
        outputs=y,
        inputs=x,
        grad_outputs=t.ones_like(y),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )
    return named, t.autograd.grad(y, [x, x1(t).requires_grad_()], None, None, False, True, True)[0]


def s_vjp(t):
    return t.autograd.functional.vjp(two, (x1(t), x2(t)), (t.ones(2, dtype=t.float64), x1(t)))


def s_vjp_without_v(t):
    return t.autograd.functional.vjp(scalar, x1(t))


def s_vjp_v_missing(t):
    return t.autograd.functional.vjp(lambda x: x * 2, x1(t))


def s_vjp_v_of_wrong_size(t):
    return t.autograd.functional.vjp(lambda x: x * 2, x1(t), t.ones(2))


def s_vjp_of_a_constant(t):
    return t.autograd.functional.vjp(lambda x: t.ones(2), x1(t), t.ones(2))


def s_vjp_of_a_constant_strict(t):
    return t.autograd.functional.vjp(lambda x: t.ones(2), x1(t), t.ones(2), strict=True)


def s_vjp_of_no_tensor(t):
    return t.autograd.functional.vjp(lambda x: 3, x1(t))


def s_jvp(t):
    return t.autograd.functional.jvp(two, (x1(t), x2(t)), (x1(t), x2(t) * 2))


def s_jvp_of_a_linear_function(t):
    return t.autograd.functional.jvp(lambda x: x * 2 + 1, x1(t), x1(t))


def s_jvp_strict(t):
    return t.autograd.functional.jvp(lambda x: x.detach(), x1(t), x1(t), strict=True)


def s_jacobian(t):
    return t.autograd.functional.jacobian(two, (x1(t), x2(t)))


def s_jacobian_single(t):
    return t.autograd.functional.jacobian(lambda x: x.exp(), x2(t)), t.autograd.functional.jacobian(
        lambda x: x.sum(), x2(t)
    )


def s_jacobian_vectorized(t):
    return t.autograd.functional.jacobian(lambda x: x.exp(), x2(t), vectorize=True)


def s_jacobian_of_independent(t):
    return t.autograd.functional.jacobian(lambda x, y: x * 2, (x1(t), x1(t)))


def s_jacobian_of_independent_strict(t):
    return t.autograd.functional.jacobian(lambda x, y: x * 2, (x1(t), x1(t)), strict=True)


def s_jacobian_create_graph(t):
    x = x1(t).requires_grad_()
    j = t.autograd.functional.jacobian(lambda x: x**3, x, create_graph=True)
    j.sum().backward()
    return j, x.grad


def s_hessian(t):
    return t.autograd.functional.hessian(scalar, x1(t)), t.autograd.functional.hessian(
        scalar, (x1(t), x1(t) * 2)
    )


def s_hessian_of_several_elements(t):
    return t.autograd.functional.hessian(lambda x: x * 2, x1(t))


def s_vhp_and_hvp(t):
    f = t.autograd.functional
    return [
        f.vhp(scalar, x1(t), x1(t)),
        f.hvp(scalar, x1(t), x1(t)),
        f.hvp(scalar, (x1(t), x1(t) * 2), (x1(t), x1(t) + 1)),
    ]


def s_vhp_create_graph(t):
    x = x1(t).requires_grad_()
    _, h = t.autograd.functional.vhp(scalar, x, x1(t), create_graph=True)
    h.sum().backward()
    return h, x.grad


def s_inputs_stay_as_they_are(t):
    x = x1(t).requires_grad_()
    found = t.autograd.functional.jacobian(lambda x: x.exp(), x)
    return found.requires_grad, x.grad, x.requires_grad


# ---- func ----------------------------------------------------------------------------------------


def s_grad(t):
    return (
        t.func.grad(scalar)(x1(t)),
        t.func.grad(scalar, argnums=(0, 1))(x1(t), x1(t) * 2),
        t.func.grad(scalar, argnums=1)(x1(t), x1(t)),
    )


def s_grad_nested(t):
    f = lambda x: t.sin(x) * x
    x = t.tensor(0.7, dtype=t.float64)
    return t.func.grad(t.func.grad(t.func.grad(f)))(x)


def s_grad_does_not_require_grad(t):
    g = t.func.grad(scalar)(x1(t))
    return g.requires_grad, g.is_leaf


def s_grad_inside_autograd(t):
    x, w = x1(t).requires_grad_(), x1(t).requires_grad_()
    g = t.func.grad(lambda x: (x * x * w).sum())(x)
    g.sum().backward()
    return g, x.grad, w.grad


def s_grad_with_aux(t):
    return t.func.grad(lambda x: (scalar(x), x * 2), has_aux=True)(x1(t))


def s_grad_and_value(t):
    return t.func.grad_and_value(scalar)(x1(t)), t.func.grad_and_value(
        lambda x: (scalar(x), x), has_aux=True
    )(x1(t))


def s_grad_of_dicts(t):
    found = t.func.grad(lambda p, x: ((p["w"] * x) ** 2).sum() + p["b"][0].sum())(
        {"w": x1(t), "b": [x1(t)]}, x1(t)
    )
    return found["w"], found["b"][0]


def s_grad_of_a_vector(t):
    return t.func.grad(lambda x: x * 2)(x1(t))


def s_func_vjp(t):
    out, pull = t.func.vjp(two, x1(t), x2(t))
    v = (t.ones(2, dtype=t.float64), x1(t))
    return out, pull(v), pull(v), out[0].requires_grad


def s_func_vjp_of_one(t):
    out, pull = t.func.vjp(lambda x: x.exp(), x1(t))
    return out, pull(x1(t))


def s_func_jvp(t):
    return t.func.jvp(two, (x1(t), x2(t)), (x1(t), x2(t) * 2))


def s_func_jvp_nested(t):
    f = lambda x: t.func.jvp(lambda y: y**3, (x,), (t.ones_like(x),))[1].sum()
    return t.func.grad(f)(x1(t))


def s_jacrev(t):
    return t.func.jacrev(two, argnums=(0, 1))(x1(t), x2(t)), t.func.jacrev(lambda x: x.exp())(x2(t))


def s_jacfwd(t):
    return t.func.jacfwd(two)(x1(t), x2(t)), t.func.jacfwd(lambda x: {"a": x * x}["a"])(x1(t))


def s_func_hessian(t):
    return t.func.hessian(scalar)(x1(t)), t.func.hessian(lambda x: x**3)(x1(t))


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


def s_linearize(t):
    output, push = t.func.linearize(lambda x, y: (x * y, x.sum()), x1(t), x1(t) + 1)
    return output, push(x1(t), x1(t)), push(x1(t) * 2, x1(t))


def s_vmap_of_nothing(t):
    return t.vmap(lambda x, y: (x * y, x @ y), in_dims=(1, None), out_dims=(1, 0))(x2(t)[:, :0], x2(t)[:, 0])


def s_grad_twice_for_one_argument(t):
    return t.func.grad(lambda x, y: (x * y).sum(), argnums=(0, 0))(x1(t), x1(t))


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


# ---- functional_call and per-sample gradients ----------------------------------------------------


def test_functional_call():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    x, other = mytorch.ones(4, 3), {name: mytorch.full_like(p, 0.5) for name, p in model.named_parameters()}
    before = [p.detach().clone() for p in model.parameters()]
    found = mytorch.func.functional_call(model, other, (x,))
    for p, b in zip(model.parameters(), before):
        assert mytorch.equal(p, b)
    model.load_state_dict(other)
    assert mytorch.equal(found, model(x))
    partly = mytorch.func.functional_call(model, {"0.bias": mytorch.ones(2)}, x)
    assert not mytorch.equal(partly, found)
    with pytest.raises(RuntimeError, match="nothing"):
        mytorch.func.functional_call(model, {"nothing": x}, x, strict=True)
    with pytest.raises(RuntimeError, match="Missing key"):
        mytorch.func.functional_call(model, {"0.bias": mytorch.ones(2)}, x, strict=True)


def test_functional_call_restores_after_an_error():
    model = nn.Linear(3, 2)
    weight = model.weight
    with pytest.raises(RuntimeError):
        mytorch.func.functional_call(model, {"weight": mytorch.ones(5, 5)}, mytorch.ones(1, 3))
    assert model.weight is weight


PER_SAMPLE = {
    "Linear": (lambda: nn.Linear(4, 3), (5, 4)),
    "Conv2d": (lambda: nn.Conv2d(2, 3, 3, padding=1), (5, 2, 4, 4)),
    "Embedding": (lambda: nn.Embedding(7, 3), None),
    "LayerNorm": (lambda: nn.LayerNorm(4), (5, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (5, 4, 3)),
}


@pytest.mark.parametrize("name", PER_SAMPLE)
def test_gradients_per_sample(name):
    make, shape = PER_SAMPLE[name]
    rng = draws(0)
    model = make().double()
    x = mytorch.tensor(rng.integers(0, 7, (5, 4)) if shape is None else rng.standard_normal(shape))
    parameters = {key: p.detach() for key, p in model.named_parameters()}

    def loss(parameters, sample):
        return (mytorch.func.functional_call(model, parameters, (sample.unsqueeze(0),)) ** 2).sum()

    found = mytorch.func.vmap(mytorch.func.grad(loss), in_dims=(None, 0))(parameters, x)
    for i in range(5):
        model.zero_grad()
        (model(x[i : i + 1]) ** 2).sum().backward()
        for key, p in model.named_parameters():
            np.testing.assert_allclose(found[key][i].numpy(), p.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_an_ensemble():
    models = [nn.Linear(3, 2) for _ in range(4)]
    parameters, buffers = mytorch.func.stack_module_state(models)
    assert parameters["weight"].shape == (4, 2, 3)
    x = mytorch.ones(5, 3)
    found = mytorch.vmap(
        lambda p, b, x: mytorch.func.functional_call(models[0], (p, b), (x,)), in_dims=(0, 0, None)
    )(parameters, buffers, x)
    for out, model in zip(found, models):
        np.testing.assert_allclose(out.detach().numpy(), model(x).detach().numpy(), rtol=1e-6)
