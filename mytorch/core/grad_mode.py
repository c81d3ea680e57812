"""Whether operations are recorded: no_grad, enable_grad, set_grad_enabled, inference_mode.

The mode lives in a context variable, so it is local to a thread and to an asyncio task. Every switch works as
a context manager and as a decorator, on generators too.
"""

from __future__ import annotations

import functools
import inspect
from contextvars import ContextVar

RECORD, SKIP, INFERENCE = True, False, None  # INFERENCE also marks its results as unusable under autograd
mode: ContextVar = ContextVar("grad_mode", default=RECORD)
_now = mode  # where an argument has its name


class _Switch:
    """A grad mode to be in, as a context manager or a decorator."""

    target = RECORD

    def __enter__(self):
        self._tokens = [*getattr(self, "_tokens", ()), mode.set(self._next())]
        return self

    def __exit__(self, *exc_info):
        mode.reset(self._tokens.pop())

    def _next(self):
        # only inference_mode(False) leads out of it
        return INFERENCE if mode.get() is INFERENCE else self.target

    def _fresh(self):
        return type(self)()

    def __call__(self, function):
        """Decorate ``function`` (a plain, async or generator function) to run in this mode."""
        if not callable(function):
            raise TypeError(f"{type(self).__name__}() decorates a function, not {type(function).__name__}")
        if inspect.isgeneratorfunction(function):
            return self._around_generator(function)
        if inspect.isasyncgenfunction(function):
            return self._around_async_generator(function)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapped(*args, **kwargs):
                with self._fresh():
                    return await function(*args, **kwargs)
        else:

            @functools.wraps(function)
            def wrapped(*args, **kwargs):
                with self._fresh():
                    return function(*args, **kwargs)

        return wrapped

    def _around_generator(self, function):
        """The mode holds while the generator runs and not while its consumer does."""

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            generator = function(*args, **kwargs)
            step, value = generator.send, None
            while True:
                try:
                    with self._fresh():
                        item = step(value)
                except StopIteration as stop:
                    return stop.value
                try:
                    value, step = (yield item), generator.send
                except GeneratorExit:
                    with self._fresh():
                        generator.close()
                    raise
                except BaseException as error:  # hand the consumer's throw() to the generator
                    value, step = error, generator.throw

        return wrapped

    def _around_async_generator(self, function):
        """The same for an asynchronous generator."""

        @functools.wraps(function)
        async def wrapped(*args, **kwargs):
            generator = function(*args, **kwargs)
            step, value = generator.asend, None
            while True:
                try:
                    with self._fresh():
                        item = await step(value)
                except StopAsyncIteration:
                    return
                try:
                    value, step = (yield item), generator.asend
                except GeneratorExit:
                    with self._fresh():
                        await generator.aclose()
                    raise
                except BaseException as error:
                    value, step = error, generator.athrow

        return wrapped


class no_grad(_Switch):
    """Operations inside are not recorded: no graph, no memory kept. ``@no_grad`` works with and without
    parentheses.
    """

    target = SKIP

    def __new__(cls, function=None):
        self = super().__new__(cls)
        return self if function is None else self(function)


class enable_grad(no_grad):
    """Operations inside are recorded, also within an outer :class:`no_grad`."""

    target = RECORD


class set_grad_enabled(_Switch):
    """``set_grad_enabled(flag)`` switches recording at once; a context manager switches back at its end."""

    def __init__(self, mode: bool):
        self.target = RECORD if mode else SKIP
        self._outer = _now.get()
        _now.set(self._next())

    def __enter__(self):
        mode.set(self._next())
        return self

    def __exit__(self, *exc_info):
        mode.set(self._outer)

    def __call__(self, function):
        mode.set(self._outer)  # as a decorator it acts when the function runs, not now
        return super().__call__(function)

    def _fresh(self):
        return type(self)(self.target)


class inference_mode(_Switch):
    """Like :class:`no_grad`; tensors made inside can never take part in a recorded computation.

    ``inference_mode(False)`` leaves recording on. Inside, :class:`enable_grad` changes nothing.
    """

    def __new__(cls, mode=True):
        self = super().__new__(cls)
        if callable(mode):
            return self.__class__(True)(mode)
        self.target = INFERENCE if mode else RECORD
        return self

    def _next(self):
        return self.target

    def _fresh(self):
        return type(self)(self.target is INFERENCE)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded here."""
    return mode.get() is RECORD


def is_inference_mode_enabled() -> bool:
    """Whether :class:`inference_mode` is on here."""
    return mode.get() is INFERENCE
