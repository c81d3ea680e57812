"""Functions that make tensors."""

from __future__ import annotations

import math
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
    set_default_device,
    xp,
)
from ..core.arrays import device as as_device
from ..core.composite import composite
from ..core.dtypes import (
    as_dtype,
    by_numpy,
    category,
    check_fits,
    default_numpy,
    get_default_dtype,
    result_numpy,
    set_default_dtype,
)
from ..core.graph import Variable, changed, wrap
from ..ops.shape import sizes
from .from_data import as_type, checked, constructed, foreign, number, placed, wrapped

# ---- from data -----------------------------------------------------------------------------------


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new leaf with a copy of ``data``: numbers, nested sequences of them (also of 0-d tensors), an array
    of any library.

    Without ``dtype`` Python floats give the default dtype, ints int64, bools bool; arrays keep theirs.
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
    """``data`` as a tensor, which shares its memory where dtype and device allow; a tensor stays in its
    graph. Errors as :func:`tensor`.
    """
    if type(data) is ndarray and dtype is None and device is None and default_device() is CPU:
        return from_numpy(data)
    if isinstance(data, Variable):
        return data.to(device=device, dtype=dtype)
    return _from_data(data, dtype, device, copy=False)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """``obj`` as a tensor: sharing its memory where that is possible (``copy=None``), never (True), or else
    ValueError (False).
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

    TypeError for anything else or an unsupported dtype; ValueError for negative strides and foreign byte
    order. A read-only array warns: writing to the tensor then raises ValueError.
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


def from_dlpack(ext_tensor):
    """A tensor that shares the memory of another library's (anything with ``__dlpack__``, on CPU or GPU).
    BufferError if it requires a gradient.

    TypeError for other objects.
    """
    if getattr(ext_tensor, "requires_grad", False):
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(f"from_dlpack expects an object with __dlpack__, got {type(ext_tensor).__name__}")
    return wrap(ext_tensor.array if isinstance(ext_tensor, Variable) else checked(foreign(ext_tensor)))


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A 1-d tensor that shares the memory of a Python buffer (bytearray, mmap, …).

    ValueError if its length is no multiple of an element's.
    """
    return wrap(numpy.frombuffer(buffer, as_dtype(dtype).numpy, count, offset)).requires_grad_(requires_grad)


def scalar_tensor(s, *, dtype=None, device=None, requires_grad=False):
    """A 0-d tensor of a number, in the default dtype."""
    return tensor(s, dtype=dtype or get_default_dtype(), device=device, requires_grad=requires_grad)


def _from_data(data, dtype, device, copy):
    return wrap(placed(data, None if dtype is None else as_dtype(dtype).numpy, device, copy))


# ---- of a shape ----------------------------------------------------------------------------------


def creation_options(dtype, device, options):
    """NumPy's dtype, the device and ``out`` of a function that makes a tensor; those options that mean
    nothing here are let pass.
    """
    out = options.pop("out", None)
    for name in ("layout", "pin_memory", "memory_format", "names"):
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
    """A tensor of ``array``, or ``out`` with its elements."""
    if out is None:
        return wrap(as_array(array)).requires_grad_(requires_grad)
    if out.array.shape == array.shape:
        out.array[...] = array
    else:
        out.data = wrap(array)
    changed(out)
    return out


def given_shape(size, options):
    """The shape that a function was given as ``f(2, 3)``, ``f((2, 3))`` or ``f(size=(2, 3))``.

    TypeError without one, RuntimeError for -1.
    """
    if not size and "size" not in options:
        raise TypeError('missing 1 required positional argument: "size"')
    shape = sizes(size or (options.pop("size"),))
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Dimension size must be non-negative, got {list(shape)}")
    return shape


