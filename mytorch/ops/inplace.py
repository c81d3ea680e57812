"""In-place forms: how ``x.add_(y)`` and ``x[i] = y`` take part in the graph.

The new values are computed by the ordinary operation, then written into the memory of ``x``, whose node
becomes that of the result. If ``x`` is a view, its base is what changed: the base gets a node that replaces
the part, and every view takes its node from there anew.
"""

from __future__ import annotations

import functools

import numpy

from ..core.arrays import QUIET, as_array, device_of, float_errors, is_array, xp
from ..core.dtypes import category
from ..core.graph import Leaf, Node, Output, Variable, changed, grad_state, readers, rebase, refresh, wrap
from ..core.scalar_arguments import as_number
from .cast import to_device
from .indexing import alone, getitem, in_torchs_words, is_plain, parse, picked_shape, write_view
from .layout import address, owner
from .masks import fitted
from .shape import expand


def _live(values):
    """Whether one of ``values`` is a tensor in the graph. Each is brought up to date with its base."""
    found = False
    for v in values:
        if isinstance(v, Variable):
            base = v._base
            if base is not None and base._node is not v._base_node:
                refresh(v)
            found = found or v._node is not None or (base is not None and base._node is not None)
    return found


def inplace(operation):
    """The method ``operation_`` of an operation whose first input is the tensor to change."""
    op = getattr(operation, "primitive", None)
    reads_input = (
        op is None
        or op.composed
        or any(op.inputs[0] in op.wants(rule) for rule in (op.joint, *op.rules.values()) if rule)
    )

    @functools.wraps(operation)
    def method(self, *inputs, **settings):
        try:
            prepare_write(self)
            before = wrap(self.array, self._node)
            if reads_input and grad_state.get() is True and _live((before, *inputs, *settings.values())):
                before.array = before.array.copy()  # a formula needs the old values
            result = operation(before, *inputs, **settings)
        except (AttributeError, TypeError) as error:
            raise _named_in_place(operation.__name__, self, error) from error
        if result.array.dtype.kind == "f" and self.array.dtype.kind == "c":
            raise RuntimeError(f"In-place {operation.__name__} is not supported for complex tensors.")
        return assign(self, result)

    method.__name__ = method.__qualname__ = operation.__name__ + "_"
    method.__doc__ = f"In-place form of :func:`{operation.__name__}`; returns the tensor itself."
    return method


def _named_in_place(name, x, error):
    """An error of the operation ``name`` on ``x``, with the name of its in-place form."""
    if not isinstance(x, Variable):
        return TypeError(f"{name}_(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    text = str(error)
    if type(error) is TypeError and text.startswith(f"{name}("):
        error.args = (f"{name}_{text[len(name) :]}",)
    return error


def reshaped_in_place(operation):
    """The method ``operation_`` of a view operation: the tensor itself takes the shape of the view.

    Not for views of a leaf that requires grad.
    """

    def method(self, *args, **settings):
        if grad_state.get() is True and type(self._node) is Leaf:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        new = operation(self, *args, **settings)
        self.array = new.array
        rebase(self, new._node)
        if self._base is not None:
            self._view, self._base_node = new._view, new._base_node
        return self

    method.__name__ = method.__qualname__ = operation.__name__ + "_"
    method.__doc__ = f"In-place form of :func:`{operation.__name__}`; returns the tensor itself."
    return method


def _whole(x):
    return x


def prepare_write(x):
    """Refuse an in-place change that autograd cannot follow, or of elements that share memory."""
    if x._base is not None:
        if x._base._node is not x._base_node:
            refresh(x)
        if x.array.size and any(n > 1 and s == 0 for n, s in zip(x.array.shape, x.array.strides)):
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers to a single "
                "memory location. Please clone() the tensor before performing the operation."
            )
    if x._inference and grad_state.get() is not None:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone "
            "to get a normal tensor before doing inplace update."
        )
    _copy_on_write(x if x._base is None else x._base)
    if grad_state.get() is True:
        _check_recorded_write(x)


