"""MNIST: the shipped part, folders of IDX files in every layout, and the ways to fetch them."""

import gzip
import hashlib
import importlib.machinery
import os
import struct
import sys
import types
from pathlib import Path

import numpy
import pytest

import mytorch
from mytorch.datasets import KMNIST, MNIST, FashionMNIST, load_mnist, transforms
from mytorch.datasets import mnist as module
from mytorch.utils.data import DataLoader, Subset, default_collate

NORMALIZED = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])


# ---- the shipped part ----------------------------------------------------------------------------


def test_the_shipped_digits_are_real():
    digits = load_mnist()
    assert digits.description == "MNIST subset shipped with mytorch: 5,000 training + 1,000 test digits"
    assert (
        digits.train_images.shape == (5000, 28, 28)
        and digits.test_images.shape == (1000, 28, 28)
        and digits.train_images.dtype == numpy.uint8
    )
    assert (
        digits.train_labels.shape == (5000,)
        and digits.test_labels.shape == (1000,)
        and digits.train_labels.dtype == numpy.int64
    )
    assert digits.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4] and digits.test_labels[
        :10
    ].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert numpy.bincount(digits.train_labels).tolist() == [479, 563, 488, 493, 535, 434, 501, 550, 462, 495]
    assert numpy.bincount(digits.test_labels).tolist() == [85, 126, 116, 107, 110, 87, 87, 99, 89, 94]
    assert 32 < digits.train_images.mean() < 35 and digits.train_images[0].sum() == 27525
    assert len(numpy.unique(digits.train_images.reshape(5000, -1), axis=0)) == 5000


def test_the_shipped_files_are_small_and_credited():
    folder = Path(module.__file__).with_name("mnist_subset")
    assert sum(f.stat().st_size for f in folder.iterdir()) <= 1_200_000
    text = (folder / "LICENSE.txt").read_text()
    assert all(word in text for word in ("LeCun", "Cortes", "Burges", "CC BY-SA 3.0"))


def test_samples():
    dataset = MNIST(train=False)
    image, label = dataset[0]
    assert (
        image.shape == (28, 28)
        and image.dtype == numpy.uint8
        and label == 7
        and type(label) is int
        and len(dataset) == 1000
    )
    image[:] = 0
    assert dataset[0][0].any() and dataset[-1][1] == dataset.targets[-1].item()
    assert dataset.data.dtype == mytorch.uint8 and dataset.targets.dtype == mytorch.int64
    assert dataset.classes[7] == "7 - seven" and dataset.class_to_idx["7 - seven"] == 7
    assert "1,000 test digits" in repr(dataset) and "Split: Test" in repr(dataset)
    with pytest.raises(IndexError):
        dataset[1000]
    transformed = MNIST(train=False, transform=lambda image: image.max(), target_transform=str)
    assert transformed[0] == (255, "7")


def one_by_one(samples):
    return default_collate(samples)


@pytest.mark.parametrize(
    "transform",
    [
        None,
        transforms.ToTensor(),
        NORMALIZED,
        transforms.Compose([]),
        transforms.Compose([transforms.ToTensor(), transforms.Lambda(lambda x: x * 2)]),
        transforms.Compose([NORMALIZED, transforms.Normalize([0.5], [2.0], inplace=True)]),
    ],
)
@pytest.mark.parametrize("part", [lambda d: d, lambda d: Subset(d, [7, 5, 5, 3])])
def test_a_batch_is_what_its_samples_are(transform, part):
    dataset = part(MNIST(train=False, transform=transform))
    for fast, slow in zip(DataLoader(dataset, 3), DataLoader(dataset, 3, collate_fn=one_by_one)):
        assert all(
            a.dtype == b.dtype and a.shape == b.shape and (a.array == b.array).all()
            for a, b in zip(fast, slow)
        )
        break


def test_a_subclass_with_its_own_samples():
    class Inverted(MNIST):
        def __getitem__(self, i):
            image, label = super().__getitem__(i)
            return 255 - image, label

    class OnlyPart(transforms.Normalize):
        def __call__(self, image):
            return image - 1

    folder = Path(module.__file__).with_name("mnist_subset")
    images, _ = next(iter(DataLoader(Inverted(folder, train=False), 2)))
    assert images.array[0, 0, 0] == 255
    images, _ = next(
        iter(
            DataLoader(
                MNIST(train=False, transform=transforms.Compose([transforms.ToTensor(), OnlyPart([0], [1])])),
                2,
            )
        )
    )
    assert images.array.min() == -1


# ---- folders -------------------------------------------------------------------------------------


def write(folder, *, n=4, compressed=True, images=None, labels=None, names=MNIST.md5):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if "images" in name:
            content = (
                struct.pack(">IIII", 0x803, n, 28, 28) + bytes(range(1, n + 1)) * 784
                if images is None
                else images
            )
        else:
            content = struct.pack(">II", 0x801, n) + bytes(range(n)) if labels is None else labels
        (folder / (name + ".gz" * compressed)).write_bytes(gzip.compress(content) if compressed else content)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("layout", ["MNIST/raw", "."])
