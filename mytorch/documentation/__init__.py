"""The documentation of public names, put together when a name is first looked up.

A docstring in the source says in a few sentences what a function or class does. What would make the source
long stands in text files beside this one:

* ``glossary.txt`` says once what a parameter means that means the same everywhere: ``dim``, ``keepdim``, …
* ``ops/reduce.txt`` continues the docstrings of ``mytorch/ops/reduce.py``, ``ops/losses.txt`` those of all
  files in ``mytorch/ops/losses/``. An entry begins with the names that it is about, ``*`` for all, or with a
  name and its parameters in parentheses, where the signature in the code says too little. Lines
  ``parameter (type): meaning`` and an example follow, indented.

The nearest meaning counts: that of the docstring, the entry of the name, its file, its folder, the glossary.
Defaults come from the signature. Sentences of the docstring that begin with an error become ``Raises:``.
"""

from __future__ import annotations

import functools
import inspect
import pathlib
import re
import weakref

from .signatures import accepted, stated
from .text import Docstring, parameters_and_rest

HERE = pathlib.Path(__file__).parent
_ENTRY = re.compile(r"^(?![ #\n])(.+)\n((?:(?:[ #].*)?\n)*)", re.MULTILINE)
_WRITTEN: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # function -> its docstring in the source


@functools.cache
def entries(file):
    """{name: (signature or None, text)} of a file, such as ``ops/reduce``; empty if it is not there."""
    path, found = HERE / f"{file}.txt", {}
    if path.is_file():
        for heading, body in _ENTRY.findall(path.read_text(encoding="utf-8") + "\n"):
            first, parenthesis, rest = heading.partition("(")
            for name in [first] if parenthesis else heading.split(", "):
                signature, text = found.get(name, (None, ""))
                found[name] = (parenthesis + rest or signature, f"{text}{body}\n")
    return found


def entry(file, name):
    """(signature or None, text) of a name in the entries of a file or of the folders above it."""
    while file:
        if name in entries(file):
            signature, text = entries(file)[name]
            return signature, inspect.cleandoc(f"\n{text}")
        file = file.rpartition("/")[0]
    return None, ""


@functools.cache
def shared(file):
    """{parameter: (type, meaning)} for all names of a file or folder, such as ``ops``; "" is the glossary."""
    own = inspect.cleandoc("\n" + entries(file or "glossary").get("*", (None, ""))[1])
    return (shared(file.rpartition("/")[0]) if file else {}) | parameters_and_rest(own)[0]


def document(value):
    """Give a function or class its whole docstring, and a function the signature of its calls."""
    if isinstance(value, type):
        if not isinstance(vars(value).get("__doc__"), ClassDocstring):
            value.__doc__ = ClassDocstring(value)
    elif value not in _WRITTEN:
        _WRITTEN[value] = value.__doc__
        file, signature, text = _entry_of(value)
        value.__signature__ = stated(signature) if signature else accepted(value)
        value.__doc__ = str(Docstring(value.__doc__, text, value.__signature__, shared(file)))


def written(function):
    """The docstring of a function as it is in the source."""
    return _WRITTEN.get(function, function.__doc__)


def _entry_of(function):
    """(file, signature or None, text) of a function."""
    op = getattr(function, "primitive", None)
    source, name = inspect.unwrap(op.forward if op else function), function.__name__
    file = _file(source.__globals__["__name__"])
    if op and source.__name__.startswith("_"):  # a public function calls it
        return file, None, ""
    signature, text = entry(file, name)
    if not text and (ending := re.search(r"(_copy|_)$", name)):  # the parameters of what it is a form of
        signature, text = entry(file, name[: ending.start()])
        signature = signature and re.sub(r"(, \*)?, out=None", "", signature)
        text = text.partition(">>>")[0]
    return file, signature, text


class ClassDocstring:
    """The docstring of a class, put together when it is read."""

    def __init__(self, value):
        self.own, self.text = vars(value).get("__doc__"), None
        self.name, self.module = value.__name__, value.__module__

    def __get__(self, instance, owner):
        if self.text is None:
            file = _file(self.module)
            signature, text = entry(file, self.name)
            try:
                signature = stated(signature) if signature else inspect.signature(owner)
            except ValueError:  # of a class in C
                signature = inspect.Signature()
            self.text = str(Docstring(self.own, text, signature, shared(file)))
        return self.text


def _file(module):
    """``ops/reduce`` for ``mytorch.ops.reduce``."""
    return module.partition(".")[2].replace(".", "/")
