"""``python -m tests.record [pytest's arguments]``: write down the answers of PyTorch."""

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["--torch", "record", *sys.argv[1:]]))
