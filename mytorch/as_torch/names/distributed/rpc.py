"""``torch.distributed.rpc``: calls of functions in other processes."""

from ...refused import classes, functions

_REASON = "ranks exchange tensors and objects by collectives and messages; no rank calls functions of another"
_FUNCTIONS = "get_worker_info init_rpc remote rpc_async rpc_sync shutdown"
_CLASSES = "BackendType RRef TensorPipeRpcBackendOptions WorkerInfo"
globals().update(functions("torch.distributed.rpc", _FUNCTIONS, _REASON))
globals().update(classes("torch.distributed.rpc", _CLASSES, _REASON))


def is_available():
    """False."""
    return False
