"""A docstring in Google's style, put together of its parts."""

from __future__ import annotations

import enum
import inspect
import re

WIDTH = 100
HEADINGS = ("Args", "Shape", "Returns", "Raises", "Note", "Example")
_HEADING = re.compile(rf"({'|'.join(HEADINGS)}):")
_ABOUT = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: \(((?:[^()]|\([^()]*\))+)\))?: (.*)")
_ERRORS = r"\w+(?:Error|Warning)(?:(?:, | or | and )\w+Error)*"
_WHEN = r"(?:if|for|unless|where|without|below|outside|in)\s"
_RAISES = re.compile(rf"(?:(?<=[.;])\s+|\n\n)({_ERRORS}\s{_WHEN}.*?)(?:[.;](?=\s|$)|\Z)", re.DOTALL)
_NEXT = re.compile(rf",(?: and)? (?={_ERRORS} {_WHEN})")
_ROLE = re.compile(r":(?:func|class|meth|mod|data|attr):`~?(?:mytorch\.)?([^`]+)`")


def parameters_and_rest(text, names=None):
    """The lines ``parameter (type): meaning`` of a text, of the parameters ``names`` or of any, as
    {parameter: (type or None, meaning)}, and the other lines. Indented lines continue one.
    """
    found, rest, current = {}, [], []
    for line in text.splitlines():
        match = ": " in line and _ABOUT.fullmatch(line)
        about = [name.strip("* ") for name in match[1].split(",")] if match else []
        if about and (names is None or set(about) <= set(names)):
            current = about
            found.update((name, (match[2], match[3])) for name in current)
        elif current and line.startswith("    "):
            kind, meaning = found[current[0]]
            found.update((name, (kind, f"{meaning} {line.strip()}")) for name in current)
        else:
            current = []
            rest.append(line)
    return found, rest


class Docstring:
    """The docstring ``own`` of the source and the ``text`` of an entry, with {parameter: (type, meaning)} for
    parameters of which neither speaks. ``str()`` gives the whole.
    """

    def __init__(self, own, text, signature, meanings):
        self.parts: dict = {heading: [] for heading in ("", *HEADINGS)}
        self.meanings: dict = {}
        self._take(inspect.cleandoc(own or ""), signature.parameters)
        self._take(text, signature.parameters)
        for name, parameter in signature.parameters.items():
            if name != "self":
                self._describe(parameter, *meanings.get(name, (None, None)))
        self._find_errors()

    def _take(self, text, names):
        """Sort lines into parts: sentences, sections, lines about the parameters ``names``, an example at the
        end.
        """
        heading, bare = "", False
        for line in text.splitlines():
            if match := _HEADING.fullmatch(line):
                heading = match[1]
            elif bare or (line.startswith(">>>") and not heading):
                bare = True
                self.parts["Example"].append(line)
            else:
                heading = "" if line[:1].strip() else heading
                self.parts[heading].append(line.removeprefix("    ") if heading else line)
        for heading in ("Args", ""):
            found, self.parts[heading] = parameters_and_rest("\n".join(self.parts[heading]), names)
            self.meanings = found | self.meanings

    def _describe(self, parameter, kind, meaning):
        """Add a line about a parameter."""
        own_kind, own_meaning = self.meanings.get(parameter.name, (None, None))
        kind, meaning = own_kind or kind or _kind(parameter), own_meaning or meaning
        if meaning is not None:
            stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
            default = "" if parameter.default is parameter.empty else f"default {_shown(parameter.default)}"
            remark = ", ".join(filter(None, (kind, default)))
            name = f"{stars}{parameter.name}"
            line = f"{name} ({remark}): {meaning}" if remark else f"{name}: {meaning}"
            self.parts["Args"] += _wrapped(line)

    def _find_errors(self):
        """Move sentences such as "RuntimeError for other shapes." to ``Raises:``."""
        text = "\n".join(self.parts[""]).strip()
        for sentence in _RAISES.findall(text):
            for error in _NEXT.split(" ".join(sentence.split())):
                names, when = re.fullmatch(rf"({_ERRORS}) (.*)", error).groups()
                self.parts["Raises"].append(f"{names}: {when}.")
        text = re.sub(r"\n{3,}", "\n\n", _RAISES.sub("", text)).strip()
        self.parts[""] = re.sub(r";(?=\n\n|\Z)", ".", text).splitlines()

    def __str__(self):
        found = ["\n".join(self.parts[""])]
        for heading in HEADINGS:
            lines = "\n".join(self.parts[heading]).strip("\n").splitlines()
            if lines:
                found.append("\n".join([f"{heading}:", *(f"    {line}".rstrip() for line in lines)]))
        return _ROLE.sub(r"`\1`", "\n\n".join(filter(None, found)))


def _wrapped(line):
    """A line of any length as lines of at most ``WIDTH``, with a hanging indent."""
    lines = []
    while len(line) > WIDTH and (cut := line.rfind(" ", 5, WIDTH + 1)) > 0:
        lines.append(line[:cut])
        line = "    " + line[cut + 1 :]
    return [*lines, line]


def _kind(parameter):
    """The type that a default tells, or None."""
    kind = type(parameter.default)
    return kind.__name__ if kind in (bool, int, float, str) else None


def _shown(default):
    """A default as it is written in a call."""
    if isinstance(default, enum.Enum):
        return f"{type(default).__name__}.{default.name}"
    return getattr(default, "__name__", None) or repr(default)
