"""The MNIST scripts read torchvision's datasets through torchvision's transforms, without the network, and
learn the same from them.
"""

import gzip
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the examples draw with matplotlib")
pytest.importorskip("tqdm", reason="the examples show their progress with tqdm")

import mytorch.datasets

from .running import run


@pytest.fixture(scope="module", autouse=True)
def _torchvision():
    """torchvision, also beside a PyTorch that lacks its compiled operations: those are not needed here, so
    they are not announced.
    """
    torch = pytest.importorskip("torch")
    announce = torch.library.register_fake

    def lenient(op, *args, **kwargs):
        return (
            (lambda f: f)
            if isinstance(op, str) and op.startswith("torchvision::")
            else announce(op, *args, **kwargs)
        )

    torch.library.register_fake = lenient
    try:
        pytest.importorskip("torchvision")
    finally:
        torch.library.register_fake = announce


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The shipped digits as torchvision keeps its own: unpacked, in MNIST/raw."""
    root = tmp_path_factory.mktemp("data")
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (Path(mytorch.datasets.__file__).with_name("mnist_subset")).glob("*.gz"):
        (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    return str(root)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a download was tried though the files are there")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


def results(text):
    return [line for line in text.splitlines() if "%" in line and "best" not in line]


@pytest.mark.parametrize("name", ["mlp_mnist", "sigmoid_mnist"])
def test_the_same_results_as_with_mytorchs_datasets(name, root):
    theirs, _ = run(name, "--torchvision", "--root", root, "--epochs", "1")
    ours, _ = run(name, "--data", "full", "--root", root, "--epochs", "1")
    # torchvision's description of its dataset
    assert "Root location" in theirs and "Root location" not in ours
    assert (
        results(theirs) == results(ours) and len(results(ours)) == {"mlp_mnist": 1, "sigmoid_mnist": 5}[name]
    )