def _filled(maker, size, dtype, device, requires_grad, options):
    size = given_shape(size, options)
    kind, place, out = creation_options(dtype, device, options)
    return finish(move(getattr(module_for(place), maker)(size, dtype=kind), place), out, requires_grad)


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
    """``fill_value`` in shape ``size`` (a tuple); without ``dtype`` that of the value. RuntimeError if the
    dtype cannot hold it.

    TypeError for another ``size``.
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}"
        )
    value, natural = number(fill_value)
    kind, place, out = creation_options(
        natural if dtype is None and options.get("out") is None else dtype, device, options
    )
    check_fits(value, kind, finite=True)
    return finish(
        move(module_for(place).full(given_shape((tuple(size),), {}), wrapped(value, kind), kind), place),
        out,
        requires_grad,
    )


def array_argument(input, name):
    if not isinstance(input, Variable):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return input.array


def _like(maker, input, dtype, device, requires_grad, options, *value):
    array = array_argument(input, f"{maker}_like")
    if "out" in options:
        raise TypeError(f"{maker}_like() got an unexpected keyword argument 'out'")
    kind, place, _ = creation_options(
        array.dtype if dtype is None else dtype, device if device is not None else device_of(array), options
    )
    if value:
        check_fits(value[0], kind, finite=True)
        made = xp(array).full_like(array, wrapped(value[0], kind), dtype=kind)
    else:
        made = getattr(xp(array), f"{maker}_like")(array, dtype=kind)
    return wrap(move(made, place)).requires_grad_(requires_grad)


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
    """``fill_value`` in the shape, dtype and device of ``input``, unless others are given.

    RuntimeError if the dtype cannot hold it.
    """
    return _like("full", input, dtype, device, requires_grad, options, number(fill_value)[0])


def empty_strided(size, stride, *, dtype=None, device=None, requires_grad=False, **options):
    """Uninitialised memory of shape ``size`` with these strides, in elements."""
    kind, place, _ = creation_options(dtype, device, options)
    count = 0 if 0 in size else 1 + sum((n - 1) * s for n, s in zip(size, stride))
    module = module_for(place)
    block = move(module.empty(count, kind), place)
    steps = [s * kind.itemsize for s in stride]
    return wrap(module.lib.stride_tricks.as_strided(block, sizes((size,)), steps)).requires_grad_(
        requires_grad
    )


# ---- ranges --------------------------------------------------------------------------------------


def arange(start=0, end=None, step=1, *, dtype=None, device=None, requires_grad=False, **options):
    """``arange(end)``, ``arange(start, end, step)``: start, start + step, … before ``end``; int64 if all are
    integers, else the default dtype.

    RuntimeError if ``step`` is 0 or leads away from ``end``. NotImplementedError for booleans.
    """
    start, end = (0, start) if end is None else (start, end)
    numbers = [number(v)[0] for v in (start, end, step)]
    if dtype is None and options.get("out") is None and all(isinstance(v, int) for v in numbers):
        dtype = "int64"
    kind, place, out = creation_options(dtype, device, options)
    if kind.kind == "b":
        raise NotImplementedError("arange is not implemented for bool")
    start, end, step = map(int, numbers) if kind == "int64" and _finite(numbers) else numbers
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not _finite((start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"upper bound and lower bound inconsistent with step sign: arange({start}, {end}, {step})"
        )
    count = (
        -((start - end) // step)
        if isinstance(start, int) and isinstance(end, int) and isinstance(step, int)
        else math.ceil((end - start) / step)
    )
    if kind.kind in "iu":  # torch counts in float64, then steps in integers
        start, step = int(start), int(step)
    values = start + numpy.arange(count) * step
    return finish(move(as_type(values, kind), place), out, requires_grad)


def _finite(numbers):
    return all(v == v and abs(v) != math.inf for v in numbers)


def range(start=0, end=None, step=1, *, dtype=None, device=None, requires_grad=False, **options):
    """start, start + step, … up to and including ``end``. Deprecated, as in torch: use :func:`arange`."""
    warnings.warn(
        "range is deprecated: its end is included. Use arange, which produces values in [start, end).",
        stacklevel=2,
    )
    start, end, step = (number(v)[0] for v in ((0, start, step) if end is None else (start, end, step)))
    count = math.floor((end - start) / step) + 1
    kind, place, out = creation_options(dtype, device, options)
    return finish(move(as_type(start + numpy.arange(count) * step, kind), place), out, requires_grad)


@numpy.errstate(all="ignore")  # what overflows is infinite
def _steps(start, end, steps, kind):
    """``steps`` numbers from ``start`` to ``end``, counted from both ends towards the middle, so that both
    are exact.

    As in torch the distance is rounded to the precision of the dtype and the sums only once, as if by a fused
    multiply-add.
    """
    for name, value in (("start", start), ("end", end)):
        if isinstance(value, Variable) and value.array.ndim:
            raise RuntimeError(
                f"linspace only supports 0-dimensional start and end tensors, but got {name} with "
                f"{value.array.ndim} dimension(s)."
            )
    if not hasattr(steps, "__index__"):
        raise TypeError(f"steps should be an integer, got {type(steps).__name__}")
    steps = steps.__index__()
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    narrow, wide = (
        ("float32", "float64") if category(kind) == 2 and kind.itemsize < 8 else ("float64", "longdouble")
    )
    start, end = (number(v.detach() if isinstance(v, Variable) else v)[0] for v in (start, end))
    if category(kind) < 2:
        start, end = int(start), int(end)
    start, end = numpy.asarray(start, narrow), numpy.asarray(end, narrow)
    if steps < 2:
        return numpy.full(steps, start)
    step = numpy.asarray((end - start) / (steps - 1), narrow).astype(wide)
    index = numpy.arange(steps)
    return numpy.where(index < steps // 2, start + step * index, end - step * (steps - 1 - index)).astype(
        narrow
    )


@composite
def linspace(start, end, steps: int, *, dtype=None, device=None, requires_grad=False, **options):
    """``steps`` numbers from ``start`` to ``end``, both included, at equal distances.

    RuntimeError for negative ``steps``.
    """
    kind, place, out = creation_options(dtype, device, options)
    return finish(move(as_type(_steps(start, end, steps, kind), kind), place), out, requires_grad)


@composite
def logspace(start, end, steps: int, base=10.0, *, dtype=None, device=None, requires_grad=False, **options):
    """``base`` to the powers of :func:`linspace`."""
    kind, place, out = creation_options(dtype, device, options)
    with numpy.errstate(all="ignore"):
        powers = numpy.power(float(base), _steps(start, end, steps, kind))
    return finish(move(as_type(powers, kind), place), out, requires_grad)


@composite
def eye(n: int, m: int | None = None, *, dtype=None, device=None, requires_grad=False, **options):
    """The (n, m) matrix with ones on its diagonal; square without ``m``. RuntimeError for negative sizes."""
    m = n if m is None else m
    for name, value in (("n", n), ("m", m)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    kind, place, out = creation_options(dtype, device, options)
    return finish(move(module_for(place).eye(*sizes((n, m)), dtype=kind), place), out, requires_grad)


# ---- what a tensor is ----------------------------------------------------------------------------


def is_tensor(obj) -> bool:
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Variable)


def is_floating_point(input) -> bool:
    """Whether the elements are floating-point numbers."""
    return category(array_argument(input, "is_floating_point").dtype) == 2


def is_complex(input) -> bool:
    """Whether the elements are complex numbers."""
    return array_argument(input, "is_complex").dtype.kind == "c"


def is_nonzero(input) -> bool:
    """Whether the only element is not zero. RuntimeError if there is not exactly one."""
    return bool(input)


def numel(input) -> int:
    """The number of elements."""
    return array_argument(input, "numel").size


def result_type(tensor1, tensor2):
    """The dtype of an operation on both, tensors or numbers: tensors with dimensions before 0-d ones before
    numbers.
    """
    values = [v.array if isinstance(v, Variable) else v for v in (tensor1, tensor2)]
    return by_numpy[result_numpy(values)]


def typename(obj) -> str:
    """The name of a type with its module: that of a tensor as :meth:`Tensor.type` says, that of a class, or
    that of the object's class.
    """
    if isinstance(obj, Variable):
        return obj.type()  # type: ignore[attr-defined]
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    return (
        kind.__qualname__
        if kind.__module__ in ("builtins", None)
        else f"{kind.__module__}.{kind.__qualname__}"
    )


# ---- legacy constructors -------------------------------------------------------------------------


class LegacyType(type):
    """A name such as ``FloatTensor``: a constructor of sizes or data, a test (``isinstance(x, FloatTensor)``)
    and a name for ``x.type(…)``.
    """

    dtype = property(lambda cls: as_dtype(cls.kind), doc="The dtype of its tensors.")

    def __call__(cls, *data, device=None):
        kind = cls.dtype
        if len(data) == 1 and isinstance(data[0], Variable) and data[0].dtype is not kind:
            raise TypeError(f"expected a tensor of dtype {kind}, got {data[0].dtype}; use tensor.to")
        return wrap(move(constructed(data, kind.numpy), device or cls.place))

    def __instancecheck__(cls, x):
        return isinstance(x, Variable) and x.dtype is cls.dtype and device_of(x.array).type == cls.place


def legacy_type(name, dtype, place="cpu", module=__name__):
    """A legacy type, whose tensors live in the ``place`` "cpu" or "cuda"."""
    meaning = (
        f"``{name}(2, 3)`` or ``{name}([1, 2])``: a tensor of "
        f"{dtype}{' on the GPU' if place == 'cuda' else ''}."
    )
    return LegacyType(name, (), {"kind": dtype, "place": place, "__doc__": meaning, "__module__": module})


LEGACY_DTYPES = {
    "Float": "float32",
    "Double": "float64",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Bool": "bool",
    "Byte": "uint8",
    "Char": "int8",
}
LEGACY_DTYPES |= {"Short": "int16", "Int": "int32", "Long": "int64"}

(
    FloatTensor,
    DoubleTensor,
    HalfTensor,
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    ShortTensor,
    IntTensor,
    LongTensor,
) = (legacy_type(f"{name}Tensor", kind) for name, kind in LEGACY_DTYPES.items())


def set_default_tensor_type(t) -> None:
    """Create tensors of this legacy type (``FloatTensor`` or its name) from now on: its dtype and, with
    ``cuda`` in the name, a GPU.

    TypeError unless it is a floating-point type.
    """
    name = t if isinstance(t, str) else f"{t.__module__}.{t.__name__}"
    kind = {
        "FloatTensor": "float32",
        "DoubleTensor": "float64",
        "HalfTensor": "float16",
        "BFloat16Tensor": "bfloat16",
    }.get(name.rpartition(".")[2])
    if kind is None:
        raise TypeError(f"only floating-point types are supported as the default type, got {name}")
    set_default_dtype(kind)
    set_default_device("cuda" if ".cuda." in name else "cpu")
