"""Modules as functions of their parameters."""

from __future__ import annotations

from ..nn.functional_call import call_with
from ..ops.join import stack


def functional_call(
    module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False
):
    """``module(*args, **kwargs)`` with other parameters and buffers, given by name in one or several dicts.

    The module is not changed. ``tie_weights``: a parameter that the module has under several names is
    replaced under all of them. RuntimeError with ``strict`` for names that are missing or unknown; ValueError
    for a name in two dicts.
    """
    dicts = parameter_and_buffer_dicts
    dicts = [dicts] if isinstance(dicts, dict) else list(dicts)
    if not all(isinstance(d, dict) for d in dicts):
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(parameter_and_buffer_dicts)}"
        )
    given = {}
    for d in dicts:
        if repeated := given.keys() & d.keys():
            raise ValueError(
                f"{sorted(repeated)} appeared in multiple dictionaries; behavior of functional call is "
                "ambiguous"
            )
        given |= d
    return call_with(module, given, args, kwargs, tie_weights=tie_weights, strict=strict)


def stack_module_state(models):
    """``(parameters, buffers)`` of an ensemble, for ``vmap``.

    For each name the tensors of all models are stacked along a new first dimension.

    RuntimeError without models, for different classes, and for some in training and some in eval mode.
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    tables = []
    for get in ("named_parameters", "named_buffers"):
        columns = zip(*(list(getattr(m, get)()) for m in models))
        tables.append({column[0][0]: _stacked([value for _, value in column]) for column in columns})
    return tuple(tables)


def _stacked(values):
    if len({v.requires_grad for v in values}) > 1:
        raise RuntimeError("Expected all tensors to have the same requires_grad")
    return stack([v.detach() for v in values]).requires_grad_(values[0].requires_grad)
