"""What was measured, as tables in Markdown: pages say `{{ benchmarks }}`, `{{ busy }}` and `{{ limits }}`."""

import ast
import json
from pathlib import Path

DOCS = Path(__file__).parent.parent
OTHERS = {"numba": "with numba", "jax": "JAX", "numpy": "NumPy by hand"}


def table(titles, rows):
    """The first column to the left, the others to the right."""
    rows = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def read(name):
    return json.loads((DOCS / name).read_text())


def seconds(value):
    return f"{value * 1e6:.1f} µs" if value < 1e-3 else f"{value * 1e3:.2f} ms"


def ratio(entry):
    """The median and the quartiles of the ratios to PyTorch."""
    return (
        "–"
        if "ratio" not in (entry or {})
        else "{ratio:.2f} ({0:.2f}–{1:.2f})".format(*entry["quartiles"], **entry)
    )


def benchmarks():
    """A table per number of threads, from the results of `python -m benchmarks`."""
    result = read("benchmarks.json")
    body = ast.parse((DOCS.parent / "benchmarks" / "workloads.py").read_text()).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    meaning = {node.name: (ast.get_docstring(node) or "").split("\n")[0] for node in functions}
    parts = []
    for threads in dict.fromkeys(row["threads"] for row in result["rows"]):
        rows = [row for row in result["rows"] if row["threads"] == threads]
        others = [name for name in OTHERS if any(name in row for row in rows)]
        titles = ["workload", "mytorch", "PyTorch", "mytorch / PyTorch"]
        titles += [*(f"{OTHERS[name]} / PyTorch" for name in others), "memory, MiB"]
        cells = [
            [
                f"`{row['name']}` {meaning.get(row['name'], '')}",
                *(seconds(row[name]["seconds"]) if name in row else "–" for name in ("mytorch", "torch")),
                *(ratio(row.get(name)) for name in ("mytorch", *others)),
                " / ".join(f"{row[n]['peak_mib']:.0f}" for n in ("mytorch", "numba", "torch") if n in row),
            ]
            for row in rows
        ]
        parts += [f"**{threads} thread{'s' if threads > 1 else ''}**", table(titles, cells)]
    times = ", ".join(f"`{name}` {value * 1e3:.0f} ms" for name, value in result["import"].items())
    return "\n\n".join(
        [*parts, f"Import in a fresh process: {times}.", f"Measured on:\n\n```text\n{result['machine']}\n```"]
    )


def busy():
    """How much longer a step takes beside busy processes, from `python -m benchmarks --busy 2`."""
    result = read("busy.json")
    titles = ["workload", "one thread, idle", "default, idle"]
    titles.append(f"default, beside {result['busy']} busy processes")
    rows = []
    for row in result["rows"]:
        one = row["one thread"]
        others = [f"{seconds(row[kind])} ({row[kind] / one:.2f})" for kind in ("default", "busy")]
        rows.append([f"`{row['name']}`", seconds(one), *others])
    return table(titles, rows)


def limits():
    """What a step needs at the rates of the BLAS and the memory, and how far the measured times are from it."""
    found, rows = read("limits.json"), []
    for row in read("benchmarks.json")["rows"]:
        if work := found["work"].get(row["name"]):
            limit, time = work["seconds"][str(row["threads"])], row["mytorch"]["seconds"]
            counted = [f"{work[kind]:.3g}" for kind in ("gflop", "megabytes")]
            rows.append([f"`{row['name']}`", str(row["threads"]), *counted])
            rows[-1] += [seconds(limit), seconds(time), f"{time / limit:.2f}"]
    rates = "; ".join(
        f"{threads} thread{'s' if threads != '1' else ''}: {flops:.0f} GFLOP/s, {bandwidth:.0f} GB/s"
        for threads, (flops, bandwidth) in found["rates"].items()
    )
    titles = "workload|threads|products, GFLOP|optimizer, MB|at the limit|measured|measured / limit"
    return f"Measured limits of this machine: {rates}.\n\n{table(titles.split('|'), rows)}"
