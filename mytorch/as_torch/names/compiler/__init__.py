"""``torch.compiler``: settings of a compiler that is not here."""

from __future__ import annotations

import contextlib

from ....compiler import allow_in_graph
from .._dynamo import config as config

__all__ = """
    assume_constant_result config cudagraph_mark_step_begin get_default_backend keep_tensor_guards_unsafe
    list_backends nested_compile_region set_default_backend set_stance skip_all_guards_unsafe
    skip_guard_on_all_nn_modules_unsafe skip_guard_on_globals_unsafe skip_guard_on_inbuilt_nn_modules_unsafe
    substitute_in_graph wrap_numpy
""".split()

assume_constant_result = wrap_numpy = allow_in_graph


def nested_compile_region(fn=None, **options):
    """``fn`` itself; without one, a decorator that returns its function."""
    return allow_in_graph if fn is None else fn


def substitute_in_graph(original_fn, *args, **kwargs):
    """A decorator that returns its function."""
    return allow_in_graph


class set_stance(contextlib.ContextDecorator, contextlib.nullcontext):
    """A context manager and decorator that changes nothing."""

    def __init__(self, stance="default", **options):
        super().__init__()


def cudagraph_mark_step_begin():
    """Nothing."""


def list_backends(exclude_tags=()):
    """[]: there are none."""
    return []


def get_default_backend():
    """None: there is none."""


def set_default_backend(backend):
    """Nothing."""


def skip_all_guards_unsafe(guard_entries):
    """False for every guard, of which there are none."""
    return [False for _ in guard_entries]


keep_tensor_guards_unsafe = skip_guard_on_globals_unsafe = skip_all_guards_unsafe
skip_guard_on_all_nn_modules_unsafe = skip_guard_on_inbuilt_nn_modules_unsafe = skip_all_guards_unsafe
