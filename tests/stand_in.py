"""A stand-in for CuPy on machines without a GPU: arrays in NumPy's memory that behave as if they were in
another one.

It refuses every NumPy array that it did not make, offers only what CuPy offers (``cupy_names.txt``), returns
0-d arrays where CuPy does, and counts each crossing between host and device, so that a test can prove that
there was none.
"""

from __future__ import annotations

import contextlib
import pathlib
import re
import sys
import types

import numpy

from mytorch.core import arrays as backend
from mytorch.ops.special import bessel, gamma, incomplete_gamma, normal
from mytorch.ops.special import erf as special

crossings: list[str] = []  # each transfer between host and "device", by its name


def _names():
    """{namespace: {name: None, "ufunc" or its arguments}} of CuPy."""
    found, section = {}, None
    for line in pathlib.Path(__file__).with_name("cupy_names.txt").read_text().splitlines():
        if line.startswith("["):
            section = found[line.strip("[]")] = {}
        elif line and not line.startswith("#"):
            for name, ufunc, arguments in re.findall(r"(\w+)(!)?(\([^)]*\))?", line):
                section[name] = "ufunc" if ufunc else arguments[1:-1].split(",") if arguments else None
    return found


NAMES = _names()
_SCATTERS = {"add", "subtract", "maximum", "minimum", "bitwise_and", "bitwise_or", "bitwise_xor"}
_SCATTERED = ("int32", "uint32", "uint64", "float16", "float32", "float64", "complex64", "complex128")


def _open(value):
    """``value`` with the NumPy arrays behind ours; TypeError for a NumPy array, which CuPy does not take
    either.
    """
    if isinstance(value, ndarray):
        return value._array
    if isinstance(value, numpy.ndarray):
        raise TypeError(
            f"Unsupported type {type(value)}: a NumPy array of shape {value.shape} met an array of the device"
        )
    if isinstance(value, (tuple, list)):
        return type(value)(map(_open, value))
    if isinstance(value, slice):
        return slice(_open(value.start), _open(value.stop), _open(value.step))
    return value


def _owner(array):
    while isinstance(array.base, numpy.ndarray):
        array = array.base
    return array


def _close(result, sources):
    """NumPy's ``result`` as ours. A view knows the array of ours whose memory it shares."""
    if isinstance(result, (tuple, list)):
        return (
            type(result)(_close(r, sources) for r in result)
            if type(result) in (tuple, list)
            else tuple(_close(r, sources) for r in result)
        )
    if isinstance(result, numpy.generic):
        result = numpy.asarray(result)
    if not isinstance(result, numpy.ndarray):
        return result
    for source in _flat(sources):
        if source._array is result:
            return source
        if _owner(source._array) is _owner(result):
            return ndarray(result, source if source.base is None else source.base)
    return ndarray(result)


def _flat(values):
    for v in values:
        if isinstance(v, ndarray):
            yield v
        elif isinstance(v, (tuple, list)):
            yield from _flat(v)


def _wrapped(function, arguments=None):
    """``function`` of NumPy as one of CuPy, with CuPy's arguments where they are known."""

    def call(*args, **options):
        known = isinstance(arguments, list) and not any(a.startswith("*") for a in arguments)
        if known and (len(args) > len(arguments) or options.keys() - set(arguments)):
            raise TypeError(
                f"cupy.{function.__name__}({', '.join(arguments)}) does not take "
                f"{args[len(arguments) :]} {sorted(options)}"
            )
        result = function(*map(_open, args), **{k: _open(v) for k, v in options.items()})
        out = options.get("out")
        return (
            out
            if out is not None and not isinstance(out, tuple)
            else _close(result, [*args, *options.values()])
        )

    return call


