"""Fit y = 0.5 x₁ + 0.8 x₂ + 0.01 · noise with five optimizers, and check SGD against a step written by hand.

    python examples/linear_fit.py [--epochs 30] [--out runs/linear_fit]

1,000 points in batches of 64. What the run shows: at these learning rates all five come within a factor of
two of the noise (a mean squared error of 1e-4) in four to six epochs. SGD, Momentum and AdaGrad stay there,
at 1.05e-4. RMSprop and Adam divide by the size of the gradient, so their steps do not shrink with it and
they keep oscillating: RMSprop's loss rises to twice the noise on the way.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from _options import folder, positive, seed
from tqdm import tqdm

import mytorch as torch
from mytorch import nn, optim
from mytorch.utils.data import DataLoader, TensorDataset

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))

OPTIMIZERS = {
    "SGD": lambda model: optim.SGD(model, lr=0.03),
    "AdaGrad": lambda model: optim.AdaGrad(model, lr=0.1),
    "RMSprop": lambda model: optim.RMSprop(model, lr=0.01),
    "Momentum": lambda model: optim.Momentum(model.parameters(), lr=0.01, momentum=0.9),
    "Adam": lambda model: optim.Adam(model, lr=0.03),
}


def make_data(seed):
    torch.manual_seed(seed)
    x = torch.randn(1000, 2)
    y = x @ torch.tensor([[0.5], [0.8]]) + 0.01 * torch.randn(1000, 1)
    return TensorDataset(x, y)


def train(data, make, epochs, seed):
    """The loss of every iteration and the mean loss of every epoch; and the model."""
    torch.manual_seed(seed)
    model = nn.Linear(2, 1)
    optimizer = make(model)
    loader = DataLoader(data, batch_size=64, shuffle=True)
    by_iteration, by_epoch = [], []
    for _ in range(epochs):
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            by_iteration.append(loss.item())
        by_epoch.append(float(np.mean(by_iteration[-len(loader) :])))
    return by_iteration, by_epoch, model


def check_sgd(data, seed):
    """The largest difference between the library's SGD and w ← w - lr · gradient by hand, over one epoch."""
    x, y = data.tensors
    torch.manual_seed(seed)
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model, lr=0.03)
    w, b = (p.detach().clone().requires_grad_() for p in (model.weight, model.bias))
    for i in range(0, len(x), 64):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x[i : i + 64]), y[i : i + 64]).backward()
        optimizer.step()

        loss = ((x[i : i + 64] @ w.T + b - y[i : i + 64]) ** 2).mean()
        gradient_w, gradient_b = torch.autograd.grad(loss, [w, b])
        with torch.no_grad():
            w -= 0.03 * gradient_w
            b -= 0.03 * gradient_b
    return max((model.weight - w).abs().max().item(), (model.bias - b).abs().max().item())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--epochs", type=positive, default=30, help="passes over the 1,000 points")
    parser.add_argument("--seed", type=seed, default=0, help="fixes data, initial weights and shuffling")
    parser.add_argument("--out", type=folder, default="runs/linear_fit", help="folder for the picture")
    parser.add_argument("--quick", action="store_true", help="5 epochs")
    args = parser.parse_args()
    epochs = 5 if args.quick else args.epochs

    data = make_data(args.seed)
    runs = {
        name: train(data, make, epochs, args.seed) for name, make in tqdm(OPTIMIZERS.items(), leave=False)
    }
    print(f"{'optimizer':<10} {'w₁':>8} {'w₂':>8} {'b':>9} {'last epoch’s loss':>18} {'epochs to 2e-4':>15}")
    for name, (_, by_epoch, model) in runs.items():
        reached = next((i + 1 for i, loss in enumerate(by_epoch) if loss < 2e-4), "–")
        (w1, w2), b = model.weight[0].tolist(), model.bias.item()
        print(f"{name:<10} {w1:>8.4f} {w2:>8.4f} {b:>9.5f} {by_epoch[-1]:>18.3e} {reached:>15}")
    print(
        f"the library's SGD and the step by hand differ by at most {check_sgd(data, args.seed):.1e} "
        "after an epoch"
    )

    fig, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    for name, (by_iteration, by_epoch, _) in runs.items():
        axes[0].plot(by_iteration, lw=1, label=name)
        axes[1].plot(range(1, epochs + 1), by_epoch, label=name)
    for ax, what in zip(axes, ("iteration", "epoch")):
        ax.axhline(1e-4, color="#333333", ls=":", lw=1)
        ax.set(title=f"loss by {what}", xlabel=what, yscale="log")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0].set_ylabel("mean squared error")
    axes[0].annotate(
        "the noise, 1e-4", (0, 1e-4), (-8, -12), textcoords="offset points", fontsize=8, color="#333333"
    )
    axes[1].legend()
    fig.savefig(args.out / "loss.png")
    plt.close(fig)
    print(f"the picture loss.png is in {args.out}")


if __name__ == "__main__":
    main()
