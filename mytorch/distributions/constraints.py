"""Regions in which parameters and samples must lie: ``constraint.check(tensor)`` tests each event."""

from __future__ import annotations

from ..ops import join
from ..ops.dtype_info import finfo
from ..ops.linalg.decompositions import eigvalsh
from ..ops.linalg.lu import cholesky_ex
from ..ops.split import split_with_sizes
from ..tensors.public_names import lookup as _lookup


class Constraint:
    """A region, with a name and a test of tensors. Its settings, such as ``lower_bound``, are attributes.

    ``event_dim``: how many trailing dimensions one event has. A region of one's own is a class with a method
    ``check(value)`` and perhaps other values of ``event_dim`` and ``is_discrete``.
    """

    is_discrete, event_dim = False, 0

    def __init__(self, name=None, check=None, event_dim=None, is_discrete=None, **parts):
        self.name, self._check = name or f"{type(self).__name__.lstrip('_')}()", check
        given = {"event_dim": event_dim, "is_discrete": is_discrete}
        self.__dict__.update(parts, **{key: value for key, value in given.items() if value is not None})

    def check(self, value):
        """A boolean tensor: where ``value`` lies in the region."""
        return self._check(value)

    def __repr__(self):
        return self.name


class dependent_property(property):
    """Decorator of a property: a constraint that depends on the distribution.

    ``is_discrete`` and ``event_dim`` are known without a distribution.
    """

    def __init__(self, fn=None, *, is_discrete=False, event_dim=0):
        super().__init__(fn)
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def __call__(self, fn):
        return dependent_property(fn, is_discrete=self.is_discrete, event_dim=self.event_dim)


def is_dependent(constraint):
    """Whether ``constraint`` depends on the distribution."""
    return constraint is dependent or isinstance(constraint, dependent_property)


def _cannot_say(x):
    raise ValueError("Cannot determine validity of dependent constraint")


dependent = Constraint("Dependent()", _cannot_say)
real = Constraint("Real()", lambda x: x == x)
positive = Constraint("GreaterThan(lower_bound=0.0)", lambda x: x > 0, lower_bound=0.0)
nonnegative = Constraint("GreaterThanEq(lower_bound=0.0)", lambda x: x >= 0, lower_bound=0.0)
unit_interval = Constraint(
    "Interval(lower_bound=0.0, upper_bound=1.0)",
    lambda x: (x >= 0) & (x <= 1),
    lower_bound=0.0,
    upper_bound=1.0,
)
boolean = Constraint("Boolean()", lambda x: (x == 0) | (x == 1), is_discrete=True)
nonnegative_integer = Constraint(
    "IntegerGreaterThan(lower_bound=0)", lambda x: (x % 1 == 0) & (x >= 0), is_discrete=True
)
positive_integer = Constraint(
    "IntegerGreaterThan(lower_bound=1)", lambda x: (x % 1 == 0) & (x >= 1), is_discrete=True
)
one_hot = Constraint(
    "OneHot()", lambda x: ((x == 0) | (x == 1)).all(-1) & (x.sum(-1) == 1), event_dim=1, is_discrete=True
)
lower_triangular = Constraint("LowerTriangular()", lambda x: (x.tril() == x).flatten(-2).all(-1), event_dim=2)
lower_cholesky = Constraint(
    "LowerCholesky()",
    lambda x: (x.tril() == x).flatten(-2).all(-1) & (x.diagonal(dim1=-2, dim2=-1) > 0).all(-1),
    event_dim=2,
)
square = Constraint(
    "Square()", lambda x: x.new_full(x.shape[:-2], x.shape[-2] == x.shape[-1], dtype=bool), event_dim=2
)
corr_cholesky = Constraint(
    "CorrCholesky()",
    lambda x: (
        lower_cholesky.check(x) & (((x**2).sum(-1) - 1).abs() < 10 * x.shape[-1] * finfo(x.dtype).eps).all(-1)
    ),
    event_dim=2,
)
symmetric = Constraint("Symmetric()", lambda x: ((x - x.mT).abs() < 1e-6).flatten(-2).all(-1), event_dim=2)
positive_definite = Constraint(
    "PositiveDefinite()", lambda x: symmetric.check(x) & (cholesky_ex(x).info == 0), event_dim=2
)
positive_semidefinite = Constraint(
    "PositiveSemidefinite()", lambda x: symmetric.check(x) & (eigvalsh(x) >= 0).all(-1), event_dim=2
)
simplex = Constraint("Simplex()", lambda x: (x >= 0).all(-1) & ((x.sum(-1) - 1).abs() < 1e-6), event_dim=1)


