# Names only: there is nothing to read here.
"""``torch.utils.data._utils``: what packages take from PyTorch's loader."""

from . import collate, worker

MP_STATUS_CHECK_INTERVAL = 5.0
HAS_NUMPY, IS_WINDOWS, python_exit_status = True, False, False
