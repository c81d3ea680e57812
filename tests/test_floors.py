"""The house's floors: a file imports only from floors below its own, nothing goes round in a circle, imports
stand at the top of files.
"""

import ast
import pathlib

import pytest

import mytorch

ROOT = pathlib.Path(mytorch.__file__).parent
# The table of samples is written as a user writes: with the package's public face, and with torch as a
# referee where it is installed.
SOURCES = [p for p in sorted(ROOT.rglob("*.py")) if "samples" not in p.parts]
FILES = {
    ".".join(p.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): p for p in SOURCES
}
PACKAGES = {name for name, path in FILES.items() if path.name == "__init__.py"}

# From the ground up; the longest matching prefix counts. A file may import from its own floor only within the
# same package or entry.
FLOORS = [
    ["core", "documentation"],
    ["kernels"],
    ["ops"],
    ["tensors"],
    ["autograd", "linalg", "fft", "functional", "masked", "overrides", "signal", "special", "random"],
    ["nn", "optim", "utils", "serialization", "distributions", "backends", "cuda", "amp"],
    "func datasets testing gradcheck hub jit accelerator sparse optim.swa_utils profiler".split()
    + ["utils.flop_counter", "utils.module_tracker"],
    "backend compiler distributed multiprocessing onnx types _utils version utils.model_zoo".split()
    + ["autograd.profiler"],
    [""],
    ["as_torch", "__main__"],
]
# these never import each other
SIDE_BY_SIDE = ("nn", "optim", "utils", "serialization", "distributions")


def entry(module):
    """(floor, name of the entry) of a module."""
    name = module.removeprefix("mytorch").removeprefix(".")
    found = [
        (len(e), floor, e)
        for floor, entries in enumerate(FLOORS)
        for e in entries
        if name == e or name.startswith(e + ".") or e == ""
    ]
    return max(found)[1:]


def imports(module):
    """(line, imported module, whether it is inside a function) for each import of mytorch in a file."""
    tree = ast.parse(FILES[module].read_text())
    inside = {
        id(n)
        for f in ast.walk(tree)
        if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for n in ast.walk(f)
    }
    package = module if module in PACKAGES else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.split(".")[0] == "mytorch"]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join(parts[: len(parts) - node.level + 1] + ([base] if base else []))
            if base.split(".")[0] != "mytorch":
                continue
            names = [f"{base}.{a.name}" if f"{base}.{a.name}" in FILES else base for a in node.names]
        else:
            continue
        for name in dict.fromkeys(names):
            yield node.lineno, name, id(node) in inside


GRAPH = {module: list(imports(module)) for module in FILES}


def test_the_floors_are_those_of_the_house():
    found = {entry(module)[1] for module in FILES}
    listed = {e for floor in FLOORS for e in floor}
    assert found - {""} <= listed
    assert listed <= found, "no such file"
    assert [m for m in FILES if entry(m)[1] == ""] == ["mytorch"], "on which floor are these?"


@pytest.mark.parametrize("module", FILES)
def test_imports_point_down(module):
    floor, name = entry(module)
    wrong = []
    for line, target, _ in GRAPH[module]:
        below, other = entry(target)
        if other == name or target in ("mytorch", module):
            continue
        if below > floor or (below == floor and name in SIDE_BY_SIDE):
            wrong.append(f"line {line}: {target}")
    assert not wrong, f"{module} imports from its own floor or above: {wrong}"


@pytest.mark.parametrize("module", FILES)
def test_only_the_face_imports_the_face(module):
    found = [line for line, target, _ in GRAPH[module] if target == "mytorch"]
    above = module == "mytorch.gradcheck" or entry(module)[0] == len(FLOORS) - 1
    assert not found or above, f"{module}, lines {found}: import the module that has the name"


@pytest.mark.parametrize("module", FILES)
def test_no_import_hides_in_a_function(module):
    found = [f"line {line}: {target}" for line, target, hidden in GRAPH[module] if hidden]
    assert not found, f"{module} imports inside functions: {found}"


def test_no_circles():
    done, path = set(), []

    def visit(module):
        if module in path:
            raise AssertionError(" -> ".join([*path[path.index(module) :], module]))
        if module in done:
            return
        path.append(module)
        for _, target, _ in GRAPH.get(module, ()):
            visit(target)
        path.pop()
        done.add(module)

    for module in FILES:
        visit(module)


def test_core_arrays_alone_imports_cupy():
    for module, path in FILES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not any(n.split(".")[0] in ("cupy", "cupyx") for n in names), module
        assert module == "mytorch.core.arrays" or 'import_module("cupy' not in path.read_text(), module


def test_nothing_imports_torch():
    allowed = {"mytorch.datasets", "mytorch.utils.data"}  # they look whether torchvision is there
    for module, path in FILES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not any(n.split(".")[0] == "torch" for n in names), module
            found = {n.split(".")[0] for n in names}
            assert "torchvision" not in found or any(module.startswith(a) for a in allowed), module


# Methods that Tensors have and arrays lack. An operation that calls one reaches up to a floor above it, and
# its formula fails on the arrays of an ordinary backward: operations call each other as functions.
TENSOR_METHODS = set(
    """
    to detach detach_ clone long float double half int short bool cpu cuda numpy is_floating_point is_complex
    numel element_size dim requires_grad_ type_as expand expand_as permute unsqueeze unflatten
    contiguous select narrow unbind movedim flip roll gather scatter scatter_add index_select masked_fill
    amax amin exp log sqrt abs sigmoid tanh relu softmax log_softmax clamp matmul mm bmm norm logsumexp tril
    triu isnan new_zeros new_ones new_full new_tensor add_ mul_ zero_ fill_ copy_
""".split()
)
MODULES = {"numpy", "cupy", "module", "m", "math", "cmath", "builtins"}  # ``numpy.exp(x)`` is no method of x
ALLOWED = {
    ("mytorch.core.blas", "select"),  # of threadpoolctl
    ("mytorch.core.walk", "clone"),  # under create_graph every gradient is a Tensor
    ("mytorch.ops.layers.embedding", "norm"),  # of numpy.linalg
}
# These families take Tensors alone so far, not arrays.
TENSORS_ALONE = {
    "mytorch.ops.layers.batch_norm",
    "mytorch.ops.losses.composite",
    "mytorch.ops.losses.ctc",
    "mytorch.ops.losses.distance",
    "mytorch.ops.spatial.grid",
    "mytorch.ops.spatial.pooling",
}


def is_module(node):
    """Whether an expression is an array module: ``numpy``, ``module``, ``xp(x)``."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", None) == "xp"
    return getattr(node, "id", None) in MODULES


@pytest.mark.parametrize(
    "module", [m for m in FILES if m.startswith(("mytorch.core.", "mytorch.ops.")) and m not in TENSORS_ALONE]
)
def test_operations_call_no_methods_of_tensors(module):
    found = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(FILES[module].read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in TENSOR_METHODS
        and not is_module(node.func.value)
        and (module, node.func.attr) not in ALLOWED
    ]
    assert not found, f"{module} calls methods that arrays lack: {found}"
