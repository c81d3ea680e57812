"""Errors in plain words: what operation, which shapes, dtypes and devices, and what to do."""

from __future__ import annotations

from .arrays import broadcast_shape, device_of
from .dtypes import as_dtype, category
from .graph import Variable, changes, grad_state

SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have "
    "already been freed): what {} saved is gone. Specify retain_graph=True if you need to backward through "
    "the graph a second time."
)


# ---- of an operation -----------------------------------------------------------------------------


def in_torchs_words(name, op=None):
    """PyTorch's name for the parameter ``name`` of an operation."""
    second = {"pow": "exponent", "heaviside": "values"}.get(getattr(op, "name", None), "other")
    return {"x": "input", "y": second}.get(name, name)


def explain(op, inputs, settings, error):
    """Raise the same error with the operation as users call it, its inputs and devices in the message."""
    arrays = [v.array if isinstance(v, Variable) else v for v in inputs]
    devices = sorted({str(device_of(a)) for a in arrays if _is_array(a)})
    call = f"{op.called(arrays)}({_described(arrays, settings if op.public == op.name else {})})"
    if len(devices) > 1:
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"{' and '.join(devices)}! (in {call})"
        ) from error
    if isinstance(error, ValueError) and "broadcast" in str(error):
        try:
            broadcast_shape(*(a.shape for a in arrays if hasattr(a, "shape")))
        except RuntimeError as better:
            error = better
    elif isinstance(error, TypeError) and "ufunc" in str(error):
        error = TypeError("not implemented for arguments of these types")
    if isinstance(error, AttributeError) and (places := [i for i, a in enumerate(arrays) if a is error.obj]):
        place, names = places[0], [*op.inputs, op.signature.variadic]
        name = in_torchs_words(names[min(place, len(op.inputs))], op)
        error = TypeError(
            f"argument {name!r} (position {place + 1}) must be Tensor, not {type(error.obj).__name__}"
        )
    if getattr(error, "explained", False) or isinstance(error, (NotImplementedError, MemoryError)):
        raise error
    new = _kind_of(error)(f"{call}: {error}")
    new.explained = True
    raise new from error


def _is_array(value):
    return hasattr(value, "dtype") and hasattr(value, "shape")


def _described(arrays, settings):
    inputs = [f"{a.dtype!s}{list(a.shape)}" if _is_array(a) else repr(a) for a in arrays]
    return ", ".join(inputs + [f"{name}={value!r}" for name, value in settings.items()])


def _kind_of(error):
    if isinstance(error, (TypeError, AttributeError)):  # something that is no array, or of no such dtype
        return TypeError
    known = isinstance(error, (IndexError, RuntimeError))
    return ValueError if isinstance(error, OverflowError) else type(error) if known else RuntimeError


def refuse_integer_results(op, inputs, dtype):
    """RuntimeError if a gradient is wanted and ``dtype``, that of the result, has none."""
    live = grad_state.get() is True and any(isinstance(v, Variable) and v._node is not None for v in inputs)
    if live and category(as_dtype(dtype).numpy) < 2:
        raise RuntimeError(
            f"{op.public}(): Autograd not support dtype: {as_dtype(dtype)}, but the input requires grad"
        )


def refuse_complex(op, arrays):
    """NotImplementedError for complex numbers among ``arrays``: the operation takes real ones alone."""
    for a in arrays:
        if isinstance(a, complex) or (_is_array(a) and a.dtype.kind == "c"):
            kind = getattr(a, "dtype", "complex")
            raise NotImplementedError(f"{op.called(arrays)}() is not implemented for {kind}")


def refuse_inference():
    """A tensor made under inference_mode has no version: nobody could tell later whether it is intact."""
    raise RuntimeError(
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference "
        "mode in computation tracked by autograd. To work around this, you can make a clone to get a "
        "normal tensor and use it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
    )


# ---- of a backward pass --------------------------------------------------------------------------


def check_seed(t, g):
    """RuntimeError unless backward can begin at the tensor ``t`` with the gradient ``g``, None for 1."""
    if not t.requires_grad:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    shape, is_complex = t.array.shape, t.array.dtype.kind == "c"
    if g is None:
        only = "grad can be implicitly created only for"
        if t.array.size != 1:
            raise RuntimeError(f"{only} scalar outputs, but got a tensor of shape {list(shape)}")
        if is_complex:
            raise RuntimeError(f"{only} real scalar outputs but got {t.dtype}")
    elif g.array.shape != shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {list(g.array.shape)} and output[0] has a "
            f"shape of {list(shape)}."
        )
    elif (g.array.dtype.kind == "c") != is_complex:
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch "
            f"in dtype: grad_output[0] has a dtype of {g.dtype} and output[0] has a dtype of {t.dtype}."
        )


def check_intact(node):
    """RuntimeError if something that ``node`` saved was changed in place since."""
    for place, counter in enumerate(node.guards):
        if counter[1] < node.order:
            since = [changed for time, changed in changes if time < node.order]
            before = counter[0] - sum(changed is counter for changed in since)
            is_known = len(since) < changes.maxlen
            text = (
                "one of the variables needed for gradient computation has been modified by an inplace "
                f"operation: {node.guarded(place)} is at version {counter[0]}; expected version "
                f"{before if is_known else 'before that'} instead. Hint: enable anomaly detection "
                "to find the operation that failed to compute its gradient, with "
                "autograd.set_detect_anomaly(True)."
            )
            raise located(node, RuntimeError(text))


def check_nan(node, gradients):
    """RuntimeError if one of the gradients that ``node`` gave holds nan."""
    for i, d in enumerate(gradients):
        array = d.array if isinstance(d, Variable) else d
        if hasattr(array, "any") and array.dtype.kind in "fc" and bool((array != array).any()):
            raise located(
                node, RuntimeError(f"Function '{node.name}' returned nan values in its {i}th output.")
            )


def check_hook(hook, given, result):
    """TypeError or RuntimeError if what a hook returned cannot take the place of the gradient ``given``."""
    name = getattr(hook, "__name__", type(hook).__name__)
    if not hasattr(result, "requires_grad"):
        raise TypeError(f"hook '{name}': expected a Tensor or None, it returned '{type(result).__name__}'")
    if result.array.shape != given.array.shape:
        shapes = f"{list(result.array.shape)} instead of {list(given.array.shape)}"
        raise RuntimeError(f"hook '{name}' has changed the size of value: {shapes}")
    if result.array.dtype != given.array.dtype:
        kinds = f"was {given.array.dtype} got {result.array.dtype}"
        raise RuntimeError(f"hook '{name}' has changed the type of value ({kinds})")


def located(node, error):
    """``error``, with the lines that recorded ``node`` if anomaly detection kept them."""
    if node.origin is None:
        return error
    kind = type(error) if isinstance(error, (TypeError, IndexError)) else RuntimeError
    lines = "".join(node.origin)
    return kind(f"{error}\nThe operation was recorded here (most recent call last):\n{lines}")
