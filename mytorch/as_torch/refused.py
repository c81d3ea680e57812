"""Names that packages import and that cannot be had: they say so when they are used."""

from __future__ import annotations


class RefusedType(type):
    """The class of names that are classes: nothing is an instance of them, making one fails."""

    def __call__(cls, *args, **kwargs):
        if cls.__dict__.get("reason"):
            raise NotImplementedError(f"{cls.__module__}.{cls.__qualname__}: {cls.reason}")
        return super().__call__(*args, **kwargs)


def functions(namespace, names, reason):
    """A dict of functions of these names, each of which raises NotImplementedError with the reason."""

    def refused(name):
        def function(*args, **kwargs):
            raise NotImplementedError(f"{namespace}.{name}: {reason}")

        function.__name__ = function.__qualname__ = name
        function.__module__, function.__doc__ = namespace, f"NotImplementedError: {reason}."
        return function

    return {name: refused(name) for name in names.split()}


def classes(namespace, names, reason):
    """A dict of classes of these names without instances; one that is derived from them can be made."""
    return {
        name: RefusedType(
            name,
            (),
            {"__module__": namespace, "reason": reason, "__doc__": f"NotImplementedError: {reason}."},
        )
        for name in names.split()
    }
