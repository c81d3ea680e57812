"""What a transform of the values of distributions is, and its inverse."""

from __future__ import annotations

from . import constraints


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
        self._cache_size, self._cached_x_y, self._inv = cache_size, (None, None), None
        super().__init__()  # of a class that is also a Module

    def __call__(self, x):
        if self._cache_size and x is self._cached_x_y[0]:
            return self._cached_x_y[1]
        y = self._call(x)
        if self._cache_size:
            self._cached_x_y = x, y
        return y

    def _inv_call(self, y):
        if self._cache_size and y is self._cached_x_y[1]:
            return self._cached_x_y[0]
        x = self._inverse(y)
        if self._cache_size:
            self._cached_x_y = x, y
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
        new._cache_size, new._cached_x_y, new._inv = cache_size, (None, None), None
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


class Monotone(Transform):
    """A bijection of numbers without settings: two of one class are equal."""

    bijective, sign = True, 1

    def __eq__(self, other):
        return type(other) is type(self)

    __hash__ = Transform.__hash__


def widened(constraint, size):
    """``constraint`` for events of ``size`` dimensions, if its own have fewer."""
    return (
        constraints.independent(constraint, size - constraint.event_dim)
        if size > constraint.event_dim
        else constraint
    )
