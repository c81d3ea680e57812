"""Derivatives of functions, against PyTorch."""

from tests.referee import agree_on, table


def x1(t):
    return t.tensor([0.5, -1.0, 2.0], dtype=t.float64)


def x2(t):
    return t.tensor([[1.0, 2.0, 3.0], [0.1, 0.2, -0.3]], dtype=t.float64)


def two(x, y):
    return (x.exp() * y).sum(1), y.sum() * x


def scalar(x, y=None):
    return (x * x * x).sum() + (0 if y is None else (x * y).sum() ** 2)


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


def s_linearize(t):
    output, push = t.func.linearize(lambda x, y: (x * y, x.sum()), x1(t), x1(t) + 1)
    return output, push(x1(t), x1(t)), push(x1(t) * 2, x1(t))


def s_options_of_vmap(t):
    f = lambda x, y: (x * y.sum(), {"all": x.sum() + y})
    x, y = t.arange(24.0).reshape(2, 3, 4), t.arange(12.0).reshape(4, 3)
    return [
        t.vmap(f, in_dims=(dim, other), out_dims=out, chunk_size=size)(x, y)
        for dim, other in ((2, 0), (-1, None), (1, -1))
        for out in (0, -1, (1, {"all": 0}))
        for size in (None, 1, 2, 7)
    ]


def s_options_of_random_numbers(t):
    f = lambda x: x + t.rand(3)
    same, different = (t.vmap(f, randomness=kind)(t.zeros(4)) for kind in ("same", "different"))
    chunked = t.vmap(f, randomness="different", chunk_size=3)(t.zeros(4))
    return [bool((found[0] == found[1]).all()) for found in (same, different, chunked)]


def s_options_of_jacobians(t):
    f = lambda x, y: ({"sum": x + y.sum(0)}, x * y)
    args = x1(t), x2(t)
    with_aux = lambda x, y: (x * y, (x + 1, y))
    return (
        [t.func.jacrev(f, n, chunk_size=size)(*args) for n in (0, 1, (1, 0), -1) for size in (None, 1, 4)],
        [t.func.jacfwd(f, n, randomness="same")(*args) for n in (0, 1, (1, 0))],
        [j(with_aux, 1, has_aux=True)(*args) for j in (t.func.jacrev, t.func.jacfwd)],
        t.func.hessian(lambda x, y: (x * y).sum() ** 3, (0, 1))(*args),
    )


def s_options_of_products(t):
    f = lambda x, y: ((x * y).sum(1), [x.exp()])
    args, tangents = (x1(t), x2(t)), (x2(t)[0], x2(t) * x1(t))
    pushed = t.func.jvp(lambda x, y: (f(x, y), y.sum()), args, tangents, has_aux=True)
    output, push = t.func.linearize(f, *args)
    batch = tuple(t.stack([v, v * 2]) for v in tangents)
    return pushed, output, push(*tangents), t.vmap(push)(*batch), t.func.vjp(f, *args)[1](output)


def s_derivatives_of_derivatives(t):
    f = lambda x: (x.sin() * x).sum()
    x, v = x1(t), x1(t) + 1
    ones = lambda g: lambda x: t.func.jvp(g, (x,), (v,))[1]
    return (
        ones(t.func.grad(f))(x),
        t.func.grad(ones(f))(x),
        ones(ones(f))(x),
        t.func.jacfwd(t.func.jacrev(f))(x),
        t.func.jacrev(t.func.jacfwd(f))(x),
        t.func.jacfwd(t.func.jacfwd(f))(x),
        t.vmap(t.func.hessian(f))(x2(t)),
        t.vmap(t.func.jacfwd(lambda x: x * x), in_dims=1, out_dims=2)(x2(t)),
    )


def s_a_jvp_of_what_is_independent(t):
    return t.func.jvp(lambda x: t.ones(2), (x1(t),), (x1(t),), strict=True)


def s_a_jvp_of_no_tuple(t):
    return t.func.jvp(lambda x: x, x1(t), x1(t))


def s_a_linearization_at_another_shape(t):
    return t.func.linearize(lambda x: x * x, x1(t))[1](x2(t))


def s_a_jacobian_in_chunks_of_none(t):
    return t.func.jacrev(lambda x: x, chunk_size=0)(x1(t))


def s_grad_twice_for_one_argument(t):
    return t.func.grad(lambda x, y: (x * y).sum(), argnums=(0, 0))(x1(t), x1(t))


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)
