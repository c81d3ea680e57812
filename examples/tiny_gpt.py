"""A small GPT learns to sort: it reads eight digits and writes them in order, one by one.

    python examples/tiny_gpt.py [--steps 800] [--length 8] [--out runs/tiny_gpt] [--quick]

A causal transformer of two layers with four attention heads and 100,000 parameters. It is trained on random
digits to predict the next token of "3 1 4 1 5 9 2 6 | 1 1 2 3 4 5 6 9"; only the tokens after the bar count
in the loss. What the run shows:
1. The loss falls from log 11 = 2.4 to nearly 0. After 800 steps it sorts more than 99 % of 2,000 unseen
   lists without an error; its training has shown it a tenth of a percent of the 100,000,000 lists of eight
   digits.
2. What it attends to while it writes: every head gives the positions of the next digit in the list more
   attention than uniform attention would (14 %), the most focused one nearly three times as much. The second
   layer also attends to the digits written last.
"""

import argparse
import math
from pathlib import Path

import matplotlib
from _options import folder, positive, seed
from tqdm import tqdm

import mytorch as torch
from mytorch import nn, optim

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))

BAR, VOCABULARY = 10, 11  # the digits are their own tokens


class Block(nn.Module):
    """Causal attention, then a small MLP at each position; both are residual, with pre-normalisation."""

    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x, mask, weights=False):
        h = self.norm1(x)  # (B, T, C)
        # looks: (B, heads, T, T) or None
        h, looks = self.attention(h, h, h, attn_mask=mask, need_weights=weights, average_attn_weights=False)
        x = x + h
        return x + self.mlp(self.norm2(x)), looks


class GPT(nn.Module):
    def __init__(self, places, width=64, heads=4, layers=2):
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, width), nn.Embedding(places, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, VOCABULARY)
        # True: not to be looked at
        self.register_buffer("mask", torch.triu(torch.ones(places, places, dtype=torch.bool), diagonal=1))
        for name, parameter in self.named_parameters():
            if name.endswith("weight") and parameter.dim() == 2:
                nn.init.normal_(
                    parameter, std=0.02 if "blocks" not in name else 1 / math.sqrt(parameter.shape[1])
                )

    def forward(self, tokens, weights=False):
        """The logits (B, T, VOCABULARY) of the next token at every position.

        With ``weights`` also the attention weights of each layer.
        """
        length = tokens.shape[1]
        x = self.tokens(tokens) + self.places.weight[:length]  # (B, T, C)
        looked = []
        for block in self.blocks:
            x, looks = block(x, self.mask[:length, :length], weights)
            looked.append(looks)
        logits = self.head(self.norm(x))
        return (logits, looked) if weights else logits


def sequences(count, length):
    """Random lists, a bar, and the lists sorted: (count, 2 · length + 1)."""
    lists = torch.randint(0, 10, (count, length))
    return torch.cat([lists, torch.full((count, 1), BAR), lists.sort(dim=1).values], dim=1)


@torch.no_grad()
def complete(model, start, count):
    """The tokens that the model finds most likely, one after the other."""
    tokens = start
    for _ in range(count):
        tokens = torch.cat([tokens, model(tokens)[:, -1].argmax(-1, keepdim=True)], dim=1)
    return tokens


def accuracy(model, length, count):
    """The share of unseen lists that come out sorted without a fault, and the share of right digits."""
    truth = sequences(count, length)
    right = complete(model, truth[:, : length + 1], length) == truth
    return right.all(dim=1).float().mean().item(), right[:, length + 1 :].float().mean().item()


@torch.no_grad()
def aim(model, length, count):
    """The share of attention (layers, heads) at the positions of the next digit in the list.

    The second result is the share of uniform attention.
    """
    tokens = sequences(count, length)
    _, looked = model(tokens[:, :-1], weights=True)
    there = (tokens[:, length + 1 :, None] == tokens[:, None, :length]).float()  # (count, answer, list)
    shares = torch.stack(
        [(looks[:, :, length:, :length] * there[:, None]).sum(-1).mean((0, 2)) for looks in looked]
    )
    even = there.sum(-1) / torch.arange(length + 1, 2 * length + 1)
    return shares, even.mean().item()


