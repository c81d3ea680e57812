"""vmap, against PyTorch."""

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


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)
