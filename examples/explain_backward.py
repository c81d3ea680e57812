"""One backward pass in detail: a table of layers, the graph as text and picture, and a page with every step.

    python examples/explain_backward.py             # writes runs/explain_backward/relu.html and sigmoid.html

Open the pages in a browser. A five-layer MLP sees one batch of digits, once with ReLU and once with sigmoid,
from the same initial weights. What the run shows: sigmoid's gradient formula, g * (out * (1 - out)), passes
at most a quarter of the gradient, and the small initial weights reduce it further. From each hidden layer to
the one before, the gradient of the weights shrinks about sixfold. With ReLU's formula, g where out != 0, it
stays about the same. The pages show both formulas, with the norm of the gradient at every step.
"""

import argparse

from _options import folder, positive, seed

import mytorch as torch
from mytorch import nn
from mytorch.datasets import load_mnist
from mytorch.utils.visualize import Trace, draw_graph, explain, graph_text, summary

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


class MLP(nn.Module):
    """784 -> 64 -> 64 -> 64 -> 64 -> 10."""

    def __init__(self, activation):
        super().__init__()
        self.flatten = nn.Flatten()
        self.layers = nn.ModuleList(nn.Linear(784 if i == 0 else 64, 64) for i in range(4))
        self.activation = activation()
        self.classes = nn.Linear(64, 10)

    def forward(self, x):
        x = self.flatten(x)  # (N, 1, 28, 28) -> (N, 784)
        for layer in self.layers:
            x = self.activation(layer(x))  # (N, 64)
        return self.classes(x)  # (N, 10)


def load_batch(size, seed):
    """Images (N, 1, 28, 28) with zero mean and unit variance over the training set, and their labels (N,)."""
    digits = load_mnist("subset")
    chosen = torch.randperm(len(digits.train_labels), generator=torch.Generator().manual_seed(seed))[
        :size
    ].numpy()
    pixels = (digits.train_images[chosen, None].astype("float32") / 255 - 0.1307) / 0.3081
    return torch.from_numpy(pixels), torch.from_numpy(digits.train_labels[chosen])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--batch-size", type=positive, default=64, help="images in the batch")
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="fixes the batch and the initial weights (times differ from run to run)",
    )
    parser.add_argument(
        "--out", type=folder, default="runs/explain_backward", help="folder for the pages and the picture"
    )
    parser.add_argument(
        "--quick", action="store_true", help="8 images (the full run takes about a second too)"
    )
    args = parser.parse_args()
    images, labels = load_batch(8 if args.quick else args.batch_size, args.seed)

    norms = {}
    for name, activation in ACTIVATIONS.items():
        torch.manual_seed(args.seed)
        model = MLP(activation)
        with Trace(model) as trace:
            loss = nn.functional.cross_entropy(model(images), labels)
        if name == "relu":
            print(summary(model, images), graph_text(loss, trace), sep="\n\n", end="\n\n")
            try:
                draw_graph(loss, args.out / "graph.png", trace)
            except (ImportError, RuntimeError) as error:  # Graphviz is optional
                print(f"no picture: {error}\n")
        explain(loss, trace, args.out / f"{name}.html")
        loss.backward()  # explain has kept the graph and every .grad
        norms[name] = {
            key: p.grad.norm().item() for key, p in model.named_parameters() if key.endswith("weight")
        }

    print(f"{'norm of the gradient of':<24}" + "".join(f"{name:>12}" for name in norms))
    for key in norms["relu"]:
        print(f"{key:<24}" + "".join(f"{of[key]:>12.2e}" for of in norms.values()))
    for name, of in norms.items():
        print(
            f"{name}: the last layer's gradient is {of['classes.weight'] / of['layers.0.weight']:,.1f} "
            "times the first layer's"
        )
    print(f"open {args.out / 'relu.html'} and {args.out / 'sigmoid.html'} in a browser")


if __name__ == "__main__":
    main()
