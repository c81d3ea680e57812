"""Functions that make tensors: from data, and of a given shape."""

from __future__ import annotations

import warnings

import numpy

from ..core.arrays import (
    CPU,
    as_array,
    default_device,
    device_of,
    module_for,
    move,
    ndarray,
    xp,
)
from ..core.arrays import device as as_device
from ..core.dtypes import as_dtype, by_numpy, default_numpy, get_default_dtype
from ..core.graph import Variable, changed, wrap
from ..ops.composite import composite
from ..ops.memory_format import contiguous_format, formatted, preserve_format, strided
from ..ops.promotion import check_fits
from ..ops.shape_arguments import sizes
from .from_data import checked, foreign, number, placed, wrapped

# ---- from data -----------------------------------------------------------------------------------


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """Make a new leaf tensor with a copy of ``data``.

    ``data``: a number, nested sequences of numbers or 0-d tensors, or an array of any library. Without
    ``dtype`` Python floats give the default dtype, ints int64, bools bool; arrays keep theirs.
    ValueError for ragged sequences, TypeError for strings, RuntimeError for numbers that do not fit an
    integer ``dtype``.
    """
    if isinstance(data, Variable):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than tensor(sourceTensor).",
            stacklevel=2,
        )
    return _from_data(data, dtype, device, copy=True).requires_grad_(requires_grad)


def as_tensor(data, dtype=None, device=None):
    """Convert ``data`` to a tensor that shares its memory where dtype and device allow.

    A tensor keeps its place in the graph. Errors as :func:`tensor`.
    """
    if type(data) is ndarray and dtype is None and device is None and default_device() == CPU:
        return from_numpy(data)
    if isinstance(data, Variable):
        return data.to(device=device, dtype=dtype)
    return _from_data(data, dtype, device, copy=False)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """Convert ``obj`` to a tensor.

    ValueError if a copy is needed and ``copy`` is False.
    """
    if isinstance(obj, (bytes, bytearray, memoryview)):
        obj = numpy.frombuffer(obj, as_dtype(dtype).numpy if dtype is not None else default_numpy())
    if isinstance(obj, Variable):
        result = obj.to(device=device, dtype=dtype, copy=bool(copy))
        result = result if requires_grad or result is not obj else obj
    else:
        result = _from_data(obj, dtype, device, copy=bool(copy))
    if copy is False and not (
        hasattr(obj, "__array__") and numpy.shares_memory(result.array, numpy.asarray(obj))
    ):
        raise ValueError("can't alias the given object: dtype, device or kind of object require a copy")
    return result.requires_grad_(True) if requires_grad else result


