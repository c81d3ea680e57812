"""Timing code, as in ``torch.utils.benchmark``."""

from __future__ import annotations

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


class Measurement:
    """The seconds that several blocks of runs took. Times are per run."""

    def __init__(self, number_per_run, raw_times, task_spec=None):
        self.number_per_run, self.raw_times, self.title = number_per_run, list(raw_times), task_spec or ""

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
        self._threads = num_threads
        self._title = ": ".join(text for text in (label or str(stmt), sub_label, description) if text)

    def _seconds(self, number):
        before = get_num_threads()
        set_num_threads(self._threads)
        try:
            return self._timer.timeit(number)
        finally:
            set_num_threads(before)

    def timeit(self, number=1_000_000):
        """A :class:`Measurement` of ``number`` runs, after some to warm up."""
        self._seconds(max(number // 100, 2))
        return Measurement(number, [self._seconds(number)], self._title)

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
        return Measurement(number, times, self._title)

    def adaptive_autorange(self, threshold=0.1, *, min_run_time=0.01, max_run_time=10.0, callback=None):
        """As :meth:`blocked_autorange`, until the quartiles are within ``threshold`` of the median."""
        found = self.blocked_autorange(callback, min_run_time)
        while found.iqr > threshold * found.median and sum(found.raw_times) < max_run_time:
            found.raw_times.append(self._seconds(found.number_per_run))
        return found


__getattr__ = _lookup(__name__)
