# Names only: there is nothing to read here.
"""MNIST (a subset is shipped with the package), FashionMNIST, KMNIST, and transforms of their images."""

from ..tensors.public_names import lookup as _lookup
from . import transforms
from .mnist import KMNIST, MNIST, FashionMNIST, load_mnist

__all__ = ["KMNIST", "MNIST", "FashionMNIST", "load_mnist", "transforms"]

__getattr__ = _lookup(__name__)
