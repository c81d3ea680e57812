"""autograd.functional, against PyTorch."""

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


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)
