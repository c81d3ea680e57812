"""What mytorch runs on: versions, the BLAS and its kernels, threads, numba, devices."""

from __future__ import annotations

import os
import platform
import sys

import numpy
import threadpoolctl

from ..kernels.numba_loops import numba


def _has_avx512() -> bool:
    try:
        with open("/proc/cpuinfo") as file:
            return "avx512f" in file.read(8192)
    except OSError:
        return False


def show_config() -> str:
    """Print versions, the BLAS with its kernels and threads, numba and the GPU library; returns the text.

    It hints where OpenBLAS runs kernels for AVX2 on a processor with AVX-512, which halves the speed of
    matrix products: an old NumPy, or ``OPENBLAS_CORETYPE`` in the environment. Set
    ``OPENBLAS_CORETYPE=SkylakeX`` before Python starts to get the faster ones.
    """
    lines = [
        f"Python {platform.python_version()}, NumPy {numpy.__version__}, {platform.machine()}, "
        f"{os.cpu_count()} processors"
    ]
    for pool in threadpoolctl.threadpool_info():
        if pool["user_api"] != "blas":
            continue
        lines.append(
            f"BLAS: {pool['internal_api']} {pool['version']}, kernels {pool.get('architecture', '?')}, "
            f"{pool['num_threads']} threads"
        )
        if pool.get("architecture") in ("Haswell", "Zen") and _has_avx512():
            chosen = os.environ.get("OPENBLAS_CORETYPE")
            because = f"OPENBLAS_CORETYPE={chosen} is set" if chosen else "OpenBLAS did not recognise it"
            lines.append(
                f"  hint: this processor has AVX-512, but {because}; OPENBLAS_CORETYPE=SkylakeX makes "
                "matrix products up to twice as fast"
            )
    lines.append(
        f"loops: compiled by numba {numba().__version__}"
        if numba()
        else "loops: NumPy's; numba is not installed, or MYTORCH_NUMBA=0 is set"
    )
    cupy = sys.modules.get("cupy")
    lines.append(f"GPU: CuPy {cupy.__version__}" if cupy else "GPU: CuPy is not loaded")
    text = "\n".join(lines)
    print(text)
    return text
