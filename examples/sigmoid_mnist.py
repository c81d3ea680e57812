"""Why deep learning left the sigmoid: 784-128-256-10 with SGD at lr 0.01, SGD at lr 1, and Adam at lr 0.01.

    python examples/sigmoid_mnist.py                # the digits shipped with mytorch
    python examples/sigmoid_mnist.py --data full    # all of them: the accuracies below
    python examples/sigmoid_mnist.py --torchvision  # torchvision's MNIST and transforms instead (they need PyTorch)

What the run shows, on the full set: with SGD at 0.01 the network knows about a quarter of the digits after an epoch, because a sigmoid's slope is at
most 1/4, so that three layers shrink the gradient of the first one; the same network with ReLU reaches 83 %. A hundred times the learning rate makes
up for it, and Adam, which divides by the gradient's size, reaches 97 % within ten epochs.
"""

import argparse
from pathlib import Path

import matplotlib
from tqdm import tqdm

import mytorch as torch
from mytorch import nn, optim
from mytorch.utils.data import DataLoader

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the backend was chosen)

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))

RUNS = {  # name: (activation, optimizer)
    "sigmoid, SGD lr 0.01": (nn.Sigmoid, lambda p: optim.SGD(p, lr=0.01)),
    "ReLU, SGD lr 0.01": (nn.ReLU, lambda p: optim.SGD(p, lr=0.01)),
    "sigmoid, SGD lr 1": (nn.Sigmoid, lambda p: optim.SGD(p, lr=1.0)),
    "sigmoid, Adam lr 0.01": (nn.Sigmoid, lambda p: optim.Adam(p, lr=0.01)),
}


def build(activation):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), activation(), nn.Linear(128, 256), activation(), nn.Linear(256, 10))


def load(args):
    """Training and test set: mytorch's own classes, or torchvision's, which work the same."""
    if args.torchvision:
        from torchvision import datasets, transforms
    else:
        from mytorch import datasets
        from mytorch.datasets import transforms
    full = args.data == "full" or args.torchvision
    options = {"root": args.root, "download": True} if full else {}
    return [datasets.MNIST(train=train, transform=transforms.ToTensor(), **options) for train in (True, False)]


def accuracy(model, loader):
    model.eval()  # no layer here behaves differently in evaluation, but the habit costs nothing
    with torch.no_grad():
        correct = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    model.train()
    return correct / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", choices=("subset", "full"), default="subset", help="5,000 + 1,000 shipped digits, or all 70,000")
    parser.add_argument("--root", default="data", help="folder of the full set's IDX files")
    parser.add_argument("--torchvision", action="store_true", help="read the full set through torchvision")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the training data")
    parser.add_argument("--workers", type=int, default=0, help="processes that load the data")
    parser.add_argument("--seed", type=int, default=0, help="fixes initial weights and shuffling")
    parser.add_argument("--out", type=Path, default=Path("runs/sigmoid_mnist"), help="folder for the picture")
    parser.add_argument("--quick", action="store_true", help="2 epochs")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    epochs = 2 if args.quick else args.epochs

    train_set, test_set = load(args)
    print(train_set)
    options = {"num_workers": args.workers, "persistent_workers": args.workers > 0}
    test_loader = DataLoader(test_set, batch_size=1000)
    print(build(nn.Sigmoid))

    results = {}
    for name, (activation, make) in RUNS.items():
        torch.manual_seed(args.seed)
        train_loader = DataLoader(train_set, batch_size=64, shuffle=True, drop_last=True, **options)
        model = build(activation)
        optimizer = make(model.parameters())
        first_gradient, results[name] = None, []
        for epoch in range(epochs):
            for x, y in tqdm(train_loader, desc=f"{name}, epoch {epoch + 1}/{epochs}", leave=False):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                first_gradient = first_gradient or (model[1].weight.grad.norm() / model[5].weight.grad.norm()).item()
                optimizer.step()
            results[name].append(accuracy(model, test_loader))
        print(
            f"{name:<22} after one epoch {results[name][0]:7.2%}, after {epochs:2} {results[name][-1]:7.2%}; "
            f"gradient of the first layer / of the last, at the first step: {first_gradient:.3f}"
        )

    fig, ax = plt.subplots(figsize=(7, 4))
    for name, values in results.items():
        ax.plot(range(1, epochs + 1), values, "o-", ms=4, label=name)
    ax.set(title="784-128-256-10 on MNIST: test accuracy", xlabel="epoch", ylim=(0, 1))
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="lower right")
    fig.savefig(args.out / "accuracy.png")
    plt.close(fig)
    print(f"the picture accuracy.png is in {args.out}")


if __name__ == "__main__":
    main()
