"""A module called with other parameters and buffers than its own."""

from __future__ import annotations


def call_with(module, given, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """``module(*args, **kwargs)`` with the tensors ``given`` by name; the module stays as it is. Errors and
    settings as of ``functional_call``.
    """
    given = dict(given)
    places = {
        f"{path}.{name}" if path else name: (table, name)
        for path, m in module.named_modules(remove_duplicate=False)
        for table in (m._parameters, m._buffers)
        for name in table
    }
    if unknown := given.keys() - places.keys():
        raise RuntimeError(
            f"Unexpected key(s): {', '.join(sorted(unknown))}: the module has no such parameters or buffers."
        )
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
    """Add the other names of what is given under one of its names.

    ValueError if two names of one parameter get different values.
    """
    by_identity = {}
    for name, (table, key) in places.items():
        if table[key] is not None:
            by_identity.setdefault(id(table[key]), []).append(name)
    for names in by_identity.values():
        values = {id(given[n]): given[n] for n in names if n in given}
        if len(values) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(names)}, which are tied. "
                "Consider using tie_weights=False"
            )
        for value in values.values():
            given |= dict.fromkeys(names, value)
