"""Initial values, as torch.nn.init. Each function fills a tensor in place, unrecorded, and returns it."""

from __future__ import annotations

import math
import warnings

import numpy

from ..core.arrays import device_of, move
from ..core.graph import changed
from ..kernels.lapack import lapack
from ..ops.complex import view_as_real
from ..ops.elementwise import check_real
from ..tensors.generator import default_generator
from ..tensors.public_names import lookup as _lookup

_GAINS = {"sigmoid": 1, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
_GAINS |= dict.fromkeys(
    ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1
)


def calculate_gain(nonlinearity, param=None):
    """The factor of initial weights for ``nonlinearity``; ``param`` is the slope of leaky_relu.

    ValueError for an unknown ``nonlinearity``.
    """
    if nonlinearity == "leaky_relu":
        if param is not None and (isinstance(param, bool) or not isinstance(param, (int, float))):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


@numpy.errstate(all="ignore")  # overflow gives inf
def _fill(tensor, values):
    """Write ``values`` (a NumPy array or a number) into ``tensor``."""
    if isinstance(values, numpy.ndarray):
        values = move(values, device_of(tensor.array))
    tensor.array.reshape(tensor.shape)[...] = values  # parameters of lazy layers have no shape yet
    changed(tensor)
    return tensor


@numpy.errstate(all="ignore")
def _uniform(shape, dtype, low, high, generator):
    values = (generator or default_generator).numpy.random(
        shape, numpy.float64 if dtype == "float64" else numpy.float32
    )
    values *= high - low
    values += low
    return values


def _normal(shape, dtype, mean, std, generator):
    values = (generator or default_generator).numpy.standard_normal(
        shape, numpy.float64 if dtype == "float64" else numpy.float32
    )
    values *= std
    values += mean
    return values


def _check_interval(a, b):
    if a > b:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Uniform numbers in [a, b), both parts of complex ones. RuntimeError if a > b."""
    _check_interval(a, b)
    if tensor.is_complex():
        uniform_(view_as_real(tensor.detach()), a, b, generator)
        return tensor
    return _fill(tensor, _uniform(tensor.array.shape, tensor.array.dtype, a, b, generator))


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Normal numbers, as ``Tensor.normal_``. RuntimeError for a negative ``std``."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    if tensor.is_complex():
        normal_(view_as_real(tensor.detach()), mean, std * math.sqrt(0.5), generator)
        return tensor
    return _fill(tensor, _normal(tensor.array.shape, tensor.array.dtype, mean, std, generator))


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Normal numbers, truncated to [a, b]. Warns if the mean is more than two std from [a, b].

    RuntimeError if a > b.
    """
    check_real(tensor, "trunc_normal_")
    _check_interval(a, b)
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=2,
        )
    inside = 0.5 * (math.erf((b - mean) / (std * math.sqrt(2))) - math.erf((a - mean) / (std * math.sqrt(2))))
    draw = _trunc_by_rejection if inside > 0.3 else _trunc_by_density
    values = draw(tensor.array.size, tensor.array.dtype, mean, std, a, b, generator)
    return _fill(tensor, values.reshape(tensor.array.shape))


def _trunc_by_rejection(count, dtype, mean, std, a, b, generator):
    """For intervals with much of the probability: normal numbers, drawn again if they are outside."""
    values = _normal(count, dtype, mean, std, generator)
    while (outside := numpy.flatnonzero((values < a) | (values > b))).size:
        values[outside] = _normal(outside.size, dtype, mean, std, generator)
    return values


@numpy.errstate(all="ignore")
def _trunc_by_density(count, dtype, mean, std, a, b, generator):
    """For intervals in the tail: uniform candidates, each accepted in proportion to its density."""
    peak = ((max(a, min(mean, b)) - mean) / std) ** 2
    values, pending = numpy.empty(count, dtype), numpy.arange(count)
    while pending.size:
        candidates = _uniform(pending.size, dtype, a, b, generator)
        values[pending] = candidates
        heights = numpy.exp(0.5 * (peak - ((candidates - mean) / std) ** 2))
        pending = pending[_uniform(pending.size, dtype, 0, 1, generator) >= heights]
    return values


