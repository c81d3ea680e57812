"""The Chinese pages have the names of the English ones, and the same code but for its comments."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CHINESE = DOCS / "zh"
PAGES = sorted(page.relative_to(CHINESE).as_posix() for page in CHINESE.rglob("*.md"))
# pages that are there in both languages, and all examples
TRANSLATED = "index quickstart one_page autograd optimizers troubleshooting".split()
BLOCK = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_CODE = {"{toctree}"}


def blocks(path):
    """(kind, content) of each block of a page: comments of Python and shell are left out, and files that are
    shown are named from the root.
    """
    found = []
    for kind, argument, text in BLOCK.findall(path.read_text("utf-8")):
        if kind in NOT_CODE:
            continue
        if kind == "{include}":  # an example's docstring: its indented lines are commands
            found.append(("bash", commands(path.parent / argument.strip())))
        elif kind == "{literalinclude}":
            file = (path.parent / argument.strip()).resolve().relative_to(ROOT).as_posix()
            found.append((kind, f"{file}\n{text}"))
        elif kind == "python":
            found.append((kind, tokens(text)))
        else:
            found.append((kind, "\n".join(line.split("  #")[0].rstrip() for line in text.splitlines())))
    return found


def commands(file):
    document = ast.get_docstring(ast.parse(file.read_text("utf-8")))
    begins = "    python ", "    mpiexec "
    lines = [line.strip() for line in document.splitlines() if line.startswith(begins)]
    return "\n".join(line.split("  #")[0].rstrip() for line in lines)


def tokens(code):
    """Python's tokens without comments; a session with ``>>>`` is compared line by line."""
    if code.startswith(">>>"):
        return [re.split(r"  # ", line)[0] for line in code.splitlines()]
    skipped = (tokenize.COMMENT, tokenize.NL)
    return [t.string for t in tokenize.generate_tokens(io.StringIO(code).readline) if t.type not in skipped]


def test_what_is_translated():
    examples = {f"examples/{page.name}" for page in (DOCS / "examples").glob("*.md")}
    assert set(PAGES) == {f"{name}.md" for name in TRANSLATED} | examples


@pytest.mark.parametrize("page", PAGES)
def test_the_code_is_the_same(page):
    assert blocks(CHINESE / page) == blocks(DOCS / page)


@pytest.mark.parametrize("page", PAGES)
def test_the_prose_is_chinese(page):
    prose = BLOCK.sub("", (CHINESE / page).read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)", prose, re.MULTILINE)
    names = {"mytorch", "SGD", "AdaGrad", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adadelta"}
    names |= {"Rprop", "ASGD", "Adafactor", "Muon", "L-BFGS"}
    assert not [title for title in headings if title not in names and not re.search(r"[一-鿿]", title)]


def is_page(name):
    """Whether there is such an English page, a hand-written one or an example with its run."""
    example = name.removeprefix("gallery/")
    return (DOCS / f"{name}.md").exists() or (
        name != example and (ROOT / "examples" / f"{example}.py").exists()
    )


@pytest.mark.parametrize("page", PAGES)
def test_pictures_are_there_and_pages_that_are_linked(page):
    text = BLOCK.sub("", (CHINESE / page).read_text("utf-8"))
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    own = [target.partition("#")[0] for target in targets if ":" not in target]
    assert not [target for target in own if not ((CHINESE / page).parent / target).exists()]
    english = re.findall(r"\{external\+mytorch:doc\}`[^`<]+<([^>]+)>`", text)
    assert not [name for name in english if not is_page(name)]


@pytest.mark.parametrize("page", PAGES)
def test_a_picture_is_the_same(page):
    def pictures(path):
        found = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", path.read_text("utf-8"))
        return [(path.parent / file).resolve() for file in found]

    assert pictures(CHINESE / page) == pictures(DOCS / page)
