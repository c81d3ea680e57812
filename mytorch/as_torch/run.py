"""Runs a program in which ``import torch`` means mytorch."""

from __future__ import annotations

import os
import runpy
import sys

USAGE = """usage: python -m mytorch program.py [arguments]
       python -m mytorch -m module [arguments]
       python -m mytorch -c code [arguments]
       python -m mytorch -m mytorch.profiler program.py [arguments]

Runs a program that was written for PyTorch: in it, "import torch" means mytorch.
The last form prints what its operations cost."""


def run(arguments):
    """Run the program that the command line names; 2 if it names none, else None."""
    kind = arguments.pop(0) if arguments[:1] in (["-m"], ["-c"]) else None
    if not arguments or arguments[0].startswith("-"):
        print(USAGE, file=sys.stdout if arguments[:1] in (["-h"], ["--help"]) else sys.stderr)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    program = arguments[0]
    sys.argv = ["-c", *arguments[1:]] if kind == "-c" else arguments
    if kind == "-m":
        sys.path[0] = os.getcwd()
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    elif kind == "-c":
        exec(compile(program, "<string>", "exec"), vars(sys.modules["__main__"]))
    else:
        sys.path[0] = os.path.dirname(os.path.abspath(program))
        runpy.run_path(program, run_name="__main__")
    return None
