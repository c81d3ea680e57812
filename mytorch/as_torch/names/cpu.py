"""``torch.cpu``: the host as a device."""

import contextlib


def is_available():
    """True."""
    return True


def device_count():
    """1."""
    return 1


def current_device():
    """ "cpu"."""
    return "cpu"


def synchronize(device=None):
    """Nothing: what was called is done."""


def set_device(device):
    """Nothing: there is one."""


def current_stream(device=None):
    """A stream: work is done in the order of the calls."""
    return Stream()


def stream(stream):
    """A context manager that changes nothing."""
    return contextlib.nullcontext()


class Stream:
    """The order of the calls."""
