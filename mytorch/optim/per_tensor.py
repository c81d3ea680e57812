"""The base of optimizers that update a parameter as a whole, by its rows and columns."""

from __future__ import annotations

from ..core.grad_mode import no_grad
from .optimizer import Optimizer, evaluated


class PerTensor(Optimizer):
    """An algorithm writes its update once, for one parameter, in ``__change__``."""

    def __change__(self, p, g, state, group):
        """Change the tensor ``p`` and its ``state``, a dict, in place; ``g`` is the gradient."""
        raise NotImplementedError

    @no_grad()
    def step(self, closure=None):
        """Update every parameter that has a gradient.

        ``closure``, if given, computes the loss anew, which is returned.
        """
        loss = evaluated(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if (g := p.grad) is not None:
                    g = self.__sparse__(p, g, group) if g.is_sparse else g
                    self.__change__(p, -g if group.get("maximize") else g, self.state[p], group)
        return loss
