"""What a worker knows of itself."""

import numpy

from ......utils.data.worker import get_worker_info as get_worker_info


def _generate_state(base_seed, worker_id):
    """Four numbers of 32 bits for a worker's NumPy."""
    entropy = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    return numpy.random.SeedSequence(entropy).generate_state(4).tolist()
