"""A user-defined operation, written in two ways, and how gradcheck accepts right and refuses wrong gradients.

    python examples/custom_op.py [--out runs/custom_op]

The operation is log cosh x, a loss that is quadratic near 0 and linear far away, written so that it does not
overflow. The first form is that of mytorch itself: a decorated function on arrays with its derivative beside
it. The second is that of PyTorch: a class with forward and backward. What the run shows:
1. gradcheck compares each derivative with central differences and accepts both. gradgradcheck checks the
   second derivatives, which follow from the first.
2. A sign error and a missing factor are refused; the message shows the place, both numbers and both
   Jacobians.
3. Why gradcheck needs float64: at best, differences have an error of 2e-5 in float32 and of 2e-11 in
   float64. The best step is near the cube root of the precision in both: larger steps have a larger
   truncation error, smaller ones a larger rounding error.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from _options import folder, seed

import mytorch as torch
from mytorch.autograd import Function, gradcheck, gradgradcheck
from mytorch.core.arrays import xp
from mytorch.core.primitive import primitive

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))


# ---- in the form of mytorch ----------------------------------------------------------------------
# The function gets NumPy or CuPy arrays; xp(x) is their module. The formula x=… gives the gradient for x from
# the gradient g of the result. Its other parameters (here x) name the values to save for backward. Its
# operations take arrays and tensors alike, so that it can be differentiated again.
@primitive(x=lambda g, x: g * torch.tanh(x))
def log_cosh(x):
    """log cosh x = |x| + log(1 + exp(-2 |x|)) - log 2, elementwise."""
    size = abs(x)
    return size + xp(x).log1p(xp(x).exp(-2 * size)) - np.log(2).astype(x.dtype)


# ---- in the form of PyTorch ----------------------------------------------------------------------
class LogCosh(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        size = x.abs()
        return size + torch.log1p(torch.exp(-2 * size)) - np.log(2)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * torch.tanh(x)  # operations on tensors: differentiable again


# ---- with wrong gradients ------------------------------------------------------------------------
class WrongSign(LogCosh):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return -g * torch.tanh(x)


class ForgottenGradient(LogCosh):
    """Ignores the gradient g of the result: right only if that is 1, as for a plain sum."""

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return torch.tanh(x)


def difference_errors(dtype, steps):
    """The largest error over 200 points of central differences with each step; the derivative is tanh."""
    x = np.linspace(-3, 3, 200).astype(dtype)
    exact = np.tanh(x.astype(np.float64))
    errors = []
    for h in steps:
        up, down = (log_cosh(torch.from_numpy(x + dtype(s * h))).numpy() for s in (1, -1))
        errors.append(abs((up - down) / (2 * h) - exact).max())
    return np.array(errors)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--seed", type=seed, default=0, help="fixes the points at which gradients are checked"
    )
    parser.add_argument("--out", type=folder, default="runs/custom_op", help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="the whole run takes a second anyway")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    x = (3 * torch.randn(2, dtype=torch.float64)).requires_grad_()
    big = torch.tensor([1000.0])
    print(
        f"log cosh 1000 = {log_cosh(big).item():.4f}, where log(cosh(1000)) is "
        f"{torch.log(torch.cosh(big)).item()}"
    )
    print(f"\n{'written as':<20} {'gradcheck':>10} {'gradgradcheck':>14}")
    for name, op in (("@primitive", log_cosh), ("autograd.Function", LogCosh.apply)):
        print(f"{name:<20} {gradcheck(op, (x,))!s:>10} {gradgradcheck(op, (x,))!s:>14}")

    for wrong in (WrongSign, ForgottenGradient):
        try:
            gradcheck(lambda t: 3 * wrong.apply(t), (x,))
        except RuntimeError as error:
            print(f"\n{wrong.__name__}: {error}")

    steps = np.logspace(-11, 0, 67)
    errors = {dtype.__name__: difference_errors(dtype, steps) for dtype in (np.float32, np.float64)}
    print(f"\n{'differences in':<15} {'best step':>10} {'error there':>12}")
    for name, values in errors.items():
        best = values.argmin()
        print(f"{name:<15} {steps[best]:>10.0e} {values[best]:>12.0e}")

    draw_op(args.out / "log_cosh.png")
    draw_errors(steps, errors, args.out / "differences.png")
    print(f"pictures log_cosh.png and differences.png are in {args.out}")


def draw_op(path):
    """The operation and its first two derivatives, the second by differentiating the first."""
    x = torch.linspace(-4, 4, 400, dtype=torch.float64, requires_grad=True)
    y = log_cosh(x)
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    fig, ax = plt.subplots(figsize=(7, 4))
    for values, label in (
        (y, "log cosh x"),
        (first, "its gradient: tanh x"),
        (second, "the gradient of that: 1 - tanh² x"),
    ):
        ax.plot(x.tolist(), values.tolist(), label=label)
    ax.set(title="one rule, all orders", xlabel="x")
    ax.legend()
    fig.savefig(path)
    plt.close(fig)


def draw_errors(steps, errors, path):
    fig, ax = plt.subplots(figsize=(7, 4))
    for name, values in errors.items():
        ax.plot(steps, values, "o-", ms=3, label=name)
    ax.axvline(1e-6, color="#333333", ls=":", lw=1)
    ax.annotate("gradcheck's step", (1e-6, 1), (4, 4), textcoords="offset points", fontsize=8)
    ax.set(
        title="error of the central difference", xlabel="step h", xscale="log", yscale="log", ylim=(1e-12, 10)
    )
    ax.legend(loc="lower left")
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
