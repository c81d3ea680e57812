"""Time the workloads in mytorch and, where installed, mytorch with numba, PyTorch, JAX and NumPy by hand.

    python -m benchmarks                     # the table: median times, and their ratios to PyTorch
    python -m benchmarks --plot              # and the bars and growth curves, as pictures beside the JSON
    python -m benchmarks --only mlp_sgd cnn --threads 1
    python -m benchmarks --calls             # what one call on tiny tensors costs, a hundred functions
    python -m benchmarks --busy 2            # how much slower a step of mytorch is beside two busy processes
    python -m benchmarks --ranks 2           # all-reduce and data parallel steps on two ranks, beside gloo

Each library runs in a process of its own. Rounds are interleaved (mytorch, PyTorch, …, mytorch, PyTorch, …);
a round's time is the median of its steps, a ratio that of one round, and the table shows the median ratio
with its quartiles. The first losses of all libraries have to agree. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

from . import busy, calls, ranks, workloads

THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Worker:
    """A library in a process of its own, with so many ``threads`` (None: as many as it takes by default)."""

    def __init__(self, library, threads):
        environment = {name: value for name, value in os.environ.items() if name not in THREAD_LIMITS}
        if threads is not None:
            environment |= dict.fromkeys(THREAD_LIMITS, str(threads))
        environment["MYTORCH_NUMBA"] = str(int(library == "numba"))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library, str(threads or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=Path(__file__).parent.parent,
        )

    def ask(self, name, settings=None, *, warm=3, seconds=0.3, at_least=3, forget=False):
        request = {
            "name": name,
            "settings": settings or {},
            "warm": warm,
            "seconds": seconds,
            "at_least": at_least,
            "forget": forget,
        }
        print(json.dumps(request), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process for {name} ended with {self.process.wait()}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def quartiles(values):
    values = sorted(values)
    if len(values) < 3:
        return values[0], values[-1]
    return statistics.quantiles(values, n=4)[0], statistics.quantiles(values, n=4)[2]


def compare_losses(name, losses):
    """The libraries must compute the same numbers, else their times say nothing."""
    reference = losses.get("torch") or losses["mytorch"]
    for library, values in losses.items():
        for a, b in zip(values, reference):
            if not abs(a - b) <= 2e-3 * max(1, abs(b)):
                raise SystemExit(f"{name}: {library} computes the losses {values}, the reference {reference}")


def measure(name, libraries, threads, rounds, seconds):
    """Times and ratios of one workload."""
    workers = {library: Worker(library, threads) for library in libraries}
    answers = {library: worker.ask(name, seconds=0, at_least=1) for library, worker in workers.items()}
    workers = {library: worker for library, worker in workers.items() if answers[library]}
    compare_losses(name, {library: answers[library]["losses"] for library in workers})
    medians = {library: [] for library in workers}
    for _ in range(rounds):
        for library, worker in workers.items():
            answers[library] = worker.ask(name, warm=2, seconds=seconds)
            medians[library].append(statistics.median(answers[library]["times"]))
    row = {"name": name, "threads": threads}
    for library in workers:
        row[library] = {
            "seconds": statistics.median(medians[library]),
            "peak_mib": answers[library]["peak_mib"],
        }
        if "torch" in workers:
            ratios = [a / b for a, b in zip(medians[library], medians["torch"])]
            row[library] |= {"ratio": statistics.median(ratios), "quartiles": quartiles(ratios)}
    for worker in workers.values():
        worker.close()
    return row


def growth(libraries, threads, rounds, seconds):
    """Times over batch, depth, operations, parameters."""
    curves = {}
    for what, (name, setting, values) in workloads.GROWTH.items():
        workers = {
            library: Worker(library, threads) for library in libraries if library in ("mytorch", "torch")
        }
        curves[what] = {"workload": name, "values": values}
        for library in workers:
            curves[what][library] = []
        for value in values:
            medians = {library: [] for library in workers}
            for _ in range(rounds):
                for library, worker in workers.items():
                    medians[library].append(
                        statistics.median(worker.ask(name, {setting: value}, seconds=seconds)["times"])
                    )
            for library in workers:
                curves[what][library].append(statistics.median(medians[library]))
        for worker in workers.values():
            worker.close()
        curves[what]["exponents"] = {library: exponent(values, curves[what][library]) for library in workers}
    return curves


def exponent(values, times):
    """k of the time a + b n^k nearest to ``times`` at ``values`` by relative error: 1 for linear growth."""
    n, t = np.array(values, float) / values[0], np.array(times)
    fits = []
    for k in np.arange(0.2, 3.01, 0.02):
        columns = np.stack([np.ones_like(n), n**k], 1) / t[:, None]
        error = columns @ np.maximum(np.linalg.lstsq(columns, np.ones_like(n), rcond=None)[0], 0) - 1
        fits.append((float(error @ error), round(float(k), 2)))
    return min(fits)[1]


def import_time(library, rounds):
    """Median seconds of ``import library`` in a fresh process."""
    code = f"import time; t = time.perf_counter(); import {library}; print(time.perf_counter() - t)"
    root = Path(__file__).parent.parent
    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
            ).stdout
        )
        for _ in range(rounds)
    ]
    return statistics.median(times)


def machine():
    """What this was measured on."""
    code = "import mytorch; mytorch.show_config()"
    config = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    ).stdout
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return f"{model}, {platform.system()}\n{config.strip()}"


def _lines(path):
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def show(seconds):
    return f"{seconds * 1e6:8.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:8.2f} ms"


def print_row(row, libraries):
    cells = [f"{row['name']:<15}{row['threads']}"]
    for library in libraries:
        if library not in row:
            cells.append(" " * (11 if library == "torch" else 31))
            continue
        entry = row[library]
        text = show(entry["seconds"])
        if "ratio" in entry and library != "torch":
            text += f"  {entry['ratio']:5.2f} ({entry['quartiles'][0]:4.2f}–{entry['quartiles'][1]:4.2f})"
        cells.append(text)
    if "torch" in row:
        cells.append(
            " / ".join(
                f"{row[library]['peak_mib']:5.0f}"
                for library in ("mytorch", "numba", "torch")
                if library in row
            )
            + " MiB"
        )
    print("  ".join(cells), flush=True)


def compare_busy(names, args):
    """The steps of mytorch beside ``args.busy`` busy processes, as a table."""
    print(f"mean times of a step of mytorch; busy: beside {args.busy} processes that never sleep")
    print("in brackets: in steps of one thread on the idle machine\n")
    print(f"{'workload':<15}{'one thread':>14}{'default':>14}{'':8}{'default, busy':>14}")
    spinners, rows = busy.Spinners(args.busy), []
    try:
        for name in names:
            row = busy.measure(name, spinners, Worker, args.rounds, args.seconds)
            idle, beside = busy.ratios(row)
            print(
                f"{name:<15}{show(row['one thread']):>14}{show(row['default']):>14}  ({idle:4.2f})"
                f"{show(row['busy']):>14}  ({beside:4.2f})" + "  over the bar" * (beside > busy.BAR),
                flush=True,
            )
            rows.append(row)
    finally:
        spinners.close()
    return {"machine": machine(), "busy": args.busy, "bar": busy.BAR, "rows": rows}


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=[w.__name__ for w in workloads.WORKLOADS], help="these workloads alone"
    )
    parser.add_argument(
        "--libraries",
        nargs="+",
        default=["mytorch", "numba", "torch", "jax", "numpy"],
        help="default: all that are installed",
    )
    parser.add_argument("--threads", nargs="+", type=int, default=[2, 1], help="default: 2 and 1")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.3, help="of steps in each round")
    parser.add_argument(
        "--plot", action="store_true", help="draw the bars and the growth curves (matplotlib)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/benchmarks"), help="folder for results.json and the pictures"
    )
    parser.add_argument(
        "--smoke", action="store_true", help="one short round of everything, to see that it runs"
    )
    parser.add_argument(
        "--busy",
        type=int,
        metavar="N",
        help="instead: mytorch's steps beside N busy processes, written to busy.json",
    )
    parser.add_argument(
        "--ranks", type=int, metavar="N", help="instead: N ranks over MPI, written to ranks.json (extra: mpi)"
    )
    parser.add_argument("--calls", action="store_true", help="instead: single calls on tiny tensors, printed")
    args = parser.parse_args()
    if args.calls:
        calls.print_table(calls.measure())
        return
    if args.smoke:
        args.rounds, args.seconds, args.threads, args.out = 1, 0.0, args.threads[:1], args.out / "smoke"
    names = [w.__name__ for w in workloads.WORKLOADS if not args.only or w.__name__ in args.only]
    args.out.mkdir(parents=True, exist_ok=True)
    if args.busy is not None:
        (args.out / "busy.json").write_text(json.dumps(compare_busy(names, args), indent=1))
        print(f"results are in {args.out}")
        return
    if args.ranks is not None:
        table = ranks.compare(args.ranks, args.rounds, 1 if args.smoke else 15)
        (args.out / "ranks.json").write_text(json.dumps({"machine": machine()} | table, indent=1))
        print(f"results are in {args.out}")
        return
    libraries = [name for name in args.libraries if importlib.util.find_spec(name)]
    result = {"machine": machine(), "rows": [], "import": {}}
    print(result["machine"])
    print(
        "times are medians; a ratio is that to PyTorch, with its quartiles; numba is mytorch with its "
        "loops compiled;"
    )
    print("memory is the peak of the processes of mytorch, mytorch with numba and PyTorch\n")
    print(
        "  ".join(
            [
                f"{'workload':<15}t",
                *(f"{library:>11}" + ("" if library == "torch" else " " * 20) for library in libraries),
            ]
        )
    )
    for threads in args.threads:
        for name in names:
            row = measure(name, libraries, threads, args.rounds, args.seconds)
            result["rows"].append(row)
            print_row(row, libraries)
    if not args.only:
        result["import"] = {
            library: import_time(library, max(args.rounds // 2, 1))
            for library in libraries
            if library != "numba"
        }
        print(
            "import: "
            + ", ".join(f"{library} {seconds:.3f} s" for library, seconds in result["import"].items())
        )
    if args.plot:
        from . import plots

        result["growth"] = growth(libraries, args.threads[0], max(args.rounds // 3, 1), args.seconds)
        for what, curve in result["growth"].items():
            print(f"{curve['workload']}: time over {what} grows with exponent {curve['exponents']}")
        plots.draw(result, args.out)
    (args.out / "results.json").write_text(json.dumps(result, indent=1))
    print(f"results are in {args.out}")


if __name__ == "__main__":
    main()
