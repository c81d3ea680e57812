"""``torch.classes``: classes written in C++, which are not here."""


def load_library(path):
    """OSError: a compiled library calls PyTorch's C++."""
    raise OSError(f"{path} is compiled for PyTorch and cannot be loaded by mytorch")
