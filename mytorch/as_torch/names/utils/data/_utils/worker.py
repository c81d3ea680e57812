# Names only: there is nothing to read here.
"""What a worker knows of itself."""

from ......utils.data.worker import get_worker_info