def constant_(tensor, val):
    """``val`` everywhere."""
    return _fill(tensor, val)


def ones_(tensor):
    """1 everywhere."""
    return _fill(tensor, 1)


def zeros_(tensor):
    """0 everywhere."""
    return _fill(tensor, 0)


def eye_(tensor):
    """The identity matrix. ValueError unless it has two dimensions."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _fill(tensor, numpy.eye(*tensor.shape))


def dirac_(tensor, groups=1):
    """A convolution weight (out, in / groups, k…) that copies its input. ValueError for other shapes."""
    shape = tensor.array.shape
    if len(shape) not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    values = numpy.zeros(shape, numpy.float32)
    middle, each = tuple(k // 2 for k in shape[2:]), shape[0] // groups
    for group in range(groups):
        for channel in range(min(each, shape[1])):
            values[(group * each + channel, channel, *middle)] = 1
    return _fill(tensor, values)


def _calculate_fan_in_and_fan_out(tensor):
    """(inputs of one output, outputs of one input): (in, out) times the size of the kernel."""
    shape = tensor.array.shape
    if len(shape) < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _calculate_correct_fan(tensor, mode):
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Uniform in ±gain · sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010).

    ValueError for fewer than two dimensions.
    """
    bound = gain * math.sqrt(6 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Normal with std gain · sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio 2010).

    ValueError for fewer than two dimensions.
    """
    return normal_(tensor, 0, gain * math.sqrt(2 / sum(_calculate_fan_in_and_fan_out(tensor))), generator)


def _kaiming_std(tensor, a, mode, nonlinearity):
    return calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Uniform in ±gain · sqrt(3 / fan) (He et al. 2015); ``a`` is the slope of leaky_relu.

    ValueError for fewer than two dimensions.
    """
    if 0 in tensor.array.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Normal with std gain / sqrt(fan) (He et al. 2015); ``a`` is the slope of leaky_relu.

    ValueError for fewer than two dimensions.
    """
    if 0 in tensor.array.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    return normal_(tensor, 0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor, gain=1, generator=None):
    """A (semi-)orthogonal matrix times ``gain`` (Saxe et al. 2014); dimensions after the first count as one.

    ValueError for fewer than two dimensions.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    check_real(tensor, "orthogonal_")
    if not tensor.array.size:
        return tensor
    rows = tensor.array.shape[0]
    values = _normal((rows, tensor.array.size // rows), tensor.array.dtype, 0, 1, generator)
    wide = values.shape[0] < values.shape[1]
    q, r = lapack(numpy.linalg.qr, values.T if wide else values)
    q = q * numpy.sign(numpy.diag(r))  # uniform over all such matrices: https://arxiv.org/abs/math-ph/0609050
    return _fill(tensor, gain * (q.T if wide else q).reshape(tensor.array.shape))


def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Normal numbers with the fraction ``sparsity`` of every column zero (Martens 2010).

    ValueError unless it has two dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.array.shape
    values = _normal((rows, columns), tensor.array.dtype, 0, std, generator)
    for column in range(columns):
        values[
            (generator or default_generator).numpy.permutation(rows)[: math.ceil(sparsity * rows)], column
        ] = 0
    return _fill(tensor, values)


def _deprecated(function):
    """The function under its old name, without the underscore: it warns."""
    name = function.__name__

    def old(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{name[:-1]}` is now deprecated in favor of `nn.init.{name}`.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    old.__name__ = old.__qualname__ = name[:-1]
    old.__doc__ = f"Deprecated: use :func:`{name}`."
    return old


uniform, normal, constant, eye, dirac = map(_deprecated, (uniform_, normal_, constant_, eye_, dirac_))
xavier_uniform, xavier_normal = map(_deprecated, (xavier_uniform_, xavier_normal_))
kaiming_uniform, kaiming_normal = map(_deprecated, (kaiming_uniform_, kaiming_normal_))
orthogonal, sparse = map(_deprecated, (orthogonal_, sparse_))

__getattr__ = _lookup(__name__, tensors=True)
