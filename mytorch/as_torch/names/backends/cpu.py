"""``torch.backends.cpu``: which instructions the kernels use."""


def get_cpu_capability():
    """ "DEFAULT": that is NumPy's business."""
    return "DEFAULT"
