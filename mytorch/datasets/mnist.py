"""MNIST: the subset shipped with the package, or the full set from a folder, downloaded if absent."""

from __future__ import annotations

import importlib
import importlib.util
import os
from pathlib import Path
from typing import NamedTuple

import numpy

from ..tensors.creation import as_tensor
from ..utils.data.dataset import Dataset
from .download import download
from .idx import read_idx
from .transforms import batch_form

_SUBSET = Path(__file__).with_name("mnist_subset")


class MNIST(Dataset):
    """Handwritten digits, as in torchvision.

    A sample is ``(image, label)``: a (28, 28) uint8 array, or the result of ``transform``, and an int.
    Without ``root`` the data are the subset shipped with mytorch (5,000 training, 1,000 test digits). With
    ``root`` they are the IDX files (plain or .gz) in ``root/MNIST/raw``, torchvision's layout, or in
    ``root``; ``download=True`` downloads them if they are absent. ``data`` and ``targets`` are tensors of all
    images and labels; ``description`` names the data. RuntimeError if there are no files, ValueError if they
    are damaged.

    Source: Y. LeCun, C. Cortes, C. J. C. Burges, http://yann.lecun.com/exdb/mnist/ (CC BY-SA 3.0).

    Args:
        root (str): the folder of the files; None is the subset shipped with mytorch
        train (bool): whether the samples for training, rather than those for testing
        transform (callable): what to apply to each image
        target_transform (callable): what to apply to each label
        download (bool): whether absent files are downloaded

    Example:
        >>> digits = mytorch.datasets.MNIST()
        >>> image, label = digits[0]
        >>> len(digits), image.shape
        (5000, (28, 28))
    """

    mirrors: tuple[str, ...] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    md5 = {  # of the compressed files, as torchvision publishes them
        "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    _things = "digits"
    classes = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

    def __init__(self, root=None, train=True, transform=None, target_transform=None, download=False):
        if root is None and (download or type(self) is not MNIST):
            raise ValueError(
                f"{type(self).__name__} needs a root folder to read from; only MNIST has a part that "
                "is shipped with mytorch"
            )
        self.root, self.train = root, train
        self.transform, self.target_transform = transform, target_transform
        if download:
            self.download()
        files = self._files()
        if files is None:
            folder = "root" if root is None else self.raw_folder
            raise RuntimeError(
                "Dataset not found. You can use download=True to download it (looked for "
                f"{', '.join(self._names)} in {folder})"
            )
        images, labels = _read_pair(*files)
        self.data, self.targets = as_tensor(images), as_tensor(labels.astype(numpy.int64))
        where = "MNIST subset shipped with mytorch"
        if root is not None:
            where = f"{type(self).__name__} from {files[0].parent}"
        self.description = f"{where}: {len(images):,} {'training' if train else 'test'} {self._things}"

    # ---- the samples -----------------------------------------------------------------------------

    def __len__(self):
        return len(self.data.array)

    def __getitem__(self, index):
        image, target = self.data.array[index].copy(), int(self.targets.array[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __getbatch__(self, indices):
        transform = as_tensor if self.transform is None else batch_form(self.transform)
        if transform is None or self.target_transform is not None:
            return NotImplemented
        return [as_tensor(transform(self.data.array[indices])), as_tensor(self.targets.array[indices])]

    @property
    def class_to_idx(self):
        """{class name: label}."""
        return {name: i for i, name in enumerate(self.classes)}

    def __repr__(self):
        lines = [
            f"Number of datapoints: {len(self)}",
            f"Split: {'Train' if self.train else 'Test'}",
            self.description,
        ]
        return "\n    ".join([f"Dataset {type(self).__name__}", *lines])

    # ---- the files -------------------------------------------------------------------------------

    @property
    def raw_folder(self) -> str:
        """The folder of the IDX files in torchvision's layout."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def _names(self):
        return [name for name in self.md5 if name.startswith("train" if self.train else "t10k")]

    def _files(self, names=None):
        """The paths of the files ``names``, all from one folder, or None."""
        folders = [_SUBSET] if self.root is None else [Path(self.raw_folder), Path(self.root)]
        for folder in folders:
            found = [
                next((p for p in (folder / n, folder / f"{n}.gz") if p.is_file()), None)
                for n in names or self._names
            ]
            if all(found):
                return found
        return None

    def download(self) -> None:
        """Download all four files into :attr:`raw_folder` unless they are there.

        torchvision does it if it is installed. RuntimeError lists what was wrong with each mirror.
        """
        if self._files(list(self.md5)) is None and not self._download_by_torchvision():
            for name, md5 in self.md5.items():
                path = Path(self.raw_folder, f"{name}.gz")
                if not path.exists():
                    download([f"{mirror}{path.name}" for mirror in self.mirrors], path, md5)

    def _download_by_torchvision(self) -> bool:
        """Whether torchvision is installed and has downloaded the files.

        Its errors are ignored: the direct download is tried next and reports its own.
        """
        if importlib.util.find_spec("torchvision") is None:
            return False
        try:
            getattr(importlib.import_module("torchvision.datasets"), type(self).__name__)(
                os.fspath(self.root), download=True
            )
        except (ImportError, AttributeError, OSError, RuntimeError):
            return False
        return self._files(list(self.md5)) is not None


class FashionMNIST(MNIST):
    """Zalando's articles of clothing in MNIST's format.

    Source: H. Xiao, K. Rasul, R. Vollgraf (2017), arXiv:1708.07747 (MIT licence).

    Args:
        root (str): the folder of the files
        train (bool): whether the samples for training, rather than those for testing
        transform (callable): what to apply to each image
        target_transform (callable): what to apply to each label
        download (bool): whether absent files are downloaded
    """

    mirrors = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
    md5 = {
        "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
    }
    _things = "images"
    classes = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Cursive Japanese characters in MNIST's format.

    Source: T. Clanuwat et al. (2018), arXiv:1812.01718 (CC BY-SA 4.0).

    Args:
        root (str): the folder of the files
        train (bool): whether the samples for training, rather than those for testing
        transform (callable): what to apply to each image
        target_transform (callable): what to apply to each label
        download (bool): whether absent files are downloaded
    """

    mirrors = ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",)
    md5 = {
        "train-images-idx3-ubyte": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte": "7320c461ea6c1c855c0b718fb2a4b134",
    }
    _things = "images"
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


def _read_pair(images_path, labels_path):
    """Images (N, 28, 28) and labels (N,) from 0 to 9. ValueError if the files hold anything else."""
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.dtype != numpy.uint8 or images.shape[1:] != (28, 28):
        raise ValueError(
            f"{images_path}: expected uint8 images (N, 28, 28), got {images.dtype} {images.shape}"
        )
    if labels.dtype != numpy.uint8 or labels.shape != images.shape[:1]:
        raise ValueError(
            f"{labels_path}: expected {len(images)} uint8 labels, one for each image, got "
            f"{labels.dtype} {labels.shape}"
        )
    if labels.max(initial=0) > 9:
        raise ValueError(f"{labels_path}: expected labels 0 to 9, got {labels.max()}")
    return images, labels


class Digits(NamedTuple):
    """The result of :func:`load_mnist`: uint8 images (N, 28, 28), int64 labels (N,), and their source."""

    train_images: numpy.ndarray
    train_labels: numpy.ndarray
    test_images: numpy.ndarray
    test_labels: numpy.ndarray
    description: str


def load_mnist(data="subset", root="data", download=True) -> Digits:
    """MNIST as NumPy arrays.

    ValueError for another ``data``.
    """
    if data not in ("subset", "full"):
        raise ValueError(f"data should be 'subset' or 'full', got {data!r}")
    root, download = (root, download) if data == "full" else (None, False)
    train, test = (MNIST(root, train=t, download=download) for t in (True, False))
    description = f"{train.description.removesuffix(' digits')} + {test.description.split(': ')[-1]}"
    return Digits(train.data.array, train.targets.array, test.data.array, test.targets.array, description)
