"""What all distributions share: shapes, checks of parameters and samples, drawing without a gradient."""

from __future__ import annotations

from ..core.dtypes import get_default_dtype
from ..core.grad_mode import no_grad
from ..core.graph import Variable
from ..ops.shape import broadcast_tensors
from ..tensors.creation import tensor
from ..tensors.tensor import Size
from .constraints import is_dependent


def broadcast_all(*values):
    """Numbers and tensors as tensors of one shape; numbers take the dtype and device of the tensors."""
    for value in values:
        if not isinstance(value, (Variable, int, float)):
            raise ValueError(f"parameters should be numbers or tensors, got {type(value).__name__}")
    first = next((v for v in values if isinstance(v, Variable)), None)
    options = (
        {"dtype": get_default_dtype()} if first is None else {"dtype": first.dtype, "device": first.device}
    )
    return broadcast_tensors(*(v if isinstance(v, Variable) else tensor(float(v), **options) for v in values))


def all_true(condition):
    """Whether all elements of a boolean tensor are True: inside of ``vmap``, those of all entries."""
    return bool(condition.array.all())


class Distribution:
    """A distribution over events of shape ``event_shape``, in a batch of shape ``batch_shape``.

    ``validate_args``: whether to check parameters here and samples in ``log_prob``. The default is True, or
    what :meth:`set_default_validate_args` set. ValueError names the parameter and its constraint.

    Args:
        batch_shape (tuple of int): the shape of the parameters
        event_shape (tuple of int): the shape of one sample

    Example:
        >>> normal = mytorch.distributions.Normal(mytorch.zeros(3), 1.0)
        >>> normal.batch_shape, normal.event_shape
        (mytorch.Size([3]), mytorch.Size([]))
    """

    has_rsample = has_enumerate_support = False
    arg_constraints: dict = {}  # parameter: its constraint
    _validate_args = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Set whether distributions check their arguments by default."""
        Distribution._validate_args = bool(value)

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                derived = isinstance(getattr(type(self), name, None), property)
                value = getattr(self, name) if derived else self.__dict__.get(name)
                if (
                    value is not None
                    and not is_dependent(constraint)
                    and not all_true(constraint.check(value.detach()))
                ):
                    raise ValueError(
                        f"Expected parameter {name} ({type(value).__name__} of shape "
                        f"{tuple(value.shape)}) of distribution {self!r} "
                        f"to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                    )
        super().__init__()  # of a class that is also something else

    batch_shape = property(lambda self: self._batch_shape, doc="The shape over which parameters are batched.")
    event_shape = property(lambda self: self._event_shape, doc="The shape of one sample, without the batch.")

    def _parameters(self):
        return {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}

    def expand(self, batch_shape, _instance=None):
        """The same distribution with parameters expanded to ``batch_shape``, without copying.

        ``_instance``: an empty one that a subclass made, which is filled.
        """
        new = self._expanded(batch_shape)
        if _instance is None:
            return new
        _instance.__dict__ |= vars(new)
        return _instance

    def _expanded(self, batch_shape):
        n = len(self._batch_shape)
        return self._with(
            batch_shape,
            **{
                name: value.expand(*batch_shape, *value.shape[n:])
                for name, value in self._parameters().items()
            },
        )

    def _get_checked_instance(self, cls, _instance=None):
        """An empty distribution for ``expand`` of ``cls`` to fill. NotImplementedError if a subclass with an
        ``__init__`` of its own does not give one.
        """
        if _instance is None and type(self).__init__ != cls.__init__:
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method "
                "must also define a custom .expand() method."
            )
        return object.__new__(type(self)) if _instance is None else _instance

    def _with(self, batch_shape, **parts):
        """A copy for ``batch_shape`` with these attributes."""
        new = object.__new__(type(self))
        new.__dict__ |= self.__dict__ | parts | {"_batch_shape": Size(batch_shape)}
        return new

    def _extended_shape(self, sample_shape=()):
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    @property
    def support(self):
        """The constraint that samples satisfy."""
        raise NotImplementedError(f"{type(self).__name__} does not say its support")

    @property
    def mean(self):
        """The mean, of shape batch_shape + event_shape."""
        raise NotImplementedError(f"{type(self).__name__} has no mean")

    @property
    def mode(self):
        """The most probable value."""
        raise NotImplementedError(f"{type(self).__name__} has no mode")

    @property
    def variance(self):
        """The variance, of shape batch_shape + event_shape."""
        raise NotImplementedError(f"{type(self).__name__} has no variance")

    @property
    def stddev(self):
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape=()):
        """Random values of shape sample_shape + batch_shape + event_shape, without a gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        """As :meth:`sample`, but differentiable in the parameters (the reparameterization trick).

        NotImplementedError for discrete distributions.
        """
        raise NotImplementedError(f"{type(self).__name__} has no reparameterised samples; use sample()")

    def log_prob(self, value):
        """The logarithm of the density or mass at ``value``. ValueError outside of the support."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob")

    def cdf(self, value):
        """The probability of at most ``value``."""
        raise NotImplementedError(f"{type(self).__name__} has no cdf")

    def icdf(self, value):
        """The value whose :meth:`cdf` is ``value``."""
        raise NotImplementedError(f"{type(self).__name__} has no icdf")

    def enumerate_support(self, expand=True):
        """All values of a discrete distribution along dimension 0, with ``expand`` for the whole batch."""
        raise NotImplementedError(f"{type(self).__name__} cannot be enumerated")

    def entropy(self):
        """The entropy in nats, of shape batch_shape."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy")

    def perplexity(self):
        """exp(entropy)."""
        return self.entropy().exp()

    def _validate_sample(self, value):
        if not self._validate_args:
            return
        if not isinstance(value, Variable):
            raise ValueError("The value argument to log_prob must be a Tensor")
        expected = self._batch_shape + self._event_shape
        if value.shape[value.ndim - len(self._event_shape) :] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        if any(i != 1 and j != 1 and i != j for i, j in zip(reversed(value.shape), reversed(expected))):
            raise ValueError(
                f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {expected}."
            )
        if not all_true(self.support.check(value.detach())):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be "
                f"within the support ({self.support!r}) "
                f"of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def _shown(self):
        return self._parameters()

    def __repr__(self):
        arguments = (
            f"{name}: {value if value.numel() == 1 else value.shape}" for name, value in self._shown().items()
        )
        return f"{type(self).__name__}({', '.join(arguments)})"
