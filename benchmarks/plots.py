"""The pictures of a benchmark run: ratios as bars, growth as curves."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import NullLocator

plt.style.use(Path(__file__).parent.parent / "examples" / "mytorch.mplstyle")


def draw(result, out):
    """``bars.png`` and ``growth.png`` in the folder ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    rows = [row for row in result["rows"] if "torch" in row]
    if rows:
        _bars(rows, out / "bars.png")
    _growth(result["growth"], out / "growth.png")


def _bars(rows, path):
    threads = sorted({row["threads"] for row in rows}, reverse=True)
    height = 1 + 0.3 * len({row["name"] for row in rows})
    fig, axes = plt.subplots(
        1, len(threads), figsize=(5.5 * len(threads), height), squeeze=False, sharex=True
    )
    for ax, count in zip(axes[0], threads):
        mine = [row for row in rows if row["threads"] == count][::-1]
        ratios = [row["mytorch"]["ratio"] for row in mine]
        low, high = zip(*(row["mytorch"]["quartiles"] for row in mine))
        spread = [[max(r - a, 0) for r, a in zip(ratios, low)], [max(b - r, 0) for r, b in zip(ratios, high)]]
        ax.barh(
            [row["name"] for row in mine],
            ratios,
            xerr=spread,
            color=["#2f6fdb" if r <= 1 else "#e4572e" for r in ratios],
            ecolor="#555555",
        )
        ax.axvline(1, color="#333333", lw=1)
        ax.set(
            title=f"{count} thread{'s' if count > 1 else ''}",
            xlabel="time relative to PyTorch (less is faster)",
        )
        ax.grid(False, axis="y")
        compiled = [(row["numba"]["ratio"], y) for y, row in enumerate(mine) if "numba" in row]
        if compiled:
            ax.plot(*zip(*compiled), "D", ms=4, color="#222222", label="with numba")
            ax.legend(loc="lower right")
        for y, r in enumerate(ratios):
            ax.annotate(f"{r:.2f}", (high[y], y), (4, 0), textcoords="offset points", va="center", fontsize=8)
    fig.savefig(path)
    plt.close(fig)


def _growth(curves, path):
    across = -(-len(curves) // 2)
    fig, axes = plt.subplots(2, across, figsize=(4.5 * across, 6.6))
    for ax, (what, curve) in zip(axes.flat, curves.items()):
        for library, style in (("mytorch", "o-"), ("torch", "s--")):
            if library in curve:
                label = f"{library}, exponent {curve['exponents'][library]:.2f}"
                ax.plot(curve["values"], [s * 1e3 for s in curve[library]], style, ms=4, label=label)
        ax.set(
            title=f"{curve['workload']}: {what}", xlabel=what, ylabel="ms a step", xscale="log", yscale="log"
        )
        ax.set_xticks(curve["values"], [f"{v:,}" for v in curve["values"]])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("")
        ax.legend()
    fig.savefig(path)
    plt.close(fig)
