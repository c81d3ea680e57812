"""Put real code, real output and generated tables into the pages when the docs are built.

    {{ source mytorch/ops/arithmetic.py mul }}
        the function or class of that name, decorators included, as it stands in the file
    {{ file examples/custom_op.py }}
        a whole file
    {{ about examples/custom_op.py }}
        the docstring of a file: what an example says of itself
    {{ output adam_deep_dive }}
        what an example printed (docs/pictures/NAME.txt, written by docs/run_examples.py)
    {{ picture adam_deep_dive curves.png }}
        a picture that it drew (docs/pictures/NAME-FILE)
    {{ pictures char_rnn }}
        all that it drew
    {{ benchmarks }}
        docs/benchmarks.json, written by `python -m benchmarks`, as tables
    {{ busy }}
        docs/busy.json, written by `python -m benchmarks --busy 2`, as a table
    {{ limits }}
        docs/limits.json, written by docs/limits.py, beside the times of docs/benchmarks.json
    {{ modules mytorch/nn mytorch/ops/spatial/conv.py }}
        the reference of modules: files, or folders less what another mark names more closely
    {{ compatibility }}
        PyTorch's names (docs/torch_names.txt) compared with the package as it is

A name that is not there fails the build; an example or a benchmark that has not been run yet says so in its
place.
"""

import ast
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from docstrings import as_markdown  # MkDocs loads this file by its path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
_MARK = re.compile(r"^\{\{ (\w+)((?: \S+)*) \}\}$", re.MULTILINE)


# ---- code ----------------------------------------------------------------------------------------


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
    return _code(path, "\n".join(line[indent:] for line in lines))


def file(path):
    """A whole file."""
    return _code(path, (ROOT / path).read_text().rstrip())


def about(path):
    """The docstring of a file; its first line is a sentence of its own."""
    return as_markdown(ast.get_docstring(ast.parse((ROOT / path).read_text())))


def _code(path, text):
    return f'```python title="{path}"\n{text}\n```'


def modules(*paths):
    """The API reference of the modules at ``paths``: those with public functions or classes."""
    marks = re.findall(
        r"^\{\{ modules (.*) \}\}$",
        "\n".join(p.read_text() for p in (DOCS / "api").glob("*.md")),
        re.MULTILINE,
    )
    claims = sorted(" ".join(marks).split(), key=len)
    parts = []
    for path in paths:
        if not (ROOT / path).exists():
            raise ValueError(f"docs: there is no {path}")
        for module in [ROOT / path] if path.endswith(".py") else sorted((ROOT / path).rglob("*.py")):
            name = module.relative_to(ROOT).as_posix()
            closest = [claim for claim in claims if name == claim or name.startswith(f"{claim}/")][-1]
            if closest == path and _has_public(module):
                dotted = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                parts.append(f"::: {dotted}")
    return "\n\n".join(parts)


def _has_public(path):
    body = ast.parse(path.read_text()).body
    return any(
        isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_") for node in body
    )


# ---- what examples and benchmarks left -----------------------------------------------------------


def output(example):
    """What an example printed."""
    _must_exist(example)
    path = DOCS / "pictures" / f"{example}.txt"
    return (
        f"```text\n{path.read_text().rstrip()}\n```"
        if path.exists()
        else f"*Not run yet: `python docs/run_examples.py --only {example}`.*"
    )


def picture(example, name, up):
    """A picture that an example drew."""
    _must_exist(example)
    path = f"pictures/{example}-{name}"
    if not (DOCS / path).exists():
        if (DOCS / "pictures" / f"{example}.txt").exists():
            raise ValueError(f"docs: {example} ran, but drew no {name}")
        return f"*`{name}` is not drawn yet: `python docs/run_examples.py --only {example}`.*"
    alt = f"{name.split('.')[0].replace('_', ' ')}, drawn by {example}.py"
    return f"![{alt}]({up}{path}){{ loading=lazy }}"


def pictures(example, up):
    """All pictures that an example drew, by name."""
    _must_exist(example)
    drawn = sorted(p.name.removeprefix(f"{example}-") for p in (DOCS / "pictures").glob(f"{example}-*"))
    return (
        "\n\n".join(picture(example, name, up) for name in drawn)
        or f"*Nothing is drawn yet: `python docs/run_examples.py --only {example}`.*"
    )


def _must_exist(example):
    if not (ROOT / "examples" / f"{example}.py").exists():
        raise ValueError(f"docs: there is no example {example}")


