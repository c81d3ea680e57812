"""The record behind ``tests/referee.py``: stand-ins for torch's things, their questions, the answers."""

import builtins
import collections
import copy
import functools
import importlib
import importlib.util
import inspect
import io
import itertools
import json
import math
import operator
import pathlib
import types
import warnings
import zlib

import numpy as np
import pytest

INSTALLED = importlib.util.find_spec("torch") is not None
RECORDS = pathlib.Path(__file__).parent / "records"
AGAIN = "run `python -m tests.record` where PyTorch is installed"
# how far a live answer may be from the recorded one, relative to its largest number; what is "float64" may
# have been computed in float32
TOLERANCE = {"float16": 4e-3, "float32": 1e-4, "complex64": 1e-4, "float64": 1e-6, "complex128": 1e-6}

live = pytest.mark.live  # for what differs from run to run


# ---- stand-ins -----------------------------------------------------------------------------------


class StandIn:
    """Something of torch's: the thing itself (None without PyTorch), and its label in the record."""

    __slots__ = ("__weakref__", "_label", "_value")
    __array_priority__ = 1000  # as torch's: array + tensor is the tensor's

    def __init__(self, label, value=None):
        object.__setattr__(self, "_label", label)
        object.__setattr__(self, "_value", value)

    def __getattr__(self, name):
        if name.startswith("__"):  # NumPy, copy and pytest look for their protocols
            raise AttributeError(name)
        found = ask(f".{name}", getattr, self, name)
        return Method(self, name) if found is METHOD else found

    def __setattr__(self, name, value):
        ask(f".{name} =", setattr, self, name, value)

    def __delattr__(self, name):
        ask(f"del .{name}", delattr, self, name)

    def __iter__(self):
        return iter(ask("iter", tuple, self))

    def __array__(self, dtype=None, copy=None):
        return np.asarray(ask("array", np.asarray, self), dtype)

    def __enter__(self):
        return ask("with", lambda manager: manager.__enter__(), self)

    def __exit__(self, kind, error, trace):
        return ask("end with", lambda manager, kind: manager.__exit__(kind, error, trace), self, kind)

    def __instancecheck__(self, other):
        if not session.inside and not isinstance(other, StandIn):
            return isinstance(other, Size) and self._label == "Size"
        return ask("isinstance", isinstance, other, self)

    def __subclasscheck__(self, other):
        return ask("issubclass", issubclass, other, self)

    def __deepcopy__(self, memo):
        return ask("deepcopy", copy.deepcopy, self)

    def __mro_entries__(self, bases):
        raise TypeError("a subclass of a class of torch: make it inside referee.answer(function)")

    def __reduce_ex__(self, protocol):
        raise TypeError("a stand-in cannot be pickled: pickle inside referee.answer(function)")

    __hash__ = object.__hash__


def _operators():
    """Python's operators on a stand-in are questions, too."""

    def method(name, function):
        return lambda self, *args, **kwargs: ask(name, function, self, *args, **kwargs)

    def reflected(name, function):
        return lambda self, other: ask(name, function, other, self)

    for name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
        function = getattr(operator, f"__{name}__")
        setattr(StandIn, f"__{name}__", method(name, function))
        setattr(StandIn, f"__r{name}__", reflected(f"r{name}", function))
        setattr(StandIn, f"__i{name}__", method(f"i{name}", getattr(operator, f"__i{name}__")))
    for name in "eq ne lt le gt ge neg pos abs invert index contains getitem setitem delitem".split():
        setattr(StandIn, f"__{name}__", method(name, getattr(operator, f"__{name}__")))
    for name in "len bool int float complex str repr format dir next reversed divmod round".split():
        setattr(StandIn, f"__{name}__", method(name, getattr(builtins, name)))
    StandIn.__call__ = method("()", lambda function, *args, **kwargs: function(*args, **kwargs))


_operators()


class Method(StandIn):
    """A method of a stand-in's object, to be called."""

    __slots__ = ("_name", "_of")

    def __init__(self, of, name):
        super().__init__(None)
        object.__setattr__(self, "_of", of)
        object.__setattr__(self, "_name", name)

    def __call__(self, *args, **kwargs):
        name = self._name
        return ask(f".{name}()", lambda of, *a, **k: getattr(of, name)(*a, **k), self._of, *args, **kwargs)


