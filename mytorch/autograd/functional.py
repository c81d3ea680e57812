"""Jacobians and Hessians of functions of tensors, and their products with vectors.

``func`` takes tensors and returns a tensor or a tuple of tensors. Everywhere ``create_graph=True`` makes the
result differentiable, and ``strict=True`` raises RuntimeError if an output does not depend on an input,
instead of returning zeros.
"""

from __future__ import annotations

from ..core.arrays import xp
from ..core.grad_mode import enable_grad
from ..core.graph import Variable, wrap
from ..ops.join import stack
from ..tensors.public_names import lookup as _lookup
from .grad import grad


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """``(func(*inputs), vᵀ J)``: the outputs and the vector-Jacobian product.

    ``v`` has the outputs' shapes, the product the inputs'. ``v`` may be left out for an output of one
    element. RuntimeError if its shapes are wrong.
    """
    with enable_grad():
        several_in, xs = _tensors(inputs, "inputs", "vjp")
        xs = _fresh(xs, create_graph)
        several_out, outputs = _outputs(func, xs, "vjp", strict)
        v = _direction(v, outputs, several_out, "the user-provided function returns")
        found = _filled(_grads(outputs, xs, v, create_graph), xs, strict, create_graph, "output", "input")
    return _released(outputs, several_out, create_graph), _released(found, several_in, create_graph)


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """``(func(*inputs), J v)``: the outputs and the Jacobian-vector product.

    ``v`` has the inputs' shapes, the product the outputs'. It is computed by differentiating ``uᵀ J`` with
    respect to u. ``v`` may be left out for a single input of one element.
    """
    with enable_grad():
        several_in, xs = _tensors(inputs, "inputs", "jvp")
        xs = _fresh(xs, create_graph)
        v = _direction(v, xs, several_in, "the input to the user-provided function is")
        several_out, outputs = _outputs(func, xs, "jvp", strict)
        us = tuple(_zeros_like(o).requires_grad_() for o in outputs)
        back = _grads(outputs, xs, us, True)
        _check_in_graph(back, "gradient", strict)
        found = _filled(
            _grads(back, us, v, create_graph),
            outputs,
            strict,
            create_graph,
            "gradient",
            "entry of grad_outputs",
        )
    return _released(outputs, several_out, create_graph), _released(found, several_out, create_graph)


