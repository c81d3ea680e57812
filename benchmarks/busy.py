"""How much a step slows down where other processes keep the cores busy."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import sys

LIBRARY = "mytorch"
BAR = 2.5  # a step by default on a busy machine, in steps of one thread on an idle one


class Spinners:
    """Processes that keep cores busy; stopped until :meth:`running`."""

    def __init__(self, count):
        self.processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
        self._signal(signal.SIGSTOP)

    def _signal(self, number):
        for process in self.processes:
            os.kill(process.pid, number)

    @contextlib.contextmanager
    def running(self):
        self._signal(signal.SIGCONT)
        try:
            yield
        finally:
            self._signal(signal.SIGSTOP)

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()


def measure(name, spinners, new_worker, rounds, seconds):
    """The mean seconds of a step: one thread on the idle machine, the default there, the default on the busy
    one.

    The three are measured in turn, round by round; of each the median round counts.
    """
    one, default = new_worker(LIBRARY, 1), new_worker(LIBRARY, None)

    def mean(worker):
        return statistics.mean(worker.ask(name, warm=2, seconds=seconds)["times"])

    for worker in (one, default):
        worker.ask(name, seconds=0, at_least=1)
    found = {"one thread": [], "default": [], "busy": []}
    for _ in range(rounds):
        found["one thread"].append(mean(one))
        found["default"].append(mean(default))
        with spinners.running():
            found["busy"].append(mean(default))
    for worker in (one, default):
        worker.close()
    return {"name": name} | {kind: statistics.median(means) for kind, means in found.items()}


def ratios(row):
    """The default idle and the default busy step, in steps of one thread on the idle machine."""
    return row["default"] / row["one thread"], row["busy"] / row["one thread"]
