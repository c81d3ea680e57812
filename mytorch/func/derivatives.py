"""Derivatives of functions, as functions: grad, vjp, jvp, Jacobians, Hessians. They nest.

The function is called with stand-ins for its inputs: views of inputs that require a gradient (those of an
outer derivative), new leaves for the others. A result that depends on no leaf but these is detached.
"""

from __future__ import annotations

import functools

from ..autograd.grad import grad as tape_grad
from ..core.arrays import xp
from ..core.grad_mode import enable_grad
from ..core.graph import Leaf, Node, Output, Variable, wrap
from ..ops.join import stack
from ..utils._pytree import leaves, mapped, rebuilt


def grad(func, argnums=0, has_aux=False):
    """A function that returns the gradient of ``func``, a scalar, with respect to the arguments ``argnums``.

    ``argnums`` is an int or a tuple. The arguments are tensors or nested dicts, lists, tuples of them; the
    result has their structure and shapes. ``has_aux``: ``func`` returns ``(output, aux)``, the new function
    ``(gradient, aux)``. RuntimeError if the output has more than one element.
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def gradient(*args, **kwargs):
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def grad_and_value(func, argnums=0, has_aux=False):
    """As :func:`grad`, but the new function returns ``(gradient, output)``.

    With ``has_aux`` it returns ``(gradient, (output, aux))``. RuntimeError as there.
    """

    @functools.wraps(func)
    def both(*args, **kwargs):
        with enable_grad():
            given, chosen, ends = _stand_ins(args, argnums)
            output = func(*given, **kwargs)
            output, aux = output if has_aux else (output, None)
            if not isinstance(output, Variable):
                raise RuntimeError(f"Expected f(*args) to return a tensor, got {type(output).__name__}")
            if output.array.size != 1 or output.array.ndim:
                raise RuntimeError(
                    "Expected f(*args) to return a scalar tensor, got one of shape "
                    f"{list(output.array.shape)}"
                )
            found = _grads([output], ends, [None])
        found = rebuilt(chosen, iter([_detached(g, ends) for g in found]))
        output, aux = _detached(output, ends), mapped(lambda leaf: _detached(leaf, ends), aux)
        return found, (output, aux) if has_aux else output

    return both


def vjp(func, *primals, has_aux=False):
    """``(output, pull)``, with ``has_aux`` also aux. ``pull(v)`` is vᵀ J, a tuple over the primals.

    v has the structure and shapes of the output.
    RuntimeError for outputs that are not tensors, and for another structure or shape of v.
    """
    with enable_grad():
        given, chosen, ends = _stand_ins(primals, tuple(range(len(primals))))
        output = func(*given)
        output, aux = output if has_aux else (output, None)
    outs = leaves(output)
    for o in outs:
        if not isinstance(o, Variable):
            raise RuntimeError(f"vjp(f, *primals): f must return tensors, got {type(o).__name__}")

    def pull(v):
        vs = leaves(v)
        if len(vs) != len(outs):
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as that of the outputs: "
                f"{len(outs)} tensors, got {len(vs)}"
            )
        for o, u in zip(outs, vs):
            if u.array.shape != o.array.shape:
                raise RuntimeError(
                    f"Mismatch in shape: the cotangent has a shape of {list(u.array.shape)}, the "
                    f"output of {list(o.array.shape)}"
                )
        with enable_grad():
            found = _grads(outs, ends, vs)
        found = rebuilt(chosen, iter([_detached(g, ends) for g in found]))
        return found if len(primals) > 1 else (found[0],)

    output = mapped(lambda leaf: _detached(leaf, ends), output)
    return (output, pull, mapped(lambda leaf: _detached(leaf, ends), aux)) if has_aux else (output, pull)


def jvp(func, primals, tangents, *, strict=False, has_aux=False):
    """``(output, J v)``, with ``has_aux`` also aux, for ``tangents`` v with the structure and shapes of
    ``primals``, a tuple.

    J v is the derivative of uᵀ J with respect to u, times v. RuntimeError if structures or shapes differ, and
    with ``strict`` if the output does not depend on the primals.
    """
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise RuntimeError("jvp(f, primals, tangents): Expected primals and tangents to be tuples")
    with enable_grad():
        given, _, ends = _stand_ins(primals, tuple(range(len(primals))))
        vs = leaves(tangents)
        if len(vs) != len(ends) or any(v.array.shape != x.array.shape for v, x in zip(vs, ends)):
            raise RuntimeError(
                "jvp(f, primals, tangents): Expected primals and tangents to have the same shapes, "
                f"got {[list(x.array.shape) for x in ends]} "
                f"and {[list(v.array.shape) for v in vs]}"
            )
        output = func(*given)
        output, aux = output if has_aux else (output, None)
        outs = leaves(output)
        us = [wrap(xp(o.array).zeros_like(o.array)).requires_grad_() for o in outs]
        back = _grads(outs, ends, us)
        found = _grads(back, us, vs)
        if strict and not any(o.requires_grad for o in outs):
            raise RuntimeError(
                "jvp(f, primals, tangents, strict=True): the output of f is independent of the primals"
            )
    tangent = rebuilt(output, iter([_detached(t, [*ends, *us]) for t in found]))
    output = mapped(lambda leaf: _detached(leaf, ends), output)
    return (
        (output, tangent, mapped(lambda leaf: _detached(leaf, ends), aux)) if has_aux else (output, tangent)
    )


def linearize(func, *primals):
    """``(output, push)``: ``push(*tangents)`` is J v, as in :func:`jvp`, for tangents with the structure and
    shapes of ``primals``.

    Every call of ``push`` calls ``func`` again.
    """
    output = func(*primals)
    return output, lambda *tangents: jvp(func, primals, tangents)[1]


def jacrev(func, argnums=0, *, has_aux=False, chunk_size=None, _preallocate_and_copy=False):
    """A function that returns the Jacobian of ``func`` with respect to the arguments ``argnums``, row by row.

    Its shape is (*output.shape, *argument.shape). For nested outputs and arguments the result has the
    structure of the outputs, with that of the arguments inside. ``chunk_size`` has no effect. RuntimeError if
    ``func`` does not return tensors.
    """

    @functools.wraps(func)
    def jacobian(*args, **kwargs):
        with enable_grad():
            given, chosen, ends = _stand_ins(args, argnums)
            output = func(*given, **kwargs)
            output, aux = output if has_aux else (output, None)
            rows = []
            for o in leaves(output):
                if not isinstance(o, Variable):
                    raise RuntimeError(f"jacrev: Expected f(*args) to return tensors, got {type(o).__name__}")
                rows.append(rebuilt(chosen, iter([_detached(j, ends) for j in _rows(o, ends)])))
        found = rebuilt(output, iter(rows))
        return (found, mapped(lambda leaf: _detached(leaf, ends), aux)) if has_aux else found

    return jacobian


def jacfwd(func, argnums=0, has_aux=False, *, randomness="error"):
    """The same Jacobian as :func:`jacrev`, also by reverse mode: mytorch has no forward mode.

    ``randomness`` has no effect.
    """
    return jacrev(func, argnums, has_aux=has_aux)


def hessian(func, argnums=0):
    """A function that returns the second derivatives of ``func``.

    Their shape is (*output.shape, *argument.shape, *argument.shape).
    """
    return jacfwd(jacrev(func, argnums), argnums)


# ---- stand-ins -----------------------------------------------------------------------------------


def _stand_ins(args, argnums):
    """(arguments with stand-ins at ``argnums``, the arguments there, the stand-ins as a flat list)."""
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if any(not isinstance(n, int) for n in numbers):
        raise RuntimeError(f"argnums must be an int or a tuple of ints, got {argnums!r}")
    if any(not -len(args) <= n < len(args) for n in numbers):
        raise RuntimeError(f"Got argnums={argnums}, but only {len(args)} positional inputs")
    if len({n % len(args) for n in numbers}) < len(numbers):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    given, ends = list(args), []
    for n in numbers:
        given[n] = mapped(_stand_in, args[n])
        ends += leaves(given[n])
    return given, tuple(args[n] for n in numbers) if isinstance(argnums, tuple) else args[argnums], ends


def _stand_in(x):
    if not isinstance(x, Variable):
        raise RuntimeError(f"expected tensors as the arguments to differentiate, got {type(x).__name__}")
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()


def _grads(outputs, inputs, seeds):
    """Differentiable gradients; zeros for inputs on which no output depends."""
    live = [(o, s) for o, s in zip(outputs, seeds) if o.requires_grad]
    if not live:
        return [wrap(xp(x.array).zeros_like(x.array)) for x in inputs]
    outputs, seeds = zip(*live)
    return tape_grad(
        outputs,
        inputs,
        seeds,
        retain_graph=True,
        create_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )


def _rows(output, ends):
    rows = []
    for i in range(output.array.size):
        seed = xp(output.array).zeros(output.array.size, output.array.dtype)
        seed[i] = 1
        rows.append(_grads([output], ends, [wrap(seed.reshape(output.array.shape))]))
    if not rows:
        return [wrap(xp(x.array).zeros((*output.array.shape, *x.array.shape), x.array.dtype)) for x in ends]
    return [
        stack(column).reshape((*output.array.shape, *x.array.shape)) for column, x in zip(zip(*rows), ends)
    ]


def _detached(value, ends):
    """``value``, detached if it depends on no leaf but the stand-ins ``ends``."""
    if not isinstance(value, Variable) or not value.requires_grad:
        return value
    own = {x._node for x in ends if type(x._node) is Leaf}
    seen, stack_ = set(), [value._node]
    while stack_:
        node = stack_.pop()
        if node in seen:
            continue
        seen.add(node)
        if type(node) is Leaf:
            if node not in own:
                return value
        elif type(node) is Output:
            stack_.append(node.parent)
        elif isinstance(node, Node):
            stack_.extend(node.edges)
    return value.detach()
