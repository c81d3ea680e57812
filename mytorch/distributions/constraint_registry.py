"""Transforms from unconstrained numbers to a constraint: ``biject_to`` gives bijections, ``transform_to``
those that are best for optimization.
"""

from __future__ import annotations

from . import constraints
from .transforms import (
    AffineTransform,
    ComposeTransform,
    CorrCholeskyTransform,
    ExpTransform,
    IndependentTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    SigmoidTransform,
    SoftmaxTransform,
    StickBreakingTransform,
    identity_transform,
)


class ConstraintRegistry:
    """``registry(constraint)`` is a transform to the constraint, for events of its shape.

    NotImplementedError for kinds that are not registered.
    """

    def __init__(self):
        self._factories: dict = {}

    def register(self, constraint, factory=None):
        """Register ``factory``, a function of such a constraint. Without it, returns a decorator."""
        if factory is None:
            return lambda function: self.register(constraint, function)
        self._factories[_kind(constraint)] = factory
        return factory

    def __call__(self, constraint):
        if _kind(constraint) not in self._factories:
            raise NotImplementedError(f"Cannot transform {_kind(constraint)} constraints")
        return self._factories[_kind(constraint)](constraint)


def _kind(constraint):
    return constraint.name.partition("(")[0]


biject_to, transform_to = ConstraintRegistry(), ConstraintRegistry()


def _on_both(constraint, factory):
    biject_to.register(constraint, factory)
    transform_to.register(constraint, factory)


def _above(constraint):
    bound = constraint.lower_bound
    return (
        ExpTransform()
        if isinstance(bound, (int, float)) and bound == 0
        else ComposeTransform([ExpTransform(), AffineTransform(bound, 1)])
    )


def _between(constraint):
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return SigmoidTransform()
    return ComposeTransform([SigmoidTransform(), AffineTransform(low, high - low)])


_on_both(constraints.real, lambda constraint: identity_transform)
_on_both(constraints.positive, _above)
_on_both(constraints.nonnegative, _above)
_on_both(
    constraints.less_than(0),
    lambda constraint: ComposeTransform([ExpTransform(), AffineTransform(constraint.upper_bound, -1)]),
)
_on_both(constraints.unit_interval, _between)
_on_both(constraints.half_open_interval(0, 1), _between)
transform_to.register(constraints.lower_cholesky, lambda constraint: LowerCholeskyTransform())
transform_to.register(constraints.positive_definite, lambda constraint: PositiveDefiniteTransform())
_on_both(constraints.corr_cholesky, lambda constraint: CorrCholeskyTransform())
biject_to.register(constraints.simplex, lambda constraint: StickBreakingTransform())
transform_to.register(constraints.simplex, lambda constraint: SoftmaxTransform())
for _registry in (biject_to, transform_to):
    _registry.register(
        constraints.real_vector,
        lambda constraint, registry=_registry: IndependentTransform(
            registry(constraint.base_constraint), constraint.reinterpreted_batch_ndims
        ),
    )
