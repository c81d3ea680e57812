"""A generative adversarial network draws the digits that it is asked for.

    python examples/gan_mnist.py [--epochs 20] [--out runs/gan_mnist] [--quick]

The generator turns 64 random numbers and a digit into a 28 x 28 picture by transposed convolutions; the
discriminator distinguishes generated from real pictures (Goodfellow et al. 2014, the layers of Radford et
al. 2015). samples.gif shows 80 generated pictures during the training. What the run shows:
1. After 20 epochs on 5,000 digits a classifier trained on real digits recognises more than nine in ten
   generated pictures as the requested digit. That is as good as on unseen real digits, because the generator
   draws ordinary digits with less variety than real ones. Some are smudged, as the picture shows.
2. It does not copy: a generated picture is about as far from the nearest training digit as an unseen real
   digit is.
3. The losses say little about this: the discriminator stays ahead of the generator (below log 2, the loss of
   guessing), while the pictures improve.
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
from PIL import Image

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))

NOISE, LABEL = 64, 16
ASKED = np.tile(np.arange(10), 8)  # the digits of the 80 drawings that are shown: a column each


class Generator(nn.Module):
    """64 random numbers and a digit to a picture, from -1 (paper) to 1 (ink)."""

    def __init__(self):
        super().__init__()
        self.label = nn.Embedding(10, LABEL)
        self.net = nn.Sequential(
            nn.Linear(NOISE + LABEL, 64 * 7 * 7, bias=False),
            nn.Unflatten(1, (64, 7, 7)),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            # (N, 32, 14, 14)
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),
            nn.Tanh(),  # (N, 1, 28, 28)
        )

    def forward(self, noise, digit):
        return self.net(torch.cat([noise, self.label(digit)], dim=1))


class Discriminator(nn.Module):
    """The logit (N, 1) that a picture is a real one of the given digit.

    The digit enters by a product with the features (Miyato and Koyama 2018).
    """

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 32, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),  # (N, 32, 14, 14)
            # (N, 64, 7, 7)
            nn.Conv2d(32, 64, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        )
        self.head, self.label = nn.Linear(64 * 7 * 7, 1), nn.Embedding(10, 64 * 7 * 7)
        nn.init.normal_(self.label.weight, std=0.02)

    def forward(self, x, digit):
        h = self.net(x)  # (N, 3136)
        return self.head(h) + (h * self.label(digit)).sum(dim=1, keepdim=True)


def train(images, labels, epochs, seed, frames_per_epoch=2):
    """The generator, the losses of every step, and pictures of the same noise during the training.

    Losses are (discriminator, generator); the pictures have shape (frames, 80, 28, 28).
    """
    torch.manual_seed(seed)
    generator, discriminator = Generator(), Discriminator()
    to_forge, to_judge = (
        optim.Adam(m.parameters(), lr=5e-4, betas=(0.5, 0.999)) for m in (generator, discriminator)
    )
    loader = DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True, drop_last=True)
    judged = nn.functional.binary_cross_entropy_with_logits
    # "nearly": against a critic too sure of itself
    real, nearly_real, forged = torch.ones(64, 1), torch.full((64, 1), 0.9), torch.zeros(64, 1)
    fixed, frames, losses = torch.randn(80, NOISE), [], []
    bar = tqdm(total=epochs * len(loader), desc="training", unit="step", leave=False)
    for _ in range(epochs):
        for step, (x, digit) in enumerate(loader):
            if step % -(-len(loader) // frames_per_epoch) == 0:
                frames.append(draw(generator, fixed, ASKED))
            fake = generator(torch.randn(64, NOISE), digit)
            loss = judged(discriminator(x, digit), nearly_real) + judged(
                discriminator(fake.detach(), digit), forged
            )
            to_judge.zero_grad()
            loss.backward()
            to_judge.step()

            forger_loss = judged(discriminator(fake, digit), real)  # what deceives is good
            to_forge.zero_grad()
            forger_loss.backward()
            to_forge.step()
            losses.append((loss.item() / 2, forger_loss.item()))
            bar.update()
    bar.close()
    frames.append(draw(generator, fixed, ASKED))
    return generator, np.array(losses), np.array(frames)


@torch.no_grad()
def draw(generator, noise, digits):
    """Pictures (N, 28, 28) from 0 (paper) to 1 (ink)."""
    generator.eval()
    pictures = (generator(noise, torch.from_numpy(digits)).squeeze(1).numpy() + 1) / 2
    generator.train()
    return pictures


def train_classifier(images, labels, seed):
    """A judge that the generator never meets: says which digits are on pictures (N, 28, 28)."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, 10))
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(10):
        for x, y in DataLoader(
            TensorDataset(torch.from_numpy(images), torch.from_numpy(labels)), batch_size=64, shuffle=True
        ):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()

    @torch.no_grad()
    def classify(pictures):
        return model(torch.from_numpy(pictures)).argmax(1).numpy()

    return classify


def nearest(pictures, training):
    """The distance of each picture to the nearest training digit."""
    a, b = pictures.reshape(len(pictures), -1), training.reshape(len(training), -1)
    return distances(a, b).min(1)


