"""The directive `names`: public names of a module, a table of their first sentences and then each in full.

    ```{names} mytorch.optim
    SGD Adam
    ```

Without names it documents all public functions and classes.
"""

import importlib
import inspect
import re

from sphinx.util.docutils import SphinxDirective

MATHEMATICS = re.compile(r"(^\s*\* |^\.\. .*|`+[^`]*`+)|([|*]|_\b)")


class Names(SphinxDirective):
    required_arguments = 1
    has_content = True

    def run(self):
        module = importlib.import_module(self.arguments[0])
        names = " ".join(self.content).split() or public(module)
        lines = [f".. currentmodule:: {module.__name__}", "", ".. autosummary::", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in names]
        for name in names:
            lines += ["", f".. auto{kind(getattr(module, name))}:: {name}"]
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", *lines, "```"]))


def public(module):
    """Functions and classes: those of `__all__`, or what is written in the module or below it."""
    names = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    values = {name: getattr(module, name) for name in names}
    home = "mytorch" if hasattr(module, "__all__") else module.__name__
    return [n for n, value in values.items() if kind(value) != "data" and value.__module__.startswith(home)]


def kind(value):
    """What autodoc calls it."""
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if callable(value) and hasattr(value, "__name__") else "data"


def escape(app, what, name, obj, options, lines):
    """In the running text of a docstring, |x|, (N, *) and x_ are mathematics, not markup."""
    literal = doctest = False
    for i, line in enumerate(lines):
        literal = line.endswith("::") or (literal and line[:1] in ("", " "))
        doctest = line.lstrip().startswith(">>>") or (doctest and line.strip() != "")
        if not (literal or doctest):
            line = line.replace(", default: ", ", default ")  # napoleon ends a type at the first colon
            lines[i] = MATHEMATICS.sub(lambda match: match[1] or f"\\{match[2]}", line)


def setup(app):
    app.connect("autodoc-process-docstring", escape, priority=400)  # before napoleon
    app.add_directive("names", Names)
    return {"parallel_read_safe": True}
