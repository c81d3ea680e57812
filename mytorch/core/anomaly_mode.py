"""Finding where a backward goes wrong: errors show the lines that recorded the operation, NaN is an error."""

from __future__ import annotations


class detect_anomaly:
    """A context manager, for debugging and slow: remembers the lines that recorded each operation and checks
    gradients for NaN.

    A RuntimeError in backward then shows both source lines. ``check_nan=False`` leaves NaN alone.
    """

    enabled = check_nan = False

    def __init__(self, check_nan: bool = True):
        self._new = (True, check_nan)

    def __enter__(self):
        self._old = (detect_anomaly.enabled, detect_anomaly.check_nan)
        detect_anomaly.enabled, detect_anomaly.check_nan = self._new

    def __exit__(self, *exc_info):
        detect_anomaly.enabled, detect_anomaly.check_nan = self._old


class set_detect_anomaly(detect_anomaly):
    """``set_detect_anomaly(True)`` switches :class:`detect_anomaly` on at once; as a context manager it
    switches back at the end.
    """

    def __init__(self, mode: bool, check_nan: bool = True):
        self._new = (mode, check_nan)
        detect_anomaly.__enter__(self)

    def __enter__(self):
        pass


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return detect_anomaly.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection looks for NaN."""
    return detect_anomaly.check_nan
