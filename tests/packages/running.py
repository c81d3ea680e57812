"""Runs programs that were written for PyTorch, once with mytorch in its place and once with PyTorch.

A program is a function without arguments that imports torch and packages on it, and returns arrays, numbers
and texts. For mytorch it runs in a process of its own, as ``python -m mytorch``, which cannot load PyTorch.
"""

import importlib
import importlib.util
import os
import pickle
import subprocess
import sys
import time
import traceback
import types
import warnings

import numpy as np

from tests.draws import draws

# ---- what programs use -----------------------------------------------------------------------------


def numbers(*shape, seed=0, dtype="float32"):
    """A tensor of normal numbers."""
    import torch

    return torch.tensor(draws([seed, *shape]).standard_normal(shape).astype(dtype))


def fill(module, seed=0):
    """``module`` with weights that do not depend on the library's generator.

    Matrices are of the size of Kaiming's, weights that are vectors near 1, others near 0.
    """
    import torch

    with torch.no_grad():
        for i, (name, p) in enumerate(module.named_parameters()):
            drawn = draws([seed, i]).standard_normal(tuple(p.shape)).astype("float32")
            if p.ndim > 1:
                drawn *= (2 / np.prod(p.shape[1:])) ** 0.5
            else:
                drawn = 0.1 * drawn + name.endswith("weight")
            p.copy_(torch.tensor(drawn))
    return module


def one_tensor(result):
    """The sum of all floating-point tensors in a nested result, each weighted by other numbers."""
    import torch

    if isinstance(result, torch.Tensor):
        if not (result.is_floating_point() and result.requires_grad):
            return 0
        weights = draws([7, *result.shape]).standard_normal(tuple(result.shape))
        return (result * torch.tensor(weights, dtype=result.dtype)).sum()
    if isinstance(result, dict):
        result = list(result.values())
    return sum(map(one_tensor, result)) if isinstance(result, (tuple, list)) else 0


def learned(module, *inputs, filled=True, **keywords):
    """What ``module`` says of the inputs with random weights, and the gradients: those of the inputs, and the
    norm of each parameter's.
    """
    import torch

    if filled:
        fill(module)
    for x in inputs:
        if isinstance(x, torch.Tensor) and x.is_floating_point():
            x.requires_grad_()
    out = module(*inputs, **keywords)
    one_tensor(out).backward()
    norms = [0.0 if p.grad is None else p.grad.double().norm().item() for p in module.parameters()]
    gradients = [x.grad for x in inputs if isinstance(x, torch.Tensor) and x.grad is not None]
    is_double = all(p.dtype == torch.float64 for p in module.parameters())  # else as precise as float32
    return plain([out, gradients, np.array(norms, "float64" if is_double else "float32")])


def plain(value):
    """``value`` without tensors: arrays in their place."""
    if hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    return value if isinstance(value, (np.ndarray, float, int, bool, type(None))) else str(value)


def torchvision():
    """torchvision itself. Where its compiled library is not for the PyTorch that is installed, it is imported
    without its operations written in C++.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "nms does not exist" not in str(error):
            raise
        import torch

        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        KEPT.append(library)
        import torchvision
    return torchvision


def torchaudio():
    """torchaudio itself. PyTorch imports it without its compiled library, which is not for its version."""
    import torch

    if not hasattr(torch.version, "mytorch"):
        sys.modules["torchaudio._extension"] = types.SimpleNamespace(
            _IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=lambda f: f
        )
    import torchaudio

    return torchaudio


KEPT: list = []  # a library forgets its operations when it is dropped


def compiled():
    """Import the packages that have compiled libraries, before any other package does."""
    for name, load in (("torchvision", torchvision), ("torchaudio", torchaudio)):
        if not absent(name):
            load()


# ---- running them --------------------------------------------------------------------------------


def absent(packages):
    """The packages of a list that are not installed."""
    names = [name for name in packages.split() if name not in sys.modules]
    return [name for name in names if importlib.util.find_spec(name) is None]


def call(program):
    """What the program returns, or the text of its error."""
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = plain(program())
    except Exception:
        result = "failed: " + traceback.format_exc()
    return result, time.perf_counter() - start


def with_mytorch(modules, folder):
    """{module: {program: what it returns}} of the programs whose packages are there, run on mytorch."""
    processes = {}
    for module in modules:
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "mytorch",
            "-m",
            __name__,
            module,
            str(folder / module),
        ]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        processes[module] = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, **pipes)
    said = {module: process.communicate()[0] for module, process in processes.items()}
    for module, process in processes.items():
        assert process.returncode == 0, said[module]
    return {module: pickle.loads((folder / module).read_bytes()) for module in modules}


def main(module, path, *names):
    """Run the programs of a module and write what they return."""
    compiled()
    programs = importlib.import_module(module).PROGRAMS
    results = {}
    for name, (packages, program) in programs.items():
        if not absent(packages) and (not names or name in names):
            results[name], seconds = call(program)
            print(
                f"{name} {seconds:.2f} s {results[name] if isinstance(results[name], str) else ''}",
                flush=True,
            )
    import torch

    if hasattr(torch.version, "mytorch"):
        real = [m for m in sys.modules.values() if "/site-packages/torch/" in str(getattr(m, "__file__", ""))]
        assert not real, real
    with open(path, "wb") as file:
        pickle.dump(results, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
