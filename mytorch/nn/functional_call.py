"""A module called with other parameters and buffers than its own."""

from __future__ import annotations

from ..core.graph import Variable

_ABSENT = object()


def call_with(module, given, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """``module(*args, **kwargs)`` with the tensors ``given`` by name in place of its own.

    The module is not changed. Errors and settings as in ``functional_call``.
    """
    given = dict(given)
    places = {
        f"{path}.{name}" if path else name: (table, name)
        for path, m in module.named_modules(remove_duplicate=False)
        for table in (m._parameters, m._buffers)
        for name in table
    }
    if strict:
        _check_names(module, given, places)
    if tie_weights:
        _tie(given, places)
    places |= {name: _attribute(module, name) for name in given if name not in places}
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    before = {name: places[name][0].get(places[name][1], _ABSENT) for name in given}
    try:
        for name, value in given.items():
            table, key = places[name]
            table[key] = value
        return module(*args, **(kwargs or {}))
    finally:
        for name, value in before.items():
            table, key = places[name]
            if value is _ABSENT:
                del table[key]
            else:
                table[key] = value


def _check_names(module, given, places):
    """RuntimeError unless exactly the module's parameters and buffers are given."""
    problems = [
        f"{what} key(s): {', '.join(map(repr, sorted(names)))}."
        for what, names in (
            ("Unexpected", given.keys() - places.keys()),
            ("Missing", places.keys() - given.keys()),
        )
        if names
    ]
    if problems:
        raise RuntimeError(
            f"Error(s) in reparametrizing for {type(module).__name__}:\n\t" + "\n\t".join(problems)
        )


def _attribute(module, name):
    """(dict, key) of the plain attribute ``name``, for a tensor that is not a parameter or buffer.

    TypeError if something else is there, AttributeError if there is no such submodule.
    """
    path, _, key = name.rpartition(".")
    owner = module.get_submodule(path)
    found = getattr(owner, key, _ABSENT)
    if found is not _ABSENT and not isinstance(found, Variable):
        raise TypeError(f"attribute `{name}`: {found} is not an instance of Tensor")
    return vars(owner), key


def _tie(given, places):
    """Add the other names of the tied parameters that are given under one of their names.

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
