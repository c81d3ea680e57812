"""Random numbers inside of ``vmap``: refused, the same for all entries, or different ones."""

from __future__ import annotations

import contextlib
import threading

import numpy

from ..tensors.generator import default_generator
from .batched_array import batched
from .entrywise import same_draws

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
        token = same_draws.set(randomness == "same")
        try:
            yield
        finally:
            same_draws.reset(token)
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
    """Draws for each entry: of a size, at once."""

    def around(draw, args, options):
        if draw.__name__ in SIZED_FIRST and args:
            shape = (args[0],) if isinstance(args[0], int) else tuple(args[0])
            drawn = draw((level.size, *shape), *args[1:], **options)
        else:
            drawn = numpy.stack([draw(*args, **options) for _ in range(level.size)])
        return batched(drawn, (level.number,))

    return around
