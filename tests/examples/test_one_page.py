"""mytorch on one page: short, NumPy alone, as good as it says, and equal to mytorch step by step."""

import ast
import sys

import numpy as np
import pytest

import mytorch
from mytorch import nn, optim

from .running import EXAMPLES, load

SOURCE = (EXAMPLES / "one_page.py").read_text("utf-8")


@pytest.fixture(scope="module")
def page():
    return load("one_page")


def test_it_fits_on_a_page():
    lines = SOURCE.splitlines()
    assert len(lines) <= 200 and max(map(len, lines)) <= 110


def test_it_needs_numpy_alone():
    nodes = list(ast.walk(ast.parse(SOURCE)))
    names = {a.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for a in node.names}
    names |= {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert "numpy" in names and names - {"numpy"} <= sys.stdlib_module_names


def test_it_learns_to_read_digits(page, capsys):
    assert page.main() >= 0.92
    assert capsys.readouterr().out.count("test accuracy") == 12


def test_its_digits_are_those_of_mytorch(page):
    shipped = mytorch.datasets.load_mnist()
    for part, images, classes in (
        ("train", shipped.train_images, shipped.train_labels),
        ("t10k", shipped.test_images, shipped.test_labels),
    ):
        ours = page.digits(part)
        np.testing.assert_array_equal(ours[0], images.reshape(-1, 784) / 255)
        np.testing.assert_array_equal(ours[1], classes)


# ---- gradients -----------------------------------------------------------------------------------

EXPRESSIONS = {  # of x (3, 4), y (4, 3), a row (3,), a column (3, 1); each gives scores (3, 3)
    "used twice": lambda relu, x, y, row, column: (x @ y) * (x @ y),
    "rows and columns": lambda relu, x, y, row, column: (x @ y) * row + column,
    "a path beside a path": lambda relu, x, y, row, column: relu(x @ y + row) * (x @ y) + column * column,
    "transposed": lambda relu, x, y, row, column: (y.T @ x.T).T * column + relu(row * row),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_gradients_are_those_of_mytorch(page, name):
    draw = np.random.default_rng(0)
    arrays = [draw.standard_normal(shape) for shape in ((3, 4), (4, 3), (3,), (3, 1))]
    mine = [page.Tensor(a, requires_grad=True) for a in arrays]
    theirs = [mytorch.tensor(a, requires_grad=True) for a in arrays]
    loss = page.cross_entropy(EXPRESSIONS[name](page.relu, *mine), np.array([2, 0, 1]))
    expected = nn.functional.cross_entropy(
        EXPRESSIONS[name](mytorch.relu, *theirs), mytorch.tensor([2, 0, 1])
    )
    for _ in range(2):  # the second backward pass adds to the gradients of the first
        loss.backward()
        expected.backward(retain_graph=True)
    np.testing.assert_allclose(loss.array, expected.item(), rtol=1e-12)
    for a, b in zip(mine, theirs):
        if b.grad is None:
            assert a.node.grad is None
        else:
            np.testing.assert_allclose(a.node.grad, b.grad.numpy(), rtol=1e-12, atol=1e-14)


def test_what_needs_no_gradient_leaves_no_node(page):
    x, w = page.Tensor(np.ones((2, 2))), page.Tensor(np.ones((2, 2)), requires_grad=True)
    assert (x @ x).node is None
    assert [entry[0] for entry in (x @ w).node.inputs] == [w.node]


# ---- a hundred steps -----------------------------------------------------------------------------

OPTIMIZERS = {"SGD": 0.1, "Adam": 1e-3}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_steps_are_those_of_mytorch(page, name):
    rng = np.random.default_rng(0)
    images, classes = page.digits("train")
    layers = page.Linear(784, 32, rng), page.Linear(32, 10, rng)
    mine = [p for layer in layers for p in (layer.weight, layer.bias)]
    model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10)).double()
    theirs = list(model.parameters())
    with mytorch.no_grad():
        for p, q in zip(mine, theirs):
            q.copy_(mytorch.tensor(p.array))
    rate = OPTIMIZERS[name]
    step, expected_step = getattr(page, name)(mine, rate), getattr(optim, name)(theirs, rate)
    for i in range(100):
        batch = rng.permutation(5000)[:50]
        hidden = page.relu(layers[0](page.Tensor(images[batch])))
        loss = page.cross_entropy(layers[1](hidden), classes[batch])
        expected = nn.functional.cross_entropy(
            model(mytorch.tensor(images[batch])), mytorch.tensor(classes[batch].astype(np.int64))
        )
        for optimizer, value in ((step, loss), (expected_step, expected)):
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
        np.testing.assert_allclose(loss.array, expected.item(), rtol=1e-12, err_msg=f"loss of step {i}")
        for p, q in zip(mine, theirs):
            np.testing.assert_allclose(p.node.grad, q.grad.numpy(), atol=1e-12, err_msg=f"step {i}")
            np.testing.assert_allclose(p.array, q.detach().numpy(), atol=1e-12, err_msg=f"step {i}")