def test_folders(tmp_path, layout, compressed):
    write(tmp_path / layout, compressed=compressed)
    digits = load_mnist("full", tmp_path, download=False)
    assert digits.train_images.shape == (4, 28, 28) and digits.test_labels.tolist() == [0, 1, 2, 3]
    assert digits.description == f"MNIST from {tmp_path / layout}: 4 training + 4 test digits"
    assert MNIST(str(tmp_path), download=True).targets.tolist() == [0, 1, 2, 3]  # nothing to fetch


def test_torchvisions_folder_comes_first(tmp_path):
    write(tmp_path, n=3)
    write(tmp_path / "MNIST" / "raw", n=5, compressed=False)
    assert len(MNIST(tmp_path)) == 5
    write(tmp_path / "FashionMNIST" / "raw", n=2)
    write(tmp_path / "KMNIST" / "raw", n=1)
    assert [len(FashionMNIST(tmp_path)), len(KMNIST(tmp_path))] == [2, 1]
    assert FashionMNIST(tmp_path).description.endswith("FashionMNIST/raw: 2 training images")


def test_nothing_there(tmp_path):
    write(tmp_path, names=["train-images-idx3-ubyte"])
    with pytest.raises(
        RuntimeError,
        match=r"Dataset not found. You can use download=True to download it \(looked for "
        r"train-images-idx3-ubyte, ",
    ):
        MNIST(tmp_path)
    with pytest.raises(ValueError, match="FashionMNIST needs a root"):
        FashionMNIST()
    with pytest.raises(ValueError, match="needs a root"):
        MNIST(download=True)
    with pytest.raises(ValueError, match="data should be 'subset' or 'full', got 'half'"):
        load_mnist("half")


@pytest.mark.parametrize(
    "damage, message",
    [
        ({"images": struct.pack(">IIII", 0x803, 4, 28, 28)}, "train-images-idx3-ubyte.gz: truncated"),
        (
            {"images": struct.pack(">IIII", 0x803, 1, 27, 28) + bytes(756)},
            r"expected uint8 images \(N, 28, 28\), got uint8 \(1, 27, 28\)",
        ),
        (
            {"images": struct.pack(">II", 0x801, 4) + bytes(4)},
            r"expected uint8 images \(N, 28, 28\), got uint8 \(4,\)",
        ),
        ({"labels": struct.pack(">II", 0x801, 5) + bytes(5)}, "expected 4 uint8 labels, one for each image"),
        ({"labels": struct.pack(">II", 0x801, 4) + bytes([1, 2, 3, 10])}, "expected labels 0 to 9, got 10"),
        ({"labels": b"<html>"}, "not an IDX file"),
    ],
)
def test_damaged_folders(tmp_path, damage, message):
    write(tmp_path, **damage)
    with pytest.raises(ValueError, match=message):
        MNIST(tmp_path)


# ---- fetching ------------------------------------------------------------------------------------


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror of a tiny MNIST at a file: address, after one that has nothing."""
    source = tmp_path / "mirror"
    write(source)
    md5 = {
        name: hashlib.md5((source / f"{name}.gz").read_bytes(), usedforsecurity=False).hexdigest()
        for name in MNIST.md5
    }
    monkeypatch.setattr(MNIST, "mirrors", ((tmp_path / "nothing").as_uri() + "/", source.as_uri() + "/"))
    monkeypatch.setattr(MNIST, "md5", md5)
    return source


@pytest.fixture
def without_torchvision(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)


def test_fetching_from_a_mirror(tmp_path, mirror, without_torchvision):
    dataset = MNIST(tmp_path / "data", train=False, download=True)
    assert len(dataset) == 4 and sorted(os.listdir(tmp_path / "data" / "MNIST" / "raw")) == sorted(
        f"{name}.gz" for name in MNIST.md5
    )
    for file in mirror.iterdir():
        file.unlink()
    assert load_mnist("full", tmp_path / "data").train_labels.tolist() == [0, 1, 2, 3]


def test_fetching_what_is_altered(tmp_path, mirror, without_torchvision):
    (mirror / "t10k-images-idx3-ubyte.gz").write_bytes(b"altered")
    with pytest.raises(
        RuntimeError,
        match=r"(?s)could not download t10k-images-idx3-ubyte.gz:.*nothing.*invalid hash value",
    ):
        MNIST(tmp_path / "data", download=True)


@pytest.mark.parametrize("fails", [False, True])
def test_fetching_through_torchvision(tmp_path, mirror, monkeypatch, fails):
    class TheirMNIST:
        def __init__(self, root, download):
            if fails:
                raise RuntimeError("Error downloading")
            folder = Path(root, "MNIST", "raw")
            folder.mkdir(parents=True)
            for file in mirror.iterdir():
                (folder / file.stem).write_bytes(gzip.decompress(file.read_bytes()))

    package, datasets = types.ModuleType("torchvision"), types.ModuleType("torchvision.datasets")
    package.__spec__, datasets.MNIST = importlib.machinery.ModuleSpec("torchvision", None), TheirMNIST
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", datasets)
    assert len(MNIST(tmp_path / "data", download=True)) == 4
    found = os.listdir(tmp_path / "data" / "MNIST" / "raw")
    # torchvision unpacks; the direct way does not
    assert all(name.endswith(".gz") == fails for name in found)
