"""Modules that only carry names say so in their first line, so that a reader passes them by."""

import ast
import pathlib

import pytest

import mytorch

MARK = "# Names only: there is nothing to read here.\n"
LONGEST_FILE = 85
LONGEST_BODY = 12  # lines of a function or class without its docstring
LOWER_FLOORS = {"core", "kernels", "ops", "tensors"}

ROOT = pathlib.Path(mytorch.__file__).parent
FILES = {p.relative_to(ROOT).as_posix(): p.read_text() for p in sorted(ROOT.rglob("*.py"))}
UPPER = {
    name: text
    for name, text in FILES.items()
    if "/" not in name or (name.split("/")[0] not in LOWER_FLOORS and "samples/" not in name)
}
MARKED = [name for name, text in UPPER.items() if text.startswith(MARK)]


def is_only_names(statement):
    """Whether a statement of a module imports a name, lists names or gives them a home."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(statement, ast.Expr):  # a docstring, or publish(__name__)
        called = getattr(statement.value, "func", None)
        return isinstance(statement.value, ast.Constant) or getattr(called, "id", "") == "_publish"
    if isinstance(statement, ast.Assign):  # __all__, __getattr__ = _lookup(__name__), another name
        target, value = statement.targets[0], statement.value
        listed = getattr(target, "id", "") in ("__all__", "__getattr__")
        return listed or isinstance(value, ast.Name)
    return False


def length(definition):
    """The lines of the body of a function or class, without its docstring."""
    first, *rest = definition.body
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = rest if is_docstring else definition.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("name", MARKED)
def test_a_marked_file_is_short(name):
    text = FILES[name]
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert length(node) <= LONGEST_BODY, node.name


@pytest.mark.parametrize("name", UPPER)
def test_a_short_file_of_names_is_marked(name):
    text = UPPER[name]
    if text.strip() and text.count("\n") <= LONGEST_FILE and all(map(is_only_names, ast.parse(text).body)):
        assert name in MARKED, f"begin it with {MARK!r}"


def test_the_mark_stands_on_the_upper_floors_only():
    assert not [name for name, text in FILES.items() if MARK in text and name not in MARKED]
    assert len(MARKED) > 20
