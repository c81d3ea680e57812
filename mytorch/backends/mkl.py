# Names only: there is nothing to read here.
"""Intel MKL, where NumPy was built with it."""

import threadpoolctl


def is_available() -> bool:
    """Whether NumPy's matrix products run in MKL."""
    return any(pool["internal_api"] == "mkl" for pool in threadpoolctl.threadpool_info())
