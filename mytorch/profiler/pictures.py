"""The files that show a profile: a trace for Chrome, lines of stacks, a flame graph."""

from __future__ import annotations

import gzip
import importlib
import json
import os

from .events import microseconds

CATEGORIES = {"op": "cpu_op", "node": "cpu_op", "backward": "cpu_op", "module": "python_function"}
COLOURS = {"op": "#6baed6", "node": "#fd8d3c", "optimizer": "#a1d99b", "data": "#bcbddc"}  # others are grey
LEGEND = "blue: operation, orange: backward of one, green: optimizer, violet: data, grey: what calls them"


def write_chrome_trace(events, path):
    """Complete events ("X") of one thread, in the format of Chrome's trace viewer."""
    place = {"pid": os.getpid(), "tid": 0}
    traced = [{"ph": "M", "name": "process_name", "args": {"name": "mytorch"}, **place}]
    for event in events:
        told = {"Phase": event.phase, "Module Hierarchy": event.module, "Input Dims": event.input_shapes}
        told |= {"Bytes": event.cpu_memory_usage, "CUDA time (us)": event.device_time_total}
        told |= {"Call stack": ";".join(event.stack)}
        args = {name: value for name, value in told.items() if value}
        times = {"ts": event.start / 1000, "dur": event.cpu_time_total}
        category = CATEGORIES.get(event.kind, "user_annotation")
        traced.append({"ph": "X", "cat": category, "name": event.name, **place, **times, "args": args})
    with gzip.open(path, "wt") if str(path).endswith(".gz") else open(path, "w") as file:
        json.dump({"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": traced}, file)


def write_stacks(events, path, metric):
    """``outer;inner 123`` for each event, as flamegraph.pl reads it. ValueError for an unknown metric."""
    known = ["self_cpu_time_total", "self_cuda_time_total"]
    if metric not in known:
        raise ValueError(f"metric should be one of: {known}")
    underscores = str.maketrans(" ;\t\n", "____")
    with open(path, "w") as file:
        for event in events:
            value = int(getattr(event, metric.replace("cuda", "device")))
            if event.stack and value > 0:
                lines = [line.translate(underscores) for line in reversed(event.stack)]
                file.write(f"{';'.join(lines)} {value}\n")


def draw_flames(events, path):
    """A bar for the events that have the same names around them, as wide as their time; what ran inside lies
    below it. ValueError if there is no event.
    """
    bars: dict = {}  # names from the outermost event on: (an event, time)
    for event in events:
        key = tuple((e.key, e.module, e.phase) for e in event.path())
        bars[key] = event, bars.get(key, (None, 0.0))[1] + event.cpu_time_total
    if not bars:
        raise ValueError("plot: the profile recorded no event")
    whole = sum(time for key, (_, time) in bars.items() if len(key) == 1)
    deepest = max(map(len, bars))
    # without pyplot: no window, and the user's own figures stay as they are
    figure = importlib.import_module("matplotlib.figure").Figure(
        (14, 1 + 0.4 * deepest), layout="constrained"
    )
    axes = figure.add_subplot()
    begins = {(): 0.0}  # where the next bar inside of each one begins
    for key, (event, time) in bars.items():
        left = begins[key] = begins[key[:-1]]
        begins[key[:-1]] += time
        room = int(210 * time / whole)  # letters that fit
        if room == 0:
            continue
        colour = "#fdae6b" if (event.kind, event.phase) == ("op", "backward") else None
        colour = colour or COLOURS.get(event.kind, "#d9d9d9")
        axes.barh(len(key), time, 1, left, color=colour, edgecolor="white", linewidth=0.6)
        name = event.module if event.kind == "module" else event.key
        texts = [f"{name} {microseconds(time)}", name, name[: room - 1] + "…" if room > 3 else ""]
        text = next(text for text in texts if len(text) <= room)
        axes.text(left + time / 2, len(key), text, ha="center", va="center", fontsize=7)
    axes.set(xlim=(0, whole), ylim=(deepest + 0.5, 0.5), yticks=[], xlabel="µs")
    axes.set_title(LEGEND, fontsize=9)
    axes.spines[["top", "left", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
