"""What ``Primitive.__call__`` does, unrolled for the parameters of one operation, since calls are many.

It is compiled at the first call, so importing costs nothing. For ``mul(x, y)`` it is

    def mul(x=MISSING, y=MISSING, *more, **others):
        if more or others or x is MISSING or y is MISSING:
            return op.sort_out({"x": x, "y": y}, more, others)
        if isinstance(x, Variable):
            x_array, x_kind = x.array, 1 if x._node is None else 2
        …                                            # the same for y, and all the rest as it stands there
"""

from __future__ import annotations

import functools
import linecache
import types
from contextvars import Context

# ruff: noqa: F401  (the compiled functions use these)
from . import graph
from .arrays import QUIET, float_errors, modules, ndarray, numpy, quietly
from .errors import refuse_complex
from .graph import Variable, grad_state, note_view, refresh
from .scalar_arguments import PLAIN
from .sums import FLOAT32

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
LOOP = """
    given, pattern, found, live = [], 1, 0, False
    for x in {many}:{one}
        given.append(x_array)
        pattern, found, live = pattern * 3 + x_kind, found or x_kind, live or x_kind == 2"""
ENTER = """
    context = None
    if {found} or float_errors.get(None) is not QUIET:
        try:
            context = contexts.pop()
        except IndexError:  # all are in use
            context = Context()
            context.run(float_errors.set, QUIET)"""
LEAVE = "if context is not None: contexts.append(context)"
COMPUTE = """
    given = arrays = [{arrays}]{enter}
    try:
        if {unlike}:
            {steps}
        result = {run}
    except Exception as error:
        rescued = quietly(op.rescue, op, arrays, {settings})
        if rescued is None:
            {leave}
            return op.instead(op, ({inputs}), {settings}, error)
        result, = rescued
    {leave}
    {unpack}
    if not {found}:
        return result
    node, counter, state = None, [0, 0], grad_state.get()"""
RECORD = """
    if state and ({live}):
        node = op.record({pattern}, ({inputs}), given, arrays, result, extras, {settings}, counter)"""
REAL = 'if type(first := arrays[0]) is not ndarray or first.dtype is not FLOAT32 and first.dtype.kind == "c":\
 refuse_complex(op, arrays)'
SHARE = """
    if {x}_kind and ((owner := result.base) is {x}_array or (owner is not None and owner is {x}_array.base)):
        base = {x} if {x}._base is None else {x}._base
        new._counter, new._base, new._base_node = {x}._counter, base, base._node
        new._view = {x}._view, op.function, ({rest}), {settings}, None
        if {x}._inference:
            new._inference = True
        return new"""
WRAP = """
    if type(result) is not ndarray:
        if type(result) is tuple:
            return op.several(result, node, ({inputs}), {settings})
        result = result if type(result) in modules else numpy.asarray(result)
    new = create(result_type)
    new.array, new._node = result, node{share}
    new._counter, new._base = counter, None
    if state is None:
        new._inference = True
    {note_view}
    return new
"""

FIRST_CALL = compile("lambda *a, **s: compile_now(op)(*a, **s)", __name__, "eval").co_consts[0]
TAKEN = {
    *globals(),
    *"op forward of_wide prepare more others given arrays context first result extras node".split(),
    *"counter state new pattern found live context rescued error owner base".split(),
}


def can_be_compiled(signature):
    """Whether the source does not use the parameters' names; settings beside ``*arrays`` need a default."""
    usual = not (signature.variadic and signature.required)
    return usual and not TAKEN & {*signature.inputs, *signature.defaults}


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
    function.__code__, function.__kwdefaults__ = made["call"].__code__, signature.known
    names = () if signature.variadic else (*signature.inputs, *signature.defaults)
    function.__defaults__ = tuple(signature.when_left_out.get(name, MISSING) for name in names)
    return function


def source(op):
    """The source of the function of ``op``."""
    signature, inputs, many = op.signature, op.signature.inputs, op.signature.variadic
    names, known = (*inputs, *signature.defaults), signature.when_left_out
    unusual = ["others", *(f"{name} is MISSING" for name in names if name not in known)]
    unusual += [f"({name} is not True and {name} is not False)" for name in signature.flags]
    unusual += [f"({name} is not None and type({name}) not in PLAIN)" for name, _ in signature.numbers]
    unusual += ["dtype is not None"] * signature.typed
    by_name = {name: f"{name!r}: {name}" for name in names}
    given, settings = (f"{{{', '.join(by_name[n] for n in some)}}}" for some in (names, signature.defaults))
    steps = ["arrays = prepare(arrays)"] * (op.prepare is not None) + [REAL] * (op.complex is None)
    parts = {"settings": settings, "unlike": bool(steps), "steps": "\n            ".join(steps or ["pass"])}
    parts["unpack"] = "result, *extras = result" if op.aux else "extras = None"
    if many:
        head, otherwise = ", ".join([f"*{many}", *names]), f"op(*{many}, **{given}, **others)"
        take, passed = LOOP.format(many=many, one=INPUT.format(x="x").replace("\n", "\n    ")), ["*arrays"]
        parts |= {"inputs": f"*{many}, ", "arrays": "*given", **{n: n for n in ("found", "live", "pattern")}}
    else:
        unusual.insert(0, "more")
        head, otherwise = f"{', '.join(names)}, *more", f"op.sort_out({given}, more, others)"
        take, arrays = "".join(INPUT.format(x=x) for x in inputs), [f"{x}_array" for x in inputs]
        passed = [f"arrays[{i}]" for i in range(len(inputs))] if op.prepare else arrays
        parts |= {"inputs": "".join(f"{x}, " for x in inputs), "arrays": ", ".join(arrays)}
        parts["found"] = f"({' or '.join(f'{x}_kind' for x in inputs)})"
        parts["live"] = " or ".join(f"{x}_kind == 2" for x in inputs)
        parts["pattern"] = functools.reduce(lambda before, x: f"({before}) * 3 + {x}_kind", inputs, "1")
        if getattr(op.prepare, "keeps_floats", False):
            types, dtypes = (" is ".join(map(a.format, arrays)) for a in ("type({})", "{}.dtype"))
            parts["unlike"] = f"not ({types} is ndarray and {dtypes} is FLOAT32)"
    by_size = f"(of_wide if {passed[0]}.itemsize != 2 else forward)"
    forward = by_size if hasattr(op.forward, "of_wide") else "forward"
    call = ", ".join([*passed, *(f"{name}={name}" for name in signature.defaults)])
    if op.view:  # it computes nothing that NumPy could warn of
        rest = "".join(f"{x}, " for x in inputs[1:])
        share = SHARE.format(x=inputs[0], rest=rest, settings=settings)  # as ``note_view`` does
        parts |= {"enter": "", "leave": "", "run": f"{forward}({call})", "share": share}
        parts["note_view"] = f"note_view(new, op.function, ({parts['inputs']}), {settings})"
    else:
        parts |= {"enter": ENTER.format(**parts), "leave": LEAVE, "note_view": "", "share": ""}
        parts["run"] = f"{forward}({call}) if context is None else context.run({forward}, {call})"
    text = take + COMPUTE + (RECORD if op.differentiable else "") + WRAP
    head = f"def call({head}, **others):\n    if {' or '.join(unusual)}:\n        return {otherwise}"
    return head + text.format(**parts)
