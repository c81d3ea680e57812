"""One library in a process of its own. It reads a request per line (JSON) and answers with a line."""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time

from . import workloads

# libraries with PyTorch's names: "numba" is mytorch with loops compiled
TORCHES = {"mytorch": "mytorch", "numba": "mytorch", "torch": "torch"}


def build(library, name, settings):
    """The step function of a workload, or None if this library has none."""
    if library in TORCHES:
        torch = importlib.import_module(TORCHES[library])
        importlib.import_module(f"{TORCHES[library]}.nn")
        return workloads.BY_NAME[name](torch, **settings)
    module = importlib.import_module("benchmarks.by_hand" if library == "numpy" else "benchmarks.with_jax")
    return module.WORKLOADS[name](**settings) if name in module.WORKLOADS else None


def set_threads(library, count):
    if library in TORCHES:
        importlib.import_module(TORCHES[library]).set_num_threads(count)
    elif library == "jax" and hasattr(os, "sched_setaffinity"):  # it takes as many threads as there are cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def number(value):
    """A loss of any library as a float."""
    array = value.detach().numpy() if hasattr(value, "detach") else value
    return float(array.sum() if hasattr(array, "sum") else array)


def main():
    library, threads = sys.argv[1:]
    answers = sys.stdout
    sys.stdout = sys.stderr  # nothing else may write into the answers
    if threads:
        set_threads(library, int(threads))
    steps = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = json.dumps([request["name"], request["settings"]])
        if key not in steps:
            steps[key] = build(library, request["name"], request["settings"])
        step = steps[key]
        if step is None:
            answer = {}
        else:
            losses = [number(step()) for _ in range(request["warm"])]
            times = []
            until = time.perf_counter() + request["seconds"]
            while len(times) < request["at_least"] or time.perf_counter() < until:
                start = time.perf_counter()
                step()
                times.append(time.perf_counter() - start)
            answer = {
                "losses": losses,
                "times": times,
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        if request.get("forget"):
            steps.pop(key)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
