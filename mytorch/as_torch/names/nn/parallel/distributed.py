# Names only: there is nothing to read here.
"""``torch.nn.parallel.distributed``: where PyTorch writes DistributedDataParallel."""

from .....nn.parallel import DistributedDataParallel
