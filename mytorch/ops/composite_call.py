"""What a call of a composite does, compiled for its parameters as the calls of an operation are: at the first
call, since most programs call few composites.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import linecache

from ..core.compiled_call import MISSING
from ..core.primitive import Primitive
from ..core.scalar_arguments import PLAIN, number_settings
from .composite import SPELLINGS

# For ``topk(input, k, dim=-1, largest=True, sorted=True)`` the head is the same, with MISSING as defaults of
# input and k, and with ``*_more, **_others``. Usual are calls without these, in which nothing is MISSING,
# flags are bools and numbers Python's own.
CALL = """def call({head}):
    _usual = {usual}
    if not _usual:
        _args, _kwargs = {given}{out}
        _args = _settle(_args, _kwargs)
    try:
        return _function({passed}) if _usual else _function(*_args, **_kwargs)
    except (AttributeError, TypeError) as _error:
        if _usual:
            _args, _kwargs = {given}
        return Primitive.instead(_public, _args, _kwargs, _error)
"""
OUT = """
        if "out" in _kwargs:
            return Primitive.into(_public, _args, _kwargs)"""


def first_call(public, args, kwargs):
    """Compile the composite ``public``; what its first call has to call, and with which arguments."""
    settle = compile_now(public)
    if getattr(public, "takes_out", False) and "out" in kwargs:
        return functools.partial(Primitive.into, public, args, kwargs), (), {}
    args = settle(args, kwargs)
    return public.__wrapped__, args, kwargs


def compile_now(public):
    """Give the composite ``public`` its code, in the place of that of the first call; returns what settles
    arguments.
    """
    function, takes_out = public.__wrapped__, getattr(public, "takes_out", None)
    parameters, numbers, flags = list(inspect.signature(function).parameters.values()), [], []
    if takes_out is not None:  # no function of ``takes_tensors``, which settles its arguments itself
        numbers = number_settings(function)
        flags = [(i, p.name) for i, p in enumerate(parameters) if p.default is True or p.default is False]
    known = SPELLINGS if takes_out is not None else {}
    settle, spellings = _settling(function.__qualname__, parameters, flags, numbers, known)
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        parts = {"head": "*_args, **_kwargs", "given": "_args, _kwargs", "passed": "*_args, **_kwargs"}
        checked = min((place for place, *_ in (*flags, *numbers)), default=len(parameters))
        parts["usual"] = '"out" not in _kwargs'
        if flags or numbers or spellings:
            parts["usual"] = f"not _kwargs and len(_args) <= {checked}"
    else:
        parts = _by_name(parameters, flags, numbers)
        public.__defaults__ = tuple(_default(p) for p in parameters if p.kind is not p.KEYWORD_ONLY)
        public.__kwdefaults__ = {p.name: _default(p) for p in parameters if p.kind is p.KEYWORD_ONLY}
    text, file = CALL.format(**parts, out=OUT * bool(takes_out)), f"<composite {function.__qualname__}>"
    linecache.cache[file] = len(text), None, text.splitlines(True), file  # for tracebacks and debuggers
    names, made = public.__globals__, {}
    names |= {"MISSING": MISSING, "PLAIN": PLAIN, "_function": function, "_public": public, "_settle": settle}
    names |= {"_as_given": _giving(parameters), "Primitive": Primitive}
    exec(compile(text, file, "exec"), names, made)
    public.__code__ = made["call"].__code__
    return settle


def _default(parameter):
    return MISSING if parameter.default is parameter.empty else parameter.default


def _by_name(parameters, flags, numbers):
    """The parts of the source for a function of named parameters."""
    names = [p.name for p in parameters]
    places = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    by_keyword = names[len(places) :]
    usual = ["not _more", "not _others"]
    usual += [f"{p.name} is not MISSING" for p in parameters if p.default is p.empty]
    usual += [f"({name} is True or {name} is False)" for _, name in flags]
    usual += [f"({name} is None or type({name}) in PLAIN)" for _, name, _ in numbers]
    values = ", ".join(f"{name!r}: {name}" for name in names)
    return {
        "head": ", ".join([*places, "*_more", *by_keyword, "**_others"]),
        "usual": " and ".join(usual),
        "given": f"_as_given({{{values}}}, _more, _others)",
        "passed": ", ".join([*places, *(f"{name}={name}" for name in by_keyword)]),
    }


def _giving(parameters):
    """The function that gives the arguments as a caller may have written them: those without a default by
    position, the others by name.
    """
    known = {p.name: _default(p) for p in parameters}
    places = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    first = [*itertools.takewhile(lambda name: known[name] is MISSING, places)]

    def as_given(given, more, others):
        values = [given[name] for name in (places if more else first)]
        args = *itertools.takewhile(lambda value: value is not MISSING, values), *more
        rest = [name for name in given if name not in (places if more else first)[: len(args)]]
        return args, {name: given[name] for name in rest if given[name] is not known[name]} | others

    return as_given


def _settling(name, parameters, flags, numbers, known):
    """The function that settles positional arguments, which it returns, and those by keyword, in place; and
    NumPy's spellings of the parameters.
    """
    names = {p.name for p in parameters}
    spellings = {theirs: ours for theirs, ours in known.items() if ours in names and theirs not in names}

    def settle(args, kwargs):
        for theirs, ours in spellings.items():
            if theirs in kwargs:
                kwargs[ours] = kwargs.pop(theirs)
        for place, flag in flags:
            value = args[place] if place < len(args) else kwargs.get(flag, False)
            if value is not True and value is not False:
                raise TypeError(f"{name}(): argument {flag!r} must be bool, not {type(value).__name__}")
        for place, number, check in numbers:
            if number in kwargs:
                if type(kwargs[number]) not in PLAIN:
                    kwargs[number] = check(kwargs[number], name, number)
            elif place < len(args) and type(args[place]) not in PLAIN:
                args = (*args[:place], check(args[place], name, number), *args[place + 1 :])
        return args

    return settle, spellings
