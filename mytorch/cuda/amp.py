# Names only: there is nothing to read here.
"""``torch.cuda.amp``: the mixed-precision helpers of :mod:`mytorch.amp` for GPUs."""

from __future__ import annotations

import functools

from .. import amp

GradScaler = functools.partial(amp.GradScaler, "cuda")
autocast = functools.partial(amp.autocast, "cuda")
custom_fwd = functools.partial(amp.custom_fwd, device_type="cuda")
custom_bwd = functools.partial(amp.custom_bwd, device_type="cuda")
