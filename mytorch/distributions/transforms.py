"""Transforms of the values of distributions, with their inverses and log |det Jacobian|."""

from __future__ import annotations

import math
import operator

from ..ops.activation import logsigmoid, softplus
from ..ops.diagonal import diag_embed
from ..ops.dtype_info import finfo
from ..ops.join import cat
from ..ops.linalg.decompositions import cholesky
from ..ops.softmax import softmax
from ..tensors.creation import ones_like, zeros_like
from ..tensors.tensor import Size
from . import constraints
from .independent import sum_rightmost


class Transform:
    """y = t(x), x = t.inv(y). ``cache_size`` 1 keeps the last pair (x, y), so that t.inv(t(x)) is x itself.

    A subclass defines ``domain``, ``codomain``, ``forward``, ``inverse`` and :meth:`log_abs_det_jacobian`
    (or, as in torch, ``_call`` and ``_inverse``).
    """

    bijective = False
    domain = codomain = constraints.real
    sign: int

    def __init__(self, cache_size=0):
        if cache_size not in (0, 1):
            raise ValueError("cache_size must be 0 or 1")
        self._cache_size, self._kept, self._inv = cache_size, (None, None), None

    def __call__(self, x):
        if self._cache_size and x is self._kept[0]:
            return self._kept[1]
        y = self._call(x)
        if self._cache_size:
            self._kept = x, y
        return y

    def _inv_call(self, y):
        if self._cache_size and y is self._kept[1]:
            return self._kept[0]
        x = self._inverse(y)
        if self._cache_size:
            self._kept = x, y
        return x

    def _call(self, x):
        raise NotImplementedError(f"{type(self).__name__} has no forward map")

    def _inverse(self, y):
        raise NotImplementedError(f"{type(self).__name__} has no inverse")

    def log_abs_det_jacobian(self, x, y):
        """log |dy/dx| at x and y = t(x), of the shape of x without the dimensions of one event."""
        raise NotImplementedError(f"{type(self).__name__} has no log_abs_det_jacobian")

    @property
    def inv(self):
        """The inverse transform."""
        if self._inv is None:
            self._inv = _Inverse(self)
        return self._inv

    @property
    def event_dim(self):
        """How many dimensions are mapped together."""
        if self.domain.event_dim != self.codomain.event_dim:
            raise ValueError("Please use either .domain.event_dim or .codomain.event_dim")
        return self.domain.event_dim

    def with_cache(self, cache_size=1):
        """The same transform with another ``cache_size``."""
        if self._cache_size == cache_size:
            return self
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new._cache_size, new._kept, new._inv = cache_size, (None, None), None
        return new

    def forward_shape(self, shape):
        """The shape of t(x) for x of ``shape``."""
        return shape

    def inverse_shape(self, shape):
        """The shape of t.inv(y) for y of ``shape``."""
        return shape

    def __repr__(self):
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    def __init__(self, transform):
        super().__init__(transform._cache_size)
        self._inv = transform

    domain = property(lambda self: self._inv.codomain)
    codomain = property(lambda self: self._inv.domain)
    bijective = property(lambda self: self._inv.bijective)
    sign = property(lambda self: self._inv.sign)

    def __call__(self, x):
        return self._inv._inv_call(x)

    def _inv_call(self, y):
        return self._inv(y)

    def with_cache(self, cache_size=1):
        return self._inv.with_cache(cache_size).inv

    def log_abs_det_jacobian(self, x, y):
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape):
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape):
        return self._inv.forward_shape(shape)

    def __eq__(self, other):
        return isinstance(other, _Inverse) and self._inv == other._inv

    __hash__ = Transform.__hash__

    def __repr__(self):
        return f"_InverseTransform({self._inv!r})"


class _Monotone(Transform):
    """A bijection of numbers without settings: two of one class are equal."""

    bijective, sign = True, 1

    def __eq__(self, other):
        return type(other) is type(self)

    __hash__ = Transform.__hash__


# ---- of chains and of events ---------------------------------------------------------------------


