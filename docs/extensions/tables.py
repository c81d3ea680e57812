"""What was measured, as tables in Markdown: pages say `{{ benchmarks }}`, `{{ busy }}` and `{{ limits }}`."""

import inspect
import json
from pathlib import Path

from benchmarks import workloads

DOCS = Path(__file__).parent.parent
OTHERS = {"numba": "with numba", "jax": "JAX", "numpy": "NumPy by hand"}


def table(titles, rows):
    """The first column to the left, the others to the right."""
    rows = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def read(name):
    return json.loads((DOCS / name).read_text())


def seconds(value):
    return f"{value * 1e6:.1f}\u00a0µs" if value < 1e-3 else f"{value * 1e3:.2f}\u00a0ms"


def ratio(entry):
    """The median and the quartiles of the ratios to PyTorch."""
    if "ratio" not in entry:
        return "–"
    low, high = entry["quartiles"]
    return f"{entry['ratio']:.2f} ({low:.2f}\u2060–\u2060{high:.2f})"


def meaning(name):
    """What a workload's docstring says first, with the numbers that it runs with."""
    workload = workloads.BY_NAME[name]
    text = inspect.getdoc(workload).split("\n")[0]
    for parameter in inspect.signature(workload).parameters.values():
        text = text.replace(f"``{parameter.name}``", f"{parameter.default}")
    return text


def benchmarks():
    """A table per number of threads, from the results of `python -m benchmarks`."""
    result, parts = read("benchmarks.json"), []
    for threads in dict.fromkeys(row["threads"] for row in result["rows"]):
        rows = [row for row in result["rows"] if row["threads"] == threads]
        others = [name for name in OTHERS if any(name in row for row in rows)]
        titles = ["workload", "mytorch", "PyTorch", "mytorch / PyTorch"]
        titles += [*(f"{OTHERS[name]} / PyTorch" for name in others), "memory, MiB"]
        cells = []
        for row in rows:
            memory = [f"{row[n]['peak_mib']:.0f}" for n in ("mytorch", "numba", "torch") if n in row]
            cells.append([f"`{row['name']}` {meaning(row['name'])}"])
            cells[-1] += [seconds(row[n]["seconds"]) if n in row else "–" for n in ("mytorch", "torch")]
            cells[-1] += [ratio(row.get(n, {})) for n in ("mytorch", *others)] + [" / ".join(memory)]
        parts += [f"**{threads} thread{'s' if threads > 1 else ''}**", table(titles, cells)]
    times = ", ".join(f"`{name}` {value * 1e3:.0f} ms" for name, value in result["import"].items())
    parts.append(f"Import in a fresh process: {times}.")
    return "\n\n".join([*parts, f"Measured on:\n\n```text\n{result['machine']}\n```"])


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
    """What a step needs at the rates of the BLAS and the memory, beside what it took."""
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
