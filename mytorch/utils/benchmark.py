"""Timing code, as in ``torch.utils.benchmark``."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import statistics
import timeit

from ..core.arrays import cuda_is_available, cupy
from ..kernels.threads import get_num_threads, set_num_threads
from ..tensors.public_names import lookup as _lookup


def timer() -> float:
    """Seconds on a clock, when a GPU has finished its work."""
    if cuda_is_available():
        cupy().cuda.Device().synchronize()
    return timeit.default_timer()


@dataclasses.dataclass(frozen=True)
class TaskSpec:
    """What is timed: the statement, and the names by which :class:`Compare` orders measurements."""

    stmt: str = ""
    setup: str = ""
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The names in one line."""
        return ": ".join(text for text in (self.label or self.stmt, self.sub_label, self.description) if text)


class Measurement:
    """The seconds that several blocks of runs took. Times are per run."""

    def __init__(self, number_per_run, raw_times, task_spec=None, metadata=None):
        self.number_per_run, self.raw_times, self.metadata = number_per_run, list(raw_times), metadata
        self.task_spec = task_spec if isinstance(task_spec, TaskSpec) else TaskSpec(label=task_spec)

    title = property(lambda self: self.task_spec.title, doc="The names of what was timed.")
    times = property(lambda self: [t / self.number_per_run for t in self.raw_times], doc="Of every block.")
    median = property(lambda self: statistics.median(self.times), doc="The median of the blocks.")
    mean = property(lambda self: statistics.fmean(self.times), doc="The mean of the blocks.")

    @property
    def iqr(self) -> float:
        """The distance between the quartiles."""
        if len(self.raw_times) < 2:
            return 0.0
        first, _, third = statistics.quantiles(self.times, n=4, method="inclusive")
        return third - first

    @staticmethod
    def merge(measurements):
        """A list with one Measurement for each task, of the times per run of all that have this task."""
        tasks: dict = {}
        for m in measurements:
            tasks.setdefault(m.task_spec, []).extend(m.times)
        return [Measurement(1, times, task) for task, times in tasks.items()]

    def __repr__(self):
        scale, unit = (1, "s") if self.median >= 1 else (1e3, "ms") if self.median >= 1e-3 else (1e6, "us")
        return (
            f"{type(self).__name__}: {self.title}\n  Median: {self.median * scale:.2f} {unit}\n"
            f"  IQR:    {self.iqr * scale:.2f} {unit}\n"
            f"  {len(self.times)} blocks, {self.number_per_run} runs each"
        )


