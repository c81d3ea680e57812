"""What a child process of a program under ``python -m mytorch`` finds as torch: it becomes mytorch."""

import sys

import mytorch.as_torch

sys.modules["torch"] = mytorch.as_torch.finder.find("")
