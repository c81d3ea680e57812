"""``torch.autograd.forward_ad``: Jacobian-vector products of dual tensors.

Each level has a number ε = 0, on which its dual tensors x + ε·v depend. The tangent J v of a result y is its
derivative with respect to ε. The graph runs back only, to uᵀ J v for any u; that is linear in u, so its
derivative with respect to u is J v. Both steps are recorded: tangents can be differentiated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from ..core.arrays import xp
from ..core.backward import gradients_of
from ..core.grad_mode import RECORD, SKIP, enable_grad, is_inference_mode_enabled, mode, no_grad
from ..core.graph import Leaf, Node, Output, wrap
from ..core.primitive import Primitive
from ..core.sums import summed
from ..core.walk import dual_levels
from ..tensors.public_names import lookup as _lookup

__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]


class UnpackedDualTensor(NamedTuple):
    """What :func:`unpack_dual` returns: a value and its tangent, None for one that depends on no dual."""

    primal: Any
    tangent: Any


class dual_level(no_grad):
    """A level of forward differentiation, as a context manager or a decorator::

        with dual_level():
            y = f(make_dual(x, v))
            value, jvp = unpack_dual(y)

    Operations are recorded in it, also under ``no_grad``: a ``no_grad`` inside of it cuts tangents off, and
    dual tensors require a gradient.
    """

    def __enter__(self):
        return enter_dual_level()

    def __exit__(self, *exc_info):
        exit_dual_level()


def enter_dual_level():
    """Begin a level, whose number, 0, is returned. RuntimeError within another and in inference mode."""
    if dual_levels:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    if is_inference_mode_enabled():
        raise RuntimeError("dual tensors are recorded in the graph: there are none in inference mode")
    epsilon = wrap(numpy.zeros(())).requires_grad_()
    dual_levels.append((epsilon, mode.get()))  # with the grad mode around it
    mode.set(RECORD)
    return 0


def exit_dual_level(*, level=None):
    """End the level: its tensors have no tangents any more. RuntimeError without one, or for another."""
    if level not in (None, len(dual_levels) - 1):
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not "
            "supported."
        )
    if not dual_levels:
        raise RuntimeError("Dual level must be a positive number.")
    mode.set(dual_levels.pop()[1])


def make_dual(tensor, tangent, *, level=None):
    """A tensor on the memory of ``tensor`` with the derivative ``tangent``, of its shape, cast to its dtype.

    Gradients flow to both. RuntimeError without a level, for another shape and for a dual tensor. ValueError
    for integers and booleans, and for a complex tangent of real numbers.
    """
    if not dual_levels:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    if level not in (None, 0):
        raise RuntimeError("Invalid level given to _make_dual")
    kinds = tensor.array.dtype.kind, tangent.array.dtype.kind
    for name, x, kind in zip(("primal", "tangent"), (tensor, tangent), kinds):
        if kind not in "fcV":
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {x.dtype}")
    if kinds[1] == "c" != kinds[0]:
        raise ValueError("the tangent of real numbers must be real, but got complex numbers")
    if tensor.array.shape != tangent.array.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, "
            f"this is not supported. Tensor is of size {list(tensor.array.shape)} while the given forward "
            f"gradient is of size {list(tangent.array.shape)}."
        )
    epsilon, _ = dual_levels[0]
    if epsilon._node in _leaves(tensor):
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 "
            "is not supported."
        )
    return _dual(tensor, tangent.to(tensor.dtype), epsilon)


def unpack_dual(tensor, *, level=None):
    """(value, tangent), both of the shape of ``tensor`` and without a tangent. Gradients flow back from both.

    The tangent is None where no level is entered or ``tensor`` depends on no dual tensor of it. The value is
    a dual tensor still where it depends on other tensors that require a gradient. Each call takes a backward
    pass through a backward pass. RuntimeError for another level.
    """
    epsilon, around = dual_levels[0] if dual_levels else (None, None)
    leaves = _leaves(tensor) if dual_levels else set()
    if epsilon is None or epsilon._node not in leaves:
        return UnpackedDualTensor(tensor, None)
    if level not in (None, 0):
        raise RuntimeError("Invalid level given to _fw_primal")
    with enable_grad():
        u = wrap(xp(tensor.array).zeros_like(tensor.array)).requires_grad_()
        (product,) = gradients_of(tensor, epsilon, u, create_graph=True, materialize_grads=True)
        tangent = wrap(xp(tensor.array).zeros_like(tensor.array))
        if product.requires_grad:
            (tangent,) = gradients_of(product, u, create_graph=True, materialize_grads=True)
    if around is SKIP or leaves == {epsilon._node}:
        tensor, tangent = tensor.detach(), tangent.detach()
    return UnpackedDualTensor(tensor, tangent)


# with respect to ε, of g at x + ε·v: Re ⟨g, v⟩; with respect to v: g·ε, that is none
_dual = Primitive(
    lambda x, tangent, epsilon: x,
    name="make_dual",
    complex=True,
    x=lambda g: g,
    tangent=lambda g: None,
    epsilon=lambda g, tangent: summed((g.conj() * tangent).real),
).as_function()


def _leaves(tensor):
    """The leaves of the graph that ``tensor`` depends on."""
    seen, waiting = set(), [tensor._node]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += (
                (node.parent,) if type(node) is Output else node.edges if isinstance(node, Node) else ()
            )
    return {node for node in seen if type(node) is Leaf}


__getattr__ = _lookup(__name__)