def variety(pictures, labels):
    """The mean distance between two pictures of the same digit, 0 if they are all equal."""
    means = []
    for digit in range(10):
        of_digit = pictures[labels == digit].reshape(-1, 784)
        means.append(distances(of_digit, of_digit).sum() / (len(of_digit) * (len(of_digit) - 1)))
    return np.mean(means)


def distances(a, b):
    """All distances (len(a), len(b)) between rows."""
    return np.sqrt(np.maximum((a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1), 0))


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
    parser.add_argument("--epochs", type=positive, default=20, help="passes over the training data")
    parser.add_argument("--seed", type=seed, default=0, help="fixes initial weights, shuffling and noise")
    parser.add_argument("--out", type=folder, default="runs/gan_mnist", help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="6 epochs on 2,000 digits")
    args = parser.parse_args()

    with needed_by(parser, "--data"):
        digits = load_mnist(args.data, root=args.root)
    print(f"data: {digits.description}")
    count, epochs = (2000, 6) if args.quick else (len(digits.train_images), args.epochs)
    training, test = ((i / 255).astype(np.float32) for i in (digits.train_images[:count], digits.test_images))
    classify = train_classifier(training, digits.train_labels[:count], args.seed)
    labels = digits.train_labels[:count]
    generator, losses, frames = train(
        torch.from_numpy(training[:, None] * 2 - 1), torch.from_numpy(labels), epochs, args.seed
    )
    asked = np.arange(1000) % 10
    drawn = draw(generator, torch.randn(1000, NOISE), asked)

    print(
        f"{'1,000 pictures':<15} {'classifier agrees':>18} "
        f"{'distance to the nearest training digit':>39} {'between two of the same digit':>30}"
    )
    for name, pictures, truth in (
        ("drawn", drawn, asked),
        ("unseen real", test[:1000], digits.test_labels[:1000]),
    ):
        agrees = (classify(pictures) == truth).mean()
        print(
            f"{name:<15} {agrees:>18.1%} {nearest(pictures, training).mean():>39.2f} "
            f"{variety(pictures, truth):>30.2f}"
        )
    by_digit = [(classify(drawn)[asked == digit] == digit).mean() for digit in range(10)]
    print("agrees by digit: " + ", ".join(f"{digit}: {share:.0%}" for digit, share in enumerate(by_digit)))
    last = losses[-len(losses) // 5 :].mean(0)
    print(
        f"losses over the last fifth: discriminator {last[0]:.2f} (0.69: it cannot tell), generator "
        f"{last[1]:.2f}"
    )

    draw_samples(frames[-1], args.out / "samples.png")
    animate(frames, epochs, args.out / "samples.gif")
    draw_losses(losses, by_digit, args.out / "training.png")
    print(f"samples.png, samples.gif and training.png are in {args.out}")


def sheet(pictures, columns=10):
    """Pictures (N, 28, 28) side by side as one."""
    rows = len(pictures) // columns
    return pictures.reshape(rows, columns, 28, 28).swapaxes(1, 2).reshape(rows * 28, columns * 28)


def draw_samples(pictures, path):
    fig, ax = plt.subplots(figsize=(7, 6))
    ax.imshow(sheet(pictures), cmap="gray_r", vmin=0, vmax=1)
    ax.set(title="digits that the generator drew, one class per column")
    ax.axis("off")
    fig.savefig(path)
    plt.close(fig)


def animate(frames, epochs, path):
    fig, ax = plt.subplots(figsize=(5.6, 4.8), dpi=72)
    image = ax.imshow(sheet(frames[0]), cmap="gray_r", vmin=0, vmax=1)
    ax.axis("off")
    pictures = []
    for i, frame in enumerate(tqdm(frames, desc=path.name, unit="frame", leave=False)):
        image.set_data(sheet(frame))
        ax.set_title(f"epoch {i * epochs / (len(frames) - 1):.1f}")
        fig.canvas.draw()
        pictures.append(
            Image.fromarray(np.asarray(fig.canvas.buffer_rgba())[..., :3])
            .convert("L")
            .quantize(16, dither=Image.Dither.NONE)
        )
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=[150] * (len(pictures) - 1) + [3000], loop=0
    )
    plt.close(fig)


def draw_losses(losses, by_digit, path, window=50):
    fig, axes = plt.subplots(1, 2, figsize=(10, 3.6))
    window = max(1, min(window, len(losses) // 5))
    kernel = np.ones(window) / window
    for values, label in zip(losses.T, ("discriminator", "generator")):
        axes[0].plot(np.convolve(values, kernel, "valid"), lw=1.2, label=label)
    axes[0].axhline(np.log(2), color="#333333", ls=":", lw=1)
    axes[0].set(title=f"losses (mean of {window} steps)", xlabel="step", ylim=(0, None))
    axes[0].legend()
    axes[1].bar(range(10), by_digit)
    axes[1].set(
        title="drawings that a classifier reads as meant", xlabel="digit", xticks=range(10), ylim=(0, 1)
    )
    axes[1].yaxis.set_major_formatter("{x:.0%}")
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