class Name(StandIn):
    """A name in torch's modules, such as ``nn.functional.relu`` or ``float32``: the same in all tests."""

    __slots__ = ()

    def __init__(self, path):
        object.__setattr__(self, "_label", path)

    @property
    def _value(self):
        return _look_up(self._label)[1]

    def __getattr__(self, name):
        if session.inside:
            return getattr(self._value, name)
        return named(f"{self._label}.{name}" if self._label else name)

    def __call__(self, *args, **kwargs):
        return ask(self._label, lambda *a, **k: self._value(*a, **k), *args, **kwargs)

    def __eq__(self, other):
        return self is other

    def __str__(self):
        return f"torch.{self._label}"

    __repr__ = __str__
    __hash__ = StandIn.__hash__


class Size(tuple):
    """A torch.Size."""

    __slots__ = ()

    def __repr__(self):
        return f"torch.Size({list(self)})"


torch = Name("")


@functools.cache
def named(path):
    """What torch has under this name: a constant, or a Name. Raises AttributeError where torch does."""
    if session.mode == "recorded":
        if path not in session.names:
            if path.split(".")[-1].startswith("_"):  # pytest looks for its marks
                raise AttributeError(f"torch has no {path}")
            pytest.fail(f"torch.{path} is in no record: {AGAIN}", pytrace=False)
        found = session.names[path]
    else:
        found, _ = _look_up(path)
        if found == "absent" and path.split(".")[-1].startswith("_"):
            raise AttributeError(f"torch has no {path}")
        if session.mode == "record":
            session.names[path] = found
        elif session.names.get(path) != found:
            pytest.fail(f"torch.{path} is not as recorded: {AGAIN}", pytrace=False)
    if found == "absent":
        raise AttributeError(f"torch has no {path}")
    return Name(path) if found == "name" else found["constant"]


@functools.cache
def _look_up(path):
    """ "name", "absent" or a constant; and the thing itself."""
    import torch

    torch.set_num_threads(1)  # its threads spin between calls, on the cores that the tests need
    value = torch
    for i, part in enumerate(parts := path.split(".") if path else []):
        try:
            value = getattr(value, part)
        except AttributeError:
            try:  # a module that torch imports only when asked
                value = importlib.import_module("torch." + ".".join(parts[: i + 1]))
            except ImportError:
                return "absent", None
    if value is None or isinstance(value, (bool, int, float, str)):
        return {"constant": value}, None
    return "name", value


def answer(function, *args, **kwargs):
    """What ``function(torch, *args)`` returns, called with PyTorch itself and answered as one question."""
    name = getattr(function, "__name__", "function")
    return ask(f"answer {name}", lambda *a, **k: function(*a, **k), torch, *args, **kwargs)


# ---- questions and answers -----------------------------------------------------------------------

METHOD = object()  # the answer to `x.sum`: something to call


def ask(question, function, *args, **kwargs):
    """The answer of ``function(*args)``, from PyTorch or from the record."""
    if session.inside:  # torch calls the test back: no stand-ins there
        return function(*thing(args), **thing(kwargs))
    tape, asked = session.tape, [question, checksum([args, kwargs])]
    if session.mode == "recorded":
        entry = tape.expect(asked)
    else:
        entry = asked + _live(tape, function, args, kwargs)
        tape.add(entry)
    for kind, text in entry[3] if len(entry) > 3 else ():
        warnings.warn(text, getattr(builtins, kind, UserWarning), stacklevel=3)
    _write_files(entry, args)
    return tape.decode(entry[2])


def _live(tape, function, args, kwargs):
    """[answer] of PyTorch, or [answer, warnings], or [answer, warnings, files]."""
    if not tape.entries:
        import torch

        torch.manual_seed(0)  # a test alone draws what it draws among others
    session.inside = True
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            before = _files(args)
            try:
                result = tape.encode(function(*thing(args), **thing(kwargs)), _living(function, args))
            except Exception as error:
                text = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
                result = {"raise": [builtin_of(type(error)), text.split("\nException raised from")[0][:400]]}
    finally:
        session.inside = False
    said = [[builtin_of(w.category), str(w.message)] for w in caught]
    written = {i: content for i, content in _files(args).items() if before.get(i) != content}
    written = [[i, {"array": np.frombuffer(content, np.uint8)}] for i, content in written.items()]
    return [result, said, written] if written else [result, said] if said else [result]


