"""How far data parallel training scales: measured on this machine, predicted past it.

    python -m benchmarks.scaling                  # table and scaling.png in runs/benchmarks
    python -m benchmarks.scaling --smoke

Two ranks exchange messages, and all-reduce arrays, over the MPI that mpi4py finds. The α-β model takes α
seconds per message and β per byte (and γ per byte that is added): an all-reduce of n bytes over N ranks costs

    tree (recursive doubling)    log2 N · (α + nβ + nγ)
    ring                         2(N-1) · α + 2 n (N-1)/N · β + n (N-1)/N · γ

of which MPI takes the cheaper one. The three numbers are fitted to every other measurement and checked
against those between. Then networks take the place of this machine's memory (their α and β are assumed, see
NETWORKS), and the step of a benchmark on one rank is the work of each: its gradients travel while the last
two thirds of the step, the backward pass, are computed. That is a prediction; nothing of it was measured.

Source of the model: Thakur, Rabenseifner & Gropp, Optimization of Collective Communication Operations in
MPICH, 2005.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from . import workloads
from .__main__ import Worker
from .ranks import ONE_THREAD, ROOT, STEPS
from .workloads import training

BYTES = [1 << k for k in range(8, 25)]
NETWORKS = {"10 Gbit/s": (20e-6, 8 / 10e9), "100 Gbit/s": (3e-6, 8 / 100e9), "400 Gbit/s": (2e-6, 8 / 400e9)}
RANKS = [1 << k for k in range(1, 13)]
QUANTILE = 0.1  # of the times: what the machine does when nobody else wants its cores
BACKWARD = 2 / 3  # of a step: as much work as the forward pass for the inputs, and as much for the weights


def all_reduce_seconds(n, ranks, alpha, beta, gamma):
    """The α-β model: the cheaper one of tree and ring."""
    tree = math.ceil(math.log2(ranks)) * (alpha + n * (beta + gamma))
    share = n * (ranks - 1) / ranks
    return min(tree, 2 * (ranks - 1) * alpha + share * (2 * beta + gamma))


def fitted(sizes, seconds, ranks):
    """α, β and γ with the least squared relative errors, by a search that refines a grid."""
    sizes, seconds = np.asarray(sizes, float), np.asarray(seconds)
    centre, width, best = np.array([-5.5, -10.0, -10.0]), 2.0, None
    for _ in range(12):
        grid = [np.linspace(c - width, c + width, 9) for c in centre]
        points = 10.0 ** np.stack(np.meshgrid(*grid, indexing="ij"), -1).reshape(-1, 3)
        alpha, beta, gamma = points.T[:, :, None]
        tree = math.ceil(math.log2(ranks)) * (alpha + sizes * (beta + gamma))
        share = sizes * (ranks - 1) / ranks
        model = np.minimum(tree, 2 * (ranks - 1) * alpha + share * (2 * beta + gamma))
        errors = (np.log(model / seconds) ** 2).sum(1)
        best = points[errors.argmin()]
        centre, width = np.log10(best), width * 0.6
    return tuple(best.tolist())


def measured(ranks, times):
    """{"all_reduce", "message": seconds for each of BYTES}."""
    from mytorch.distributed.mpi import mpiexec

    command = [*mpiexec(), "-n", str(ranks), sys.executable, "-m", "benchmarks.scaling", "--rank", str(times)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def one_rank(times):
    """What each rank runs; rank 0 prints what :func:`measured` returns."""
    from mpi4py import MPI

    comm, found = MPI.COMM_WORLD, {"all_reduce": [], "message": []}
    for n in BYTES:
        a, b = np.ones(n // 4, np.float32), np.ones(n // 4, np.float32)
        taken = {"all_reduce": [], "message": []}
        for i in range(times + 3):
            comm.Barrier()
            start = time.perf_counter()
            comm.Allreduce(a, b)
            middle = time.perf_counter()
            if comm.rank == 0:
                comm.Send(a, 1)
                comm.Recv(b, 1)
            elif comm.rank == 1:
                comm.Recv(b, 0)
                comm.Send(b, 0)
            if i >= 3:
                taken["all_reduce"].append(middle - start)
                taken["message"].append((time.perf_counter() - middle) / 2)
        for what, seconds in taken.items():
            found[what].append(float(np.quantile(seconds, QUANTILE)))
    if comm.rank == 0:
        print(json.dumps(found))


def efficiencies(step, n, alpha, beta, gamma, hidden):
    """The share of a step that is not spent waiting, for each number of ranks; up to ``hidden`` seconds of
    an all-reduce cost nothing.
    """
    waiting = [max(0.0, all_reduce_seconds(n, r, alpha, beta, gamma) - hidden) for r in RANKS]
    return [step / (step + w) for w in waiting]


def models(seconds):
    """{workload: (measured seconds of a step on one rank, bytes of its gradients)}."""
    import mytorch

    found, worker = {}, Worker("mytorch", 1)
    for name in STEPS:
        counted = []
        training.prepare, before = lambda model: counted.append(model) or model, training.prepare
        workloads.BY_NAME[name](mytorch)
        training.prepare = before
        step = statistics.median(worker.ask(name, seconds=seconds)["times"])
        found[name] = step, 4 * sum(p.numel() for p in counted[0].parameters())
    worker.close()
    return found


def draw(predicted, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, len(predicted), figsize=(4 * len(predicted), 3.2), sharey=True)
    for ax, (name, by_network) in zip(axes, predicted.items()):
        for i, (network, (hidden, plain)) in enumerate(by_network.items()):
            ax.plot(RANKS, hidden, "o-", ms=3, color=f"C{i}", label=network)
            ax.plot(RANKS, plain, "--", lw=1, color=f"C{i}")
        ax.set(title=name, xlabel="ranks", xscale="log", ylim=(0, 1.05))
        ax.yaxis.set_major_formatter("{x:.0%}")
    axes[0].set_ylabel("efficiency, predicted\n(dashed: nothing hidden)")
    axes[0].legend()
    fig.tight_layout()
    fig.savefig(path)
    plt.close(fig)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder of the results")
    parser.add_argument("--smoke", action="store_true", help="one short round, to see that it runs")
    parser.add_argument("--rank", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.rank is not None:
        one_rank(args.rank)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    ranks = 2  # no more than there are cores: others would wait for each other's time slices
    found = measured(ranks, 2 if args.smoke else 100)
    fit = alpha, beta, gamma = fitted(BYTES[::2], found["all_reduce"][::2], ranks)
    speeds = f"1/β {1e-9 / beta:.1f} GB/s, 1/γ {1e-9 / gamma:.1f} GB/s"
    print(f"fitted on {ranks} ranks: α {alpha * 1e6:.2f} µs, {speeds}")
    fastest = max(n / s for n, s in zip(BYTES, found["message"]))
    print(f"single messages: {found['message'][0] * 1e6:.2f} µs, up to {fastest * 1e-9:.1f} GB/s")
    errors = []
    for n, seconds in list(zip(BYTES, found["all_reduce"]))[1::2]:
        model = all_reduce_seconds(n, ranks, *fit)
        errors.append(model / seconds - 1)
        times = f"measured {seconds * 1e6:9.1f} µs, model {model * 1e6:9.1f} µs"
        print(f"{n:>10} bytes: {times} ({errors[-1]:+.0%})")
    predicted = {}
    for name, (step, n) in models(0.0 if args.smoke else 0.5).items():
        predicted[name] = {
            network: [efficiencies(step, n, a, b, gamma, hidden) for hidden in (BACKWARD * step, 0.0)]
            for network, (a, b) in NETWORKS.items()
        }
        print(f"{name}: a step of {step * 1e3:.1f} ms (measured), {n / 1e6:.2f} MB of gradients")
        for network, both in predicted[name].items():
            for what, values in zip(("behind backward", "nothing hidden"), both):
                text = ", ".join(f"{r}: {v:.0%}" for r, v in list(zip(RANKS, values))[::2])
                print(f"    predicted for {network:<12}{what:<17}{text}")
    result = {"bytes": BYTES, **found, "fit": [alpha, beta, gamma], "errors": errors, "predicted": predicted}
    (args.out / "scaling.json").write_text(json.dumps(result, indent=1))
    draw(predicted, args.out / "scaling.png")
    print(f"results are in {args.out}")


if __name__ == "__main__":
    main()
