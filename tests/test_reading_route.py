"""The way of one training step through the code stays short: what a reader follows is bounded here.

A step of the MLP and one of a CNN are traced, warm: DataLoader, layers, loss, backward, optimizer. Every
function of the package that they enter counts with all its lines, of at most 110 columns; with two threads
those that share work out count, too.
"""

import ast
import pathlib
import subprocess
import sys

import pytest

import mytorch
from mytorch import nn, optim
from mytorch.core.primitive import Primitive
from mytorch.utils.data import DataLoader, TensorDataset

ROOT = pathlib.Path(mytorch.__file__).parent


def lines_of(path):
    return len(path.read_text().splitlines())


def perceptron():
    layers = nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
    return mytorch.rand(256, 784), nn.Sequential(*layers)


def convnet():
    first = nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
    second = nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
    return mytorch.rand(256, 1, 28, 28), nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(32 * 49, 10))


def functions_entered(run):
    """{(file, line): name} of the package's functions that ``run`` enters."""
    entered = {}

    def note(frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith("<call of"):
            code = Primitive.__call__.__code__  # where it is read what a compiled call does
        if event == "call" and code.co_filename.startswith(str(ROOT)):
            entered[pathlib.Path(code.co_filename), code.co_firstlineno] = code.co_name

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return entered


def length(path, line):
    """The lines of the function that begins there; one for a lambda or a comprehension."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == line:
                return node.end_lineno - first + 1
    return 1


@pytest.mark.parametrize(
    "make, count, bound",
    [(perceptron, 1, 1400), (perceptron, 2, 1400), (convnet, 1, 1900), (convnet, 2, 2000)],
)
def test_a_training_step_is_a_short_read(threads, make, count, bound):
    threads(count)
    images, model = make()
    data = TensorDataset(images, mytorch.randint(0, 10, (256,)))
    loader = DataLoader(data, batch_size=64, shuffle=True)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    def step():
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            break

    step()
    step()
    entered = functions_entered(step)
    assert ("walk.py", "run") in {(path.name, name) for (path, _), name in entered.items()}
    by_file = {}
    for path, line in entered:
        by_file[path] = by_file.get(path, 0) + length(path, line)
    rows = sorted(((n, p.relative_to(ROOT).as_posix()) for p, n in by_file.items()), reverse=True)
    assert sum(by_file.values()) <= bound, rows


def test_the_core_is_an_afternoons_read():
    assert sum(lines_of(path) for path in (ROOT / "core").glob("*.py")) <= 2350


def test_importing_loads_no_more_than_is_needed():
    code = (
        "import sys, mytorch\nprint(*(m.__file__ for n, m in sys.modules.items() if n.startswith('mytorch')))"
    )
    files = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert sum(lines_of(pathlib.Path(name)) for name in set(files.split())) <= 9000