def _living(function, args):
    """Whether lists and dicts in an answer are parts of something of torch's: then changes to them count."""
    if function is tuple:  # for group in optimizer.param_groups
        return isinstance(thing(args[0]), (list, collections.abc.Mapping, collections.abc.MappingView))
    return function in (getattr, operator.getitem)


def builtin_of(kind):
    """The built-in class that an exception or a warning descends from, by name."""
    return next(c.__name__ for c in kind.__mro__ if c.__module__ == "builtins")


def _files(args):
    """The contents of the files among a call's arguments."""
    found = {}
    for i, arg in enumerate(args):
        if isinstance(arg, io.BytesIO):
            found[i] = arg.getvalue()
        elif isinstance(arg, pathlib.Path) and arg.is_file():
            found[i] = arg.read_bytes()
    return found


def _write_files(entry, args):
    """Without PyTorch, a call that wrote a file writes the recorded one."""
    if session.mode != "recorded" or len(entry) < 5:
        return
    for i, content in entry[4]:
        content = content["array"].tobytes()
        args[i].write(content) if isinstance(args[i], io.BytesIO) else args[i].write_bytes(content)


def thing(value):
    """torch's own things for the stand-ins in arguments; a function's arguments and result likewise."""
    if isinstance(value, Method):
        return getattr(value._of._value, value._name)
    if isinstance(value, StandIn):
        return value._value
    if isinstance(value, Size):
        return _look_up("Size")[1](value)
    if type(value) in (list, tuple):
        return type(value)(map(thing, value))
    if isinstance(value, dict):
        return type(value)((thing(k), thing(v)) for k, v in value.items()) if _holds(value) else value
    if isinstance(value, slice):
        return slice(thing(value.start), thing(value.stop), thing(value.step))
    if isinstance(value, (types.FunctionType, types.MethodType)):
        return functools.wraps(value)(lambda *args, **kwargs: thing(value(*args, **kwargs)))
    return value


def _holds(mapping):
    """Whether a dict has stand-ins somewhere inside."""
    return any(
        isinstance(v, StandIn)
        or (isinstance(v, dict) and _holds(v))
        or (isinstance(v, (list, tuple)) and _holds(dict(enumerate(v))))
        for v in itertools.chain(mapping, mapping.values())
    )


def checksum(value):
    """16 bits of what a question is about. Numbers count to three digits: rounding differs among machines."""
    return zlib.crc32(_describe(value).encode()) & 0xFFFF


def _describe(value):
    if isinstance(value, Method):
        return f"{value._of._label}.{value._name}"
    if isinstance(value, StandIn):
        return str(value._label)
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({','.join(map(_describe, value))})"
    if isinstance(value, dict):
        return f"dict({','.join(f'{_describe(k)}:{_describe(v)}' for k, v in value.items())})"
    if isinstance(value, slice):
        return f"slice({_describe(value.start)},{_describe(value.stop)},{_describe(value.step)})"
    if isinstance(value, (np.ndarray, np.generic)):
        return f"{value.dtype}{value.shape}{_digits(value) if value.dtype.kind in 'biufc' else ''}"
    if isinstance(value, (float, complex)):
        return f"{value:.6g}"
    if value is None or isinstance(value, (bool, int, str, bytes)):
        return repr(value)
    if isinstance(value, pathlib.Path):
        return f"file {zlib.crc32(value.read_bytes())}" if value.is_file() else "path"
    if isinstance(value, io.BytesIO):
        return f"file {zlib.crc32(value.getvalue())}"
    return value.__name__ if inspect.isclass(value) else type(value).__name__


