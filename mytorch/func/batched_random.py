"""Random numbers inside of ``vmap``: refused, the same for all entries, or different ones."""

from __future__ import annotations

import contextlib
import threading

from ..tensors.generator import default_generator
from .batched_array import batched

REFUSED = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
    "'different' randomness flags on vmap or perform the randomness operation out of vmap"
)


class Source:
    """Stands for the source of the default generator: in this thread its draws are ``around`` those of
    ``source``.
    """

    def __init__(self, source, around):
        self.source, self.around, self.thread = source, around, threading.get_ident()

    @property
    def bit_generator(self):
        return self.source.bit_generator

    def __getattr__(self, name):
        draw = getattr(self.source, name)
        if threading.get_ident() != self.thread or name.startswith("__"):
            return draw

        def call(*args, **options):
            return self.around(draw, args, options)

        call.__name__ = name
        return call


@contextlib.contextmanager
def drawing(level, randomness):
    """The default generator draws for the entries of ``level``, as ``randomness`` says. None for a level: for
    one entry.
    """
    if randomness == "same" or (randomness == "different" and level is None):
        yield
        return
    source = default_generator.numpy
    default_generator._source = Source(source, _refuse if randomness == "error" else _each(level))
    try:
        yield
    finally:
        default_generator._source = source


def _refuse(draw, args, options):
    raise RuntimeError(REFUSED)


SIZED_FIRST = {"random", "standard_normal", "standard_exponential"}  # the size is their first argument


def _each(level):
    """Draws for each entry: the batch leads in the size."""

    def around(draw, args, options):
        if draw.__name__ in SIZED_FIRST and args:
            args = (_larger(args[0], level.size), *args[1:])
        elif "size" in options:
            options = {**options, "size": _larger(options["size"], level.size)}
        else:
            at = len(args) - 1  # integers(low, high, size), gamma(shape, scale, size) …
            args = (*args[:at], _larger(args[at], level.size))
        drawn = draw(*args, **options)
        return batched(drawn, (level.number,))

    return around


def _larger(size, count):
    return (count, *((size,) if isinstance(size, int) else () if size is None else size))
