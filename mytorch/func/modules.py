"""Modules as functions of their parameters."""

from __future__ import annotations

from ..ops.join import stack


def functional_call(module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """``module(*args, **kwargs)`` with other parameters and buffers, given by name in a dict or a sequence of dicts; the module stays as it is.

    tie_weights: a parameter that the module has under several names is replaced under all of them. RuntimeError with ``strict`` for
    names that are missing, always for names that are unknown; ValueError for a name in two dicts.
    """
    dicts = [parameter_and_buffer_dicts] if isinstance(parameter_and_buffer_dicts, dict) else list(parameter_and_buffer_dicts)
    if not all(isinstance(d, dict) for d in dicts):
        raise ValueError(f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(parameter_and_buffer_dicts)}")
    given = {}
    for d in dicts:
        if repeated := given.keys() & d.keys():
            raise ValueError(f"{sorted(repeated)} appeared in multiple dictionaries; behavior of functional call is ambiguous")
        given |= d
    places = {f"{path}.{name}" if path else name: (table, name) for path, m in module.named_modules(remove_duplicate=False)
              for table in (m._parameters, m._buffers) for name in table}  # fmt: skip
    if unknown := given.keys() - places.keys():
        raise RuntimeError(f"Unexpected key(s): {', '.join(sorted(unknown))}: the module has no such parameters or buffers.")
    if strict and (missing := places.keys() - given.keys()):
        raise RuntimeError(f"Missing key(s): {', '.join(sorted(missing))}.")
    if tie_weights:
        _tie(given, places)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    before = {name: places[name][0][places[name][1]] for name in given}
    try:
        for name, value in given.items():
            table, key = places[name]
            table[key] = value
        return module(*args, **(kwargs or {}))
    finally:
        for name, value in before.items():
            table, key = places[name]
            table[key] = value


def _tie(given, places):
    """Add the other names of what is given under one of its names. ValueError if two names of one parameter get different values."""
    by_identity = {}
    for name, (table, key) in places.items():
        if table[key] is not None:
            by_identity.setdefault(id(table[key]), []).append(name)
    for names in by_identity.values():
        values = {id(given[n]): given[n] for n in names if n in given}
        if len(values) > 1:
            raise ValueError(f"functional_call got multiple values for keys {sorted(names)}, which are tied. Consider using tie_weights=False")
        for value in values.values():
            given |= dict.fromkeys(names, value)


def stack_module_state(models):
    """``(parameters, buffers)`` of modules of one class, each name's tensors stacked along a new first dimension: for an ensemble with ``vmap``.

    RuntimeError without models, of different classes, or of mixed training and evaluation mode.
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
