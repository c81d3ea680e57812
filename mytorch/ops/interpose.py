"""Doing something around each call of a function, for as long as it is wanted: profiles, autocast.

The function stays the same object: only its ``__code__`` is exchanged. So names bound earlier by
``from … import`` and bound methods take part as well, and nothing is asked while nothing is wanted.
"""

from __future__ import annotations

import functools
import threading
from contextlib import ExitStack, contextmanager
from types import FunctionType

from ..core.compiled_call import FIRST_CALL, compile_now
from .composite import first_call, late

HIDDEN = "<interposed>"  # the file name of code that only passes calls on
_chains: dict = {}  # function -> its Chain
_changing = threading.Lock()


class Chain:
    """What is done around a function: ``around(inner, args, kwargs)``, the last one added first."""

    def __init__(self, function):
        code, self.kwdefaults = function.__code__, function.__kwdefaults__
        self.original = FunctionType(
            code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        self.original.__kwdefaults__ = self.kwdefaults
        self.arounds = ()
        function.__kwdefaults__ = {**(self.kwdefaults or {}), "_chain": self}
        function.__code__ = _passing_on(code.co_freevars)

    def __call__(self, args, kwargs):
        inner, arounds = self.original, self.arounds
        for around in arounds[:-1]:
            inner = _step(around, inner)
        return arounds[-1](inner, args, kwargs) if arounds else inner(*args, **kwargs)

    def end(self, function):
        """``function`` is as it was."""
        function.__code__, function.__kwdefaults__ = self.original.__code__, self.kwdefaults


def _step(around, inner):
    return lambda *args, **kwargs: around(inner, args, kwargs)


@functools.cache
def _passing_on(names):
    """Code that passes a call on to the keyword default ``_chain``. A function takes only code with as many
    free variables as its own has.
    """
    listed = ", ".join(names)
    source = f"""def outer({listed}):
    def call(*args, _chain, **kwargs):
        return _chain(args, kwargs)
        {listed}
    return call"""
    scope: dict = {}
    exec(compile(source, HIDDEN, "exec"), scope)
    return scope["outer"](*names).__code__


def is_outermost(around):
    """Whether ``around`` stays around those that are added later."""
    return hasattr(around, "outermost")


def _rank(around):
    """Where ``around`` belongs, from the innermost on; of one rank the last one added is outside."""
    return is_outermost(around) - hasattr(around, "innermost")


def arounds_of(function):
    """What is done around ``function`` at present, the innermost first."""
    return _chains[function].arounds if function in _chains else ()


def is_idle():
    """Whether nothing is done around any function."""
    return not _chains


def interpose(function, around):
    """From now on ``function(…)`` is ``around(inner, args, kwargs)``; returns what ends that."""
    with _changing:
        if function.__code__ is FIRST_CALL:  # an operation would exchange its code when it is first called
            compile_now(function.primitive)
        elif function.__code__ is first_call.__code__:
            late("composite_call", "compile_now")(function)
        chain = _chains.get(function)
        if chain is None:
            chain = _chains[function] = Chain(function)
        chain.arounds = tuple(sorted((*chain.arounds, around), key=_rank))

    def end():
        with _changing:
            chain.arounds = tuple(a for a in chain.arounds if a is not around)
            if not chain.arounds and _chains.pop(function, None):
                chain.end(function)

    return end


class While:
    """A context manager that interposes as long as anybody is inside of it.

    arounds: {function: what is done around it}, or a function that returns it when it is first needed.
    """

    def __init__(self, arounds):
        self.arounds, self.entered, self.changing, self.ends = arounds, 0, threading.RLock(), []

    def __enter__(self):
        with self.changing:
            self.entered += 1
            if self.entered == 1:
                arounds = self.arounds() if callable(self.arounds) else self.arounds
                self.ends = [interpose(function, around) for function, around in arounds.items()]

    def __exit__(self, *exc_info):
        with self.changing:
            self.entered -= 1
            if not self.entered:
                while self.ends:
                    self.ends.pop()()


resumed: list = []  # functions that note what holds in their module, and return what makes a context of it


def surroundings():
    """What makes contexts in which calls are as they are now (autocast), for a later run of the same code."""
    makers = [note() for note in resumed]

    @contextmanager
    def again():
        with ExitStack() as contexts:
            for make in makers:
                contexts.enter_context(make())
            yield

    return again