def _digits(array):
    """A weighted sum of an array's finite numbers: three digits of its size, two of its direction."""
    flat = np.asarray(array).reshape(-1)
    flat = np.concatenate([flat.real, flat.imag]) if flat.dtype.kind == "c" else flat
    flat = np.where(np.isfinite(flat), flat, 0).astype(np.float64) / 1e3
    weights = 0.5 + np.arange(1, flat.size + 1) * 0.6180339887498949 % 1
    with np.errstate(all="ignore"):
        size = weights @ np.abs(flat)
        direction = f"{weights @ flat / size if size else 0:.2f}"
        return f"{size:.3g}:{direction.replace('-0.00', '0.00')}"  # not the sign of nothing


class Numbers:
    """The numbers of an array. Live there are all of them; a record has ``part``: few numbers as they are,
    of more the weighted means of GROUPS groups.
    """

    GROUPS = 16

    def __init__(self, shape, part, array=None):
        self.shape, self.part, self.array = tuple(shape), part, array

    @classmethod
    def of(cls, array):
        return cls(array.shape, cls.summary(array), np.array(array))

    @classmethod
    def summary(cls, array, size=lambda numbers: numbers):
        """The part of an array that is recorded, or of the ``size`` of its numbers."""
        if array.size <= 2 * cls.GROUPS:
            return size(np.array(array))
        wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64).reshape(-1)
        wide = size(np.nan_to_num(wide, nan=1.25, posinf=2.5, neginf=-2.5))
        rows = -(-wide.size // cls.GROUPS)
        grid = np.concatenate([wide, np.zeros(rows * cls.GROUPS - wide.size)]).reshape(rows, cls.GROUPS)
        weights = 0.5 + np.arange(grid.size).reshape(grid.shape) * 0.6180339887498949 % 1
        means = (grid * weights).sum(0) / rows
        return means.astype(
            {"float16": "f4", "float32": "f4", "complex64": "c8"}.get(array.dtype.name, means.dtype)
        )

    def check(self, mine, rtol, atol, what):
        """``mine`` has the same shape and numbers."""
        assert mine.shape == self.shape, f"{what}: shape {mine.shape}, torch {self.shape}"
        if self.array is not None:
            np.testing.assert_allclose(mine, self.array, rtol, atol, err_msg=what)
        elif mine.size <= 2 * self.GROUPS:
            np.testing.assert_allclose(mine, self.part, rtol, atol, err_msg=what)
        else:
            rounding = 1e-6 if self.part.dtype == np.float32 else 1e-14
            largest = self.summary(mine, np.abs)
            off = np.abs(self.summary(mine) - self.part) - (atol + (rtol + rounding) * largest)
            assert off.max() <= 0, f"{what}: weighted means {self.summary(mine)}, torch {self.part}"


# ---- the record of one test ----------------------------------------------------------------------


class Tape:
    """Questions and answers of one test, in order; or of a test file as it is imported."""

    def __init__(self, file, test, imported=None, kept=True):
        self.file, self.test, self.imported, self.kept = file, test, imported, kept
        self.entries, self.recorded = [], file.entries.get(test, [])
        self.things, self.labels = {}, {}  # stand-ins by label; labels by id

    def expect(self, asked):
        """The next recorded entry, which must be about what is asked."""
        entry = self.recorded[len(self.entries)] if len(self.entries) < len(self.recorded) else None
        if entry is None or entry[:2] != asked:
            self.fail(f"the test asks {asked}", entry)
        self.entries.append(entry)
        return entry

    def add(self, entry):
        """Record an answer of PyTorch, or compare it with the recorded one."""
        if session.mode == "live" and self.kept:
            at = len(self.entries)
            recorded = self.recorded[at] if at < len(self.recorded) else None
            if recorded is None or recorded[:2] != entry[:2] or not same(recorded[2], entry[2]):
                self.fail(f"PyTorch answers {str(entry[:3])[:300]}", recorded)
        self.entries.append(entry)

    def finish(self):
        """After a test that passed: keep its record, or see that nothing recorded is left."""
        if not self.kept:
            return
        if session.mode == "record":
            self.file.put(self.test, self.entries)
        elif len(self.entries) < len(self.recorded):
            self.fail("the test ends", self.recorded[len(self.entries)])

    def fail(self, what, entry):
        expected = "there is no such record" if entry is None else f"the record has {str(entry[:3])[:300]}"
        where = f"question {len(self.entries)} of {self.test}"
        pytest.fail(f"{where}: {what}; {expected} (PyTorch {session.version}): {AGAIN}")

    def label(self, value):
        """An object's name in this record."""
        for tape in filter(None, (self, self.imported)):
            if id(value) in tape.labels:
                return tape.labels[id(value)]
        label = f"{'m' if self.imported is None else ''}{len(self.things)}"
        self.things[label], self.labels[id(value)] = StandIn(label, value), label
        return label

    def encode(self, value, living=False):
        """A value of torch's as JSON with arrays."""
        import torch

        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, torch.dtype):
            return {"name": str(value)[6:]}
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufc":
            return {"array" if isinstance(value, np.ndarray) else "number": np.array(value)}
        if isinstance(value, Numbers):
            return {"numbers": value}
        if type(value) is complex:
            return {"complex": [value.real, value.imag]}
        if type(value) is bytes:
            return {"bytes": np.frombuffer(value, np.uint8)}
        if isinstance(value, tuple) and hasattr(value, "n_sequence_fields"):  # torch.return_types.max
            kind, fields = type(value).__name__, list(type(value).__match_args__)
            return {"fields": [kind, fields, [self.encode(v, living) for v in value]]}
        if isinstance(value, torch.Size):
            return {"size": list(value)}
        if type(value) is tuple:
            return {"tuple": [self.encode(v, living) for v in value]}
        if type(value) is list and not living:
            return {"list": [self.encode(v) for v in value]}
        if isinstance(value, dict) and not living and type(value).__module__ in ("builtins", "collections"):
            return {"dict": [[self.encode(k), self.encode(v)] for k, v in value.items()]}
        if inspect.isroutine(value) and living:
            return {"method": 1}
        if isinstance(value, type) and value.__module__ == "builtins":
            return {"builtin": value.__name__}
        return {"object": self.label(value)}

    def decode(self, answer):
        """The answer as the test sees it."""
        if not isinstance(answer, dict):
            return answer
        ((kind, value),) = answer.items()
        return getattr(self, f"_{kind}")(value)

    def _name(self, path):
        return named(path)

    def _array(self, array):
        return array.copy()

    def _number(self, array):
        return array[()]

    def _numbers(self, numbers):
        return numbers

    def _complex(self, parts):
        return complex(*parts)

    def _bytes(self, array):
        return array.tobytes()

    def _fields(self, answer):
        kind, fields, values = answer
        return _named_tuple(kind, *fields)(*map(self.decode, values))

    def _tuple(self, values):
        return tuple(map(self.decode, values))

    def _size(self, lengths):
        return Size(lengths)

    def _list(self, values):
        return list(map(self.decode, values))

    def _dict(self, items):
        return {self.decode(k): self.decode(v) for k, v in items}

    def _method(self, _):
        return METHOD

    def _builtin(self, name):
        return getattr(builtins, name)

    def _raise(self, error):
        kind, text = error
        raise getattr(builtins, kind)(text)

    def _object(self, label):
        for tape in filter(None, (self, self.imported)):
            if label in tape.things:
                return tape.things[label]
        self.things[label] = StandIn(label)
        return self.things[label]


