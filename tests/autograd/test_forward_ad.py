"""Dual tensors, against PyTorch."""

import pytest

import mytorch
from mytorch.autograd import forward_ad
from tests.referee import agree_on, table


def x1(t):
    return t.tensor([0.5, -1.0, 2.0], dtype=t.float64)


def v1(t):
    return t.tensor([1.0, 0.3, -0.7], dtype=t.float64)


def x2(t):
    return t.tensor([[1.0, 2.0, 3.0], [0.1, 0.2, -0.3]], dtype=t.float64)


def pushed(t, f, *xs):
    """The value and the tangent of ``f`` at dual tensors of ``xs``."""
    fw = t.autograd.forward_ad
    with fw.dual_level():
        return tuple(fw.unpack_dual(f(*(fw.make_dual(x, x * 0.5 - 1) for x in xs))))


def s_of_functions(t):
    F = t.nn.functional
    target = t.tensor([2, 0])
    image = (x2(t).sum(0) * x2(t)[:, :, None]).reshape(1, 1, 6, 3)
    return (
        pushed(t, lambda x, y: x.exp() * y, x1(t), v1(t)),
        pushed(t, lambda x: (x[1:] @ x[:-1]).reshape(1), x1(t)),
        pushed(t, lambda x: F.cross_entropy(x, target), x2(t)),
        pushed(t, lambda x: F.layer_norm(x, (3,)), x2(t)),
        pushed(t, lambda x: F.conv2d(x, x[:, :, :2, :2]), image),
        pushed(t, lambda x: F.max_pool2d(x, 2), image),
        pushed(t, lambda x: x.sort(dim=1).values.cumsum(0), x2(t)),
        pushed(t, lambda x: t.linalg.inv(x.T @ x + t.eye(3, dtype=t.float64)), x2(t)),
        pushed(t, lambda x: (x * x.conj() + x**2).sum(), t.complex(x1(t), v1(t))),
        pushed(t, lambda x: t.fft.fft(x).abs(), x1(t)),
    )


def s_of_no_dual(t):
    fw = t.autograd.forward_ad
    outside = fw.unpack_dual(x1(t)).tangent
    with fw.dual_level():
        x = fw.make_dual(x1(t), v1(t))
        y = x * 2
        inside = [fw.unpack_dual(z).tangent for z in (x1(t), x > 0, x.argmax(), x.detach())]
        zero = fw.unpack_dual(x.sign()).tangent
        found = fw.unpack_dual(y)
        plain = found.primal.requires_grad, found.tangent.requires_grad, type(found).__name__
    after = fw.unpack_dual(y).tangent
    with fw.dual_level():
        again = fw.unpack_dual(y).tangent
    return [z is None for z in (outside, after, again, *inside)], zero, plain


def s_in_place(t):
    fw = t.autograd.forward_ad
    with fw.dual_level():
        a, x = t.zeros(3, dtype=t.float64), fw.make_dual(x1(t), v1(t))
        a[1] = x[0]
        a.mul_(2)
        x.mul_(x.clone())
        return fw.unpack_dual(a).tangent, fw.unpack_dual(x).tangent


def s_of_memory(t):
    x = x1(t)
    with t.autograd.forward_ad.dual_level():
        return t.autograd.forward_ad.make_dual(x, v1(t)).data_ptr() == x.data_ptr()


def s_gradients_of_tangents(t):
    fw = t.autograd.forward_ad
    x, v, w = (z.requires_grad_() for z in (x1(t), v1(t), x1(t) + 3))
    with fw.dual_level():
        value, tangent = fw.unpack_dual(((fw.make_dual(x, v) * w) ** 3).sum())
        mixed = t.autograd.grad(value + tangent, (x, v, w))
        return value, tangent, mixed


def s_gradients_of_tangents_of_weights(t):
    fw, w = t.autograd.forward_ad, x1(t).requires_grad_()
    with fw.dual_level():
        fw.unpack_dual((fw.make_dual(v1(t), x1(t)) * w).sin().sum()).tangent.backward()
    return w.grad


def s_tangents_of_gradients(t):
    fw = t.autograd.forward_ad
    with fw.dual_level():
        x = fw.make_dual(x1(t).requires_grad_(), v1(t))
        (g,) = t.autograd.grad((x**3).sum(), x, create_graph=True)
        return fw.unpack_dual(g).tangent


def s_tangents_after_backward(t):
    fw, w = t.autograd.forward_ad, x1(t).requires_grad_()
    with fw.dual_level():
        y = fw.make_dual(w, v1(t)).exp()
        loss = (y * y).sum()
        loss.backward()
        return fw.unpack_dual(y).tangent, fw.unpack_dual(loss).tangent, w.grad


def s_without_gradients(t):
    fw, w = t.autograd.forward_ad, x1(t).requires_grad_()
    with t.no_grad(), fw.dual_level():
        value, tangent = fw.unpack_dual(fw.make_dual(v1(t), x1(t)) * w)
    return value, tangent, value.requires_grad, tangent.requires_grad, t.is_grad_enabled()


def s_as_a_decorator(t):
    fw = t.autograd.forward_ad

    @fw.dual_level()
    def derivative(x):
        return fw.unpack_dual(fw.make_dual(x, t.ones_like(x)) ** 2).tangent

    return derivative(x1(t)), derivative(v1(t))


