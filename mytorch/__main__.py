"""``python -m mytorch train.py``: a program for PyTorch runs on mytorch. The work is done in ``as_torch``."""

import sys

from mytorch.as_torch.run import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
