"""A docstring in parts: what it says, ``Args:``, ``Shape:``, ``Returns:``, ``Raises:``, ``Example:``."""

from __future__ import annotations

import re

HEADINGS = ("Args", "Shape", "Returns", "Raises", "Note", "Example")
_HEADING = re.compile(rf"({'|'.join(HEADINGS)}):")
_ABOUT = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: \(((?:[^()]|\([^()]*\))+)\))?: (.*)")
_WHEN = r"\w+(?:Error|Warning)(?:(?:, | or | and )\w+Error)* (?:if|for|unless|where|without|below|outside|in) "
_ERROR = re.compile(rf"(?:(?<=[.;])\s+|\n\n)({_WHEN}.*?)(?:[.;](?=\s|$)|\Z)", re.DOTALL)
_NEXT_ERROR = re.compile(rf",(?: and)? (?={_WHEN})")


def parameters_and_rest(text, names=None):
    """The lines ``parameter (type): meaning`` of a text, of the parameters ``names`` or of any, as
    {parameter: (type or None, meaning)}, and the other lines. Indented lines continue one.
    """
    found, rest, current = {}, [], []
    for line in text.splitlines():
        match = _ABOUT.fullmatch(line)
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


class Sections:
    """A docstring that is taken apart and completed; ``str()`` puts it together."""

    def __init__(self):
        self.parts = {heading: [] for heading in ("", *HEADINGS)}
        self.meanings: dict = {}  # what it says about parameters itself

    def add(self, text, names):
        """More of it: sentences, sections, lines about the parameters ``names``, an example at the end."""
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

    def describe(self, parameter, kind, meaning):
        """Add a parameter, with the type and meaning of the glossary where the text has none of its own."""
        own_kind, own_meaning = self.meanings.get(parameter.name, (None, None))
        kind, meaning = own_kind or kind or _kind(parameter), own_meaning or meaning
        if meaning is not None:
            stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
            default = "" if parameter.default is parameter.empty else f"default: {_shown(parameter.default)}"
            remark = ", ".join(filter(None, (kind, default)))
            self.parts["Args"].append(
                f"{stars}{parameter.name}{f' ({remark})' if remark else ''}: {meaning}"
            )

    def __str__(self):
        text = "\n".join(self.parts[""]).strip()
        for sentence in _ERROR.findall(text):
            for error in _NEXT_ERROR.split(" ".join(sentence.split())):
                names, when = re.fullmatch(r"(.*?\w+(?:Error|Warning)) ((?!or |and ).*)", error).groups()
                self.parts["Raises"].append(f"{names}: {when}.")
        found = [re.sub(r"\n{3,}", "\n\n", _ERROR.sub("", text)).strip()]
        for heading in HEADINGS:
            lines = "\n".join(self.parts[heading]).strip("\n").splitlines()
            indented = "\n".join(f"    {line}".rstrip() for line in lines)
            found.append(lines and f"{heading}:\n{indented}")
        return "\n\n".join(filter(None, found))


def _kind(parameter):
    """The type that a default tells, or None."""
    kind = type(parameter.default)
    return kind.__name__ if kind in (bool, int, float, str) else None


def _shown(default):
    """A default as it is written in a call."""
    return getattr(default, "__name__", None) or repr(default)
