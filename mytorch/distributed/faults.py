"""What happens when a rank fails: it says so, with its rank and traceback, and all processes end.

Without this the others would wait for it until their time-out.
"""

from __future__ import annotations

import atexit
import sys
import traceback

from . import mpi

_state: dict = {"transport": None, "exit": None, "hook": None, "code": 0}


def install(transport=None) -> None:
    """From now on an exception that nobody catches, or ``sys.exit`` with an error, ends all ranks. Without a
    ``transport`` the failing rank joins the others only to end them.
    """
    if _state["exit"] is None:
        _state.update(exit=sys.exit, hook=sys.excepthook, code=0)
        sys.exit, sys.excepthook = _exit, _on_exception  # type: ignore[assignment]
        atexit.register(_at_exit)
    _state["transport"] = transport or _state["transport"]


def uninstall() -> None:
    """Python's own behaviour again."""
    if _state["exit"] is not None:
        sys.exit, sys.excepthook = _state["exit"], _state["hook"]
        atexit.unregister(_at_exit)
        _state.update(transport=None, exit=None)


def _end_all(said, code) -> None:
    transport = _state["transport"]
    if transport is None:
        who = f"rank {mpi.launched(mpi.RANKS)} of {mpi.launched()}"
    else:
        who = f"rank {transport.rank} of {transport.size}"
    sys.stdout.flush()
    sys.stderr.write(f"\n{who} {said}")
    sys.stderr.flush()
    if transport is None and mpi.is_installed():
        transport = mpi.world(mpi.launched())
    if transport is not None:
        transport.abort(code)


def _on_exception(kind, error, trace) -> None:
    text = "".join(traceback.format_exception(kind, error, trace))
    _end_all(f"failed, all ranks end:\n{text}", 130 if issubclass(kind, KeyboardInterrupt) else 1)


def _exit(status=None) -> None:
    """``sys.exit``, which also notes the exit status: Python does not tell it to those who run at exit."""
    _state["code"] = status
    raise SystemExit(status)


def _at_exit() -> None:
    code = _state["code"]
    if code not in (None, 0):
        is_number = isinstance(code, int)
        said = f"with status {code}" if is_number else f"and says: {code}"
        _end_all(f"has called sys.exit {said}; all ranks end\n", code if is_number else 1)
