"""``torch`` and its submodules are other names of what is here."""

import importlib
import warnings

import pytest

from tests.as_torch.programs import lines, python
from tests.referee import answer


def test_one_module_for_each_name():
    assert lines("""
        import mytorch, sys
        import torch.nn.functional as F
        import torch.nn, torch.utils.data as data
        from torch import nn, optim
        from torch.nn.modules.batchnorm import _BatchNorm
        print(nn is mytorch.nn is torch.nn is sys.modules["torch.nn"], F is mytorch.nn.functional)
        print(torch.Tensor is mytorch.Tensor, _BatchNorm is mytorch.nn.modules.batchnorm._BatchNorm)
        print(optim is mytorch.optim, data.DataLoader is mytorch.utils.data.DataLoader, torch.fx is torch.fx)
        print(mytorch.nn.__name__, mytorch.nn.__spec__.name, torch.__name__)
    """) == ["True True", "True True", "True True True", "mytorch.nn mytorch.nn torch"]


def test_what_is_asked_of_an_installation():
    assert lines("""
        import importlib.util, importlib.metadata
        print(all(importlib.util.find_spec(n) for n in ("torch", "torch.nn", "torch.utils.data", "torch.fx")))
        print(importlib.metadata.version("torch"), importlib.metadata.version("pytest") > "0")
        import mytorch, torch
        print(torch.__version__, torch.version.__version__, torch.version.cuda)
        print(torch.version.mytorch == mytorch.__version__)
    """) == ["True", "2.13.0 True", "2.13.0 2.13.0 None", "True"]


@pytest.mark.parametrize("name", ["torch.nonsense", "torch.nn.nonsense", "torch.datasets", "torch.kernels"])
def test_what_is_not_there(name):
    assert lines(f"""
        try:
            import {name}
        except ModuleNotFoundError as error:
            print(error.name, "mytorch" in str(error))
    """) == [f"{name} True"]


def test_a_name_that_was_meant():
    assert lines("""
        import torch
        print(hasattr(torch, "zeroes"), hasattr(torch, "datasets"), hasattr(torch, "kernels"))
        try:
            torch.zeroes
        except AttributeError as error:
            print(error)
        try:
            from torch import zeroes
        except ImportError as error:
            print("ImportError")
    """) == [
        "False False False",
        "module 'torch' has no attribute 'zeroes'. Did you mean: 'zeros'?",
        "ImportError",
    ]


def test_a_name_that_is_replaced_stays_so():
    assert lines("""
        import torch
        torch.manual_seed = lambda seed: "mine"
        import torch.random
        from torch import manual_seed
        print(manual_seed(3), torch.manual_seed(3))
    """) == ["mine mine"]


def test_pytorch_that_is_loaded_already():
    done = python(
        "-c",
        """if True:
        import sys, types
        sys.modules["torch"] = torch = types.ModuleType("torch")
        torch.__file__, torch.__version__ = "/elsewhere/torch/__init__.py", "2.9.1"
        try:
            import mytorch.as_torch
        except ImportError as error:
            print(error)
    """,
    )
    assert done.stdout.startswith("PyTorch 2.9.1 is loaded already: import mytorch.as_torch before"), (
        done.stderr
    )


def test_in_a_notebook():
    done = python(
        "-c", "import mytorch.as_torch\nimport mytorch.as_torch, torch\nprint(torch.ones(2).tolist())"
    )
    assert done.stdout == "[1.0, 1.0]\n", done.stderr


def test_importing_mytorch_leaves_torch_alone():
    done = python(
        "-c", "import mytorch, sys\nprint('torch' in sys.modules, 'as_torch' in str(sys.meta_path))"
    )
    assert done.stdout == "False False\n", done.stderr


def test_every_module_of_names_is_found():
    """A module of ``names`` stands where torch has one of that name, and can be imported by it."""
    found = lines("""
        import importlib, pathlib, mytorch.as_torch
        home = pathlib.Path(mytorch.as_torch.__file__).parent / "names"
        for path in sorted(home.rglob("*.py")):
            parts = path.relative_to(home).with_suffix("").parts
            name = ".".join(("torch", *parts)).removesuffix(".__init__")
            if name != "torch._root":
                importlib.import_module(name)
                print(name)
    """)
    assert len(found) > 40
    assert answer(absent, found) == []


def absent(torch, names):
    """The names of a list that torch has no module of."""
    missing = []
    warnings.simplefilter("ignore")
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            try:  # torch.ops is an object
                getattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2])
            except (AttributeError, ImportError):
                missing.append(name)
    return missing