def train(length, steps, seed, *, batch=128, lr=3e-3):
    """The model, and its loss at every step and its accuracy at eleven of them."""
    torch.manual_seed(seed)
    model = GPT(2 * length + 1)
    optimizer = optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.98), weight_decay=0.01)
    scheduler = optim.lr_scheduler.WarmupCosineLR(optimizer, steps // 10, steps, min_ratio=0.01)
    losses, accuracies = [], []
    for step in tqdm(range(steps + 1), desc="training", unit="step", leave=False):
        if step % max(1, steps // 10) == 0:
            accuracies.append((step, *accuracy(model, length, 200)))
        if step == steps:
            break
        tokens = sequences(batch, length)
        logits = model(tokens[:, :-1])[:, length:]  # the predictions from the bar on
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, length + 1 :].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return model, losses, accuracies


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--steps", type=positive, default=800, help="of 128 random lists each")
    parser.add_argument("--length", type=positive, default=8, help="digits in a list")
    parser.add_argument("--seed", type=seed, default=0, help="fixes initial weights and lists")
    parser.add_argument("--out", type=folder, default="runs/tiny_gpt", help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="120 steps on lists of 4")
    args = parser.parse_args()
    steps, length = (120, 4) if args.quick else (args.steps, args.length)

    model, losses, accuracies = train(length, steps, args.seed)
    print(
        f"{sum(p.numel() for p in model.parameters()):,} parameters; loss {losses[0]:.4f} at the first "
        f"step, {sum(losses[-20:]) / len(losses[-20:]):.4f} over the last 20"
    )
    print(f"\n{'step':>5} {'sorted lists':>13} {'right digits':>13}")
    for step, lists, digits in accuracies:
        print(f"{step:>5} {lists:>13.1%} {digits:>13.1%}")
    lists, digits = accuracy(model, length, 2000)
    print(
        f"\nof 2,000 new lists {lists:.2%} are sorted without a fault ({digits:.2%} of the digits are "
        "right); for example"
    )
    examples = complete(model, sequences(6, length)[:, : length + 1], length)
    for tokens in examples.tolist():
        answer = tokens[length + 1 :]
        verdict = "right" if answer == sorted(tokens[:length]) else "wrong"
        print(f"  {' '.join(map(str, tokens[:length]))} | {' '.join(map(str, answer))}   {verdict}")

    shares, even = aim(model, length, 500)
    print(
        f"\nattention to the places that hold the digit to come ({even:.0%} if a head looked "
        "everywhere alike)"
    )
    for layer, heads in enumerate(shares.tolist()):
        print(
            f"  layer {layer + 1}: "
            + "  ".join(f"head {head + 1} {share:4.0%}" for head, share in enumerate(heads))
        )

    draw_training(losses, accuracies, args.out / "training.png")
    draw_attention(model, examples[:1], length, args.out / "attention.png")
    print(f"pictures training.png and attention.png are in {args.out}")


def draw_training(losses, accuracies, path):
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
    axes[0].plot(losses, lw=1)
    axes[0].set(title="loss of the answer's digits", xlabel="step", yscale="log")
    steps, lists, digits = zip(*accuracies)
    axes[1].plot(steps, digits, "o-", ms=4, label="right digits")
    axes[1].plot(steps, lists, "o-", ms=4, label="lists without a fault")
    axes[1].set(title="accuracy on new lists", xlabel="step", ylim=(-0.02, 1.02))
    axes[1].yaxis.set_major_formatter("{x:.0%}")
    axes[1].legend()
    fig.savefig(path)
    plt.close(fig)


def draw_attention(model, tokens, length, path):
    """Draw the attention of each head: a row for each digit to come, a column for each token before it."""
    with torch.no_grad():
        _, looked = model(tokens[:, :-1], weights=True)
    names = [str(t) if t != BAR else "|" for t in tokens[0].tolist()]
    heads = looked[0].shape[1]
    fig, axes = plt.subplots(
        len(looked), heads, figsize=(3.1 * heads, 2.1 * len(looked) + 0.5), sharex=True, sharey=True
    )
    for layer, looks in enumerate(looked):
        for head in range(heads):
            ax, rows = axes[layer, head], looks[0, head, length:].numpy()  # (length, 2 · length)
            ax.imshow(rows, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            ax.axvline(length - 0.5, color="#999999", lw=0.6)
            ax.set(
                title=f"layer {layer + 1}, head {head + 1}", xticks=range(2 * length), yticks=range(length)
            )
            ax.set_xticklabels(names[:-1], fontsize=8)
            ax.set_yticklabels(names[length + 1 :], fontsize=8)
            ax.grid(False)
            # a dot where the list holds the digit that is to come
            for row, digit in enumerate(names[length + 1 :]):
                ax.plot(
                    [i for i in range(length) if names[i] == digit],
                    [row] * names[:length].count(digit),
                    ".",
                    color="#e4572e",
                    ms=4,
                )
    fig.supylabel("the digit to be written")
    fig.supxlabel("what is looked at (a red dot: the list holds that digit here)")
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
