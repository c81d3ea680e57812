"""``torch.distributed.rpc``: calls of functions in other processes."""

from ....as_torch.refused import classes, functions

_REASON = "there are no remote calls: processes exchange tensors by the collectives of torch.distributed"
globals().update(
    functions("torch.distributed.rpc", "get_worker_info init_rpc remote rpc_async rpc_sync shutdown", _REASON)
)
globals().update(
    classes("torch.distributed.rpc", "BackendType RRef TensorPipeRpcBackendOptions WorkerInfo", _REASON)
)


def is_available():
    """False."""
    return False
