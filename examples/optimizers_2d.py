"""Five optimizers on f(x) = 0.2 x₁² + 2 x₂², a valley ten times steeper across than along, from (3, 4).

    python examples/optimizers_2d.py [--out runs/optimizers_2d] [--quick]

It draws the trajectories over the contours of f, in one panel each and together, and f against the step; and
a picture for each of these and of ten other optimizers, for the page that has their formulas. The gradient
comes from autograd. What the run shows:
1. SGD reaches the bottom of the valley within three steps (each leaves 1 - 0.2 · 4 = 0.2 of x₂), then moves
   slowly along it (each step leaves 0.92 of x₁).
2. AdaGrad and RMSprop divide by the size of the gradient, so they move at similar speed in both directions,
   on a straighter line.
3. Momentum oscillates across the valley. Adam crosses x₁ = 0 within its 20 steps.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from _options import folder, seed

import mytorch as torch
from mytorch import optim

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))

START, EPS = (3.0, 4.0), 1e-7
RUNS = {  # name: (steps, optimizer of the parameters)
    "SGD": (20, lambda p: optim.SGD(p, lr=0.2)),
    "AdaGrad": (50, lambda p: optim.AdaGrad(p, lr=0.5, eps=EPS)),
    "RMSprop": (50, lambda p: optim.RMSprop(p, lr=0.1, alpha=0.9, eps=EPS)),
    "Momentum": (50, lambda p: optim.Momentum(p, lr=0.01, momentum=0.9)),
    "Adam": (20, lambda p: optim.Adam(p, lr=0.2, betas=(0.9, 0.99), eps=EPS)),
}

BETAS = {"betas": (0.9, 0.99), "eps": EPS}
MORE = {  # the others, which have a picture of their own alone
    "AdamW": (20, lambda p: optim.AdamW(p, lr=0.2, weight_decay=0.5, **BETAS)),
    "Adamax": (20, lambda p: optim.Adamax(p, lr=0.3, **BETAS)),
    "NAdam": (50, lambda p: optim.NAdam(p, lr=0.2, **BETAS)),
    "RAdam": (50, lambda p: optim.RAdam(p, lr=0.2, **BETAS)),
    "Adadelta": (50, lambda p: optim.Adadelta(p, lr=1.0, rho=0.9, eps=1e-3)),
    "Rprop": (20, lambda p: optim.Rprop(p, lr=0.1, step_sizes=(1e-6, 1.0))),
    "ASGD": (20, lambda p: optim.ASGD(p, lr=0.2)),
    "Adafactor": (50, lambda p: optim.Adafactor(p, lr=0.1)),
    "Muon": (50, lambda p: optim.Muon(p, lr=0.2, momentum=0.9, weight_decay=0)),
    "L-BFGS": (4, lambda p: optim.LBFGS(p, max_iter=1, line_search_fn="strong_wolfe")),
}


def f(x):
    return 0.2 * x[0] ** 2 + 2 * x[1] ** 2


def trajectory(make, steps):
    """The points (steps + 1, 2) that an optimizer visits, and f at each."""
    x = torch.tensor([START], dtype=torch.float64, requires_grad=True)  # (1, 2), since Muon takes matrices
    optimizer = make([x])
    points, values = [], []

    def loss():  # L-BFGS calls it several times a step, the others once
        optimizer.zero_grad()
        value = f(x[0])
        value.backward()
        return value

    for _ in range(steps + 1):
        points.append(x[0].tolist())
        values.append(f(x[0]).item())
        optimizer.step(loss)
    return np.array(points), np.array(values)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--out", type=folder, default="runs/optimizers_2d", help="folder for the pictures")
    parser.add_argument(
        "--seed", type=seed, default=0, help="accepted by every example; nothing here is random"
    )
    parser.add_argument("--quick", action="store_true", help="the whole run takes a few seconds anyway")
    args = parser.parse_args()

    runs = {name: trajectory(make, steps) for name, (steps, make) in RUNS.items()}
    print(f"{'optimizer':<10} {'steps':>5} {'last point':>22} {'f there':>11}")
    for name, (points, values) in runs.items():
        print(
            f"{name:<10} {len(points) - 1:>5} ({points[-1][0]:>9.5f}, {points[-1][1]:>9.5f}) "
            f"{values[-1]:>11.3e}"
        )

    draw_panels(runs, args.out / "trajectories.png")
    draw_loss(runs, args.out / "loss.png")
    for name, (steps, make) in (RUNS | MORE).items():
        draw_one(name, *trajectory(make, steps), args.out / f"{name}.png")
    print(f"pictures trajectories.png, loss.png and one for each optimizer are in {args.out}")


def draw_valley(ax):
    """The contours of f and its minimum."""
    x1, x2 = np.meshgrid(np.linspace(-4.2, 4.2, 200), np.linspace(-4.6, 4.6, 200))
    height = 0.2 * x1**2 + 2 * x2**2
    levels = np.geomspace(0.05, height.max(), 16)
    ax.contourf(x1, x2, height, [0, *levels], cmap="Blues_r", alpha=0.75)
    ax.contour(x1, x2, height, levels, colors="white", linewidths=0.5)
    ax.plot(0, 0, "*", ms=13, color="#f2c14e", mec="#333333", mew=0.6, zorder=3)
    ax.set(xlim=(-4.2, 4.2), ylim=(-4.6, 4.6))
    ax.grid(False)


def draw_panels(runs, path):
    fig, axes = plt.subplots(2, 3, figsize=(12, 7.2), sharex=True, sharey=True)
    for ax, title in zip(axes.flat, [*runs, "all together"]):
        draw_valley(ax)
        for color, (name, (points, _)) in zip(
            plt.rcParams["axes.prop_cycle"].by_key()["color"][1:], runs.items()
        ):
            if title in (name, "all together"):
                ax.plot(*points.T, "o-", ms=3, lw=1.4, color=color, label=name, mec="white", mew=0.3)
        steps = f", {len(runs[title][0]) - 1} steps" if title in runs else ""
        ax.set_title(title + steps)
    axes[1, 2].legend(loc="lower left", fontsize=8, labelcolor="#222222")
    fig.supxlabel("x₁")
    fig.supylabel("x₂")
    fig.suptitle("f(x) = 0.2 x₁² + 2 x₂² from (3, 4); the star is the minimum")
    fig.savefig(path)
    plt.close(fig)


def draw_one(name, points, values, path):
    """The trajectory of one optimizer, and f against the step beside it."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8))
    draw_valley(left)
    left.plot(*points.T, "o-", ms=3, lw=1.4, color="#e4572e", mec="white", mew=0.3)
    left.set(title=f"{name}, {len(points) - 1} steps", xlabel="x₁", ylabel="x₂")
    right.plot(values, "o-", ms=3, lw=1.4, color="#e4572e")
    right.set(title="f(x)", xlabel="step", yscale="log")
    fig.savefig(path, dpi=100)
    plt.close(fig)


def draw_loss(runs, path):
    fig, ax = plt.subplots(figsize=(7, 4))
    for color, (name, (_, values)) in zip(
        plt.rcParams["axes.prop_cycle"].by_key()["color"][1:], runs.items()
    ):
        ax.plot(values, label=f"{name}, {len(values) - 1} steps", color=color)
        ax.plot(len(values) - 1, values[-1], "o", color=color)
    ax.set(title="f at each step: SGD and Adam stop after 20, the others after 50")
    ax.set(xlabel="step", ylabel="f(x)", yscale="log")
    ax.legend()
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
