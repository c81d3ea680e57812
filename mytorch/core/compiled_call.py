"""What ``Primitive.__call__`` does, unrolled for the parameters of one operation, since calls are many.

It is compiled at the first call, so importing costs nothing. For ``mul(x, y)`` it is

    def mul(x=MISSING, y=MISSING, *more, **others):
        if more or others or x is MISSING or y is MISSING:
            return op.sort_out({"x": x, "y": y}, more, others)
        if isinstance(x, Variable):
            if x._base is not None and x._base._node is not x._base_node:
                refresh(x)
            x_array, x_kind = x.array, 1 if x._node is None else 2
        else:
            x_array, x_kind = x, 0
        …                                                          # the same for y
        given = arrays = [x_array, y_array]
        …                                                          # and all the rest as it stands there
"""

from __future__ import annotations

import linecache
import types
from contextvars import Context

# ruff: noqa: F401  (the compiled functions use these)
from . import graph
from .arrays import QUIET, as_array, float_errors, ndarray, quietly
from .errors import refuse_complex
from .graph import Variable, grad_state, note_view, refresh
from .scalar_arguments import PLAIN

create = object.__new__
contexts: list[Context] = []  # where NumPy does not warn, and nobody runs in: cheaper to enter than to set up
MISSING = object()  # stands for an argument that was not given

INPUT = """
    if isinstance({x}, Variable):
        if {x}._base is not None and {x}._base._node is not {x}._base_node:
            refresh({x})
        {x}_array, {x}_kind = {x}.array, 1 if {x}._node is None else 2
    else:
        {x}_array, {x}_kind = {x}, 0"""
COMPUTE = """
    given = arrays = [{arrays}]
    context = None
    if {is_loud}:
        try:
            context = contexts.pop()
        except IndexError:  # all are in use
            context = Context()
            context.run(float_errors.set, QUIET)
    try:
        {prepare}
        {only_real}
        result = {forward}({call}) if context is None else context.run({forward}, {call})
    except Exception as error:
        rescued = quietly(op.rescue, op, arrays, {settings})
        if rescued is None:
            return op.instead(op, ({inputs}), {settings}, error)
        result, = rescued
    finally:
        if context is not None:
            contexts.append(context)
    {unpack}
    if not ({raw}):
        return result
    node, counter, state = None, [0, 0], grad_state.get()"""
RECORD = """
    if state and ({live}):
        node = op.record(
            {pattern}, {inference}, ({inputs}), given, arrays, result, extras, {settings}, counter
        )"""
REAL = """first = arrays[0]
        if type(first) is not ndarray or first.dtype.kind == "c":
            refuse_complex(op, arrays)"""
WRAP = """
    if type(result) is not ndarray:
        if type(result) is tuple:
            return op.several(result, node, ({inputs}), {settings})
        result = as_array(result)
    new = create(result_type)
    new.array, new._node, new._counter, new._base = result, node, counter, None
    if state is None:
        new._inference = True
    {note_view}
    return new
"""

FIRST_CALL = compile("lambda *a, **s: compile_now(op)(*a, **s)", __name__, "eval").co_consts[0]
TAKEN = {
    *globals(),
    *"op forward of_wide prepare more others given arrays context first result extras node".split(),
    *"counter state new".split(),
}


def can_be_compiled(signature):
    """Whether the parameters are fixed, and have names that the source does not use itself."""
    return signature.variadic is None and not TAKEN & {*signature.inputs, *signature.defaults}


def compiled_call(op):
    """The function of ``op``, a Primitive. It compiles itself when it is first called."""
    names = dict(globals(), op=op, forward=op.forward, prepare=op.prepare, __name__=op.forward.__module__)
    names["of_wide"] = getattr(op.forward, "of_wide", None)  # the same for others than 16-bit numbers
    return types.FunctionType(FIRST_CALL, names, op.name)


def compile_now(op):
    """Give the function of ``op`` its code, in the place of that of the first call; returns the function."""
    function, signature, made = op.function, op.signature, {}
    text, file = source(op), f"<call of {op.name}>"
    linecache.cache[file] = len(text), None, text.splitlines(True), file  # for tracebacks and debuggers
    function.__globals__["result_type"] = graph.result_type
    exec(compile(text, file, "exec"), function.__globals__, made)
    names, known = (*signature.inputs, *signature.defaults), signature.when_left_out
    function.__defaults__ = tuple(known.get(name, MISSING) for name in names)
    function.__code__ = made["call"].__code__
    return function


def source(op):
    """The source of the function of ``op``."""
    signature, inputs = op.signature, op.signature.inputs
    names, known = (*inputs, *signature.defaults), signature.when_left_out
    unusual = ["more", "others"]
    unusual += [f"{name} is MISSING" for name in names if name not in known]
    unusual += [f"({name} is not True and {name} is not False)" for name in signature.flags]
    unusual += [f"({name} is not None and type({name}) not in PLAIN)" for name, _ in signature.numbers]
    unusual += ["dtype is not None"] * signature.typed
    given = "{" + ", ".join(f"{name!r}: {name}" for name in names) + "}"
    arrays = [f"{x}_array" for x in inputs]
    passed = [f"arrays[{i}]" for i in range(len(inputs))] if op.prepare else arrays
    pattern, raw = "1", " or ".join(f"{x}_kind" for x in inputs)
    for x in inputs:
        pattern = f"({pattern}) * 3 + {x}_kind"
    parts = {
        "inputs": "".join(f"{x}, " for x in inputs),
        "settings": "{" + ", ".join(f"{name!r}: {name}" for name in signature.defaults) + "}",
        "arrays": ", ".join(arrays),
        "is_loud": "False" if op.view else f"({raw}) or float_errors.get(None) is not QUIET",
        "prepare": "arrays = prepare(arrays)" if op.prepare else "",
        "only_real": REAL if op.complex is None else "",
        "forward": "forward",
        "call": ", ".join([*passed, *(f"{n}={n}" for n in signature.defaults)]),
        "unpack": "result, *extras = result" if op.aux else "extras = None",
        "raw": raw,
        "live": " or ".join(f"{x}_kind == 2" for x in inputs),
        "pattern": pattern,
        "inference": " or ".join(f"({x}_kind == 1 and {x}._inference)" for x in inputs),
        "note_view": "note_view(new, op.function, ({inputs}), {settings})" if op.view else "",
    }
    if hasattr(op.forward, "of_wide"):
        parts["forward"] = f"(of_wide if {passed[0]}.itemsize != 2 else forward)"
    parts["note_view"] = parts["note_view"].format(**parts)
    text = COMPUTE + (RECORD if op.differentiable else "") + WRAP
    return (
        f"def call({', '.join(names)}, *more, **others):\n"
        f"    if {' or '.join(unusual)}:\n"
        f"        return op.sort_out({given}, more, others)"
        + "".join(INPUT.format(x=x) for x in inputs)
        + text.format(**parts)
    )
