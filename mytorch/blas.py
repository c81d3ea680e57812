"""Which matrix kernels NumPy uses, and how to get the fast ones. Imported first, before anything imports NumPy.

OpenBLAS chooses its kernels when it is loaded. On AMD processors with AVX-512 it takes those for AVX2 ("Haswell", "Zen"), which reach about half of
the speed. So, if NumPy is not loaded yet and the user has not set ``OPENBLAS_CORETYPE``, mytorch loads NumPy with the AVX-512 kernels; the environment
is as before afterwards. To decide otherwise, set ``OPENBLAS_CORETYPE`` (to nothing, for OpenBLAS's own choice).
"""

from __future__ import annotations

import importlib
import os
import platform
import sys

_AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}  # what OpenBLAS's SkylakeX kernels need
_KERNELS = "SkylakeX"


def _amd_with_avx512() -> bool:
    try:
        with open("/proc/cpuinfo") as file:
            head = file.read(8192)
    except OSError:
        return False
    flags = next((line for line in head.splitlines() if line.startswith("flags")), "")
    return "AuthenticAMD" in head and _AVX512 <= set(flags.split())


def load_numpy() -> None:
    """Import NumPy, with the kernels that suit the processor if the choice is still open."""
    if "numpy" in sys.modules or "OPENBLAS_CORETYPE" in os.environ or not _amd_with_avx512():
        importlib.import_module("numpy")
        return
    os.environ["OPENBLAS_CORETYPE"] = _KERNELS
    try:
        importlib.import_module("numpy")
    finally:
        del os.environ["OPENBLAS_CORETYPE"]


def show_config() -> str:
    """Print the versions, the BLAS and its kernels, the threads and the devices; returns the text."""
    numpy, threadpoolctl = importlib.import_module("numpy"), importlib.import_module("threadpoolctl")
    lines = [f"Python {platform.python_version()}, NumPy {numpy.__version__}, {platform.machine()}, {os.cpu_count()} processors"]
    pools = [p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"]
    for pool in pools:
        lines.append(f"BLAS: {pool['internal_api']} {pool['version']}, kernels {pool.get('architecture', '?')}, {pool['num_threads']} threads")
        if pool.get("architecture") in ("Haswell", "Zen") and _amd_with_avx512():
            lines.append(f"  hint: matrix products run at half speed; import mytorch before numpy, or set OPENBLAS_CORETYPE={_KERNELS}")
    cupy = sys.modules.get("cupy")
    lines.append(f"GPU: CuPy {cupy.__version__}" if cupy else "GPU: CuPy is not loaded")
    text = "\n".join(lines)
    print(text)
    return text


load_numpy()
