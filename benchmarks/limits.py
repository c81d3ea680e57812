"""Measure what the machine can do at best, for the docs' performance page: matrix products and memory
traffic, with one and two threads.

    python -m benchmarks.limits    # about half a minute on an idle machine; writes docs/limits.json

The work of a training step is counted below: 2 operations per multiply-add (forward, and twice backward, but
for the first layer's input), and the bytes that the optimizer must move (Adam reads p, g, m, v and writes p,
m, v). At the measured rates that takes a time to compare with.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def mlp(batch, *widths):
    """(operations, parameters) of a multilayer perceptron's step."""
    sizes = [a * b for a, b in itertools.pairwise(widths)]
    return 2 * batch * (3 * sum(sizes) - sizes[0]), sum(sizes) + sum(widths[1:])


def cnn(batch):
    """(operations, parameters) of the workload ``cnn``: convolutions 1-32 and 32-64, then 9216-128-10."""
    layers = [(26 * 26, 9 * 32), (24 * 24, 9 * 32 * 64), (1, 9216 * 128), (1, 128 * 10)]
    products = [places * weights for places, weights in layers]
    return 2 * batch * (3 * sum(products) - products[0]), sum(weights for _, weights in layers)


WORK = {  # workload: ((operations, parameters), arrays that the optimizer moves)
    "mlp_sgd": (mlp(64, 784, 128, 64, 10), 3),
    "mlp_adam": (mlp(64, 784, 128, 64, 10), 7),
    "mlp_big": (mlp(256, 784, 1024, 1024, 10), 7),
    "cnn": (cnn(64), 7),
}


def measure():
    """(GFLOP/s of a large float32 product, GB/s of a large in-place sum) of this process."""
    import numpy as np

    from mytorch.kernels.threads import get_num_threads, parallel_for, spans

    a, b, c = (np.ones((2048, 2048), np.float32) for _ in range(3))
    x, y = np.ones(1 << 26, np.float32), np.ones(1 << 26, np.float32)

    def add(span):
        x[slice(*span)] += y[slice(*span)]

    return [
        2 * 2048**3 / fastest(lambda: np.matmul(a, b, out=c)) / 1e9,
        3 * x.nbytes / fastest(lambda: parallel_for(add, spans(x.size, get_num_threads()))) / 1e9,
    ]


def fastest(function, repeats=12):
    """Seconds of the shortest of several calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    rates = {}
    for threads in (2, 1):
        limits = {
            name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        }
        code = "import json; from benchmarks import limits; print(json.dumps(limits.measure()))"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | limits | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        rates[threads] = json.loads(done.stdout)
        print(f"{threads} thread(s): {rates[threads][0]:.0f} GFLOP/s, {rates[threads][1]:.1f} GB/s")
    rows = {
        name: {
            "gflop": operations / 1e9,
            "megabytes": 4e-6 * parameters * arrays,
            "seconds": {
                threads: operations / 1e9 / gflops + 4e-9 * parameters * arrays / gigabytes
                for threads, (gflops, gigabytes) in rates.items()
            },
        }
        for name, ((operations, parameters), arrays) in WORK.items()
    }
    (ROOT / "docs" / "limits.json").write_text(json.dumps({"rates": rates, "work": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
