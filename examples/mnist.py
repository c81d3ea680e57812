"""Train a convolutional network (or an MLP) on MNIST and show what it learned.

    python examples/mnist.py                        # the 6,000 digits shipped with mytorch, under a minute
    python examples/mnist.py --data full            # all 70,000 digits, downloaded to ./data if absent
    python examples/mnist.py --model mlp --optimizer sgd --lr 0.1
    python examples/mnist.py --resume               # continue after Ctrl-C or the last epoch
    python examples/mnist.py --quick                # 2 epochs on 1,000 digits, a few seconds
    mpiexec -n 2 python examples/mnist.py           # two processes, each with half of every batch

Pictures (curves.png, worst.png, confusion.png), the checkpoint and the weights are written to --out, by one
process. --resume goes on with any number of processes.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np
from _options import device, folder, needed_by, positive, rate, seed
from tqdm import tqdm

import mytorch as torch
import mytorch.distributed as dist
from mytorch import nn, optim
from mytorch.datasets import load_mnist
from mytorch.nn.parallel import DistributedDataParallel
from mytorch.utils.data import DataLoader, DistributedSampler, Subset, TensorDataset

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))

# name: (class, learning rate, further settings)
OPTIMIZERS = {
    "sgd": (optim.SGD, 0.1, {}),
    "momentum": (optim.Momentum, 0.05, {"momentum": 0.9}),
    "adagrad": (optim.AdaGrad, 0.02, {}),
    "rmsprop": (optim.RMSprop, 1e-3, {}),
    "adam": (optim.Adam, 4e-3, {}),
    "adamw": (optim.AdamW, 4e-3, {"weight_decay": 0.01}),
}
EPOCHS = {("cnn", "subset"): 10, ("mlp", "subset"): 15, ("cnn", "full"): 6, ("mlp", "full"): 10}


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--data",
        choices=("subset", "full"),
        default="subset",
        help="5,000 + 1,000 shipped digits, or all 60,000 + 10,000",
    )
    parser.add_argument("--root", default="data", help="folder of the full set's IDX files, raw or .gz")
    parser.add_argument(
        "--model", choices=("cnn", "mlp"), default="cnn", help="two convolutions, or 784-128-64-10"
    )
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="adam", help="name of the optimizer")
    parser.add_argument(
        "--lr",
        type=rate,
        default=argparse.SUPPRESS,
        help="highest learning rate of the cosine schedule (default: by optimizer)",
    )
    parser.add_argument(
        "--epochs",
        type=positive,
        default=argparse.SUPPRESS,
        help="passes over the training data (default: 6 to 15, by model and data)",
    )
    parser.add_argument("--batch-size", type=positive, default=64, help="images per step, of all processes")
    parser.add_argument("--device", type=device, default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument(
        "--seed", type=seed, default=0, help="fixes the initial weights, the shuffling and the dropout"
    )
    parser.add_argument(
        "--out", type=folder, default="runs/mnist", help="folder for pictures, checkpoint and weights"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue from the checkpoint in --out, with exactly the result of an uninterrupted run",
    )
    parser.add_argument("--quick", action="store_true", help="2 epochs on 1,000 digits")
    args = parser.parse_args()
    args.lr = getattr(args, "lr", OPTIMIZERS[args.optimizer][1])
    args.epochs = 2 if args.quick else getattr(args, "epochs", EPOCHS[args.model, args.data])
    return parser, args


def build(name):
    if name == "mlp":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
        )
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 1, 28, 28) -> (N, 16, 14, 14)
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # -> (N, 32, 7, 7)
        nn.Flatten(),
        nn.Dropout(0.25),  # -> (N, 1568)
        nn.Linear(1568, 128),
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(128, 10),  # -> (N, 10)
    )


def as_dataset(images, labels):
    # zero mean, unit variance over the training set
    pixels = (images[:, None].astype(np.float32) / 255 - 0.1307) / 0.3081
    return TensorDataset(torch.from_numpy(pixels), torch.from_numpy(labels))


@torch.no_grad()
def evaluate(model, dataset, device):
    """Mean loss, accuracy, and the probabilities (N, 10) of every image; each process computes a share."""
    rank, size, n = dist.get_rank(), dist.get_world_size(), len(dataset)
    model.eval()
    logits = [model(x.to(device)) for x, _ in DataLoader(Subset(dataset, range(rank, n, size)), 500)]
    model.train()
    shares = [torch.empty(len(range(r, n, size)), 10, device=device) for r in range(size)]
    dist.all_gather(shares, torch.cat(logits))
    whole = torch.empty(n, 10)
    for r, share in enumerate(shares):
        whole[r::size] = share.cpu()
    targets = dataset.tensors[1]
    loss = nn.functional.cross_entropy(whole, targets).item()
    return loss, (whole.argmax(1) == targets).float().mean().item(), whole.softmax(1).numpy()


def over_all_ranks(*numbers):
    """The sums of numbers over all processes."""
    total = torch.tensor(numbers, dtype=torch.float64)
    dist.all_reduce(total)
    return total.tolist()


def read_checkpoint(path, device, recipe):
    """The state that an interrupted run with the same options has saved."""
    if not path.exists():
        raise FileNotFoundError(f"there is no checkpoint in {path.parent}; run without it first")
    state = torch.load(path, map_location=device)
    parts = {"recipe", "progress", "rng", "model", "optimizer", "scheduler", "loader"}
    if not isinstance(state, dict) or state.keys() != parts or not isinstance(state["recipe"], dict):
        raise ValueError(f"{path} is not a checkpoint of this example")
    if state["recipe"] != recipe:
        changed = [f"--{k.replace('_', '-')} {v}" for k, v in state["recipe"].items() if recipe.get(k) != v]
        raise ValueError(
            f"the checkpoint in {path.parent} was made with {', '.join(changed) or 'other options'}; use the "
            "same, or another --out"
        )
    return state


def main():
    dist.init_process_group()  # alone, a world of one
    try:
        train_and_show(*arguments())
    finally:
        if dist.is_initialized() and dist.get_world_size() == 1:
            dist.destroy_process_group()


def train_and_show(parser, args):
    rank, ranks = dist.get_rank(), dist.get_world_size()
    if args.batch_size % ranks:
        parser.error(
            f"argument --batch-size: {args.batch_size} images do not divide into {ranks} equal shares"
        )

    def say(text):
        if rank == 0:
            print(text, flush=True)

    torch.manual_seed(args.seed)  # the same on all processes
    with needed_by(parser, "--data"):
        for turn in range(2):  # one process downloads
            if (rank == 0) == (turn == 0):
                digits = load_mnist(args.data, root=args.root)
            dist.barrier()
    say(f"data:   {digits.description}")
    count = 1000 if args.quick else len(digits.train_images)
    train = as_dataset(digits.train_images[:count], digits.train_labels[:count])
    test = as_dataset(digits.test_images, digits.test_labels)
    # every process takes its share of each batch; the order depends on the seed and the epoch alone
    sampler = DistributedSampler(train, seed=args.seed)
    train_loader = DataLoader(train, args.batch_size // ranks, sampler=sampler)

    net = build(args.model).to(args.device)
    model = DistributedDataParallel(net)  # averages the gradients of all processes
    make, _, settings = OPTIMIZERS[args.optimizer]
    optimizer = make(model.parameters(), lr=args.lr, **settings)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(
        optimizer, args.epochs * len(train_loader), eta_min=args.lr / 100
    )
    parameters = sum(p.numel() for p in model.parameters())
    say(
        f"model:  {args.model}, {parameters:,} parameters, on {args.device}"
        + f", {ranks} processes" * (ranks > 1)
    )
    say(
        f"steps:  {args.optimizer}, lr {args.lr:g}, {args.epochs} epochs of {len(train_loader)} "
        f"batches of {args.batch_size}"
    )

    # ---- the checkpoint: everything that the next step depends on --------------------------------
    checkpoint_path = args.out / "checkpoint.mt"
    history = {"train_loss": [], "train_accuracy": [], "test_loss": [], "test_accuracy": []}
    progress = {"epoch": 0, "loss": 0.0, "correct": 0.0, "seen": 0.0, "history": history}
    options = ("data", "model", "optimizer", "lr", "epochs", "batch_size", "seed", "quick")
    recipe = {option: getattr(args, option) for option in options}
    parts = {"model": net, "optimizer": optimizer, "scheduler": scheduler, "loader": train_loader}

    def save_checkpoint():
        if rank == 0:
            state = {"recipe": recipe, "progress": progress, "rng": torch.get_rng_state()}
            torch.save(state | {name: part.state_dict() for name, part in parts.items()}, checkpoint_path)
        dist.barrier()

    if args.resume:
        with needed_by(parser, "--resume"):
            state = read_checkpoint(checkpoint_path, args.device, recipe)
            for name, part in parts.items():
                part.load_state_dict(state[name])
            torch.set_rng_state(state["rng"])
            progress, history = state["progress"], state["progress"]["history"]
            done = f"{progress['seen']:,.0f} of {len(train):,} images are done"
            say(f"resume: epoch {progress['epoch'] + 1}, {done}")

    # The first Ctrl-C stops the loop after the current step, so that the checkpoint is complete; a second one
    # stops at once. The launcher may pass the same one on twice.
    pressed = []

    def on_interrupt(number, frame):
        if pressed and time.perf_counter() - pressed[0] > 1:
            raise KeyboardInterrupt
        pressed.append(time.perf_counter())

    signal.signal(signal.SIGINT, on_interrupt)

    # ---- training --------------------------------------------------------------------------------
    while progress["epoch"] < args.epochs:
        sampler.set_epoch(progress["epoch"])
        started, before = time.perf_counter(), progress["seen"]
        bar = tqdm(
            train_loader,
            desc=f"epoch {progress['epoch'] + 1}/{args.epochs}",
            unit="batch",
            leave=False,
            disable=rank > 0 or not sys.stderr.isatty(),
        )
        for x, y in bar:  # of a resumed epoch, the batches that are left
            x, y = x.to(args.device), y.to(args.device)
            logits = model(x)
            loss = nn.functional.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            correct = (logits.argmax(1) == y).sum().item()
            sums = over_all_ranks(loss.item() * len(y), correct, len(y), len(pressed))
            for name, value in zip(("loss", "correct", "seen"), sums):
                progress[name] += value
            bar.set_postfix(
                loss=f"{progress['loss'] / progress['seen']:.4f}",
                acc=f"{progress['correct'] / progress['seen']:.2%}",
                img_s=f"{(progress['seen'] - before) / (time.perf_counter() - started):,.0f}",
                refresh=False,
            )
            if sums[-1]:  # Ctrl-C on any process stops all
                bar.close()
                save_checkpoint()
                dist.destroy_process_group()
                if rank == 0:
                    done = f"epoch {progress['epoch'] + 1} after {progress['seen']:,.0f} images"
                    print(f"stopped in {done}; --resume goes on from {checkpoint_path}", file=sys.stderr)
                sys.exit(130)  # as shells say that Ctrl-C ended a program
        seconds = time.perf_counter() - started
        test_loss, test_accuracy, probabilities = evaluate(model, test, args.device)
        seen = progress["seen"]
        values = (progress["loss"] / seen, progress["correct"] / seen, test_loss, test_accuracy)
        for name, value in zip(history, values):
            history[name].append(value)
        say(
            f"epoch {progress['epoch'] + 1:2}: train loss {values[0]:.4f}, accuracy {values[1]:.2%} | "
            f"test loss {test_loss:.4f}, accuracy {test_accuracy:.2%} | "
            f"{(seen - before) / seconds:,.0f} images/s"
        )
        progress |= {"epoch": progress["epoch"] + 1, "loss": 0.0, "correct": 0.0, "seen": 0.0}
        save_checkpoint()

    # ---- the results -----------------------------------------------------------------------------
    _, accuracy, probabilities = evaluate(model, test, args.device)
    if rank > 0:
        return
    torch.save(net.state_dict(), args.out / "weights.mt")
    draw_curves(history, args)
    draw_worst(digits.test_images, digits.test_labels, probabilities, args.out / "worst.png")
    draw_confusion(digits.test_labels, probabilities.argmax(1), accuracy, args.out / "confusion.png")
    print(f"test accuracy {accuracy:.2%} ({round(accuracy * len(test)):,} of {len(test):,})")
    print(f"pictures curves.png, worst.png, confusion.png and the weights weights.mt are in {args.out}")


def draw_curves(history, args):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
    for ax, name in zip(axes, ("loss", "accuracy")):
        ax.plot(epochs, history[f"train_{name}"], "o-", ms=4, label="training (while it learns)")
        ax.plot(epochs, history[f"test_{name}"], "s-", ms=4, label="test")
        ax.set(title=name, xlabel="epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
    axes[0].set_yscale("log")
    axes[1].yaxis.set_major_formatter("{x:.1%}")
    fig.suptitle(f"MNIST ({args.data}), {args.model}, {args.optimizer}, lr {args.lr:g}")
    fig.savefig(args.out / "curves.png")
    plt.close(fig)


def draw_worst(images, labels, probabilities, path, rows=4, columns=6):
    """The digits whose true class got the lowest probability."""
    of_truth = probabilities[np.arange(len(labels)), labels]
    fig, axes = plt.subplots(rows, columns, figsize=(columns * 1.5, rows * 1.75))
    for ax, i in zip(axes.flat, np.argsort(of_truth)):
        guess = probabilities[i].argmax()
        ax.imshow(images[i], cmap="gray_r")
        ax.set_title(
            f"says {guess} ({probabilities[i, guess]:.0%})\nis {labels[i]} ({of_truth[i]:.0%})",
            fontsize=8,
            color="#c0392b" if guess != labels[i] else "#333333",
        )
        ax.axis("off")
    fig.suptitle("The test digits that it finds hardest (red: wrong)")
    fig.savefig(path)
    plt.close(fig)


def draw_confusion(truth, guess, accuracy, path):
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (truth, guess), 1)
    fig, ax = plt.subplots(figsize=(5.6, 5))
    shown = counts / counts.sum(1, keepdims=True)
    image = ax.imshow(shown, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(10, 10):
        if counts[i, j]:
            ax.text(
                j,
                i,
                counts[i, j],
                ha="center",
                va="center",
                fontsize=8,
                color="white" if shown[i, j] > 0.5 else "#333333",
            )
    ax.set(
        title=f"test accuracy {accuracy:.2%}",
        xlabel="prediction",
        ylabel="truth",
        xticks=range(10),
        yticks=range(10),
    )
    ax.grid(False)
    fig.colorbar(image, label="share of the true class", shrink=0.8)
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