class _Ufunc:
    def __init__(self, function):
        self._function, self.__name__ = function, function.__name__
        self.reduce, self.accumulate, self.outer = (
            _wrapped(function.reduce),
            _wrapped(function.accumulate),
            _wrapped(function.outer),
        )
        if function.__name__ == "add":
            self.reduceat = _wrapped(function.reduceat)
        self.__call__ = _wrapped(function)

    def __call__(self, *args, **options):
        return _wrapped(self._function)(*args, **options)

    def at(self, target, index, values=None):
        if self.__name__ not in _SCATTERS:
            raise NotImplementedError(f"`{self.__name__}.at` is not supported yet")
        if target.dtype.name not in _SCATTERED:
            raise TypeError(
                f"scatter_{self.__name__} only supports {', '.join(_SCATTERED)} as data type, not "
                f"{target.dtype}"
            )
        self._function.at(_open(target), _open(index), _open(values))


class ndarray:
    """An array of the stand-in device."""

    __array_ufunc__ = None  # NumPy's functions and operators are refused

    def __init__(self, array, base=None):
        self._array, self.base = array, base

    def __array__(self, *args, **options):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a "
            "NumPy array explicitly."
        )

    def __getattr__(self, name):
        if name not in NAMES["ndarray"]:
            raise AttributeError(f"cupy.ndarray has no attribute {name!r}")
        if name == "data":
            return types.SimpleNamespace(ptr=self._array.ctypes.data)
        value = getattr(self._array, name)
        if not callable(value):
            return _close(value, [self]) if isinstance(value, numpy.ndarray) else value

        def method(*args, **options):
            if options.keys() & {"where", "initial"}:
                raise TypeError(f"cupy.ndarray.{name}() got an unexpected keyword argument")
            if name in ("item", "tolist", "tobytes"):
                crossings.append(name)
                return value(*args, **options)
            return _close(value(*map(_open, args), **{k: _open(v) for k, v in options.items()}), [self])

        return method

    device = property(lambda self: types.SimpleNamespace(id=0))

    def get(self):
        crossings.append("get")
        return self._array.copy()

    def __setattr__(self, name, value):
        if name in ("shape", "dtype", "strides"):
            setattr(self._array, name, value)
        else:
            super().__setattr__(name, value)

    def __getitem__(self, index):
        return _close(self._array[_open(index)], [self])

    def __setitem__(self, index, value):
        self._array[_open(index)] = _open(value)

    def __len__(self):
        return len(self._array)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __repr__(self):
        return f"stand-in {self._array!r}"

    def __copy__(self):
        return ndarray(self._array.copy())

    def __deepcopy__(self, memo):
        return ndarray(self._array.copy())

    def __dlpack__(self, **options):
        raise BufferError("the stand-in device exports no memory")


def _operator(name):
    def method(self, *others):
        try:
            result = getattr(self._array, name)(*map(_open, others))
        except TypeError:
            if any(isinstance(o, numpy.ndarray) for o in others):
                raise
            return NotImplemented
        if result is NotImplemented:
            return result
        return self if name[2] == "i" and name not in ("__invert__",) else _close(result, [])

    return method


def _crossing(name):
    def method(self):
        crossings.append(name)
        return getattr(self._array, name)()

    return method


for _name in NAMES["ndarray"]:
    if _name in ("__bool__", "__float__", "__int__", "__complex__"):
        setattr(ndarray, _name, _crossing(_name))
    elif _name.startswith("__") and _name not in ndarray.__dict__:
        setattr(ndarray, _name, _operator(_name))
ndarray.__hash__ = None


def _namespace(name, source):
    module = types.ModuleType(name)
    for key, kind in NAMES[name].items():
        theirs = getattr(source, key, None)
        if isinstance(theirs, numpy.ufunc):
            setattr(module, key, _Ufunc(theirs))
        elif isinstance(theirs, type) or (theirs is not None and not callable(theirs)):
            setattr(module, key, theirs)
        elif theirs is not None:
            setattr(module, key, _wrapped(theirs, kind if isinstance(kind, list) else None))
    return module


def _upload(value, dtype=None, copy=None, order="K"):
    if isinstance(value, ndarray):
        return (
            ndarray(numpy.array(value._array, dtype, order=order))
            if copy or (dtype is not None and value.dtype != dtype)
            else value
        )
    crossings.append("upload")
    return ndarray(numpy.array(value, dtype))


