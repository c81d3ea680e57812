"""The handle that registering a hook returns."""

from __future__ import annotations


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook away again."""

    _next = 0

    @classmethod
    def add(cls, owner, attribute, hook):
        """Put ``hook`` into the dict ``owner.attribute``."""
        if getattr(owner, attribute) is None:
            setattr(owner, attribute, {})
        self = cls.__new__(cls)
        RemovableHandle._next += 1
        self.id, self._hooks = RemovableHandle._next, getattr(owner, attribute)
        self._hooks[self.id] = hook
        return self

    def remove(self):
        """Take the hook away; harmless when it is gone."""
        self._hooks.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.remove()
