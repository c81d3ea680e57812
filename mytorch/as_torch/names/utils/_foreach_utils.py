"""What optimizers ask before they change many tensors in one call."""

from ..optim.optimizer import _group_tensors_by_device_and_dtype as _group_tensors_by_device_and_dtype


def _get_foreach_kernels_supported_devices():
    """["cuda"]."""
    return ["cuda"]


def _get_fused_kernels_supported_devices():
    """["cuda"]."""
    return ["cuda"]


def _device_has_foreach_support(device):
    """False: one tensor after the other is as fast."""
    return False


def _has_foreach_support(tensors, device):
    """False: one tensor after the other is as fast."""
    return False
