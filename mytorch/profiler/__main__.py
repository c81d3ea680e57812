"""``python -m mytorch.profiler train.py [arguments]``, or ``-m package``: run a script that knows nothing of
it, and print what its operations and modules cost.

``python -m mytorch -m mytorch.profiler train.py`` profiles a program that imports torch.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys

from .profiler import profile

SORTS = "self_cpu_time_total", "cpu_time_total", "count", "self_cpu_memory_usage", "self_device_time_total"


def main(arguments=None) -> None:
    """Run the command line; an error or exit of the script is passed on after the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m mytorch.profiler", description="Run a script and print what its operations cost."
    )
    parser.add_argument("--sort-by", choices=SORTS, default=SORTS[0], help="what the tables begin with")
    parser.add_argument("--row-limit", type=int, default=25, help="rows of each table; -1: all")
    parser.add_argument("--memory", action="store_true", help="count bytes, too")
    parser.add_argument("--max-events", type=int, default=1_000_000, help="recording ends after so many")
    parser.add_argument("--trace", metavar="PATH", help="write a trace for chrome://tracing")
    parser.add_argument("--plot", metavar="PATH", help="draw a flame graph")
    parser.add_argument("-m", dest="module", action="store_true", help="the script is a module's name")
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the script")
    options = parser.parse_args(arguments)
    sys.argv = [options.script, *options.arguments]
    prof = profile(profile_memory=options.memory, max_events=options.max_events)
    try:
        with prof:
            if options.module:
                sys.path.insert(0, os.getcwd())
                runpy.run_module(options.script, run_name="__main__", alter_sys=True)
            else:
                sys.path.insert(0, os.path.dirname(os.path.abspath(options.script)))
                runpy.run_path(options.script, run_name="__main__")
    finally:
        if len(prof.events()) >= options.max_events:
            print(f"Only the first {options.max_events} events were recorded.")
        for group in ("operation", "module"):
            rows = prof.key_averages(group_by=group)
            print(rows.table(sort_by=options.sort_by, row_limit=options.row_limit, header=f"By {group}"))
        if options.trace:
            prof.export_chrome_trace(options.trace)
        if options.plot:
            prof.plot(options.plot)


if __name__ == "__main__":
    main()
