# Names only: there is nothing to read here.
"""Signals of workers, which are ordinary processes here."""


def _set_worker_signal_handlers():
    """Nothing."""
