"""Importing mytorch: in silence, quickly, and without what it may not need."""

import os
import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "torchvision",
    "matplotlib",
    "tqdm",
    "cupy",
    "PIL",
    "scipy",
    "pandas",
    "pytest",
    "safetensors",
    "numba",
)


def python(code, *options, **environment):
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=kept | environment,
    )


def test_in_silence():
    result = python("import mytorch", "-W", "error")
    assert result.stdout == ""
    assert result.stderr == ""


def test_every_module_in_silence():
    walk = (
        "import mytorch, pkgutil, importlib\nfor m in pkgutil.walk_packages(mytorch.__path__, 'mytorch.'):\n"
    )
    result = python(
        walk + "    m.name.endswith('__main__') or importlib.import_module(m.name)", "-W", "error"
    )
    assert result.stdout + result.stderr == ""


@pytest.mark.parametrize("module", HEAVY)
def test_without(module):
    result = python(f"import sys, mytorch; print({module!r} in sys.modules)")
    assert result.stdout.strip() == "False"


def test_quickly(tmp_path):
    code = "import time, numpy; t = time.process_time(); import mytorch; print(time.process_time() - t)"
    # the first one compiles
    seconds = min(float(python(code, PYTHONPYCACHEPREFIX=str(tmp_path)).stdout) for _ in range(5))
    assert seconds < 0.2, f"importing mytorch took {seconds:.2f} s beyond NumPy"


def test_as_torch():
    code = """
import mytorch as torch
import mytorch.nn as nn
import mytorch.nn.functional as F
import mytorch.optim as optim
import mytorch.backends.cudnn as cudnn
from mytorch import Tensor, nn, optim
from mytorch.autograd import Function, Variable, gradcheck
from mytorch.autograd.function import once_differentiable
from mytorch.cuda.amp import GradScaler, autocast
from mytorch.nn.parameter import Parameter
from mytorch.nn.utils import clip_grad_norm_
from mytorch.optim.lr_scheduler import StepLR
from mytorch.utils.checkpoint import checkpoint
from mytorch.utils.data import DataLoader, Dataset
assert torch.autograd.gradcheck is gradcheck and callable(gradcheck)
assert torch.autograd.functional.jacobian and torch.func.vmap and torch.utils.data.DataLoader
"""
    python(code, "-W", "error")
