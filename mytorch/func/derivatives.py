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
from ..ops.permute import movedim
from ..utils._pytree import rebuilt
from ..utils._pytree import tree_leaves as leaves
from ..utils._pytree import tree_map as mapped
from .levels import for_each_unit


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
            found = _grads([output], ends, [None], ends)
        found = rebuilt(chosen, iter(_detached(found, ends)))
        output, aux = _detached((output, aux), ends)
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
            found = _grads(outs, ends, vs, ends)
        return rebuilt(chosen, iter(_detached(found, ends)))

    output, aux = _detached((output, aux), ends)
    return (output, pull, aux) if has_aux else (output, pull)


def jvp(func, primals, tangents, *, strict=False, has_aux=False):
    """``(output, J v)``, with ``has_aux`` also aux, for ``tangents`` v with the structure and shapes of
    ``primals``, a tuple.

    RuntimeError if structures or shapes differ, and
    with ``strict`` if the output does not depend on the primals.
    """
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise RuntimeError("jvp(f, primals, tangents): Expected primals and tangents to be tuples")
    output, push, aux = _linearized(func, primals, has_aux)
    if strict and not push.depends:
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): the output of f is independent of the primals"
        )
    tangent = push(*tangents)
    return (output, tangent, aux) if has_aux else (output, tangent)


def linearize(func, *primals):
    """``(output, push)``: ``push(*tangents)`` is J v, as in :func:`jvp`, for tangents with the structure and
    shapes of ``primals``. ``func`` is called once.
    """
    return _linearized(func, primals)[:2]


def _linearized(func, primals, has_aux=False):
    """(output, push, aux): ``push(*tangents)`` is J v. It is the derivative of uᵀ J with respect to u."""
    with enable_grad():
        given, _, ends = _stand_ins(primals, tuple(range(len(primals))))
        output = func(*given)
        output, aux = output if has_aux else (output, None)
        outs = leaves(output)
        us = [wrap(xp(o.array).zeros_like(o.array)).requires_grad_() for o in outs]
        back = _grads(outs, ends, us, ends)
    own = [*ends, *us]

    def push(*tangents):
        vs = leaves(tangents)
        if len(vs) != len(ends) or any(v.array.shape != x.array.shape for v, x in zip(vs, ends)):
            raise RuntimeError(
                "jvp(f, primals, tangents): Expected primals and tangents to have the same shapes, "
                f"got {[list(x.array.shape) for x in ends]} "
                f"and {[list(v.array.shape) for v in vs]}"
            )
        with enable_grad():
            found = _grads(back, us, vs, own)
        return rebuilt(output, iter(_detached(found, own)))

    push.depends = any(o.requires_grad for o in outs)
    output, aux = _detached((output, aux), ends)
    return output, push, aux