def from_numpy(array):
    """A tensor that shares the memory of a NumPy array.

    TypeError for anything else or an unsupported dtype, ValueError for negative strides or foreign byte
    order. A read-only array gives a warning, and writing to the tensor raises ValueError.
    """
    if not isinstance(array, numpy.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if not array.flags.carray or type(array) is not ndarray:
        array = array.view(ndarray) if type(array) is not ndarray else array
        checked(array)
        if not array.flags.writeable:
            warnings.warn(
                "The given NumPy array is not writable: writing to this tensor will fail. Copy the "
                "array to change that.",
                stacklevel=2,
            )
    elif array.dtype not in by_numpy:
        checked(array)
    return wrap(array)


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor that shares the memory of an array of another library, on CPU or GPU, unless ``device`` is
    another one or ``copy`` is True.

    ``ext_tensor``: any object with ``__dlpack__``; TypeError for other objects, BufferError for tensors
    that require a gradient.
    """
    if getattr(ext_tensor, "requires_grad", False):
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(f"from_dlpack expects an object with __dlpack__, got {type(ext_tensor).__name__}")
    new = wrap(ext_tensor.array if isinstance(ext_tensor, Variable) else checked(foreign(ext_tensor)))
    return new.to(device if device is not None else new.device, copy=bool(copy))


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A 1-d tensor that shares the memory of a Python buffer (bytearray, mmap, …).

    ValueError if the length in bytes is not a multiple of the element size.
    """
    return wrap(numpy.frombuffer(buffer, as_dtype(dtype).numpy, count, offset)).requires_grad_(requires_grad)


def scalar_tensor(s, *, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False):
    """A 0-d tensor of a number, in the default dtype."""
    return tensor(s, dtype=dtype or get_default_dtype(), device=device, requires_grad=requires_grad)


def _from_data(data, dtype, device, copy):
    return wrap(placed(data, None if dtype is None else as_dtype(dtype).numpy, device, copy))


# ---- of a shape ----------------------------------------------------------------------------------


def creation_options(dtype, device, options):
    """(NumPy dtype, device, ``out``) of a function that makes a tensor.

    Torch's options without meaning here, such as ``pin_memory``, are ignored; others raise TypeError.
    """
    out, layout = options.pop("out", None), options.pop("layout", None)
    if layout not in (None, strided):
        raise NotImplementedError(f"implemented for strided tensors only, got: {layout}")
    for name in ("pin_memory", "memory_format", "names") if options else ():
        options.pop(name, None)
    if options:
        raise TypeError(
            f"unexpected keyword argument {next(iter(options))!r}; there are size, out, dtype, layout, "
            "device, pin_memory, requires_grad"
        )
    if out is None:
        return (
            as_dtype(dtype).numpy if dtype is not None else default_numpy(),
            as_device(device) if device is not None else default_device(),
            None,
        )
    if dtype is not None and as_dtype(dtype) is not out.dtype:
        raise RuntimeError(f"dtype {as_dtype(dtype)} does not match dtype of out parameter ({out.dtype})")
    return out.array.dtype, out.device, out


def finish(array, out, requires_grad=False):
    """A tensor of ``array``, or ``out`` after ``array`` was written into it."""
    if out is None:
        new = wrap(as_array(array))
        return new if requires_grad is False else new.requires_grad_(requires_grad)
    if out.array.shape == array.shape:
        out.array[...] = array
    else:
        out.data = wrap(array)
    changed(out)
    return out


def given_shape(size, options):
    """The shape given as ``f(2, 3)``, ``f((2, 3))`` or ``f(size=(2, 3))``.

    TypeError if it is missing, RuntimeError for negative sizes.
    """
    if not size and "size" not in options:
        raise TypeError('missing 1 required positional argument: "size"')
    shape = sizes(size or (options.pop("size"),))
    if min(shape, default=0) < 0:
        raise RuntimeError(f"Dimension size must be non-negative, got {list(shape)}")
    return shape


def _filled(maker, size, dtype, device, requires_grad, options):
    size = given_shape(size, options)
    form = options.get("memory_format", contiguous_format)
    kind, place, out = creation_options(dtype, device, options)
    array = move(getattr(module_for(place), maker)(size, dtype=kind), place)
    return finish(formatted(array, form, maker, as_array), out, requires_grad)


def zeros(*size, dtype=None, device=None, requires_grad=False, **options):
    """Zeros of shape ``size``, given as integers or one tuple. ``out=`` takes a tensor to write to."""
    return _filled("zeros", size, dtype, device, requires_grad, options)


def ones(*size, dtype=None, device=None, requires_grad=False, **options):
    """Ones of shape ``size``, given as integers or one tuple. ``out=`` takes a tensor to write to."""
    return _filled("ones", size, dtype, device, requires_grad, options)


def empty(*size, dtype=None, device=None, requires_grad=False, **options):
    """Uninitialised memory of shape ``size``, given as integers or one tuple."""
    return _filled("empty", size, dtype, device, requires_grad, options)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False, **options):
    """A tensor of shape ``size`` (a tuple) filled with ``fill_value``.

    The dtype is that of the value unless given. RuntimeError if the dtype cannot hold the value, TypeError if
    ``size`` is not a tuple or list.
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}"
        )
    value, natural = number(fill_value)
    if dtype is None and options.get("out") is None:
        dtype = natural
    kind, place, out = creation_options(dtype, device, options)
    check_fits(value, kind, finite=True)
    shape = given_shape((tuple(size),), {})
    filled = module_for(place).full(shape, wrapped(value, kind), kind)
    return finish(move(filled, place), out, requires_grad)


def array_argument(input, name):
    if not isinstance(input, Variable):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return input.array


def _like(maker, input, dtype, device, requires_grad, options, *value):
    array = array_argument(input, f"{maker}_like")
    if "out" in options:
        raise TypeError(f"{maker}_like() got an unexpected keyword argument 'out'")
    form = options.get("memory_format", preserve_format)
    kind, place, _ = creation_options(dtype, device, options)
    kind = array.dtype if dtype is None else kind
    place = device_of(array) if device is None else place
    if value:
        check_fits(value[0], kind, finite=True)
        made = xp(array).full_like(array, wrapped(value[0], kind), dtype=kind)
    else:
        made = getattr(xp(array), f"{maker}_like")(array, dtype=kind)
    made = formatted(move(made, place), form, f"{maker}_like", xp(made).ascontiguousarray)
    return finish(made, None, requires_grad)


def zeros_like(input, *, dtype=None, device=None, requires_grad=False, **options):
    """Zeros with the shape, dtype and device of ``input``, unless others are given."""
    return _like("zeros", input, dtype, device, requires_grad, options)


def ones_like(input, *, dtype=None, device=None, requires_grad=False, **options):
    """Ones with the shape, dtype and device of ``input``, unless others are given."""
    return _like("ones", input, dtype, device, requires_grad, options)


def empty_like(input, *, dtype=None, device=None, requires_grad=False, **options):
    """Uninitialised memory with the shape, dtype and device of ``input``, unless others are given."""
    return _like("empty", input, dtype, device, requires_grad, options)


def full_like(input, fill_value, *, dtype=None, device=None, requires_grad=False, **options):
    """A tensor filled with ``fill_value``, with the shape, dtype and device of ``input`` unless given.

    RuntimeError if the dtype cannot hold the value.
    """
    return _like("full", input, dtype, device, requires_grad, options, number(fill_value)[0])


def empty_strided(size, stride, *, dtype=None, device=None, requires_grad=False, **options):
    """Uninitialised memory of shape ``size`` with these strides, in elements."""
    kind, place, _ = creation_options(dtype, device, options)
    count = 0 if 0 in size else 1 + sum((n - 1) * s for n, s in zip(size, stride))
    module = module_for(place)
    block = move(module.empty(count, kind), place)
    steps = [s * kind.itemsize for s in stride]
    array = module.lib.stride_tricks.as_strided(block, sizes((size,)), steps)
    return wrap(array).requires_grad_(requires_grad)


@composite
def eye(n: int, m: int | None = None, *, dtype=None, device=None, requires_grad=False, **options):
    """The (n, m) matrix with ones on its diagonal; square without ``m``. RuntimeError for negative sizes."""
    m = n if m is None else m
    for name, value in (("n", n), ("m", m)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    kind, place, out = creation_options(dtype, device, options)
    return finish(move(module_for(place).eye(*sizes((n, m)), dtype=kind), place), out, requires_grad)
