"""Five optimizers on two surfaces, animated: which leave a saddle, and which diverge.

    python examples/optimizers_3d.py [--out runs/optimizers_3d] [--quick]

What the run shows:
1. The cubic f(x) = x₀² + x₁² + x₁³ + x₀ x₁ from (2, 3): (0, 0) is a minimum, (0.25, -0.5) a saddle, and
   below the saddle f is unbounded. Momentum overshoots the minimum, crosses the ridge beside the saddle and
   diverges to minus infinity: no "escape from a saddle", and the drawing has to clip it. The other four end
   near the minimum.
2. The true saddle f(x) = -x₀²/2 + x₁² from (1e-5, 0.5): within 100 steps at lr 0.05 every optimizer but
   plain SGD leaves it; SGD's distance from it grows by only 5 % a step from 1e-5.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from _options import folder, seed
from tqdm import tqdm

import mytorch as torch
from mytorch import optim

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from PIL import Image

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))

EPS = 1e-7


def five(sgd, adagrad, rmsprop, momentum, adam):
    """The five optimizers with these learning rates."""
    return {
        "SGD": lambda p: optim.SGD(p, lr=sgd),
        "AdaGrad": lambda p: optim.AdaGrad(p, lr=adagrad, eps=EPS),
        "RMSprop": lambda p: optim.RMSprop(p, lr=rmsprop, alpha=0.9, eps=EPS),
        "Momentum": lambda p: optim.Momentum(p, lr=momentum, momentum=0.9),
        "Adam": lambda p: optim.Adam(p, lr=adam, betas=(0.9, 0.99), eps=EPS),
    }


SURFACES = {  # name: (function, its text, start, steps, optimizers, drawn ranges of x₀, x₁ and f)
    "cubic": (
        lambda x0, x1: x0**2 + x1**2 + x1**3 + x0 * x1,
        "x₀² + x₁² + x₁³ + x₀ x₁",
        (2.0, 3.0),
        150,
        five(0.01, 0.5, 0.1, 0.01, 0.1),
        (-3, 3),
        (-2.2, 3.2),
        (-10, 50),
    ),
    "saddle": (
        lambda x0, x1: -(x0**2) / 2 + x1**2,
        "-x₀²/2 + x₁²",
        (1e-5, 0.5),
        100,
        five(0.05, 0.05, 0.05, 0.05, 0.05),
        (-2, 2),
        (-0.7, 0.7),
        (-2, 0.6),
    ),
}


def trajectory(f, start, make, steps):
    """The points (steps + 1, 3), x₀, x₁ and f, that an optimizer visits; fewer if f overflows."""
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = make([x])
    points = []
    for _ in range(steps + 1):
        loss = f(x[0], x[1])
        if not loss.isfinite():
            break
        points.append([*x.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(points)


def inside(points, *limits):
    """The points up to the first that leaves the drawn box: what happens outside is clipped."""
    low, high = np.array(limits).T
    within = np.all((points >= low - 1e-9) & (points <= high + 1e-9), axis=1)
    return points[: len(points) if within.all() else max(int(np.argmin(within)), 1)]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--out", type=folder, default="runs/optimizers_3d", help="folder for the pictures")
    parser.add_argument(
        "--seed", type=seed, default=0, help="accepted by every example; nothing here is random"
    )
    parser.add_argument("--quick", action="store_true", help="fewer frames in the animations")
    args = parser.parse_args()
    for name, (f, text, start, steps, optimizers, *limits) in SURFACES.items():
        runs = {optimizer: trajectory(f, start, make, steps) for optimizer, make in optimizers.items()}
        report(name, text, runs, limits)
        draw(name, f, text, runs, limits, args.out, frames=8 if args.quick else 60)
        draw_progress(name, text, runs, args.out / f"{name}_progress.png")
    print(f"pictures (PNG) and animations (GIF) of both surfaces are in {args.out}")


def report(name, text, runs, limits):
    print(f"\nf(x) = {text}")
    print(f"{'optimizer':<10} {'steps':>5} {'last point':>27} {'f there':>12}  what it did")
    for optimizer, points in runs.items():
        x0, x1, value = points[-1]
        print(
            f"{optimizer:<10} {len(points) - 1:>5} ({x0:>12.4g}, {x1:>12.4g}) {value:>12.4g}  "
            f"{verdict(name, points, limits)}"
        )


def verdict(name, points, limits):
    """The result of an optimizer in words.

    It has left the saddle if |x₀| > 1, and diverged on the cubic if f is below the drawn range.
    """
    if name == "saddle":
        away = abs(points[:, 0]) > 1
        return (
            f"left the saddle (|x₀| > 1 after {np.argmax(away)} steps)"
            if away.any()
            else "still at the saddle"
        )
    fallen = points[:, 2] < limits[2][0]
    if fallen.any():
        return f"ran off to minus infinity (f < {limits[2][0]} after {np.argmax(fallen)} steps)"
    return "near the minimum" if points[-1, 2] < 0.05 else "on its way"


def draw(name, f, text, runs, limits, out, frames):
    x0, x1 = np.meshgrid(np.linspace(*limits[0], 80), np.linspace(*limits[1], 80))
    height = np.clip(f(x0, x1), *limits[2])
    fig = plt.figure(figsize=(7.5, 6), dpi=80)
    ax = fig.add_subplot(projection="3d", computed_zorder=False)
    ax.plot_surface(x0, x1, height, cmap="viridis", alpha=0.55, linewidth=0, rstride=2, cstride=2, zorder=1)
    ax.set(xlabel="x₀", ylabel="x₁", zlabel="f", xlim=limits[0], ylim=limits[1], zlim=limits[2])
    ax.view_init(38, -62 if name == "cubic" else -50)
    trails, heads = {}, {}
    for color, optimizer in zip(plt.rcParams["axes.prop_cycle"].by_key()["color"], runs):
        (trails[optimizer],) = ax.plot([], [], [], color=color, lw=2, label=optimizer, zorder=3)
        (heads[optimizer],) = ax.plot([], [], [], "o", color=color, ms=7, mec="white", zorder=4)
    ax.legend(loc="upper left", fontsize=8)
    steps = max(map(len, runs.values())) - 1

    def show(step):
        for optimizer, points in runs.items():
            seen = inside(points, *limits)[: step + 1]
            trails[optimizer].set_data_3d(*seen.T)
            heads[optimizer].set_data_3d(*seen[-1:].T)
        ax.set_title(f"f(x) = {text}, step {step}")

    shown = np.unique(np.linspace(0, steps, frames).astype(int))
    frames = []
    for step in tqdm(shown, desc=f"{name}.gif", unit="frame", leave=False):
        show(step)
        fig.canvas.draw()
        frames.append(Image.fromarray(np.asarray(fig.canvas.buffer_rgba())[..., :3]))
    # one for all; by coverage, so that thin lines keep their colour
    palette = frames[-1].quantize(256, Image.Quantize.MAXCOVERAGE)
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    frames[0].save(
        out / f"{name}.gif",
        save_all=True,
        append_images=frames[1:],
        duration=[83] * (len(frames) - 1) + [2000],
        loop=0,
    )
    fig.savefig(out / f"{name}.png", dpi=130)
    plt.close(fig)


def draw_progress(name, text, runs, path):
    """Plot against the step: x₀ on the saddle, f on the cubic, clipped below."""
    fig, ax = plt.subplots(figsize=(7, 4))
    for optimizer, points in runs.items():
        ax.plot(abs(points[:, 0]) if name == "saddle" else points[:, 2], label=optimizer)
    if name == "saddle":
        ax.axhline(1, color="#333333", ls=":", lw=1)
        ax.annotate(
            "|x₀| > 1: it has left the saddle",
            (100, 1),
            (0, -11),
            textcoords="offset points",
            fontsize=8,
            ha="right",
        )
        ax.set(ylabel="|x₀|", ylim=(5e-6, 1e3))
        ax.set_yscale("log")
    else:
        ax.set_yscale("symlog", linthresh=0.01)
        ax.set(ylabel="f, clipped at -1000", ylim=(-1e3, 1e2))
    ax.set(title=f"f(x) = {text}", xlabel="step")
    fig.legend(loc="outside right center")
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