def _check_recorded_write(x):
    """RuntimeError for a leaf that requires grad, and for one of several views that a function returned."""
    if type(x._node) is Leaf:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    if x._base is not None and type(x._base._node) is Leaf:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )
    node = x._node if x._base is not None else None
    while node is not None and node.plan is not None and node.plan.op.view and len(node.edges) == 1:
        node = node.edges[0]
    if type(node) is Output and node.parent.plan.op.view:
        raise RuntimeError(
            f"Output {node.index} of {node.name} is a view and is being modified inplace. This view is the "
            "output of a function that returns multiple views. Such functions do not allow the output "
            "views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )


def _copy_on_write(x):
    """Before ``x`` changes, give copies to the nodes that saved it and are declared ``copy_on_write``.

    Those are the node that made it and the nodes that read it.
    """
    counter, maker = x._counter, x._node.parent if type(x._node) is Output else x._node
    if type(maker) is Node and maker.plan.op.copy_on_write == "out":
        memory = owner(x.array)
        _save_copies(maker, counter, lambda value: is_array(value) and owner(value) is memory)
    for reader in readers(counter):
        _save_copies(reader, counter, is_array)


def _save_copies(node, counter, chosen):
    """Let ``node`` keep copies of the ``chosen`` arrays that it saved, whose version ``counter`` counts."""
    if node.saved and any(c is counter for c in node.guards):
        node.saved = tuple(_copied(value, chosen) for value in node.saved)
        node.guards = tuple(c for c in node.guards if c is not counter)


def _copied(value, chosen):
    if isinstance(value, tuple):
        parts = [_copied(v, chosen) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value.copy() if chosen(value) else value


def assign(x, result):
    """Give ``x`` the values and the place in the graph of ``result``."""
    if result.array.shape != x.array.shape:
        raise RuntimeError(
            f"output with shape {list(x.array.shape)} doesn't match the broadcast shape "
            f"{list(result.array.shape)}"
        )
    kind = x.array.dtype
    if result.array.dtype != kind:
        if category(result.array.dtype) > category(kind):
            raise RuntimeError(
                f"result type {result.array.dtype} can't be cast to the desired output type {kind}"
            )
        result = result.astype(kind)
    if result.array is not x.array:
        _store(x.array, ..., result.array)
    changed(x)
    if grad_state.get() is True:
        if x._base is not None and (result._node is not None or x._base._node is not None):
            base = x._base
            rebase(base, write_view(wrap(base.array, base._node), result, view=x._view)._node)
            # a view of an operation takes its new place when it is used again
            if x._mytorch_retaining is not None or type(x._node) not in (Node, type(None)):
                refresh(x)
        elif x._base is None:
            # overwritten by constants: still in the graph, with a gradient of zero
            if x._node is not None and result._node is None:
                result = write_view(wrap(x.array, x._node), result, view=_whole)
            rebase(x, result._node)
    return x


def _recorded(*values):
    """Whether a write among ``values`` has to take part in the graph."""
    return grad_state.get() is True and _live(values)


# ---- assignment ----------------------------------------------------------------------------------


def fill_(x, value):
    """Write ``value``, a number or a 0-d tensor, to every element; returns the tensor.

    RuntimeError for a tensor with dimensions.
    """
    prepare_write(x)
    if isinstance(value, Variable):
        if value.array.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.array.ndim} "
                "dimensions."
            )
        return copy_(x, value)
    _store(x.array, ..., _number(value, x))
    return assign(x, wrap(x.array))


def zero_(x):
    """Write zeros to every element; returns the tensor."""
    prepare_write(x)
    x.array[...] = 0
    return assign(x, wrap(x.array))