def benchmarks(up):
    """The rows of docs/benchmarks.json as a table per number of threads, what they were measured on, and the
    pictures.
    """
    path = DOCS / "benchmarks.json"
    if not path.exists():
        return (
            "*Not measured yet: run `python -m benchmarks --plot` and copy `runs/benchmarks/results.json` "
            "to `docs/benchmarks.json`.*"
        )
    result = json.loads(path.read_text())
    files = sorted((ROOT / "benchmarks" / "workloads").glob("*.py"))
    meaning = {
        n.name: ast.get_docstring(n).split("\n")[0]
        for file in files
        for n in ast.parse(file.read_text()).body
        if isinstance(n, ast.FunctionDef) and ast.get_docstring(n)
    }
    parts = []
    for threads in dict.fromkeys(row["threads"] for row in result["rows"]):
        rows = [row for row in result["rows"] if row["threads"] == threads]
        others = [name for name in ("numba", "jax", "numpy") if any(name in row for row in rows)]
        titles = [
            "workload",
            "mytorch",
            "PyTorch",
            "**mytorch / PyTorch**",
            *(f"{_OTHERS[name]} / PyTorch" for name in others),
            "memory, MiB",
        ]
        lines = [
            f"### {threads} thread{'s' if threads > 1 else ''}",
            "",
            _row(titles),
            _row(["---", *["---:"] * (len(titles) - 1)]),
        ]
        for row in rows:
            ours, torch = row["mytorch"], row.get("torch")
            cells = [
                f"`{row['name']}` {meaning.get(row['name'], '')}",
                _time(ours["seconds"]),
                _time(torch["seconds"]) if torch else "–",
            ]
            cells += [_ratio(ours, strong=True), *(_ratio(row.get(name)) for name in others)]
            cells.append(
                " / ".join(
                    f"{row[name]['peak_mib']:.0f}" for name in ("mytorch", "numba", "torch") if name in row
                )
            )
            lines.append(_row(cells))
        parts.append("\n".join(lines))
    times = result.get("import") or {}
    if times:
        shown = ", ".join(f"`{library}` {seconds * 1e3:.0f} ms" for library, seconds in times.items())
        share = (
            f": {times['mytorch'] / times['torch']:.2f} of PyTorch's"
            if {"mytorch", "torch"} <= times.keys()
            else ""
        )
        parts.append(f"Import in a fresh process: {shown}{share}.")
    parts.append(f"Measured on:\n\n```text\n{result['machine']}\n```")
    for name in ("bars", "growth"):
        if (DOCS / f"pictures/benchmarks-{name}.png").exists():
            parts.append(f"![{_PICTURES[name]}]({up}pictures/benchmarks-{name}.png)")
    return "\n\n".join(parts)


def busy():
    """The rows of docs/busy.json as a table: how much longer a step takes beside busy processes."""
    path = DOCS / "busy.json"
    if not path.exists():
        return (
            "*Not measured yet: run `python -m benchmarks --busy 2` and copy `runs/benchmarks/busy.json` "
            "to `docs/busy.json`.*"
        )
    result = json.loads(path.read_text())
    lines = [
        _row(
            [
                "workload",
                "one thread, idle",
                "default, idle",
                f"default, beside {result['busy']} busy processes",
            ]
        ),
        _row(["---", "---:", "---:", "---:"]),
    ]
    for row in result["rows"]:
        one = row["one thread"]
        cells = [f"{_time(row[kind])} ({row[kind] / one:.2f})" for kind in ("default", "busy")]
        lines.append(_row([f"`{row['name']}`", _time(one), *cells]))
    return "\n".join(lines)


def limits():
    """What a step needs at the rates of the BLAS and the memory, and how far the measured times are from
    it."""
    paths = [DOCS / "limits.json", DOCS / "benchmarks.json"]
    if not all(path.exists() for path in paths):
        return "*Not measured yet: run `python docs/limits.py` on the machine of the benchmarks.*"
    found, measured = (json.loads(path.read_text()) for path in paths)
    rates = "; ".join(
        f"{threads} thread{'s' if threads != '1' else ''}: {g:.0f} GFLOP/s, {b:.0f} GB/s"
        for threads, (g, b) in found["rates"].items()
    )
    titles = [
        "workload",
        "threads",
        "products, GFLOP",
        "optimizer, MB",
        "at the limit",
        "measured",
        "measured / limit",
    ]
    lines = [
        f"Measured limits of this machine: {rates}.",
        "",
        _row(titles),
        _row(["---", *["---:"] * (len(titles) - 1)]),
    ]
    for row in measured["rows"]:
        if work := found["work"].get(row["name"]):
            limit, seconds = work["seconds"][str(row["threads"])], row["mytorch"]["seconds"]
            cells = [
                f"`{row['name']}`",
                str(row["threads"]),
                f"{work['gflop']:.3g}",
                f"{work['megabytes']:.3g}",
                _time(limit),
                _time(seconds),
            ]
            lines.append(_row([*cells, f"{seconds / limit:.2f}"]))
    return "\n".join(lines)