class ComposeTransform(Transform):
    """The composition of ``parts``, the first applied first, on events with the dimensions they need."""

    def __init__(self, parts, cache_size=0):
        super().__init__(cache_size)
        self.parts = [part.with_cache(cache_size) for part in parts] if cache_size else list(parts)

    bijective = property(lambda self: all(p.bijective for p in self.parts))
    sign = property(lambda self: math.prod(p.sign for p in self.parts))

    @property
    def domain(self):
        """The domain of the first part, for events with the dimensions that the parts need."""
        if not self.parts:
            return constraints.real
        size = self.parts[-1].codomain.event_dim
        for part in reversed(self.parts):
            size = max(size + part.domain.event_dim - part.codomain.event_dim, part.domain.event_dim)
        return _widened(self.parts[0].domain, size)

    @property
    def codomain(self):
        """The codomain of the last part, for events with the dimensions that the parts need."""
        if not self.parts:
            return constraints.real
        size = self.parts[0].domain.event_dim
        for part in self.parts:
            size = max(size + part.codomain.event_dim - part.domain.event_dim, part.codomain.event_dim)
        return _widened(self.parts[-1].codomain, size)

    @property
    def inv(self):
        """The inverses in reverse order."""
        if self._inv is None:
            self._inv = ComposeTransform([part.inv for part in reversed(self.parts)])
            self._inv._inv = self
        return self._inv

    def with_cache(self, cache_size=1):
        return self if self._cache_size == cache_size else ComposeTransform(self.parts, cache_size)

    def __call__(self, x):
        for part in self.parts:
            x = part(x)
        return x

    def _inv_call(self, y):
        return self.inv(y)

    def log_abs_det_jacobian(self, x, y):
        if not self.parts:
            return zeros_like(x)
        places = [x]
        for part in self.parts[:-1]:
            places.append(part(places[-1]))
        places.append(y)
        total, size = 0, self.domain.event_dim
        for part, start, end in zip(self.parts, places, places[1:]):
            total = total + sum_rightmost(part.log_abs_det_jacobian(start, end), size - part.domain.event_dim)
            size += part.codomain.event_dim - part.domain.event_dim
        return total

    def forward_shape(self, shape):
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    def inverse_shape(self, shape):
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return shape

    def __eq__(self, other):
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = Transform.__hash__

    def __repr__(self):
        return "ComposeTransform(\n    " + ",\n    ".join(map(repr, self.parts)) + "\n)"


def _widened(constraint, size):
    return (
        constraints.independent(constraint, size - constraint.event_dim)
        if size > constraint.event_dim
        else constraint
    )


identity_transform = ComposeTransform([])


class IndependentTransform(Transform):
    """``base_transform`` with ``reinterpreted_batch_ndims`` more dimensions as part of the event.

    Their logarithms of Jacobian determinants are summed.
    """

    def __init__(self, base_transform, reinterpreted_batch_ndims, cache_size=0):
        super().__init__(cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    domain = property(
        lambda self: constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)
    )
    codomain = property(
        lambda self: constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)
    )
    bijective = property(lambda self: self.base_transform.bijective)
    sign = property(lambda self: self.base_transform.sign)

    def _call(self, x):
        return self.base_transform(x)

    def _inverse(self, y):
        return self.base_transform.inv(y)

    def log_abs_det_jacobian(self, x, y):
        return sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def forward_shape(self, shape):
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape):
        return self.base_transform.inverse_shape(shape)

    def __repr__(self):
        return f"IndependentTransform({self.base_transform!r}, {self.reinterpreted_batch_ndims})"


