"""Write the stubs by which editors and type checkers see names that are found when they are first used.

    python -m tests.stubs

``mytorch/__init__.pyi`` declares the functions of the package, ``mytorch/tensors/operators.pyi`` the methods
of Tensor. ``tests/test_stubs.py`` fails if they are not up to date.
"""

import inspect
import pathlib

import mytorch
from mytorch.documentation import document
from mytorch.tensors import operators

ROOT = pathlib.Path(mytorch.__file__).parent
# the functions that make tensors
MAKERS = {name for name, (module, _) in mytorch._WHERE.items() if module.endswith("creation")}
OTHERS = "numel result_type set_default_tensor_type typename".split()  # of those, what returns no tensor
HEAD = "# Written by `python -m tests.stubs`; do not edit.\n"


def parameters(function, first=None):
    """The parameters of ``function`` as source; defaults that are no literals become ``...``."""
    found, starred = [], False
    if inspect.isfunction(function):
        document(function)
    try:
        given = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return ", ".join([*([first] if first else []), "*args", "**kwargs"])
    if first and given and given[0].kind in (given[0].POSITIONAL_ONLY, given[0].POSITIONAL_OR_KEYWORD):
        given = [p for p in given[1:] if p.name != "out"]  # of functions
    for p in given:
        if p.kind is p.VAR_POSITIONAL:
            found.append(f"*{p.name}")
            starred = True
            continue
        if p.kind is p.KEYWORD_ONLY and not starred:
            found.append("*")
            starred = True
        text = f"**{p.name}" if p.kind is p.VAR_KEYWORD else p.name
        if p.default is not p.empty:
            plain = isinstance(p.default, (bool, int, float, str, type(None))) and p.default == p.default
            text += f"={p.default!r}" if plain and p.default not in (float("inf"), -float("inf")) else "=..."
        found.append(text)
    return ", ".join([*([first] if first else []), *found])


def declaration(name, function, first=None, indent=""):
    op = getattr(function, "primitive", None)
    makes = name in MAKERS and not name.startswith("is_") and name not in OTHERS
    one = op is not None and not op.outputs and name not in ("__eq__", "__ne__")
    kind = "Tensor" if makes or one else "Any"
    return f"{indent}def {name}({parameters(function, first)}) -> {kind}: ...\n"


def face():
    """``mytorch/__init__.pyi``."""
    lines = [HEAD, "from typing import Any\n\n"]
    lines += [f"from . import {name} as {name}\n" for name in mytorch._SUBMODULES]
    lines += ["from .tensors.tensor import Size as Size, Tensor as Tensor\n"]
    functions = []
    for name in sorted(mytorch.__all__, key=str.lower):
        value = getattr(mytorch, name)
        if name in ("Size", "Tensor"):
            continue
        if inspect.isclass(value) and name in mytorch._WHERE:
            module, original = mytorch._WHERE[name]
            lines.append(f"from .{module} import {original} as {name}\n")
        elif callable(value) and name.isidentifier():
            functions.append(declaration(name, value))
        else:
            functions.append(f"{name}: Any\n")
    functions.append("__version__: str\n")
    return "".join(lines) + "\n" + "".join(functions)


def methods():
    """``mytorch/tensors/operators.pyi``."""
    cls = operators.TensorMethods
    lines = [
        HEAD,
        "from typing import Any\n\nfrom .tensor import Tensor\n\n",
        "class TensorMethods:\n    array: Any\n    requires_grad: bool\n",
    ]
    for name in sorted(vars(cls)):
        if name.startswith("__") and not callable(getattr(cls, name, None)):
            continue
        if name in ("__module__", "__dict__", "__weakref__", "__doc__", "__hash__", "__annotations__"):
            continue
        value = inspect.getattr_static(cls, name)
        if isinstance(value, property):
            lines.append(f"    @property\n    def {name}(self) -> Any: ...\n")
        else:
            lines.append(declaration(name, getattr(cls, name), "self", "    "))
    return "".join(lines)


STUBS = {ROOT / "__init__.pyi": face, ROOT / "tensors" / "operators.pyi": methods}

if __name__ == "__main__":
    for path, text in STUBS.items():
        path.write_text(text())
