"""A Griffe extension: docstrings as the API reference shows them.

Lines ``name: what it is`` about parameters and indented definitions become lists, ``:func:`name` `` becomes
code. An operation that is made by a call, such as ``sin = unary("sin", …)``, gets the docstring of the
function that it becomes.
"""

import importlib
import inspect
import re

import griffe

_ROLE = re.compile(r":(?:func|class|meth|mod|data):`~?([^`]+)`")
_DEFINITION = re.compile(r"^(``[^`]+``.*)\n    ", re.MULTILINE)
_FIRST = re.compile(r"^(.+)\n(?=1\. )", re.MULTILINE)  # a list needs an empty line in front
_LINE = re.compile(r"^(\w+(?:, \w+)*|``\w+``): ", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Runs on every object before it is rendered."""

    def on_function(self, *, func, **_):
        """Functions and methods."""
        rewrite(func, {p.name for p in func.parameters})

    def on_class(self, *, cls, **_):
        """Classes: their parameters are those of ``__init__``."""
        rewrite(cls, {p.name for p in cls.parameters} | set(cls.members))

    def on_module(self, *, mod, **_):
        """Modules, and what calls have put into them."""
        rewrite(mod, set())
        made = [
            a for a in mod.attributes.values() if not (a.is_alias or a.docstring or a.name.startswith("_"))
        ]
        for attribute in made if ".ops" in mod.path else ():
            value = getattr(importlib.import_module(mod.path), attribute.name, None)
            if inspect.isfunction(value) and value.__doc__:
                attribute.docstring = griffe.Docstring(value.__doc__, parent=attribute)


def rewrite(item, parameters):
    """Change the docstring of one object."""
    if item.docstring is None:
        return
    text = as_markdown(item.docstring.value)

    def as_item(match):
        names = match.group(1).strip("`").split(", ")
        return (
            f"\n* {', '.join(f'`{name}`' for name in names)}: "
            if parameters.issuperset(names)
            else match.group(0)
        )

    item.docstring.value = _LINE.sub(as_item, text)


def as_markdown(text):
    """A docstring without the forms that Markdown does not know."""
    return _FIRST.sub(r"\1\n\n", _DEFINITION.sub(r"* \1: ", _ROLE.sub(r"`\1`", text)))
