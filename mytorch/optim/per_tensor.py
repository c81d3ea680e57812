"""The base of optimizers that look at a parameter as a whole, at its rows and columns, in place of element by
element.
"""

from __future__ import annotations

from ..core.grad_mode import enable_grad, no_grad
from .optimizer import Optimizer


class PerTensor(Optimizer):
    """An algorithm writes its update once, for one parameter, in ``__change__``."""

    def __change__(self, p, g, state, group):
        """Change the tensor ``p`` in place by its gradient ``g``, and what ``state`` keeps of it."""
        raise NotImplementedError

    @no_grad()
    def step(self, closure=None):
        """Update every parameter that has a gradient.

        ``closure``, if given, computes the loss anew, which is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.__change__(p, -p.grad if group.get("maximize") else p.grad, self.state[p], group)
        return loss
