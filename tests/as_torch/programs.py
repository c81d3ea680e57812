"""Runs a few lines in a process in which ``import torch`` means mytorch."""

import subprocess
import sys
import textwrap


def python(*arguments, **options):
    """A finished process of Python, with its text output."""
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def lines(code):
    """What the code prints, line by line."""
    done = python("-m", "mytorch", "-c", textwrap.dedent(code))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()
