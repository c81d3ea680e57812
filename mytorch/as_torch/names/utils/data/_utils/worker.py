"""What a worker knows of itself, and names of the parts of another loader."""

import numpy

from ......utils.data.worker import WorkerInfo as WorkerInfo
from ......utils.data.worker import get_worker_info as get_worker_info
from .....refused import classes

globals().update(
    classes(
        "torch.utils.data._utils.worker",
        "ManagerWatchdog _IterableDatasetStopIteration _ResumeIteration",
        "the loader here is another one; its state_dict() says where an epoch stands",
    )
)


def _generate_state(base_seed, worker_id):
    """Four numbers of 32 bits for a worker's NumPy."""
    entropy = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    return numpy.random.SeedSequence(entropy).generate_state(4).tolist()