def jacrev(func, argnums=0, *, has_aux=False, chunk_size=None, _preallocate_and_copy=False):
    """A function that returns the Jacobian of ``func`` with respect to the arguments ``argnums``, all rows in
    one backward pass.

    Its shape is (*output.shape, *argument.shape). For nested outputs and arguments the result has the
    structure of the outputs, with that of the arguments inside. ``chunk_size``: how many rows at a time, to
    save memory. ValueError unless it is positive, RuntimeError if ``func`` does not return tensors.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

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
                found = for_each_unit(lambda seed, o=o: _grads([o], ends, [seed], ends), o.array, chunk_size)
                found = [j.reshape((*o.array.shape, *x.array.shape)) for j, x in zip(found, ends)]
                rows.append(rebuilt(chosen, iter(_detached(found, ends))))
        found = rebuilt(output, iter(rows))
        return (found, _detached(aux, ends)) if has_aux else found

    return jacobian


def jacfwd(func, argnums=0, has_aux=False, *, randomness="error"):
    """The same Jacobian as :func:`jacrev`, column by column, for functions with few inputs and many outputs.

    All columns are one backward pass through a backward pass: mytorch has no forward mode. ``func`` is called
    once, so ``randomness`` has no effect.
    """

    @functools.wraps(func)
    def jacobian(*args, **kwargs):
        numbers = argnums if isinstance(argnums, tuple) else (argnums,)
        _check_argnums(args, argnums)

        def of_chosen(*chosen):
            given = list(args)
            for n, value in zip(numbers, chosen):
                given[n] = value
            return func(*given, **kwargs)

        primals = tuple(args[n] for n in numbers)
        output, push, aux = _linearized(of_chosen, primals, has_aux)
        inputs, outs = leaves(primals), leaves(output)
        zeros = [wrap(xp(x.array).zeros_like(x.array)) for x in inputs]
        columns = []
        for i, x in enumerate(inputs):

            def tangents(unit, i=i):
                return leaves(push(*rebuilt(primals, iter([*zeros[:i], unit, *zeros[i + 1 :]]))))

            with enable_grad():
                found = for_each_unit(tangents, x.array)
                columns.append(
                    [movedim(t, 0, -1).reshape((*o.array.shape, *x.array.shape)) for t, o in zip(found, outs)]
                )
        tree = args[argnums] if isinstance(argnums, int) else primals
        found = rebuilt(output, iter([rebuilt(tree, iter(row)) for row in zip(*columns)]))
        return (found, aux) if has_aux else found

    return jacobian


def hessian(func, argnums=0):
    """A function that returns the second derivatives of ``func``.

    Their shape is (*output.shape, *argument.shape, *argument.shape).
    """
    return jacfwd(jacrev(func, argnums), argnums)


# ---- stand-ins -----------------------------------------------------------------------------------


def _stand_ins(args, argnums):
    """(arguments with stand-ins at ``argnums``, the arguments there, the stand-ins as a flat list)."""
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    _check_argnums(args, argnums)
    given, ends = list(args), []
    for n in numbers:
        given[n] = mapped(_stand_in, args[n])
        ends += leaves(given[n])
    return given, tuple(args[n] for n in numbers) if isinstance(argnums, tuple) else args[argnums], ends


def _check_argnums(args, argnums):
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if any(not isinstance(n, int) for n in numbers):
        raise RuntimeError(f"argnums must be an int or a tuple of ints, got {argnums!r}")
    if any(not -len(args) <= n < len(args) for n in numbers):
        raise RuntimeError(f"Got argnums={argnums}, but only {len(args)} positional inputs")
    if len({n % len(args) for n in numbers}) < len(numbers):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")


def _stand_in(x):
    if not isinstance(x, Variable):
        raise RuntimeError(f"expected tensors as the arguments to differentiate, got {type(x).__name__}")
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()


def _grads(outputs, inputs, seeds, own):
    """Gradients; zeros for inputs on which no output depends. Differentiable where anything depends on other
    leaves than ``own``.
    """
    live = [(o, s) for o, s in zip(outputs, seeds) if o.requires_grad]
    if not live:
        return [wrap(xp(x.array).zeros_like(x.array)) for x in inputs]
    outputs, seeds = zip(*live)
    create = any(s is not None and s.requires_grad for s in seeds) or _depends(outputs, own)
    return tape_grad(
        outputs,
        inputs,
        seeds,
        retain_graph=True,
        create_graph=create,
        allow_unused=True,
        materialize_grads=True,
    )


def _detached(tree, ends):
    """``tree`` with those of its tensors detached that depend on no leaf but the stand-ins ``ends``."""

    def free(value):
        live = isinstance(value, Variable) and value.requires_grad
        return value.detach() if live and not _depends([value], ends) else value

    return mapped(free, tree)


def _depends(values, ends):
    """Whether ``values`` depend on other leaves than the stand-ins ``ends``."""
    own = {x._node for x in ends if type(x._node) is Leaf}
    seen, waiting = set(), [value._node for value in values]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if type(node) is Leaf:
            if node not in own:
                return True
        elif type(node) is Output:
            waiting.append(node.parent)
        elif isinstance(node, Node):
            waiting.extend(node.edges)
    return False
