"""The source of a node's gradient formulas."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import os
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

from ...autograd.function_node import FunctionNode

_PACKAGE = Path(__file__).resolve().parents[3]  # the folder that holds mytorch


class Source(NamedTuple):
    """A piece of a source file."""

    name: str
    text: str
    place: str  # file:line
    about: str = ""  # what a function says of itself, in a sentence


def input_names(node):
    """The name of the input behind each edge of ``node``."""
    if isinstance(node, FunctionNode):
        return [f"argument {i}" for i, needed in enumerate(node.needs_input_grad) if needed]
    op = node.plan.op
    variadic = op.signature.variadic
    return [f"{variadic}[{i}]" if variadic else op.inputs[i] for i in node.plan.live]


def first_sentence(document):
    """The first sentence of a docstring, without markup and without what it refers to."""
    line = (document or "").strip().split("\n")[0].split(". ")[0].split("; see ")[0]
    return re.sub(r"(:\w+:)?`+~?([^`]*)`+", r"\2", line).removesuffix(".")


def formulas(node):
    """([Source] of the formulas of ``node``, the shortest first, [Source] of the functions of the same file
    that they call).
    """
    plan = node.plan
    if isinstance(node, FunctionNode):
        found = plan.function._mytorch_rule()
        return [_definition(f"{plan.function.__name__}.{found.__name__}", found)], []
    names = ["joint"] if plan.op.joint else input_names(node)
    rules, called = {}, {}
    for name, rule in zip(names, plan.rules):
        rule = _plain(rule)
        is_lambda = getattr(rule, "__name__", "") == "<lambda>"
        if is_lambda:
            source = _lambda(name, rule)
        else:
            source = _definition(f"{name}={getattr(rule, '__name__', rule)}", rule)
        rules[source.place, source.text] = source
        for function in _called_by(rule):
            called[function] = _definition(function.__name__, function)
    return sorted(rules.values(), key=lambda s: s.text.count("\n")), list(called.values())


def _plain(rule):
    rule = inspect.unwrap(rule)
    return _plain(rule.func) if isinstance(rule, functools.partial) else rule


def _called_by(function):
    """The functions of the same file that ``function`` names, except operations."""
    if not inspect.isfunction(function):
        return []
    found = [function.__globals__.get(name) for name in function.__code__.co_names]
    return [
        f
        for f in found
        if inspect.isfunction(f)
        and f.__globals__ is function.__globals__
        and not hasattr(f, "primitive")
        and f is not function
    ]


def _definition(name, function):
    try:
        lines, line = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return Source(name, f"# the source of {name} is not available", "")
    place, about = _place(inspect.getsourcefile(function), line), first_sentence(function.__doc__)
    return Source(name, textwrap.dedent("".join(lines)).rstrip(), place, about)


def _lambda(name, rule):
    """The source of a lambda with its keyword: ``x=lambda g, y: g * y``."""
    code = rule.__code__
    here = [
        (keyword, node) for keyword, node in _lambdas(code.co_filename) if node.lineno == code.co_firstlineno
    ]
    parameters = list(inspect.signature(rule).parameters)
    # several lambdas may be on one line
    here = [(k, node) for k, node in here if k is not None and k.arg == name] or here
    here = [(k, node) for k, node in here if [a.arg for a in node.args.args] == parameters] or here
    if not here:
        return Source(name, f"# the source of {name} is not available", "")
    keyword, node = here[0]
    text = ast.get_source_segment("".join(linecache.getlines(code.co_filename)), keyword or node, padded=True)
    return Source(name, textwrap.dedent(text), _place(code.co_filename, node.lineno))


@functools.lru_cache(maxsize=64)
def _lambdas(filename):
    """[(keyword or None, lambda)] of a file, as syntax nodes."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:
        return []
    keywords = {keyword.value: keyword for keyword in ast.walk(tree) if isinstance(keyword, ast.keyword)}
    return [(keywords.get(node), node) for node in ast.walk(tree) if isinstance(node, ast.Lambda)]


def _place(filename, line):
    """file:line, with the path from the package's folder or the current one, else the file name alone."""
    path = Path(os.path.abspath(filename))
    for folder in (_PACKAGE, Path.cwd()):
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder).as_posix()}:{line}"
    return f"{path.name}:{line}"
