"""The handle that registering a hook returns."""

from __future__ import annotations


class RemovableHandle:
    """A handle to a registered hook; ``remove()`` removes the hook."""

    _next = 0

    @classmethod
    def add(cls, owner, attribute, hook):
        """Add ``hook`` to the dict ``owner.attribute``, which is made if it is None."""
        if getattr(owner, attribute) is None:
            setattr(owner, attribute, {})
        self = cls.__new__(cls)
        RemovableHandle._next += 1
        self.id, self._hooks = RemovableHandle._next, getattr(owner, attribute)
        self._hooks[self.id] = hook
        return self

    def remove(self):
        """Remove the hook; nothing happens if it is already removed."""
        self._hooks.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.remove()
