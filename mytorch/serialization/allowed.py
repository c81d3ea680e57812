"""Pickled objects: ``load`` restores the classes and functions that the user has allowed, as in torch."""

from __future__ import annotations

import pickle
import sys
from collections import OrderedDict
from types import MemberDescriptorType

from ..core.arrays import device
from ..core.dtypes import dtype
from ..tensors.tensor import Tensor
from .archive import Refused, expect
from .checkpoint import PARAMETERS, tensor_class
from .opcodes import ENTRY, OBJECT, PLAIN, SET, Interpreter

_safe: list = []
_INERT = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("mytorch.tensor", "Tensor"): Tensor,
    ("mytorch", "Tensor"): Tensor,
}


def add_safe_globals(safe_globals) -> None:
    """Allow ``load`` to restore objects of these classes and to call these functions."""
    _safe.extend(safe_globals)


def get_safe_globals() -> list:
    """The classes and functions given to :func:`add_safe_globals`."""
    return list(_safe)


def clear_safe_globals() -> None:
    """Allow no class and no function any more."""
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
    """Unpickles everything; the tensors are those that were read before."""

    def __init__(self, file, tensors):
        super().__init__(file)
        self.tensors = tensors

    def persistent_load(self, index):
        return self.tensors[index]


class Restorer(Interpreter):
    """Restores an object that consists of allowed classes and of containers.

    Any other global is refused before it is imported. State is set only on objects that the pickle itself has
    made, never on classes, functions and other objects of the process.
    """

    def __init__(self, content, spend, tensors):
        super().__init__(content, spend)
        self.tensors = tensors
        self.allowed = {id(value): value for value in _safe}
        self.names = {(v.__module__, v.__qualname__): v for v in _safe}

    def find(self, module, name):
        if (module, name) in self.names:
            return self.names[module, name]
        if (module, name) in _INERT:
            return _INERT[module, name]
        if (module, name) == (PARAMETERS, "Parameter"):
            return tensor_class("Parameter")
        raise Refused(
            f"Unsupported global: {module}.{name} was not an allowed global by default. Please use "
            "`mytorch.load` with `weights_only=False`, or allowlist it with "
            f"`mytorch.serialization.add_safe_globals([{name}])`, if you trust it."
        )

    def persistent(self, identifier):
        known = type(identifier) is int and 0 <= identifier < len(self.tensors)
        expect(known, "a tensor of the pickle is not there")
        return self.tensors[identifier]

    def is_allowed(self, value):
        """Whether ``value`` is an object of a class that the user has allowed."""
        return id(type(value)) in self.allowed

    def is_key(self, value):
        plain = (*PLAIN, frozenset, type, dtype, device, Tensor)
        return isinstance(value, plain) or self.is_allowed(value) or id(value) in self.allowed

    def takes_items(self, value, kind):
        return type(value) is kind or (kind is dict and type(value) is OrderedDict) or self.is_allowed(value)

    def call(self, maker, arguments):
        if maker is OrderedDict and not arguments:
            return OrderedDict()
        expect(id(maker) in self.allowed, "the pickle calls what is not an allowed global")
        return maker(*arguments)

    def make(self, keywords):
        """Push a new object of a class, without calling its ``__init__``."""
        arguments, cls = self.pop(), self.pop()
        expect(type(arguments) is tuple and type(keywords) is dict, "an object's arguments are malformed")
        allowed = isinstance(cls, type) and id(cls) in self.allowed
        expect(allowed, "the pickle makes an object of what is not an allowed global")
        self.spend(OBJECT)
        self.stack.append(cls.__new__(cls, *arguments, **keywords))
        self.claim_top()

    def freeze(self):
        items = self.since_mark()
        self.spend(SET + ENTRY * len(items))
        self.stack.append(frozenset(self.keys(items)))

    def build(self, target, state):
        cls = type(target)
        if cls is not OrderedDict and not self.is_allowed(target):
            raise Refused(f"its pickle sets attributes of {cls.__name__}, which is not an allowed global")
        if hasattr(cls, "__setstate__"):
            cls.__setstate__(target, state)
            return
        attributes, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
        for name, value in _attributes(attributes):
            vars(target)[sys.intern(name)] = value
        for name, value in _attributes(slots):
            slot = getattr(cls, name, None)
            expect(type(slot) is MemberDescriptorType, f"{cls.__name__} has no slot {name!r}")
            slot.__set__(target, value)

    handlers = Interpreter.handlers | {
        code[0]: handler
        for code, handler in {
            pickle.NEWOBJ: lambda self: self.make({}),
            pickle.NEWOBJ_EX: lambda self: self.make(self.pop()),
            pickle.FROZENSET: freeze,
            pickle.POP: Interpreter.pop,
            pickle.POP_MARK: Interpreter.since_mark,
        }.items()
    }


def _attributes(state):
    """(name, value) of each attribute in a state, a dict or None."""
    expect(state is None or type(state) is dict, "the state of an object is malformed")
    expect(all(type(name) is str for name in state or ()), "an attribute's name is no text")
    return (state or {}).items()
