"""gradcheck itself: it must find wrong gradients and say where."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

import mytorch
from mytorch import gradcheck as command
from mytorch.autograd import Function, gradcheck, gradgradcheck
from mytorch.autograd.gradcheck import GradcheckError
from mytorch.core.primitive import primitive, primitives
from mytorch.testing.samples import Sample
from tests.draws import draws
from tests.referee import torch


def double(*shape, device="cpu"):
    return mytorch.tensor(draws(0).standard_normal(shape), requires_grad=True, device=device)


def function(forward, backward):
    return type(
        "Mine", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    ).apply


def wrong_square(x):
    return function(
        lambda ctx, x: ctx.save_for_backward(x) or x * x, lambda ctx, g: g * ctx.saved_tensors[0]
    )(x)


def wrong_second_order(x):
    return function(
        lambda ctx, x: ctx.save_for_backward(x) or x**3,
        lambda ctx, g: g * 3 * ctx.saved_tensors[0].detach() ** 2,
    )(x)


def test_right_gradients(device):
    x, y = double(2, 3, device=device), double(3, device=device)
    for fast in (False, True):
        assert gradcheck(lambda x, y: (x * y).tanh(), (x, y), fast_mode=fast) is True
        assert (
            gradgradcheck(
                lambda x, y: (x * y).tanh(), (x, y), fast_mode=fast, gen_non_contig_grad_outputs=True
            )
            is True
        )
    assert gradcheck(
        lambda x: (x.exp(), x.argmax(), x * 2), x, check_batched_grad=True, check_grad_dtypes=True
    )
    assert gradgradcheck(
        lambda x: x.exp(), x, mytorch.ones(2, 3, dtype="float64", device=device, requires_grad=True)
    )


@pytest.mark.parametrize("fast", [False, True])
def test_a_wrong_gradient_is_located(fast, device):
    x = mytorch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype="float64", requires_grad=True, device=device)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(wrong_square, x, fast_mode=fast)
    message = str(caught.value)
    assert "wrong_square (MineBackward)" in message
    assert "with respect to input 0, shape [2, 2]" in message
    assert "d output[1, 1] / d input[1, 1]: numerical 10" in message
    assert "analytical 5;" in message
    assert isinstance(caught.value, RuntimeError)
    assert gradcheck(wrong_square, x, raise_exception=False, fast_mode=fast) is False


def test_a_wrong_second_derivative():
    x = double(3)
    assert gradcheck(wrong_second_order, x)
    with pytest.raises(GradcheckError, match="the gradient of wrong_second_order"):
        gradgradcheck(wrong_second_order, x)
    assert gradgradcheck(wrong_second_order, x, raise_exception=False) is False


def test_a_gradient_that_lost_its_graph():
    with pytest.raises(GradcheckError):
        gradgradcheck(lambda x, y: wrong_second_order(x) + y, (double(3), double(3)))


def test_a_missing_gradient():
    with pytest.raises(GradcheckError, match="analytical 0"):
        gradcheck(lambda x, y: x + y.detach() * 2 + 0 * y, (double(3), double(3)))


def test_an_output_outside_of_the_graph():
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda x: x.detach() * 2, double(3))
    assert gradcheck(lambda x: mytorch.ones(2, dtype="float64"), double(3))


def test_a_backward_that_changes():
    calls = []

    def backward(ctx, g):
        calls.append(1)
        return g * (2 + 1e-7 * len(calls))

    changing = function(lambda ctx, x: x * 2, backward)
    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(changing, double(3))
    assert gradcheck(changing, double(3), nondet_tol=1e-3)


def test_inputs_are_checked():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x, mytorch.ones(2))
    with pytest.warns(UserWarning, match="Input #1 requires gradient and is not a double precision"):
        gradcheck(
            lambda x, y: x + y,
            (double(2), mytorch.ones(2, requires_grad=True)),
            atol=1,
            raise_exception=False,
        )
    with pytest.raises(RuntimeError, match="0th input has a dimension with stride 0"):
        gradcheck(lambda x: x * 2, mytorch.ones(1, dtype="float64").expand(3).requires_grad_())
    with pytest.raises(NotImplementedError, match="forward"):
        gradcheck(lambda x: x, double(2), check_batched_forward_grad=True)
    with pytest.raises(ValueError, match="at least one of"):
        gradcheck(lambda x: x, double(2), check_backward_ad=False)


def test_tangents_are_checked():
    x, z = double(2, 2), mytorch.complex(double(2).detach(), double(2).detach() + 1).requires_grad_()
    forward = {"check_forward_ad": True, "check_backward_ad": False}
    for f, given in (
        (lambda x, y: (x @ y, x.exp()), (x, double(2, 3))),
        (lambda z: z * z.conj() + z.exp(), (z,)),
    ):
        assert gradcheck(f, given, **forward) and gradcheck(f, given, check_forward_ad=True, fast_mode=True)
        assert gradgradcheck(f, given, check_fwd_over_rev=True)
    with pytest.raises(GradcheckError, match=r"Jacobian mismatch for output 0 of wrong_square"):
        gradcheck(wrong_square, x, **forward)
    assert not gradcheck(wrong_square, x, raise_exception=False, **forward)


def test_a_function_with_jvp_alone():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x, times):
            ctx.result = times * x.exp()
            return ctx.result

        @staticmethod
        def jvp(ctx, tangent, _):
            return tangent * wrong * ctx.result

    wrong = 1
    assert gradcheck(lambda x: Exp.apply(x, 2), double(3), check_forward_ad=True)
    wrong = 3
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(lambda x: Exp.apply(x, 2), double(3), check_forward_ad=True, check_backward_ad=False)


def test_inputs_are_left_as_they_were():
    x = double(2, 3)
    before = x.detach().numpy().copy()
    gradcheck(lambda x: x * x, x)
    gradcheck(lambda x: x * x, x, fast_mode=True)
    np.testing.assert_array_equal(x.detach().numpy(), before)
    assert x.grad is None


def test_shapes_and_layouts():
    for x in (double(), double(0, 3), double(1), double(3, 4).transpose(0, 1).detach().requires_grad_()):
        assert gradcheck(lambda x: x * x, x)
        assert gradgradcheck(lambda x: x * x, x)


def test_a_parameter_that_the_function_holds():
    w = double(3)
    assert gradcheck(lambda x, _: x * w, (double(3), w))


def test_as_in_torch():
    for f in (
        lambda x: x * x,
        lambda x: x.abs().sqrt(),
        lambda x: x.detach() * 2 + x,
        lambda x: x.round() * 1.0,
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = torch.autograd.gradcheck(
                f,
                torch.tensor([0.3, -1.2, 2.1], dtype=torch.float64, requires_grad=True),
                raise_exception=False,
            )
        assert (
            gradcheck(
                f,
                mytorch.tensor([0.3, -1.2, 2.1], dtype="float64", requires_grad=True),
                raise_exception=False,
            )
            == theirs
        )


# ---- the command line ----------------------------------------------------------------------------


def test_command_line():
    result = subprocess.run(
        [sys.executable, "-m", "mytorch.gradcheck", "--op", "exp", "--op", "matmul"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split()[0] == "exp"
    assert "first order ok" in lines[0]
    assert "second order ok" in lines[0]
    assert lines[1].startswith("matmul")
    assert "2 operations, 0 wrong gradients" in lines[-1]


def test_command_line_with_operations_of_the_users(capsys, monkeypatch):
    user = type(sys)("user_operations")
    wrong = primitive(lambda x: x * x, name="wrong_square", x=lambda g, x: g * x)
    right = primitive(lambda x: x * x, name="right_square", x=lambda g, x: g * x * 2)
    broken = primitive(lambda x: x.nothing(), name="broken")
    for name in ("wrong_square", "right_square", "broken"):
        monkeypatch.delitem(primitives, name)
    user.ROWS = [Sample(f.__name__, f, ((3,),), np.square) for f in (wrong, right, broken)]
    monkeypatch.setitem(sys.modules, "user_operations", user)
    assert command.main(["user_operations"]) == 1
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["broken", "right_square", "wrong_square"]
    assert "first order WRONG" in out.splitlines()[2]
    assert "Jacobian mismatch for output 0" in out
    assert command.main(["user_operations", "--op", "right_square"]) == 0
    with pytest.raises(SystemExit):
        command.main(["--op", "no_such_operation"])
