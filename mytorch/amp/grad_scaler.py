"""``GradScaler``: the loss of a float16 model is scaled, so that small gradients do not vanish."""

from __future__ import annotations

import warnings

from ..core.arrays import cuda_is_available
from ..core.grad_mode import no_grad


class GradScaler:
    """Scales the loss up before backward and the gradients down before the step.

    So small gradients do not vanish in float16. Steps with infinite gradients are skipped. The scale grows by
    ``growth_factor`` after ``growth_interval`` good steps and shrinks by ``backoff_factor`` after a skipped
    one. Without a GPU, a scaler for ``"cuda"`` warns and is disabled. Source: Micikevicius et al., Mixed
    Precision Training, 2017.
    """

    def __init__(
        self,
        device="cuda",
        init_scale=65536.0,
        growth_factor=2.0,
        backoff_factor=0.5,
        growth_interval=2000,
        enabled=True,
    ):
        if enabled and device == "cuda" and not cuda_is_available():
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.", stacklevel=2
            )
            enabled = False
        if enabled and growth_factor <= 1:
            raise AssertionError("The growth factor must be > 1.0.")
        if enabled and backoff_factor >= 1:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._enabled, self._scale, self._good_steps = enabled, init_scale, 0
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval
        # id of optimizer -> whether an infinite gradient was found since the last update
        self._unscaled: dict = {}

    def is_enabled(self) -> bool:
        """Whether it scales."""
        return self._enabled

    def get_scale(self) -> float:
        """The current scale; 1.0 when disabled."""
        return self._scale if self._enabled else 1.0

    def scale(self, outputs):
        """``outputs`` (a tensor, or a list or tuple of them) times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(o) for o in outputs)
        return outputs * self._scale

    @no_grad()
    def unscale_(self, optimizer) -> None:
        """Divide the gradients of the optimizer's parameters by the scale.

        RuntimeError if they were already divided since the last ``update``.
        """
        if not self._enabled:
            return
        if id(optimizer) in self._unscaled:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        gradients = [
            p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None
        ]
        numbers = [g._values() if g.is_sparse else g for g in gradients]
        for g in numbers:
            g.mul_(1 / self._scale)
        self._unscaled[id(optimizer)] = any(not bool(g.isfinite().all()) for g in numbers)

    def step(self, optimizer, *args, **kwargs):
        """``optimizer.step(*args, **kwargs)`` with unscaled gradients, unless one is infinite or NaN."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if id(optimizer) not in self._unscaled:
            self.unscale_(optimizer)
        return None if self._unscaled[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale=None) -> None:
        """Set the scale for the next iteration: ``new_scale``, a number or a tensor, or as the class says."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif any(self._unscaled.values()):
            self._scale, self._good_steps = self._scale * self._backoff_factor, 0
        else:
            self._good_steps += 1
            if self._good_steps == self._growth_interval:
                self._scale, self._good_steps = self._scale * self._growth_factor, 0
        self._unscaled = {}

    def state_dict(self) -> dict:
        """Its settings and state; empty when disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._good_steps,
        }

    def load_state_dict(self, state_dict) -> None:
        """Restore what :meth:`state_dict` returned. RuntimeError for the state of a disabled scaler."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler."
            )
        self._scale, self._good_steps = state_dict["scale"], state_dict["_growth_tracker"]
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