class Timer:
    """Times the statement ``stmt`` after ``setup``, with the names in ``globals``.

    ``num_threads`` threads compute, by default one, as in PyTorch.
    """

    def __init__(
        self,
        stmt="pass",
        setup="pass",
        global_setup="",
        timer=timer,
        globals=None,
        label=None,
        sub_label=None,
        description=None,
        env=None,
        num_threads=1,
        language="python",
    ):
        if global_setup or language not in ("python", "py", 0):
            raise NotImplementedError("Timer: only statements in Python are timed")
        self._timer = timeit.Timer(stmt, setup, timer, dict(globals or {}))
        self._task = TaskSpec(
            str(stmt), str(setup), global_setup, label, sub_label, description, env, num_threads
        )

    def _seconds(self, number):
        before = get_num_threads()
        set_num_threads(self._task.num_threads)
        try:
            return self._timer.timeit(number)
        finally:
            set_num_threads(before)

    def timeit(self, number=1_000_000):
        """A :class:`Measurement` of ``number`` runs, after some to warm up."""
        self._seconds(max(number // 100, 2))
        return Measurement(number, [self._seconds(number)], self._task)

    def blocked_autorange(self, callback=None, min_run_time=0.2):
        """A :class:`Measurement` of blocks of runs that take ``min_run_time`` seconds together."""
        number, seconds = 1, self._seconds(1)
        while seconds < min(min_run_time / 1000, 1e-3) and number < 1_000_000:
            number *= 10
            seconds = self._seconds(number)
        times = []
        while sum(times) < min_run_time or len(times) < 2:
            times.append(self._seconds(number))
        if callback is not None:
            callback(number, times)
        return Measurement(number, times, self._task)

    def adaptive_autorange(self, threshold=0.1, *, min_run_time=0.01, max_run_time=10.0, callback=None):
        """As :meth:`blocked_autorange`, until the quartiles are within ``threshold`` of the median."""
        found = self.blocked_autorange(callback, min_run_time)
        while found.iqr > threshold * found.median and sum(found.raw_times) < max_run_time:
            found.raw_times.append(self._seconds(found.number_per_run))
        return found


_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


class Compare:
    """A table of the medians of measurements: a row for each ``sub_label`` (or statement), a column for each
    ``description``, a part for each number of threads, a table for each ``label``.
    """

    def __init__(self, results):
        self._results, self._significant = list(results), False

    def extend_results(self, results):
        """Add measurements."""
        self._results.extend(results)

    def trim_significant_figures(self):
        """Show two digits only."""
        self._significant = True

    def colorize(self, rowwise=False):
        """Accepted without effect: the table is plain text."""

    def highlight_warnings(self):
        """Accepted without effect."""

    def print(self):
        """Print the table."""
        print(self)

    def __str__(self):
        labels = dict.fromkeys(m.task_spec.label or m.task_spec.stmt for m in self._results)
        return "\n".join(map(self._table, labels))

    def _table(self, label):
        found = [m for m in self._results if (m.task_spec.label or m.task_spec.stmt) == label]
        smallest = min(m.median for m in found)
        unit = next((u for u, per_second in _UNITS.items() if smallest * per_second >= 1), "ns")
        cells: dict = {}  # (threads, row) -> {column: the times of all that have the same names}
        for m in found:
            task = m.task_spec
            row = cells.setdefault((task.num_threads, task.sub_label or task.stmt), {})
            row.setdefault(task.description or "", []).extend(m.times)
        columns = list(dict.fromkeys(column for row in cells.values() for column in row))
        lines = [("", *columns)]
        for threads in dict.fromkeys(threads for threads, _ in cells):
            lines.append((f"{threads} threads:",))
            for (n, name), row in cells.items():
                if n == threads:
                    lines.append((f"  {name}", *(self._shown(row.get(c), _UNITS[unit]) for c in columns)))
        widths = [max(len(line[i]) for line in lines if len(line) > i) for i in range(len(columns) + 1)]
        texts = [
            "  |  ".join(
                f"{cell:<{w}}" if i == 0 else f"{cell:^{w}}" for i, (cell, w) in enumerate(zip(line, widths))
            )
            for line in lines
        ]
        total = sum(widths) + 5 * len(columns)
        texts = [
            f"{t.rstrip()} {'-' * (total - len(t.rstrip()) - 1)}" if len(line) == 1 else t.rstrip()
            for t, line in zip(texts, lines)
        ]
        return "\n".join([f"[{f' {label} ':-^{total - 2}}]", *texts, "", f"Times are in {_NAMES[unit]}.", ""])

    def _shown(self, times, per_second):
        if times is None:
            return ""
        return f"{statistics.median(times) * per_second:{'.2g' if self._significant else '.1f'}}"


def select_unit(t):
    """The unit, "ns", "us", "ms" or "s", in which ``t`` seconds are a number from 1 on, and its seconds."""
    unit = {-3: "ns", -2: "us", -1: "ms"}.get(math.floor(math.log10(t) / 3) if t > 0 else 0, "s")
    return unit, 1 / _UNITS[unit]


def unit_to_english(u):
    """The name of a unit: ``"ns"`` is a nanosecond. KeyError for others than s, ms, us and ns."""
    return _NAMES[u].partition("s (")[0]


def trim_sigfig(x, n):
    """``x`` rounded to ``n`` significant figures."""
    return float(f"{x:.{n - 1}e}")


def ordered_unique(elements):
    """The different ones among ``elements`` as a list, in their order."""
    return list(dict.fromkeys(elements))


@contextlib.contextmanager
def set_torch_threads(n):
    """A context manager with ``n`` threads."""
    before = get_num_threads()
    set_num_threads(n)
    try:
        yield
    finally:
        set_num_threads(before)


_NAMES = {"s": "seconds (s)", "ms": "milliseconds (ms)", "us": "microseconds (us)", "ns": "nanoseconds (ns)"}

__getattr__ = _lookup(__name__)
