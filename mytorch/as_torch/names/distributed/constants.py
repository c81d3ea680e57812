# Names only: there is nothing to read here.
"""``torch.distributed.constants``: how long a collective waits by default."""

from ....distributed.process_group import default_pg_timeout as default_pg_timeout
