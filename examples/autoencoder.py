"""Autoencoders on MNIST: digits compressed to 2 or 16 numbers and reconstructed from them, without labels.

    python examples/autoencoder.py [--data full] [--epochs 40] [--out runs/autoencoder] [--quick]

An encoder 784-512-128-k learns to describe a digit by k numbers, a decoder of the reverse shape to draw the
digit from them. What the run shows:
1. Both reconstruct unseen digits better than PCA, the best linear method, with as many numbers. The mean
   squared error of a pixel is 0.042 against 0.055 with 2 numbers, and 0.016 against 0.028 with 16.
2. Two numbers separate the digits, although no label was used: for more than six in ten test digits the
   nearest training digit in the plane has the same class (one in ten by chance). With 16 numbers it is nine
   in ten.
3. Between the clusters of the classes the decoder draws mixtures: the plane is a map of shapes, not of ten
   digits.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from _options import folder, needed_by, positive, seed
from tqdm import tqdm

import mytorch as torch
from mytorch import nn, optim
from mytorch.datasets import load_mnist
from mytorch.utils.data import DataLoader, TensorDataset

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))


class Autoencoder(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(784, 512),
            nn.GELU(),
            nn.Linear(512, 128),
            nn.GELU(),
            nn.Linear(128, size),
        )
        self.decoder = nn.Sequential(
            nn.Linear(size, 128),
            nn.GELU(),
            nn.Linear(128, 512),
            nn.GELU(),
            nn.Linear(512, 784),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))  # (N, 784) -> (N, size) -> (N, 784)


def load(data, root):
    """Training and test images (N, 784) in 0 to 1, and their labels."""
    digits = load_mnist(data, root=root)
    print(f"data: {digits.description}")
    images = [
        torch.from_numpy((i.reshape(-1, 784) / 255).astype(np.float32))
        for i in (digits.train_images, digits.test_images)
    ]
    return *images, digits.train_labels, digits.test_labels


def train(size, images, epochs, seed):
    """The trained model and the mean loss of every epoch."""
    torch.manual_seed(seed)
    model = Autoencoder(size)
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    loader = DataLoader(TensorDataset(images), batch_size=64, shuffle=True)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(loader))
    losses = []
    for _ in tqdm(range(epochs), desc=f"{size} numbers", unit="epoch", leave=False):
        total = 0.0
        for (x,) in loader:
            loss = nn.functional.mse_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        losses.append(total / len(loader))
    return model, losses


def pca(train, test, size):
    """The test images reconstructed by PCA of the training images with ``size`` components."""
    mean = train.mean(0)
    _, vectors = np.linalg.eigh(np.cov(train - mean, rowvar=False))  # in ascending order
    basis = vectors[:, -size:]
    return (test - mean) @ basis @ basis.T + mean


def neighbours_agree(codes, labels, test_codes, test_labels):
    """The share of test digits whose nearest training digit, by code, has the same label."""
    distances = (test_codes**2).sum(1)[:, None] - 2 * test_codes @ codes.T + (codes**2).sum(1)
    return (labels[distances.argmin(1)] == test_labels).mean()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--data",
        choices=("subset", "full"),
        default="subset",
        help="5,000 + 1,000 shipped digits, or all 70,000",
    )
    parser.add_argument("--root", default="data", help="folder of the full set's IDX files")
    parser.add_argument("--epochs", type=positive, default=40, help="passes over the training data")
    parser.add_argument("--seed", type=seed, default=0, help="fixes initial weights and shuffling")
    parser.add_argument("--out", type=folder, default="runs/autoencoder", help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="3 epochs")
    args = parser.parse_args()
    epochs = 3 if args.quick else args.epochs

    with needed_by(parser, "--data"):
        images, test_images, labels, test_labels = load(args.data, args.root)
    drawn, planes, losses = {}, None, {}
    print(
        f"{'numbers':>7} {'error, training':>16} {'error, test':>12} {'error of PCA':>13} "
        f"{'nearest is alike':>17}"
    )
    for size in (2, 16):
        model, losses[size] = train(size, images, epochs, args.seed)
        with torch.no_grad():
            codes, test_codes = model.encoder(images).numpy(), model.encoder(test_images).numpy()
            drawn[size] = model(test_images).numpy()
        linear = pca(images.numpy(), test_images.numpy(), size)
        error, linear_error = (((test_images.numpy() - d) ** 2).mean() for d in (drawn[size], linear))
        alike = neighbours_agree(codes, labels, test_codes, test_labels)
        print(f"{size:>7} {losses[size][-1]:>16.4f} {error:>12.4f} {linear_error:>13.4f} {alike:>17.1%}")
        if size == 2:
            planes = model, test_codes, linear
    draw_reconstructions(
        test_images.numpy(),
        test_labels,
        {"2 by PCA": planes[2], "2 numbers": drawn[2], "16 numbers": drawn[16]},
        args.out / "reconstructions.png",
    )
    draw_plane(planes[0], planes[1], test_labels, args.out / "latent.png")
    draw_losses(losses, args.out / "loss.png")
    print(f"pictures reconstructions.png, latent.png and loss.png are in {args.out}")


def draw_reconstructions(images, labels, drawn, path):
    """The first test digit of each class, and what was drawn of it."""
    chosen = [np.flatnonzero(labels == digit)[0] for digit in range(10)]
    fig, axes = plt.subplots(1 + len(drawn), 10, figsize=(11, 1.15 * (1 + len(drawn))))
    for row, (name, pictures) in zip(axes, {"original": images, **drawn}.items()):
        for ax, i in zip(row, chosen):
            ax.imshow(pictures[i].reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    fig.savefig(path)
    plt.close(fig)


def draw_plane(model, codes, labels, path, side=18):
    """The two numbers of every test digit, by class; and what the decoder draws all over that plane."""
    fig, axes = plt.subplots(1, 2, figsize=(12, 5.6))
    low, high = np.percentile(codes, [2, 98], axis=0)
    for digit, color in enumerate(plt.get_cmap("tab10").colors):
        of_class = codes[labels == digit]
        axes[0].scatter(*of_class.T, s=9, color=color, alpha=0.7, lw=0, label=digit)
        axes[0].text(
            *np.median(of_class, axis=0),
            digit,
            fontsize=14,
            weight="bold",
            ha="center",
            va="center",
            bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": color, "alpha": 0.85},
        )
    axes[0].set(
        title="the two numbers of the test digits (colour: the class)",
        xlabel="first",
        ylabel="second",
        xlim=(low[0], high[0]),
        ylim=(low[1], high[1]),
    )
    # the top row is the largest second number
    first, second = np.meshgrid(np.linspace(low[0], high[0], side), np.linspace(high[1], low[1], side))
    with torch.no_grad():
        drawn = model.decoder(
            torch.from_numpy(np.stack([first, second], -1).reshape(-1, 2).astype(np.float32))
        )
    picture = drawn.reshape(side, side, 28, 28).permute(0, 2, 1, 3).reshape(side * 28, side * 28)
    axes[1].imshow(picture.numpy(), cmap="gray_r", extent=(low[0], high[0], low[1], high[1]), aspect="auto")
    axes[1].set(title="what is drawn from the numbers there", xlabel="first")
    axes[1].grid(False)
    fig.savefig(path)
    plt.close(fig)


def draw_losses(losses, path):
    fig, ax = plt.subplots(figsize=(6, 3.6))
    for size, values in losses.items():
        ax.plot(range(1, len(values) + 1), values, label=f"{size} numbers")
    ax.set(title="training loss", xlabel="epoch", ylabel="mean squared error", ylim=(0, None))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
