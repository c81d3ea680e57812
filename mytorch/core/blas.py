"""The BLAS works on one thread; mytorch's own threads share out large work (``kernels/threads.py``).

After each product the threads of a BLAS spin-wait for the next one, for milliseconds, on cores that other
threads and other processes need. A call of LAPACK cannot be cut into pieces here, so a large one gets
threads of the BLAS while it lasts (``kernels/lapack.py``).
"""

from __future__ import annotations

import functools
import os

import numpy
import threadpoolctl


@functools.cache
def libraries():
    """The controls of the loaded BLAS libraries. To look for them takes milliseconds, so it is done once."""
    return threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers


@functools.cache
def use_one_thread() -> bool:
    """Set the BLAS to one thread, at the first call; whether that was done.

    It holds for the whole process, for NumPy code outside of mytorch, too.
    ``threadpoolctl.threadpool_limits`` gives such code its threads back, MYTORCH_ONE_BLAS_THREAD=0 leaves
    the BLAS as it is.
    """
    if os.environ.get("MYTORCH_ONE_BLAS_THREAD", "1") == "0":
        return False
    for library in libraries():
        library.set_num_threads(1)
    touch_packing_buffer()
    return True


def touch_packing_buffer() -> None:
    """Make a product for which the BLAS writes all of the buffer that it packs float32 matrices into.

    OpenBLAS's kernels prefetch beyond what is packed. In a page that was never written a prefetch looks for
    the page in vain, each time anew, and products take up to three times as long.
    """
    numpy.ones((256, 640), "f") @ numpy.ones((640, 456), "f")  # 5 to 9 ms
