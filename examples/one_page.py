"""mytorch on one page: autograd, a layer, a loss, two optimizers and a network that reads digits.

    python examples/one_page.py

In NumPy alone, in mytorch's form: an operation is a function on arrays with a formula for each gradient, a
call leaves a node in a graph, a walk goes back through it. What the run shows: after a few seconds, twelve
passes over 5,000 digits, the network reads 93 % of 1,000 others. docs/one_page.md explains each part.
"""

import gzip
import inspect
import itertools
from pathlib import Path

import numpy as np

clock = itertools.count()


class Leaf:
    """The end of an edge: where the gradients of a parameter are summed."""

    def __init__(self):
        self.order, self.grad = next(clock), None


class Node:
    """One recorded operation: (edge, formula, what it reads, shape) of each input that wants a gradient."""

    def __init__(self, inputs):
        self.order, self.inputs = next(clock), inputs  # newer than all that it was computed from


class Tensor:
    """An array and its place in the graph: the Node that made it, a Leaf, or None if it needs no gradient."""

    def __init__(self, array, requires_grad=False, node=None):
        self.array, self.node = array, Leaf() if requires_grad else node

    def backward(self):
        for leaf, g in gradients(self.node, np.ones_like(self.array)).items():
            leaf.grad = g if leaf.grad is None else leaf.grad + g


def primitive(**formulas):
    """Make an operation of a function on arrays: ``@primitive(x=lambda g, out: g * out)``.

    A formula, named after an input, maps the gradient ``g`` of the output to that of the input. Its further
    parameters say what to save: an input, or ``out``.
    """

    def decorate(forward):
        names = list(inspect.signature(forward).parameters)
        wants = {name: list(inspect.signature(f).parameters)[1:] for name, f in formulas.items()}

        def operation(*inputs):
            arrays = [x.array if isinstance(x, Tensor) else x for x in inputs]
            values = dict(zip(names, arrays), out=forward(*arrays))
            live = [
                (x.node, formulas[name], [values[w] for w in wants[name]], x.array.shape)
                for name, x in zip(names, inputs)
                if isinstance(x, Tensor) and x.node is not None and name in formulas
            ]
            return Tensor(values["out"], node=Node(live) if live else None)

        return operation

    return decorate


def gradients(root, seed):
    """{leaf: its gradient} of the node ``root``, whose own gradient is the array ``seed``."""
    arrived, found = {root: seed}, {}  # at each node the sum of the gradients that have arrived so far
    while arrived:
        node = max(arrived, key=lambda n: n.order)  # the newest: all that use it have had their turn
        g = arrived.pop(node)
        if type(node) is Leaf:
            found[node] = g
        else:
            for edge, formula, saved, shape in node.inputs:
                d = unbroadcast(formula(g, *saved), shape)
                arrived[edge] = arrived[edge] + d if edge in arrived else d
    return found


def unbroadcast(d, shape):
    """The gradient of an input that was broadcast, summed to the ``shape`` of that input."""
    extra = d.ndim - len(shape)
    axes = [i for i, n in enumerate(d.shape) if i < extra or (shape[i - extra] == 1 and n != 1)]
    return d.sum(tuple(axes)).reshape(shape)


@primitive(x=lambda g: g, y=lambda g: g)
def add(x, y):
    return x + y


@primitive(x=lambda g, y: g * y, y=lambda g, x: g * x)
def mul(x, y):
    return x * y


@primitive(x=lambda g, y: g @ y.T, y=lambda g, x: x.T @ g)
def matmul(x, y):
    return x @ y


@primitive(x=lambda g: g.T)
def transpose(x):
    return x.T


@primitive(x=lambda g, out: g * (out > 0))
def relu(x):
    return np.maximum(x, 0)


@primitive(x=lambda g, x, target: g * (np.exp(log_softmax(x)) - np.eye(x.shape[1])[target]) / len(x))
def cross_entropy(x, target):
    """Mean of -log softmax(x) at the right classes; scores x (N, classes), target (N,)."""
    return -log_softmax(x)[np.arange(len(x)), target].mean()


def log_softmax(x):
    shifted = x - x.max(axis=1, keepdims=True)  # no overflow: the largest exponent is 0
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


Tensor.__add__, Tensor.__mul__, Tensor.__matmul__, Tensor.T = add, mul, matmul, property(transpose)


class Linear:
    """y = x Wᵀ + b. Both start uniform in ±1/sqrt(in_features)."""

    def __init__(self, in_features, out_features, rng):
        bound = in_features**-0.5
        self.weight = Tensor(rng.uniform(-bound, bound, (out_features, in_features)), requires_grad=True)
        self.bias = Tensor(rng.uniform(-bound, bound, out_features), requires_grad=True)

    def __call__(self, x):
        return x @ self.weight.T + self.bias


class Optimizer:
    def __init__(self, parameters, lr):
        self.parameters, self.lr, self.steps, self.state = parameters, lr, 0, [{} for _ in parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.node.grad = None

    def step(self):
        self.steps += 1
        for p, state in zip(self.parameters, self.state):
            self.update(p.array, p.node.grad, state)


class SGD(Optimizer):
    def update(self, p, g, state):
        p -= self.lr * g


class Adam(Optimizer):
    beta1, beta2, eps = 0.9, 0.999, 1e-8

    def update(self, p, g, state):
        m = state["m"] = self.beta1 * state.get("m", 0) + (1 - self.beta1) * g  # average of the gradient
        v = state["v"] = self.beta2 * state.get("v", 0) + (1 - self.beta2) * g * g  # and of its square
        m_hat, v_hat = m / (1 - self.beta1**self.steps), v / (1 - self.beta2**self.steps)  # both start at 0
        p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


def digits(part):
    """Images (N, 784) in [0, 1] and classes (N,): those shipped with mytorch, ``part`` "train" or "t10k"."""
    folder = Path(__file__).parent.parent / "mytorch" / "datasets" / "mnist_subset"
    images = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())[16:]  # after the header
    classes = gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())[8:]
    return np.frombuffer(images, np.uint8).reshape(-1, 784) / 255, np.frombuffer(classes, np.uint8)


def main(epochs=12, rate=2e-3):
    rng = np.random.default_rng(0)
    (images, classes), (test_images, test_classes) = digits("train"), digits("t10k")
    hidden, output = Linear(784, 256, rng), Linear(256, 10, rng)
    optimizer = Adam([hidden.weight, hidden.bias, output.weight, output.bias], rate)
    for epoch in range(epochs):
        optimizer.lr = rate * (1 - epoch / epochs)
        for batch in np.split(rng.permutation(5000), 100):
            loss = cross_entropy(output(relu(hidden(Tensor(images[batch])))), classes[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        guesses = output(relu(hidden(Tensor(test_images)))).array.argmax(axis=1)
        accuracy = (guesses == test_classes).mean()
        print(f"epoch {epoch + 1:2}: loss of the last batch {loss.array:.4f}, test accuracy {accuracy:.1%}")
    return accuracy


if __name__ == "__main__":
    main()