@functools.cache
def _named_tuple(kind, *fields):
    return collections.namedtuple(kind, fields)


def same(recorded, now):
    """Whether two answers agree: numbers to TOLERANCE, all else exactly."""
    if isinstance(recorded, Numbers) and isinstance(now, Numbers):
        return recorded.shape == now.shape and same(recorded.part, now.part)
    if isinstance(recorded, np.ndarray):
        if not isinstance(now, np.ndarray) or recorded.shape != now.shape:
            return False
        if (
            recorded.dtype.kind != "c" and recorded.dtype != now.dtype
        ):  # means of complex numbers may be wider
            return False
        if now.dtype.name not in TOLERANCE:
            return np.array_equal(recorded, now)
        near = TOLERANCE[now.dtype.name]
        largest = np.abs(recorded[np.isfinite(recorded)]).max(initial=0)
        near_zero = near * max(largest, 1e-4)  # all of them may be what rounding left of 0
        return np.allclose(recorded, now, rtol=near, atol=near_zero, equal_nan=True)
    if isinstance(recorded, float) and isinstance(now, float):
        return math.isclose(recorded, now, rel_tol=1e-4, abs_tol=1e-6) or (
            recorded != recorded and now != now
        )
    if isinstance(recorded, list) and isinstance(now, list):
        return len(recorded) == len(now) and all(map(same, recorded, now))
    if isinstance(recorded, dict) and isinstance(now, dict):
        if "raise" in recorded and "raise" in now:  # a text may name a set, or an address
            return recorded["raise"][0] == now["raise"][0]
        return list(recorded) == list(now) and all(map(same, recorded.values(), now.values()))
    return type(recorded) is type(now) and recorded == now


