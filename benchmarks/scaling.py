"""How far data parallel training scales: measured on this machine, predicted past it.

    python -m benchmarks.scaling                  # table and scaling.png in runs/benchmarks
    python -m benchmarks.scaling --smoke

Two ranks exchange messages, and all-reduce arrays, over the MPI that mpi4py finds. The times are fitted by
a line per range of sizes, α seconds and β per byte each: MPI sends short messages at once and announces
longer ones first, and arrays outgrow one cache after the other, so one line fits none of it well (the usual
practice of LogGP: piecewise, with free limits). The fit is checked against other sizes, measured by another
start of the ranks.

Past this machine an all-reduce of n bytes over N ranks costs, with γ seconds per byte that is added,

    tree (recursive doubling)    log2 N · (α + nβ + nγ)
    ring                         2(N-1) · α + 2 n (N-1)/N · β + n (N-1)/N · γ

of which MPI takes the cheaper one. On two ranks a tree is one message and the sum of it: γ is what a byte of
an all-reduce costs more than one of a message, measured in the range of the gradients. Networks take the
place of this machine's memory (their α and β are assumed, see NETWORKS), and the step of a benchmark on one
rank is the work of each: its gradients travel while the last two thirds of the step, the backward pass, are
computed. That is a prediction; nothing of it was measured.

Sources: Thakur, Rabenseifner & Gropp, Optimization of Collective Communication Operations in MPICH, 2005;
Alexandrov et al., LogGP, 1995.
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

FITTED = [round(2 ** (k / 2)) // 4 * 4 for k in range(16, 49)]  # bytes
CHECKED = [round(2 ** (k / 2 + 0.25)) // 4 * 4 for k in range(16, 48)]
RANGES = 4  # sent at once, announced first, past the second and the third cache
NETWORKS = {"10 Gbit/s": (20e-6, 8 / 10e9), "100 Gbit/s": (3e-6, 8 / 100e9), "400 Gbit/s": (2e-6, 8 / 400e9)}
RANKS = [1 << k for k in range(1, 13)]
QUANTILE = 0.1  # of the times: what the machine does when nobody else wants its cores
BACKWARD = 2 / 3  # of a step: as much work as the forward pass for the inputs, and as much for the weights


def all_reduce_seconds(n, ranks, alpha, beta, gamma):
    """The α-β model: the cheaper one of tree and ring."""
    tree = math.ceil(math.log2(ranks)) * (alpha + n * (beta + gamma))
    share = n * (ranks - 1) / ranks
    return min(tree, 2 * (ranks - 1) * alpha + share * (2 * beta + gamma))


def line(sizes, seconds):
    """(squared relative errors, α, β) of the line through a range of sizes; neither α nor β is negative."""
    a = np.stack([1 / seconds, sizes / seconds], 1)
    both = np.linalg.lstsq(a, np.ones(len(sizes)), rcond=None)[0]
    if both.min() < 0:
        alone = a.sum(0) / (a * a).sum(0)  # of α with β = 0, of β with α = 0
        both = min(np.diag(alone), key=lambda ab: ((a @ ab - 1) ** 2).sum())
    return ((a @ both - 1) ** 2).sum(), *both.tolist()


def fitted(sizes, seconds):
    """[(the first size, α, β) of each range]: the limits with the least squared relative errors."""
    sizes, seconds = np.asarray(sizes, float), np.asarray(seconds)
    best = {(0, 0): (0.0, [])}  # (ranges, sizes in them) -> (errors, first sizes and lines)
    for k in range(1, RANGES + 1):
        for end in range(3 * k, len(sizes) + 1):
            found = []
            for start in range(3 * (k - 1), end - 2):
                if (k - 1, start) in best:
                    error, alpha, beta = line(sizes[start:end], seconds[start:end])
                    before, ranges = best[k - 1, start]
                    found.append((before + error, [*ranges, (start, alpha, beta)]))
            if found:
                best[k, end] = min(found, key=lambda pair: pair[0])
    return [(_limit(sizes, start), alpha, beta) for start, alpha, beta in best[RANGES, len(sizes)][1]]


def _limit(sizes, start):
    """Where a range begins whose first size is that of number ``start``: MPI switches at powers of two."""
    power = 2.0 ** math.ceil(math.log2(sizes[start - 1] + 1)) if start else 0.0
    return min(power, sizes[start])


def of_size(n, ranges):
    """(α, β) of the range of ``n`` bytes."""
    return next((alpha, beta) for first, alpha, beta in reversed(ranges) if n >= first)


def measured(ranks, times, sizes):
    """{"all_reduce", "message": seconds for each of ``sizes``}."""
    from mytorch.distributed.mpi import mpiexec

    work = ["--rank", str(times), "--sizes", ",".join(map(str, sizes))]
    command = [*mpiexec(), "-n", str(ranks), sys.executable, "-m", "benchmarks.scaling", *work]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def one_rank(times, sizes):
    """What each rank runs; rank 0 prints what :func:`measured` returns."""
    from mpi4py import MPI

    comm, found = MPI.COMM_WORLD, {"all_reduce": [], "message": []}
    for n in sizes:
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


def fit_and_check(times):
    """(what was measured, the fits, the relative errors at the sizes that they have not seen)."""
    ranks = 2  # no more than there are cores: others would wait for each other's time slices
    found, checked = (measured(ranks, times, sizes) for sizes in (FITTED, CHECKED))
    fits, errors = {}, {}
    for what, seconds in found.items():
        fits[what] = fitted(FITTED, seconds)
        for first, alpha, beta in fits[what]:
            speed = f"1/β {1e-9 / beta:5.1f} GB/s" if beta else "β 0"
            print(f"{what:<10} from {first:>9,.0f} bytes: α {alpha * 1e6:6.2f} µs, {speed}")
        lines = [of_size(n, fits[what]) for n in CHECKED]
        model = [alpha + beta * n for n, (alpha, beta) in zip(CHECKED, lines)]
        errors[what] = [m / s - 1 for m, s in zip(model, checked[what])]
        print(f"    at {len(CHECKED)} other sizes, by another start of the ranks, it is off by")
        print("   ", ", ".join(f"{n:,}: {error:+.0%}" for n, error in zip(CHECKED, errors[what])))
        worst, over = max(errors[what], key=abs), sum(abs(error) > 0.2 for error in errors[what])
        print(f"    at most {worst:+.0%}; {over} of them by more than 20 %")
    return {"fitted": [FITTED, found], "checked": [CHECKED, checked]}, fits, errors


def predict(fits, seconds):
    """{workload: {network: [efficiencies with what backward hides, without]}}."""
    predicted = {}
    for name, (step, n) in models(seconds).items():
        gamma = max(0.0, of_size(n, fits["all_reduce"])[1] - of_size(n, fits["message"])[1])
        predicted[name] = {
            network: [efficiencies(step, n, a, b, gamma, hidden) for hidden in (BACKWARD * step, 0.0)]
            for network, (a, b) in NETWORKS.items()
        }
        gradients = f"{n / 1e6:.2f} MB of gradients, γ {gamma * 1e9:.2f} ns per byte"
        print(f"{name}: a step of {step * 1e3:.1f} ms (measured), {gradients}")
        for network, both in predicted[name].items():
            for what, values in zip(("behind backward", "nothing hidden"), both):
                text = ", ".join(f"{r}: {v:.0%}" for r, v in list(zip(RANKS, values))[::2])
                print(f"    predicted for {network:<12}{what:<17}{text}")
    return predicted


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder of the results")
    parser.add_argument("--smoke", action="store_true", help="one short round, to see that it runs")
    parser.add_argument("--rank", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--sizes", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.rank is not None:
        one_rank(args.rank, [int(n) for n in args.sizes.split(",")])
        return
    args.out.mkdir(parents=True, exist_ok=True)
    result, fits, errors = fit_and_check(2 if args.smoke else 60)
    predicted = predict(fits, 0.0 if args.smoke else 0.5)
    result |= {"fits": fits, "errors": errors, "predicted": predicted}
    (args.out / "scaling.json").write_text(json.dumps(result, indent=1))
    draw(predicted, args.out / "scaling.png")
    print(f"results are in {args.out}")


if __name__ == "__main__":
    main()
