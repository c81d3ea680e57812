"""Command-line options of the examples.

A wrong option ends the program with a message and exit code 2, before any file is overwritten.
"""

import argparse
import contextlib
import math
import tempfile
from pathlib import Path

import mytorch as torch


def positive(text, least=1):
    """A whole number from 1."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"expected {least} or more, got {number}")
    return number


def natural(text):
    """A whole number from 0."""
    return positive(text, least=0)


def seed(text):
    """A whole number from 0 to 2**63 - 1."""
    number = natural(text)
    if number >= 2**63:
        raise argparse.ArgumentTypeError(f"expected less than 2**63, got {number}")
    return number


def rate(text):
    """A number above 0, such as a learning rate."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from None
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return number


def device(text):
    """The name of a device that is available."""
    try:
        torch.zeros(1, device=text)
    except Exception as error:
        raise argparse.ArgumentTypeError(_line(error)) from None
    return text


def folder(text):
    """A folder that can be written to; it is made if it does not exist."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot write to {text}: {error.strerror}") from None
    return path


@contextlib.contextmanager
def needed_by(parser, option):
    """Report an error inside, such as an unreadable file, as an error of ``option``."""
    try:
        yield
    except (ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        parser.error(f"argument {option}: {_line(error)}")


def _line(error):
    return " ".join(str(error).split()) or type(error).__name__
