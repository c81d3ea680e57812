"""The documentation of public names, put together when a name is first looked up.

A docstring in the source says what a function or class does. What would make the source long stands beside
it, in text files that are read with the first name of theirs:

* ``glossary.txt`` says once what a parameter means that means the same everywhere (``dim``, ``keepdim``, …);
* ``ops/reduce.txt`` continues the docstrings of ``mytorch/ops/reduce.py``, and ``ops.txt`` those of every file
  in ``mytorch/ops/``: an entry begins with the names it is about, ``*`` for all; a name with its parameters in
  parentheses states its signature. Indented follow lines ``parameter (type): meaning`` and examples.

What is nearer wins: the docstring, the entry of the name, that of its file, of its folder, the glossary. The
signature gives the defaults, and the sentences of the docstring that begin with an error become ``Raises:``.
"""

from __future__ import annotations

import functools
import inspect
import pathlib
import re
import weakref

from .signatures import accepted, stated
from .text import Sections, parameters_and_rest

_DONE: weakref.WeakSet = weakref.WeakSet()  # functions that have their documentation
HERE = pathlib.Path(__file__).parent
_ENTRY = re.compile(r"^(?![ #\n])(.+)\n((?:(?:[ #].*)?\n)*)", re.MULTILINE)
_ROLE = re.compile(r":(?:func|class|meth|mod|data|attr):`~?(?:mytorch\.)?([^`]+)`")


@functools.cache
def entries(file):
    """{name: (signature or None, text)} of a file, such as ``ops/reduce``; empty if it is not there."""
    path, found = HERE / f"{file}.txt", {}
    if path.is_file():
        for heading, body in _ENTRY.findall(path.read_text(encoding="utf-8") + "\n"):
            name, parenthesis, rest = heading.partition("(")
            for name in [name] if parenthesis else heading.split(", "):
                signature, text = found.get(name, (None, ""))
                found[name] = (parenthesis + rest or signature, text + inspect.cleandoc(f"\n{body}") + "\n")
    return found


@functools.cache
def shared(file):
    """{parameter: (type, meaning)} of what holds for all names of a file or folder, "" for the glossary."""
    own = entries(file or "glossary").get("*", (None, ""))[1]
    return (shared(file.rpartition("/")[0]) if file else {}) | parameters_and_rest(own)[0]


def document(value):
    """Give a function or class its whole docstring, and a function the signature of its calls."""
    if isinstance(value, type):
        if not isinstance(vars(value).get("__doc__"), ClassText):
            value.__doc__ = ClassText(value)
    elif value not in _DONE:
        _DONE.add(value)
        op = getattr(value, "primitive", None)
        home = inspect.unwrap(op.forward if op else value).__globals__["__name__"]
        file = home.partition(".")[2].replace(".", "/")
        signature, text = entry(file, value.__name__.rstrip("_"))
        value.__signature__ = stated(signature) if signature else accepted(value)
        value.__doc__ = whole(value.__doc__, value.__signature__, text, shared(file))


def entry(file, name):
    """(signature or None, text) of a name in the entries of its file, else of the folders above it."""
    while file:
        if name in entries(file):
            return entries(file)[name]
        file = file.rpartition("/")[0]
    return None, ""


class ClassText:
    """The docstring of a class, put together when it is read."""

    def __init__(self, value):
        self.own, self.name, self.text = vars(value).get("__doc__"), value.__name__, None
        self.file = value.__module__.partition(".")[2].replace(".", "/")

    def __get__(self, instance, owner):
        if self.text is None:
            signature, text = entry(self.file, self.name)
            try:
                signature = stated(signature) if signature else inspect.signature(owner)
            except ValueError:  # of a class in C
                signature = inspect.Signature()
            self.text = whole(self.own, signature, text, shared(self.file))
        return self.text


def whole(own, signature, text, meanings):
    """A docstring in Google's style of one in the source, the text of an entry and what parameters mean."""
    sections = Sections()
    sections.add(inspect.cleandoc(own or ""), signature.parameters)
    sections.add(text, signature.parameters)
    for name, parameter in signature.parameters.items():
        if name != "self":
            sections.describe(parameter, *meanings.get(name, (None, None)))
    return _ROLE.sub(r"`\1`", str(sections))
