"""The recipes of docs/adding.md, followed word for word in a copy of the tree.

A Python block that begins with ``# FILE, at the end`` is added to that file, one with ``# FILE, a new file``
is that file; a diff block that begins with ``# FILE`` changes it; the lines of a bash block are run.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding.md"
BLOCK = re.compile(r"^```(python|diff|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RECIPES = ("An operation", "A layer", "An optimizer")


def blocks(title):
    """(language, text) of each block of a section of the page."""
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    (section,) = (text for text in sections if text.startswith(f"{title}\n"))
    return BLOCK.findall(section)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of what a contributor changes."""
    copy = tmp_path_factory.mktemp("tree")
    for folder in ("mytorch", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for file in ("setup.cfg", "ruff.toml", "pyproject.toml"):
        if (ROOT / file).exists():
            shutil.copy(ROOT / file, copy)
    return copy


def edit(tree, language, text):
    """Apply a block to the file that its first line names."""
    first, rest = text.split("\n", 1)
    name, _, how = first.removeprefix("# ").partition(", ")
    path = tree / name
    if language == "diff":
        lines = rest.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] != "+")
        after = "".join(line[1:] for line in lines if line[0] != "-")
        source = path.read_text("utf-8")
        assert source.count(before) == 1, f"{name} has {source.count(before)} times:\n{before}"
        path.write_text(source.replace(before, after), "utf-8")
    elif how == "a new file":
        assert not path.exists(), f"{name} is there"
        path.write_text(rest, "utf-8")
    else:
        assert how == "at the end", first
        path.write_text(path.read_text("utf-8") + "\n\n" + rest, "utf-8")


def command(tree, line):
    """Run a line of a bash block; pytest fails by itself where it finds no test."""
    words = shlex.split(line)
    words[:1] = [sys.executable] if words[0] == "python" else [sys.executable, "-m", words[0]]
    words += ["-p", "no:cacheprovider", "--torch", "recorded"] if "pytest" in words else []
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.parametrize("title", RECIPES)
def test_recipe(tree, title):
    languages = set()
    for language, text in blocks(title):
        languages.add(language)
        if language == "bash":
            for line in text.splitlines():
                command(tree, line)
        else:
            edit(tree, language, text)
    assert languages == {"python", "diff", "bash"}


def test_what_the_recipes_write_keeps_the_rules_of_the_house(tree):
    (text,) = (text for _, text in blocks("Before you send it"))
    assert text.splitlines() == ["ruff check .", "ruff format --check .", "mypy", "pytest"]
    command(tree, "pytest -q tests/test_floors.py")
    pytest.importorskip("ruff", reason="ruff is not installed")
    command(tree, "ruff check .")
    command(tree, "ruff format --check .")
