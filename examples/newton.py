"""Newton's method by Hessian-vector products, without forming the Hessian, against gradient descent.

    python examples/newton.py [--out runs/newton] [--quick]

A Newton step p solves H p = -g. Conjugate gradients need only products H v, and each is one more backward
pass: H v is the gradient of g · v (Pearlmutter 1994), so no n x n matrix is formed. This is Newton-CG with a
line search (Nocedal and Wright, Numerical Optimization, algorithm 7.1). What the run shows:
1. In Rosenbrock's curved valley Newton-CG converges in 22 steps, 65 backward passes; gradient descent with
   the same line search has not converged after 5,000 steps.
2. On logistic regression with 100 features of very different scale Newton-CG converges in 7 steps. The
   products make them expensive, 978 backward passes; but gradient descent has not converged after 5,000
   steps.
3. Near the end every Newton step about squares the error: the gradient's norm goes 5e-4, 7e-6, 2e-9, 9e-17.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from _options import folder, positive, seed
from tqdm import tqdm

import mytorch as torch
from mytorch import nn
from mytorch.autograd import grad

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))

COLORS = {"Newton-CG": "#e4572e", "gradient descent": "#f2a541"}


def rosenbrock(x):
    """(1 - x₀)² + 100 (x₁ - x₀²)²: a curved valley with its minimum at (1, 1)."""
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def logistic_regression(seed, samples=500, features=100):
    """The mean logistic loss with an L2 penalty as a function of the weights.

    The scales of the features go from 0.01 to 1.
    """
    torch.manual_seed(seed)
    x = torch.randn(samples, features, dtype=torch.float64) * torch.logspace(
        -2, 0, features, dtype=torch.float64
    )
    y = (
        x @ torch.randn(features, dtype=torch.float64) + 3 * torch.randn(samples, dtype=torch.float64) > 0
    ).double()
    return lambda w: nn.functional.binary_cross_entropy_with_logits(x @ w, y) + 1e-6 * (w @ w)


def newton_direction(gradient, x, tolerance):
    """Solve H p = -g by conjugate gradients with products H v, up to a residual of ``tolerance``.

    Returns the step p and the number of products.
    """
    g = gradient.detach()
    p, r = torch.zeros_like(g), g.clone()
    d, products = -r, 0
    while True:
        (hd,) = grad(gradient @ d, x, retain_graph=True)  # H d: the gradient of g · d
        products += 1
        curvature = (d @ hd).item()
        if curvature <= 0:  # no valley in this direction: go down it as far as we got
            return (p if products > 1 else -g), products
        rr = r @ r
        alpha = rr / curvature
        p, r = p + alpha * d, r + alpha * hd
        if r.norm().item() < tolerance or products == 10 * len(g):
            return p, products
        d = -r + (r @ r) / rr * d


def line_search(f, x, p, value, slope, length):
    """The first of length, length/2, length/4, … that lowers f by enough (Armijo 1966), or 0."""
    with torch.no_grad():
        while length > 1e-14:
            if f(x + length * p).item() <= value + 1e-4 * length * slope:
                return length
            length /= 2
    return 0.0


def minimize(f, start, method, steps, tolerance=1e-10):
    """What happened at every step: the points, f, the gradient's norm, and the backward passes so far."""
    x = start.clone().requires_grad_()
    log, passes, length = {"point": [], "f": [], "norm": [], "passes": []}, 0, 1.0
    for _ in tqdm(range(steps + 1), desc=method, unit="step", leave=False):
        value = f(x)
        (gradient,) = grad(value, x, create_graph=method == "Newton-CG")
        passes += 1
        norm = gradient.norm().item()
        for name, what in (("point", x.tolist()), ("f", value.item()), ("norm", norm), ("passes", passes)):
            log[name].append(what)
        if norm < tolerance:
            break
        if method == "Newton-CG":
            # the closer, the more exactly
            p, products = newton_direction(gradient, x, min(0.03, norm) * norm)
            passes, length = passes + products, 1.0
        else:
            p, length = -gradient, 2 * length  # twice the last, so that it may grow
        length = line_search(f, x.detach(), p, value.item(), (gradient @ p).item(), length)
        if not length:
            break  # f cannot tell the points apart any more
        with torch.no_grad():
            x += length * p
    return {name: np.array(values) for name, values in log.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--steps", type=positive, default=5000, help="at most, for gradient descent")
    parser.add_argument("--seed", type=seed, default=0, help="fixes the data of the logistic regression")
    parser.add_argument("--out", type=folder, default="runs/newton", help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="500 steps")
    args = parser.parse_args()
    steps = 500 if args.quick else args.steps

    problems = {
        "Rosenbrock": (rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64)),
        "logistic regression": (logistic_regression(args.seed), torch.zeros(100, dtype=torch.float64)),
    }
    runs = {}
    print(
        f"{'problem':<20} {'method':<17} {'steps':>6} {'backward passes':>16} {'f':>12} "
        f"{'norm of gradient':>17}"
    )
    for problem, (f, start) in problems.items():
        for method in ("Newton-CG", "gradient descent"):
            log = runs[problem, method] = minimize(f, start, method, steps)
            print(
                f"{problem:<20} {method:<17} {len(log['f']) - 1:>6} {log['passes'][-1]:>16,} "
                f"{log['f'][-1]:>12.4e} {log['norm'][-1]:>17.2e}"
            )
    for problem in problems:
        print(
            f"norm of the gradient in Newton's last steps, {problem}: "
            + "  ".join(f"{n:.0e}" for n in runs[problem, "Newton-CG"]["norm"][-5:])
        )

    draw_valley(
        {method: runs["Rosenbrock", method]["point"] for method in ("Newton-CG", "gradient descent")},
        args.out / "rosenbrock.png",
    )
    draw_norms(runs, args.out / "convergence.png")
    print(f"pictures rosenbrock.png and convergence.png are in {args.out}")


