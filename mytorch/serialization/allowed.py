"""Which classes and functions ``load`` may bring back from a pickled object: those that the user vouched for,
as in torch.
"""

from __future__ import annotations

import pickle

_safe: list = []
_INERT = {
    ("collections", "OrderedDict"),
    ("builtins", "set"),
    ("mytorch.nn.parameter", "Parameter"),
    ("mytorch.tensor", "Tensor"),
}


def add_safe_globals(safe_globals) -> None:
    """Let ``load`` restore objects of these classes and call these functions."""
    _safe.extend(safe_globals)


def get_safe_globals() -> list:
    """What :func:`add_safe_globals` was given."""
    return list(_safe)


def clear_safe_globals() -> None:
    """Trust nothing any more."""
    _safe.clear()


class safe_globals:
    """A context in which :func:`add_safe_globals` holds for these classes and functions."""

    def __init__(self, safe_globals):
        self.safe_globals = list(safe_globals)

    def __enter__(self):
        self.before = get_safe_globals()
        add_safe_globals(self.safe_globals)

    def __exit__(self, *exc_info):
        _safe[:] = self.before


class AnyUnpickler(pickle.Unpickler):
    """Restores everything; the tensors are those that were read before."""

    def __init__(self, file, tensors):
        super().__init__(file)
        self.tensors = tensors

    def persistent_load(self, index):
        return self.tensors[index]


class Unpickler(AnyUnpickler):
    """Restores what consists of safe globals and of containers; UnpicklingError for anything else, before it
    is imported.
    """

    def find_class(self, module, name):
        known = {(value.__module__, value.__qualname__): value for value in _safe}
        if (module, name) in known:
            return known[module, name]
        if (module, name) not in _INERT:
            raise pickle.UnpicklingError(
                f"Unsupported global: {module}.{name} was not an allowed global by default. Please use "
                "`mytorch.load` with "
                "`weights_only=False`, or allowlist it with "
                f"`mytorch.serialization.add_safe_globals([{name}])`, if you trust it."
            )
        return super().find_class(module, name)