class ReshapeTransform(Transform):
    """Events of ``in_shape`` reshaped to ``out_shape``. ValueError for different numbers of elements."""

    bijective = True

    def __init__(self, in_shape, out_shape, cache_size=0):
        super().__init__(cache_size)
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise ValueError("in_shape, out_shape have different numbers of elements")

    domain = property(lambda self: constraints.independent(constraints.real, len(self.in_shape)))
    codomain = property(lambda self: constraints.independent(constraints.real, len(self.out_shape)))

    def _call(self, x):
        return x.reshape(*x.shape[: x.ndim - len(self.in_shape)], *self.out_shape)

    def _inverse(self, y):
        return y.reshape(*y.shape[: y.ndim - len(self.out_shape)], *self.in_shape)

    def log_abs_det_jacobian(self, x, y):
        return x.new_zeros(x.shape[: x.ndim - len(self.in_shape)])

    def forward_shape(self, shape):
        return _exchanged(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape):
        return _exchanged(shape, self.out_shape, self.in_shape)


def _exchanged(shape, old, new):
    if len(shape) < len(old):
        raise ValueError("Too few dimensions on input")
    cut = len(shape) - len(old)
    if tuple(shape[cut:]) != tuple(old):
        raise ValueError(f"Shape mismatch: expected {shape[cut:]} but got {old}")
    return Size((*shape[:cut], *new))


# ---- of numbers ----------------------------------------------------------------------------------


class ExpTransform(_Monotone):
    """y = exp(x)."""

    codomain = constraints.positive

    def _call(self, x):
        return x.exp()

    def _inverse(self, y):
        return y.log()

    def log_abs_det_jacobian(self, x, y):
        return x


class PowerTransform(_Monotone):
    """y = x^exponent of positive numbers."""

    domain = codomain = constraints.positive

    def __init__(self, exponent, cache_size=0):
        super().__init__(cache_size)
        self.exponent = exponent

    @property
    def sign(self):
        """The sign of the exponent."""
        return (
            self.exponent.sign() if hasattr(self.exponent, "sign") else int(math.copysign(1, self.exponent))
        )

    def _call(self, x):
        return x**self.exponent

    def _inverse(self, y):
        return y ** (1 / self.exponent)

    def log_abs_det_jacobian(self, x, y):
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape):
        return _broadcast(shape, self.exponent)

    inverse_shape = forward_shape

    def __eq__(self, other):
        return isinstance(other, PowerTransform) and _same(self.exponent, other.exponent)

    __hash__ = Transform.__hash__


def _broadcast(shape, *values):
    for value in values:
        other = getattr(value, "shape", ())
        n = max(len(shape), len(other))
        pairs = zip((1,) * (n - len(shape)) + tuple(shape), (1,) * (n - len(other)) + tuple(other))
        shape = Size(b if a == 1 else a for a, b in pairs)
    return shape


def _same(a, b):
    equal = a is b or a == b
    return bool(equal.all()) if hasattr(equal, "all") else bool(equal)


class SigmoidTransform(_Monotone):
    """y = 1 / (1 + exp(-x))."""

    codomain = constraints.unit_interval

    def _call(self, x):
        info = finfo(x.dtype)
        return x.sigmoid().clamp(min=info.tiny, max=1 - info.eps)

    def _inverse(self, y):
        info = finfo(y.dtype)
        y = y.clamp(min=info.tiny, max=1 - info.eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x, y):
        return -softplus(-x) - softplus(x)


class SoftplusTransform(_Monotone):
    """y = log(1 + exp(x))."""

    codomain = constraints.positive

    def _call(self, x):
        return softplus(x)

    def _inverse(self, y):
        return (-y).expm1().neg().log() + y

    def log_abs_det_jacobian(self, x, y):
        return -softplus(-x)


class TanhTransform(_Monotone):
    """y = tanh(x)."""

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x):
        return x.tanh()

    def _inverse(self, y):
        return y.atanh()

    def log_abs_det_jacobian(self, x, y):
        return 2 * (math.log(2) - x - softplus(-2 * x))  # 1 - tanh² without cancellation


class AbsTransform(Transform):
    """y = |x|; the inverse is y itself."""

    codomain = constraints.positive

    def _call(self, x):
        return x.abs()

    def _inverse(self, y):
        return y

    def __eq__(self, other):
        return isinstance(other, AbsTransform)

    __hash__ = Transform.__hash__


