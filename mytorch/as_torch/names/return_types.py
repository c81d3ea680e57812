"""``torch.return_types``: the classes of results with several named parts."""

from __future__ import annotations

import importlib

_RESULTS = """
    aminmax cummax cummin frexp geqrf histogram kthvalue linalg_cholesky_ex linalg_eig linalg_eigh
    linalg_inv_ex linalg_ldl_factor linalg_ldl_factor_ex linalg_lstsq linalg_lu linalg_lu_factor
    linalg_lu_factor_ex linalg_qr linalg_slogdet linalg_solve_ex linalg_svd lu_unpack max median min mode
    nanmedian qr slogdet sort svd topk triangular_solve
""".split()
_MORE = {  # arguments after the matrix, of those that need some
    **dict.fromkeys("cummax cummin max median min nanmedian".split(), (0,)),
    **dict.fromkeys("kthvalue topk".split(), (1,)),
}


def __getattr__(name):
    """The class of what the function returns, found by calling it."""
    if name not in _RESULTS:
        raise AttributeError(f"module 'torch.return_types' has no attribute {name!r}")
    library = importlib.import_module("mytorch")
    place = library.linalg if name.startswith("linalg_") else library
    matrix = library.eye(2)
    arguments = [matrix, *_MORE.get(name, ())]
    if name in ("linalg_lstsq", "linalg_solve_ex", "triangular_solve"):
        arguments.append(matrix)
    if name == "lu_unpack":
        arguments = library.linalg.lu_factor(matrix)
    globals()[name] = type(getattr(place, name.removeprefix("linalg_"))(*arguments))
    return globals()[name]


def __dir__():
    return sorted({*globals(), *_RESULTS})