# ---- the record of a test file -------------------------------------------------------------------


class File:
    """The tapes of one test file, by test: JSON, and all arrays of a dtype, one after the other."""

    def __init__(self, path):
        self.path, self.entries = path, {}
        self.seen, self.changed = set(), False  # in this run
        if path.exists():
            with np.load(path) as stored:
                arrays = {name: stored[name] for name in stored.files}
            text = arrays.pop("entries").tobytes().decode()
            self.entries = json.loads(text, object_hook=lambda found: _unpacked(found, arrays))

    def put(self, test, entries):
        """The record of a test; the old one stays where they agree."""
        self.seen.add(test)
        if not same(self.entries.get(test, []), entries):
            self.entries[test], self.changed = entries, True

    def save(self, whole):
        """Write what changed; after a run of the whole file, the tests that are no more are left out."""
        kept = {t: e for t, e in sorted(self.entries.items()) if e and (t in self.seen or not whole)}
        if not self.changed and len(kept) == len(self.entries):
            return
        self.path.unlink(missing_ok=True)
        if kept:
            packing = Packing()
            text = json.dumps(kept, separators=(",", ":"), default=packing.add)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(self.path, entries=np.frombuffer(text.encode(), np.uint8), **packing.arrays())


class Packing:
    """Arrays one after the other, by dtype; the same array is stored once."""

    def __init__(self):
        self.parts, self.sizes, self.places = collections.defaultdict(list), collections.Counter(), {}

    def add(self, array):
        """The JSON for an array: where it is among the others."""
        if isinstance(array, Numbers):
            return {"#": [array.shape, array.part]}
        dtype = array.dtype.name
        key = dtype, array.tobytes()
        if key not in self.places:
            self.places[key] = self.sizes[dtype]
            self.sizes[dtype] += array.size
            self.parts[dtype].append(array.reshape(-1))
        return {"@": [dtype, self.places[key], *array.shape]}

    def arrays(self):
        return {dtype: np.concatenate(parts) for dtype, parts in self.parts.items()}


def _unpacked(found, arrays):
    if "#" in found:
        return Numbers(*found["#"])
    if "@" not in found:
        return found
    dtype, start, *shape = found["@"]
    return arrays[dtype][start : start + math.prod(shape)].reshape(shape)


class Session:
    """A run of the tests: ``mode`` is live, recorded or record; ``tape`` is that of the present test."""

    def __init__(self):
        self.mode, self.inside, self.tape = "live" if INSTALLED else "recorded", False, None
        self.files, self.imports, self.whole = {}, {}, True
        self.facts = RECORDS / "torch.json"  # its version, and what it has under which name
        facts = json.loads(self.facts.read_text()) if self.facts.exists() else {"version": None, "names": {}}
        self.version, self.names = facts["version"], facts["names"]

    def file(self, path):
        """The record of the test file at ``path``."""
        path = RECORDS / pathlib.Path(path).relative_to(RECORDS.parent).with_suffix(".npz")
        if path not in self.files:
            self.files[path] = File(path)
        return self.files[path]

    def importing(self, path):
        """A test file is imported: what it asks there is a tape of its own."""
        self.tape = self.imports[path] = Tape(self.file(path), "import")

    def testing(self, path, name, recorded):
        """A test begins."""
        self.tape = Tape(self.file(path), name, self.imports.get(path), recorded)

    def save(self, whole):
        """Write the records."""
        for file in self.files.values():
            file.save(whole)
        import torch

        facts = {"version": torch.__version__, "names": dict(sorted(self.names.items()))}
        self.facts.write_text(json.dumps(facts, indent=0, sort_keys=True) + "\n")


session = Session()
