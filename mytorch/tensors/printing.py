"""Printing of tensors: the same text as PyTorch's, digit for digit."""

from __future__ import annotations

import contextlib
import dataclasses
import math

import numpy

from ..core.arrays import CPU, move
from ..core.dtypes import default_numpy
from ..core.graph import wrap


@dataclasses.dataclass
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_options = _Options()
_PROFILES: dict[str, dict[str, float]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None
) -> None:
    """Set how tensors print; None leaves an option as it is.

    ValueError for another ``profile``.
    """
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"profile should be one of {', '.join(_PROFILES)}, got {profile!r}")
    given: dict[str, float | None] = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    chosen = _PROFILES.get(profile, {}) | {k: v for k, v in given.items() if v is not None}
    for name, value in chosen.items():
        setattr(_options, name, value)
    _options.sci_mode = sci_mode


def get_printoptions() -> dict:
    """The options of :func:`set_printoptions` as they are now."""
    return dataclasses.asdict(_options)


@contextlib.contextmanager
def printoptions(**options):
    """Set options within ``with printoptions(precision=2): …``."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def tensor_repr(tensor):
    """The text of a tensor, as torch prints it."""
    array = tensor.detach().array
    if getattr(array, "levels", ()):  # inside of vmap
        inside = tensor_repr(wrap(array.data)).replace("\n", "\n    ")
        return f"BatchedTensor(levels={array.levels}, value=\n    {inside}\n)"
    is_ours = type(tensor).__module__.split(".")[0] in ("mytorch", "torch")
    prefix = "tensor(" if is_ours else f"{type(tensor).__name__}("
    suffixes = [] if tensor.device == CPU else [f"device='{tensor.device}'"]
    default = default_numpy()
    if array.size == 0:
        if array.ndim != 1:
            suffixes.append(f"size={array.shape}")
        unusual = array.dtype != default  # no element shows the dtype
    else:
        if not _options.edgeitems:
            suffixes.append(f"size={array.shape}")
        unusual = array.dtype not in (
            default,
            "complex128" if default == "float64" else "complex64",
            "int64",
            "bool",
        )
    if unusual:
        suffixes.append(f"dtype={tensor.dtype!r}")
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn=<{tensor.grad_fn.name}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    text = _with_suffixes(prefix + array_text(array, len(prefix)), suffixes, len(prefix))
    return f"Parameter({text})" if getattr(tensor, "_is_param", False) else text


def _with_suffixes(text, suffixes, indent):
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def array_text(array, indent):
    """The elements in brackets, after ``indent`` characters on the line.

    Only the elements that are shown are read, and moved from a GPU.
    """
    if array.size == 0:
        return "[]"
    summarize = array.size > _options.threshold
    shortened = [summarize and size > 2 * _options.edgeitems for size in array.shape]
    shown = move(_edges(array, shortened), CPU)
    if shown.dtype.kind == "c":
        form = _ComplexFormat(shown)
    elif shown.dtype.kind in "fV":
        form = _FloatFormat(shown)
    else:
        form = _PlainFormat(shown)
    return _nested(shown, indent, shortened, form)


def _edges(array, shortened):
    """The elements that a summary shows: those at both ends of each shortened axis."""
    if not any(shortened):
        return array
    edge = _options.edgeitems
    places = [
        [*range(edge), *range(size - edge, size)] if short else [*range(size)]
        for size, short in zip(array.shape, shortened)
    ]
    return array[numpy.ix_(*(numpy.array(of_axis, int) for of_axis in places))]


class _PlainFormat:
    """Integers and booleans."""

    def __init__(self, array):
        self.width = max((len(str(value)) for value in array.reshape(-1).tolist()), default=1)

    def __call__(self, value):
        return str(value).rjust(self.width)


class _FloatFormat:
    """Floating-point numbers, all in one notation (integer, fixed-point or scientific) and of one width."""

    def __init__(self, array):
        with numpy.errstate(invalid="ignore"):  # a signalling nan
            values = array.reshape(-1).astype(numpy.float64)
        values = values[numpy.isfinite(values) & (values != 0)]
        self.width, self.integers, self.scientific = 1, True, False
        if values.size == 0:
            return
        self.integers = bool((values == numpy.ceil(values)).all())
        smallest, largest = abs(values).min(), abs(values).max()
        if _options.sci_mode is not None:
            self.scientific = _options.sci_mode
        else:
            with numpy.errstate(over="ignore"):
                self.scientific = bool(largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4)
        self.width = max(len(self._digits(value)) for value in values.tolist())

    def _digits(self, value):
        if self.scientific:
            return f"{value:.{_options.precision}e}"
        if self.integers:
            return f"{value:.0f}" + ("." if math.isfinite(value) else "")
        return f"{value:.{_options.precision}f}"

    def __call__(self, value):
        return self._digits(value).rjust(self.width)


class _ComplexFormat:
    """Complex numbers: one format for the real parts, one for the imaginary parts."""

    def __init__(self, array):
        self.real, self.imag = _FloatFormat(array.real), _FloatFormat(array.imag)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, value):
        imag = self.imag(value.imag).lstrip() + "j"
        return self.real(value.real) + (imag if imag[0] in "+-" else "+" + imag)


def _nested(array, indent, shortened, form):
    if array.ndim == 0:
        return form(array.tolist())
    if array.ndim == 1:
        return _row(array, indent, shortened[0], form)
    rows = [_nested(a, indent + 1, shortened[1:], form) for a in array]
    if shortened[0]:
        rows.insert(_options.edgeitems, "...")
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"


def _row(array, indent, shortened, form):
    items = [form(value) for value in array.tolist()]
    if shortened:
        items.insert(_options.edgeitems, " ..." if items else "...")
    per_line = max(1, (_options.linewidth - indent) // (form.width + 2))
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
