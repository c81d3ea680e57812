# Names only: there is nothing to read here.
"""Datasets: MNIST (a real part of it is shipped with the package), FashionMNIST, KMNIST; and ``transforms``
for their images.
"""

from ..core.public_names import lookup as _lookup
from . import transforms
from .mnist import KMNIST, MNIST, FashionMNIST, load_mnist

__all__ = ["KMNIST", "MNIST", "FashionMNIST", "load_mnist", "transforms"]

__getattr__ = _lookup(__name__)