def fill_diagonal_(x, fill_value, wrap=False):
    """Write a number to the main diagonal; returns the tensor.

    More than two dimensions must have the same size; all of them count.
    """
    ndim, sizes = x.array.ndim, x.array.shape
    fill_value = as_number(fill_value, "fill_diagonal_", "fill_value")
    if ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if ndim > 2 and len(set(sizes)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    if wrap and ndim == 2 and sizes[0] > sizes[1]:
        steps = numpy.arange(0, sizes[0] * sizes[1], sizes[1] + 1)
        setitem(x, tuple(numpy.unravel_index(steps, sizes)), fill_value)
    else:
        setitem(x, (numpy.arange(min(sizes)),) * ndim, fill_value)
    return x


def copy_(x, src, non_blocking=False):
    """Write the elements of ``src``, broadcast and cast to this shape and dtype; returns the tensor.

    A number is written to every element.
    """
    if isinstance(src, (int, float, complex)):
        return fill_(x, src)
    if not isinstance(src, Variable):
        raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
    prepare_write(x)
    src = to_device(src, device_of(x.array))
    if src.array.shape != x.array.shape:
        src = expand(src, shape=x.array.shape)
    if not _recorded(x, src):
        _store(x.array, ..., src.array)
        changed(x)
        return x
    if src.array.dtype != x.array.dtype:
        src = src.astype(x.array.dtype)
    if x._base is None and x._node is not None:
        x.array[...] = src.array
        src = write_view(wrap(x.array, x._node), src, view=_whole)
    return assign(x, src)


def _number(value, x):
    if not isinstance(value, (int, float, complex, numpy.generic)):
        raise TypeError(f"can't assign a {type(value).__name__} to a tensor of {x.array.dtype}")
    return fitted(value, x.array.dtype)


def setitem(x, index, value):
    """``x[index] = value``, a number or a tensor that broadcasts to ``x[index]``.

    Repeated indices keep one of the values. A view takes values of any dtype, as copy_ does; an index of
    tensors only those of its own dtype, a mask single ones of any.
    """
    if index is False:
        return
    if type(index) is int or (type(index) is tuple and is_plain(index)):
        view, pick = index, ()
    elif isinstance(index, Variable) and (pick := alone(x, index)):
        view = ()
    else:
        view, pick = parse(index, x.array.shape, xp(x.array))
    is_tensor = isinstance(value, Variable)
    if not is_tensor:
        value = _number(value, x)
    elif not pick and x._node is not None and value._base is not None and _is_part(value, x, view):
        prepare_write(x)
        changed(x)  # the end of ``x[index] += …``, which has changed that view already
        return
    if not pick and 0 not in x.array.strides and not (_recorded(x, value) if is_tensor else _recorded(x)):
        prepare_write(x)
        if _stored(x.array, view, to_device(value, device_of(x.array)).array if is_tensor else value):
            changed(x)
            return
    if pick:
        _assign_picked(getitem(x, index=view) if view else x, pick, value)
    else:
        view = view if type(view) is tuple else (view,)
        _assign_view(x, view if Ellipsis in view else (*view, Ellipsis), value)


def _is_part(value, x, index):
    """Whether the view ``value`` is ``x[index]``: the same elements of the same memory."""
    if value._base is not (x if x._base is None else x._base):
        return False
    index = index if type(index) is tuple else (index,)
    part = getitem(x.array, index=index if Ellipsis in index else (*index, ...))
    array = value.array
    same = array.shape == part.shape and array.strides == part.strides and array.dtype == part.dtype
    return same and address(array) == address(part)


def _assign_view(x, index, value):
    """``x[index] = value`` where ``x[index]`` is a view, by the general way."""
    if not isinstance(value, Variable):
        fill_(getitem(x, index=index), value)
    elif x._base is None and type(x._node) is not Leaf and 0 not in x.array.strides:
        _record_assignment(x, index, value)
    else:
        part = getitem(x, index=index)
        copy_(part, _without_leading_ones(value, part.array.ndim))


def _assign_picked(target, pick, value):
    """``target[pick] = value`` for arrays of integers or booleans in ``pick``."""
    prepare_write(target)
    is_tensor = isinstance(value, Variable)
    if is_tensor:
        value = _fit_value(value, target, pick)
    if _recorded(target, value) if is_tensor else _recorded(target):
        pick = tuple(p.copy() if is_array(p) else p for p in pick)  # the user may change theirs
        value = expand(
            value if is_tensor else wrap(as_array(value)), shape=picked_shape(pick, target.array.shape)
        )
        _store(target.array, pick, value.array)
        assign(
            target, write_view(wrap(target.array, target._node), value, view=lambda b: getitem(b, index=pick))
        )
    else:
        _store(target.array, pick, value.array if is_tensor else value)
        changed(target)


def _record_assignment(x, index, value):
    """``x[index] = value`` for a tensor ``value`` and an ``x`` that is no view, as one node."""
    prepare_write(x)
    part = getitem(x.array, index=index)
    value = _without_leading_ones(value, part.ndim)
    if type(value.array) is not type(part):
        value = to_device(value, device_of(x.array))
    if value.array.shape != part.shape:
        value = expand(value, shape=part.shape)
    if value.array.dtype != part.dtype:
        value = value.astype(part.dtype)
    part[...] = value.array
    assign(x, write_view(wrap(x.array, x._node), value, view=lambda base: getitem(base, index=index)))


def _store(array, index, value):
    """``array[index] = value``, cast as torch casts: without a warning of what is lost."""
    token = float_errors.set(QUIET)
    try:
        array[index] = value
    except IndexError as error:
        raise IndexError(in_torchs_words(error)) from None
    except ValueError as error:
        if not array.flags.writeable:
            raise RuntimeError("the memory of this tensor is read-only") from error
        shape = list(picked_shape(index, array.shape))
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing "
            f"result of shape {shape}"
        ) from error
    finally:
        float_errors.reset(token)


def _stored(array, index, value):
    """Whether ``array[index] = value`` worked; if not, the general way raises torch's error."""
    token = float_errors.set(QUIET)
    try:
        array[index] = value
    except (IndexError, ValueError):
        return False
    finally:
        float_errors.reset(token)
    return True


def _fit_value(value, target, pick):
    """``value`` on the device and in the dtype of ``target``, without leading dimensions of size 1."""
    if value.array.dtype != target.array.dtype:
        arrays = [p for p in pick if type(p) is not slice]
        # one mask is a masked_fill, which casts
        if value.array.size != 1 or len(arrays) > 1 or arrays[0].dtype.kind != "b":
            raise RuntimeError(
                f"Index put requires the source and destination dtypes match, got {target.array.dtype} for "
                f"the destination and {value.array.dtype} for the source."
            )
        value = value.astype(target.array.dtype)
    value = to_device(value, device_of(target.array))
    return _without_leading_ones(value, 1)


def _without_leading_ones(value, ndim):
    """``value`` without leading dimensions of size 1, as long as it has more than ``ndim``."""
    while value.array.ndim > ndim and value.array.shape[0] == 1:
        value = value[0]
    return value
