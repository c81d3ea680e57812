"""Five optimizers on f(x) = 0.2 x₁² + 2 x₂², a valley ten times steeper across than along, from (3, 4).

    python examples/optimizers_2d.py [--out runs/optimizers_2d] [--quick]

It draws the trajectories over the contours of f, in one panel each and together, and f against the step. The
gradient comes from autograd. What the run shows:
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


def f(x):
    return 0.2 * x[0] ** 2 + 2 * x[1] ** 2


def trajectory(make, steps):
    """The points (steps + 1, 2) that an optimizer visits, and f at each."""
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([x])
    points, values = [], []
    for _ in range(steps + 1):
        loss = f(x)
        points.append(x.tolist())
        values.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
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
    print(f"pictures trajectories.png and loss.png are in {args.out}")


def draw_panels(runs, path):
    x1, x2 = np.meshgrid(np.linspace(-4.2, 4.2, 200), np.linspace(-4.6, 4.6, 200))
    height = 0.2 * x1**2 + 2 * x2**2
    levels = np.geomspace(0.05, height.max(), 16)
    fig, axes = plt.subplots(2, 3, figsize=(12, 7.2), sharex=True, sharey=True)
    for ax, title in zip(axes.flat, [*runs, "all together"]):
        ax.contourf(x1, x2, height, [0, *levels], cmap="Blues_r", alpha=0.75)
        ax.contour(x1, x2, height, levels, colors="white", linewidths=0.5)
        for color, (name, (points, _)) in zip(
            plt.rcParams["axes.prop_cycle"].by_key()["color"][1:], runs.items()
        ):
            if title in (name, "all together"):
                ax.plot(*points.T, "o-", ms=3, lw=1.4, color=color, label=name, mec="white", mew=0.3)
        ax.plot(0, 0, "*", ms=13, color="#f2c14e", mec="#333333", mew=0.6)
        steps = f", {len(runs[title][0]) - 1} steps" if title in runs else ""
        ax.set(title=title + steps, xlim=(-4.2, 4.2), ylim=(-4.6, 4.6))
        ax.grid(False)
    axes[1, 2].legend(loc="lower left", fontsize=8, labelcolor="#222222")
    fig.supxlabel("x₁")
    fig.supylabel("x₂")
    fig.suptitle("f(x) = 0.2 x₁² + 2 x₂² from (3, 4); the star is the minimum")
    fig.savefig(path)
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
