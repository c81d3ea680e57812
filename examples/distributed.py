"""What several processes do together: all-reduce by hand, DistributedDataParallel, an optimizer in shares.

    mpiexec -n 2 python examples/distributed.py [--width 1024] [--out runs/distributed]
    python examples/distributed.py                  # alone: the same, with nobody to talk to

What the run shows: the averages that an all-reduce makes by hand are those that DistributedDataParallel makes
while backward goes on; the time line shows which buckets travel during it, and how long the end of backward
waits for them. An optimizer in shares keeps 1/N of Adam's averages on each of N processes.
"""

import argparse
import statistics
import time
from pathlib import Path

import matplotlib
from _options import folder, positive, seed

import mytorch as torch
import mytorch.distributed as dist
from mytorch import nn
from mytorch.distributed.optim import ZeroRedundancyOptimizer
from mytorch.nn.parallel import DistributedDataParallel

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.style.use(Path(__file__).with_name("mytorch.mplstyle"))


def timed(function, times=9):
    """The median seconds of a call, of which all processes take part in each."""
    taken = []
    for _ in range(times):
        dist.barrier()
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main():
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--width", type=positive, default=1024, help="neurons of each of five layers")
    parser.add_argument("--seed", type=seed, default=0, help="fixes weights and data")
    parser.add_argument("--out", type=folder, default="runs/distributed", help="folder for the picture")
    parser.add_argument("--quick", action="store_true", help="a width of 256")
    args = parser.parse_args()
    dist.init_process_group()
    rank, size = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(args.seed)
    width = 256 if args.quick else args.width
    net = nn.Sequential(*[layer for _ in range(5) for layer in (nn.Linear(width, width), nn.ReLU())])
    whole = torch.randn(128 * size, width)
    x = whole[rank::size]  # this process's share

    # ---- 1. by hand: every process computes the gradient of its share, all average them ----------
    net(x).square().mean().backward()
    by_hand = [p.grad.clone() for p in net.parameters()]
    for g in by_hand:
        dist.all_reduce(g, dist.ReduceOp.AVG)

    # ---- 2. the same, while backward goes on -----------------------------------------------------
    model, events = DistributedDataParallel(net), []

    def step():
        start = time.perf_counter()
        model.zero_grad()
        loss = model(x).square().mean()
        middle = time.perf_counter()
        loss.backward()
        events[:] = [("forward", start, middle), ("backward", middle, time.perf_counter())]

    def step_alone():
        with model.no_sync():
            step()

    def only_talk():
        for g in by_hand:
            dist.all_reduce(g, dist.ReduceOp.AVG)

    step()
    worst = max((a - p.grad).abs().max().item() for a, p in zip(by_hand, net.parameters()))
    together, alone, talk = timed(step), timed(step_alone), timed(only_talk)
    model.reducer.timeline = []
    step()
    events += model.reducer.timeline

    # ---- 3. an optimizer in shares ---------------------------------------------------------------
    optimizer = ZeroRedundancyOptimizer(model.parameters(), torch.optim.Adam, lr=1e-3)
    optimizer.step()
    state = optimizer.optim.state if optimizer.optim else {}
    mine = sum(v.nbytes for values in state.values() for v in values.values())
    shares = [None] * size
    dist.all_gather_object(shares, mine)
    if rank == 0:
        draw(events, size, args.out / "timeline.png")
        print(f"{size} process{'es' * (size > 1)}, {sum(p.numel() for p in net.parameters()):,} parameters")
        print(f"averages by hand and by DistributedDataParallel differ by {worst:.1e}")
        print(f"forward and backward {alone * 1e3:.1f} ms, communication {talk * 1e3:.1f} ms, ", end="")
        print(f"together {together * 1e3:.1f} ms")
        if size > 1:
            print(f"hidden behind backward: {max(0, 1 - (together - alone) / talk):.0%} of the communication")
        print("Adam's averages, in MiB on each process:", *(f"{n / 2**20:.1f}" for n in shares))
        print(f"the time line is timeline.png in {args.out}")
    dist.destroy_process_group()


def draw(events, size, path):
    """What process 0 did in one step: computing above, buckets on their way below."""
    fig, ax = plt.subplots(figsize=(8, 3.4))
    begin = min(start for _, start, _ in events)
    colours = {"forward": "#4c78a8", "backward": "#72b7b2", "wait": "#e45756"}
    rows = {"forward": 0, "backward": 0, "wait": 1}
    for name, start, end in events:
        row = rows.setdefault(name, len(set(rows.values())))
        ax.barh(-row, (end - start) * 1e3, left=(start - begin) * 1e3, color=colours.get(name, "#f2a541"))
    ax.set_yticks([-row for row in sorted(set(rows.values()))])
    labels = {0: "forward, backward", 1: "waiting for others"}
    ax.set_yticklabels(
        [
            labels.get(row) or next(n for n, r in rows.items() if r == row)
            for row in sorted(set(rows.values()))
        ]
    )
    ax.set(xlabel="milliseconds", title=f"one step on process 0 of {size}")
    fig.savefig(path)
    plt.close(fig)


if __name__ == "__main__":
    main()