def draw_valley(paths, path):
    x0, x1 = np.meshgrid(np.linspace(-1.6, 1.6, 300), np.linspace(-0.6, 1.7, 300))
    height = (1 - x0) ** 2 + 100 * (x1 - x0**2) ** 2
    fig, axes = plt.subplots(1, 2, figsize=(11, 4.4), sharex=True, sharey=True)
    for ax, (method, points) in zip(axes, paths.items()):
        ax.contourf(
            x0,
            x1,
            height,
            np.geomspace(0.01, height.max(), 24),
            cmap="Blues_r",
            alpha=0.75,
            norm="log",
            extend="min",
        )
        ax.plot(*points.T, "o-", ms=3.5 if len(points) < 100 else 1, lw=1.2, color=COLORS[method])
        ax.plot(1, 1, "*", ms=13, color="#f2c14e", mec="#333333", mew=0.6)
        ax.set(title=f"{method}, {len(points) - 1:,} steps", xlabel="x₀", xlim=(-1.6, 1.6), ylim=(-0.6, 1.7))
        ax.grid(False)
    axes[0].set_ylabel("x₁")
    fig.suptitle("Rosenbrock's function from (-1.2, 1); the star is the minimum")
    fig.savefig(path)
    plt.close(fig)


def draw_norms(runs, path):
    """The norm of the gradient against the backward passes: a product H v costs as much as a gradient."""
    fig, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    for (problem, method), log in runs.items():
        ax = axes[int(problem != "Rosenbrock")]
        ax.plot(
            log["passes"],
            log["norm"],
            "o-" if method == "Newton-CG" else "-",
            ms=3,
            lw=1.2,
            color=COLORS[method],
            label=method,
        )
        ax.set(title=problem, xlabel="backward passes", xscale="log", yscale="log")
    axes[0].set_ylabel("norm of the gradient")
    axes[0].legend(loc="lower left")
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
