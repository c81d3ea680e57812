"""What users call: ``profile``, its schedule and steps, and ``record_function``."""

from __future__ import annotations

import contextlib
import enum
import math
import os
import socket
import time
import warnings

from ..core.arrays import cuda_is_available, cupy
from . import pictures
from .events import EventList
from .recorder import Recorder


class ProfilerActivity(enum.Enum):
    """What is measured: the time on the CPU (always), and that on a GPU."""

    CPU, CUDA = range(2)


class ProfilerAction(enum.Enum):
    """What a profile does in a step."""

    NONE, WARMUP, RECORD, RECORD_AND_SAVE = range(4)


RECORDING = ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE


def supported_activities() -> set:
    """The activities that this machine has."""
    return set(ProfilerActivity) if cuda_is_available() else {ProfilerActivity.CPU}


def schedule(*, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0):
    """A function from the number of a step to what is done in it: after ``skip_first`` steps, again and again
    (``repeat`` times, if not 0) ``wait`` steps of nothing, ``warmup`` steps that are dropped and ``active``
    steps that are recorded. AssertionError for a negative number, or no active step.
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise AssertionError(
            f"Invalid profiler schedule arguments. Got wait={wait} (need >= 0), warmup={warmup} (need >= 0), "
            f"active={active} (need > 0), repeat={repeat} (need >= 0), skip_first={skip_first} (need >= 0)."
        )
    if warmup == 0:
        warnings.warn("Profiler won't be using warmup, this can skew profiler results", stacklevel=2)
    cycle = wait + warmup + active

    def action(step):
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        cycles, place = divmod(step - skip_first, cycle)
        if step < skip_first or place < wait or 0 < repeat <= cycles:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(dir_name: str, worker_name: str | None = None, use_gzip: bool = False):
    """An ``on_trace_ready`` that writes a trace into ``dir_name``, under a name that TensorBoard knows."""

    def handler(prof):
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        ending = ".pt.trace.json.gz" if use_gzip else ".pt.trace.json"
        prof.export_chrome_trace(os.path.join(dir_name, f"{worker}.{time.time_ns()}{ending}"))

    return handler


class record_function(contextlib.ContextDecorator):
    """A context manager and decorator that gives a part of the program a row of its own.

    TypeError if ``name`` is no string.
    """

    def __init__(self, name: str, args: str | None = None):
        if not isinstance(name, str):
            raise TypeError(f"record_function: the name is a string, not {type(name).__name__}")
        self.name, self.args = name, args

    def _recreate_cm(self):  # each call of a decorated function, also within another, is an event
        return record_function(self.name, self.args)

    def __enter__(self):
        self._recorder = Recorder.active
        self._event = self._recorder and self._recorder.enter(self.name, "user")
        return self

    def __exit__(self, *exc_info):
        if self._event is not None:
            self._recorder.leave(self._event)


class profile:
    """Record what the operations, modules and backward passes in the ``with`` block cost::

        with profile(profile_memory=True) as prof:
            loss_function(model(x), y).backward()
        print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=10))
        print(prof.key_averages(group_by="module").table())

    activities: a list of :class:`ProfilerActivity`. schedule: what to do in which step, see :func:`schedule`;
    ``step()`` begins the next one. on_trace_ready: called with the profile when a cycle, or all, is recorded.
    record_shapes: keep the shapes of inputs. profile_memory: count bytes, by ``tracemalloc``, which slows
    small operations down. with_stack: keep the lines that led to each event. with_modules: record the calls
    of modules. acc_events: keep the events of earlier cycles. max_events: after so many, recording ends.

    It records the thread that began it; work that this thread shares out counts as its own. RuntimeError if
    a profile is running already.
    """

    def __init__(
        self,
        *,
        activities=None,
        schedule=None,
        on_trace_ready=None,
        record_shapes=False,
        profile_memory=False,
        with_stack=False,
        with_modules=True,
        with_flops=False,
        acc_events=False,
        max_events=math.inf,
    ):
        activities = supported_activities() if activities is None else set(activities)
        if not activities:
            raise AssertionError("No valid profiler activities found")
        if with_flops:
            raise NotImplementedError("profile: with_flops is not supported; utils.visualize.summary counts")
        on_gpu = ProfilerActivity.CUDA in activities
        if on_gpu and not cuda_is_available():
            warnings.warn("CUDA is not available, disabling CUDA profiling", stacklevel=2)
            on_gpu = False
        self.schedule, self.on_trace_ready = schedule, on_trace_ready
        self.profile_memory, self.with_stack, self.acc_events = profile_memory, with_stack, acc_events
        self._options = {"shapes": record_shapes, "memory": profile_memory, "stacks": with_stack}
        self._options |= {"modules": with_modules, "limit": max_events, "gpu": cupy() if on_gpu else None}
        self._recorder = self._events = self._step = None
        self.step_num, self.current_action = 0, self._action(0)

    def _action(self, step):
        return ProfilerAction.RECORD if self.schedule is None else self.schedule(step)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()

    def start(self):
        """Begin with the first step."""
        if self._recorder is not None:
            raise RuntimeError("Profiler context manager is not reentrant")
        self._go_on(ProfilerAction.NONE, self.current_action)

    def step(self):
        """Begin the next step."""
        before, self.step_num = self.current_action, self.step_num + 1
        self.current_action = self._action(self.step_num)
        self._go_on(before, self.current_action)

    def stop(self):
        """End. AssertionError if it never began."""
        if self._events is None and self.schedule is None:
            raise AssertionError("Profiler must be initialized before stopping trace")
        self._go_on(self.current_action, None)

    def _go_on(self, before, after):
        """From the action of one step to that of the next, None at the end."""
        recorder = self._recorder
        if recorder is not None:
            recorder.leave(self._step)
            cut = before is not ProfilerAction.RECORD_AND_SAVE and after is ProfilerAction.NONE
            if cut:
                warnings.warn(f"Incorrect schedule: {before.name} followed by NONE", stacklevel=3)
            if before is ProfilerAction.RECORD_AND_SAVE or after in (None, ProfilerAction.NONE):
                recorder.uninstall()
                self._recorder = None
                if before in RECORDING:
                    self._events = EventList([*self._events, *recorder.events], self.profile_memory)
                    if self.on_trace_ready is not None and not cut:
                        self.on_trace_ready(self)
        if after in (None, ProfilerAction.NONE):
            return
        if self._recorder is None:
            recorder = Recorder(**self._options)
            recorder.install()
            self._recorder = recorder
            self._events = self._events if self.acc_events and self._events else EventList()
        elif before is ProfilerAction.WARMUP:
            recorder.clear()
        if self.schedule is not None:
            self._step = recorder.enter(f"ProfilerStep#{self.step_num}", "step")

    # ---- what was recorded ---------------------------------------------------------------------------

    def events(self) -> EventList:
        """All events, in the order in which they began. AssertionError before any is recorded."""
        if self._events is None:
            raise AssertionError("Profiler must be initialized before accessing events")
        return self._events

    def key_averages(self, group_by_input_shape=False, group_by_stack_n=0, group_by="operation") -> EventList:
        """The events summed up in rows: by operation and phase, and if wanted by shapes of inputs and by
        lines of the program; ``group_by="module"``: by module and phase. ``table()`` is their text.
        """
        return self.events().key_averages(group_by_input_shape, group_by_stack_n, group_by)

    def export_chrome_trace(self, path: str) -> None:
        """Write the events for chrome://tracing or https://ui.perfetto.dev; compressed if ``path`` ends with
        ``.gz``.
        """
        pictures.write_chrome_trace(self.events(), path)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write a line for each event: the calls that led to it, and the metric. AssertionError without
        ``with_stack``.
        """
        if not self.with_stack:
            raise AssertionError("export_stacks() requires with_stack=True")
        pictures.write_stacks(self.events(), path, metric)

    def plot(self, path: str) -> None:
        """Draw a flame graph into the file ``path``, with matplotlib: below each event what ran inside."""
        pictures.draw_flames(self.events(), path)
