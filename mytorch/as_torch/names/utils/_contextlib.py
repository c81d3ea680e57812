"""Context managers that are also decorators."""

from ....core.grad_mode import no_grad


class _DecoratorContextManager(no_grad.__base__):  # type: ignore[misc, name-defined]
    """A context manager whose ``__enter__`` and ``__exit__`` a subclass writes; it decorates functions, and
    generators, too.
    """

    def __enter__(self):
        raise NotImplementedError

    def __exit__(self, *exc_info):
        raise NotImplementedError

    def clone(self):
        """Another one of the same settings, for one call of the function."""
        return type(self)()

    def _fresh(self):
        return self.clone()


class _NoParamDecoratorContextManager(_DecoratorContextManager):
    """One that decorates without being called: ``@name``."""

    def __new__(cls, orig_func=None):
        """The context manager, or the decorated function."""
        made = super().__new__(cls)
        return made if orig_func is None else made(orig_func)
