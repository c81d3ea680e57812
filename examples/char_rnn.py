"""A recurrent network learns names letter by letter, and invents names.

    python examples/char_rnn.py [--epochs 30] [--cell gru] [--out runs/char_rnn] [--quick]

An LSTM reads the 1,355 given names of examples/data/names.txt (public domain). After each letter it predicts
the probability of each next letter and of the end. What the run shows:
1. On unseen names it needs 3.1 bits per letter. A uniform guess needs 4.75, letter frequencies 4.1, pairs of
   letters 3.5.
2. It overfits: after 13 epochs the loss of the unseen names rises while that of the training names still
   falls. The weights of the best epoch are kept. As the unseen names choose that epoch, the 3.1 is slightly
   too good.
3. The invented names sound like names. At a lower temperature more of them are ordinary, and more are in the
   list already.
"""

import argparse
import copy
import math
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

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the dot is the beginning and the end
NAMES = Path(__file__).with_name("data") / "names.txt"
IGNORE = -1  # the target after the end


class NameModel(nn.Module):
    def __init__(self, cell="lstm", width=128):
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), 32)
        self.cells = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](32, width, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(width, len(LETTERS))

    def forward(self, letters, state=None):
        """Logits (N, T, 27) of what comes after each letter (N, T), and the state to go on from."""
        h, state = self.cells(self.embedding(letters), state)  # (N, T, 128)
        return self.head(self.dropout(h)), state


def encode(names):
    """Letters (N, T) that begin with a dot, and what comes after each, IGNORE behind the end."""
    longest = max(map(len, names)) + 1
    x, y = np.zeros((len(names), longest), np.int64), np.full((len(names), longest), IGNORE)
    for row, name in enumerate(names):
        numbers = [LETTERS.index(letter) for letter in name]
        x[row, 1 : len(name) + 1], y[row, : len(name)], y[row, len(name)] = numbers, numbers, 0
    return torch.from_numpy(x), torch.from_numpy(y)


def split(seed):
    """Names to learn, and every tenth of the shuffled list to be tested on."""
    names = NAMES.read_text().split()
    order = np.random.default_rng(seed).permutation(len(names))
    return [names[i] for k, i in enumerate(order) if k % 10], [
        names[i] for k, i in enumerate(order) if k % 10 == 0
    ]


def bits(model, x, y):
    """Mean bits per letter (the end counts as one): cross-entropy to base 2."""
    model.eval()
    with torch.no_grad():
        loss = nn.functional.cross_entropy(model(x)[0].flatten(0, 1), y.flatten(), ignore_index=IGNORE)
    model.train()
    return loss.item() / math.log(2)


def counted_bits(training, test, order):
    """Bits per letter of a model that counts how often each letter follows the ``order`` letters before it.

    One is added to each count.
    """
    counts = {}
    for name in training:
        padded = "." * order + name + "."
        for i in range(order, len(padded)):
            counts.setdefault(padded[i - order : i], dict.fromkeys(LETTERS, 1))[padded[i]] += 1
    total, letters = 0.0, 0
    for name in test:
        padded = "." * order + name + "."
        for i in range(order, len(padded)):
            after = counts.get(padded[i - order : i], dict.fromkeys(LETTERS, 1))
            total -= math.log2(after[padded[i]] / sum(after.values()))
            letters += 1
    return total / letters


def train(training, test, cell, epochs, seed):
    """Train; return the model with the weights of its best epoch, and the bits per letter of every epoch.

    The bits are those of the training names and of the unseen names.
    """
    torch.manual_seed(seed)
    model = NameModel(cell)
    optimizer = optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.01)
    (x, y), unseen = encode(training), encode(test)
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    history, best = [], (math.inf, None)
    for _ in tqdm(range(epochs), desc=cell, unit="epoch", leave=False):
        for letters, following in loader:
            loss = nn.functional.cross_entropy(
                model(letters)[0].flatten(0, 1), following.flatten(), ignore_index=IGNORE
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        history.append((bits(model, x, y), bits(model, *unseen)))
        best = min(best, (history[-1][1], copy.deepcopy(model.state_dict())), key=lambda b: b[0])
    model.load_state_dict(best[1])
    return model, np.array(history)


@torch.no_grad()
def invent(model, count, temperature, longest=15):
    """Names drawn letter by letter; ``temperature`` divides the logits."""
    model.eval()
    letters, state = torch.zeros(count, 1, dtype=torch.int64), None
    drawn = []
    for _ in range(longest):
        logits, state = model(letters, state)
        letters = torch.multinomial((logits[:, -1] / temperature).softmax(-1), 1)
        drawn.append(letters)
    rows = torch.cat(drawn, dim=1).tolist()
    return ["".join(LETTERS[i] for i in row).split(".")[0] for row in rows]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--epochs", type=positive, default=30, help="passes over the training names")
    parser.add_argument("--cell", choices=("lstm", "gru"), default="lstm", help="the kind of recurrent layer")
    parser.add_argument(
        "--seed", type=seed, default=0, help="fixes the split, initial weights, shuffling and what is drawn"
    )
    parser.add_argument("--out", type=folder, default="runs/char_rnn", help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="6 epochs")
    args = parser.parse_args()
    epochs = 6 if args.quick else args.epochs

    training, test = split(args.seed)
    model, history = train(training, test, args.cell, epochs, args.seed)
    best = int(history[:, 1].argmin())
    counted = {
        "nothing known": math.log2(len(LETTERS)),
        "letters counted": counted_bits(training, test, 0),
        "pairs counted": counted_bits(training, test, 1),
    }
    print(f"{len(training):,} names to learn, {len(test)} unseen; bits per letter of the unseen:")
    for name, value in {**counted, f"{args.cell.upper()}, epoch {best + 1}": history[best, 1]}.items():
        print(f"  {name:<16} {value:.3f}")

    print(f"\n{'temperature':>11} {'in the list':>12}   of 1,000 invented; some of the others")
    for temperature in (0.5, 0.8, 1.1):
        names = invent(model, 1000, temperature)
        known = set(training + test)
        new = list(dict.fromkeys(name.capitalize() for name in names if name not in known))[:9]
        print(f"{temperature:>11} {np.mean([name in known for name in names]):>12.1%}   {', '.join(new)}")

    draw_history(history, counted, args.cell.upper(), args.out / "bits.png")
    draw_reading(model, ("christopher", "penelope"), args.out / "reading.png")
    print(f"\npictures bits.png and reading.png are in {args.out}")


def draw_history(history, counted, cell, path):
    fig, ax = plt.subplots(figsize=(7.5, 4))
    epochs = range(1, len(history) + 1)
    for values, label in zip(history.T, ("training names", "unseen names")):
        ax.plot(epochs, values, label=f"{cell}, {label}")
    for name, value in counted.items():
        ax.axhline(value, color="#333333", ls=":", lw=1)
        ax.annotate(name, (len(history), value), (0, 3), textcoords="offset points", fontsize=8, ha="right")
    best = history[:, 1].argmin()
    ax.plot(best + 1, history[best, 1], "o", color="#e4572e")
    ax.set(title="bits per letter", xlabel="epoch")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower left")
    fig.savefig(path)
    plt.close(fig)


def draw_reading(model, names, path):
    """What the network expects after each letter of a name."""
    model.eval()
    fig, axes = plt.subplots(1, len(names), figsize=(11, 6), width_ratios=[len(n) + 1 for n in names])
    for ax, name in zip(axes, names):
        x, _ = encode([name])
        with torch.no_grad():
            chances = model(x)[0][0].softmax(-1).numpy()  # (T, 27)
        image = ax.imshow(chances.T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for column, letter in enumerate(name + "."):
            ax.plot(column, LETTERS.index(letter), "o", mfc="none", mec="#e4572e", ms=10, mew=1.4)
        ax.set_xticks(range(len(name) + 1), ["start", *name], fontsize=9)
        ax.set_yticks(range(len(LETTERS)), ["end", *LETTERS[1:]], fontsize=8)
        ax.set(title=name.capitalize(), xlabel="the letter read")
        ax.grid(False)
    axes[0].set_ylabel("how likely comes next (circle: what came)")
    fig.colorbar(image, ax=axes, shrink=0.6)
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