_OTHERS = {"numba": "with numba", "jax": "JAX", "numpy": "NumPy by hand"}
_PICTURES = {
    "bars": "time relative to PyTorch, one bar per workload",
    "growth": "time against batch, depth, operations and parameters",
}


def _row(cells):
    return f"| {' | '.join(cells)} |"


def _time(seconds):
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def _ratio(entry, strong=False):
    if not entry or "ratio" not in entry:
        return "–"
    low, high = entry["quartiles"]
    mark = "**" if strong else ""
    return f"{mark}{entry['ratio']:.2f}{mark} ({low:.2f}–{high:.2f})"


# ---- compatibility -------------------------------------------------------------------------------


def compatibility():
    """A table of counts, then every name of PyTorch by module: here, different (docs/differences.txt),
    absent.
    """
    sections = _sections((DOCS / "torch_names.txt").read_text())
    different = _differences((DOCS / "differences.txt").read_text())
    if unknown := sorted(
        set(different) - {f"{module}.{name}" for module, names in sections.items() for name in names}
    ):
        raise ValueError(f"docs/differences.txt: not in torch_names.txt: {', '.join(unknown)}")
    counts, details = [], []
    for module, names in sections.items():
        owner = _found(module)
        present = [name for name in names if hasattr(owner, name)]
        odd = [name for name in names if f"{module}.{name}" in different]
        if missing := [name for name in odd if name not in present]:
            raise ValueError(f"docs/differences.txt: {module} of mytorch has no {', '.join(missing)}")
        same, absent = [n for n in present if n not in odd], [n for n in names if n not in present]
        counts.append((module, len(same), len(odd), len(absent)))
        details += [f"### {module}", ""]
        if same:
            details += [f"**Here** ({len(same)}): {_names(same)}", ""]
        if odd:
            details += [
                f"**Different** ({len(odd)}):",
                "",
                *(f"* `{name}`: {different[f'{module}.{name}']}" for name in odd),
                "",
            ]
        if absent:
            details += [f"**Absent** ({len(absent)}): {_names(absent)}", ""]
    total = ("**all**", *(sum(row[i] for row in counts) for i in (1, 2, 3)))
    table = [
        _row(["module", "here", "different", "absent", "here or different"]),
        _row(["---", *["---:"] * 4]),
    ]
    table += [
        _row([_linked(module), *map(str, numbers), f"{1 - numbers[2] / sum(numbers):.0%}"])
        for module, *numbers in (*counts, total)
    ]
    return "\n".join([*table, "", *details])


def _sections(text):
    """{module: names} of a file with a line [module] before the names of each."""
    sections = {}
    for line in text.splitlines():
        if line.startswith("["):
            names = sections[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            names.append(line)
    return sections


def _differences(text):
    """{name: sentence} of lines ``name, name: sentence``."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            names, sentence = line.split(": ", 1)
            found |= dict.fromkeys(names.split(", "), sentence)
    return found


def _found(module):
    """What mytorch has under the name of a module or class of torch; None if there is none."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    import mytorch as found  # only this mark needs the package itself

    for part in module.split(".")[1:]:
        found = getattr(found, part, None)
    return found


def _names(names):
    return " ".join(f"`{name}`" for name in names)


def _linked(module):
    return module if module.startswith("**") else f"[`{module}`](#{module.lower().replace('.', '')})"


# ---- MkDocs --------------------------------------------------------------------------------------

_PLAIN = {
    "source": source,
    "file": file,
    "about": about,
    "output": output,
    "limits": limits,
    "busy": busy,
    "modules": modules,
    "compatibility": compatibility,
}
# these need the way up to docs/
_LINKING = {"picture": picture, "pictures": pictures, "benchmarks": benchmarks}


def on_page_markdown(markdown, page, **_):
    """MkDocs calls this for every page."""
    up = "../" * page.file.src_uri.count("/")

    def expand(match):
        kind, arguments = match.group(1), match.group(2).split()
        if kind in _LINKING:
            return _LINKING[kind](*arguments, up)
        if kind not in _PLAIN:
            raise ValueError(f"docs: {page.file.src_uri} has an unknown mark {match.group(0)}")
        return _PLAIN[kind](*arguments)

    return _MARK.sub(expand, markdown)
