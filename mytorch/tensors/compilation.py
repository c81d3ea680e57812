"""``torch.compile`` without a compiler: its arguments are checked, and the model stays as it is."""

from __future__ import annotations

BACKENDS = "aot_eager cudagraphs eager inductor onnxrt openxla tvm".split()  # that PyTorch has
MODES = "default lite reduce-overhead max-autotune-no-cudagraphs max-autotune".split()


def compile(
    model=None,
    *,
    fullgraph=False,
    dynamic=None,
    backend="inductor",
    mode=None,
    options=None,
    name=None,
    disable=False,
    recompile_limit=None,
    isolate_recompiles=False,
    shapes_spec=None,
):
    """Return ``model``, a module or function, unchanged; without one, a decorator that does so.

    AssertionError if it cannot be called. RuntimeError for a backend or mode that PyTorch does not have,
    NotImplementedError for a backend of one's own: there are no graphs to give to it.
    """
    if mode is not None and options is not None:
        raise RuntimeError(
            "Either mode or options can be specified, but both can't be specified at the same time."
        )
    if mode is not None and mode not in MODES:
        raise RuntimeError(f"Unrecognized mode={mode}, should be one of: {', '.join(MODES)}")
    if callable(backend):
        raise NotImplementedError(
            "compile: nothing is compiled, so a backend of your own would not be called"
        )
    if backend not in (None, *BACKENDS):
        raise RuntimeError(f"Invalid backend: {backend!r}, PyTorch's are {', '.join(BACKENDS)}")
    if model is None:
        return lambda function: compile(function, backend=backend, mode=mode, options=options)
    if not callable(model):
        raise AssertionError(f"A callable function is expected, but {type(model)} is provided.")
    return model