class AffineTransform(Transform):
    """y = loc + scale · x, numbers or tensors; ``event_dim`` trailing dimensions are one event."""

    bijective = True

    def __init__(self, loc, scale, event_dim=0, cache_size=0):
        super().__init__(cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    event_dim = property(lambda self: self._event_dim)
    domain = codomain = property(lambda self: _widened(constraints.real, self._event_dim))

    @property
    def sign(self):
        """The sign of the scale."""
        return self.scale.sign() if hasattr(self.scale, "sign") else (self.scale > 0) - (self.scale < 0)

    def _call(self, x):
        return self.loc + self.scale * x

    def _inverse(self, y):
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x, y):
        scale = self.scale.abs().log() if hasattr(self.scale, "abs") else math.log(abs(self.scale))
        return sum_rightmost(ones_like(x) * scale, self._event_dim)

    def forward_shape(self, shape):
        return _broadcast(shape, self.loc, self.scale)

    inverse_shape = forward_shape

    def __eq__(self, other):
        return (
            isinstance(other, AffineTransform)
            and _same(self.loc, other.loc)
            and _same(self.scale, other.scale)
        )

    __hash__ = Transform.__hash__


class CumulativeDistributionTransform(Transform):
    """y = cdf(x) of a distribution."""

    bijective, codomain, sign = True, constraints.unit_interval, 1

    def __init__(self, distribution, cache_size=0):
        super().__init__(cache_size)
        self.distribution = distribution

    domain = property(lambda self: self.distribution.support)

    def _call(self, x):
        return self.distribution.cdf(x)

    def _inverse(self, y):
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x, y):
        return self.distribution.log_prob(x)


# ---- of vectors and matrices ---------------------------------------------------------------------


class SoftmaxTransform(Transform):
    """y = softmax(x). The inverse is log(y), which is x up to a constant."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def _call(self, x):
        return softmax(x, dim=-1)

    def _inverse(self, y):
        return y.log()

    def __eq__(self, other):
        return isinstance(other, SoftmaxTransform)

    __hash__ = Transform.__hash__


class StickBreakingTransform(_Monotone):
    """K numbers to K + 1 probabilities: each is a fraction of what those before leave (Betancourt, 2012)."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def _offset(self, x):
        return (x.shape[-1] + 1 - ones_like(x.detach()).cumsum(-1)).log()

    def _call(self, x):
        share = (x - self._offset(x)).sigmoid()
        left = (1 - share).cumprod(-1)
        one = ones_like(share[..., :1])
        return cat([share, one], -1) * cat([one, left], -1)

    def _inverse(self, y):
        head = y[..., :-1]
        left = (1 - head.cumsum(-1)).clamp(min=finfo(y.dtype).tiny)
        return head.log() - left.log() + self._offset(head)

    def log_abs_det_jacobian(self, x, y):
        x = x - self._offset(x)
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape):
        return Size((*shape[:-1], operator.index(shape[-1]) + 1))

    def inverse_shape(self, shape):
        return Size((*shape[:-1], operator.index(shape[-1]) - 1))


class LowerCholeskyTransform(Transform):
    """A square matrix to a lower triangular one with a positive diagonal: its lower triangle, with exp of the
    diagonal.
    """

    domain, codomain = constraints.independent(constraints.real, 2), constraints.lower_cholesky

    def _call(self, x):
        return x.tril(-1) + diag_embed(x.diagonal(dim1=-2, dim2=-1).exp())

    def _inverse(self, y):
        return y.tril(-1) + diag_embed(y.diagonal(dim1=-2, dim2=-1).log())

    def __eq__(self, other):
        return isinstance(other, LowerCholeskyTransform)

    __hash__ = Transform.__hash__


class PositiveDefiniteTransform(Transform):
    """A square matrix to a positive-definite one: L Lᵀ with L of :class:`LowerCholeskyTransform`."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.positive_definite

    def _call(self, x):
        L = LowerCholeskyTransform()(x)
        return L @ L.mT

    def _inverse(self, y):
        return LowerCholeskyTransform().inv(cholesky(y))

    def __eq__(self, other):
        return isinstance(other, PositiveDefiniteTransform)

    __hash__ = Transform.__hash__