def _download(array):
    if isinstance(array, numpy.ndarray):
        return array
    crossings.append("download")
    return array._array.copy()


def _broadcast_to(array, shape):
    view = numpy.broadcast_to(array._array, shape)
    view.flags.writeable = array._array.flags.writeable  # CuPy's can be written
    return _close(view, [array])


class _Device:
    def __init__(self, index=0):
        if index != 0:
            raise RuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        self.id, self.mem_info = 0, (2**30, 2**31)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        pass

    use = synchronize = lambda self: None


class _Generator:
    def __init__(self, seed):
        self._numpy = numpy.random.default_rng(seed)

    def random(self, size=None, dtype="float64"):
        return ndarray(numpy.asarray(self._numpy.random(size, dtype)))

    def standard_normal(self, size=None, dtype="float64"):
        return ndarray(numpy.asarray(self._numpy.standard_normal(size, dtype)))


def _make():
    cupy = _namespace("cupy", numpy)
    cupy.linalg, cupy.fft = _namespace("linalg", numpy.linalg), _namespace("fft", numpy.fft)
    cupy.lib = types.SimpleNamespace(
        stride_tricks=types.SimpleNamespace(as_strided=_wrapped(numpy.lib.stride_tricks.as_strided))
    )
    cupy.ndarray, cupy.__version__ = ndarray, "stand-in"
    cupy.asarray = lambda a, dtype=None: _upload(a, dtype, copy=False)
    cupy.array = lambda a, dtype=None, copy=True: _upload(a, dtype, copy)
    cupy.asnumpy, cupy.broadcast_to = _download, _broadcast_to
    cupy.random = types.SimpleNamespace(Generator=_Generator, XORWOW=lambda seed: seed)
    pool = types.SimpleNamespace(used_bytes=lambda: 0, total_bytes=lambda: 0, free_all_blocks=lambda: None)
    cupy.get_default_memory_pool = cupy.get_default_pinned_memory_pool = lambda: pool
    properties = {
        "name": b"stand-in",
        "totalGlobalMem": 2**31,
        "major": 0,
        "minor": 0,
        "multiProcessorCount": 1,
        "warpSize": 32,
    }
    runtime = types.SimpleNamespace(getDeviceCount=lambda: 1, getDeviceProperties=lambda index: properties)
    driver = types.SimpleNamespace(ctxGetCurrent=lambda: 1)
    cupy.cuda = types.SimpleNamespace(
        is_available=lambda: True, Device=_Device, runtime=runtime, driver=driver
    )
    return cupy


cupy = _make()
_kernels = types.ModuleType("cupyx.scipy.special")  # the package's own functions stand in for CuPy's
for _name, _function in {
    "erf": special.erf_double,
    "erfc": special.erfc_double,
    "erfinv": special._erfinv_double,
    "gammaln": gamma.lgamma_double,
    "digamma": gamma.digamma_double,
    "zeta": gamma._zeta_anywhere,
    "erfcx": special.erfcx_double,
    "ndtr": normal.ndtr_double,
    "log_ndtr": normal._log_ndtr_double,
    "ndtri": normal._ndtri_double,
    "gammainc": incomplete_gamma._gammainc,
    "gammaincc": incomplete_gamma._gammaincc,
    "i0": bessel._i0,
    "i0e": bessel._i0e,
    "i1": bessel._i1,
    "i1e": bessel._i1e,
}.items():
    setattr(_kernels, _name, _wrapped(_function.__wrapped__))


def install():
    """From now on, device ``cuda:0`` is the stand-in."""
    sys.modules["cupy"] = backend.modules[ndarray] = cupy
    sys.modules["cupyx.scipy.special"] = _kernels


def remove():
    """No CuPy any more."""
    sys.modules.pop("cupy", None)
    sys.modules.pop("cupyx.scipy.special", None)
    backend.modules.pop(ndarray, None)


@contextlib.contextmanager
def installed():
    """The stand-in within a ``with`` block."""
    install()
    try:
        yield cupy
    finally:
        remove()