def s_by_numbers(t):
    fw = t.autograd.forward_ad
    level = fw.enter_dual_level()
    try:
        x = fw.make_dual(x1(t), v1(t), level=level)
        return level, fw.unpack_dual(x * 2, level=level).tangent, fw.unpack_dual(x1(t), level=3).tangent
    finally:
        fw.exit_dual_level(level=level)


def s_of_a_module(t):
    fw, net = t.autograd.forward_ad, t.nn.Linear(3, 2).double()
    with t.no_grad():
        net.weight.copy_(x2(t))
        net.bias.copy_(x1(t)[:2])
    given = dict(net.named_parameters())
    with fw.dual_level():
        duals = {n: fw.make_dual(p, p.detach() ** 2) for n, p in given.items()}
        called = fw.unpack_dual(t.func.functional_call(net, duals, (x1(t),)))
        for n, p in given.items():
            delattr(net, n)
            setattr(net, n, fw.make_dual(p, p.detach() ** 2))
        return *called, *fw.unpack_dual(net(x1(t)))


def s_of_a_function_with_jvp(t):
    class Exp(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, times):
            ctx.save_for_forward(x)
            return times * x.exp() * y, y + 1

        @staticmethod
        def jvp(ctx, gx, gy, _):
            (x,) = ctx.saved_tensors
            return gx * x.exp() * 7, gy

    fw = t.autograd.forward_ad
    with fw.dual_level():
        y = Exp.apply(fw.make_dual(x1(t), v1(t)), x1(t), 2)
        return [fw.unpack_dual(z).tangent for z in y]


def s_of_a_function_without_jvp(t):
    class Own(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    Own.jvp(None, x1(t))


def s_inside_vmap(t):
    fw = t.autograd.forward_ad
    with fw.dual_level():
        x = fw.make_dual(x2(t), x2(t) + 1)
        return fw.unpack_dual(t.vmap(lambda x: (x * x).sum())(x)).tangent


def s_no_level(t):
    t.autograd.forward_ad.make_dual(x1(t), v1(t))


def s_no_level_to_exit(t):
    t.autograd.forward_ad.exit_dual_level()


def s_another_level_to_exit(t):
    t.autograd.forward_ad.exit_dual_level(level=3)


def refused(t, *args, **options):
    fw = t.autograd.forward_ad
    with fw.dual_level():
        fw.make_dual(*args, **options)


def s_another_shape(t):
    refused(t, x1(t), x2(t))


def s_integers(t):
    refused(t, t.arange(3), v1(t))


def s_a_tangent_of_integers(t):
    refused(t, x1(t), t.arange(3))


def s_another_level(t):
    refused(t, x1(t), v1(t), level=4)


def s_another_level_to_unpack(t):
    fw = t.autograd.forward_ad
    with fw.dual_level():
        fw.unpack_dual(fw.make_dual(x1(t), v1(t)), level=3)


def s_levels_in_levels(t):
    with t.autograd.forward_ad.dual_level():
        t.autograd.forward_ad.enter_dual_level()


def s_a_dual_of_a_dual(t):
    fw = t.autograd.forward_ad
    with fw.dual_level():
        fw.make_dual(fw.make_dual(x1(t), v1(t)), v1(t))


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_what_differs():
    x, v = x1(mytorch), v1(mytorch)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, v.float())
        assert dual.requires_grad
        assert forward_ad.unpack_dual(dual).tangent.dtype == mytorch.float64
        with mytorch.no_grad():
            assert forward_ad.unpack_dual(dual * 2).tangent is None
        with pytest.raises(ValueError, match="must be real"):
            forward_ad.make_dual(x, v + 0j)
    with mytorch.inference_mode(), pytest.raises(RuntimeError, match="inference"):
        forward_ad.enter_dual_level()


class _Cube(mytorch.autograd.Function):
    """Its backward cannot be differentiated."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)
        return x**3

    @staticmethod
    @mytorch.autograd.function.once_differentiable
    def backward(ctx, g):
        return 3 * ctx.saved_tensors[0] ** 2 * g


class _CubeWithTangent(_Cube):
    @staticmethod
    def jvp(ctx, v):
        return 3 * ctx.saved_tensors[0] ** 2 * v


class _CubeWithWrongTangent(_Cube):
    @staticmethod
    def jvp(ctx, v):
        return 2 * ctx.saved_tensors[0] ** 2 * v


def test_a_function_has_the_tangent_of_its_jvp():
    with forward_ad.dual_level():
        x = forward_ad.make_dual(mytorch.tensor([1.0, 2.0]), mytorch.tensor([1.0, 0.5]))
        assert forward_ad.unpack_dual(_CubeWithTangent.apply(x)).tangent.tolist() == [3.0, 6.0]
        with pytest.raises(NotImplementedError, match="tangents need a jvp"):
            forward_ad.unpack_dual(_Cube.apply(x))


def test_gradcheck_finds_a_wrong_jvp():
    x = mytorch.tensor([1.0, 2.0], dtype=mytorch.float64, requires_grad=True)
    assert mytorch.autograd.gradcheck(_CubeWithTangent.apply, (x,), check_forward_ad=True)
    with pytest.raises(RuntimeError, match=r"(?i)jacobian|tangent"):
        mytorch.autograd.gradcheck(_CubeWithWrongTangent.apply, (x,), check_forward_ad=True)
