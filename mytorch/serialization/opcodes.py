"""An interpreter of untrusted pickles: it imports and calls nothing, and changes only objects of its own.

Its subclasses decide what a name means, what may be called and what may be given a state. Python's Unpickler
cannot be restricted like this: its BUILD and SETITEMS change any object on the stack, even a class.
"""

from __future__ import annotations

import pickle
import pickletools
import struct
import sys
from collections import Counter

from .archive import Refused, expect

# the approximate bytes of an object of each kind, and of an entry of a dict
LIST, DICT, SET, TUPLE, TEXT, OBJECT, ENTRY = 192, 200, 352, 56, 56, 600, 104
PLAIN = (str, int, float, bool, type(None), bytes, complex)
DEEPEST_KEY = 8
_U16, _U32, _U64, _I32, _F64 = map(struct.Struct, ("<H", "<I", "<Q", "<i", ">d"))
_NOTHING = object()
_NAMES = {ord(op.code): op.name for op in pickletools.opcodes}


class Interpreter:
    """Runs the pickle ``content``; ``spend(bytes)`` raises ValueError beyond the file's budget."""

    def __init__(self, content, spend):
        self.content, self.spend = content, spend
        self.at, self.stack, self.marks, self.memo, self.hashes = 0, [], [], [], Hashes(spend)
        self.own = {}  # id -> container or instance that this pickle has made

    def run(self):
        """The object that the pickle describes."""
        handlers, content = self.handlers, self.content
        while self.at < len(content):
            code = content[self.at]
            self.at += 1
            if code == pickle.STOP[0]:
                expect(len(self.stack) == 1 and not self.marks, "the pickle leaves more than one object")
                return self.stack.pop()
            if code not in handlers:
                raise Refused(f"its pickle uses {_NAMES.get(code, f'opcode {code}')}, which is not needed")
            handlers[code](self)
        raise ValueError("the pickle has no end")

    # ---- what the subclasses decide --------------------------------------------------------------

    def find(self, module, name):
        """The object that the global ``module.name`` stands for."""
        raise NotImplementedError

    def call(self, maker, arguments):
        """The result of ``maker``, an object of :meth:`find`, for a tuple of arguments."""
        raise NotImplementedError

    def build(self, target, state):
        """Set the state of ``target``, one of :attr:`own`."""
        raise NotImplementedError

    def persistent(self, identifier):
        """The object that is stored beside the pickle."""
        raise NotImplementedError

    def is_key(self, value):
        """Whether ``value``, which is no tuple, may be a key."""
        return isinstance(value, PLAIN)

    def takes_items(self, value, kind):
        """Whether items may be put into ``value`` as into a list, dict or set (``kind``)."""
        return isinstance(value, kind)

    # ---- reading ---------------------------------------------------------------------------------

    def take(self, count):
        """The next ``count`` bytes."""
        start, self.at = self.at, self.at + count
        if self.at > len(self.content):
            raise ValueError("the pickle ends too early")
        return self.content[start : self.at]

    def byte(self):
        """The next byte, a number."""
        self.at += 1
        return self.content[self.at - 1]

    def number(self, form):
        """The next number in the format of a Struct, which raises where there are too few bytes."""
        (value,) = form.unpack_from(self.content, self.at)
        self.at += form.size
        return value

    def line(self):
        """The text up to the next newline."""
        end = self.content.find(b"\n", self.at)
        expect(end >= 0, "the pickle ends within a line")
        return self.take(end + 1 - self.at)[:-1].decode()

    # ---- the stack -------------------------------------------------------------------------------

    def pop(self):
        if self.marks and len(self.stack) <= self.marks[-1]:
            raise ValueError("the pickle takes a MARK for an object")
        return self.stack.pop()

    def top(self):
        if self.marks and len(self.stack) <= self.marks[-1]:
            raise ValueError("the pickle takes a MARK for an object")
        return self.stack[-1]

    def since_mark(self):
        """Pop all objects that were pushed since the last MARK."""
        expect(self.marks, "the pickle has no MARK where it needs one")
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def push_own(self, value, cost):
        """Push a new object, which the pickle may fill later."""
        self.spend(cost)
        self.own[id(value)] = value
        self.stack.append(value)

    def push_text(self, value):
        self.spend(TEXT)
        self.stack.append(value)

    def push_tuple(self, items):
        self.spend(TUPLE + 8 * len(items))
        self.stack.append(tuple(items))

    def remember(self, place):
        value, missing = self.top(), place - len(self.memo)
        if missing >= 0:  # 0, as Python's Pickler counts
            self.spend(8 * missing + 8)
            self.memo.extend([_NOTHING] * missing)
            self.memo.append(value)
        else:
            self.memo[place] = value

    def recall(self, place):
        value = self.memo[place] if place < len(self.memo) else _NOTHING
        if value is _NOTHING:
            raise ValueError("the pickle asks for an object that it has not made")
        self.stack.append(value)

    # ---- filling ---------------------------------------------------------------------------------

    def target(self, kind, what):
        """The container of this ``kind`` on top of the stack; ValueError if the pickle has not made it."""
        value = self.top()
        expect(id(value) in self.own and self.takes_items(value, kind), f"the pickle {what}")
        return value

    def extend(self, items):
        self.target(list, "appends to what is not its own list").extend(items)

    def update(self, items):
        target = self.target(dict, "sets items of what is not its own dict")
        expect(len(items) % 2 == 0, "the pickle has a key without a value")
        self.spend(ENTRY * len(items) // 2)
        for key, value in zip(items[::2], items[1::2]):
            target[self.key(key, id(target))] = value

    def add(self, items):
        target = self.target(set, "adds to what is not its own set")
        self.spend(ENTRY * len(items))
        target.update([self.key(item, id(target)) for item in items])

    def key(self, value, container):
        """``value``, a key of the container with this number, after its type was checked.

        Hashing an object of another type could run any code.
        """
        self.check_key(value, 0)
        self.hashes.pay(container, value)
        return value

    def keys(self, items):
        """The keys of a new container."""
        container = self.hashes.new_container()
        return [self.key(item, container) for item in items]

    def check_key(self, value, depth):
        if isinstance(value, tuple):
            expect(depth < DEEPEST_KEY, "a key of the pickle is nested too deep")
            for part in value:
                self.spend(64)
                self.check_key(part, depth + 1)
        else:
            expect(self.is_key(value), "a key of the pickle is not a plain value")

    def one_item(self):
        value, key = self.pop(), self.pop()
        self.update([key, value])

    def one_element(self):
        value = self.pop()
        self.extend([value])

    # ---- names and what they make ----------------------------------------------------------------

    def push_global(self, module, name):
        expect(isinstance(module, str) and isinstance(name, str), "a name in the pickle is no text")
        self.spend(TEXT)
        self.stack.append(self.find(module, name))

    def global_of_stack(self):
        name, module = self.pop(), self.pop()
        self.push_global(module, name)

    def reduce(self):
        arguments, maker = self.pop(), self.pop()
        expect(type(arguments) is tuple, "the pickle calls a function without arguments")
        self.spend(OBJECT)
        self.stack.append(self.call(maker, arguments))
        self.claim_top()

    def claim_top(self):
        """Add the object on top of the stack to :attr:`own`, unless there are other references to it.

        The member of an enum, for example, is not new: it is the same for the whole process.
        """
        if _holders(self.stack) == _ALONE:
            self.own[id(self.stack[-1])] = self.stack[-1]

    def begin_frame(self):
        length = self.number(_U64)
        expect(length <= len(self.content) - self.at, "a frame of the pickle is too long")

    def set_state(self):
        state = self.pop()
        target = self.top()
        if id(target) not in self.own:
            raise Refused(f"its pickle sets attributes of {type(target).__name__}, which it has not made")
        self.build(target, state)

    handlers = {
        code[0]: handler
        for code, handler in {
            pickle.PROTO: lambda self: self.take(1),
            pickle.FRAME: begin_frame,
            pickle.MARK: lambda self: self.marks.append(len(self.stack)),
            pickle.NONE: lambda self: self.stack.append(None),
            pickle.NEWTRUE: lambda self: self.stack.append(True),
            pickle.NEWFALSE: lambda self: self.stack.append(False),
            pickle.BININT: lambda self: self.stack.append(self.number(_I32)),
            pickle.BININT1: lambda self: self.stack.append(self.byte()),
            pickle.BININT2: lambda self: self.stack.append(self.number(_U16)),
            pickle.LONG1: lambda self: self.stack.append(pickle.decode_long(self.take(self.byte()))),
            pickle.LONG4: lambda self: self.stack.append(pickle.decode_long(self.take(self.number(_U32)))),
            pickle.BINFLOAT: lambda self: self.stack.append(self.number(_F64)),
            pickle.SHORT_BINUNICODE: lambda self: self.push_text(_text(self.take(self.byte()))),
            pickle.BINUNICODE: lambda self: self.push_text(_text(self.take(self.number(_U32)))),
            pickle.BINUNICODE8: lambda self: self.push_text(_text(self.take(self.number(_U64)))),
            pickle.SHORT_BINBYTES: lambda self: self.push_text(self.take(self.byte())),
            pickle.BINBYTES: lambda self: self.push_text(self.take(self.number(_U32))),
            pickle.BINBYTES8: lambda self: self.push_text(self.take(self.number(_U64))),
            pickle.BYTEARRAY8: lambda self: self.push_text(bytearray(self.take(self.number(_U64)))),
            pickle.EMPTY_LIST: lambda self: self.push_own([], LIST),
            pickle.EMPTY_DICT: lambda self: self.push_own({}, DICT),
            pickle.EMPTY_SET: lambda self: self.push_own(set(), SET),
            pickle.EMPTY_TUPLE: lambda self: self.stack.append(()),
            pickle.TUPLE: lambda self: self.push_tuple(self.since_mark()),
            pickle.TUPLE1: lambda self: self.push_tuple([self.pop()]),
            pickle.TUPLE2: lambda self: self.push_tuple([self.pop(), self.pop()][::-1]),
            pickle.TUPLE3: lambda self: self.push_tuple([self.pop(), self.pop(), self.pop()][::-1]),
            pickle.APPEND: one_element,
            pickle.APPENDS: lambda self: self.extend(self.since_mark()),
            pickle.SETITEM: one_item,
            pickle.SETITEMS: lambda self: self.update(self.since_mark()),
            pickle.ADDITEMS: lambda self: self.add(self.since_mark()),
            pickle.BINPUT: lambda self: self.remember(self.byte()),
            pickle.LONG_BINPUT: lambda self: self.remember(self.number(_U32)),
            pickle.MEMOIZE: lambda self: self.remember(len(self.memo)),
            pickle.BINGET: lambda self: self.recall(self.byte()),
            pickle.LONG_BINGET: lambda self: self.recall(self.number(_U32)),
            pickle.GLOBAL: lambda self: self.push_global(self.line(), self.line()),
            pickle.STACK_GLOBAL: global_of_stack,
            pickle.REDUCE: reduce,
            pickle.BUILD: set_state,
            pickle.BINPERSID: lambda self: self.stack.append(self.persistent(self.pop())),
        }.items()
    }


def _text(content):
    return str(content, "utf-8", "surrogatepass")


def _holders(stack):
    """The number of references to the last object."""
    return sys.getrefcount(stack[-1])


_ALONE = _holders([object()])


class Hashes:
    """The hashes of all keys so far, to count the work of collisions.

    A file can choose numbers and tuples with equal hashes; then every key is compared with all before it.
    """

    def __init__(self, spend):
        self.spend, self.seen, self.containers = spend, Counter(), 0

    def new_container(self):
        """A number for a container that differs from every object's id."""
        self.containers -= 1
        return self.containers

    def pay(self, container, key):
        """Spend the work of adding ``key`` to the container with this number."""
        if not isinstance(key, (int, float, complex, tuple, frozenset)):
            return  # hashed with a random seed, by its address, or by code that the user has allowed
        if type(key) is int and abs(key) < 2**61 - 1:
            return  # its own hash, so it collides with no other
        place = container, hash(key)
        self.spend(ENTRY + 8 * self.seen[place])
        self.seen[place] += 1