def jacobian(func, inputs, create_graph=False, strict=False, vectorize=False, strategy="reverse-mode"):
    """The Jacobian: a tensor of shape (*output.shape, *input.shape).

    For several outputs or inputs it is a tuple over outputs of tuples over inputs. It is computed row by row;
    ``vectorize`` and ``strategy`` have no effect on the result. AssertionError for another strategy,
    NotImplementedError and RuntimeError for the combinations that torch refuses.
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError(
            f'Expected strategy to be either "forward-mode" or "reverse-mode". Got: {strategy!r}'
        )
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedError(
            'jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported together'
        )
    if vectorize and strict:
        raise RuntimeError("jacobian: `strict=True` and `vectorized=True` are not supported together.")
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError('jacobian: `strategy="forward-mode"` needs `vectorize=True`')
    with enable_grad():
        several_in, xs = _tensors(inputs, "inputs", "jacobian")
        xs = _fresh(xs, create_graph)
        several_out, outputs = _outputs(func, xs, "jacobian", strict)
        rows = [_rows(o, xs, strict, create_graph) for o in outputs]
        table = [tuple(_released([j], False, create_graph) for j in row) for row in rows]
    found = tuple(row if several_in else row[0] for row in table)
    return found if several_out else found[0]


def _rows(output, xs, strict, create_graph):
    """The Jacobians of one output with respect to each input."""
    rows = []
    for i in range(output.array.size):
        seed = xp(output.array).zeros(output.array.size, output.array.dtype)
        seed[i] = 1
        found = _grads([output], xs, [wrap(seed.reshape(output.array.shape))], create_graph)
        rows.append(_filled(found, xs, strict, create_graph, "output", "input"))
    if not rows:
        return [wrap(xp(x.array).zeros((*output.array.shape, *x.array.shape), x.array.dtype)) for x in xs]
    return [stack(column).reshape((*output.array.shape, *x.array.shape)) for column, x in zip(zip(*rows), xs)]


def hessian(
    func, inputs, create_graph=False, strict=False, vectorize=False, outer_jacobian_strategy="reverse-mode"
):
    """The Hessian of a function with one output element: a tensor of shape (*input.shape, *input.shape).

    For several inputs it is a tuple of tuples. AssertionError for an unknown strategy.
    """
    if outer_jacobian_strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    several, xs = _tensors(inputs, "inputs", "hessian")

    def first(*given):
        with_graph = any(x.requires_grad for x in given)
        found = jacobian(lambda *x: _only(func(*x), "hessian"), given, create_graph=with_graph)
        if strict:
            _check_in_graph(found, "jacobian", strict)
        return found

    found = jacobian(first, xs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if several else found[0][0]


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """``(func(*inputs), vᵀ H)``: the output of one element, and the vector-Hessian product.

    ``v`` and the product have the inputs' shapes.
    """
    with enable_grad():
        several, xs, output, first, v = _second(func, inputs, v, create_graph, strict, "vhp")
        found = _filled(_grads(first, xs, v, create_graph), xs, strict, create_graph, "jacobian", "input")
    return _released([output], False, create_graph), _released(found, several, create_graph)


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """``(func(*inputs), H v)``: equal to :func:`vhp` because H is symmetric, but slower.

    ``v`` and the product have the inputs' shapes. It is computed by differentiating ``uᵀ H`` with respect to
    u.
    """
    with enable_grad():
        several, xs, output, first, v = _second(func, inputs, v, create_graph, strict, "hvp")
        us = tuple(_zeros_like(x).requires_grad_() for x in xs)
        back = _grads(first, xs, us, True)
        _check_in_graph(back, "hessian", strict)
        found = _filled(
            _grads(back, us, v, create_graph), xs, strict, create_graph, "hessian", "entry of grad_jacobian"
        )
    return _released([output], False, create_graph), _released(found, several, create_graph)


def _second(func, inputs, v, create_graph, strict, name):
    """The inputs, the output and the differentiable gradient, from which ``vhp`` and ``hvp`` start."""
    several, xs = _tensors(inputs, "inputs", name)
    xs = _fresh(xs, create_graph)
    v = _direction(v, xs, several, "the input to the user-provided function is")
    _, outputs = _outputs(lambda *x: _only(func(*x), name), xs, name, strict)
    first = _grads(outputs, xs, [None], True)
    _check_in_graph(first, "jacobian", strict)
    return several, xs, outputs[0], first, v


# ---- arguments and results -----------------------------------------------------------------------


def _tensors(values, what, name):
    """(whether ``values`` is a tuple, the values as a tuple). TypeError unless all are tensors."""
    several = isinstance(values, tuple)
    values = values if several else (values,)
    for i, x in enumerate(values):
        if not isinstance(x, Variable):
            where = f"the value at index {i} has type" if several else "the given value has type"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but {where} "
                f"{type(x)}."
            )
    return several, values


def _fresh(xs, create_graph):
    """New tensors for the inputs: views in their graph with ``create_graph``, else leaves."""
    return tuple(
        x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in xs
    )


def _outputs(func, xs, name, strict):
    several, outputs = _tensors(func(*xs), "outputs of the user-provided function", name)
    _check_in_graph(outputs, "output", strict)
    return several, outputs


def _only(output, name):
    if isinstance(output, tuple) or not isinstance(output, Variable):
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if output.array.size != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )
    return output.reshape(())


def _direction(v, like, several, what):
    if v is None:
        if len(like) != 1 or like[0].array.size != 1:
            raise RuntimeError(
                f"The vector v can only be None if {what} a single Tensor with a single element."
            )
        return (wrap(xp(like[0].array).ones_like(like[0].array)),)
    v = v if isinstance(v, tuple) else tuple(v) if isinstance(v, list) else (v,)
    if len(v) != len(like):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}.")
    for i, (given, x) in enumerate(zip(v, like)):
        if given.array.shape != x.array.shape:
            entry = f"Entry {i} in " if several else ""
            raise RuntimeError(
                f"{entry}v has invalid size: should be {list(x.array.shape)} but got "
                f"{list(given.array.shape)}."
            )
    return v


def _zeros_like(x):
    return wrap(xp(x.array).zeros_like(x.array))


def _grads(outputs, inputs, seeds, create_graph):
    live = [(o, s) for o, s in zip(outputs, seeds) if o is not None and o.requires_grad]
    if not live:
        return (None,) * len(inputs)
    outputs, seeds = zip(*live)
    return grad(outputs, inputs, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True)


def _check_in_graph(values, what, strict):
    if strict:
        for i, value in enumerate(values):
            if value is None or not value.requires_grad:
                raise RuntimeError(
                    f"The {what} of the user-provided function (entry {i}) is independent of the "
                    "inputs. This is not allowed in strict mode."
                )


def _filled(found, like, strict, create_graph, what, entry):
    """``found`` with zeros for None; RuntimeError in strict mode."""
    for i, g in enumerate(found):
        if strict and (g is None or (create_graph and not g.requires_grad)):
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of {entry} {i}. This is not "
                "allowed in strict mode."
            )
    return tuple(_zeros_like(x) if g is None else g for g, x in zip(found, like))


def _released(values, several, create_graph):
    values = tuple(values if create_graph else (v.detach() for v in values))
    return values if several else values[0]


__getattr__ = _lookup(__name__)