class _Bounded(Constraint):
    """What lies within bounds, numbers or tensors, which are printed."""

    def __repr__(self):
        bounds = [f"{key}={value}" for key, value in vars(self).items() if key.endswith("_bound")]
        return f"{self.name}({', '.join(bounds)})"


def greater_than(lower_bound):
    """(lower_bound, ∞); the bound is a number or a tensor."""
    return _Bounded("GreaterThan", lambda x: x > lower_bound, lower_bound=lower_bound)


def greater_than_eq(lower_bound):
    """[lower_bound, ∞); the bound is a number or a tensor."""
    return _Bounded("GreaterThanEq", lambda x: x >= lower_bound, lower_bound=lower_bound)


def less_than(upper_bound):
    """(-∞, upper_bound); the bound is a number or a tensor."""
    return _Bounded("LessThan", lambda x: x < upper_bound, upper_bound=upper_bound)


def half_open_interval(lower_bound, upper_bound):
    """[lower_bound, upper_bound), both numbers or tensors."""
    inside = lambda x: (x >= lower_bound) & (x < upper_bound)
    return _Bounded("HalfOpenInterval", inside, lower_bound=lower_bound, upper_bound=upper_bound)


def multinomial(upper_bound):
    """Counts whose sum over the last dimension is at most ``upper_bound``."""
    return Constraint(
        "Multinomial()",
        lambda x: (x >= 0).all(-1) & (x.sum(-1) <= upper_bound),
        event_dim=1,
        is_discrete=True,
    )


def interval(lower_bound, upper_bound):
    """[lower_bound, upper_bound], both numbers or tensors."""
    inside = lambda x: (x >= lower_bound) & (x <= upper_bound)
    return _Bounded("Interval", inside, lower_bound=lower_bound, upper_bound=upper_bound)


def integer_interval(lower_bound, upper_bound):
    """The integers from ``lower_bound`` to ``upper_bound``, both included."""
    inside = lambda x: (x % 1 == 0) & (x >= lower_bound) & (x <= upper_bound)
    bounds = {"lower_bound": lower_bound, "upper_bound": upper_bound}
    return _Bounded("IntegerInterval", inside, is_discrete=True, **bounds)


def independent(base_constraint, reinterpreted_batch_ndims):
    """``base_constraint`` for the last ``reinterpreted_batch_ndims`` dimensions as one event."""
    base, dims = base_constraint, reinterpreted_batch_ndims

    def check(value):
        inside = base.check(value)
        return inside.reshape(*inside.shape[: inside.ndim - dims], -1).all(-1)

    name = f"IndependentConstraint({base}, {dims})"
    return Constraint(
        name,
        check,
        base.event_dim + dims,
        base.is_discrete,
        base_constraint=base,
        reinterpreted_batch_ndims=dims,
    )


def cat(cseq, dim=0, lengths=None):
    """``cseq[i]`` for the ``lengths[i]`` next slices along ``dim``: 1 each by default."""
    lengths = [1] * len(cseq) if lengths is None else list(lengths)
    if len(lengths) != len(cseq):
        raise AssertionError(f"lengths ({len(lengths)}) must match cseq ({len(cseq)})")

    def check(value):
        parts = split_with_sizes(value, lengths, dim)
        return join.cat([constraint.check(part) for constraint, part in zip(cseq, parts)], dim)

    return _joined("Cat", check, cseq, dim, lengths=lengths)


def stack(cseq, dim=0):
    """``cseq[i]`` for slice i along ``dim``."""

    def check(value):
        parts = join.unbind(value, dim)
        return join.stack([constraint.check(part) for constraint, part in zip(cseq, parts)], dim)

    constraint = _joined("Stack", check, cseq, dim)
    constraint.event_dim += dim + constraint.event_dim < 0  # ``dim`` is one of an event's
    return constraint


def _joined(name, check, cseq, dim, **parts):
    event_dim = max(constraint.event_dim for constraint in cseq)
    is_discrete = any(constraint.is_discrete for constraint in cseq)
    return Constraint(f"{name}()", check, event_dim, is_discrete, cseq=list(cseq), dim=dim, **parts)


real_vector = independent(real, 1)


__getattr__ = _lookup(__name__)
