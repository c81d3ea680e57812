"""Put real code, real output and generated tables into the pages when the docs are built.

    {{ source mytorch/ops/arithmetic.py mul }}      the function or class of that name, decorators included, as it stands in the file
    {{ file examples/custom_op.py }}                a whole file
    {{ output adam_deep_dive }}                     what an example printed (docs/pictures/NAME.txt, written by docs/run_examples.py)

A name that is not there fails the build.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
_MARK = re.compile(r"^\{\{ (source|file|output) (\S+)(?: (\S+))? \}\}$", re.MULTILINE)


def source(path, name):
    """The text of a definition, such as ``mul`` or ``Linear.forward``."""
    text = (ROOT / path).read_text()
    body = ast.parse(text).body
    for part in name.split("."):
        node = next((n for n in body if getattr(n, "name", None) == part), None)
        if node is None:
            raise ValueError(f"docs: {path} has no {name}")
        body = getattr(node, "body", [])
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines)


def _expand(match):
    kind, path, name = match.groups()
    if kind == "source":
        return f'```python title="{path}"\n{source(path, name)}\n```'
    if kind == "file":
        return f'```python title="{path}"\n{(ROOT / path).read_text().rstrip()}\n```'
    return f"```text\n{(ROOT / 'docs' / 'pictures' / f'{path}.txt').read_text().rstrip()}\n```"


def on_page_markdown(markdown, **_):
    """MkDocs calls this for every page."""
    return _MARK.sub(_expand, markdown)
