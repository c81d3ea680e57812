"""``x.__dict__``: the attributes that a user has set on a tensor, without what makes it a tensor."""

from __future__ import annotations

from .conversion import OWN, state


class Attributes(dict):
    """Those of one tensor. What is set or deleted here is set or deleted there."""

    def __init__(self, tensor):
        super().__init__((name, value) for name, value in state(tensor).items() if name not in OWN)
        self._tensor = tensor

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        state(self._tensor)[name] = value

    def __delitem__(self, name):
        super().__delitem__(name)
        del state(self._tensor)[name]

    def update(self, *others, **more):
        """As a dict's."""
        for name, value in dict(*others, **more).items():
            self[name] = value


def replace(tensor, attributes):
    """``tensor.__dict__ = attributes``."""
    attributes, held = dict(attributes), Attributes(tensor)
    for name in [name for name in held if name not in attributes]:
        del held[name]
    held.update(attributes)
