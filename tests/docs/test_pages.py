"""The Python on the pages runs: its blocks one after the other, those with ``>>>`` with the output shown."""

import doctest
import importlib
import re
import shutil
import sys
from pathlib import Path

import pytest

import mytorch
from mytorch.core.primitive import primitives

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
RECIPES = {"adding"}  # run in a copy of the tree, by test_recipes.py
PAGES = sorted(
    page.relative_to(DOCS).with_suffix("").as_posix()
    for page in DOCS.rglob("*.md")
    if "zh" not in page.relative_to(DOCS).parts and BLOCK.search(page.read_text("utf-8"))
)
# what a page takes for granted
BEFORE = {
    "distributed": """
import mytorch
Net, data = lambda: mytorch.nn.Linear(3, 2), [(mytorch.ones(3), 0)] * 128
""",
    "from-pytorch": """
import torch as real_torch, mytorch
model = mytorch.nn.Linear(3, 2)
real_torch.save(real_torch.nn.Linear(3, 2).state_dict(), "resnet.pth")
""",
    "gpu": """
import mytorch
model, loader = mytorch.nn.Linear(3, 2), [(mytorch.ones(4, 3), mytorch.tensor([0, 1, 1, 0]))]
""",
    "profiler": """
import mytorch
model, loss_function = mytorch.nn.Linear(3, 2), mytorch.nn.functional.cross_entropy
x, y = mytorch.ones(4, 3), mytorch.tensor([0, 1, 1, 0])
loader, train = [(x, y)] * 20, lambda x, y: loss_function(model(x), y).backward()
""",
}
# packages and programs without which a page cannot run
NEEDS = {"visualize": ["graphviz"], "from-pytorch": ["torch", "safetensors"]}
PROGRAMS = {"visualize": "dot"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("page", [page for page in PAGES if page not in RECIPES])
def test_code(page, tmp_path, monkeypatch):
    for package in NEEDS.get(page, ()):
        pytest.importorskip(package)
    if page in PROGRAMS and shutil.which(PROGRAMS[page]) is None:
        pytest.skip(f"needs the program {PROGRAMS[page]}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "examples")
    mytorch.manual_seed(0)
    space = {"__name__": "__main__"}
    exec(BEFORE.get(page, ""), space)
    text = (DOCS / f"{page}.md").read_text("utf-8")
    known, operations = set(sys.modules), dict(primitives)
    threads = mytorch.get_num_threads()
    try:
        for block in BLOCK.finditer(text):
            run(block[1], space, page, text.count("\n", 0, block.start()) + 1)
    finally:
        mytorch.set_num_threads(threads)
        primitives.clear()
        primitives.update(operations)  # those that a page makes are not the library's
        for name in {"one_page"} & (set(sys.modules) - known):
            del sys.modules[name]


def run(code, space, page, line):
    """One block, with its line numbers in errors."""
    if not code.lstrip().startswith(">>>"):
        exec(compile("\n" * line + code, DOCS / f"{page}.md", "exec"), space)
        return
    test = doctest.DocTestParser().get_doctest(code, space, page, str(DOCS / f"{page}.md"), line)
    report = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)
    space.update(test.globs)


@pytest.mark.parametrize("name", ["benchmarks", "busy", "limits"])
def test_tables_of_measurements(name, monkeypatch):
    """The tables of the performance page find the workloads that were measured."""
    monkeypatch.syspath_prepend(DOCS / "extensions")
    text = getattr(importlib.import_module("tables"), name)()
    assert text.count("\n| ") > 2
