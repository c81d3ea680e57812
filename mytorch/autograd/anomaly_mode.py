# Names only: there is nothing to read here.
"""``torch.autograd.anomaly_mode``: finding the operation that made a nan; see ``core/anomaly_mode.py``."""

from ..core.anomaly_mode import detect_anomaly, set_detect_anomaly
from ..tensors.public_names import publish as _publish

__all__ = ["detect_anomaly", "set_detect_anomaly"]

_publish(__name__)
