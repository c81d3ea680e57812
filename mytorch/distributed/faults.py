"""What happens when a rank fails: it says so, with its rank and traceback, and all processes end.

Without this the others would wait for it until their time-out.
"""

from __future__ import annotations

import atexit
import sys
import traceback

_state: dict = {"transport": None, "exit": sys.exit, "hook": sys.excepthook, "code": 0}


def install(transport) -> None:
    """From now on an exception that nobody catches, or ``sys.exit`` with an error, ends all ranks."""
    if _state["transport"] is None:
        _state.update(exit=sys.exit, hook=sys.excepthook, code=0)
        sys.exit, sys.excepthook = _exit, _on_exception
        atexit.register(_at_exit)
    _state["transport"] = transport


def uninstall() -> None:
    """Python's own behaviour again."""
    if _state["transport"] is not None:
        sys.exit, sys.excepthook = _state["exit"], _state["hook"]
        atexit.unregister(_at_exit)
        _state["transport"] = None


def _on_exception(kind, error, trace) -> None:
    transport = _state["transport"]
    text = "".join(traceback.format_exception(kind, error, trace))
    sys.stdout.flush()
    sys.stderr.write(f"\nrank {transport.rank} of {transport.size} failed, all ranks end:\n{text}")
    sys.stderr.flush()
    transport.abort(130 if issubclass(kind, KeyboardInterrupt) else 1)


def _exit(status=None) -> None:
    """``sys.exit``, which also notes the exit status: Python does not tell it to those who run at exit."""
    _state["code"] = status
    raise SystemExit(status)


def _at_exit() -> None:
    transport, code = _state["transport"], _state["code"]
    if code in (None, 0) or transport is None:
        return
    sys.stdout.flush()
    note = f": {code}" if isinstance(code, str) else f" with status {code}"
    sys.stderr.write(
        f"\nrank {transport.rank} of {transport.size} has called sys.exit{note}; all ranks end\n"
    )
    sys.stderr.flush()
    transport.abort(code if isinstance(code, int) else 1)
